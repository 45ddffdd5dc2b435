/* See node.h. */
#include "node.h"

#include <stdio.h>
#include <string.h>

static const struct group {
    const char *name;
    void (*measure)(void);
} groups[] = {
    {"ipc", measure_ipc},
    {"wake-ups", measure_wake_ups},
    {"variations", measure_variations},
    {"callers", measure_callers},
    {"interrupts", measure_interrupts},
    {"faults", measure_faults},
    {"memory", measure_memory},
    {"objects", measure_objects},
};

seL4_CPtr other_vspace;

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    bench_begin();
    other_vspace = new_vspace();
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (is_wanted(groups[i].name, argc, argv)) {
            groups[i].measure();
        }
    }
    return 0;
}
