/* CNode methods (contract 4.6): effects, and each check in its place among the others. */
#include "world.h"
#include <kernel/ipc.h>
#include <kernel/objects.h>

enum { EP = 8, EP_BADGED, CN, UT, FREE = 16 }; /* root slots */

static struct answer answer;
static struct slot *inner; /* CN: radix 4, no guard */

static void setup(void)
{
    world_start();
    insert_root(endpoint_capability(new_object(ABI_ENDPOINT_BITS), 0, RIGHTS_ALL), &root[EP]);
    ck_assert_uint_eq(do_mint(EP_BADGED, EP, RIGHT_READ | RIGHT_WRITE, 77), 0);
    inner = new_cnode(4);
    insert_root(cnode_capability(inner, 4, 0, 0), &root[CN]);
    put_untyped(UT, 0, 12, 0, false);
}

static word_t call_with(word_t label, unsigned length, unsigned extra_caps, const word_t *words)
{
    struct call call = {&root[SLOT_ROOT], label, {0}, length, {&root[SLOT_ROOT], &root[SLOT_ROOT]},
                        extra_caps};

    for (unsigned i = 0; i < length; i++) {
        call.words[i] = words[i];
    }
    invoke(&call, &answer);
    return answer.label;
}

#define CALL(label, length, extra_caps, ...)                                                       \
    call_with(label, length, extra_caps, (const word_t[16]){__VA_ARGS__})

static void expect_lookup(word_t source, word_t type, word_t w0)
{
    ck_assert_uint_eq(answer.label, ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.words[0], source);
    ck_assert_uint_eq(answer.words[1], type);
    ck_assert_uint_eq(answer.words[2], w0);
}

/* --- what all have in common --- */

START_TEST(labels_of_others)
{
    word_t labels[] = {
        0,      LABEL_UntypedRetype, LABEL_CNodeRevoke - 1, LABEL_CNodeSaveCaller + 1,
        0x1000, ~0ull >> 12};

    for (unsigned i = 0; i < ARRAY_LENGTH(labels); i++) {
        /* before truncation */
        ck_assert_uint_eq(CALL(labels[i], 0, 0, 0), ERROR_ILLEGAL_OPERATION);
    }
}
END_TEST

START_TEST(destination_lookup_comes_first)
{
    for (word_t label = LABEL_CNodeRevoke; label <= LABEL_CNodeSaveCaller; label++) {
        ck_assert_uint_eq(CALL(label, 1, 0, 0), ERROR_TRUNCATED_MESSAGE);
        ck_assert_uint_eq(CALL(label, 2, 0, FREE, 0), ERROR_RANGE);
        ck_assert_uint_eq(CALL(label, 2, 0, FREE, 65), ERROR_RANGE);
        CALL(label, 2, 0, 1ull << 20, 64);
        expect_lookup(0, LOOKUP_GUARD_MISMATCH, 64);
    }
}
END_TEST

START_TEST(copies_check_in_order)
{
    struct {
        word_t label;
        unsigned length;
    } methods[] = {
        {LABEL_CNodeCopy, 5}, {LABEL_CNodeMint, 6}, {LABEL_CNodeMove, 4}, {LABEL_CNodeMutate, 5}};

    for (unsigned i = 0; i < ARRAY_LENGTH(methods); i++) {
        word_t label = methods[i].label;
        /*
         * Truncation to 4 words and 1 capability comes before "occupied", and that before the
         * source's lookup.
         */
        ck_assert_uint_eq(CALL(label, 3, 1, EP, 64, 0), ERROR_TRUNCATED_MESSAGE);
        ck_assert_uint_eq(CALL(label, 6, 0, EP, 64, 0, 0), ERROR_TRUNCATED_MESSAGE);
        ck_assert_uint_eq(CALL(label, 4, 1, EP, 64, 0, 0), ERROR_DELETE_FIRST);
        ck_assert_uint_eq(CALL(label, 4, 1, FREE, 64, EP, 99), ERROR_RANGE);
        CALL(label, 4, 1, FREE, 64, 1ull << 20, 64);
        expect_lookup(1, LOOKUP_GUARD_MISMATCH, 64);
        /* an empty source, before the method's own truncation */
        CALL(label, 4, 1, FREE, 64, FREE + 1, 64);
        expect_lookup(1, LOOKUP_MISSING_CAPABILITY, 64);
        if (methods[i].length > 4) {
            ck_assert_uint_eq(CALL(label, methods[i].length - 1, 1, FREE, 64, EP, 64, 0),
                              ERROR_TRUNCATED_MESSAGE);
        }
        ck_assert(slot_is_empty(&root[FREE]));
    }
}
END_TEST

START_TEST(source_root_must_be_a_cnode)
{
    struct call call = {
        &root[SLOT_ROOT], LABEL_CNodeCopy, {FREE, 64, EP, 64, 15}, 5, {&root[EP]}, 1};

    invoke(&call, &answer);
    ck_assert(answer.label == ERROR_FAILED_LOOKUP && answer.length == 2 && answer.words[0] == 1 &&
              answer.words[1] == LOOKUP_INVALID_ROOT);
    call.extra[0] = &root[FREE]; /* an empty slot counts as supplied */
    invoke(&call, &answer);
    ck_assert(answer.label == ERROR_FAILED_LOOKUP && answer.words[1] == LOOKUP_INVALID_ROOT);
}
END_TEST

/* --- Copy, Mint, Move, Mutate --- */

START_TEST(copy_masks_rights)
{
    ck_assert_uint_eq(CALL(LABEL_CNodeCopy, 5, 1, FREE, 64, EP, 64, RIGHT_READ | 0x1000), 0);
    ck_assert_uint_eq(capability_rights(at(FREE)), RIGHT_READ);
    ck_assert_uint_eq(capability_badge(at(FREE)), 0);
    ck_assert_ptr_eq(parent_of(&root[FREE]), &root[EP]);
    ck_assert_uint_eq(CALL(LABEL_CNodeCopy, 5, 1, FREE + 1, 64, FREE, 64, RIGHTS_ALL), 0);
    ck_assert_uint_eq(capability_rights(at(FREE + 1)), RIGHT_READ); /* rights never grow */
}
END_TEST

START_TEST(mint_badges_once)
{
    ck_assert_uint_eq(capability_badge(at(EP_BADGED)), 77);
    ck_assert_uint_eq(capability_rights(at(EP_BADGED)), RIGHT_READ | RIGHT_WRITE);
    ck_assert_uint_eq(do_mint(FREE, EP_BADGED, 15, 78), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_mint(FREE, EP_BADGED, 15, 0), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_copy(FREE, EP_BADGED), 0);
    ck_assert_uint_eq(capability_badge(at(FREE)), 77);
    ck_assert_uint_eq(do_mint(FREE + 1, EP, 15, 0), 0); /* badge 0 is a plain copy */
    ck_assert(!slot_is_original(&root[FREE + 1]));
}
END_TEST

START_TEST(mint_replaces_guards)
{
    ck_assert_uint_eq(do_mint(FREE, CN, 15, 5 << 6 | 3), 0);
    ck_assert_uint_eq(cnode_capability_guard(at(FREE)), 5);
    ck_assert_uint_eq(cnode_capability_guard_size(at(FREE)), 3);
    ck_assert_uint_eq(do_copy(FREE + 1, FREE), 0);
    ck_assert_uint_eq(at(FREE + 1).word[1], 5 << 6 | 3);
    ck_assert_uint_eq(do_mint(FREE + 2, FREE, 15, 0), 0);
    ck_assert_uint_eq(at(FREE + 2).word[1], 0);
    ck_assert_uint_eq(do_mint(FREE + 3, CN, 15, 61), ERROR_ILLEGAL_OPERATION); /* 61 + 4 bits */
    ck_assert_uint_eq(do_mint(FREE + 3, CN, 15, 60), 0);
}
END_TEST

START_TEST(move_keeps_the_place)
{
    ck_assert_uint_eq(do_copy(FREE, EP_BADGED), 0);
    ck_assert_uint_eq(do_move(FREE + 1, EP_BADGED), 0);
    ck_assert(slot_is_empty(&root[EP_BADGED]));
    ck_assert_ptr_eq(parent_of(&root[FREE + 1]), &root[EP]);
    ck_assert_ptr_eq(parent_of(&root[FREE]), &root[FREE + 1]);
    ck_assert_uint_eq(do_revoke(FREE + 1), 0);
    ck_assert(slot_is_empty(&root[FREE]) && !slot_is_empty(&root[FREE + 1]));
    check_links(root, ROOT_SLOTS);
}
END_TEST

START_TEST(mutate_changes_guards_only)
{
    ck_assert_uint_eq(CALL(LABEL_CNodeMutate, 5, 1, FREE, 64, EP, 64, 5), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(CALL(LABEL_CNodeMutate, 5, 1, FREE, 64, EP_BADGED, 64, 5),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(CALL(LABEL_CNodeMutate, 5, 1, FREE, 64, CN, 64, 61), ERROR_ILLEGAL_OPERATION);
    ck_assert(!slot_is_empty(&root[CN]));
    ck_assert_uint_eq(CALL(LABEL_CNodeMutate, 5, 1, FREE, 64, CN, 64, 3 << 6 | 2), 0);
    ck_assert(slot_is_empty(&root[CN]));
    ck_assert_uint_eq(at(FREE).word[1], 3 << 6 | 2);
    /* others: as Move */
    ck_assert_uint_eq(CALL(LABEL_CNodeMutate, 5, 1, FREE + 1, 64, UT, 64, 999), 0);
    ck_assert_uint_eq(capability_type(at(FREE + 1)), CAP_UNTYPED);
}
END_TEST

START_TEST(slots_of_inner_cnodes)
{
    /* CN as the invoked root of the destination, depth 4. */
    struct call call = {&root[CN], LABEL_CNodeCopy, {3, 4, EP, 64, 15}, 5, {&root[SLOT_ROOT]}, 1};

    ck_assert_int_eq(invoke(&call, &answer), DONE);
    ck_assert_uint_eq(capability_type(inner[3].capability), CAP_ENDPOINT);
    /*
     * Both levels in one index: 64 bits of the root, and 4 more do not fit. From a shorter guard
     * they do.
     */
    ck_assert_uint_eq(do_mint(FREE, SLOT_ROOT, 15, 0), 0);
    call = (struct call){&root[FREE], LABEL_CNodeDelete, {CN << 4 | 3, 12}, 2, {0}, 0};
    ck_assert_int_eq(invoke(&call, &answer), DONE);
    ck_assert(slot_is_empty(&inner[3]));
}
END_TEST

/* --- Rotate --- */

/* Destination data, pivot data: of what ends up there. */
static word_t rotate(word_t destination, word_t destination_data, word_t pivot, word_t pivot_data,
                     word_t source)
{
    return CALL(LABEL_CNodeRotate, 8, 2, destination, 64, destination_data, pivot, 64, pivot_data,
                source, 64);
}

START_TEST(rotate_checks_in_order)
{
    ck_assert_uint_eq(CALL(LABEL_CNodeRotate, 7, 2, FREE, 64, 0, CN, 64, 0, UT),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(CALL(LABEL_CNodeRotate, 8, 1, FREE, 64, 0, CN, 64, 0, UT, 64),
                      ERROR_TRUNCATED_MESSAGE);
    /* Source before pivot, both on the source side. */
    CALL(LABEL_CNodeRotate, 8, 2, FREE, 64, 0, 1 << 20, 64, 0, 1 << 20, 63);
    expect_lookup(1, LOOKUP_GUARD_MISMATCH, 63);
    CALL(LABEL_CNodeRotate, 8, 2, FREE, 64, 0, 1 << 20, 64, 0, UT, 64);
    expect_lookup(1, LOOKUP_GUARD_MISMATCH, 64);
    ck_assert_uint_eq(rotate(FREE, 0, CN, 0, CN), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(rotate(CN, 0, CN, 0, UT), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(rotate(EP, 0, CN, 0, FREE), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(rotate(FREE, 0, FREE + 1, 0, FREE + 2), ERROR_FAILED_LOOKUP);
    expect_lookup(1, LOOKUP_MISSING_CAPABILITY, 64);
    ck_assert_uint_eq(rotate(FREE, 0, FREE + 1, 0, UT), ERROR_FAILED_LOOKUP);
    expect_lookup(0, LOOKUP_MISSING_CAPABILITY, 64);
    ck_assert_uint_eq(rotate(FREE, 0, EP, 0, CN), ERROR_ILLEGAL_OPERATION); /* endpoints cannot */
    ck_assert_uint_eq(rotate(FREE, 0, CN, 0, EP), ERROR_ILLEGAL_OPERATION);
    /* a guard that does not fit */
    ck_assert_uint_eq(rotate(FREE, 61, CN, 0, UT), ERROR_ILLEGAL_OPERATION);
    ck_assert(slot_is_empty(&root[FREE]));
}
END_TEST

START_TEST(rotate_three_slots)
{
    ck_assert_uint_eq(do_mint(FREE + 5, CN, 15, 1 << 6 | 1), 0);
    ck_assert_uint_eq(rotate(FREE, 2 << 6 | 2, CN, 3 << 6 | 3, FREE + 5), 0);
    ck_assert(slot_is_empty(&root[FREE + 5]));
    ck_assert_uint_eq(at(FREE).word[1], 2 << 6 | 2); /* was the pivot */
    ck_assert_uint_eq(at(CN).word[1], 3 << 6 | 3);   /* was the source */
    ck_assert(slot_is_original(&root[FREE]) && !slot_is_original(&root[CN]));
    ck_assert_ptr_eq(parent_of(&root[CN]), &root[FREE]);
    check_links(root, ROOT_SLOTS);
}
END_TEST

START_TEST(rotate_swaps)
{
    /* neighbours in the list: the harder case */
    ck_assert_uint_eq(do_mint(FREE, CN, 15, 1 << 6 | 1), 0);
    ck_assert_uint_eq(rotate(CN, 2 << 6 | 2, FREE, 3 << 6 | 3, CN), 0);
    ck_assert_uint_eq(at(CN).word[1], 2 << 6 | 2);
    ck_assert_uint_eq(at(FREE).word[1], 3 << 6 | 3);
    ck_assert(slot_is_original(&root[FREE]) && !slot_is_original(&root[CN]));
    ck_assert_ptr_eq(parent_of(&root[CN]), &root[FREE]);
    ck_assert_uint_eq(rotate(CN, 0, FREE, 0, CN), 0); /* and back */
    ck_assert_ptr_eq(parent_of(&root[FREE]), &root[CN]);
    ck_assert_uint_eq(rotate(UT, 0, FREE, 0, UT), 0); /* not neighbours */
    ck_assert_uint_eq(capability_type(at(FREE)), CAP_UNTYPED);
    ck_assert_ptr_eq(parent_of(&root[UT]), &root[CN]);
    check_links(root, ROOT_SLOTS);
}
END_TEST

/* --- SaveCaller, CancelBadgedSends, Delete, Revoke --- */

START_TEST(save_caller)
{
    ck_assert_uint_eq(CALL(LABEL_CNodeSaveCaller, 2, 0, EP, 64), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(CALL(LABEL_CNodeSaveCaller, 2, 0, FREE, 64), 0); /* nobody to save: fine */
    ck_assert(slot_is_empty(&root[FREE]));
    insert_derived(reply_capability(caller, false, RIGHT_GRANT), &caller->slots[TCB_REPLY],
                   &caller->slots[TCB_CALLER]);
    ck_assert_uint_eq(CALL(LABEL_CNodeSaveCaller, 2, 0, FREE, 64), 0);
    ck_assert_uint_eq(capability_type(at(FREE)), CAP_REPLY);
    ck_assert(slot_is_empty(&caller->slots[TCB_CALLER]));
    ck_assert_ptr_eq(slot_next(&caller->slots[TCB_REPLY]), &root[FREE]);
    ck_assert_uint_eq(do_copy(FREE + 1, FREE), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_move(FREE + 1, FREE), 0);
    ck_assert_ptr_eq(slot_next(&caller->slots[TCB_REPLY]), &root[FREE + 1]);
    ck_assert_uint_eq(do_delete(FREE + 1), 0);
    ck_assert_ptr_null(slot_next(&caller->slots[TCB_REPLY]));
}
END_TEST

START_TEST(cancel_badged_sends_needs_all_rights)
{
    ck_assert_uint_eq(CALL(LABEL_CNodeCancelBadgedSends, 2, 0, EP_BADGED, 64),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(CALL(LABEL_CNodeCancelBadgedSends, 2, 0, FREE, 64), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(CALL(LABEL_CNodeCancelBadgedSends, 2, 0, UT, 64), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(CALL(LABEL_CNodeCancelBadgedSends, 2, 0, EP, 64), 0);
    ck_assert_uint_eq(do_mint(FREE, EP, RIGHTS_ALL, 5), 0);
    ck_assert_uint_eq(CALL(LABEL_CNodeCancelBadgedSends, 2, 0, FREE, 64), 0);
}
END_TEST

START_TEST(delete_and_revoke_of_nothing)
{
    ck_assert_uint_eq(do_delete(FREE), 0);
    ck_assert_uint_eq(do_revoke(FREE), 0);
}
END_TEST

START_TEST(revoke_by_badge)
{
    ck_assert_uint_eq(do_copy(FREE, EP_BADGED), 0);
    ck_assert_uint_eq(do_mint(FREE + 1, EP, 15, 78), 0);
    ck_assert_uint_eq(do_copy(FREE + 2, EP), 0);
    /* the same badge, given a second time */
    ck_assert_uint_eq(do_mint(FREE + 3, FREE + 2, 15, 77), 0);
    ck_assert_uint_eq(do_revoke(FREE + 2), 0); /* a plain copy is nobody's parent */
    ck_assert(!slot_is_empty(&root[FREE + 3]));
    ck_assert_uint_eq(do_revoke(EP_BADGED), 0);
    ck_assert(slot_is_empty(&root[FREE]));
    for (unsigned i = 1; i <= 3; i++) {
        ck_assert(!slot_is_empty(&root[FREE + i]));
    }
    ck_assert_uint_eq(do_revoke(EP), 0);
    for (unsigned i = EP_BADGED; i < FREE + 4; i++) {
        ck_assert(i == CN || i == UT || slot_is_empty(&root[i]));
    }
    ck_assert(!slot_is_empty(&root[EP]));
}
END_TEST

/*
 * Copies of a badged capability that was deleted do not join an older family with the same badge.
 */
START_TEST(families_with_one_badge_stay_apart)
{
    ck_assert_uint_eq(do_copy(FREE, EP_BADGED), 0);
    ck_assert_uint_eq(do_mint(FREE + 1, EP, 15, 77), 0); /* lies before EP_BADGED in the list */
    ck_assert_uint_eq(do_delete(EP_BADGED), 0);
    ck_assert_uint_eq(do_revoke(FREE + 1), 0);
    ck_assert(!slot_is_empty(&root[FREE]));
    ck_assert_uint_eq(do_revoke(EP), 0);
    ck_assert(slot_is_empty(&root[FREE]));
}
END_TEST

START_TEST(ipi_and_irq_families)
{
    enum { IRQ = 40, IPI, HANDLER, HANDLER2, SIGNAL, SIGNAL2, COPY };

    insert_root(capability_make(CAP_IRQ_CONTROL, 0, 0), &root[IRQ]);
    insert_root(capability_make(CAP_IPI_CONTROL, 0, 0), &root[IPI]);
    insert_new(irq_handler_capability(20), &root[IRQ], &root[HANDLER]);
    insert_new(irq_handler_capability(3), &root[IPI], &root[HANDLER2]);
    insert_new(ipi_signal_capability(1, 3), &root[IPI], &root[SIGNAL]);
    insert_new(ipi_signal_capability(1, 3), &root[IPI], &root[SIGNAL2]);
    ck_assert_uint_eq(do_copy(COPY, SIGNAL), 0);
    ck_assert_uint_eq(do_copy(COPY + 1, IPI), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_copy(COPY + 1, IRQ), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_revoke(SIGNAL2), 0); /* lies before SIGNAL, and is not its parent */
    ck_assert(!slot_is_empty(&root[SIGNAL]) && !slot_is_empty(&root[COPY]));
    ck_assert_uint_eq(do_revoke(SIGNAL), 0);
    ck_assert(!slot_is_empty(&root[SIGNAL]) && slot_is_empty(&root[COPY]));
    ck_assert_uint_eq(do_revoke(IPI), 0);
    ck_assert(slot_is_empty(&root[SIGNAL]) && slot_is_empty(&root[SIGNAL2]) &&
              slot_is_empty(&root[HANDLER2]));
    ck_assert(!slot_is_empty(&root[HANDLER]));
    ck_assert_uint_eq(host_machine.disabled[20], 0);
    ck_assert_uint_eq(do_revoke(IRQ), 0);
    ck_assert(slot_is_empty(&root[HANDLER]));
    ck_assert_uint_eq(host_machine.disabled[20], 1);
}
END_TEST

Suite *cnode_suite(void);
Suite *cnode_suite(void)
{
    Suite *suite = suite_create("CNode");
    TCase *tests = tcase_create("methods");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, labels_of_others);
    tcase_add_test(tests, destination_lookup_comes_first);
    tcase_add_test(tests, copies_check_in_order);
    tcase_add_test(tests, source_root_must_be_a_cnode);
    tcase_add_test(tests, copy_masks_rights);
    tcase_add_test(tests, mint_badges_once);
    tcase_add_test(tests, mint_replaces_guards);
    tcase_add_test(tests, move_keeps_the_place);
    tcase_add_test(tests, mutate_changes_guards_only);
    tcase_add_test(tests, slots_of_inner_cnodes);
    tcase_add_test(tests, rotate_checks_in_order);
    tcase_add_test(tests, rotate_three_slots);
    tcase_add_test(tests, rotate_swaps);
    tcase_add_test(tests, save_caller);
    tcase_add_test(tests, cancel_badged_sends_needs_all_rights);
    tcase_add_test(tests, delete_and_revoke_of_nothing);
    tcase_add_test(tests, revoke_by_badge);
    tcase_add_test(tests, families_with_one_badge_stay_apart);
    tcase_add_test(tests, ipi_and_irq_families);
    suite_add_tcase(suite, tests);
    return suite;
}
