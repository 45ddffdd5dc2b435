/*
 * What a VT-d unit in legacy mode does with a request, written from the specification's chapters 3
 * and 9, without boot's own code: it walks the tables that boot wrote.
 */
#ifndef TEST_BOOT_IOMMU_MODEL_H
#define TEST_BOOT_IOMMU_MODEL_H

#include <boot/plan/plan.h>

/* Memory that the unit reads. Everything else reads as zeros and is noted in `strayed`. */
struct iommu_memory {
    const uint64_t *words;
    struct range range;
    bool strayed;
};

/* What a unit is asked and can do. */
struct iommu_unit_model {
    struct iommu_memory *memory;
    paddr_t root;
    uint64_t capability;
};

/*
 * A request of a function for a byte; true: it is let through, to *physical. Reads and writes are
 * judged alike: a table that allows one only counts as `strayed`.
 */
bool iommu_model_translate(const struct iommu_unit_model *unit, uint16_t requester,
                           uint64_t address, paddr_t *physical);

/* The domain number that the unit's caches would keep it under, or -1: the request is blocked. */
int iommu_model_domain(const struct iommu_unit_model *unit, uint16_t requester);

/* An interrupt as it leaves the unit. */
struct iommu_interrupt {
    uint32_t apic_id;
    uint8_t vector;
    bool level;
};

/*
 * A message in the remappable format, as devices and IOAPICs send it (chapter 5): entry `handle` of
 * a table of `bytes` bytes. False: it is blocked.
 */
bool iommu_model_interrupt(struct iommu_memory *memory, struct range table, bool extended,
                           uint16_t requester, uint32_t handle, struct iommu_interrupt *interrupt);

/* Null if the tables of this plan say exactly what they must; else what is wrong. */
const char *broken_by_iommu(const struct machine_facts *facts, const struct cluster *cluster);

#endif
