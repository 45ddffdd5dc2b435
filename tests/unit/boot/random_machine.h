/*
 * Random machines and command lines, from a string of bytes: for property tests and for the fuzzer.
 */
#ifndef TEST_BOOT_RANDOM_MACHINE_H
#define TEST_BOOT_RANDOM_MACHINE_H

#include "machine.h"

/* The bytes that decide everything. When they run out, zeros follow. */
struct choices {
    const uint8_t *bytes;
    size_t size, at;
};

/* 0 .. limit - 1 */
uint64_t choose(struct choices *choices, uint64_t limit);

/* Fills in `machine`, with boot modules of good images. */
void choose_machine(struct choices *choices);

/* Bytes for choices, the same for each seed. */
void fill_at_random(uint8_t *bytes, size_t size, uint64_t seed);

/* Appends words that are mostly right; returns `text`. */
char *choose_command_line(struct choices *choices, char *text, size_t size);

#endif
