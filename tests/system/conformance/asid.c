/* ASID pools and address spaces as a whole (contract 4.9, 7.6). */
#include "prober.h"

enum { VSPACE = seL4_CapInitThreadVSpace };

static word some_data;

static struct reply make_pool(word untyped, word index, word depth, word root)
{
    return invoke(seL4_CapASIDControl, ASID_CONTROL_MAKE_POOL, ARGS(index, depth),
                  CAPS(untyped, root));
}

static struct reply assign(word pool, word vspace)
{
    return invoke(pool, ASID_POOL_ASSIGN, NO_ARGS, CAPS(vspace));
}

static word new_pool(void)
{
    word slot = new_slot();

    REQUIRE(make_pool(new_untyped(12), slot, DEPTH, ROOT).label == seL4_NoError);
    return slot;
}

static word new_root(void)
{
    return new_object(seL4_X64_PML4Object, 0);
}

static void make_pool_errors(void)
{
    word slot = new_slot();
    word page = new_untyped(12);
    word parent = new_untyped(12);

    CHECK_OK(retype(parent, seL4_EndpointObject, 0, new_slot(), 1));
    CHECK_REPLY(invoke(seL4_CapASIDControl, ASID_CONTROL_MAKE_POOL, ARGS(slot), CAPS(page, ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapASIDControl, ASID_CONTROL_MAKE_POOL, ARGS(slot, DEPTH), CAPS(page)),
                seL4_TruncatedMessage);
    CHECK_REPLY(make_pool(new_untyped(13), slot, DEPTH, ROOT), seL4_InvalidCapability, 1);
    CHECK_REPLY(make_pool(new_untyped(11), slot, DEPTH, ROOT), seL4_InvalidCapability, 1);
    CHECK_REPLY(make_pool(new_frame(), slot, DEPTH, ROOT), seL4_InvalidCapability, 1);
    CHECK_REPLY(make_pool(new_slot(), slot, DEPTH, ROOT), seL4_InvalidCapability, 1);
    CHECK_REPLY(make_pool(parent, slot, DEPTH, ROOT), seL4_RevokeFirst);
    CHECK_REPLY(make_pool(parent, slot, 65, ROOT), seL4_RevokeFirst);
    CHECK_REPLY(make_pool(page, slot, 65, ROOT), seL4_RangeError, 1, 64);
    CHECK_REPLY(make_pool(page, slot, DEPTH, new_frame()), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_REPLY(make_pool(page, page, DEPTH, ROOT), seL4_DeleteFirst);
    CHECK_OK(make_pool(page, slot, DEPTH, ROOT));
    CHECK_TAG(slot, TAG_ASID_POOL);
    /* The untyped is used up, and parent of the pool. */
    CHECK_REPLY(retype(page, seL4_EndpointObject, 0, new_slot(), 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(revoke_cap(page));
    CHECK_TAG(slot, TAG_NULL);
    CHECK_OK(retype(page, seL4_X86_4K, 0, slot, 1));
    CHECK_REPLY(invoke(seL4_CapASIDControl, ASID_POOL_ASSIGN, NO_ARGS, CAPS(page, ROOT)),
                seL4_IllegalOperation);
}

static void eight_pools(void)
{
    /* One of the eight is the initial thread's. */
    word untyped = new_untyped(12);
    word slot = new_slot();
    word pools[7];

    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        pools[i] = new_pool();
    }
    CHECK_REPLY(make_pool(untyped, slot, DEPTH, ROOT), seL4_DeleteFirst);
    /* That comes before the other checks. */
    CHECK_REPLY(make_pool(slot, slot, 65, slot), seL4_DeleteFirst);
    CHECK_OK(delete_cap(pools[3]));
    CHECK_OK(make_pool(untyped, slot, DEPTH, ROOT));
}

static void assign_errors(void)
{
    word pool = new_pool();
    word vspace = new_root();

    CHECK_REPLY(invoke(pool, ASID_POOL_ASSIGN, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(assign(pool, new_frame()), seL4_InvalidCapability, 1);
    CHECK_REPLY(assign(pool, new_slot()), seL4_InvalidCapability, 1);
    CHECK_REPLY(assign(pool, VSPACE), seL4_InvalidCapability, 1);
    CHECK_OK(assign(pool, vspace));
    CHECK_REPLY(assign(pool, vspace), seL4_InvalidCapability, 1);
    CHECK_REPLY(assign(seL4_CapInitThreadASIDPool, vspace), seL4_InvalidCapability, 1);
    CHECK_REPLY(invoke(pool, ASID_CONTROL_MAKE_POOL, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(pool, FIRST_UNUSED_LABEL, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
}

static void pool_full(void)
{
    word pool = new_pool();
    word cnode = new_cnode(10);
    word taken = 0;
    word roots = new_untyped(21);
    word last = new_root();

    for (word i = 0; i < 512; i++) {
        word root = new_slot();

        if (retype(roots, seL4_X64_PML4Object, 0, root, 1).label != seL4_NoError) {
            break;
        }
        taken += assign(pool, root).label == seL4_NoError;
        CHECK_OK(invoke(cnode, CNODE_MOVE, ARGS(i, 10, root, DEPTH), CAPS(ROOT)));
    }
    /* ASID 0, the one that is never given, belongs to the initial pool. */
    CHECK_EQUAL(taken, 512);
    CHECK_REPLY(assign(pool, last), seL4_DeleteFirst);
    /* One goes, one comes. */
    CHECK_OK(invoke(cnode, CNODE_DELETE, ARGS(100, 10), NO_CAPS));
    CHECK_OK(assign(pool, last));
}

static void initial_pool_has_no_asid_zero(void)
{
    /* 511 ASIDs, one of them the initial thread's: 510 are left. */
    word roots = new_untyped(21);
    word cnode = new_cnode(10);
    word taken = 0;

    for (word i = 0; i < 511; i++) {
        word root = new_slot();

        REQUIRE(retype(roots, seL4_X64_PML4Object, 0, root, 1).label == seL4_NoError);
        taken += assign(seL4_CapInitThreadASIDPool, root).label == seL4_NoError;
        CHECK_OK(invoke(cnode, CNODE_MOVE, ARGS(i, 10, root, DEPTH), CAPS(ROOT)));
    }
    CHECK_EQUAL(taken, 510);
}

static void pool_deleted(void)
{
    word pool = new_pool();
    word pool_copy = new_copy(pool, ALL_RIGHTS);
    word vspace = new_root();
    word frame = new_frame();

    CHECK_OK(assign(pool, vspace));
    CHECK_OK(delete_cap(pool));
    /* A copy keeps it registered. */
    CHECK_REPLY(map_frame(frame, vspace, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    CHECK_OK(assign(pool_copy, new_root()));
    CHECK_OK(delete_cap(pool_copy));
    CHECK_REPLY(map_frame(frame, vspace, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_InvalidRoot);
    CHECK_REPLY(
        invoke(new_object(seL4_X86_PDPTObject, 0), PDPT_MAP, ARGS(TEST_ADDRESS, 0), CAPS(vspace)),
        seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_REPLY(invoke(new_object(seL4_X86_PageDirectoryObject, 0), PAGE_DIRECTORY_MAP,
                       ARGS(TEST_ADDRESS, 0), CAPS(vspace)),
                seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_REPLY(invoke(new_object(seL4_X86_PageTableObject, 0), PAGE_TABLE_MAP,
                       ARGS(TEST_ADDRESS, 0), CAPS(vspace)),
                seL4_FailedLookup, 0, seL4_InvalidRoot);
    /* The capability still says it has an ASID: it cannot be given another. */
    CHECK_REPLY(assign(seL4_CapInitThreadASIDPool, vspace), seL4_InvalidCapability, 1);
    /* Addresses are checked before the ASID, alignment after it. */
    CHECK_REPLY(map_frame(frame, vspace, ~0xffful, 3, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(map_frame(frame, vspace, TEST_ADDRESS + 1, 3, 0), seL4_FailedLookup, 0,
                seL4_InvalidRoot);
}

static void asid_taken_over(void)
{
    /* The pool goes, and another one in its place gives the same ASID to another address space. */
    word old_pool = new_pool();
    word old = new_root();
    word fresh = new_root();

    CHECK_OK(assign(old_pool, old));
    CHECK_OK(delete_cap(old_pool));
    CHECK_OK(assign(new_pool(), fresh));
    CHECK_REPLY(map_frame(new_frame(), old, TEST_ADDRESS, 3, 0), seL4_InvalidCapability, 1);
    CHECK_REPLY(map_frame(new_frame(), fresh, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    /* Deleting the old one takes nothing from the new. */
    CHECK_OK(delete_cap(old));
    CHECK_REPLY(map_frame(new_frame(), fresh, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
}

static void vspace_deleted_under_thread(void)
{
    word vspace = clone_vspace();
    struct criminal prober = new_prober(vspace);
    struct reply message;

    CHECK(can_read(prober, (word)&some_data));
    CHECK_OK(delete_cap(vspace));
    /* The TCB's own copy keeps it. */
    CHECK(can_read(prober, (word)&some_data));
    vspace = clone_vspace();
    prober = new_prober(vspace);
    CHECK(can_read(prober, (word)&some_data));
    CHECK_OK(revoke_cap(vspace));
    /* Now the TCB's copy has gone: the thread has no address space, and faults where it stands. */
    CHECK_OK(delete_cap(vspace));
    start_at(prober.worker, &some_data, 0);
    message = caught_fault(prober.faults);
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[0], (word)&some_data);
}

static void pool_deleted_under_thread(void)
{
    word pool = new_pool();
    word vspace = new_root();
    struct criminal prober;

    CHECK_OK(assign(pool, vspace));
    prober = new_prober(vspace);
    start_at(prober.worker, (const void *)0x400000, 0);
    CHECK_EQUAL(caught_fault(prober.faults).label, VM_FAULT);
    CHECK_OK(delete_cap(pool));
    system_call(REPLY, 0, 0, 0, 0, 0, 0);
    start_at(prober.worker, (const void *)0x400000, 0);
    CHECK_EQUAL(caught_fault(prober.faults).label, VM_FAULT);
}

static void frames_outlive_vspace(void)
{
    word vspace = new_vspace();
    word frame = new_frame();

    map_tables(vspace, TEST_ADDRESS, 12);
    CHECK_OK(map_frame(frame, vspace, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_OK(delete_cap(vspace));
    /* Its mapping is nowhere now; Unmap says yes, and it can be mapped elsewhere. */
    CHECK_OK(invoke(frame, PAGE_UNMAP, NO_ARGS, NO_CAPS));
    map_tables(VSPACE, TEST_ADDRESS, 12);
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    *(volatile word *)TEST_ADDRESS = 4;
}

static const struct test tests[] = {
    {"asid-make-errors", "MakePool's errors", make_pool_errors},
    {"asid-eight-pools", "there are eight pools", eight_pools},
    {"asid-assign-errors", "Assign's errors", assign_errors},
    {"asid-full", "a pool holds 512 address spaces", pool_full},
    {"asid-initial", "the initial pool never gives ASID 0", initial_pool_has_no_asid_zero},
    {"asid-pool-deleted", "address spaces of a deleted pool are unusable", pool_deleted},
    {"asid-taken-over", "an ASID that belongs to another address space now", asid_taken_over},
    {"asid-vspace-deleted", "a thread whose address space goes away", vspace_deleted_under_thread},
    {"asid-pool-deleted-running", "a thread whose ASID pool goes away", pool_deleted_under_thread},
    {"asid-frames", "frames outlive the address space", frames_outlive_vspace},
};

SUBJECT(asid, tests);
