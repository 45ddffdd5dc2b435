/*
 * ACPI tables (ACPI specification 6.4, 5.2; MCFG: PCI Firmware specification 3.2; DMAR: Intel VT-d;
 * IVRS: AMD IOMMU).
 */
#include <boot/plan/acpi.h>
#include <kernel/string.h>

enum {
    RSDP_BYTES = 20,
    RSDP_2_BYTES = 36,
    TABLE_HEADER_BYTES = 36,
    MAX_TABLE_BYTES = 1 << 20,
    MADT_ENTRIES = 44,
    SRAT_ENTRIES = 48,
    MCFG_ENTRIES = 44,
    MCFG_ENTRY_BYTES = 16,
    DMAR_ENTRIES = 48,
    IVRS_ENTRIES = 48,
    CPU_ENABLED = 1,
    IVRS_REGISTER_BYTES = 0x80000 /* with performance counters; 16 KiB without */
};

/* Where the tables are read from. */
struct tables {
    map_function *map;
    void *context;
    const uint8_t *root; /* RSDT or XSDT */
    uint64_t root_bytes;
    unsigned entry_bytes; /* of its entries: 4 or 8 */
};

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static uint64_t get64(const uint8_t *bytes)
{
    return get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

static bool sums_to_zero(const uint8_t *bytes, uint64_t size)
{
    uint8_t sum = 0;
    for (uint64_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum == 0;
}

const uint8_t *acpi_find_rsdp(const uint8_t *bytes, uint64_t size)
{
    for (uint64_t at = 0; at < size && size - at >= RSDP_BYTES; at += 16) {
        const uint8_t *rsdp = bytes + at;
        if (memcmp(rsdp, "RSD PTR ", 8) != 0 || !sums_to_zero(rsdp, RSDP_BYTES)) {
            continue;
        }
        /* From revision 2 on 36 bytes count, and are used. */
        if (rsdp[15] < 2 || (size - at >= RSDP_2_BYTES && sums_to_zero(rsdp, RSDP_2_BYTES))) {
            return rsdp;
        }
    }
    return NULL;
}

/* The table at `address`, if it can be read whole and its checksum is right. */
static const uint8_t *map_table(const struct tables *tables, paddr_t address, const char *signature,
                                uint64_t *bytes)
{
    const uint8_t *table = tables->map(tables->context, address, TABLE_HEADER_BYTES);
    if (table == NULL || memcmp(table, signature, 4) != 0) {
        return NULL;
    }
    *bytes = get32(table + 4);
    if (*bytes < TABLE_HEADER_BYTES || *bytes > MAX_TABLE_BYTES) {
        return NULL;
    }
    table = tables->map(tables->context, address, *bytes);
    return table != NULL && sums_to_zero(table, *bytes) ? table : NULL;
}

/* The first good table with this signature. */
static const uint8_t *find_table(const struct tables *tables, const char *signature,
                                 uint64_t *bytes)
{
    for (uint64_t at = TABLE_HEADER_BYTES; at + tables->entry_bytes <= tables->root_bytes;
         at += tables->entry_bytes) {
        const uint8_t *entry = tables->root + at;
        const uint8_t *table = map_table(
            tables, tables->entry_bytes == 8 ? get64(entry) : get32(entry), signature, bytes);
        if (table != NULL) {
            return table;
        }
    }
    return NULL;
}

static bool find_root(struct tables *tables, const uint8_t *rsdp, uint64_t rsdp_size,
                      const char **why)
{
    if (rsdp_size < RSDP_BYTES || memcmp(rsdp, "RSD PTR ", 8) != 0 ||
        !sums_to_zero(rsdp, RSDP_BYTES)) {
        *why = "the RSDP is damaged";
        return false;
    }
    if (rsdp_size >= RSDP_2_BYTES && rsdp[15] >= 2 && get64(rsdp + 24) != 0) {
        tables->entry_bytes = 8;
        tables->root = map_table(tables, get64(rsdp + 24), "XSDT", &tables->root_bytes);
        if (tables->root != NULL) {
            return true;
        }
    }
    tables->entry_bytes = 4;
    tables->root = map_table(tables, get32(rsdp + 16), "RSDT", &tables->root_bytes);
    if (tables->root == NULL) {
        *why = "neither XSDT nor RSDT can be read";
        return false;
    }
    return true;
}

/* --- MADT --- */

static void add_cpu(struct machine_facts *facts, uint32_t apic_id)
{
    for (uint32_t i = 0; i < facts->cpu_count; i++) {
        if (facts->cpu[i].apic_id == apic_id) {
            return;
        }
    }
    if (facts->cpu_count == ABI_CMK_MAX_CPUS) {
        facts->cpus_dropped++;
        return;
    }
    facts->cpu[facts->cpu_count++] = (struct cpu_fact){apic_id, NO_PROXIMITY};
}

static void add_io_apic(struct machine_facts *facts, paddr_t base, uint32_t first_gsi)
{
    if (facts->io_apic_count < MAX_IO_APICS) {
        facts->io_apic[facts->io_apic_count++] = (struct io_apic){base, first_gsi, 0};
    }
}

static void read_madt_entry(struct machine_facts *facts, const uint8_t *entry, uint64_t bytes)
{
    switch (entry[0]) {
    case 0: /* local APIC; 255 is the broadcast id, which some firmware lists for CPUs of type 9 */
        if (bytes >= 8 && (get32(entry + 4) & CPU_ENABLED) && entry[3] != 0xff) {
            add_cpu(facts, entry[3]);
        }
        break;
    case 1: /* IOAPIC */
        if (bytes >= 12) {
            add_io_apic(facts, get32(entry + 4), get32(entry + 8));
        }
        break;
    case 9: /* local x2APIC */
        if (bytes >= 16 && (get32(entry + 8) & CPU_ENABLED) && get32(entry + 4) != 0xffffffff) {
            add_cpu(facts, get32(entry + 4));
        }
        break;
    default:
        break;
    }
}

static bool read_madt(const struct tables *tables, struct machine_facts *facts,
                      uint32_t boot_apic_id, const char **why)
{
    uint64_t bytes;
    const uint8_t *madt = find_table(tables, "APIC", &bytes);
    if (madt == NULL || bytes < MADT_ENTRIES) {
        *why = "there is no MADT, or it is damaged";
        return false;
    }
    facts->cpu_count = 0;
    facts->cpus_dropped = 0;
    facts->io_apic_count = 0;
    add_cpu(facts, boot_apic_id);
    for (uint64_t at = MADT_ENTRIES; at < bytes; at += madt[at + 1]) {
        if (bytes - at < 2 || madt[at + 1] < 2 || madt[at + 1] > bytes - at) {
            *why = "the MADT has an entry of impossible length";
            return false;
        }
        read_madt_entry(facts, madt + at, madt[at + 1]);
    }
    return true;
}

/* --- SRAT --- */

static void set_proximity(struct machine_facts *facts, uint32_t apic_id, uint32_t proximity)
{
    for (uint32_t i = 0; i < facts->cpu_count; i++) {
        if (facts->cpu[i].apic_id == apic_id) {
            facts->cpu[i].proximity = proximity;
        }
    }
}

static void add_proximity(struct machine_facts *facts, uint64_t base, uint64_t bytes,
                          uint32_t proximity)
{
    uint64_t end;
    if (bytes == 0 || __builtin_add_overflow(base, bytes, &end) ||
        facts->proximity_count == MAX_PROXIMITY_RANGES) {
        return;
    }
    facts->proximity[facts->proximity_count++] = (struct proximity_fact){{base, end}, proximity};
}

/* `wide`: domains have 32 bits (revision 2 and later). */
static void read_srat_entry(struct machine_facts *facts, const uint8_t *entry, uint64_t bytes,
                            bool wide)
{
    switch (entry[0]) {
    case 0: /* local APIC */
        if (bytes >= 16 && (get32(entry + 4) & 1)) {
            uint32_t high =
                wide ? (uint32_t)(entry[9] | entry[10] << 8) | (uint32_t)entry[11] << 16 : 0;
            set_proximity(facts, entry[3], high << 8 | entry[2]);
        }
        break;
    case 1: /* memory */
        if (bytes >= 40 && (get32(entry + 28) & 1)) {
            add_proximity(facts, get64(entry + 8), get64(entry + 16),
                          wide ? get32(entry + 2) : entry[2]);
        }
        break;
    case 2: /* local x2APIC */
        if (bytes >= 24 && (get32(entry + 12) & 1)) {
            set_proximity(facts, get32(entry + 8), get32(entry + 4));
        }
        break;
    default:
        break;
    }
}

static void read_srat(const struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *srat = find_table(tables, "SRAT", &bytes);
    facts->proximity_count = 0;
    if (srat == NULL) {
        return;
    }
    for (uint64_t at = SRAT_ENTRIES; at < bytes && bytes - at >= 2; at += srat[at + 1]) {
        if (srat[at + 1] < 2 || srat[at + 1] > bytes - at) {
            return;
        }
        read_srat_entry(facts, srat + at, srat[at + 1], srat[8] >= 2);
    }
}

/* --- the small ones --- */

static void read_mcfg(const struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *mcfg = find_table(tables, "MCFG", &bytes);
    facts->mcfg_base = 0;
    for (uint64_t at = MCFG_ENTRIES; mcfg != NULL && at + MCFG_ENTRY_BYTES <= bytes;
         at += MCFG_ENTRY_BYTES) {
        if (get16(mcfg + at + 8) == 0) {
            facts->mcfg_base = get64(mcfg + at);
            facts->mcfg_first_bus = mcfg[at + 10];
            facts->mcfg_last_bus = mcfg[at + 11];
            return;
        }
    }
}

static void read_hpet_and_timer(const struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *table = find_table(tables, "HPET", &bytes);
    /* A generic address: byte 0 says whether it is memory (0), the address itself is 4 bytes on. */
    facts->hpet_base = table != NULL && bytes >= 52 && table[40] == 0 ? get64(table + 44) : 0;
    table = find_table(tables, "FACP", &bytes);
    facts->pm_timer_port =
        table != NULL && bytes >= 92 && table[91] == 4 ? (uint16_t)get32(table + 76) : 0;
}

static void add_iommu(struct machine_facts *facts, paddr_t base, uint64_t bytes)
{
    uint64_t end;
    if (base != 0 && !__builtin_add_overflow(base, bytes, &end) &&
        facts->iommu_count < ARRAY_LENGTH(facts->iommu)) {
        facts->iommu[facts->iommu_count++] = (struct range){base, end};
    }
}

static void read_dmar(const struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *dmar = find_table(tables, "DMAR", &bytes);
    for (uint64_t at = DMAR_ENTRIES; dmar != NULL && at < bytes && bytes - at >= 4;
         at += get16(dmar + at + 2)) {
        uint16_t length = get16(dmar + at + 2);
        if (length < 4 || length > bytes - at) {
            return;
        }
        /* A hardware unit; bits 3:0 of its size field: log2 of its register pages. */
        if (get16(dmar + at) == 0 && length >= 16) {
            add_iommu(facts, get64(dmar + at + 8), BIT(12 + (dmar[at + 5] & 15)));
        }
    }
}

static void read_ivrs(const struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *ivrs = find_table(tables, "IVRS", &bytes);
    for (uint64_t at = IVRS_ENTRIES; ivrs != NULL && at < bytes && bytes - at >= 4;
         at += get16(ivrs + at + 2)) {
        uint8_t type = ivrs[at];
        uint16_t length = get16(ivrs + at + 2);
        bool known = false;
        if (length < 4 || length > bytes - at) {
            return;
        }
        /* The same unit is described up to three times, for software of different age. */
        if ((type == 0x10 || type == 0x11 || type == 0x40) && length >= 16) {
            for (uint32_t i = 0; i < facts->iommu_count; i++) {
                known |= facts->iommu[i].start == get64(ivrs + at + 8);
            }
            if (!known) {
                add_iommu(facts, get64(ivrs + at + 8), IVRS_REGISTER_BYTES);
            }
        }
    }
}

bool acpi_read_tables(const uint8_t *rsdp, uint64_t rsdp_size, uint32_t boot_apic_id,
                      map_function *map, void *context, struct machine_facts *facts,
                      const char **why)
{
    struct tables tables = {.map = map, .context = context};
    if (!find_root(&tables, rsdp, rsdp_size, why) ||
        !read_madt(&tables, facts, boot_apic_id, why)) {
        return false;
    }
    read_srat(&tables, facts);
    read_mcfg(&tables, facts);
    read_hpet_and_timer(&tables, facts);
    facts->iommu_count = 0;
    read_dmar(&tables, facts);
    read_ivrs(&tables, facts);
    return true;
}
