/* PDPTs, page directories, page tables: Map, Unmap, deletion, copies. */
#include "world.h"

enum { TABLES = 10, FRAME = 20 };
#define VADDR 0x7f1234567000ull

static const enum target_object_type types[] = {OBJECT_PDPT, OBJECT_PAGE_DIRECTORY,
                                                OBJECT_PAGE_TABLE};
static const word_t map_labels[] = {LABEL_X86PDPTMap, LABEL_X86PageDirectoryMap,
                                    LABEL_X86PageTableMap};
static const word_t unmap_labels[] = {LABEL_X86PDPTUnmap, LABEL_X86PageDirectoryUnmap,
                                      LABEL_X86PageTableUnmap};
static const unsigned spans[] = {39, 30, 21};

static enum error_code map_at(unsigned slot, unsigned level, vaddr_t vaddr)
{
    return invoke(&cnode[slot], map_labels[level], WORDS(vaddr, 0), CAPS(&cnode[SLOT_ROOT]));
}

static void map_frame(unsigned slot, paddr_t base, vaddr_t vaddr)
{
    put_frame(slot, base, FRAME_SMALL);
    ck_assert_int_eq(
        invoke(&cnode[slot], LABEL_X86PageMap, WORDS(vaddr, 3, 0), CAPS(&cnode[SLOT_ROOT])),
        ERROR_NONE);
}

/* For each level: the order of checks, and the mapping that results. */
START_TEST(map_one_level)
{
    unsigned level = (unsigned)_i;
    struct slot *empty = &cnode[99];
    put_structure(30, OBJECT_PML4);
    map_tables(SLOT_ROOT, VADDR, TABLES, level);
    struct slot *slot = put_structure(FRAME, types[level]);

    ck_assert_int_eq(invoke(slot, map_labels[level], WORDS(VADDR), CAPS(&cnode[SLOT_ROOT])),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(slot, map_labels[level], WORDS(VADDR, 0), NOTHING),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(slot, map_labels[level], WORDS(~0ull, 0), CAPS(empty)),
                     ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(answer.words[0], 1);
    ck_assert_int_eq(invoke(slot, map_labels[level], WORDS(VADDR, 0), CAPS(&cnode[30])),
                     ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(answer.words[0], 1);
    ck_assert_int_eq(map_at(FRAME, level, ABI_USER_TOP + 1), ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(answer.words[0], 0);
    ck_assert_int_eq(map_at(FRAME, level, ~0ull), ERROR_INVALID_ARGUMENT);

    /* Attributes: PWT and PCD only. */
    ck_assert_int_eq(invoke(slot, map_labels[level], WORDS(VADDR, ~0ull), CAPS(&cnode[SLOT_ROOT])),
                     ERROR_NONE);
    ck_assert_uint_eq(shoot_down_count, 0);
    ck_assert_uint_eq(mapping_capability_vaddr(slot->capability), ALIGN_DOWN(VADDR, spans[level]));
    unsigned missing;
    word_t *entry = vspace_entry(root_table(SLOT_ROOT), VADDR, spans[level], &missing);
    ck_assert_uint_eq(*entry,
                      window_to_physical(paging_capability_entries(slot->capability)) | 0x1f);
    ck_assert_int_eq(map_at(FRAME, level, VADDR), ERROR_INVALID_CAPABILITY); /* mapped already */
    ck_assert_uint_eq(answer.words[0], 0);
    put_structure(31, types[level]);
    ck_assert_int_eq(map_at(31, level, VADDR), ERROR_DELETE_FIRST);
    check_all_rules();
}
END_TEST

START_TEST(highest_addresses)
{
    map_tables(SLOT_ROOT, ABI_USER_TOP, TABLES, 3);
    ck_assert_uint_ne(root_table(SLOT_ROOT)[255], 0);
    ck_assert_uint_eq(mapping_capability_vaddr(cnode[TABLES + 2].capability), 0x7fffffe00000);
}
END_TEST

START_TEST(missing_tables)
{
    for (unsigned i = 1; i < 3; i++) {
        put_structure(30 + i, types[i]);
        ck_assert_int_eq(map_at(30 + i, i, VADDR), ERROR_FAILED_LOOKUP);
        ck_assert_uint_eq(answer.words[2], 39);
    }
    map_tables(SLOT_ROOT, VADDR, TABLES, 1);
    ck_assert_int_eq(map_at(32, 2, VADDR), ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.words[2], 30);
    /* Pages in the way. */
    put_frame(FRAME, 0x40000000, FRAME_HUGE);
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(ALIGN_DOWN(VADDR, 30), 3, 0),
                            CAPS(&cnode[SLOT_ROOT])),
                     ERROR_NONE);
    ck_assert_int_eq(map_at(31, 1, VADDR), ERROR_DELETE_FIRST);
    ck_assert_int_eq(map_at(32, 2, VADDR), ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.words[2], 30);
}
END_TEST

START_TEST(unmap_clears_the_table)
{
    unsigned level = (unsigned)_i;
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    map_frame(FRAME, 0x5000, VADDR);
    struct slot *slot = &cnode[TABLES + level];
    ck_assert_int_eq(invoke(slot, unmap_labels[level], NOTHING, NOTHING), ERROR_NONE);
    ck_assert_uint_eq(shoot_down_count, 1);
    ck_assert(shoot_downs[0].structures);
    ck_assert_uint_eq(shoot_downs[0].root, window_to_physical(root_table(SLOT_ROOT)));
    ck_assert(!mapping_capability_is_mapped(slot->capability));
    for (unsigned i = 0; i < 512; i++) {
        ck_assert_uint_eq(paging_capability_entries(slot->capability)[i], 0);
    }
    ck_assert_uint_eq(walk_entry(root_table(SLOT_ROOT), VADDR), 0);
    /* Again: success, and nothing to do. */
    ck_assert_int_eq(invoke(slot, unmap_labels[level], NOTHING, NOTHING), ERROR_NONE);
    ck_assert_uint_eq(shoot_down_count, 0);
    /*
     * The frame's capability is stale; mapped again, the table is empty, and the frame can be
     * mapped where it was.
     */
    ck_assert_int_eq(map_at(TABLES + level, level, VADDR), ERROR_NONE);
    ck_assert_uint_eq(walk_entry(root_table(SLOT_ROOT), VADDR), 0);
    for (unsigned i = level + 1; i < 3; i++) {
        ck_assert_int_eq(invoke(&cnode[TABLES + i], unmap_labels[i], NOTHING, NOTHING), ERROR_NONE);
        ck_assert_uint_eq(shoot_down_count, 0);
        ck_assert_int_eq(map_at(TABLES + i, i, VADDR), ERROR_NONE);
    }
    ck_assert_int_eq(
        invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(VADDR, 3, 0), CAPS(&cnode[SLOT_ROOT])),
        ERROR_NONE);
    ck_assert_uint_ne(walk_entry(root_table(SLOT_ROOT), VADDR), 0);
    check_all_rules();
}
END_TEST

START_TEST(deletion_unlinks)
{
    unsigned level = (unsigned)_i;
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    map_frame(FRAME, 0x5000, VADDR);
    ck_assert(copy(TABLES + level, 30, RIGHTS_ALL));
    ck_assert(mapping_capability_is_mapped(cnode[30].capability));
    ck_assert_int_eq(invoke(&cnode[30], unmap_labels[level], NOTHING, NOTHING), ERROR_REVOKE_FIRST);
    remove_slot(&cnode[TABLES + level]);
    ck_assert_uint_eq(shoot_down_count, 0); /* not the last one */
    ck_assert_uint_ne(walk_entry(root_table(SLOT_ROOT), VADDR), 0);
    remove_slot(&cnode[30]);
    ck_assert_uint_eq(shoot_down_count, 1);
    ck_assert(shoot_downs[0].structures);
    ck_assert_uint_eq(walk_entry(root_table(SLOT_ROOT), VADDR), 0);
    /* What was mapped through it is found to be gone. */
    remove_slot(&cnode[FRAME]);
    ck_assert_uint_eq(shoot_down_count, 0);
    check_all_rules();
}
END_TEST

/* A stale capability must not remove what another one mapped at its place. */
START_TEST(stale_tables_leave_others_alone)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    ck_assert_int_eq(invoke(&cnode[TABLES + 1], unmap_labels[1], NOTHING, NOTHING), ERROR_NONE);
    map_tables(SLOT_ROOT, VADDR + BIT(39), 40, 1);
    struct slot *directory = put_structure(30, OBJECT_PAGE_DIRECTORY),
                *table = put_structure(31, OBJECT_PAGE_TABLE);
    ck_assert_int_eq(map_at(30, 1, VADDR), ERROR_NONE);
    ck_assert_int_eq(map_at(31, 2, VADDR), ERROR_NONE);
    map_frame(FRAME, 0x5000, VADDR);
    remove_slot(&cnode[TABLES + 2]); /* says that it is mapped where `table` is */
    ck_assert_uint_eq(shoot_down_count, 0);
    ck_assert_uint_ne(walk_entry(root_table(SLOT_ROOT), VADDR), 0);
    ck_assert(mapping_capability_is_mapped(directory->capability) &&
              mapping_capability_is_mapped(table->capability));
}
END_TEST

START_TEST(copies_need_a_mapping)
{
    for (unsigned i = 0; i < 3; i++) {
        put_structure(TABLES, types[i]);
        ck_assert(!copy(TABLES, 30, RIGHTS_ALL));
        ck_assert_uint_eq(answer.label, ERROR_ILLEGAL_OPERATION);
        for (word_t label = 0; label < 60; label++) {
            bool own = label == map_labels[i] || label == unmap_labels[i];
            ck_assert(own || invoke(&cnode[TABLES], label, WORDS(0, 0), CAPS(&cnode[SLOT_ROOT])) ==
                                 ERROR_ILLEGAL_OPERATION);
        }
        remove_slot(&cnode[TABLES]);
        ck_assert_uint_eq(shoot_down_count, 0);
    }
    put_structure(TABLES, OBJECT_PML4);
    ck_assert(!copy(TABLES, 30, RIGHTS_ALL));
    ck_assert_uint_eq(answer.label, ERROR_ILLEGAL_OPERATION);
    ck_assert(copy(SLOT_ROOT, 31, RIGHTS_ALL));
}
END_TEST

START_TEST(objects_and_regions)
{
    paddr_t base;
    word_t bits;
    for (unsigned i = 0; i < 3; i++) {
        paddr_t page = new_page();
        struct capability c = arch_create_object(types[i], page, false);
        ck_assert(arch_object_range(c, &base, &bits));
        ck_assert_uint_eq(base, page);
        ck_assert_uint_eq(bits, 12);
        ck_assert(arch_same_object(c, mapping_capability_with_mapping(c, 5, 0x1000)));
        ck_assert(!arch_same_object(c, arch_create_object(types[i], new_page(), false)));
        ck_assert(!arch_same_object(c, arch_create_object(OBJECT_SMALL_PAGE, page, false)));
    }
    struct capability huge = arch_create_object(OBJECT_HUGE_PAGE, BIT(30), true);
    struct capability large = arch_create_object(OBJECT_LARGE_PAGE, 2 * BIT(30) - BIT(21), true);
    struct capability small = arch_create_object(OBJECT_SMALL_PAGE, 2 * BIT(30) - BIT(12), true);
    struct capability beyond = arch_create_object(OBJECT_SMALL_PAGE, 2 * BIT(30), true);
    struct capability below = arch_create_object(OBJECT_SMALL_PAGE, BIT(30) - BIT(12), true);
    ck_assert(arch_same_region(huge, huge) && arch_same_region(huge, large) &&
              arch_same_region(large, small));
    struct capability first = arch_create_object(OBJECT_SMALL_PAGE, 2 * BIT(30) - BIT(21), true);
    /* same start, smaller */
    ck_assert(arch_same_region(large, first) && !arch_same_region(first, large));
    ck_assert(!arch_same_region(small, large) && !arch_same_region(large, huge) &&
              !arch_same_region(huge, beyond));
    ck_assert(!arch_same_region(huge, below) &&
              !arch_same_region(huge, cnode[SLOT_ROOT].capability));
    ck_assert(frame_capability_is_device(huge));
    ck_assert(arch_object_range(huge, &base, &bits) && base == BIT(30) && bits == 30);
}
END_TEST

Suite *paging_suite(void)
{
    Suite *suite = suite_create("paging structures");
    TCase *tests = tcase_create("paging structures");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, world_init, NULL);
    tcase_add_loop_test(tests, map_one_level, 0, 3);
    tcase_add_test(tests, highest_addresses);
    tcase_add_test(tests, missing_tables);
    tcase_add_loop_test(tests, unmap_clears_the_table, 0, 3);
    tcase_add_loop_test(tests, deletion_unlinks, 0, 3);
    tcase_add_test(tests, stale_tables_leave_others_alone);
    tcase_add_test(tests, copies_need_a_mapping);
    tcase_add_test(tests, objects_and_regions);
    suite_add_tcase(suite, tests);
    return suite;
}
