/*
 * What every fuzz target has. Two ways to run one:
 *   with tests/fuzz/replay.c, by gcc: runs the stored inputs, once;
 *   with clang -fsanitize=fuzzer: searches for new ones.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <kernel/types.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Called by a replay after all stored inputs, if the target has it: prints what they have reached,
 * and says whether that is enough.
 */
bool reached_enough(void) __attribute__((weak));

/* A rule is broken: stop, so that fuzzer or replay report this input. */
#define must(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/*
 * Makes `data` the physical memory from address `base` on. Bytes can be read only once they were
 * asked for by way of map_memory (a map_function): the address sanitizer reports every other
 * access.
 */
void set_memory(paddr_t base, const uint8_t *data, size_t size);
const uint8_t *map_memory(void *context, paddr_t address, uint64_t size);

#endif
