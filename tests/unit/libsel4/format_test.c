/* printf's formats: the same text as the host's C library makes, for thousands of combinations. */
#include "suites.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <runtime.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES 2048

static char text[BUFFER_BYTES];

static void put_in_text(struct sink *sink, char c)
{
    if (sink->count >= BUFFER_BYTES - 1) {
        ck_abort_msg("the text is longer than any that was asked for");
    }
    text[sink->count] = c;
    text[sink->count + 1] = '\0';
}

/* Formats into `text`; returns the count. */
static int ours(const char *format_text, ...)
{
    struct sink sink = {.put = put_in_text};
    va_list arguments;
    text[0] = '\0';
    va_start(arguments, format_text);
    format(&sink, format_text, arguments);
    va_end(arguments);
    return (int)sink.count;
}

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-truncation"

/* The same arguments to both; the same text and count must come out. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char expected[BUFFER_BYTES];                                                               \
        int expected_count = snprintf(expected, sizeof(expected), __VA_ARGS__);                    \
        int our_count = ours(__VA_ARGS__);                                                         \
        if (our_count != expected_count || strcmp(text, expected) != 0) {                          \
            ck_abort_msg("\"%s\", not \"%s\"", text, expected);                                    \
        }                                                                                          \
    } while (0)

static const char *const widths[] = {"", "5", "25"};
static const char *const precisions[] = {"", ".", ".1", ".7", ".30"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every set of flags, width, precision and kind, with one length and its values. */
static void same_numbers(const char *length, const char *kinds, const int64_t *values,
                         size_t value_count)
{
    for (unsigned flags = 0; flags < 32; flags++) {
        for (size_t w = 0; w < COUNT(widths); w++) {
            for (size_t p = 0; p < COUNT(precisions); p++) {
                for (const char *kind = kinds; *kind; kind++) {
                    char wanted[32];
                    snprintf(wanted, sizeof(wanted), "<%%%s%s%s%s%s%s%s%s%c>", flags & 1 ? "-" : "",
                             flags & 2 ? "+" : "", flags & 4 ? " " : "", flags & 8 ? "#" : "",
                             flags & 16 ? "0" : "", widths[w], precisions[p], length, *kind);
                    for (size_t i = 0; i < value_count; i++) {
                        SAME(wanted, values[i]);
                    }
                }
            }
        }
    }
}

static const int64_t values[] = {0,     1,       -1,        8,         255,     -128,
                                 65535, INT_MIN, INT64_MIN, INT64_MAX, 0xabcdef};

START_TEST(numbers_of_every_length)
{
    static const char *const lengths[] = {"", "hh", "h", "l", "ll", "z", "j", "t"};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        same_numbers(lengths[i], "diuoxX", values, COUNT(values));
    }
}
END_TEST

/* Among them numbers that lie in the middle of two decimals, and those that carry far. */
static const double doubles[] = {
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.5,
    1.5,
    2.5,
    0.125,
    0.375,
    0.1,
    9.5,
    9.95,
    99.9999,
    999999.5,
    1e-7,
    5e-7,
    1234567.890625,
    1e15,
    0x1p53,
    0x1p63,
    1e22,
    1e23,
    DBL_MAX,
    DBL_MIN,
    -1e300,
    4.9e-324,
    2.2e-308,
    INFINITY,
    -INFINITY,
    DBL_EPSILON,
    0x1.fffffffffffffp-1,
    0x1.fffffffffffffp31,
};

static void same_double(double number)
{
    static const char *const lengths[] = {"", ".", ".0", ".1", ".3", ".7", ".30", ".400", ".1100"};
    for (unsigned flags = 0; flags < 32; flags++) {
        for (size_t w = 0; w < COUNT(widths); w++) {
            for (size_t p = 0; p < COUNT(lengths); p++) {
                char wanted[32];
                snprintf(wanted, sizeof(wanted), "<%%%s%s%s%s%s%s%s%c>", flags & 1 ? "-" : "",
                         flags & 2 ? "+" : "", flags & 4 ? " " : "", flags & 8 ? "#" : "",
                         flags & 16 ? "0" : "", widths[w], lengths[p], p & 1 ? 'F' : 'f');
                SAME(wanted, number);
            }
        }
    }
}

START_TEST(fixed_point)
{
    for (size_t i = 0; i < COUNT(doubles); i++) {
        same_double(doubles[i]);
    }
    SAME("%f %d %lf %s %.*f|%*f", 1.25, 7, 2.75, "x", 2, 3.14159, 12, 2.0);
    SAME("%f|%F|%6f|%-6f|%06f|%+f", NAN, NAN, NAN, NAN, NAN, NAN);
    SAME("%f %f %f %f %f %f %f %f %f %f", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.);
}
END_TEST

START_TEST(fixed_point_of_any_bits)
{
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double number;
        } any = {.bits = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random()};
        int precision = (int)(random() % 12);
        SAME("%f|%.17f|%.*f", any.number, any.number, precision, any.number);
        double quarter = (double)(random() % 100000) / 64;
        SAME("%.0f|%.1f|%.2f|%.3f|%.4f|%.5f", quarter, quarter, quarter, quarter, quarter, quarter);
    }
}
END_TEST

START_TEST(strings_and_characters)
{
    static const char unterminated[3] = {'a', 'b', 'c'};
    SAME("%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|%.0s", "hello", "hello", "hello", "hello", "hello",
         "hello", "hello");
    SAME("%.3s|%.*s|%*s|%*s", unterminated, 2, unterminated, 8, "x", -8, "x");
    SAME("%c|%5c|%-5c|%c", 'a', 'b', 'c', '%');
    SAME("100%% of %s, %d", "it", 5);
    SAME("%s", "");
    ck_assert_int_eq(ours("%s", (char *)NULL), 6);
    ck_assert_str_eq(text, "(null)");
}
END_TEST

START_TEST(stars)
{
    SAME("<%*d|%-*d|%0*d|%.*d|%*.*d>", 6, 42, 6, 42, 6, 42, 4, 42, 8, 4, 42);
    SAME("<%*d|%.*d>", -6, 42, -1, 42);
}
END_TEST

START_TEST(pointers)
{
    ours("%p", (void *)0x12abc);
    ck_assert_str_eq(text, "0x12abc");
    ours("%p", NULL);
    ck_assert_str_eq(text, "0x0");
    ours("%20p|%-10p|", (void *)0xff, (void *)0xff);
    ck_assert_str_eq(text, "                0xff|0xff      |");
}
END_TEST

START_TEST(counts)
{
    int so_far = 0;
    long long_so_far = 0;
    SAME("abc%n%s%lnx", &so_far, "de", &long_so_far);
    ours("abc%n%s%lnx", &so_far, "de", &long_so_far);
    ck_assert(so_far == 3 && long_so_far == 5);
}
END_TEST

START_TEST(what_is_no_format)
{
    ours("%y %e %");
    ck_assert_str_eq(text, "%y %e %");
    ours("%-5.3");
    ck_assert_str_eq(text, "%-5.3");
    ck_assert_int_eq(ours(""), 0);
}
END_TEST

/* A width too large to be true is cut to the largest int; nobody waits for it here. */
START_TEST(huge_numbers_in_a_format)
{
    ours("%.99999999999s|", "short");
    ck_assert_str_eq(text, "short|");
}
END_TEST

Suite *format_suite(void)
{
    const TTest *const tests[] = {
        numbers_of_every_length,
        fixed_point,
        fixed_point_of_any_bits,
        strings_and_characters,
        stars,
        pointers,
        counts,
        what_is_no_format,
        huge_numbers_in_a_format,
    };
    return SUITE_OF("format", tests);
}
