/* ASID pools, and VSpaces that lose their ASID. */
#include "world.h"
#include <string.h>

enum { CONTROL = 10, MEMORY = 11, NEW_POOL = 12, NEW_ROOT = 13, FRAME = 14, TABLES = 20 };

static void put_control_and_memory(void)
{
    put(CONTROL, capability_make(CAP_ASID_CONTROL, 0, 0));
    put(MEMORY, untyped_capability(new_page(), 12, false, BIT(12)));
}

static enum error_code make_pool(unsigned memory, unsigned to)
{
    return invoke(&cnode[CONTROL], LABEL_X86ASIDControlMakePool, WORDS(to, 64),
                  CAPS(&cnode[memory], &cnode_slot));
}

static enum error_code assign(unsigned pool, unsigned root)
{
    return invoke(&cnode[pool], LABEL_X86ASIDPoolAssign, NOTHING, CAPS(&cnode[root]));
}

START_TEST(make_pool_checks)
{
    put_control_and_memory();
    struct slot *control = &cnode[CONTROL];
    const word_t label = LABEL_X86ASIDControlMakePool;
    ck_assert_int_eq(invoke(control, label, WORDS(0), CAPS(&cnode[MEMORY], &cnode_slot)),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(control, label, WORDS(0, 0), CAPS(&cnode[MEMORY])),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(control, LABEL_X86ASIDPoolAssign, NOTHING, NOTHING),
                     ERROR_ILLEGAL_OPERATION);

    put(30, untyped_capability(0x800000, 13, false, 0));
    put(31, untyped_capability(0x802000, 12, true, 0));
    for (unsigned i = 30; i < 33; i++) { /* too big, device, empty slot */
        ck_assert_int_eq(make_pool(i, 300), ERROR_INVALID_CAPABILITY);
        ck_assert_uint_eq(answer.words[0], 1);
    }
    insert_new(
        frame_capability(untyped_capability_base(cnode[MEMORY].capability), FRAME_SMALL, 3, false),
        &cnode[MEMORY], &cnode[33]);
    ck_assert_int_eq(make_pool(MEMORY, 300), ERROR_REVOKE_FIRST);
    remove_slot(&cnode[33]);
    ck_assert_int_eq(invoke(control, label, WORDS(0, 65), CAPS(&cnode[MEMORY], &cnode_slot)),
                     ERROR_RANGE);
    ck_assert_int_eq(invoke(control, label, WORDS(0, 64), CAPS(&cnode[MEMORY], &cnode[SLOT_ROOT])),
                     ERROR_FAILED_LOOKUP);
    ck_assert_int_eq(make_pool(MEMORY, SLOT_ROOT), ERROR_DELETE_FIRST);
    ck_assert(slot_is_empty(&cnode[NEW_POOL]));
}
END_TEST

START_TEST(make_pool_makes_one)
{
    put_control_and_memory();
    /* what earlier objects left */
    memset(window(untyped_capability_base(cnode[MEMORY].capability)), 0xa5, 4096);
    cnode[MEMORY].capability = untyped_capability_with_watermark(cnode[MEMORY].capability, 0);
    ck_assert_int_eq(make_pool(MEMORY, NEW_POOL), ERROR_NONE);
    ck_assert_uint_eq(untyped_capability_watermark(cnode[MEMORY].capability), 4096);
    ck_assert(has_children(&cnode[MEMORY]));
    ck_assert_int_eq(capability_type(cnode[NEW_POOL].capability), CAP_ASID_POOL);
    ck_assert_uint_eq(asid_pool_capability_first(cnode[NEW_POOL].capability), 512);
    put_structure(NEW_ROOT, OBJECT_PML4);
    ck_assert_int_eq(assign(NEW_POOL, NEW_ROOT), ERROR_NONE);
    ck_assert_uint_eq(mapping_capability_asid(cnode[NEW_ROOT].capability), 512);
    ck_assert_ptr_eq(asid_root(512), root_table(NEW_ROOT));
    check_all_rules();
}
END_TEST

START_TEST(eight_pools)
{
    put_control_and_memory();
    for (unsigned i = 1; i < 8; i++) {
        put(100 + i, untyped_capability(new_page(), 12, false, 0));
        ck_assert_int_eq(make_pool(100 + i, 120 + i), ERROR_NONE);
        ck_assert_uint_eq(asid_pool_capability_first(cnode[120 + i].capability), 512 * i);
    }
    /* Comes before all other checks. */
    ck_assert_int_eq(make_pool(99, 300), ERROR_DELETE_FIRST);
    remove_slot(&cnode[123]);
    ck_assert_int_eq(make_pool(MEMORY, NEW_POOL), ERROR_NONE);
    ck_assert_uint_eq(asid_pool_capability_first(cnode[NEW_POOL].capability), 512 * 3);
}
END_TEST

START_TEST(assign_checks)
{
    struct slot *pool = &cnode[SLOT_POOL];
    ck_assert_int_eq(invoke(pool, LABEL_X86ASIDPoolAssign, NOTHING, NOTHING),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(pool, LABEL_X86PageMap, NOTHING, NOTHING), ERROR_ILLEGAL_OPERATION);
    ck_assert_int_eq(assign(SLOT_POOL, SLOT_ROOT), ERROR_INVALID_CAPABILITY); /* has one */
    ck_assert_uint_eq(answer.words[0], 1);
    ck_assert_int_eq(assign(SLOT_POOL, 99), ERROR_INVALID_CAPABILITY);
    put_structure(NEW_ROOT, OBJECT_PML4);
    struct asid_pool *other = window(new_page());
    put(50, asid_pool_capability(other, 0));
    ck_assert_int_eq(assign(50, NEW_ROOT), ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(answer.words[0], 0);
    put(51, asid_pool_capability(other, 512));
    ck_assert_int_eq(assign(51, NEW_ROOT), ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.length, 2);
    ck_assert_uint_eq(answer.words[1], LOOKUP_INVALID_ROOT);
    ck_assert(!mapping_capability_is_mapped(cnode[NEW_ROOT].capability));
}
END_TEST

START_TEST(pool_gets_full)
{
    for (unsigned i = 2; i < 512; i++) {
        struct slot root = {
            .capability = arch_create_object(OBJECT_PML4, WORLD_PHYSICAL_BASE + 400 * 4096, false)};
        ck_assert_int_eq(invoke(&cnode[SLOT_POOL], LABEL_X86ASIDPoolAssign, NOTHING, CAPS(&root)),
                         ERROR_NONE);
        ck_assert_uint_eq(mapping_capability_asid(root.capability), i);
    }
    put_structure(NEW_ROOT, OBJECT_PML4);
    ck_assert_int_eq(assign(SLOT_POOL, NEW_ROOT), ERROR_DELETE_FIRST);
    remove_slot(&cnode[SLOT_ROOT]);
    ck_assert_int_eq(assign(SLOT_POOL, NEW_ROOT), ERROR_NONE);
    ck_assert_uint_eq(mapping_capability_asid(cnode[NEW_ROOT].capability), 1);
}
END_TEST

START_TEST(deleted_vspace)
{
    static struct tcb thread;
    word_t *pml4 = root_table(SLOT_ROOT);
    thread.slots[TCB_VSPACE].capability = cnode[SLOT_ROOT].capability;
    ck_assert_uint_eq(arch_thread_root(&thread), window_to_physical(pml4));
    ck_assert(copy(SLOT_ROOT, 30, RIGHTS_ALL));
    map_tables(SLOT_ROOT, 0, TABLES, 3);
    put_frame(FRAME, 0x5000, FRAME_SMALL);
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(0x1000, 3, 0), CAPS(&cnode[30])),
                     ERROR_NONE);
    remove_slot(&cnode[SLOT_ROOT]);
    ck_assert_uint_eq(shoot_down_count, 0); /* a copy is left */
    ck_assert_uint_eq(arch_thread_root(&thread), window_to_physical(pml4));
    remove_slot(&cnode[30]);
    ck_assert_uint_eq(shoot_down_count, 1);
    ck_assert_uint_eq(shoot_downs[0].root, window_to_physical(pml4));
    ck_assert(shoot_downs[0].structures);
    ck_assert_uint_eq(arch_thread_root(&thread), node_root);
    ck_assert_ptr_null(asid_root(1));
    /* Nothing is touched any more that the VSpace's memory could be reused for. */
    memset(pml4, 0xff, 4096);
    remove_slot(&cnode[FRAME]);
    remove_slot(&cnode[TABLES + 2]);
    remove_slot(&cnode[TABLES + 1]);
    remove_slot(&cnode[TABLES]);
    ck_assert_uint_eq(shoot_down_count, 0);
}
END_TEST

START_TEST(deleted_pool)
{
    static struct tcb thread;
    put_control_and_memory();
    thread.slots[TCB_VSPACE].capability = cnode[SLOT_ROOT].capability;
    put_structure(NEW_ROOT, OBJECT_PML4);
    ck_assert_int_eq(assign(SLOT_POOL, NEW_ROOT), ERROR_NONE);
    ck_assert(copy(SLOT_POOL, 40, RIGHTS_ALL));
    remove_slot(&cnode[SLOT_POOL]);
    ck_assert_uint_eq(shoot_down_count, 0);
    remove_slot(&cnode[40]);
    ck_assert_uint_eq(shoot_down_all_count, 1); /* whatever the CPUs run, once for all VSpaces */
    ck_assert_uint_eq(arch_thread_root(&thread), node_root);

    put_structure(TABLES, OBJECT_PDPT);
    ck_assert_int_eq(invoke(&cnode[TABLES], LABEL_X86PDPTMap, WORDS(0, 0), CAPS(&cnode[SLOT_ROOT])),
                     ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.words[1], LOOKUP_INVALID_ROOT);
    /*
     * A new pool takes the number, another VSpace the ASID: the old VSpace must not be taken for
     * it.
     */
    ck_assert_int_eq(make_pool(MEMORY, NEW_POOL), ERROR_NONE);
    ck_assert_uint_eq(asid_pool_capability_first(cnode[NEW_POOL].capability), 0);
    put_structure(50, OBJECT_PML4);
    ck_assert_int_eq(assign(NEW_POOL, 50), ERROR_NONE);
    ck_assert_uint_eq(mapping_capability_asid(cnode[50].capability), 1);
    ck_assert_int_eq(invoke(&cnode[TABLES], LABEL_X86PDPTMap, WORDS(0, 0), CAPS(&cnode[SLOT_ROOT])),
                     ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(answer.words[0], 1);
    ck_assert_uint_eq(arch_thread_root(&thread), node_root);
    remove_slot(&cnode[SLOT_ROOT]);
    ck_assert_ptr_eq(asid_root(1), root_table(50));
    ck_assert_uint_eq(shoot_down_count, 0);
    check_all_rules();
}
END_TEST

START_TEST(threads_without_vspace)
{
    static struct tcb thread;
    ck_assert_uint_eq(arch_thread_root(&thread), node_root);
    put_structure(NEW_ROOT, OBJECT_PML4);
    ck_assert(!arch_is_vspace_root(cnode[NEW_ROOT].capability));
    ck_assert(arch_is_vspace_root(cnode[SLOT_ROOT].capability));
    ck_assert(!arch_is_vspace_root(capability_null()));
    ck_assert(!arch_is_vspace_root(cnode_slot.capability));
    for (word_t asid = 0; asid < ABI_ASID_POOLS << ABI_ASID_POOL_INDEX_BITS; asid++) {
        ck_assert(asid == 1 || asid_root(asid) == NULL);
    }
}
END_TEST

/*
 * A thread's copy of a VSpace capability has an ASID of a pool that is gone; another copy, without
 * one, gets the same ASID in a new pool. Threads that found nothing by it must ask again.
 */
START_TEST(assigning_lets_threads_ask_again)
{
    put(30, arch_create_object(OBJECT_PML4, new_page(), false));
    unsigned before = roots_forgotten;
    ck_assert_int_eq(assign(SLOT_POOL, 30), ERROR_NONE);
    ck_assert_uint_gt(roots_forgotten, before);
}
END_TEST

Suite *asid_suite(void)
{
    Suite *suite = suite_create("ASIDs");
    TCase *tests = tcase_create("ASIDs");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, world_init, NULL);
    tcase_add_test(tests, assigning_lets_threads_ask_again);
    tcase_add_test(tests, make_pool_checks);
    tcase_add_test(tests, make_pool_makes_one);
    tcase_add_test(tests, eight_pools);
    tcase_add_test(tests, assign_checks);
    tcase_add_test(tests, pool_gets_full);
    tcase_add_test(tests, deleted_vspace);
    tcase_add_test(tests, deleted_pool);
    tcase_add_test(tests, threads_without_vspace);
    suite_add_tcase(suite, tests);
    return suite;
}
