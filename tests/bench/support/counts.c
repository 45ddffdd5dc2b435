/* What the kernel counts, before and after. */
#include "bench.h"

#include <cmk/cmk.h>
#include <cmk/cluster.h>
#include <stdio.h>

enum { HERE = 0 }; /* the CPU of all threads whose calls are counted */

seL4_Word kernel_count(seL4_Word what)
{
    seL4_Word value = 0;
    OK(cmk_NodeControl_Count(cmk_cluster()->node_control, what, HERE, &value));
    return value;
}

void counting_begin(struct ordinary_calls *calls)
{
    for (seL4_Word kind = 0; kind < ORDINARY_KINDS; kind++) {
        calls->count[kind] -= kernel_count(kind);
    }
}

void counting_end(struct ordinary_calls *calls)
{
    for (seL4_Word kind = 0; kind < ORDINARY_KINDS; kind++) {
        calls->count[kind] += kernel_count(kind);
    }
    /* From one question about Calls to the next lie the others, and it is in its own answer. */
    calls->count[CMK_COUNT_ORDINARY_CALL] -= ORDINARY_KINDS;
}

void report_ordinary(const char *name, unsigned number, struct ordinary_calls *calls,
                     seL4_Word kind, unsigned all)
{
    char text[NAME_BYTES];
    counted_name(text, name, number);
    printf("bench-calls| %s | %lu ordinary of %u\n", text, calls->count[kind], all);
    calls->count[kind] = 0;
}
