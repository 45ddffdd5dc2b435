/* Numbers from text, sorting and searching, random numbers. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

__thread int errno;

static int digit_value(char c)
{
    if (isdigit((unsigned char)c)) {
        return c - '0';
    }
    if (isalpha((unsigned char)c)) {
        return tolower((unsigned char)c) - 'a' + 10;
    }
    return INT_MAX;
}

static bool is_hexadecimal(const char *text)
{
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && digit_value(text[2]) < 16;
}

/* The number's size and sign; *overflow if it does not fit 64 bits. `end` as strtol has it. */
static unsigned long magnitude(const char *text, char **end, int base, bool *negative,
                               bool *overflow)
{
    const char *at = text;
    unsigned long number = 0;

    while (isspace((unsigned char)*at)) {
        at++;
    }
    *negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    if ((base == 0 || base == 16) && is_hexadecimal(at)) {
        at += 2;
        base = 16;
    } else if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    const char *first = at;
    for (*overflow = false; digit_value(*at) < base; at++) {
        *overflow |= __builtin_mul_overflow(number, (unsigned long)base, &number);
        *overflow |= __builtin_add_overflow(number, (unsigned long)digit_value(*at), &number);
    }
    if (end) {
        *end = (char *)(at > first ? at : text);
    }
    return number;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    bool negative;
    bool overflow;
    unsigned long number = magnitude(text, end, base, &negative, &overflow);
    if (overflow || number > (unsigned long)LONG_MAX + negative) {
        errno = ERANGE;
        return negative ? LONG_MIN : LONG_MAX;
    }
    return (long)(negative ? 0 - number : number);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    bool negative;
    bool overflow;
    unsigned long number = magnitude(text, end, base, &negative, &overflow);
    if (overflow) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return negative ? 0 - number : number;
}

long long strtoll(const char *restrict text, char **restrict end, int base)
{
    return strtol(text, end, base);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return strtoul(text, end, base);
}

int atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
    return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
    return strtol(text, NULL, 10);
}

int abs(int number)
{
    return number < 0 ? -number : number;
}

long labs(long number)
{
    return number < 0 ? -number : number;
}

static void swap(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Lets item `root` sink to its place in the heap of the first `count` items. */
static void sink_item(char *items, size_t root, size_t count, size_t size,
                      int (*compare)(const void *, const void *))
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(items + child * size, items + (child + 1) * size) < 0) {
            child++;
        }
        if (compare(items + root * size, items + child * size) >= 0) {
            return;
        }
        swap(items + root * size, items + child * size, size);
    }
}

/* Heap sort: no recursion, and no order of the items makes it slow. */
void qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    for (size_t root = count / 2; root > 0; root--) {
        sink_item(items, root - 1, count, size, compare);
    }
    for (size_t last = count; last > 1; last--) {
        swap(items, (char *)items + (last - 1) * size, size);
        sink_item(items, 0, last - 1, size, compare);
    }
}

void *bsearch(const void *key, const void *items, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
    const char *first = items;
    while (count > 0) {
        const char *middle = first + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0) {
            return (void *)middle;
        }
        if (order > 0) {
            first = middle + size;
            count--;
        }
        count /= 2;
    }
    return NULL;
}

/* Knuth's 64-bit linear congruential generator; its upper bits are the good ones. */
static unsigned long random_state = 1;

void srand(unsigned seed)
{
    random_state = seed;
}

int rand(void)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return (int)(random_state >> 33) & RAND_MAX;
}
