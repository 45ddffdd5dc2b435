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
    machine.iommu[0] = (struct range){0xfed90000, 0xfed91000};
    machine.iommu_count = (uint32_t)choose(choices, 2);
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
    machine.node_state_bytes = choose(choices, MIB(1));
    choose_modules(choices);
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
    switch (choose(choices, 12)) {
    case 0:
        snprintf(word, size, number < 4    ? "nodes=percpu"
                             : number < 8  ? "nodes=numa"
                             : number < 12 ? "nodes=llc"
                             : number < 16 ? "nodes=package"
                                           : "nodes=3");
        break;
    case 1:
        snprintf(word, size, "balance=%s", number < 6 ? "on" : "off");
        break;
    case 2:
        snprintf(word, size, "node%lu.cpus=%lu-%lu", (unsigned long)node, (unsigned long)number,
                 (unsigned long)(number + choose(choices, 3)));
        break;
    case 3:
    case 4:
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
        snprintf(word, size, "node%lu.devices=00:%02lx.%lx,port:0x%lx-0x%lx", (unsigned long)node,
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
