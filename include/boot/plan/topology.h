/*
 * How CPUs share cores, caches and packages, from the APIC ids that share them (SDM volume 3, 9.9;
 * AMD APM volume 3, E.4.15). Plain C.
 */
#ifndef BOOT_PLAN_TOPOLOGY_H
#define BOOT_PLAN_TOPOLOGY_H

#include <kernel/types.h>

struct cpuid_leaf {
    uint32_t eax, ebx, ecx, edx;
};

/* The CPUID instruction of this CPU. */
typedef struct cpuid_leaf ask_cpuid_function(uint32_t leaf, uint32_t subleaf);

enum { TOPOLOGY_UNKNOWN = 32 };

/*
 * CPUs whose APIC ids agree above so many bits share the thing; TOPOLOGY_UNKNOWN: the CPU does not
 * say. All CPUs are taken to be alike.
 */
struct topology {
    uint32_t core; /* 0 where the CPU does not say */
    uint32_t last_level_cache;
    uint32_t package;
};

/* Asks few leaves, and of each at most 32 subleaves. */
struct topology read_topology(ask_cpuid_function *ask);

#endif
