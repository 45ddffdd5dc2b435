/*
 * Frames: map, unmap, remap, rights, attributes, addresses, and every error (contract 4.9, 12).
 * Tables: tables.c.
 */
#include "prober.h"

enum { VSPACE = seL4_CapInitThreadVSpace };

#define LARGE (1ul << 21)
#define HUGE  (1ul << 30)

static struct reply unmap_frame(word frame)
{
    return invoke(frame, PAGE_UNMAP, NO_ARGS, NO_CAPS);
}

static void map_use_unmap(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_mapped_frame(TEST_ADDRESS);
    volatile word *page = (volatile word *)TEST_ADDRESS;

    CHECK_EQUAL(page[0], 0);
    page[511] = 0x1234;
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS + 4088), 0x1234);
    CHECK_OK(unmap_frame(frame));
    CHECK(!can_read(prober, TEST_ADDRESS));
    CHECK_OK(unmap_frame(frame));
    /* Elsewhere, with what was written. */
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS + 0x5000, ALL_RIGHTS, 0));
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS + 0x5000 + 4088), 0x1234);
    CHECK(!can_read(prober, TEST_ADDRESS));
}

static void wrong_labels(void)
{
    word frame = new_frame();
    word vspace = new_vspace();
    static const word wrong[] = {0,
                                 UNTYPED_RETYPE,
                                 PAGE_TABLE_MAP,
                                 PAGE_TABLE_UNMAP,
                                 PAGE_GET_ADDRESS + 1,
                                 FIRST_UNUSED_LABEL};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_REPLY(invoke(frame, wrong[i], ARGS(1, 2, 3), CAPS(vspace)), seL4_IllegalOperation);
    }
    /* A PML4 knows no method at all. */
    for (word label = 0; label <= FIRST_UNUSED_LABEL; label++) {
        CHECK_REPLY(invoke(vspace, label, ARGS(1, 2, 3), CAPS(vspace)), seL4_IllegalOperation);
    }
}

static void truncated(void)
{
    word frame = new_frame();

    CHECK_REPLY(invoke(frame, PAGE_MAP, ARGS(TEST_ADDRESS, 3), CAPS(VSPACE)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(frame, PAGE_MAP, ARGS(TEST_ADDRESS, 3, 0), NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(invoke(frame, PAGE_MAP, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
}

static void bad_root(void)
{
    word frame = new_frame();
    word no_asid = new_object(seL4_X64_PML4Object, 0);

    CHECK_REPLY(map_frame(frame, new_endpoint(), TEST_ADDRESS, 3, 0), seL4_InvalidCapability, 1);
    CHECK_REPLY(map_frame(frame, new_slot(), TEST_ADDRESS, 3, 0), seL4_InvalidCapability, 1);
    CHECK_REPLY(map_frame(frame, new_object(seL4_X86_PDPTObject, 0), TEST_ADDRESS, 3, 0),
                seL4_InvalidCapability, 1);
    CHECK_REPLY(map_frame(frame, no_asid, TEST_ADDRESS, 3, 0), seL4_InvalidCapability, 1);
    /* The root comes before the address. */
    CHECK_REPLY(map_frame(frame, no_asid, ~0ul, 3, 0), seL4_InvalidCapability, 1);
}

static void bad_addresses(void)
{
    word frame = new_frame();
    static const word wrong[] = {0x00007ffffffff000, 0x0000800000000000, 0xffff800000000000,
                                 0xfffffffffffff000, 0x00007ffffffff001, ~0ul,
                                 1ul << 63};
    static const word unaligned[] = {1, 8, 0x800, 0x10000000fff};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_REPLY(map_frame(frame, VSPACE, wrong[i], 3, 0), seL4_InvalidArgument, 0);
    }
    for (size_t i = 0; i < COUNT_OF(unaligned); i++) {
        CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + unaligned[i], 3, 0),
                    seL4_AlignmentError);
    }
}

static void large_addresses(void)
{
    word frame = new_object(seL4_X86_LargePageObject, 0);

    CHECK_REPLY(map_frame(frame, VSPACE, 0x00007fffffe00000, 3, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(map_frame(frame, VSPACE, ~0ul - LARGE + 1, 3, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + 0x1000, 3, 0), seL4_AlignmentError);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + LARGE / 2, 3, 0), seL4_AlignmentError);
}

static void missing_tables(void)
{
    word frame = new_frame();
    word large = new_object(seL4_X86_LargePageObject, 0);

    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    CHECK_REPLY(map_frame(large, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    map_tables(VSPACE, TEST_ADDRESS, 30);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 30);
    CHECK_REPLY(map_frame(large, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 30);
    map_tables(VSPACE, TEST_ADDRESS, 21);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 21);
    CHECK_OK(map_frame(large, VSPACE, TEST_ADDRESS, 3, 0));
    /* Below a large page there is no page table either. */
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 21);
}

static void large_page(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_object(seL4_X86_LargePageObject, 0);
    volatile word *page = (volatile word *)TEST_ADDRESS;

    map_tables(VSPACE, TEST_ADDRESS, 21);
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    page[LARGE / 8 - 1] = 5;
    CHECK_EQUAL(page[LARGE / 8 - 1], 5);
    CHECK_EQUAL(page[0], 0);
    CHECK(!can_read(prober, TEST_ADDRESS + LARGE));
    CHECK_OK(unmap_frame(frame));
    CHECK(!can_read(prober, TEST_ADDRESS));
    CHECK(!can_read(prober, TEST_ADDRESS + LARGE - 8));
}

static void large_over_table(void)
{
    word large = new_object(seL4_X86_LargePageObject, 0);

    map_tables(VSPACE, TEST_ADDRESS, 12);
    CHECK_REPLY(map_frame(large, VSPACE, TEST_ADDRESS, 3, 0), seL4_DeleteFirst);
    CHECK_OK(map_frame(large, VSPACE, TEST_ADDRESS + LARGE, 3, 0));
}

static void already_mapped(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_mapped_frame(TEST_ADDRESS);
    word other = new_vspace();

    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + 0x1000, 3, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + 1, 3, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(map_frame(frame, other, TEST_ADDRESS, 3, 0), seL4_InvalidCapability, 1);
    /* At the same address again: new rights. */
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, READ, 0));
    CHECK(can_read(prober, TEST_ADDRESS));
    CHECK(!can_write(prober, TEST_ADDRESS));
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, READ | WRITE, 0));
    CHECK(can_write(prober, TEST_ADDRESS));
    CHECK_EQUAL(*(volatile word *)TEST_ADDRESS, TEST_ADDRESS);
}

static void mapped_over(void)
{
    /*
     * A page of the same size in the way is replaced without a word; its capability then no longer
     * unmaps anything.
     */
    struct criminal prober = new_prober(0);
    word first = new_mapped_frame(TEST_ADDRESS);
    word second = new_frame();
    volatile word *page = (volatile word *)TEST_ADDRESS;

    *page = 1;
    CHECK_OK(map_frame(second, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_EQUAL(*page, 0);
    *page = 2;
    CHECK_OK(unmap_frame(first));
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS), 2);
    CHECK_OK(map_frame(first, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS), 1);
    CHECK_OK(delete_cap(second));
    CHECK(can_read(prober, TEST_ADDRESS));
    CHECK_OK(delete_cap(first));
    CHECK(!can_read(prober, TEST_ADDRESS));
}

static void large_mapped_over(void)
{
    struct criminal prober = new_prober(0);
    word frames[2] = {new_object(seL4_X86_LargePageObject, 0),
                      new_object(seL4_X86_LargePageObject, 0)};
    volatile word *page = (volatile word *)TEST_ADDRESS;

    map_tables(VSPACE, TEST_ADDRESS, 21);
    CHECK_OK(map_frame(frames[0], VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    *page = 1;
    CHECK_OK(map_frame(frames[1], VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_EQUAL(*page, 0);
    CHECK_OK(delete_cap(frames[0]));
    CHECK(can_read(prober, TEST_ADDRESS));
    CHECK_OK(delete_cap(frames[1]));
    CHECK(!can_read(prober, TEST_ADDRESS));
}

/* ---- Rights ---- */

static void effective_rights(void)
{
    static const struct {
        word cap, map;
        bool read, write;
    } cases[] = {
        {READ | WRITE, READ | WRITE, true, true},
        {READ | WRITE, READ, true, false},
        {READ | WRITE, WRITE, false, false},
        {READ | WRITE, 0, false, false},
        {READ, READ | WRITE, true, false},
        {READ, READ, true, false},
        {READ, WRITE, false, false},
        {READ, 0, false, false},
        {WRITE, READ | WRITE, false, false},
        {0, READ | WRITE, false, false},
        {READ | WRITE, ~0ul, true, true},
        {ALL_RIGHTS, READ | WRITE, true, true},
    };
    word frame = new_frame();
    struct criminal prober = new_prober(0);

    map_tables(VSPACE, TEST_ADDRESS, 12);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        word copy = new_copy(frame, cases[i].cap);

        CHECK_OK(map_frame(copy, VSPACE, TEST_ADDRESS, cases[i].map, 0));
        CHECK_EQUAL(can_read(prober, TEST_ADDRESS), cases[i].read);
        CHECK_EQUAL(can_write(prober, TEST_ADDRESS), cases[i].write);
        CHECK_OK(unmap_frame(copy));
    }
}

static void pages_are_executable(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_mapped_frame(TEST_ADDRESS);

    put_code(TEST_ADDRESS + 0x100);
    CHECK(can_execute(prober, TEST_ADDRESS + 0x100));
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, READ, 0));
    CHECK(can_execute(prober, TEST_ADDRESS + 0x100));
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, 0, 0));
    CHECK(!can_execute(prober, TEST_ADDRESS + 0x100));
}

static void attributes(void)
{
    static const word values[] = {0, 1, 2, 3, 4, 8, 0xfffffffffffffff8, 0xffffffffffffffff};
    struct criminal prober = new_prober(0);
    word frame = new_frame();
    word large = new_object(seL4_X86_LargePageObject, 0);

    map_tables(VSPACE, TEST_ADDRESS, 12);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, values[i]));
        *(volatile word *)TEST_ADDRESS = i + 1;
        CHECK_EQUAL(read_word(prober, TEST_ADDRESS), i + 1);
        CHECK_OK(map_frame(large, VSPACE, TEST_ADDRESS + LARGE, ALL_RIGHTS, values[i]));
        *(volatile word *)(TEST_ADDRESS + LARGE) = i + 2;
        CHECK_EQUAL(read_word(prober, TEST_ADDRESS + LARGE), i + 2);
    }
}

/* ---- Copies and deletion ---- */

static void copies_have_their_own_mapping(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_mapped_frame(TEST_ADDRESS);
    word copy = new_copy(frame, ALL_RIGHTS);

    /* The copy is not mapped, so it may go anywhere. */
    CHECK_OK(map_frame(copy, VSPACE, TEST_ADDRESS + 0x1000, ALL_RIGHTS, 0));
    *(volatile word *)TEST_ADDRESS = 77;
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS + 0x1000), 77);
    CHECK_OK(delete_cap(frame));
    CHECK(!can_read(prober, TEST_ADDRESS));
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS + 0x1000), 77);
    CHECK_OK(delete_cap(copy));
    CHECK(!can_read(prober, TEST_ADDRESS + 0x1000));
}

static void revoke_unmaps(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_mapped_frame(TEST_ADDRESS);
    word copy = new_copy(frame, ALL_RIGHTS);

    CHECK_OK(map_frame(copy, VSPACE, TEST_ADDRESS + 0x1000, ALL_RIGHTS, 0));
    CHECK_OK(revoke_cap(frame));
    CHECK(!can_read(prober, TEST_ADDRESS + 0x1000));
    CHECK(can_read(prober, TEST_ADDRESS));
}

static void moved_mapping(void)
{
    struct criminal prober = new_prober(0);
    word frame = new_mapped_frame(TEST_ADDRESS);
    word moved = new_slot();

    CHECK_OK(move_cap(moved, frame));
    CHECK(can_read(prober, TEST_ADDRESS));
    CHECK_OK(unmap_frame(moved));
    CHECK(!can_read(prober, TEST_ADDRESS));
}

static void addresses(void)
{
    word frame = new_frame();
    word copy = new_copy(frame, READ);
    struct reply reply = invoke(frame, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS);

    CHECK_REPLY(reply, 0, reply.mr[0]);
    CHECK_EQUAL(reply.mr[0] & 0xfff, 0);
    CHECK_REPLY(invoke(copy, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS), 0, reply.mr[0]);
    /* It lies in memory that boot info describes. */
    word count = boot_info->untyped.end - boot_info->untyped.start;
    bool found = false;
    for (word i = 0; i < count; i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];

        found = found || (!untyped->isDevice && reply.mr[0] >= untyped->paddr &&
                          reply.mr[0] - untyped->paddr < 1ul << untyped->sizeBits);
    }
    CHECK(found);
}

static void first_and_last_page(void)
{
    struct criminal prober = new_prober(0);
    word low_page = new_frame();
    word high_page = new_frame();

    map_tables(VSPACE, 0, 12);
    CHECK_OK(map_frame(low_page, VSPACE, 0, ALL_RIGHTS, 0));
    CHECK(can_write(prober, 0));
    map_tables(VSPACE, 0x00007fffffffe000, 12);
    CHECK_OK(map_frame(high_page, VSPACE, 0x00007fffffffe000, ALL_RIGHTS, 0));
    CHECK(can_write(prober, 0x00007fffffffeff8));
    CHECK(!can_write(prober, 0x00007ffffffff000));
    CHECK_OK(unmap_frame(low_page));
    CHECK(!can_read(prober, 0));
}

static void two_address_spaces(void)
{
    word other = clone_vspace();
    struct criminal here = new_prober(0);
    struct criminal there = new_prober(other);
    word frame = new_mapped_frame(TEST_ADDRESS);
    word frame_there = new_frame();

    CHECK(!can_read(there, TEST_ADDRESS));
    map_tables(other, TEST_ADDRESS, 12);
    CHECK_OK(map_frame(frame_there, other, TEST_ADDRESS, ALL_RIGHTS, 0));
    *(volatile word *)TEST_ADDRESS = 1;
    CHECK_EQUAL(read_word(there, TEST_ADDRESS), 0);
    CHECK(can_write(there, TEST_ADDRESS));
    CHECK_EQUAL(read_word(here, TEST_ADDRESS), 1);
    CHECK_EQUAL(read_word(there, TEST_ADDRESS), TEST_ADDRESS);
    /* One frame in both. */
    CHECK_OK(map_frame(new_copy(frame, ALL_RIGHTS), other, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_EQUAL(read_word(there, TEST_ADDRESS), 1);
    CHECK_OK(unmap_frame(frame));
    CHECK(!can_read(here, TEST_ADDRESS));
    CHECK_EQUAL(read_word(there, TEST_ADDRESS), 1);
}

static bool has_huge_pages(void)
{
    uint32_t a = 0x80000001;
    uint32_t b;
    uint32_t c = 0;
    uint32_t d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return d >> 26 & 1;
}

static void huge_page(void)
{
    word untyped = spare_untyped(30);
    word frame = new_slot();
    struct criminal prober = new_prober(0);

    if (untyped == 0) {
        skip("no untyped of 1 GiB beside the harness's own");
    }
    CHECK_OK(retype(untyped, seL4_X64_HugePageObject, 0, frame, 1));
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    map_tables(VSPACE, TEST_ADDRESS, 30);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + LARGE, 3, 0), seL4_AlignmentError);
    if (!has_huge_pages()) {
        CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 4), seL4_IllegalOperation);
        skip("this CPU maps no 1 GiB pages");
    }
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 4));
    CHECK(can_write(prober, TEST_ADDRESS + HUGE - 8));
    CHECK(!can_write(prober, TEST_ADDRESS + HUGE));
    CHECK_REPLY(invoke(new_object(seL4_X86_PageDirectoryObject, 0), PAGE_DIRECTORY_MAP,
                       ARGS(TEST_ADDRESS, 0), CAPS(VSPACE)),
                seL4_DeleteFirst);
    CHECK_OK(unmap_frame(frame));
    CHECK(!can_read(prober, TEST_ADDRESS));
    /* A 1 GiB frame over a page directory. */
    map_tables(VSPACE, TEST_ADDRESS, 21);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_DeleteFirst);
}

static const struct test tests[] = {
    {"frame-map", "map, use, unmap, map elsewhere", map_use_unmap},
    {"frame-wrong-labels", "frames and PML4s refuse other labels", wrong_labels},
    {"frame-truncated", "Map with too few words or capabilities", truncated},
    {"frame-bad-root", "Map into what is no address space", bad_root},
    {"frame-bad-address", "addresses beyond the user's, or not aligned", bad_addresses},
    {"frame-large-address", "the same for 2 MiB frames", large_addresses},
    {"frame-missing-tables", "which table is missing", missing_tables},
    {"frame-large", "a 2 MiB frame", large_page},
    {"frame-large-over-table", "a 2 MiB frame over a page table", large_over_table},
    {"frame-remap", "mapping a mapped frame again", already_mapped},
    {"frame-replace", "a frame mapped over another", mapped_over},
    {"frame-large-replace", "a 2 MiB frame mapped over another", large_mapped_over},
    {"frame-rights", "the rights of capability and Map together", effective_rights},
    {"frame-executable", "user pages are executable", pages_are_executable},
    {"frame-attributes", "all attributes are accepted", attributes},
    {"frame-copies", "each capability has its own mapping", copies_have_their_own_mapping},
    {"frame-revoke", "revoking unmaps the copies", revoke_unmaps},
    {"frame-move", "a moved capability keeps its mapping", moved_mapping},
    {"frame-address", "GetAddress", addresses},
    {"frame-limits", "the first and the last user page", first_and_last_page},
    {"frame-two-spaces", "two address spaces are apart", two_address_spaces},
    {"frame-huge", "a 1 GiB frame where memory allows", huge_page},
};

SUBJECT(frames, tests);
