/*
 * Objects and capabilities in numbers: what one costs when 1, 16, 256 or 4096 are made, copied or
 * deleted together. Retype makes at most 256 in one call, from an untyped that nothing was made of
 * since it was cleared. Capabilities lie in the initial CNode.
 */
#include "node.h"

#include <cmk/resources.h>
#include <stdio.h>

enum { MOST_OBJECTS = 4096, MEMORY_BITS = 27 };

static struct samples first, second, third, fourth;
static seL4_CPtr memory;
static seL4_CPtr slots;

static const unsigned counts[] = {1, 16, 256, MOST_OBJECTS};
enum { COUNTS = sizeof(counts) / sizeof(counts[0]) };

static const struct kind {
    const char *made, *revoked;
    seL4_Word type, size_bits, bits;
} kinds[] = {
    {"Retype to untypeds of 4 KiB, %u objects", "Revoke of untypeds of 4 KiB, %u objects",
     seL4_UntypedObject, 12, 12},
    {"Retype to endpoints, %u objects", "Revoke of endpoints, %u objects", seL4_EndpointObject, 0,
     seL4_EndpointBits},
    {"Retype to TCBs, %u objects", "Revoke of TCBs, %u objects", seL4_TCBObject, 0, seL4_TCBBits},
    {"Retype to frames of 4 KiB, %u objects", "Revoke of frames of 4 KiB, %u objects", seL4_X86_4K,
     0, seL4_PageBits},
};

static unsigned log2_of(unsigned power_of_two)
{
    return (unsigned)__builtin_ctz(power_of_two);
}

/*
 * A new untyped of what is needed for each round. Retype clears the memory of an untyped that was
 * used before as a whole; here that happens when the first child is made, outside the measurement.
 */
static void measure_kind(const struct kind *kind, unsigned count)
{
    unsigned rounds = rounds_for(count);
    seL4_Word bits = kind->bits + log2_of(count);
    for (unsigned i = 0; i < rounds; i++) {
        seL4_CPtr child = cmk_alloc_slot();
        OK(seL4_Untyped_Retype(memory, seL4_UntypedObject, bits, ROOT, 0, 0, child, 1));
        MEASURE(first, i, retype_all(child, kind->type, kind->size_bits, slots, count));
        MEASURE(second, i, seL4_CNode_Revoke(ROOT, child, DEPTH));
        OK(seL4_CNode_Delete(ROOT, child, DEPTH));
        cmk_free_slot(child);
    }
    report_counted(kind->made, count, &first, rounds);
    report_counted(kind->revoked, count, &second, rounds);
}

/* ---- Capabilities ---- */

static void copy_all(seL4_CPtr source, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        OK(seL4_CNode_Copy(ROOT, slots + i, DEPTH, ROOT, source, DEPTH, seL4_AllRights));
    }
}

static void mint_all(seL4_CPtr source, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        OK(seL4_CNode_Mint(ROOT, slots + i, DEPTH, ROOT, source, DEPTH, seL4_AllRights, 1));
    }
}

static void delete_all(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        OK(seL4_CNode_Delete(ROOT, slots + i, DEPTH));
    }
}

static void measure_capabilities(unsigned count)
{
    unsigned rounds = rounds_for(count);
    seL4_CPtr endpoint = new_endpoint();
    for (unsigned i = 0; i < rounds; i++) {
        MEASURE(first, i, copy_all(endpoint, count));
        MEASURE(second, i, delete_all(count));
        MEASURE(third, i, mint_all(endpoint, count));
        MEASURE(fourth, i, seL4_CNode_Revoke(ROOT, endpoint, DEPTH));
    }
    report_counted("Copy of a capability, %u slots", count, &first, rounds);
    report_counted("Mint of a capability, %u slots", count, &third, rounds);
    report_counted("Delete of a capability, %u slots", count, &second, rounds);
    report_counted("Revoke of badged capabilities, %u slots", count, &fourth, rounds);
}

void measure_objects(void)
{
    memory = new_object(seL4_UntypedObject, MEMORY_BITS);
    slots = object_slots();
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (unsigned j = 0; j < COUNTS; j++) {
            measure_kind(&kinds[i], counts[j]);
        }
    }
    for (unsigned j = 0; j < COUNTS; j++) {
        measure_capabilities(counts[j]);
    }
}
