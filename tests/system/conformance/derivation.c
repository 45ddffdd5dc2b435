/*
 * The derivation tree: what can be derived, who is whose parent, and what revoke and delete take
 * away (contract 7.5, 7.6).
 */
#include "harness.h"

/*
 * An untyped without children has room for all its size; asking for twice as much changes nothing.
 */
static struct reply size_without_children(word untyped, word bits)
{
    return retype(untyped, seL4_UntypedObject, bits, new_slots(2), 2);
}

/* ---- Derivation ---- */

static void copyable(void)
{
    static const struct {
        word type, bits, tag;
    } kinds[] = {
        {seL4_EndpointObject, 0, TAG_ENDPOINT},   {seL4_NotificationObject, 0, TAG_NOTIFICATION},
        {seL4_CapTableObject, 2, TAG_CNODE},      {seL4_TCBObject, 0, TAG_TCB},
        {seL4_UntypedObject, 12, TAG_UNTYPED},    {seL4_X86_4K, 0, TAG_FRAME},
        {seL4_X86_LargePageObject, 0, TAG_FRAME},
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        word object = new_object(kinds[i].type, kinds[i].bits);

        CHECK_TAG(object, kinds[i].tag);
        CHECK_TAG(new_copy(object, ALL_RIGHTS), kinds[i].tag);
        /* Another one, because a copied untyped has a child. */
        object = new_object(kinds[i].type, kinds[i].bits);
        CHECK_TAG(new_minted(object, ALL_RIGHTS, 0), kinds[i].tag);
    }
}

static void copyable_initial_capabilities(void)
{
    CHECK_TAG(new_copy(seL4_CapInitThreadTCB, 0), TAG_TCB);
    CHECK_TAG(new_copy(seL4_CapInitThreadCNode, 0), TAG_CNODE);
    CHECK_TAG(new_copy(seL4_CapInitThreadVSpace, 0), TAG_PML4);
    CHECK_TAG(new_copy(seL4_CapASIDControl, 0), TAG_ASID_CONTROL);
    CHECK_TAG(new_copy(seL4_CapInitThreadASIDPool, 0), TAG_ASID_POOL);
    CHECK_TAG(new_copy(seL4_CapDomain, 0), TAG_DOMAIN);
    CHECK_TAG(new_copy(boot_info->userImagePaging.start, 0), TAG_PDPT);
    CHECK_TAG(new_copy(seL4_CapBootInfoFrame, READ), TAG_FRAME);
}

static void not_copyable(void)
{
    static const word controls[] = {seL4_CapIRQControl, seL4_CapIOPortControl};

    for (size_t i = 0; i < COUNT_OF(controls); i++) {
        CHECK_REPLY(copy_cap(new_slot(), controls[i], ALL_RIGHTS), seL4_IllegalOperation);
        CHECK_REPLY(mint_cap(new_slot(), controls[i], ALL_RIGHTS, 0), seL4_IllegalOperation);
    }
}

static void unmapped_tables_are_not_copyable(void)
{
    static const word types[] = {seL4_X86_PDPTObject, seL4_X86_PageDirectoryObject,
                                 seL4_X86_PageTableObject, seL4_X64_PML4Object};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        word table = new_object(types[i], 0);

        CHECK_REPLY(copy_cap(new_slot(), table, ALL_RIGHTS), seL4_IllegalOperation);
        CHECK_REPLY(mint_cap(new_slot(), table, ALL_RIGHTS, 0), seL4_IllegalOperation);
        CHECK_OK(move_cap(new_slot(), table));
    }
    CHECK_TAG(new_copy(new_vspace(), 0), TAG_PML4);
}

static void untyped_with_children(void)
{
    word untyped = new_untyped(10);
    word child = new_slot();
    word copy = new_slot();

    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, child, 1));
    CHECK_REPLY(copy_cap(copy, untyped, ALL_RIGHTS), seL4_RevokeFirst);
    CHECK_REPLY(mint_cap(copy, untyped, ALL_RIGHTS, 0), seL4_RevokeFirst);
    CHECK_OK(delete_cap(child));
    CHECK_OK(copy_cap(copy, untyped, ALL_RIGHTS));
    /* Move works with children all the same, and takes them along. */
    word other = new_untyped(10);
    word moved = new_slot();
    word object = new_slot();
    CHECK_OK(retype(other, seL4_EndpointObject, 0, object, 1));
    CHECK_OK(move_cap(moved, other));
    CHECK_OK(revoke_cap(moved));
    CHECK_TAG(object, TAG_NULL);
}

/* ---- Parents and children ---- */

static void revoke_deletes_copies(void)
{
    word endpoint = new_endpoint();
    word copy = new_copy(endpoint, ALL_RIGHTS);
    word copy_of_copy = new_copy(copy, READ);

    CHECK_OK(revoke_cap(endpoint));
    CHECK_TAG(endpoint, TAG_ENDPOINT);
    CHECK_TAG(copy, TAG_NULL);
    CHECK_TAG(copy_of_copy, TAG_NULL);
}

static void plain_copies_are_no_parents(void)
{
    word endpoint = new_endpoint();
    word copy = new_copy(endpoint, ALL_RIGHTS);
    word copy_of_copy = new_copy(copy, ALL_RIGHTS);
    word frame = new_frame();
    word frame_copy = new_copy(frame, ALL_RIGHTS);
    word frame_copy_of_copy = new_copy(frame_copy, ALL_RIGHTS);

    CHECK_OK(revoke_cap(copy));
    CHECK_TAG(copy_of_copy, TAG_ENDPOINT);
    CHECK_TAG(endpoint, TAG_ENDPOINT);
    CHECK_OK(revoke_cap(frame_copy));
    CHECK_TAG(frame_copy_of_copy, TAG_FRAME);
    CHECK_OK(revoke_cap(frame));
    CHECK_TAG(frame_copy, TAG_NULL);
    CHECK_TAG(frame_copy_of_copy, TAG_NULL);
}

static void badges_make_parents(void)
{
    word endpoint = new_endpoint();
    word one = new_minted(endpoint, ALL_RIGHTS, 1);
    word two = new_minted(endpoint, ALL_RIGHTS, 2);
    word one_copy = new_copy(one, ALL_RIGHTS);
    word two_copy = new_copy(two, ALL_RIGHTS);
    word plain = new_copy(endpoint, ALL_RIGHTS);

    CHECK_OK(revoke_cap(one));
    CHECK_TAG(one, TAG_ENDPOINT);
    CHECK_TAG(one_copy, TAG_NULL);
    CHECK_TAG(two, TAG_ENDPOINT);
    CHECK_TAG(two_copy, TAG_ENDPOINT);
    CHECK_TAG(plain, TAG_ENDPOINT);
    CHECK_OK(revoke_cap(endpoint));
    CHECK_TAG(one, TAG_NULL);
    CHECK_TAG(two, TAG_NULL);
    CHECK_TAG(two_copy, TAG_NULL);
    CHECK_TAG(plain, TAG_NULL);
}

static void badges_are_apart(void)
{
    /*
     * In whatever order they were minted, no badge is parent of another; not even of an equal one
     * that was minted apart.
     */
    word endpoint = new_endpoint();
    word badged[4];
    word copies[4];

    for (word i = 0; i < 4; i++) {
        badged[i] = new_minted(endpoint, ALL_RIGHTS, i / 2 + 1);
        copies[i] = new_copy(badged[i], ALL_RIGHTS);
    }
    for (word revoked = 4; revoked-- > 0;) {
        CHECK_OK(revoke_cap(badged[revoked]));
        for (word i = 0; i < 4; i++) {
            CHECK_TAG(badged[i], TAG_ENDPOINT);
            CHECK_TAG(copies[i], i < revoked ? TAG_ENDPOINT : TAG_NULL);
        }
    }
}

static void badge_of_a_copy(void)
{
    /* Minted from a plain copy, a badged capability is still a parent of its own copies. */
    word notification = new_notification();
    word plain = new_copy(notification, ALL_RIGHTS);
    word badged = new_minted(plain, ALL_RIGHTS, 3);
    word copy = new_copy(badged, ALL_RIGHTS);

    CHECK_OK(revoke_cap(plain));
    CHECK_TAG(badged, TAG_NOTIFICATION);
    CHECK_OK(revoke_cap(badged));
    CHECK_TAG(copy, TAG_NULL);
    CHECK_TAG(plain, TAG_NOTIFICATION);
    CHECK_OK(revoke_cap(notification));
    CHECK_TAG(plain, TAG_NULL);
    CHECK_TAG(badged, TAG_NULL);
}

static void unbadged_mint_is_no_parent(void)
{
    word endpoint = new_endpoint();
    word minted = new_minted(endpoint, ALL_RIGHTS, 0);
    word copy = new_copy(minted, ALL_RIGHTS);

    CHECK_OK(revoke_cap(minted));
    CHECK_TAG(copy, TAG_ENDPOINT);
}

static void delete_keeps_descendants(void)
{
    word untyped = new_untyped(12);
    word inner = new_slot();
    word object = new_slot();

    CHECK_OK(retype(untyped, seL4_UntypedObject, 10, inner, 1));
    CHECK_OK(retype(inner, seL4_EndpointObject, 0, object, 1));
    CHECK_OK(delete_cap(inner));
    CHECK_TAG(object, TAG_ENDPOINT);
    CHECK_OK(revoke_cap(untyped));
    CHECK_TAG(object, TAG_NULL);
}

static void orphaned_badge_goes_to_grandparent(void)
{
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 8);
    word copy = new_copy(badged, ALL_RIGHTS);

    CHECK_OK(delete_cap(badged));
    CHECK_TAG(copy, TAG_ENDPOINT);
    CHECK_OK(revoke_cap(endpoint));
    CHECK_TAG(copy, TAG_NULL);
}

static void untyped_covers_all_within(void)
{
    word untyped = new_untyped(18);
    word small = new_slot();
    word slots = new_slots(8);
    word elsewhere = new_endpoint();

    CHECK_OK(retype(untyped, seL4_UntypedObject, 17, small, 1));
    CHECK_OK(retype(small, seL4_EndpointObject, 0, slots, 2));
    CHECK_OK(retype(small, seL4_TCBObject, 0, slots + 2, 1));
    CHECK_OK(retype(small, seL4_X86_4K, 0, slots + 3, 1));
    CHECK_OK(retype(small, seL4_CapTableObject, 4, slots + 4, 1));
    CHECK_OK(copy_cap(slots + 5, slots + 3, READ));
    CHECK_OK(mint_cap(slots + 6, slots, ALL_RIGHTS, 5));
    /* A capability inside a CNode that is deleted on the way. */
    CHECK_OK(put_cap(slots + 4, 3, 4, slots + 1));
    CHECK_OK(put_cap(slots + 4, 4, 4, elsewhere));
    CHECK_OK(revoke_cap(untyped));
    CHECK_TAG(small, TAG_NULL);
    for (word i = 0; i < 7; i++) {
        CHECK_TAG(slots + i, TAG_NULL);
    }
    CHECK_TAG(untyped, TAG_UNTYPED);
    CHECK_TAG(elsewhere, TAG_ENDPOINT);
}

static void move_keeps_the_place(void)
{
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 1);
    word copy = new_copy(badged, ALL_RIGHTS);
    word moved = new_slot();
    word moved_copy = new_slot();

    CHECK_OK(move_cap(moved, badged));
    CHECK_OK(move_cap(moved_copy, copy));
    CHECK_OK(revoke_cap(moved));
    CHECK_TAG(moved_copy, TAG_NULL);
    CHECK_TAG(moved, TAG_ENDPOINT);
    CHECK_OK(revoke_cap(endpoint));
    CHECK_TAG(moved, TAG_NULL);
}

static void rotate_keeps_the_place(void)
{
    word first = new_endpoint();
    word frame = new_frame();
    word child = new_copy(frame, ALL_RIGHTS);
    word tcb = new_tcb();

    /*
     * frame's original goes to a new slot and a TCB takes its old one; the copy still hangs below
     * the original.
     */
    word target = new_slot();
    CHECK_OK(invoke(ROOT, CNODE_ROTATE, ARGS(target, DEPTH, 0, frame, DEPTH, 0, tcb, DEPTH),
                    CAPS(ROOT, ROOT)));
    CHECK_OK(revoke_cap(frame));
    CHECK_TAG(child, TAG_FRAME);
    CHECK_OK(revoke_cap(target));
    CHECK_TAG(child, TAG_NULL);
    CHECK_TAG(first, TAG_ENDPOINT);
}

static void swap_of_parent_and_child(void)
{
    word frame = new_frame();
    word copy = new_copy(frame, ALL_RIGHTS);
    word tcb = new_tcb();

    CHECK_OK(invoke(ROOT, CNODE_ROTATE, ARGS(copy, DEPTH, 0, frame, DEPTH, 0, copy, DEPTH),
                    CAPS(ROOT, ROOT)));
    /* The original now lies in the copy's slot: revoking that takes the other. */
    CHECK_OK(revoke_cap(frame));
    CHECK_TAG(copy, TAG_FRAME);
    CHECK_OK(revoke_cap(copy));
    CHECK_TAG(frame, TAG_NULL);
    CHECK_TAG(copy, TAG_FRAME);
    CHECK_TAG(tcb, TAG_TCB);
}

static void controls_cover_their_kind(void)
{
    word domain = new_copy(seL4_CapDomain, 0);
    word domain_again = new_copy(domain, 0);
    word asid = new_copy(seL4_CapASIDControl, 0);

    CHECK_OK(revoke_cap(seL4_CapDomain));
    CHECK_TAG(domain, TAG_NULL);
    CHECK_TAG(domain_again, TAG_NULL);
    CHECK_OK(revoke_cap(seL4_CapASIDControl));
    CHECK_TAG(asid, TAG_NULL);
    CHECK_TAG(seL4_CapDomain, TAG_DOMAIN);
    CHECK_TAG(seL4_CapASIDControl, TAG_ASID_CONTROL);
}

static void boot_capabilities_are_originals(void)
{
    word tcb = new_copy(seL4_CapInitThreadTCB, 0);
    word pool = new_copy(seL4_CapInitThreadASIDPool, 0);
    word frame = new_copy(seL4_CapBootInfoFrame, READ);

    CHECK_OK(revoke_cap(seL4_CapInitThreadASIDPool));
    CHECK_OK(revoke_cap(seL4_CapBootInfoFrame));
    CHECK_TAG(pool, TAG_NULL);
    CHECK_TAG(frame, TAG_NULL);
    CHECK_OK(revoke_cap(seL4_CapInitThreadTCB));
    CHECK_TAG(tcb, TAG_NULL);
    CHECK_TAG(seL4_CapInitThreadTCB, TAG_TCB);
}

/* ---- Capabilities inside TCBs ---- */

static void tcb_holds_copies(void)
{
    word cspace = new_cnode(4);
    word tcb = new_tcb();
    word inside = new_endpoint();
    struct reply whole;

    CHECK_OK(put_cap(cspace, 2, 4, inside));
    CHECK_OK(invoke(tcb, TCB_SET_SPACE, ARGS(0, 0, 0), CAPS(cspace, seL4_CapInitThreadVSpace)));
    /* The CNode lives on in the TCB: its contents stay. */
    CHECK_OK(delete_cap(cspace));
    CHECK_TAG(inside, TAG_ENDPOINT);
    CHECK_OK(delete_cap(tcb));
    /*
     * Now it has gone; the endpoint's only capability is the one here, so its revocation has
     * nothing to do.
     */
    CHECK_OK(revoke_cap(inside));
    whole = invoke(tcb, TCB_SUSPEND, NO_ARGS, NO_CAPS);
    CHECK_REPLY(whole, seL4_InvalidCapability, 0);
}

static void cnode_in_itself(void)
{
    word untyped = new_untyped(12);
    word cnode = new_slot();

    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(put_cap(cnode, 3, 4, cnode));
    CHECK_OK(put_cap(cnode, 4, 4, new_endpoint()));
    CHECK_OK(delete_cap(cnode));
    /* Only its own capability is left, inside itself; the untyped still reaches it. */
    CHECK_OK(revoke_cap(untyped));
    CHECK_REPLY(size_without_children(untyped, 12), seL4_NotEnoughMemory, 1ul << 12);
}

static void cnode_moved_into_itself(void)
{
    /*
     * The only capability of a CNode lies in the CNode: nothing but the untyped can reach it any
     * more.
     */
    word untyped = new_untyped(12);
    word cnode = new_slot();

    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(invoke(cnode, CNODE_MOVE, ARGS(7, 4, cnode, DEPTH), CAPS(ROOT)));
    CHECK_TAG(cnode, TAG_NULL);
    CHECK_OK(revoke_cap(untyped));
    CHECK_REPLY(size_without_children(untyped, 12), seL4_NotEnoughMemory, 1ul << 12);
}

static void cnodes_in_a_ring(void)
{
    word untyped = new_untyped(14);
    word ring = new_slots(3);

    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, ring, 3));
    for (word i = 0; i < 3; i++) {
        CHECK_OK(put_cap(ring + i, 1, 4, ring + (i + 1) % 3));
        CHECK_OK(put_cap(ring + i, 2, 4, ring + i));
    }
    for (word i = 0; i < 3; i++) {
        CHECK_OK(delete_cap(ring + i));
    }
    CHECK_OK(revoke_cap(untyped));
    CHECK_REPLY(size_without_children(untyped, 14), seL4_NotEnoughMemory, 1ul << 14);
}

static void delete_cnode_that_holds_the_untyped(void)
{
    /*
     * A CNode that holds the capability of the untyped it was made from is deleted together with
     * it.
     */
    word outer = new_untyped(14);
    word untyped = new_slot();
    word cnode = new_slot();

    CHECK_OK(retype(outer, seL4_UntypedObject, 13, untyped, 1));
    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(invoke(cnode, CNODE_MOVE, ARGS(5, 4, untyped, DEPTH), CAPS(ROOT)));
    CHECK_OK(delete_cap(cnode));
    CHECK_OK(revoke_cap(outer));
    CHECK_REPLY(size_without_children(outer, 14), seL4_NotEnoughMemory, 1ul << 14);
}

static void invoked_capability_deleted(void)
{
    /*
     * The revocation deletes the very capability it was invoked through, and then the CNode is only
     * in itself.
     */
    word untyped = new_untyped(14);
    word cnode = new_slot();
    word path = new_slot();

    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(copy_cap(path, cnode, ALL_RIGHTS));
    CHECK_OK(invoke(path, CNODE_MOVE, ARGS(3, 4, cnode, DEPTH), CAPS(ROOT)));
    CHECK_OK(invoke(path, CNODE_REVOKE, ARGS(3, 4), NO_CAPS));
    CHECK_TAG(path, TAG_NULL);
    CHECK_OK(revoke_cap(untyped));
    CHECK_REPLY(size_without_children(untyped, 14), seL4_NotEnoughMemory, 1ul << 14);
}

static void invoked_capability_deletes_itself(void)
{
    word untyped = new_untyped(14);
    word cnode = new_slot();

    /* The CNode's capability lies in another CNode, in which it names itself through two levels. */
    word outer = new_cnode(4);
    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(put_cap(outer, 2, 4, cnode));
    CHECK_OK(put_cap(cnode, 1, 4, outer));
    CHECK_OK(invoke(outer, CNODE_DELETE, ARGS(2 << 4 | 1, 8), NO_CAPS));
    CHECK(!slot_used(cnode, 1, 4));
    CHECK_OK(invoke(outer, CNODE_DELETE, ARGS(2, 4), NO_CAPS));
    CHECK_TAG(cnode, TAG_CNODE);
    CHECK_OK(revoke_cap(untyped));
    CHECK_TAG(cnode, TAG_NULL);
}

static const struct test tests[] = {
    {"derive-copyable", "capabilities that can be copied and minted", copyable},
    {"derive-initial", "initial capabilities that can be copied", copyable_initial_capabilities},
    {"derive-controls", "IRQControl and IOPortControl cannot be copied", not_copyable},
    {"derive-unmapped-tables", "paging structures are copied only when mapped",
     unmapped_tables_are_not_copyable},
    {"derive-untyped-children", "an untyped with children cannot be copied", untyped_with_children},
    {"revoke-copies", "Revoke deletes copies and copies of copies", revoke_deletes_copies},
    {"revoke-plain-copy", "plain copies are nobody's parent", plain_copies_are_no_parents},
    {"revoke-badges", "a badged capability is parent of its own badge only", badges_make_parents},
    {"revoke-badges-apart", "badges are nobody else's parents", badges_are_apart},
    {"revoke-badge-of-copy", "a badge minted from a copy makes a parent", badge_of_a_copy},
    {"revoke-unbadged-mint", "a mint without badge makes no parent", unbadged_mint_is_no_parent},
    {"delete-keeps-children", "Delete leaves descendants alone", delete_keeps_descendants},
    {"delete-badge-orphans", "orphans of a badge belong to the unbadged original",
     orphaned_badge_goes_to_grandparent},
    {"revoke-untyped", "an untyped covers everything inside it", untyped_covers_all_within},
    {"tree-move", "Move keeps the place in the tree", move_keeps_the_place},
    {"tree-rotate", "Rotate keeps the places in the tree", rotate_keeps_the_place},
    {"tree-swap", "parent and child swap slots", swap_of_parent_and_child},
    {"revoke-controls", "domain and ASID control cover their copies", controls_cover_their_kind},
    {"revoke-boot-caps", "boot capabilities are originals", boot_capabilities_are_originals},
    {"tree-tcb-copies", "a TCB keeps its CSpace alive", tcb_holds_copies},
    {"tree-cnode-in-itself", "a CNode that holds a copy of itself", cnode_in_itself},
    {"tree-cnode-only-in-itself", "a CNode whose only capability is inside it",
     cnode_moved_into_itself},
    {"tree-cnode-ring", "three CNodes that hold each other", cnodes_in_a_ring},
    {"tree-cnode-holds-parent", "a CNode that holds its own untyped",
     delete_cnode_that_holds_the_untyped},
    {"revoke-invoked", "a revocation deletes the capability it was invoked with",
     invoked_capability_deleted},
    {"delete-two-levels", "deleting through a CNode inside a CNode",
     invoked_capability_deletes_itself},
};

SUBJECT(derivation, tests);
