/* Samples: overhead, and what tools/bench reads. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAIRS_IN_A_LINE = 8 };

uint32_t stamp_overhead;

void measure_overhead(void)
{
    stamp_overhead = UINT32_MAX;
    for (int i = 0; i < WARM_UP; i++) {
        uint32_t begin = stamp();
        uint32_t end = stamp();
        if (end - begin < stamp_overhead) {
            stamp_overhead = end - begin;
        }
    }
}

static void sort(uint32_t *values, unsigned count)
{
    /* Shell's method: no memory, no recursion, and most values are equal. */
    for (unsigned gap = count / 2; gap > 0; gap /= 2) {
        for (unsigned i = gap; i < count; i++) {
            uint32_t value = values[i];
            unsigned j = i;
            for (; j >= gap && values[j - gap] > value; j -= gap) {
                values[j] = values[j - gap];
            }
            values[j] = value;
        }
    }
}

/*
 * Lines "bench| NAME |OPERATIONS| VALUE*TIMES ...": as many as it needs. Without OPERATIONS there
 * is a unit instead.
 */
static void report_lines(const char *name, const char *operations, uint32_t *values, unsigned count)
{
    sort(values, count);
    unsigned pairs = 0;
    for (unsigned i = 0; i < count;) {
        unsigned same = 1;
        while (i + same < count && values[i + same] == values[i]) {
            same++;
        }
        if (pairs % PAIRS_IN_A_LINE == 0) {
            printf("%sbench| %s |%s|", pairs == 0 ? "" : "\n", name, operations);
        }
        printf(" %u*%u", values[i], same);
        pairs++;
        i += same;
    }
    printf("\n");
}

void report_values(const char *name, uint32_t *values, unsigned count, unsigned operations)
{
    char text[NAME_BYTES];
    snprintf(text, sizeof(text), "%u", operations);
    report_lines(name, text, values, count);
}

void report_numbers(const char *name, unsigned number, const char *unit,
                    uint32_t values[ALL_ROUNDS])
{
    char text[NAME_BYTES];
    snprintf(text, sizeof(text), name, number);
    report_lines(text, unit, values + WARM_UP, ROUNDS);
}

static void subtract(struct samples *samples, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        samples->end[i] -= samples->begin[i] + stamp_overhead;
    }
}

void report(const char *name, struct samples *samples, unsigned rounds, unsigned operations)
{
    subtract(samples, rounds);
    report_values(name, samples->end + WARM_UP, rounds - WARM_UP, operations);
}

void counted_name(char text[NAME_BYTES], const char *name, unsigned count)
{
    int length = snprintf(text, NAME_BYTES, name, count);
    if (count == 1 && text[length - 1] == 's') {
        text[length - 1] = '\0';
    }
}

void report_counted(const char *name, unsigned count, struct samples *samples, unsigned rounds)
{
    char text[NAME_BYTES];
    counted_name(text, name, count);
    subtract(samples, rounds);
    report_values(text, samples->end + 1, rounds - 1, count);
}

void report_numbered(const char *name, unsigned number, struct samples *samples, unsigned rounds)
{
    char text[NAME_BYTES];
    snprintf(text, sizeof(text), name, number);
    report(text, samples, rounds, 1);
}

unsigned rounds_for(unsigned count)
{
    return count >= 1024 ? 6 : count >= 128 ? 24 : count >= 8 ? 120 : 400;
}

void must(bool condition, const char *what)
{
    if (!condition) {
        printf("bench: failed: %s\n", what);
        exit(1);
    }
}
