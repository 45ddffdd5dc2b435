/* Failures around translations: a CPU goes on using what was taken away. */
#include "failures.h"

enum { READERS = 4 };

#define POISON (1ull << 63)

/*
 * A page is unmapped and at once poisoned through another mapping; another is mapped in its place.
 * The readers enter and leave the kernel all the time, or never. Faults are answered by a thread of
 * this program.
 */
static seL4_CPtr faults;

static void answer_faults(void *argument)
{
    (void)argument;
    (void)seL4_Recv(faults, NULL);
    for (;;) {
        (void)seL4_ReplyRecv(faults, seL4_MessageInfo_new(0, 0, 0, 0), NULL);
    }
}

static void read_steadily(void *argument)
{
    struct raw *raw = argument;
    while (!atomic_load(&stop)) {
        if (*(volatile uint64_t *)raw->address & POISON) {
            raw->found = 1;
        }
        raw->counter++;
    }
}

static bool set_handler(seL4_CPtr tcb)
{
    return seL4_TCB_SetSpace(tcb, faults, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace,
                             0) == seL4_NoError;
}

static bool stale_translations(bool entering, unsigned rounds)
{
    /* the threads outlive this function by a few instructions */
    static struct raw lasting[READERS];
    seL4_CPtr frames[2], copies[2];
    volatile uint64_t *alias[2];
    faults = cmk_alloc_object(seL4_EndpointObject, 0);
    start(0, answer_faults, NULL);
    for (unsigned i = 0; i < 2; i++) {
        frames[i] = cmk_alloc_object(seL4_X86_4K, 0);
        copies[i] = cmk_alloc_slot();
        alias[i] = cmk_map_frames(frames[i], 1, seL4_PageBits, seL4_ReadWrite,
                                  seL4_X86_Default_VMAttributes);
        if (alias[i] == NULL || seL4_CNode_Copy(seL4_CapInitThreadCNode, copies[i], seL4_WordBits,
                                                seL4_CapInitThreadCNode, frames[i], seL4_WordBits,
                                                seL4_AllRights) != seL4_NoError) {
            return false;
        }
    }
    seL4_Word vaddr = cmk_alloc_addresses(4096, 12);
    if (cmk_map_frame(copies[0], vaddr, seL4_ReadWrite, seL4_X86_Default_VMAttributes) !=
        seL4_NoError) {
        return false;
    }
    for (unsigned i = 0; i < READERS; i++) {
        lasting[i] = (struct raw){.address = vaddr};
        seL4_CPtr tcb = entering ? cmk_alloc_slot() : start(i + 1, read_steadily, &lasting[i]);
        if ((entering && !start_raw(0, tcb, i + 1, raw_reader, &lasting[i])) || !set_handler(tcb)) {
            return false;
        }
    }
    for (unsigned i = 0; i % 4 != 0 || goes_on(i, rounds); i++) {
        unsigned from = i % 2, to = 1 - from;
        if (seL4_X86_Page_Unmap(copies[from]) != seL4_NoError) {
            return false;
        }
        *alias[from] = POISON;
        *alias[to] = 0;
        if (seL4_X86_Page_Map(copies[to], seL4_CapInitThreadVSpace, vaddr, seL4_ReadWrite,
                              seL4_X86_Default_VMAttributes) != seL4_NoError) {
            return false;
        }
    }
    for (unsigned i = 0; i < READERS; i++) {
        if (lasting[i].found != 0) {
            return false;
        }
    }
    return true;
}

static bool missed_invalidation(void)
{
    return stale_translations(false, 200);
}

static bool shootdown_while_entering_or_leaving(void)
{
    return stale_translations(true, 20000);
}

const struct test memory_tests[] = {
    {"missed_invalidation", missed_invalidation},
    {"shootdown_while_entering_or_leaving", shootdown_while_entering_or_leaving},
    {NULL, NULL},
};
