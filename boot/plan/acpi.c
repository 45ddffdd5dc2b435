/*
 * ACPI tables (ACPI specification 6.4, 5.2; MCFG: PCI Firmware specification 3.2; DMAR: Intel VT-d;
 * IVRS: AMD IOMMU).
 */
#include <api/apic_ids.h>
#include <boot/plan/acpi.h>
#include <boot/plan/bytes.h>
#include <cluster/ranges.h>
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
    DMAR_FLAGS = 37,
    DMAR_FLAG_INTERRUPTS = 1,
    IVRS_ENTRIES = 48,
    CPU_ENABLED = 1,
    IVRS_REGISTER_BYTES = 0x80000 /* with performance counters; 16 KiB without */
};

/* RSDT or XSDT: the list of tables. */
struct root {
    const uint8_t *table; /* null: there is none */
    uint64_t bytes;
    unsigned entry_bytes; /* 4 or 8 */
};

/* Where the tables are read from. */
struct tables {
    map_function *map;
    void *context;
    struct root root[2]; /* the XSDT's entries count first */
    const char *why;     /* what is wrong, once something is */
};

static bool fail(struct tables *tables, const char *why)
{
    tables->why = why;
    return false;
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

enum table_state { TABLE_ABSENT, TABLE_DAMAGED, TABLE_GOOD };

/* The table at `address`: good if it can be read whole and its checksum is right. */
static enum table_state map_table(const struct tables *tables, paddr_t address,
                                  const char *signature, const uint8_t **table, uint64_t *bytes)
{
    const uint8_t *header = tables->map(tables->context, address, TABLE_HEADER_BYTES);
    if (header == NULL || memcmp(header, signature, 4) != 0) {
        return TABLE_ABSENT;
    }
    *bytes = get32(header + 4);
    if (*bytes < TABLE_HEADER_BYTES || *bytes > MAX_TABLE_BYTES) {
        return TABLE_DAMAGED;
    }
    *table = tables->map(tables->context, address, *bytes);
    return *table != NULL && sums_to_zero(*table, *bytes) ? TABLE_GOOD : TABLE_DAMAGED;
}

/* The first good table with this signature; damaged if there are only damaged ones. */
static enum table_state find_table(const struct tables *tables, const char *signature,
                                   const uint8_t **table, uint64_t *bytes)
{
    enum table_state state = TABLE_ABSENT;
    for (unsigned i = 0; i < ARRAY_LENGTH(tables->root); i++) {
        const struct root *root = &tables->root[i];
        uint64_t end = root->table != NULL ? root->bytes : 0;
        for (uint64_t at = TABLE_HEADER_BYTES; at + root->entry_bytes <= end;
             at += root->entry_bytes) {
            const uint8_t *entry = root->table + at;
            paddr_t address = root->entry_bytes == 8 ? get64(entry) : get32(entry);
            enum table_state here = map_table(tables, address, signature, table, bytes);
            if (here == TABLE_GOOD) {
                return here;
            }
            state = here == TABLE_DAMAGED ? here : state;
        }
    }
    return state;
}

static bool map_root(const struct tables *tables, paddr_t address, const char *signature,
                     unsigned entry_bytes, struct root *root)
{
    root->entry_bytes = entry_bytes;
    if (map_table(tables, address, signature, &root->table, &root->bytes) != TABLE_GOOD) {
        root->table = NULL;
    }
    return root->table != NULL;
}

static bool find_roots(struct tables *tables, const uint8_t *rsdp, uint64_t rsdp_size)
{
    if (rsdp_size < RSDP_BYTES || memcmp(rsdp, "RSD PTR ", 8) != 0 ||
        !sums_to_zero(rsdp, RSDP_BYTES)) {
        return fail(tables, "the RSDP is damaged");
    }
    bool found = map_root(tables, get32(rsdp + 16), "RSDT", 4, &tables->root[1]);
    if (rsdp_size >= RSDP_2_BYTES && rsdp[15] >= 2) {
        found |= map_root(tables, get64(rsdp + 24), "XSDT", 8, &tables->root[0]);
    }
    return found || fail(tables, "neither XSDT nor RSDT can be read");
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

/*
 * Its registers are at offsets 0 and 0x10 of 32 bits each. One that cannot be reserved must not be
 * used by programs as device memory, so nothing is dropped here.
 */
static bool add_io_apic(struct tables *tables, struct machine_facts *facts, paddr_t base,
                        uint32_t first_gsi, uint8_t id)
{
    if (base == 0 || !IS_ALIGNED(base, 4)) {
        return fail(tables, "the MADT has an IOAPIC at an address that is 0 or no multiple of 16");
    }
    if (facts->io_apic_count == MAX_IO_APICS) {
        return fail(tables, "there are more than 64 IOAPICs");
    }
    facts->io_apic[facts->io_apic_count++] = (struct io_apic){base, first_gsi, 0, id};
    return true;
}

/*
 * Without x2APIC an id has 8 bits: INIT for a larger one would hit another CPU, or all of them.
 */
static void add_reachable_cpu(struct machine_facts *facts, uint32_t apic_id,
                              uint32_t largest_apic_id)
{
    if (apic_id > largest_apic_id) {
        facts->cpus_unreachable++;
    } else {
        add_cpu(facts, apic_id);
    }
}

static bool read_madt_entry(struct tables *tables, struct machine_facts *facts,
                            uint32_t largest_apic_id, const uint8_t *entry, uint64_t bytes)
{
    switch (entry[0]) {
    case 0: /* local APIC; some firmware lists the broadcast for CPUs of type 9 */
        if (bytes >= 8 && (get32(entry + 4) & CPU_ENABLED) && entry[3] != ABI_XAPIC_BROADCAST) {
            add_cpu(facts, entry[3]);
        }
        return true;
    case 1: /* IOAPIC */
        return bytes < 12 ||
               add_io_apic(tables, facts, get32(entry + 4), get32(entry + 8), entry[2]);
    case 9: /* local x2APIC */
        if (bytes >= 16 && (get32(entry + 8) & CPU_ENABLED) &&
            get32(entry + 4) != ABI_X2APIC_BROADCAST) {
            add_reachable_cpu(facts, get32(entry + 4), largest_apic_id);
        }
        return true;
    default:
        return true;
    }
}

/* Some firmware fills its table up with zeros. */
static bool is_padding(const uint8_t *bytes, uint64_t size)
{
    uint64_t i = 0;
    while (i < size && bytes[i] == 0) {
        i++;
    }
    return i == size;
}

static bool read_madt(struct tables *tables, struct machine_facts *facts, uint32_t boot_apic_id,
                      uint32_t largest_apic_id)
{
    uint64_t bytes;
    const uint8_t *madt;
    if (find_table(tables, "APIC", &madt, &bytes) != TABLE_GOOD || bytes < MADT_ENTRIES) {
        return fail(tables, "there is no MADT, or it is damaged");
    }
    facts->cpu_count = 0;
    facts->cpus_dropped = 0;
    facts->cpus_unreachable = 0;
    facts->io_apic_count = 0;
    add_cpu(facts, boot_apic_id);
    for (uint64_t at = MADT_ENTRIES; at < bytes && !is_padding(madt + at, bytes - at);
         at += madt[at + 1]) {
        if (bytes - at < 2 || madt[at + 1] < 2 || madt[at + 1] > bytes - at) {
            return fail(tables, "the MADT has an entry of impossible length");
        }
        if (!read_madt_entry(tables, facts, largest_apic_id, madt + at, madt[at + 1])) {
            return false;
        }
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
    const uint8_t *srat;
    facts->proximity_count = 0;
    if (find_table(tables, "SRAT", &srat, &bytes) != TABLE_GOOD) {
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
    const uint8_t *mcfg;
    facts->mcfg_base = 0;
    if (find_table(tables, "MCFG", &mcfg, &bytes) != TABLE_GOOD) {
        return;
    }
    for (uint64_t at = MCFG_ENTRIES; at + MCFG_ENTRY_BYTES <= bytes; at += MCFG_ENTRY_BYTES) {
        /* A bus has 1 MiB of them. */
        if (get16(mcfg + at + 8) == 0 && IS_ALIGNED(get64(mcfg + at), 20)) {
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
    const uint8_t *table;
    facts->hpet_base = 0;
    facts->pm_timer_port = 0;
    /* A generic address: byte 0 says whether it is memory (0), the address itself is 4 bytes on. */
    if (find_table(tables, "HPET", &table, &bytes) == TABLE_GOOD && bytes >= 52 && table[40] == 0 &&
        IS_ALIGNED(get64(table + 44), 3)) {
        facts->hpet_base = get64(table + 44);
    }
    /* Ports have 16 bits; the timer is 4 bytes long. */
    if (find_table(tables, "FACP", &table, &bytes) == TABLE_GOOD && bytes >= 92 && table[91] == 4 &&
        get32(table + 76) <= 0xfffc) {
        facts->pm_timer_port = (uint16_t)get32(table + 76);
    }
}

/* A block of I/O ports: its 32-bit field, or the generic address (a port if byte 0 is 1). */
static uint16_t port_of(const uint8_t *field, const uint8_t *generic)
{
    uint64_t port = get32(field);
    if (port == 0 && generic != NULL && generic[0] == 1) {
        port = get64(generic + 4);
    }
    return port <= 0xfffe ? (uint16_t)port : 0; /* two bytes long */
}

static void read_power_off(const struct tables *tables, struct machine_facts *facts)
{
    enum { HARDWARE_REDUCED = 20 }; /* bit: there are no such registers */
    struct power_off *off = &facts->power_off;
    uint64_t bytes, dsdt_bytes;
    const uint8_t *fadt, *dsdt;
    memset(off, 0, sizeof(*off));
    if (find_table(tables, "FACP", &fadt, &bytes) != TABLE_GOOD || bytes < 116 ||
        (get32(fadt + 112) >> HARDWARE_REDUCED & 1)) {
        return;
    }
    paddr_t dsdt_address = get32(fadt + 40);
    if (bytes >= 148 && get64(fadt + 140) != 0) {
        dsdt_address = get64(fadt + 140);
    }
    uint8_t type[2];
    if (map_table(tables, dsdt_address, "DSDT", &dsdt, &dsdt_bytes) != TABLE_GOOD ||
        !acpi_find_sleep_package(dsdt + TABLE_HEADER_BYTES, dsdt_bytes - TABLE_HEADER_BYTES,
                                 type)) {
        return;
    }
    *off = (struct power_off){
        .control_port = {port_of(fadt + 64, bytes >= 184 ? fadt + 172 : NULL),
                         port_of(fadt + 68, bytes >= 196 ? fadt + 184 : NULL)},
        .sleep_type = {type[0], type[1]},
        .enable_port = get32(fadt + 48) <= 0xffff ? (uint16_t)get32(fadt + 48) : 0,
        .enable_value = fadt[52],
    };
}

/* As with IOAPICs: one that is not reserved is a program's to use. */
static bool add_iommu(struct tables *tables, struct machine_facts *facts, paddr_t base,
                      uint64_t bytes)
{
    uint64_t end;
    if (base == 0 || __builtin_add_overflow(base, bytes, &end)) {
        return fail(tables, "an IOMMU has an impossible address");
    }
    if (facts->iommu_count == MAX_IOMMUS) {
        return fail(tables, "there are more than 64 IOMMUs");
    }
    facts->iommu[facts->iommu_count++] = (struct range){base, end};
    return true;
}

static bool read_dmar(struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *dmar;
    enum table_state state = find_table(tables, "DMAR", &dmar, &bytes);
    if (state != TABLE_GOOD) {
        return state == TABLE_ABSENT || fail(tables, "the DMAR (the IOMMUs) is damaged");
    }
    if (bytes < DMAR_ENTRIES) {
        return true;
    }
    for (uint64_t at = DMAR_ENTRIES; at < bytes && !is_padding(dmar + at, bytes - at);
         at += get16(dmar + at + 2)) {
        if (bytes - at < 4 || get16(dmar + at + 2) < 4 || get16(dmar + at + 2) > bytes - at) {
            return fail(tables, "the DMAR has an entry of impossible length");
        }
        if (!dmar_read_entry(&facts->dmar, dmar + at, get16(dmar + at + 2))) {
            return fail(tables, "there are more than 64 IOMMUs");
        }
    }
    facts->dmar.interrupt_remapping = (dmar[DMAR_FLAGS] & DMAR_FLAG_INTERRUPTS) != 0;
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        struct range registers = facts->dmar.unit[i].registers;
        if (range_bytes(registers) == 0) {
            return fail(tables, "an IOMMU has an impossible address");
        }
        if (!add_iommu(tables, facts, registers.start, range_bytes(registers))) {
            return false;
        }
    }
    return true;
}

static bool is_known_iommu(const struct machine_facts *facts, paddr_t base)
{
    for (uint32_t i = 0; i < facts->iommu_count; i++) {
        if (facts->iommu[i].start == base) {
            return true;
        }
    }
    return false;
}

static bool read_ivrs(struct tables *tables, struct machine_facts *facts)
{
    uint64_t bytes;
    const uint8_t *ivrs;
    enum table_state state = find_table(tables, "IVRS", &ivrs, &bytes);
    if (state != TABLE_GOOD) {
        return state == TABLE_ABSENT || fail(tables, "the IVRS (the IOMMUs) is damaged");
    }
    for (uint64_t at = IVRS_ENTRIES; at < bytes && !is_padding(ivrs + at, bytes - at);
         at += get16(ivrs + at + 2)) {
        if (bytes - at < 4 || get16(ivrs + at + 2) < 4 || get16(ivrs + at + 2) > bytes - at) {
            return fail(tables, "the IVRS has an entry of impossible length");
        }
        /* The same unit is described up to three times, for software of different age. */
        uint8_t type = ivrs[at];
        if ((type == 0x10 || type == 0x11 || type == 0x40) && get16(ivrs + at + 2) >= 16 &&
            !is_known_iommu(facts, get64(ivrs + at + 8)) &&
            !add_iommu(tables, facts, get64(ivrs + at + 8), IVRS_REGISTER_BYTES)) {
            return false;
        }
    }
    return true;
}

bool acpi_read_tables(const uint8_t *rsdp, uint64_t rsdp_size, uint32_t boot_apic_id,
                      uint32_t largest_apic_id, map_function *map, void *context,
                      struct machine_facts *facts, const char **why)
{
    struct tables tables = {.map = map, .context = context};
    facts->iommu_count = 0;
    memset(&facts->dmar, 0, sizeof(facts->dmar));
    bool good = find_roots(&tables, rsdp, rsdp_size) &&
                read_madt(&tables, facts, boot_apic_id, largest_apic_id) &&
                read_dmar(&tables, facts) && read_ivrs(&tables, facts);
    if (good) {
        read_srat(&tables, facts);
        read_mcfg(&tables, facts);
        read_hpet_and_timer(&tables, facts);
        read_power_off(&tables, facts);
    }
    *why = tables.why;
    return good;
}
