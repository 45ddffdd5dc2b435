/* Lines for whoever reads the console: PASS and FAIL, and the end. */
#include "server.h"

static void put_by_debug_call(char c)
{
    trap1(DEBUG_PUT_CHAR, (word_t)(uint8_t)c, 0);
}

static void (*put)(char) = put_by_debug_call;
static const char *test_name;
static const char *skipped;
static unsigned failures, failed_tests;

void print_through(void (*function)(char))
{
    put = function;
}

void put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}

void put_number(word_t number)
{
    char digits[19] = "0x0000000000000000";
    for (unsigned i = 17; i > 1; i--, number >>= 4) {
        digits[i] = "0123456789abcdef"[number & 15];
    }
    put_text(digits);
}

void begin(const char *name)
{
    test_name = name;
    skipped = NULL;
    failures = 0;
}

void check_failed(const char *file, int line, const char *what, word_t got, word_t expected)
{
    if (failures++ > 3) {
        return;
    }
    put_text("root server: ");
    put_text(test_name);
    put_text(": ");
    put_text(file);
    put_text(" line ");
    put_number((word_t)line);
    put_text(": ");
    put_text(what);
    put_text(" is ");
    put_number(got);
    put_text(", not ");
    put_number(expected);
    put_text("\n");
}

void skip(const char *why)
{
    skipped = why;
}

void end(void)
{
    failed_tests += failures > 0;
    put_text(failures > 0 ? "FAIL " : "PASS ");
    put_text(test_name);
    if (skipped != NULL) {
        put_text(" (skipped: ");
        put_text(skipped);
        put_text(")");
    }
    put_text("\n");
}

bool all_passed(void)
{
    return failed_tests == 0;
}
