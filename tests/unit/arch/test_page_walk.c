/*
 * One walker for all page tables: what page_walk() finds, and what page_tables_map() builds, seen
 * by the tests' own walk, which is written from the manual and shares no code with it.
 */
#include "world.h"
#include <stdlib.h>
#include <x86/page_walk.h>

#define KERNEL_ADDRESS   0xffff900000000000ull
#define PRESENT_WRITABLE 3ull

static word_t *pml4;
static unsigned pages_left, pages_taken;

static paddr_t take_page(void *memory)
{
    ck_assert_ptr_eq(memory, &pages_left);
    if (pages_left == 0) {
        return 0;
    }
    pages_left--;
    pages_taken++;
    return new_page();
}

static struct page_table_builder start(bool huge_pages, unsigned pages)
{
    pages_left = pages;
    pages_taken = 0;
    pml4 = window(new_page());
    return (struct page_table_builder){
        .pml4 = pml4,
        .page_flags = 0x100,
        .largest_bits = huge_pages ? 30 : 21,
        .take_page = take_page,
        .memory = &pages_left,
    };
}

/* Intel SDM volume 3, figures 4-8 to 4-10. Returns the page's entry, and its size in *bits. */
static word_t manual_walk(word_t address, unsigned *bits)
{
    const word_t *table = pml4;
    for (*bits = 39;; *bits -= 9) {
        word_t entry = table[address >> *bits & 0x1ff];
        if (!(entry & 1) || *bits == 12 || (entry & 0x80)) {
            return entry;
        }
        table = (const word_t *)(host_window + (entry & 0xffffffffff000ull));
    }
}

/* The physical address and the flags of an address. */
static void check_maps(word_t address, paddr_t physical, word_t flags, unsigned page_bits)
{
    unsigned bits;
    word_t entry = manual_walk(address, &bits);
    ck_assert_uint_eq(bits, page_bits);
    word_t address_bits = 0xfffffffffffffull & ~((1ull << bits) - 1);
    ck_assert_uint_eq((entry & address_bits) + (address & ((1ull << bits) - 1)), physical);
    ck_assert_uint_eq(entry & ~address_bits, flags | 1 | (bits > 12 ? 0x80 : 0));
}

static void check_absent(word_t address)
{
    unsigned bits;
    ck_assert_uint_eq(manual_walk(address, &bits), 0);
}

/* The walk stops at each level: a table is missing there, or a page is in its place. */
START_TEST(walk_stops)
{
    start(true, 0);
    vaddr_t address = 0x7f1234567000ull;
    word_t *table = pml4;
    for (unsigned bits = 39; bits > 12; bits -= 9) {
        unsigned missing = 0;
        ck_assert_ptr_null(page_walk(pml4, address, 12, &missing));
        ck_assert_uint_eq(missing, bits);
        word_t *entry = &table[address >> bits & 511];
        ck_assert_ptr_eq(page_walk(pml4, address, bits, &missing), entry);
        if (bits < 39) {
            *entry = 0x40000000 | PRESENT_WRITABLE | 0x80; /* a page */
            missing = 0;
            ck_assert_ptr_null(page_walk(pml4, address, 12, &missing));
            ck_assert_uint_eq(missing, bits);
        }
        *entry = 0x1000 | 0x6; /* not present */
        ck_assert_ptr_null(page_walk(pml4, address, bits - 9, &missing));
        paddr_t next = new_page();
        *entry = next | PRESENT_WRITABLE | 0x8000000000000060ull;
        table = window(next);
    }
    unsigned missing;
    ck_assert_ptr_eq(page_walk(pml4, address, 12, &missing), &table[address >> 12 & 511]);
}
END_TEST

/* Every size of page is used where it fits, and nowhere else. */
START_TEST(largest_pages_that_fit)
{
    for (unsigned huge = 0; huge < 2; huge++) {
        struct page_table_builder b = start(huge, 100);
        /* From one small page below a huge page's border to 2 MiB and two small pages after it. */
        word_t address = KERNEL_ADDRESS + (3ull << 30) - 0x1000;
        paddr_t physical = (5ull << 30) - 0x1000;
        uint64_t bytes = 0x1000 + (1ull << 30) + (1ull << 21) + 0x2000;
        page_tables_map(&b, address, physical, bytes, 2);
        ck_assert(!b.failed);
        for (uint64_t at = 0; at < bytes; at += 0x1000) {
            bool is_huge = huge && at >= 0x1000 && at < 0x1000 + (1ull << 30);
            bool is_small = at == 0 || at >= bytes - 0x2000;
            check_maps(address + at, physical + at, 0x102, is_small ? 12 : is_huge ? 30 : 21);
        }
        check_absent(address - 0x1000);
        check_absent(address + bytes);
        /* PDPT; page directories of the first GiB, the last and without huge pages the middle one;
         * page tables at both ends. */
        ck_assert_uint_eq(pages_taken, huge ? 5 : 6);
    }
}
END_TEST

/* Address bits that would be flags, or are reserved, do not get into an entry. */
START_TEST(only_address_bits)
{
    struct page_table_builder b = start(false, 10);
    page_tables_map(&b, KERNEL_ADDRESS, 0xfff0000000005000ull, 0x1000, 0x8000000000000000ull);
    check_maps(KERNEL_ADDRESS, 0x5000, 0x8000000000000100ull, 12);
}
END_TEST

/* Whenever memory ends: it says so, takes nothing more, and what is there is a page table. */
START_TEST(memory_ends)
{
    for (unsigned pages = 0; pages <= 4; pages++) {
        struct page_table_builder b = start(false, pages);
        page_tables_map(&b, KERNEL_ADDRESS + (1 << 21) - 0x1000, 0x5ff000, 0x2000, 2);
        ck_assert(b.failed == (pages < 4));
        ck_assert_uint_eq(pages_taken, pages);
        if (pages >= 3) {
            check_maps(KERNEL_ADDRESS + (1 << 21) - 0x1000, 0x5ff000, 0x102, 12);
        }
        if (pages < 4) {
            check_absent(KERNEL_ADDRESS + (1 << 21));
        }
        page_tables_map(&b, KERNEL_ADDRESS, 0x400000, 0x1000, 2);
        ck_assert_uint_eq(pages_taken, pages);
    }
}
END_TEST

/* Random ranges beside one another, each seen at both ends and in the middle. */
START_TEST(random_ranges)
{
    srand(_i + 1);
    struct page_table_builder b = start(_i & 1, 400);
    struct {
        word_t address;
        paddr_t physical;
        uint64_t bytes;
        word_t flags;
    } range[8];
    word_t address = KERNEL_ADDRESS;
    for (unsigned i = 0; i < ARRAY_LENGTH(range); i++) {
        unsigned unit = (unsigned[]){12, 12, 21, 21, 30}[rand() % 5];
        address = ALIGN_UP(address + 1, unit);
        range[i].address = address;
        range[i].physical = (word_t)rand() % 512 << unit;
        range[i].physical += unit < 30 ? (word_t)rand() % 3 << 12 : 0; /* else 512 tables each */
        range[i].bytes = ((word_t)rand() % 3 << unit) + ((word_t)(rand() % 600 + 1) << 12);
        range[i].flags = rand() % 2 ? 2 : 0x8000000000000018ull;
        page_tables_map(&b, address, range[i].physical, range[i].bytes, range[i].flags);
        address += range[i].bytes;
    }
    ck_assert(!b.failed);
    for (unsigned i = 0; i < ARRAY_LENGTH(range); i++) {
        uint64_t places[] = {0, (uint64_t)rand() % (range[i].bytes >> 12) << 12,
                             range[i].bytes - 0x1000};
        for (unsigned j = 0; j < ARRAY_LENGTH(places); j++) {
            unsigned bits;
            manual_walk(range[i].address + places[j], &bits);
            check_maps(range[i].address + places[j], range[i].physical + places[j],
                       range[i].flags | 0x100, bits);
        }
        check_absent(range[i].address + range[i].bytes);
    }
}
END_TEST

Suite *page_walk_suite(void)
{
    Suite *suite = suite_create("page walk");
    TCase *tests = tcase_create("page walk");
    tcase_add_checked_fixture(tests, world_init, NULL);
    tcase_add_test(tests, walk_stops);
    tcase_add_test(tests, largest_pages_that_fit);
    tcase_add_test(tests, only_address_bits);
    tcase_add_test(tests, memory_ends);
    tcase_add_loop_test(tests, random_ranges, 0, 20);
    suite_add_tcase(suite, tests);
    return suite;
}
