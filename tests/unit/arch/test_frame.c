/* Page_Map, Page_Unmap, Page_GetAddress; frames as IPC buffers; what copies of frames are. */
#include "world.h"

enum { TABLES = 10, FRAME = 20, OTHER = 21 };
enum { RW = RIGHT_READ | RIGHT_WRITE };
#define VADDR 0x7f1234567000ull
#define BASE  0x1234567000ull

static enum error_code map(unsigned slot, vaddr_t vaddr, word_t rights, word_t attributes)
{
    return invoke(&cnode[slot], LABEL_X86PageMap, WORDS(vaddr, rights, attributes),
                  CAPS(&cnode[SLOT_ROOT]));
}

static enum error_code unmap(unsigned slot)
{
    return invoke(&cnode[slot], LABEL_X86PageUnmap, NOTHING, NOTHING);
}

static word_t mapped(vaddr_t vaddr)
{
    return walk_entry(root_table(SLOT_ROOT), vaddr);
}

START_TEST(small_page_entry)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    put_frame(FRAME, BASE, FRAME_SMALL);
    ck_assert_int_eq(map(FRAME, VADDR, RW, 0), ERROR_NONE);
    ck_assert_uint_eq(answer.length, 0);
    ck_assert_uint_eq(mapped(VADDR), BASE | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER);
    ck_assert_uint_eq(mapping_capability_asid(cnode[FRAME].capability), 1);
    ck_assert_uint_eq(mapping_capability_vaddr(cnode[FRAME].capability), VADDR);
    ck_assert_uint_eq(shoot_down_count, 0); /* nothing was there, nothing can be cached */
    check_all_rules();
}
END_TEST

START_TEST(attributes_by_size)
{
    static const word_t small[] = {0, 0x08, 0x10, 0x18, 0x80, 0x88, 0x90, 0x98};
    static const word_t large[] = {0, 0x08, 0x10, 0x18, 0x1000, 0x1008, 0x1010, 0x1018};
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    put_frame(FRAME, BASE, FRAME_SMALL);
    map_tables(SLOT_ROOT, 0, TABLES + 3, 2);
    put_frame(OTHER, 0x40000000, FRAME_LARGE);
    for (word_t a = 0; a < 8; a++) {
        /* Bits above the third are ignored. */
        ck_assert_int_eq(map(FRAME, VADDR, RW, a | 0xff00), ERROR_NONE);
        ck_assert_uint_eq(mapped(VADDR), BASE | 7 | small[a]);
        ck_assert_int_eq(map(OTHER, 0x600000, RW, a), ERROR_NONE);
        ck_assert_uint_eq(mapped(0x7ff123), 0x40000000 | 7 | PAGE_IS_LARGE | large[a]);
    }
    put_frame(30, 0x4000000000, FRAME_HUGE);
    ck_assert_int_eq(map(30, 0x8000000000 - BIT(30), RW, 7), ERROR_NONE);
    ck_assert_uint_eq(mapped(0x7fffffffff), 0x4000000000 | 7 | PAGE_IS_LARGE | 0x18);
    check_all_rules();
}
END_TEST

START_TEST(shared_frames_are_write_back)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 2);
    put(FRAME, shared_frame_capability(FIRST_DEVICE_ADDRESS, FRAME_LARGE, RW));
    ck_assert_int_eq(map(FRAME, ALIGN_DOWN(VADDR, 21), RW, 7), ERROR_NONE);
    ck_assert_uint_eq(mapped(VADDR), FIRST_DEVICE_ADDRESS | 7 | PAGE_IS_LARGE);
    ck_assert(copy(FRAME, OTHER, RIGHTS_ALL));
    ck_assert(frame_capability_is_shared(cnode[OTHER].capability));
    ck_assert(frame_capability_is_device(cnode[OTHER].capability));
}
END_TEST

/* Contract 4.9: the table of effective rights, for every mask. */
START_TEST(rights)
{
    static const word_t own_rights[] = {RW, RIGHT_READ, 0};
    word_t mask = (word_t)_i % 16, own = own_rights[_i / 16];
    word_t access = mask & own & RIGHT_READ
                        ? mask & own & RIGHT_WRITE ? PAGE_USER | PAGE_WRITABLE : PAGE_USER
                        : 0;
    word_t no_execute = access ? 0 : PAGE_EXECUTE_DISABLE;
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    put(FRAME, frame_capability(BASE, FRAME_SMALL, own, false));
    ck_assert_int_eq(map(FRAME, VADDR, mask, 0), ERROR_NONE);
    ck_assert_uint_eq(mapped(VADDR), BASE | PAGE_PRESENT | access | no_execute);

    /* The same by masking the capability first and mapping with everything. */
    put(OTHER, arch_mask_rights(frame_capability(BASE, FRAME_SMALL, own, false), mask));
    ck_assert_int_eq(map(OTHER, VADDR, RIGHTS_ALL, 0), ERROR_NONE);
    ck_assert_uint_eq(mapped(VADDR), BASE | PAGE_PRESENT | access | no_execute);
    check_all_rules();
}
END_TEST

START_TEST(checks_in_order)
{
    struct slot *empty = &cnode[99];
    put_frame(FRAME, BASE, FRAME_SMALL);
    put_structure(30, OBJECT_PML4); /* no ASID */
    const word_t bad = ABI_USER_TOP + 1;

    ck_assert_int_eq(
        invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(bad, 0), CAPS(&cnode[SLOT_ROOT])),
        ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(bad, 0, 0), NOTHING),
                     ERROR_TRUNCATED_MESSAGE);
    struct slot *not_roots[] = {empty, &cnode[30], &cnode[FRAME], &cnode_slot};
    for (unsigned i = 0; i < ARRAY_LENGTH(not_roots); i++) {
        ck_assert_int_eq(
            invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(bad, 0, 0), CAPS(not_roots[i])),
            ERROR_INVALID_CAPABILITY);
        ck_assert_uint_eq(answer.words[0], 1);
    }
    static const word_t beyond[] = {ABI_USER_TOP + 1, 0x7ffffffff001, 0x7ffffffff000, ~0ull,
                                    ~0ull << 12,      1ull << 63};
    for (unsigned i = 0; i < ARRAY_LENGTH(beyond); i++) {
        ck_assert_int_eq(map(FRAME, beyond[i], RW, 0), ERROR_INVALID_ARGUMENT);
        ck_assert_uint_eq(answer.words[0], 0);
    }
    ck_assert_int_eq(map(FRAME, VADDR + 8, RW, 0), ERROR_ALIGNMENT);
    for (unsigned levels = 0; levels < 3; levels++) {
        static const word_t missing[] = {39, 30, 21};
        ck_assert_int_eq(map(FRAME, VADDR, RW, 0), ERROR_FAILED_LOOKUP);
        ck_assert_uint_eq(answer.length, 3);
        ck_assert_uint_eq(answer.words[0], 0);
        ck_assert_uint_eq(answer.words[1], LOOKUP_MISSING_CAPABILITY);
        ck_assert_uint_eq(answer.words[2], missing[levels]);
        static const enum target_object_type type[] = {OBJECT_PDPT, OBJECT_PAGE_DIRECTORY,
                                                       OBJECT_PAGE_TABLE};
        static const word_t label[] = {LABEL_X86PDPTMap, LABEL_X86PageDirectoryMap,
                                       LABEL_X86PageTableMap};
        struct slot *table = put_structure(TABLES + levels, type[levels]);
        ck_assert_int_eq(invoke(table, label[levels], WORDS(VADDR, 0), CAPS(&cnode[SLOT_ROOT])),
                         ERROR_NONE);
    }
    ck_assert(!mapping_capability_is_mapped(cnode[FRAME].capability));
    ck_assert_int_eq(map(FRAME, VADDR, RW, 0), ERROR_NONE);
    /* Mapped: elsewhere is refused by where it is, whatever else is wrong. */
    ck_assert_int_eq(map(FRAME, VADDR + 0x1000, RW, 0), ERROR_INVALID_ARGUMENT);
    /* though its low bits are those of the ASID */
    ck_assert_int_eq(map(FRAME, VADDR + 1, RW, 0), ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(map(FRAME, ~0ull, RW, 0), ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(VADDR, 3, 0), CAPS(empty)),
                     ERROR_INVALID_CAPABILITY);
    /* In another VSpace, whatever the address. */
    put_structure(31, OBJECT_PML4);
    ck_assert_int_eq(invoke(&cnode[SLOT_POOL], LABEL_X86ASIDPoolAssign, NOTHING, CAPS(&cnode[31])),
                     ERROR_NONE);
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(VADDR, 3, 0), CAPS(&cnode[31])),
                     ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(answer.words[0], 1);
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(~0ull, 3, 0), CAPS(&cnode[31])),
                     ERROR_INVALID_CAPABILITY);
    ck_assert_int_eq(invoke(&cnode[30], LABEL_X86PageMap, WORDS(0, 0, 0), CAPS(empty)),
                     ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(last_pages)
{
    map_tables(SLOT_ROOT, 0x7fffffffe000, TABLES, 3);
    put_frame(FRAME, BASE, FRAME_SMALL);
    ck_assert_int_eq(map(FRAME, 0x7fffffffe000, RW, 0), ERROR_NONE);
    ck_assert_uint_ne(mapped(0x7fffffffe000), 0);
    put_frame(OTHER, 0x40000000, FRAME_LARGE);
    ck_assert_int_eq(map(OTHER, 0x7fffffe00000, RW, 0), ERROR_INVALID_ARGUMENT);
    map_tables(SLOT_ROOT, 0, TABLES + 3, 3);
    put_frame(30, BASE, FRAME_SMALL);
    ck_assert_int_eq(map(30, 0, RW, 0), ERROR_NONE); /* page 0 may be mapped */
    ck_assert_uint_eq(mapping_capability_asid(cnode[30].capability), 1);
    ck_assert_int_eq(unmap(30), ERROR_NONE);
    ck_assert_uint_eq(mapped(0), 0);
    for (unsigned i = 256; i < 512; i++) {
        ck_assert_uint_eq(root_table(SLOT_ROOT)[i], ((word_t *)window(node_root))[i]);
    }
}
END_TEST

START_TEST(tables_are_not_replaced)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    put_frame(FRAME, 0x40000000, FRAME_LARGE);
    ck_assert_int_eq(map(FRAME, ALIGN_DOWN(VADDR, 21), RW, 0), ERROR_DELETE_FIRST);
    put_frame(OTHER, 0x40000000, FRAME_HUGE);
    ck_assert_int_eq(map(OTHER, ALIGN_DOWN(VADDR, 30), RW, 0), ERROR_DELETE_FIRST);
    /* A page in the place of a table: the table is missing. */
    put_frame(30, BASE, FRAME_SMALL);
    ck_assert_int_eq(map(FRAME, ALIGN_DOWN(VADDR, 21) + BIT(21), RW, 0), ERROR_NONE);
    ck_assert_int_eq(map(30, ALIGN_DOWN(VADDR, 21) + BIT(21), RW, 0), ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.words[2], 21);
    ck_assert_int_eq(map(OTHER, ALIGN_DOWN(VADDR, 30) + BIT(30), RW, 0), ERROR_NONE);
    ck_assert_int_eq(map(30, ALIGN_DOWN(VADDR, 30) + BIT(30), RW, 0), ERROR_FAILED_LOOKUP);
    ck_assert_uint_eq(answer.words[2], 30);
}
END_TEST

START_TEST(huge_pages_need_the_cpu)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 1);
    has_huge_pages = false;
    put_frame(FRAME, 0x40000000, FRAME_HUGE);
    ck_assert_int_eq(map(FRAME, BIT(30) + 0x1000, RW, 0), ERROR_ALIGNMENT);
    ck_assert_int_eq(map(FRAME, ALIGN_DOWN(VADDR, 30), RW, 0), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(mapped(VADDR), 0);
}
END_TEST

START_TEST(replacing_shoots_down)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    put_frame(FRAME, BASE, FRAME_SMALL);
    put_frame(OTHER, BASE + 0x1000, FRAME_SMALL);
    ck_assert_int_eq(map(FRAME, VADDR, RW, 0), ERROR_NONE);
    /* other rights at the same place */
    ck_assert_int_eq(map(FRAME, VADDR, RIGHT_READ, 0), ERROR_NONE);
    ck_assert_uint_eq(shoot_down_count, 1);
    ck_assert_uint_eq(mapped(VADDR), BASE | PAGE_PRESENT | PAGE_USER);
    ck_assert_int_eq(map(OTHER, VADDR, RW, 0), ERROR_NONE);
    ck_assert_uint_eq(shoot_down_count, 1);
    ck_assert_uint_eq(shoot_downs[0].root, window_to_physical(root_table(SLOT_ROOT)));
    ck_assert_uint_eq(shoot_downs[0].vaddr, VADDR);
    ck_assert(!shoot_downs[0].structures);
    check_all_rules();

    /*
     * The first frame's capability is stale: unmapping and deleting it leave the second frame's
     * page alone.
     */
    ck_assert(mapping_capability_is_mapped(cnode[FRAME].capability));
    ck_assert_int_eq(unmap(FRAME), ERROR_NONE);
    ck_assert(!mapping_capability_is_mapped(cnode[FRAME].capability));
    ck_assert_uint_eq(shoot_down_count, 0);
    ck_assert_uint_eq(mapped(VADDR), (BASE + 0x1000) | 7);
    remove_slot(&cnode[OTHER]);
    ck_assert_uint_eq(shoot_down_count, 1);
    ck_assert_uint_eq(mapped(VADDR), 0);
}
END_TEST

START_TEST(copies_are_unmapped)
{
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    put_frame(FRAME, BASE, FRAME_SMALL);
    ck_assert_int_eq(map(FRAME, VADDR, RW, 0), ERROR_NONE);
    ck_assert(copy(FRAME, OTHER, RIGHT_READ));
    ck_assert(!mapping_capability_is_mapped(cnode[OTHER].capability));
    ck_assert_int_eq(map(OTHER, VADDR + 0x1000, RW, 0), ERROR_NONE);
    ck_assert_uint_eq(mapped(VADDR + 0x1000), BASE | PAGE_PRESENT | PAGE_USER);
    /* Each has its own mapping: the last one's deletion is not needed for either. */
    remove_slot(&cnode[FRAME]);
    ck_assert_uint_eq(mapped(VADDR), 0);
    ck_assert_uint_ne(mapped(VADDR + 0x1000), 0);
    remove_slot(&cnode[OTHER]);
    ck_assert_uint_eq(mapped(VADDR + 0x1000), 0);
}
END_TEST

START_TEST(address_and_wrong_labels)
{
    put(FRAME, frame_capability(BASE, FRAME_SMALL, 0, true));
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageGetAddress, NOTHING, NOTHING), ERROR_NONE);
    ck_assert_uint_eq(answer.length, 1);
    ck_assert_uint_eq(answer.words[0], BASE);
    for (word_t label = 0; label < 60; label++) {
        bool own = label >= LABEL_X86PageMap && label <= LABEL_X86PageGetAddress;
        ck_assert(own || invoke(&cnode[FRAME], label, NOTHING, NOTHING) == ERROR_ILLEGAL_OPERATION);
        ck_assert_int_eq(invoke(&cnode[SLOT_ROOT], label, NOTHING, NOTHING),
                         ERROR_ILLEGAL_OPERATION);
    }
    ck_assert_int_eq(invoke(&cnode[FRAME], LABEL_X86PageMap | 1ull << 40, WORDS(0, 0, 0), NOTHING),
                     ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(ipc_buffers)
{
    static struct tcb thread;
    struct capability *c = &thread.slots[TCB_IPC_BUFFER].capability;
    ck_assert_ptr_null(arch_ipc_buffer(&thread, false));
    paddr_t page = new_page();
    thread.ipc_buffer = 0x12345c00;
    *c = frame_capability(page, FRAME_SMALL, RW, false);
    ck_assert_ptr_eq(arch_ipc_buffer(&thread, true), (char *)window(page) + 0xc00);
    *c = frame_capability(page, FRAME_SMALL, RIGHT_READ, false);
    ck_assert_ptr_eq(arch_ipc_buffer(&thread, false), (char *)window(page) + 0xc00);
    ck_assert_ptr_null(arch_ipc_buffer(&thread, true));
    *c = frame_capability(page, FRAME_SMALL, 0, false);
    ck_assert_ptr_null(arch_ipc_buffer(&thread, false));
    *c = frame_capability(page, FRAME_SMALL, RW, true);
    ck_assert_ptr_null(arch_ipc_buffer(&thread, false));
    ck_assert(!arch_is_buffer_frame(*c));
    *c = frame_capability(0, FRAME_LARGE, RW, false);
    ck_assert_uint_eq(window_to_physical(arch_ipc_buffer(&thread, true)), 0x145c00);
    ck_assert(!arch_is_buffer_frame(cnode[SLOT_ROOT].capability));
}
END_TEST

Suite *frame_suite(void)
{
    Suite *suite = suite_create("frames");
    TCase *tests = tcase_create("frames");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, world_init, NULL);
    tcase_add_test(tests, small_page_entry);
    tcase_add_test(tests, attributes_by_size);
    tcase_add_test(tests, shared_frames_are_write_back);
    tcase_add_loop_test(tests, rights, 0, 48);
    tcase_add_test(tests, checks_in_order);
    tcase_add_test(tests, last_pages);
    tcase_add_test(tests, tables_are_not_replaced);
    tcase_add_test(tests, huge_pages_need_the_cpu);
    tcase_add_test(tests, replacing_shoots_down);
    tcase_add_test(tests, copies_are_unmapped);
    tcase_add_test(tests, address_and_wrong_labels);
    tcase_add_test(tests, ipc_buffers);
    suite_add_tcase(suite, tests);
    return suite;
}
