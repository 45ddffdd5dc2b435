/*
 * ACPI tables. If the first byte is odd, the rest is memory from 4 KiB on, as it is, with the RSDP
 * at its start. If it is even, the rest is a row of tables, each a byte that chooses its signature,
 * two bytes of length, and what follows its header; headers and checksums are made here, since no
 * search would guess them. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined -fno-sanitize-recover=all \
 *       -Wall -Wextra -Werror tests/fuzz/acpi.c tests/fuzz/memory.c tests/fuzz/replay.c \
 *       boot/plan/acpi.c \
 *       boot/plan/sleep_package.c boot/plan/dmar.c -o build/fuzz/acpi
 *   build/fuzz/acpi tests/fuzz/corpus/acpi
 *
 * For a search: clang, -fsanitize=fuzzer,address,undefined, and no replay.c.
 */
#include "fuzz.h"
#include <boot/plan/acpi.h>
#include <string.h>

enum {
    BASE = 0x1000,
    LARGEST = 1 << 14,
    MAX_TABLES = 16,
    RSDP_BYTES = 36,
    HEADER_BYTES = 36,
    ROOM = 2 * LARGEST
};

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static void seal(uint8_t *start, size_t bytes, unsigned place)
{
    uint8_t sum = 0;
    start[place] = 0;
    for (size_t i = 0; i < bytes; i++) {
        sum = (uint8_t)(sum + start[i]);
    }
    start[place] = (uint8_t)-sum;
}

/* RSDP, XSDT, then the tables, each at a multiple of 16. Returns how many bytes that makes. */
static size_t build_tables(const uint8_t *data, size_t size, uint8_t *memory)
{
    static const char signatures[][5] = {"APIC", "SRAT", "MCFG", "HPET",
                                         "FACP", "DMAR", "IVRS", "SSDT"};
    uint8_t *root = memory + 48;
    size_t end = 48 + HEADER_BYTES + 8 * MAX_TABLES;
    unsigned count = 0;
    memset(memory, 0, ROOM);
    for (size_t at = 0; at + 3 <= size && count < MAX_TABLES; count++) {
        size_t bytes = MIN((size_t)(data[at + 1] | data[at + 2] << 8), size - at - 3);
        uint8_t *table = memory + end;
        memcpy(table, signatures[data[at] & 7], 4);
        memcpy(table + HEADER_BYTES, data + at + 3, bytes);
        table[8] = (uint8_t)(data[at] >> 4); /* revision */
        put(table + 4, HEADER_BYTES + bytes, 4);
        seal(table, HEADER_BYTES + bytes, 9);
        put(root + HEADER_BYTES + 8 * count, BASE + end, 8);
        end = (end + HEADER_BYTES + bytes + 15) & ~(size_t)15;
        at += 3 + bytes;
    }
    memcpy(root, "XSDT", 4);
    put(root + 4, HEADER_BYTES + 8 * count, 4);
    seal(root, HEADER_BYTES + 8 * count, 9);
    memcpy(memory, "RSD PTR ", 8);
    memory[15] = 2;
    put(memory + 24, BASE + 48, 8);
    seal(memory, 20, 8);
    seal(memory, RSDP_BYTES, 32);
    return end;
}

static void check_facts(const struct machine_facts *facts)
{
    must(facts->cpu_count >= 1 && facts->cpu_count <= ABI_CMK_MAX_CPUS, "CPU count");
    must(facts->cpu[0].apic_id == 5, "the boot CPU is not the first");
    for (uint32_t i = 0; i < facts->cpu_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            must(facts->cpu[i].apic_id != facts->cpu[j].apic_id, "a CPU twice");
        }
    }
    must(facts->io_apic_count <= MAX_IO_APICS && facts->proximity_count <= MAX_PROXIMITY_RANGES,
         "counts");
    must(facts->iommu_count <= ARRAY_LENGTH(facts->iommu), "IOMMU count");
    must(facts->dmar.unit_count <= MAX_DMAR_UNITS, "unit count");
    must(facts->dmar.unit_count <= facts->iommu_count, "a unit that is not reserved");
    must(facts->dmar.region_count <= MAX_DMAR_REGIONS, "region count");
    must(facts->dmar.scope_count <= MAX_DMAR_SCOPES, "scope count");
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        const struct dmar_unit *unit = &facts->dmar.unit[i];
        must(unit->registers.start < unit->registers.end, "a unit without registers");
        must(unit->scopes.first + unit->scopes.count <= facts->dmar.scope_count, "its scopes");
    }
    for (uint32_t i = 0; i < facts->dmar.region_count; i++) {
        const struct dmar_region *region = &facts->dmar.region[i];
        must(region->range.start < region->range.end, "an empty region");
        must(region->scopes.first + region->scopes.count <= facts->dmar.scope_count, "its scopes");
    }
    for (uint32_t i = 0; i < facts->dmar.scope_count; i++) {
        const struct dmar_scope *scope = &facts->dmar.scope[i];
        must(scope->kind >= DMAR_ENDPOINT && scope->kind <= DMAR_HPET, "a scope of no kind");
        must(scope->path_length >= 1 && scope->path_length <= MAX_DMAR_PATH, "a path of no length");
    }
    for (uint32_t i = 0; i < facts->proximity_count; i++) {
        must(facts->proximity[i].range.start < facts->proximity[i].range.end,
             "empty proximity range");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine_facts facts;
    static uint8_t memory[ROOM];
    uint8_t rsdp[RSDP_BYTES] = {0};
    const char *why = NULL;
    if (size == 0 || size > LARGEST) {
        return 0;
    }
    memset(&facts, 0, sizeof(facts));
    if (data[0] & 1) {
        memcpy(rsdp, data + 1, MIN(size - 1, sizeof(rsdp)));
        set_memory(BASE, data + 1, size - 1);
        acpi_find_rsdp(data + 1, size - 1);
        uint8_t type[2];
        must(!acpi_find_sleep_package(data + 1, size - 1, type) || (type[0] <= 7 && type[1] <= 7),
             "a sleep type beyond its field");
    } else {
        set_memory(BASE, memory, build_tables(data + 1, size - 1, memory));
        memcpy(rsdp, memory, sizeof(rsdp));
    }
    if (acpi_read_tables(rsdp, data[0] & 2 ? 20 : sizeof(rsdp), 5, 0xfffffffe, map_memory, NULL,
                         &facts, &why)) {
        check_facts(&facts);
    } else {
        must(why != NULL, "no reason");
    }
    return 0;
}
