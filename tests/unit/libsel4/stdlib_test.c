/* The runtime's <stdlib.h> and heap, under names of their own. */
#include "suites.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#undef errno
#define errno    our_errno
#define strtol   our_strtol
#define strtoul  our_strtoul
#define strtoll  our_strtoll
#define strtoull our_strtoull
#define atoi     our_atoi
#define atol     our_atol
#define atoll    our_atoll
#define abs      our_abs
#define labs     our_labs
#define qsort    our_qsort
#define bsearch  our_bsearch
#define srand    our_srand
#define rand     our_rand
#include "../../../user/runtime/stdlib.c"
#undef strtol
#undef strtoul
#undef rand
#undef srand

#define malloc  our_malloc
#define calloc  our_calloc
#define realloc our_realloc
#define free    our_free
#define strdup  our_strdup
#include "../../../user/runtime/heap.c"
#undef malloc
#undef free
#undef errno

/* What the node still has, for the heap to grow by. Kept so that the sanitizer sees no leak. */
static size_t node_has;
static void *given[8];
static int given_count;

void *heap_memory(size_t bytes, size_t *got)
{
    *got = (bytes + 4095) / 4096 * 4096;
    if (*got > node_has) {
        return NULL;
    }
    node_has -= *got;
    return given[given_count++] = aligned_alloc(4096, *got);
}

static int our_errno_after(void)
{
    int error = our_errno;
    our_errno = 0;
    return error;
}

static void same_number(const char *text, int base)
{
    char *our_end;
    char *end;
    long our_signed = our_strtol(text, &our_end, base);
    int our_error = our_errno_after();
    *__errno_location() = 0;
    long number = strtol(text, &end, base);
    ck_assert_msg(our_signed == number && our_end == end, "strtol of \"%s\" in base %d", text,
                  base);
    ck_assert_int_eq(our_error, *__errno_location());
    ck_assert_uint_eq(our_strtoul(text, &our_end, base), strtoul(text, &end, base));
    ck_assert_ptr_eq(our_end, end);
    our_errno_after();
}

START_TEST(numbers_from_text)
{
    static const char *const texts[] = {
        "",
        " ",
        "0",
        "-0",
        "+7",
        " \t42x",
        "-42",
        "0x1f",
        "0X1F",
        "0x",
        "0xg",
        "-0x10",
        "017",
        "08",
        "z",
        "Zz9",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999x",
        "+-1",
        "--1",
        "1 2",
        "0b1",
    };
    static const int bases[] = {0, 2, 8, 10, 16, 36};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t j = 0; j < sizeof(bases) / sizeof(bases[0]); j++) {
            same_number(texts[i], bases[j]);
        }
    }
    ck_assert_int_eq(our_atoi("-12 apples"), -12);
}
END_TEST

static int compare_first(const void *a, const void *b)
{
    const unsigned char *x = a;
    const unsigned char *y = b;
    return (*x > *y) - (*x < *y);
}

/* Items of three bytes: the last two say where an item was, so that lost or doubled ones show. */
START_TEST(sorting)
{
    for (unsigned count = 0; count < 200; count++) {
        unsigned char items[200][3];
        bool seen[200] = {false};
        for (unsigned i = 0; i < count; i++) {
            items[i][0] = (unsigned char)(random() % 20);
            items[i][1] = (unsigned char)i;
            items[i][2] = (unsigned char)~i;
        }
        our_qsort(items, count, 3, compare_first);
        for (unsigned i = 0; i < count; i++) {
            ck_assert(i == 0 || items[i - 1][0] <= items[i][0]);
            ck_assert(items[i][2] == (unsigned char)~items[i][1] && !seen[items[i][1]]);
            seen[items[i][1]] = true;
        }
    }
}
END_TEST

START_TEST(searching)
{
    unsigned char sorted[100];
    for (unsigned count = 0; count < 100; count++) {
        for (unsigned i = 0; i < count; i++) {
            sorted[i] = (unsigned char)(2 * i);
        }
        for (unsigned key = 0; key <= 2 * count; key++) {
            unsigned char wanted = (unsigned char)key;
            void *expected = key % 2 == 0 && key / 2 < count ? &sorted[key / 2] : NULL;
            ck_assert_ptr_eq(our_bsearch(&wanted, sorted, count, 1, compare_first), expected);
        }
    }
}
END_TEST

START_TEST(random_numbers)
{
    our_srand(5);
    int first = our_rand();
    int second = our_rand();
    our_srand(5);
    ck_assert(our_rand() == first && our_rand() == second && first != second && first >= 0);
}
END_TEST

static void check_filled(const unsigned char *block, size_t bytes, unsigned char letter)
{
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != letter) {
            ck_abort_msg("byte %zu of a block was overwritten", i);
        }
    }
}

/*
 * Random allocations, each filled with a letter of its own that must still be there when it is
 * freed.
 */
START_TEST(heap_keeps_blocks_apart)
{
    enum { BLOCKS = 64 };
    unsigned char *block[BLOCKS] = {NULL};
    size_t bytes[BLOCKS] = {0};
    for (int round = 0; round < 50000; round++) {
        int i = (int)(random() % BLOCKS);
        if (block[i]) {
            check_filled(block[i], bytes[i], (unsigned char)(i + 1));
            our_free(block[i]);
            block[i] = NULL;
        } else {
            bytes[i] = (size_t)random() % 4000;
            block[i] = our_malloc(bytes[i]);
            ck_assert_ptr_nonnull(block[i]);
            ck_assert_uint_eq((uintptr_t)block[i] % 16, 0);
            memset(block[i], i + 1, bytes[i]);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        our_free(block[i]);
    }
    void *everything = our_malloc(FIRST_AREA_BYTES - 64);
    ck_assert_ptr_nonnull(everything);
    our_free(everything);
}
END_TEST

START_TEST(heap_refuses)
{
    ck_assert_ptr_null(our_malloc(FIRST_AREA_BYTES));
    ck_assert_ptr_null(our_malloc(SIZE_MAX));
    ck_assert_ptr_null(our_calloc(SIZE_MAX / 2, 4));
    ck_assert_int_eq(our_errno_after(), ENOMEM);
    our_free(NULL);
}
END_TEST

/* The first area is full: the next block comes from the node, once; freed, it is used again. */
START_TEST(heap_grows)
{
    void *first = our_malloc(FIRST_AREA_BYTES - 64);
    node_has = 1 << 20;
    ck_assert_ptr_null(our_malloc(node_has));
    ck_assert_uint_eq(node_has, 1 << 20);
    unsigned char *second = our_malloc(FIRST_AREA_BYTES);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq((uintptr_t)second % 16, 0);
    memset(second, 'x', FIRST_AREA_BYTES);
    size_t left = node_has;
    ck_assert_uint_lt(left, 1 << 20);
    our_free(second);
    ck_assert_ptr_eq(our_malloc(FIRST_AREA_BYTES), second);
    ck_assert_uint_eq(node_has, left);
    our_free(second);
    our_free(first);
    node_has = 0;
}
END_TEST

START_TEST(heap_other_ways)
{
    char *text = our_strdup("text");
    ck_assert_str_eq(text, "text");
    char *longer = our_realloc(text, 1000);
    ck_assert_str_eq(longer, "text");
    ck_assert_ptr_eq(our_realloc(longer, 10), longer);
    memset(longer, 'x', 1000);
    our_free(longer);
    unsigned char *zeros = our_calloc(100, 10);
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_eq(zeros[i], 0);
    }
    our_free(zeros);
    ck_assert_ptr_nonnull(our_realloc(NULL, 5));
}
END_TEST

Suite *stdlib_suite(void)
{
    const TTest *const tests[] = {
        numbers_from_text,       sorting,      searching,  random_numbers,
        heap_keeps_blocks_apart, heap_refuses, heap_grows, heap_other_ways,
    };
    return SUITE_OF("stdlib", tests);
}
