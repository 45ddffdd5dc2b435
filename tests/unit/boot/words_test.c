/* Words, numbers and sizes of the command line; formatted text; lists of memory ranges. */
#include "machine.h"
#include "suites.h"
#include <boot/plan/configuration.h>
#include <boot/plan/planning.h>
#include <inttypes.h>
#include <kernel/format.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text, *words; /* each followed by '|' */
} splits[] = {
    {"", ""},
    {"   ", ""},
    {"a", "a|"},
    {" a\tb\n  c ", "a|b|c|"},
    {"\"b=x  y\" \"c d\"", "b=x  y|c d|"},
    {"a=\"x y\"z", "a=x yz|"},
    {"g\\\"h i\\'j k\\\\l m\\n", "g\"h|i'j|k\\l|m\\n|"},
    {"\"\" x", "|x|"},
    {"\"open x", "open x|"},
    {"a\\", "a\\|"},
    {"it's", "it's|"},
    /* what GRUB makes of: a=1   b="x  y" 'c d' e\ f g\"h i=$v 'k=$v' l; */
    {"a=1 \"b=x  y\" \"c d\" \"e f\" g\\\"h i=expanded k=$v l",
     "a=1|b=x  y|c d|e f|g\"h|i=expanded|k=$v|l|"},
};

START_TEST(words_are_split)
{
    const char *cursor = splits[_i].text;
    char words[200] = "";
    struct word word;
    while (next_word(&cursor, &word)) {
        strcat(strcat(words, word.text), "|");
    }
    ck_assert_str_eq(words, splits[_i].words);
    ck_assert(*cursor == '\0');
}
END_TEST

START_TEST(file_names_are_qemus)
{
    ck_assert_str_eq(skip_file_name("dir/k.elf a=1", "qemu"), " a=1");
    ck_assert_str_eq(skip_file_name("k.elf ", "qemu"), " ");
    ck_assert_str_eq(skip_file_name("k.elf", "qemu"), "");
    ck_assert_str_eq(skip_file_name("a=1", "GRUB 2.06-13"), "a=1");
    ck_assert_str_eq(skip_file_name("a=1", "qemu-like"), "a=1");
    ck_assert_str_eq(skip_file_name("a=1", "qem"), "a=1");
    ck_assert_str_eq(skip_file_name("a=1", ""), "a=1");
}
END_TEST

START_TEST(numbers_and_sizes)
{
    static const struct {
        const char *text;
        bool number, size;
        uint64_t value;
    } cases[] = {
        {"0", true, true, 0},
        {"12", true, true, 12},
        {"0x1fF", true, true, 0x1ff},
        {"0X10", true, true, 16},
        {"18446744073709551615", true, true, UINT64_MAX},
        {"18446744073709551616", false, false, 0},
        {"0xffffffffffffffff", true, true, UINT64_MAX},
        {"0x10000000000000000", false, false, 0},
        {"", false, false, 0},
        {"0x", false, false, 0},
        {"-1", false, false, 0},
        {"+1", false, false, 0},
        {" 1", false, false, 0},
        {"1a", false, false, 0},
        {"0xg", false, false, 0},
        {"1K", false, true, 1024},
        {"3m", false, false, 0},
        {"0x10G", false, true, GIB(16)},
        {"K", false, false, 0},
        {"1KK", false, false, 0},
        {"17179869183G", false, true, GIB(17179869183)},
        {"17179869184G", false, false, 0},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint64_t value = 0;
        ck_assert_msg(parse_number(cases[i].text, strlen(cases[i].text), &value) == cases[i].number,
                      "%s", cases[i].text);
        ck_assert_msg(!cases[i].number || value == cases[i].value, "%s", cases[i].text);
        ck_assert_msg(parse_size(cases[i].text, strlen(cases[i].text), &value) == cases[i].size,
                      "%s", cases[i].text);
        ck_assert_msg(!cases[i].size || value == cases[i].value, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(sizes_are_shown)
{
    char shown[SIZE_BYTES];
    ck_assert_str_eq(show_size(0, shown), "0 bytes");
    ck_assert_str_eq(show_size(1023, shown), "1023 bytes");
    ck_assert_str_eq(show_size(1536, shown), "1.5 KiB");
    ck_assert_str_eq(show_size(MIB(64), shown), "64 MiB");
    ck_assert_str_eq(show_size(MIB(1023) + KIB(1023), shown), "1023.9 MiB");
    ck_assert_str_eq(show_size(GIB(5) / 2, shown), "2.5 GiB");
    ck_assert_str_eq(show_size(UINT64_MAX, shown), "16777215.9 TiB");
}
END_TEST

/* --- formatted text, against the C library's --- */

__attribute__((format(printf, 1, 2))) static void expect_format(const char *format, ...)
{
    char ours[300], theirs[300];
    va_list arguments, again;
    size_t ours_length;
    int theirs_length;
    va_start(arguments, format);
    va_copy(again, arguments);
    ours_length = format_text(ours, sizeof(ours), format, arguments);
    theirs_length = vsnprintf(theirs, sizeof(theirs), format, again);
    va_end(again);
    va_end(arguments);
    ck_assert_str_eq(ours, theirs);
    ck_assert_uint_eq(ours_length, (size_t)theirs_length);
}

START_TEST(formats_agree_with_the_c_library)
{
    expect_format("plain, %% and %s", "text");
    expect_format("%d %i %u %x", -1, INT_MIN, UINT_MAX, 0xbeefu);
    expect_format("%ld %lu %lx %zu", LONG_MIN, ULONG_MAX, ULONG_MAX, (size_t)7);
    expect_format("[%5d][%-5d][%05d][%05d][%2d]", 42, 42, 42, -42, 12345);
    expect_format("[%8x][%-8x][%08x][%016lx]", 0xabu, 0xabu, 0xabu, 0x1234567890abcdul);
    expect_format("[%6s][%-6s][%2s][%c][%3c][%-3c]", "abc", "abc", "abc", 'x', 'y', 'z');
    expect_format("[%*d][%*d][%-*s][%0*x]", 6, 7, -6, 7, 5, "ab", 4, 0xfu);
    expect_format("[%p][%18p]", (void *)0x1234, (void *)0xffff800000000000);
    expect_format("%s", "");
    expect_format("%d%s%c", 0, "x", 'y');
}
END_TEST

START_TEST(formats_of_our_own)
{
    char text[8] = "1234567";
    ck_assert_uint_eq(format_line(text, sizeof(text), "%s", "0123456789"), 10);
    ck_assert_str_eq(text, "0123456");
    ck_assert_uint_eq(format_line(text, 1, "%d", 12), 2);
    ck_assert_str_eq(text, "");
    text[0] = 'k';
    ck_assert_uint_eq(format_line(text, 0, "abc"), 3);
    ck_assert_int_eq(text[0], 'k');
    const char *volatile null = NULL; /* the compiler is not to know */
    const char *unknown = "%q!%";
    ck_assert_uint_eq(format_line(text, sizeof(text), "%s", null), 6);
    ck_assert_str_eq(text, "(null)");
    format_line(text, sizeof(text), unknown, 1);
    ck_assert_str_eq(text, "%q!%");
}
END_TEST

/* --- lists of ranges: bit maps of 64 pages as the model --- */

static uint64_t bits_of(const struct range_list *list)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        ck_assert_uint_lt(list->range[i].start, list->range[i].end);
        ck_assert(i == 0 || list->range[i - 1].end < list->range[i].start);
        for (paddr_t at = list->range[i].start; at < list->range[i].end; at++) {
            bits |= BIT(at);
        }
    }
    return bits;
}

/* The highest place, found bit by bit. */
static void check_top(const struct range_list *list, uint64_t model, unsigned pages,
                      unsigned align_bits)
{
    struct range place;
    unsigned best = 64;
    for (unsigned at = 0; at + pages <= 64; at += 1u << align_bits) {
        uint64_t bits = (BIT(pages) - 1) << at;
        best = (model & bits) == bits ? at : best;
    }
    ck_assert_int_eq(range_list_find_top(list, pages, align_bits, &place), best != 64);
    if (best != 64) {
        ck_assert_uint_eq(place.start, best);
        ck_assert_uint_eq(place.end, best + pages);
    }
}

START_TEST(range_lists_are_sets)
{
    struct range room[64];
    struct range_list list = {room, 0, ARRAY_LENGTH(room)};
    uint64_t model = 0;
    uint32_t random = 12345;
    for (unsigned step = 0; step < 20000; step++) {
        struct range range;
        uint64_t bits;
        random = random * 1664525 + 1013904223;
        range.start = random >> 8 & 63;
        range.end = MIN(range.start + 1 + (random >> 16 & 7), 64);
        bits = (range.end == 64 ? 0 : BIT(range.end)) - BIT(range.start);
        if (random >> 28 < 9) {
            range_list_remove(&list, range);
            model &= ~bits;
        } else if ((model & bits) == 0) {
            range_list_add(&list, range);
            model |= bits;
        } else {
            range_list_unite(&list, range);
            model |= bits;
        }
        ck_assert_uint_eq(bits_of(&list), model);
        check_top(&list, model, 1 + (random >> 24 & 7), random >> 28 & 3);
    }
}
END_TEST

START_TEST(huge_blocks_stay_whole)
{
    struct range room[2] = {{MIB(1), GIB(2) - MIB(1)}, {GIB(4), GIB(5)}};
    struct range_list list = {room, 2, ARRAY_LENGTH(room)};
    struct range place;
    ck_assert(range_list_find_top(&list, MIB(2), 21, &place));
    ck_assert_uint_eq(place.end, GIB(2) - MIB(2));
    room[0].end = GIB(1) + MIB(1); /* no room above its block */
    ck_assert(range_list_find_top(&list, MIB(2), 21, &place));
    ck_assert_uint_eq(place.end, GIB(1)); /* 0 to 1 GiB is none: 1 MiB is missing */
    room[0] = (struct range){0, GIB(1)};
    ck_assert(range_list_find_top(&list, MIB(2), 21, &place));
    ck_assert_uint_eq(place.end, GIB(5)); /* some block must be broken */
}
END_TEST

START_TEST(full_lists_lose_their_smallest)
{
    struct range room[4];
    struct range_list list = {room, 0, ARRAY_LENGTH(room)};
    for (unsigned i = 0; i < 4; i++) {
        range_list_add(&list, (struct range){10 * i, 10 * i + i + 1});
    }
    range_list_add(&list, (struct range){100, 101});
    ck_assert_uint_eq(list.count, 4);
    ck_assert_uint_eq(list.range[3].start, 30);
    range_list_add(&list, (struct range){100, 105});
    ck_assert_uint_eq(list.count, 4);
    ck_assert_uint_eq(list.range[0].start, 10);
    ck_assert_uint_eq(list.range[3].start, 100);
}
END_TEST

START_TEST(regions_are_taken_at_boundaries)
{
    struct range available_room[MAX_RAM_RANGES], room[MAX_NODE_REGIONS];
    struct range_list available = {available_room, 0, MAX_RAM_RANGES};
    struct range_list region = {room, 0, MAX_NODE_REGIONS};
    make_machine(2, MIB(64));
    usable_memory(&machine, &available);
    ck_assert_uint_eq(available.count, 1);
    ck_assert_uint_eq(available.range[0].start, 0x1a5000);
    ck_assert_uint_eq(available.range[0].end, 0x3fe0000);
    take_from_list(&available, MIB(10), true, &machine, NO_PROXIMITY, &region);
    ck_assert_uint_eq(region.count, 1);
    ck_assert_uint_eq(region.range[0].end, MIB(12));
    ck_assert_uint_eq(available.range[0].start, MIB(12));

    machine.proximity[0] = (struct proximity_fact){{MIB(32), MIB(64)}, 5};
    machine.proximity_count = 1;
    region.count = 0;
    ck_assert_uint_eq(take_from_list(&available, MIB(3), true, &machine, 5, &region), MIB(4));
    ck_assert_uint_eq(region.range[0].start, MIB(32));
    ck_assert_uint_eq(region.range[0].end, MIB(36));
    region.count = 0;
    ck_assert_uint_eq(take_from_list(&available, MIB(30), true, &machine, 5, &region),
                      MIB(28) - KIB(128));
    ck_assert_uint_eq(region.count, 1);
    ck_assert_uint_eq(region.range[0].start, MIB(36));
    ck_assert_uint_eq(region.range[0].end, 0x3fe0000);
}
END_TEST

Suite *words_suite(void)
{
    Suite *suite = suite_create("words");
    TCase *words = tcase_create("words");
    TCase *format = tcase_create("format");
    TCase *ranges = tcase_create("ranges");

    tcase_add_loop_test(words, words_are_split, 0, ARRAY_LENGTH(splits));
    tcase_add_test(words, file_names_are_qemus);
    tcase_add_test(words, numbers_and_sizes);
    tcase_add_test(words, sizes_are_shown);
    suite_add_tcase(suite, words);
    tcase_add_test(format, formats_agree_with_the_c_library);
    tcase_add_test(format, formats_of_our_own);
    suite_add_tcase(suite, format);
    tcase_add_test(ranges, range_lists_are_sets);
    tcase_add_test(ranges, huge_blocks_stay_whole);
    tcase_add_test(ranges, full_lists_lose_their_smallest);
    tcase_add_test(ranges, regions_are_taken_at_boundaries);
    suite_add_tcase(suite, ranges);
    return suite;
}
