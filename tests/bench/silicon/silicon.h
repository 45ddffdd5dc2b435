/* What the parts of tools/bench silicon share. */
#ifndef SILICON_H
#define SILICON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LARGEST_MESSAGE 65536 /* bytes */
#define LINE            64

/* A way from one thread to the other and back. Each side is used by one thread. */
struct transport {
    const char *name;
    size_t least, most; /* bytes of a message */
    bool has_stream;    /* the sender may send again before the receiver has answered */
    void (*open)(size_t bytes);
    void (*send)(unsigned side, const void *data, size_t bytes);
    void (*receive)(unsigned side, void *data, size_t bytes);
    void (*close)(void);
};

/* Ends with a null. */
extern const struct transport *const transports[];

/* The time stamp counter, after all loads before it. */
static inline uint64_t now(void)
{
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
}

/* Puts the calling thread on the CPU of a side, 0 or 1. */
void pin(unsigned side);

/* Runs both to their ends, at the same time. */
void in_two_threads(void *(*first)(void *), void *(*second)(void *), void *argument);

/* Samples in cycles of so many operations each. */
void print_samples(const char *name, size_t bytes, const uint64_t *cycles, unsigned count,
                   double operations);

void measure_memory(size_t bytes);
void measure_lock(void);

#endif
