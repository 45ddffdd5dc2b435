/*
 * Prints how long a debug kernel let nobody in, at most, since this was asked last, and with which
 * operation; as tools/bench reads it. Prints nothing if the kernel is not a debug build of CMK.
 */
#ifndef LONGEST_STRETCH_H
#define LONGEST_STRETCH_H

#include <api/types.h>
#include <cmk/cluster.h>
#include <stdio.h>

static inline const char *longest_stretch_syscall(seL4_Word number)
{
    switch (number) {
#define SYSCALL(name, negative)                                                                    \
    case -(negative):                                                                              \
        return #name;
#include <api/syscalls.def>
#undef SYSCALL
    default:
        return "interrupt, fault or fast path";
    }
}

static inline const char *longest_stretch_method(seL4_Word type, seL4_Word label)
{
    switch (type) {
    case CAP_NULL:
        return "";
    case CAP_ENDPOINT:
        return " on an endpoint";
    case CAP_NOTIFICATION:
        return " on a notification";
    case CAP_REPLY:
        return " on a reply capability";
    default:
        break;
    }
    switch (label) {
#define INVOCATION(name, number, classic_up, words, extra_caps)                                    \
    case number:                                                                                   \
        return " " #name;
#include <api/invocations.def>
#undef INVOCATION
    default:
        return " of an unknown method";
    }
}

static inline void print_one_longest_stretch(const char *name, seL4_Word silent)
{
    struct sel4_x64_trap trap = {.mr = {CMK_TRIGGER_LONGEST_STRETCH, silent}};
    if (sel4_x64_invoke(&trap, cmk_cluster()->node_control, CMKNodeControlTrigger, 0, 2) !=
        seL4_NoError) {
        return;
    }
    seL4_Word longest = trap.mr[0], operation = trap.mr[1];
    printf("bench| Longest stretch with interrupts off, %s |1| %lu*1\n", name, longest);
    printf("bench-note| Longest stretch with interrupts off, %s | %s%s\n", name,
           longest_stretch_syscall(CMK_OPERATION_SYSCALL(operation)),
           longest_stretch_method(CMK_OPERATION_TYPE(operation), CMK_OPERATION_LABEL(operation)));
}

/*
 * `name` and `silent_name` say what was going on; the second is for the longest that wrote nothing
 * to the console.
 */
static inline void print_longest_stretches(const char *name, const char *silent_name)
{
    if (cmk_cluster()) {
        print_one_longest_stretch(silent_name, 1);
        print_one_longest_stretch(name, 0);
    }
}

#endif
