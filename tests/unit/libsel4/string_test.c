/* The runtime's <string.h>, under names of its own, against the host's. */
#include "suites.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define memcpy   our_memcpy
#define memset   our_memset
#define memmove  our_memmove
#define memcmp   our_memcmp
#define memchr   our_memchr
#define strlen   our_strlen
#define strnlen  our_strnlen
#define strncmp  our_strncmp
#define strcmp   our_strcmp
#define strcpy   our_strcpy
#define strncpy  our_strncpy
#define strcat   our_strcat
#define strncat  our_strncat
#define strchr   our_strchr
#define strrchr  our_strrchr
#define strstr   our_strstr
#define strspn   our_strspn
#define strcspn  our_strcspn
#define strtok   our_strtok
#define strtok_r our_strtok_r
#define strerror our_strerror
#include "../../../user/runtime/string.c"
#undef memcpy
#undef memset
#undef memmove
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strncmp
#undef strcmp
#undef strcpy
#undef strncpy
#undef strcat
#undef strncat
#undef strchr
#undef strrchr
#undef strstr
#undef strspn
#undef strcspn

#define ROUNDS 20000
#define MOST   24

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* A short text of few different letters, so that matches and near matches are common. */
static void random_text(char *text)
{
    int length = rand() % MOST;
    for (int i = 0; i < length; i++) {
        text[i] = (char)(rand() % 8 == 0 ? 0x80 + rand() % 3 : 'a' + rand() % 3);
    }
    text[length] = '\0';
}

START_TEST(reading)
{
    char a[MOST], b[MOST];
    srand(2);
    for (int i = 0; i < ROUNDS; i++) {
        random_text(a);
        random_text(b);
        size_t n = (size_t)rand() % MOST;
        int c = a[rand() % (strlen(a) + 1)];
        ck_assert_uint_eq(our_strlen(a), strlen(a));
        ck_assert_uint_eq(our_strnlen(a, n), strnlen(a, n));
        ck_assert_int_eq(sign(our_strcmp(a, b)), sign(strcmp(a, b)));
        ck_assert_int_eq(sign(our_strncmp(a, b, n)), sign(strncmp(a, b, n)));
        ck_assert_ptr_eq(our_strchr(a, c), strchr(a, c));
        ck_assert_ptr_eq(our_strrchr(a, c), strrchr(a, c));
        ck_assert_ptr_eq(our_strchr(a, 'z'), NULL);
        ck_assert_ptr_eq(our_strrchr(a, 'z'), NULL);
        ck_assert_uint_eq(our_strspn(a, b), strspn(a, b));
        ck_assert_uint_eq(our_strcspn(a, b), strcspn(a, b));
        b[rand() % 3] = '\0';
        ck_assert_ptr_eq(our_strstr(a, b), strstr(a, b));
    }
}
END_TEST

START_TEST(memory)
{
    unsigned char a[3 * MOST], b[3 * MOST];
    srand(3);
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t j = 0; j < sizeof(a); j++) {
            a[j] = b[j] = (unsigned char)(rand() % 5);
        }
        size_t from = (size_t)rand() % (2 * MOST);
        size_t to = (size_t)rand() % (2 * MOST);
        size_t n = (size_t)rand() % MOST;
        ck_assert_int_eq(sign(our_memcmp(a + from, a + to, n)), sign(memcmp(a + from, a + to, n)));
        ck_assert_ptr_eq(our_memchr(a + from, 4, n), memchr(a + from, 4, n));
        ck_assert_ptr_eq(our_memmove(a + to, a + from, n), a + to);
        memmove(b + to, b + from, n);
        ck_assert_int_eq(memcmp(a, b, sizeof(a)), 0);
        our_memset(a + to, 0x1fe, n);
        memset(b + to, 0xfe, n);
        ck_assert_int_eq(memcmp(a, b, sizeof(a)), 0);
    }
}
END_TEST

/* More bytes than the loops hold words, with every remainder, and more than either limit. */
#define LARGEST 136
#define ROOM    (2 * LARGEST + 32)

static unsigned char our_bytes[ROOM], their_bytes[ROOM];

static void fill_both(void)
{
    for (size_t i = 0; i < ROOM; i++) {
        our_bytes[i] = their_bytes[i] = (unsigned char)(i * 7 + (i >> 8) + 1);
    }
}

/* Every size with every alignment of both addresses; nothing around the bytes is touched. */
static void copy_and_fill_all(void)
{
    for (size_t n = 0; n <= LARGEST; n++) {
        for (size_t at = 0; at < 64; at++) {
            size_t to = 8 + at % 8, from = LARGEST + 16 + at / 8;
            fill_both();
            ck_assert_ptr_eq(our_memcpy(our_bytes + to, our_bytes + from, n), our_bytes + to);
            memcpy(their_bytes + to, their_bytes + from, n);
            ck_assert_int_eq(memcmp(our_bytes, their_bytes, ROOM), 0);
            ck_assert_ptr_eq(our_memset(our_bytes + to, (int)(0x180 + n), n), our_bytes + to);
            memset(their_bytes + to, (int)(0x180 + n), n);
            ck_assert_int_eq(memcmp(our_bytes, their_bytes, ROOM), 0);
        }
    }
}

/* Every overlap: up and down by every distance, and by none. */
static void move_all(void)
{
    for (size_t n = 0; n <= LARGEST; n++) {
        for (size_t distance = 0; distance <= n; distance++) {
            size_t low = 8 + (n + distance) % 8;
            for (unsigned up = 0; up < 2; up++) {
                size_t to = up ? low + distance : low, from = up ? low : low + distance;
                fill_both();
                ck_assert_ptr_eq(our_memmove(our_bytes + to, our_bytes + from, n), our_bytes + to);
                memmove(their_bytes + to, their_bytes + from, n);
                ck_assert_int_eq(memcmp(our_bytes, their_bytes, ROOM), 0);
            }
        }
    }
}

/* By words, by string instructions, and changing between them amid the sizes. */
START_TEST(memory_of_each_variant)
{
    static const size_t variants[] = {SIZE_MAX, 0, 64};
    most_by_words = variants[_i];
    copy_and_fill_all();
    move_all();
    most_by_words = SIZE_MAX;
}
END_TEST

START_TEST(variant_chosen)
{
    const uint32_t fast = 1u << 9, fast_short = 1u << 4;
    ck_assert_uint_eq(string_most_by_words(0, 0), SIZE_MAX);
    ck_assert_uint_eq(string_most_by_words(~fast, ~fast_short), SIZE_MAX);
    ck_assert_uint_eq(string_most_by_words(fast, 0), 512);
    ck_assert_uint_eq(string_most_by_words(fast, fast_short), 128);
    string_choose();
    unsigned char a[2048], b[2048] = {1, 2, 3};
    our_memcpy(a, b, sizeof(a));
    ck_assert_int_eq(memcmp(a, b, sizeof(a)), 0);
    most_by_words = SIZE_MAX;
}
END_TEST

START_TEST(writing)
{
    char a[MOST], ours[3 * MOST], theirs[3 * MOST];
    srand(4);
    for (int i = 0; i < ROUNDS; i++) {
        random_text(a);
        size_t n = (size_t)rand() % (MOST + 3);
        memset(ours, 'x', sizeof(ours));
        memset(theirs, 'x', sizeof(theirs));
        our_strncpy(ours, a, n);
        strncpy(theirs, a, n);
        ck_assert_int_eq(memcmp(ours, theirs, sizeof(ours)), 0);
        ck_assert_ptr_eq(our_strcpy(ours, a), ours);
        strcpy(theirs, a);
        our_strcat(ours, a);
        strcat(theirs, a);
        our_strncat(ours, a, n % MOST);
        strncat(theirs, a, n % MOST);
        ck_assert_int_eq(memcmp(ours, theirs, sizeof(ours)), 0);
    }
}
END_TEST

START_TEST(tokens)
{
    char text[] = ",,one, two;;three,";
    ck_assert_str_eq(our_strtok(text, ",; "), "one");
    ck_assert_str_eq(our_strtok(NULL, ",; "), "two");
    ck_assert_str_eq(our_strtok(NULL, ",; "), "three");
    ck_assert_ptr_null(our_strtok(NULL, ",; "));
    ck_assert_ptr_null(our_strtok(NULL, ",; "));
    ck_assert_str_eq(our_strerror(ERANGE), "out of range");
}
END_TEST

Suite *string_suite(void)
{
    const TTest *const tests[] = {reading, memory, variant_chosen, writing, tokens};
    Suite *suite = SUITE_OF("string", tests);
    TCase *variants = tcase_create("memory of each variant");
    tcase_add_loop_test(variants, memory_of_each_variant, 0, 3);
    suite_add_tcase(suite, variants);
    return suite;
}
