#include "iommu_model.h"
#include "machine.h"
#include <boot/plan/iommu.h>
#include <boot/plan/planning.h>
#include <stdlib.h>
#include <string.h>

static uint64_t word_at(struct iommu_memory *memory, paddr_t address)
{
    if (address % 8 != 0 || address < memory->range.start || address >= memory->range.end) {
        memory->strayed = true;
        return 0;
    }
    return memory->words[(address - memory->range.start) / 8];
}

/* The two words of a requester's context entry; false: not present, or not legal for the unit. */
static bool find_context(const struct iommu_unit_model *unit, uint16_t requester,
                         uint64_t context[2])
{
    uint64_t root = word_at(unit->memory, unit->root + 16u * (requester >> 8));
    if (!(root & 1)) {
        return false;
    }
    if (root & 0xffe || word_at(unit->memory, unit->root + 16u * (requester >> 8) + 8) != 0) {
        unit->memory->strayed = true; /* reserved bits */
        return false;
    }
    paddr_t at = (root & ~UINT64_C(0xfff)) + 16u * (requester & 0xff);
    context[0] = word_at(unit->memory, at);
    context[1] = word_at(unit->memory, at + 8);
    if (!(context[0] & 1)) {
        return false;
    }
    unsigned width = context[1] & 7;
    uint64_t domains = UINT64_C(1) << (4 + 2 * (unit->capability & 7));
    if (context[0] & 0xffe || context[1] & ~UINT64_C(0xffff07) || width < 1 || width > 2 ||
        !(unit->capability >> (8 + width) & 1) || context[1] >> 8 >= domains) {
        unit->memory->strayed = true;
        return false;
    }
    return true;
}

int iommu_model_domain(const struct iommu_unit_model *unit, uint16_t requester)
{
    uint64_t context[2];
    return find_context(unit, requester, context) ? (int)(context[1] >> 8) : -1;
}

bool iommu_model_translate(const struct iommu_unit_model *unit, uint16_t requester,
                           uint64_t address, paddr_t *physical)
{
    uint64_t context[2];
    if (!find_context(unit, requester, context)) {
        return false;
    }
    unsigned level = (context[1] & 7) + 1; /* of the table at hand, counted from 0 */
    if (address >> (12 + 9 * (level + 1)) != 0) {
        return false;
    }
    paddr_t table = context[0] & ~UINT64_C(0xfff);
    for (;; level--) {
        unsigned bits = 12 + 9 * level;
        uint64_t entry = word_at(unit->memory, table + 8 * (address >> bits & 511));
        if (!(entry & 3)) {
            return false;
        }
        bool is_leaf = level == 0 || (entry >> 7 & 1);
        paddr_t target = entry & UINT64_C(0xffffffffff000);
        if ((entry & 3) != 3 || entry & ~(UINT64_C(0xffffffffff083)) ||
            (level == 0 && (entry & 0x80)) ||
            (is_leaf && level > 0 && (level > 2 || !(unit->capability >> (33 + level) & 1))) ||
            (is_leaf && target & ((UINT64_C(1) << bits) - 1))) {
            unit->memory->strayed = true;
            return false;
        }
        if (is_leaf) {
            *physical = target | (address & ((UINT64_C(1) << bits) - 1));
            return true;
        }
        table = target;
    }
}

bool iommu_model_interrupt(struct iommu_memory *memory, struct range table, bool extended,
                           uint16_t requester, uint32_t handle, struct iommu_interrupt *interrupt)
{
    if (handle >= (table.end - table.start) / 16) {
        return false;
    }
    uint64_t low = word_at(memory, table.start + 16 * handle);
    uint64_t high = word_at(memory, table.start + 16 * handle + 8);
    if (!(low & 1)) {
        return false;
    }
    uint64_t id_bits = extended ? UINT64_C(0xffffffff00000000) : UINT64_C(0xff0000000000);
    /* Fixed delivery, physical destination, no hint; nothing that is reserved or posted. */
    if (low & ~(id_bits | 0xff0011) || high & ~UINT64_C(0xfffff) || (low >> 16 & 0xff) < 16) {
        memory->strayed = true;
        return false;
    }
    if ((high >> 18 & 3) != 1 || (high >> 16 & 3) != 0) { /* not checked bit by bit */
        memory->strayed = true;
        return false;
    }
    *interrupt = (struct iommu_interrupt){(uint32_t)(low >> (extended ? 32 : 40)),
                                          (uint8_t)(low >> 16), (low >> 4 & 1) != 0};
    return (high & 0xffff) == requester;
}

/* --- what must be reachable --- */

enum { MAX_EXPECTED = 2 * MAX_NODE_REGIONS + ABI_CMK_MAX_CHANNELS + MAX_DMAR_REGIONS };

struct expected {
    struct range range[MAX_EXPECTED];
    unsigned count;
};

/* Where the expected range that has the address ends; 0: none has it. */
static paddr_t expected_up_to(const struct expected *expected, paddr_t address)
{
    for (unsigned i = 0; i < expected->count; i++) {
        if (address >= expected->range[i].start && address < expected->range[i].end) {
            return expected->range[i].end;
        }
    }
    return 0;
}

static bool is_expected(const struct expected *expected, paddr_t address)
{
    return expected_up_to(expected, address) != 0;
}

static const struct pci_fact *bridge_above(const struct machine_facts *facts, unsigned bus)
{
    for (uint32_t i = 0; bus != 0 && i < facts->pci_count; i++) {
        if (facts->pci[i].bridge != PCI_NO_BRIDGE && facts->pci[i].secondary_bus == bus) {
            return &facts->pci[i];
        }
    }
    return NULL;
}

/* Where a path of the DMAR leads: a bus, and a place on it. */
static bool follow(const struct machine_facts *facts, const struct dmar_scope *scope, unsigned *bus,
                   unsigned *place)
{
    *bus = scope->start_bus;
    for (unsigned step = 0; step < scope->path_length; step++) {
        *place = scope->path[step];
        bool found = step + 1 == scope->path_length;
        for (uint32_t i = 0; !found && i < facts->pci_count; i++) {
            const struct pci_fact *f = &facts->pci[i];
            if (f->bridge != PCI_NO_BRIDGE && f->bus == *bus &&
                f->device * 8u + f->function == *place) {
                *bus = f->secondary_bus;
                found = true;
            }
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool scope_has(const struct machine_facts *facts, const struct dmar_scope *scope,
                      const struct pci_fact *function)
{
    unsigned bus, place;
    if ((scope->kind != 1 && scope->kind != 2) || !follow(facts, scope, &bus, &place)) {
        return false;
    }
    if (function->bus == bus && function->device * 8u + function->function == place) {
        return true;
    }
    for (uint32_t i = 0; scope->kind == 2 && i < facts->pci_count; i++) {
        const struct pci_fact *f = &facts->pci[i];
        if (f->bridge != PCI_NO_BRIDGE && f->bus == bus && f->device * 8u + f->function == place) {
            return function->bus >= f->secondary_bus && function->bus <= f->subordinate_bus;
        }
    }
    return false;
}

static void expect(struct expected *expected, struct range range)
{
    if (range.start < range.end) {
        expected->range[expected->count++] = range;
    }
}

static void expect_of_node(const struct machine_facts *facts, const struct cluster *cluster,
                           uint32_t node, struct expected *expected)
{
    expected->count = 0;
    for (uint32_t i = 0; i < cluster->node[node].region_count; i++) {
        expect(expected, cluster->node[node].region[i]);
    }
    expect(expected, cluster->shared);
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        if (cluster->channel[i].node[0] == node || cluster->channel[i].node[1] == node) {
            expect(expected, cluster->channel[i].range);
        }
    }
    for (uint32_t i = 0; i < facts->dmar.region_count; i++) {
        const struct dmar_region *region = &facts->dmar.region[i];
        bool ours = false;
        for (uint32_t j = 0; region->segment == 0 && j < facts->pci_count; j++) {
            for (unsigned k = 0; k < region->scopes.count; k++) {
                ours |=
                    owner_of_function(cluster, j) == node &&
                    scope_has(facts, &facts->dmar.scope[region->scopes.first + k], &facts->pci[j]);
            }
        }
        if (ours) {
            expect(expected, region->range);
        }
    }
}

/* By requester id, the node whose function sends requests with it, or NO_NODE; two nodes: -1. */
static int sender[0x10000];
static bool bus_sends[0x100];

static void note_sender(unsigned id, int node)
{
    bus_sends[id >> 8] = true;
    sender[id] = sender[id] == NO_NODE || sender[id] == node ? node : -1;
}

static void find_senders(const struct machine_facts *facts, const struct cluster *cluster)
{
    for (unsigned id = 0; id < ARRAY_LENGTH(sender); id++) {
        sender[id] = NO_NODE;
        bus_sends[id >> 8] = false;
    }
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *f = &facts->pci[i];
        int owner = owner_of_function(cluster, i);
        if (f->bridge != PCI_NO_BRIDGE || owner == NO_NODE) {
            continue;
        }
        note_sender(f->bus * 256u + f->device * 8u + f->function, owner);
        unsigned bus = f->bus;
        const struct pci_fact *bridge;
        for (unsigned steps = 0; steps < 300 && (bridge = bridge_above(facts, bus)); steps++) {
            if (bridge->bridge == PCI_TO_CONVENTIONAL) {
                note_sender(bus * 256u, owner);
            } else if (bridge->bridge == PCI_CONVENTIONAL) {
                note_sender(bridge->bus * 256u + bridge->device * 8u + bridge->function, owner);
            }
            bus = bridge->bus;
        }
    }
}

/* All pages that the entries of one requester lead to lie in the set, each at its own address. */
static const char *check_leaves(struct iommu_memory *memory, paddr_t table, unsigned levels,
                                const struct expected *expected, uint64_t base, uint64_t *sum)
{
    unsigned bits = 12 + 9 * (levels - 1);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t entry = word_at(memory, table + 8 * i);
        uint64_t address = base + ((uint64_t)i << bits);
        if (entry == 0) {
            continue;
        }
        if (levels > 1 && !(entry >> 7 & 1)) {
            const char *broken =
                check_leaves(memory, entry & ~UINT64_C(0xfff), levels - 1, expected, address, sum);
            if (broken != NULL) {
                return broken;
            }
            continue;
        }
        uint64_t size = UINT64_C(1) << bits;
        if ((entry & UINT64_C(0xffffffffff000)) != address) {
            return "a page is at another address than its own";
        }
        for (uint64_t at = address; at < address + size;) {
            at = expected_up_to(expected, at);
            if (at == 0) {
                return "a device reaches memory that is not its node's";
            }
        }
        *sum += size;
    }
    return NULL;
}

static int compare_starts(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* Bytes of the union. */
static uint64_t bytes_of(const struct expected *expected)
{
    struct range sorted[MAX_EXPECTED];
    uint64_t sum = 0, from = 0;
    if (expected->count > 0) {
        memcpy(sorted, expected->range, expected->count * sizeof(sorted[0]));
        qsort(sorted, expected->count, sizeof(sorted[0]), compare_starts);
    }
    for (unsigned i = 0; i < expected->count; i++) {
        uint64_t start = sorted[i].start > from ? sorted[i].start : from;
        sum += sorted[i].end > start ? sorted[i].end - start : 0;
        from = sorted[i].end > from ? sorted[i].end : from;
    }
    return sum;
}

/* What lies around every border of the machine, through the walk itself. */
static const char *check_borders(const struct iommu_unit_model *unit, uint16_t id,
                                 const struct machine_facts *facts, const struct cluster *cluster,
                                 const struct expected *expected)
{
    uint64_t border[2 * (ABI_CMK_MAX_NODES * MAX_NODE_REGIONS + MAX_EXPECTED)];
    unsigned count = 0;
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        for (uint32_t i = 0; i < cluster->node[node].region_count; i++) {
            border[count++] = cluster->node[node].region[i].start;
            border[count++] = cluster->node[node].region[i].end;
        }
    }
    const struct range others[] = {cluster->shared,
                                   cluster->boot_pages,
                                   facts->kernel_image,
                                   {0xfee00000, 0xfef00000},
                                   {0, UINT64_C(1) << 39}};
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
        border[count++] = others[i].start;
        border[count++] = others[i].end;
    }
    for (unsigned i = 0; i < expected->count; i++) {
        border[count++] = expected->range[i].start;
        border[count++] = expected->range[i].end;
    }
    for (unsigned i = 0; i < 2 * count; i++) {
        uint64_t address = border[i / 2] - i % 2;
        paddr_t physical;
        bool through = iommu_model_translate(unit, id, address, &physical);
        if (through != is_expected(expected, address) || (through && physical != address)) {
            return "a border is not where it must be";
        }
    }
    return NULL;
}

static const char *check_unit(const struct iommu_unit_model *unit,
                              const struct machine_facts *facts, const struct cluster *cluster)
{
    bool checked[ABI_CMK_MAX_NODES] = {false};
    for (unsigned id = 0; id < 0x10000; id++) {
        if (!bus_sends[id >> 8] && word_at(unit->memory, unit->root + 16u * (id >> 8)) == 0) {
            id |= 0xff; /* none of this bus is there, and the table blocks all of it */
            continue;
        }
        int node = sender[id];
        int domain = iommu_model_domain(unit, (uint16_t)id);
        uint64_t context[2], sum = 0;
        struct expected expected;
        const char *broken;
        if (node < 0 || domain != (node == NO_NODE ? -1 : node + 1)) {
            return "a function is in another domain than its node's";
        }
        if (node == NO_NODE) {
            continue;
        }
        expect_of_node(facts, cluster, (uint32_t)node, &expected);
        broken = check_borders(unit, (uint16_t)id, facts, cluster, &expected);
        if (broken != NULL) {
            return broken;
        }
        if (checked[node]) {
            continue;
        }
        checked[node] = true;
        find_context(unit, (uint16_t)id, context);
        broken = check_leaves(unit->memory, context[0] & ~UINT64_C(0xfff), (context[1] & 7) + 2,
                              &expected, 0, &sum);
        if (broken != NULL) {
            return broken;
        }
        if (sum != bytes_of(&expected)) {
            return "a device does not reach all of its node's memory";
        }
    }
    return NULL;
}

/* --- interrupts --- */

/* One group of the table: only its source gets through, to its node's first CPU. */
static const char *check_group(const struct cluster *cluster, struct iommu_memory *memory,
                               uint32_t group, uint16_t requester, uint32_t node, bool level)
{
    const struct interrupt_remapping *interrupts = &cluster->interrupts;
    uint32_t apic_id = cluster->cpu[cluster->node[node].cpu[0]].apic_id;
    for (uint32_t irq = 0; irq < INTERRUPT_GROUP; irq++) {
        struct iommu_interrupt got;
        uint32_t handle = group * INTERRUPT_GROUP + irq;
        bool is_users = irq >= 0x10 && irq <= 0x10 + 107;
        bool through = iommu_model_interrupt(memory, interrupts->table, interrupts->extended,
                                             requester, handle, &got);
        if (through != is_users || (through && (got.apic_id != apic_id ||
                                                got.vector != 0x20 + irq || got.level != level))) {
            return "an interrupt does not arrive as it must";
        }
        for (uint32_t i = 0; i < interrupts->source_count; i++) {
            uint16_t other = interrupts->source[i].requester;
            if (other != requester &&
                iommu_model_interrupt(memory, interrupts->table, interrupts->extended, other,
                                      handle, &got)) {
                return "a function can send another one's interrupt";
            }
        }
    }
    return NULL;
}

/* Two functions of different nodes never have one requester id: plans with that are refused. */
static const char *check_sources(const struct machine_facts *facts, const struct cluster *cluster)
{
    const struct interrupt_remapping *interrupts = &cluster->interrupts;
    uint32_t owned = 0;
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *f = &facts->pci[i];
        uint16_t node = owner_of_function(cluster, i);
        uint16_t id = (uint16_t)(f->bus * 256 + f->device * 8 + f->function);
        if (node == NO_NODE) {
            continue;
        }
        const struct message_source *source = &interrupts->source[owned++];
        if (owned > interrupts->source_count || source->function != id || source->node != node) {
            return "a function has no interrupts";
        }
        if (f->bridge == PCI_NO_BRIDGE && sender[source->requester] != node) {
            return "the source of a function's interrupts is not its own";
        }
    }
    return owned == interrupts->source_count ? NULL : "there are sources without a function";
}

/* As the first path that leads somewhere says. */
static uint16_t requester_of_io_apic(const struct machine_facts *facts, uint32_t io_apic)
{
    for (uint32_t i = 0; i < facts->dmar.scope_count; i++) {
        const struct dmar_scope *scope = &facts->dmar.scope[i];
        unsigned bus, place;
        if (scope->kind == 3 && scope->id == facts->io_apic[io_apic].id &&
            follow(facts, scope, &bus, &place)) {
            return (uint16_t)(bus * 256 + place);
        }
    }
    return 0;
}

static const char *check_interrupts(const struct machine_facts *facts,
                                    const struct cluster *cluster, struct iommu_memory *memory)
{
    const struct interrupt_remapping *interrupts = &cluster->interrupts;
    uint64_t entries = (interrupts->table.end - interrupts->table.start) / 16;
    uint32_t group = interrupts->source_count, all = NO_NODE;
    const char *broken = check_sources(facts, cluster);
    if (entries < 256 || entries > 65536 || (entries & (entries - 1)) != 0 ||
        interrupts->table.start % 4096 != 0) {
        return "the table of interrupts has an impossible size";
    }
    for (uint32_t i = 0; broken == NULL && i < interrupts->source_count; i++) {
        const struct message_source *source = &interrupts->source[i];
        broken = check_group(cluster, memory, i, source->requester, source->node, false);
    }
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        all = cluster->node[node].all_devices ? node : all;
    }
    for (uint32_t i = 0; i < facts->io_apic_count; i++) {
        for (unsigned level = 0; broken == NULL && level < 2; level++) {
            uint16_t requester = requester_of_io_apic(facts, i);
            if (all != NO_NODE) {
                broken = check_group(cluster, memory, group++, requester, all, level);
            }
        }
    }
    for (uint64_t handle = (uint64_t)group * INTERRUPT_GROUP; broken == NULL && handle < entries;
         handle++) {
        if (word_at(memory, interrupts->table.start + 16 * handle) & 1) {
            broken = "an interrupt that is nobody's is there";
        }
    }
    return broken;
}

const char *broken_by_iommu(const struct machine_facts *facts, const struct cluster *cluster)
{
    uint64_t bytes = cluster->iommu_tables.end - cluster->iommu_tables.start;
    struct iommu_tables tables = {.place = cluster->iommu_tables};
    const char *broken = NULL;
    if (!iommu_plan()->on) {
        return bytes > 0 ? "there is room for tables that nobody wants" : NULL;
    }
    tables.window = calloc(1, bytes);
    if (tables.window == NULL || !iommu_build_tables(facts, cluster, &tables)) {
        free(tables.window);
        return "the tables find too little room";
    }
    find_senders(facts, cluster);
    struct iommu_memory memory = {tables.window, tables.place, false};
    for (uint32_t i = 0; broken == NULL && i < facts->dmar.unit_count; i++) {
        unsigned levels = iommu_levels(facts->dmar.unit[i].capability);
        struct iommu_unit_model unit = {&memory, tables.root[levels - IOMMU_LEAST_LEVELS],
                                        facts->dmar.unit[i].capability};
        broken = check_unit(&unit, facts, cluster);
        unit.root = tables.nothing;
        for (unsigned id = 0; broken == NULL && id < 0x10000; id += 255) {
            broken = iommu_model_domain(&unit, (uint16_t)id) != -1 ? "nothing is something" : NULL;
        }
    }
    if (broken == NULL && cluster->interrupts.on) {
        broken = check_interrupts(facts, cluster, &memory);
    }
    if (broken == NULL && memory.strayed) {
        broken = "an entry has reserved bits, or leads out of the tables";
    }
    free(tables.window);
    return broken;
}
