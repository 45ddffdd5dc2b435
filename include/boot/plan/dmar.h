/*
 * ACPI's DMAR table, which says where VT-d's remapping units are and whom they serve (Intel VT-d
 * specification 4.0, chapter 8). Plain C; every length is checked.
 */
#ifndef BOOT_PLAN_DMAR_H
#define BOOT_PLAN_DMAR_H

#include <kernel/types.h>

enum {
    MAX_DMAR_UNITS = 64,
    MAX_DMAR_SCOPES = 512,
    MAX_DMAR_REGIONS = 64,
    MAX_DMAR_PATH = 8 /* bridges below one another, the device included */
};

/* What a scope names. Other kinds are skipped. */
enum dmar_scope_kind {
    DMAR_ENDPOINT = 1,
    DMAR_BRIDGE = 2, /* and all that lies beyond it */
    DMAR_IO_APIC = 3,
    DMAR_HPET = 4
};

/*
 * A device, by its way from the host bridge: bus numbers below the first change with what firmware
 * gives the bridges.
 */
struct dmar_scope {
    uint8_t kind;
    uint8_t id; /* of an IOAPIC or HPET: as in its own ACPI table */
    uint8_t start_bus;
    uint8_t path_length;
    uint8_t path[MAX_DMAR_PATH]; /* device << 3 | function */
};

struct dmar_scopes {
    uint16_t first, count;
};

struct dmar_unit {
    struct range registers;
    uint16_t segment;
    bool all_others; /* it serves all of the segment that no other unit's scope names */
    struct dmar_scopes scopes;
    uint64_t capability, extended_capability; /* its registers, as boot read them */
};

/* Memory that firmware's own drivers of these devices use while the system runs. */
struct dmar_region {
    struct range range;
    uint16_t segment;
    struct dmar_scopes scopes;
};

struct dmar_facts {
    struct dmar_unit unit[MAX_DMAR_UNITS];
    uint32_t unit_count;
    struct dmar_region region[MAX_DMAR_REGIONS];
    uint32_t region_count;
    struct dmar_scope scope[MAX_DMAR_SCOPES];
    uint32_t scope_count;
    bool interrupt_remapping; /* firmware says that the chipset has it */
    const char *defect;       /* why these IOMMUs cannot be used; null: nothing is wrong */
};

enum { DMAR_ENTRIES = 48 }; /* where the table's entries begin */

/*
 * Reads one entry of the table, `bytes` long as its own length says, at least 4. What makes the
 * IOMMUs unusable becomes facts->defect; their register pages are in unit[] all the same. False:
 * there are more units than fit.
 */
bool dmar_read_entry(struct dmar_facts *facts, const uint8_t *entry, uint64_t bytes);

#endif
