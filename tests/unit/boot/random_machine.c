#include "random_machine.h"
#include <stdio.h>
#include <string.h>

uint64_t choose(struct choices *choices, uint64_t limit)
{
    uint64_t value = 0;
    for (uint64_t left = limit - 1; left > 0; left >>= 8) {
        value = value << 8 | (choices->at < choices->size ? choices->bytes[choices->at++] : 0);
    }
    return value % limit;
}

void fill_at_random(uint8_t *bytes, size_t size, uint64_t seed)
{
    /* splitmix64 */
    for (size_t i = 0; i < size; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        bytes[i] = (uint8_t)(z ^ z >> 31);
    }
}

/* Mostly plain; sometimes at an odd byte, or far away. */
static uint64_t choose_address(struct choices *choices)
{
    switch (choose(choices, 8)) {
    case 0:
        return choose(choices, GIB(600));
    case 1:
        return choose(choices, MIB(64));
    case 2:
        return choose(choices, 256) * KIB(4);
    default:
        return choose(choices, 512) * MIB(1) + choose(choices, 4) * KIB(516);
    }
}

static void choose_memory(struct choices *choices)
{
    uint64_t extra = choose(choices, 12);
    for (uint64_t i = 0; i < extra; i++) {
        static const uint32_t types[] = {1, 1, 2, 3, 4, 5, 20};
        uint64_t start = choose_address(choices);
        uint64_t bytes =
            choose(choices, 4) == 0 ? choose(choices, MIB(300)) : choose(choices, 64) * KIB(260);
        machine.memory[machine.memory_count++] = (struct memory_fact){
            {start, start + bytes}, types[choose(choices, ARRAY_LENGTH(types))]};
    }
}

static void choose_proximity(struct choices *choices)
{
    uint32_t domains = (uint32_t)choose(choices, 5);
    paddr_t at = 0;
    for (uint32_t i = 0; i < domains; i++) {
        paddr_t end = at + choose(choices, 256) * KIB(1025);
        machine.proximity[machine.proximity_count++] = (struct proximity_fact){{at, end}, i * 3};
        at = end;
    }
    for (uint32_t cpu = 0; domains > 0 && cpu < machine.cpu_count; cpu++) {
        machine.cpu[cpu].proximity = (uint32_t)choose(choices, domains) * 3;
    }
}

static void choose_pci(struct choices *choices)
{
    machine.pci_count = (uint32_t)choose(choices, 6);
    for (uint32_t i = 0; i < machine.pci_count; i++) {
        struct pci_fact *function = &machine.pci[i];
        *function =
            (struct pci_fact){.device = (uint8_t)i, .function = (uint8_t)choose(choices, 2)};
        for (unsigned bar = 0; bar < 3; bar++) {
            uint64_t size = UINT64_C(16) << choose(choices, 14);
            uint64_t base = 0xe0000000 + choose(choices, 0x2000) * KIB(64);
            function->bar[bar] =
                choose(choices, 2) == 0
                    ? (struct pci_bar_fact){true, 0x100 + choose(choices, 0xf000), size & 0xfff}
                    : (struct pci_bar_fact){false, base & ~(size - 1), size};
        }
    }
    machine.mcfg_base = choose(choices, 2) * 0xb0000000;
    machine.mcfg_last_bus = 255;
}

/* Some functions become bridges, and some of the later ones move to the other side. */
static void choose_bridges(struct choices *choices)
{
    static const enum pci_bridge kinds[] = {PCI_PORT, PCI_TO_CONVENTIONAL, PCI_CONVENTIONAL};
    uint8_t last = (uint8_t)machine.pci_count;
    for (uint8_t i = 0; i < last; i++) {
        if (choose(choices, 3) != 0) {
            continue;
        }
        machine.pci[i].bridge = kinds[choose(choices, 3)];
        machine.pci[i].secondary_bus = i + 1;
        machine.pci[i].subordinate_bus = last;
        for (uint8_t j = i + 1; j < last; j++) {
            machine.pci[j].bus = choose(choices, 2) == 0 ? i + 1 : machine.pci[j].bus;
        }
    }
}

static struct dmar_scopes choose_scopes(struct choices *choices)
{
    struct dmar_scopes scopes = {(uint16_t)machine.dmar.scope_count, 0};
    scopes.count = (uint16_t)choose(choices, 3);
    for (unsigned i = 0; i < scopes.count; i++) {
        struct dmar_scope *scope = &machine.dmar.scope[machine.dmar.scope_count++];
        *scope = (struct dmar_scope){.kind = (uint8_t)(1 + choose(choices, 3)),
                                     .start_bus = (uint8_t)(choose(choices, 4) / 3)};
        scope->path_length = (uint8_t)(1 + choose(choices, 5) / 4);
        for (unsigned step = 0; step < scope->path_length; step++) {
            scope->path[step] = (uint8_t)(choose(choices, 6) << 3 | choose(choices, 2));
        }
    }
    return scopes;
}

/* Units mostly good for something; regions mostly where firmware's map has no RAM. */
static void choose_dmar(struct choices *choices)
{
    struct dmar_facts *dmar = &machine.dmar;
    struct range firmware = machine.memory[4].range;
    dmar->unit_count = (uint32_t)choose(choices, 3);
    for (uint32_t i = 0; i < dmar->unit_count; i++) {
        uint64_t pages = choose(choices, 16) == 15 ? 0 : 1 + 2 * choose(choices, 2);
        uint64_t levels = 1 + choose(choices, 3);
        dmar->unit[i] = (struct dmar_unit){
            .registers = {0xfed90000 + i * 0x1000, 0xfed91000 + i * 0x1000},
            .segment = (uint16_t)(choose(choices, 8) / 7),
            .all_others = choose(choices, 4) != 3,
            .extended_capability = choose(choices, 4) == 3 ? choose(choices, 32) : 0x1a,
            .capability = (1 + choose(choices, 6)) | levels << 9 | pages << 34};
        dmar->unit[i].scopes = choose_scopes(choices);
        machine.iommu[i] = dmar->unit[i].registers;
    }
    machine.iommu_count = dmar->unit_count;
    machine.x2apic = choose(choices, 2) != 0;
    dmar->interrupt_remapping = choose(choices, 4) != 3;
    for (uint32_t i = 0; i < machine.io_apic_count && choose(choices, 8) != 7; i++) {
        machine.io_apic[i].id = (uint8_t)(2 + i);
        dmar->scope[dmar->scope_count++] = (struct dmar_scope){.kind = DMAR_IO_APIC,
                                                               .id = (uint8_t)(2 + i),
                                                               .start_bus = 0xf0,
                                                               .path_length = 1,
                                                               .path = {(uint8_t)i}};
    }
    dmar->region_count = (uint32_t)(choose(choices, 8) / 3);
    for (uint32_t i = 0; i < dmar->region_count; i++) {
        paddr_t start = firmware.start + choose(choices, 16) * KIB(4);
        start = choose(choices, 8) == 7 ? choose_address(choices) & ~UINT64_C(4095) : start;
        dmar->region[i].range = (struct range){start, start + KIB(4) * (1 + choose(choices, 16))};
        dmar->region[i].scopes = choose_scopes(choices);
    }
}

static void choose_modules(struct choices *choices)
{
    static const char *const texts[] = {"node=all",   "",    "",           "node=0",
                                        "node=1 a b", "x y", "rwx node=2", "node=0 rwx z"};
    /* Mostly what every cluster can boot with. */
    bool plain = choose(choices, 8) != 7;
    uint64_t count = plain ? 0 : choose(choices, 5);
    add_good_module(texts[plain ? 0 : choose(choices, 2)]);
    for (uint64_t i = 0; i < count; i++) {
        add_good_module(texts[choose(choices, ARRAY_LENGTH(texts))]);
    }
    if (choose(choices, 3) == 0) {
        paddr_t start = choose_address(choices);
        struct module_fact *module = &machine.module[machine.module_count - 1];
        module->range = (struct range){start, start + module->range.end - module->range.start};
    }
}

void choose_machine(struct choices *choices)
{
    uint64_t busy;
    make_machine(1 + (uint32_t)choose(choices, 12), MIB(16) * (1 + choose(choices, 32)));
    if (choose(choices, 3) == 0) {
        make_machine(machine.cpu_count, GIB(3) + choose(choices, 16) * MIB(512));
    }
    choose_memory(choices);
    machine.topology.core = (uint32_t)choose(choices, 3);
    machine.topology.last_level_cache =
        choose(choices, 4) == 0 ? TOPOLOGY_UNKNOWN : (uint32_t)choose(choices, 5);
    machine.topology.package = (uint32_t)choose(choices, 6);
    for (uint32_t cpu = 1; cpu < machine.cpu_count; cpu++) {
        machine.cpu[cpu].apic_id = machine.cpu[cpu - 1].apic_id + 1 + (uint32_t)choose(choices, 2);
    }
    choose_proximity(choices);
    choose_pci(choices);
    busy = choose(choices, 4);
    for (uint64_t i = 0; i < busy; i++) {
        paddr_t start = choose_address(choices);
        machine.busy[machine.busy_count++] =
            (struct range){start, start + choose(choices, KIB(64))};
    }
    machine.physical_address_bits = 36 + (uint32_t)choose(choices, 12);
    machine.boot_page_bytes = choose(choices, MIB(3));
    machine.boot_table_bytes = choose(choices, MIB(1));
    machine.node_state_bytes = choose(choices, MIB(1));
    choose_modules(choices);
    choose_bridges(choices);
    choose_dmar(choices);
}

static void append(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s ", word);
}

static void choose_word(struct choices *choices, char *word, size_t size)
{
    uint64_t node = choose(choices, 4);
    uint64_t number = choose(choices, 20);
    switch (choose(choices, 13)) {
    case 12:
        snprintf(word, size, "iommu=%s", number < 12 ? "require" : number < 16 ? "on" : "off");
        break;
    case 0:
        snprintf(word, size,
                 number < 4    ? "nodes=percpu"
                 : number < 8  ? "nodes=numa"
                 : number < 12 ? "nodes=llc"
                 : number < 16 ? "nodes=package"
                               : "nodes=3");
        break;
    case 1:
        if (number < 14) {
            snprintf(word, size, "%s",
                     number < 6    ? "balance=on"
                     : number < 10 ? "balance=off"
                                   : "manager=on");
        } else if (number < 17) {
            snprintf(word, size, "node%lu.start=off", (unsigned long)node);
        } else {
            snprintf(word, size, "node%lu.store=%luM", (unsigned long)node,
                     (unsigned long)choose(choices, 8));
        }
        break;
    case 2:
        snprintf(word, size, "node%lu.cpus=%lu-%lu", (unsigned long)node, (unsigned long)number,
                 (unsigned long)(number + choose(choices, 3)));
        break;
    case 4:
        if (number < 8) {
            snprintf(word, size, "node%lu.mem=%luM@%luM", (unsigned long)node,
                     (unsigned long)(2 * choose(choices, 40)),
                     (unsigned long)(2 * choose(choices, 200)));
            break;
        }
        /* fall through */
    case 3:
        snprintf(word, size, "node%lu.mem=%luK", (unsigned long)node,
                 (unsigned long)choose(choices, 0x20000));
        break;
    case 5:
        snprintf(word, size, "shared=%luM", (unsigned long)choose(choices, 64));
        break;
    case 6:
    case 7:
        snprintf(word, size, "channel=%lu-%lu,%luM", (unsigned long)node, (unsigned long)(node + 1),
                 (unsigned long)(1 + choose(choices, 32)));
        break;
    case 8:
        snprintf(word, size, "node%lu.devices=%s", (unsigned long)node,
                 number < 6 ? "all" : "none");
        break;
    case 9:
    case 10:
        snprintf(word, size, "node%lu.devices=%02lx:%02lx.%lx,port:0x%lx-0x%lx",
                 (unsigned long)node, (unsigned long)(choose(choices, 12) / 8),
                 (unsigned long)(number / 2), (unsigned long)(number % 2),
                 (unsigned long)(number * 16), (unsigned long)(number * 16 + 20));
        break;
    default:
        snprintf(word, size, "node%lu.console=com%lu", (unsigned long)node,
                 (unsigned long)(1 + number % 4));
        break;
    }
}

char *choose_command_line(struct choices *choices, char *text, size_t size)
{
    uint64_t words = choose(choices, 4) == 0 ? 0 : choose(choices, 4);
    char word[100];
    text[0] = '\0';
    if (choose(choices, 4) != 0) {
        snprintf(word, sizeof(word), "nodes=%lu",
                 (unsigned long)(1 + choose(choices, machine.cpu_count)));
        append(text, size, word);
    }
    for (uint64_t i = 0; i < words; i++) {
        choose_word(choices, word, sizeof(word));
        append(text, size, word);
    }
    return text;
}
