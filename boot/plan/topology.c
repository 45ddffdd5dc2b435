/* Cores, caches and packages (boot/plan/topology.h). */
#include <boot/plan/topology.h>

enum {
    LEAF_FEATURES = 1,
    LEAF_CACHES = 4,
    LEAF_TOPOLOGY = 0xb,
    LEAF_TOPOLOGY_2 = 0x1f,
    LEAF_EXTENDED_FEATURES = 0x80000001,
    LEAF_EXTENDED_CACHES = 0x8000001d,
    LEAF1_EDX_SEVERAL = 28, /* the package has several logical CPUs */
    EXTENDED_ECX_TOPOLOGY = 22,
    LEVEL_THREADS = 1,
    MAX_SUBLEAVES = 32
};

static uint32_t bits_for(uint32_t count)
{
    uint32_t bits = 0;
    while (bits < 31 && BIT(bits) < count) {
        bits++;
    }
    return bits;
}

/* The leaf that lists levels, the newer one first; 0: the CPU has neither. */
static uint32_t topology_leaf(ask_cpuid_function *ask, uint32_t highest)
{
    if (highest >= LEAF_TOPOLOGY_2 && ask(LEAF_TOPOLOGY_2, 0).ebx != 0) {
        return LEAF_TOPOLOGY_2;
    }
    return highest >= LEAF_TOPOLOGY && ask(LEAF_TOPOLOGY, 0).ebx != 0 ? LEAF_TOPOLOGY : 0;
}

/* Levels ascend; the last one's bits leave the package's number. */
static void read_levels(ask_cpuid_function *ask, uint32_t leaf, struct topology *topology)
{
    for (uint32_t i = 0; i < MAX_SUBLEAVES; i++) {
        struct cpuid_leaf level = ask(leaf, i);
        uint32_t kind = level.ecx >> 8 & 0xff;
        if (kind == 0) {
            break;
        }
        if (kind == LEVEL_THREADS) {
            topology->core = level.eax & 0x1f;
        }
        topology->package = level.eax & 0x1f;
    }
}

/* Without a leaf for it: how many APIC ids a package has. */
static uint32_t package_by_count(ask_cpuid_function *ask)
{
    struct cpuid_leaf features = ask(LEAF_FEATURES, 0);
    return features.edx >> LEAF1_EDX_SEVERAL & 1 ? bits_for(features.ebx >> 16 & 0xff) : 0;
}

/* Both makers' leaves have the same fields. The highest level counts, if it holds data. */
static void read_caches(ask_cpuid_function *ask, uint32_t leaf, struct topology *topology)
{
    uint32_t highest_level = 0;
    for (uint32_t i = 0; i < MAX_SUBLEAVES; i++) {
        struct cpuid_leaf cache = ask(leaf, i);
        uint32_t kind = cache.eax & 0x1f; /* 1 data, 2 instructions, 3 both; 0: no more */
        uint32_t level = cache.eax >> 5 & 7;
        if (kind == 0) {
            break;
        }
        if (kind != 2 && level > highest_level) {
            highest_level = level;
            topology->last_level_cache = bits_for((cache.eax >> 14 & 0xfff) + 1);
        }
    }
}

struct topology read_topology(ask_cpuid_function *ask)
{
    struct topology topology = {0, TOPOLOGY_UNKNOWN, TOPOLOGY_UNKNOWN};
    uint32_t highest = ask(0, 0).eax, highest_extended = ask(0x80000000, 0).eax;
    uint32_t leaf = topology_leaf(ask, highest);
    if (leaf != 0) {
        read_levels(ask, leaf, &topology);
    } else {
        topology.package = package_by_count(ask);
    }
    if (highest >= LEAF_CACHES) {
        read_caches(ask, LEAF_CACHES, &topology);
    }
    if (topology.last_level_cache == TOPOLOGY_UNKNOWN && highest_extended >= LEAF_EXTENDED_CACHES &&
        (ask(LEAF_EXTENDED_FEATURES, 0).ecx >> EXTENDED_ECX_TOPOLOGY & 1)) {
        read_caches(ask, LEAF_EXTENDED_CACHES, &topology);
    }
    return topology;
}
