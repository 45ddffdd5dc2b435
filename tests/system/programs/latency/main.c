/*
 * See latency.h. Prints one line for each operation, "latency: COUNT NAME", and the longest of all
 * last. With the argument "bounded" it is a mistake if an operation takes longer than its limit;
 * that is only meant where instructions are counted. With "console" behind it, only output is
 * measured.
 */
#include "latency.h"
#include <api/types.h>
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNTYPED_BITS = 12 };

static seL4_CPtr node_control;
static seL4_Word longest, over_limit;
static seL4_Word last_operation; /* the CMK_OPERATION that took as long as ask() said last */

void must(bool condition, const char *what)
{
    if (!condition) {
        printf("latency: failed: %s\n", what);
        exit(1);
    }
}

/* The longest stretch since the last question. */
static seL4_Word ask(void)
{
    /* as an argument: of all stretches */
    seL4_Word what = CMK_TRIGGER_LONGEST_STRETCH, operation = 0;
    seL4_MessageInfo_t info = seL4_MessageInfo_new(CMKNodeControlTrigger, 0, 0, 2);
    info = seL4_CallWithMRs(node_control, info, &what, &operation, NULL, NULL);
    must(seL4_MessageInfo_get_label(info) == seL4_NoError, "the kernel is a debug build");
    last_operation = operation;
    return what;
}

void begin(void)
{
    ask();
}

void end_with_limit(const char *name, seL4_Word limit)
{
    seL4_Word count = ask();
    printf("latency: %8lu %s\n", count, name);
    if (count > limit) {
        printf("latency: over its limit of %lu: %s\n", limit, name);
        over_limit++;
    }
    if (count > longest) {
        longest = count;
    }
}

void end(const char *name)
{
    end_with_limit(name, GOAL);
}

seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr slot = cmk_alloc_object(type, size_bits);
    must(slot != 0, "memory and a slot for one more object");
    return slot;
}

seL4_CPtr new_objects(seL4_CPtr *untyped, seL4_Word untyped_bits, seL4_Word type,
                      seL4_Word size_bits, seL4_Word count)
{
    seL4_CPtr first = cmk_alloc_slots(count);
    must(first != 0, "slots in a row");
    *untyped = new_object(seL4_UntypedObject, untyped_bits);
    for (seL4_Word done = 0; done < count; done += FAN_OUT) {
        seL4_Word now = count - done < FAN_OUT ? count - done : FAN_OUT;
        OK(seL4_Untyped_Retype(*untyped, type, size_bits, ROOT, 0, 0, first + done, now));
    }
    return first;
}

void revoke(seL4_CPtr slot)
{
    OK(seL4_CNode_Revoke(ROOT, slot, DEPTH));
}

void delete (seL4_CPtr slot)
{
    OK(seL4_CNode_Delete(ROOT, slot, DEPTH));
}

void set_own_priority(seL4_Word priority)
{
    OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, priority));
}

/* Where instructions are counted, nothing but the Retype can have taken longest. */
static void check_operation(void)
{
    seL4_CPtr untyped;
    begin();
    new_objects(&untyped, UNTYPED_BITS, seL4_EndpointObject, 0, FAN_OUT);
    ask();
    must(last_operation == CMK_OPERATION(-seL4_SysCall, CAP_UNTYPED, UntypedRetype),
         "the kernel names the operation");
    revoke(untyped);
}

int main(int argc, char **argv)
{
    bool is_bounded = argc > 1 && strcmp(argv[1], "bounded") == 0;
    node_control = cmk_cluster()->node_control;
    begin();
    end("nothing");
    measure_console();
    if (argc < 3 || strcmp(argv[2], "console") != 0) {
        if (is_bounded) {
            check_operation();
        }
        measure_capabilities();
        measure_memory();
        measure_waiting();
        measure_messages();
    }
    printf("latency: longest %lu, %lu over their limits\n", longest, over_limit);
    return is_bounded && over_limit > 0 ? 1 : 0;
}
