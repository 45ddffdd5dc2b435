/* The kernel's memory functions, under names of their own, against the host's. */
#include "world.h"
#include <string.h>

#define memcpy               our_memcpy
#define memset               our_memset
#define memmove              our_memmove
#define memcmp               our_memcmp
#define strlen               our_strlen
#define machine_clear_memory our_clear_memory
#include "../../../arch/x86/string.c"
#undef memcpy
#undef memset
#undef memmove

/* Sizes to the second word after the limit between bytes and words. */
#define LARGEST (LEAST_BY_WORDS + 2 * sizeof(word_t))
#define ROOM    (2 * LARGEST + 32)

static _Alignas(8) unsigned char ours[ROOM], theirs[ROOM];

static void fill_both(void)
{
    for (size_t i = 0; i < ROOM; i++) {
        ours[i] = theirs[i] = (unsigned char)(i * 7 + (i >> 8) + 1);
    }
}

static bool both_are_the_same(void)
{
    for (size_t i = 0; i < ROOM; i++) {
        if (ours[i] != theirs[i]) {
            return false;
        }
    }
    return true;
}

/* Every size with every alignment of both addresses; nothing around the bytes is touched. */
START_TEST(copies_and_fills)
{
    for (size_t n = 0; n <= LARGEST; n++) {
        for (size_t at = 0; at < 64; at++) {
            size_t to = 8 + at % 8, from = LARGEST + 16 + at / 8;
            fill_both();
            ck_assert_ptr_eq(our_memcpy(ours + to, ours + from, n), ours + to);
            memcpy(theirs + to, theirs + from, n);
            ck_assert(both_are_the_same());
            ck_assert_ptr_eq(our_memset(ours + to, (int)(0x180 + n), n), ours + to);
            memset(theirs + to, (int)(0x180 + n), n);
            ck_assert(both_are_the_same());
        }
    }
}
END_TEST

START_TEST(moves_with_any_overlap)
{
    for (size_t n = 0; n <= LARGEST; n++) {
        for (size_t distance = 0; distance <= n; distance++) {
            for (unsigned up = 0; up < 2; up++) {
                size_t to = up ? 8 + distance : 8, from = up ? 8 : 8 + distance;
                fill_both();
                ck_assert_ptr_eq(our_memmove(ours + to, ours + from, n), ours + to);
                memmove(theirs + to, theirs + from, n);
                ck_assert(both_are_the_same());
            }
        }
    }
}
END_TEST

START_TEST(clears_words)
{
    for (size_t n = 0; n <= LARGEST; n += sizeof(word_t)) {
        fill_both();
        our_clear_memory(ours + 8, n);
        memset(theirs + 8, 0, n);
        ck_assert(both_are_the_same());
    }
}
END_TEST

Suite *string_suite(void)
{
    Suite *suite = suite_create("string");
    TCase *cases = tcase_create("memory");
    tcase_add_test(cases, copies_and_fills);
    tcase_add_test(cases, moves_with_any_overlap);
    tcase_add_test(cases, clears_words);
    suite_add_tcase(suite, cases);
    return suite;
}
