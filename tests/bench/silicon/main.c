/*
 * Parts of CMK as they are, in two threads on two CPUs of the build machine, and what they are
 * compared with (docs/silicon.md). tools/bench silicon builds it, runs it and computes ratios. From
 * the top of the tree, after the assembly files of the two .o:
 *
 *   gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -pthread -no-pie -z noexecstack \
 *       -ffreestanding -fhosted -fno-tree-loop-distribute-patterns \
 *       -Ilibsel4/include -Iuser/runtime -Iinclude \
 *       -Iarch/x86/include -idirafter user/runtime/include \
 *       tests/bench/silicon/[a-z]*.c user/runtime/channel.c user/runtime/channel_bulk.c \
 *       user/runtime/channel_life.c user/runtime/channel_wait.c libsel4/src/ipc_buffer.c \
 *       build/bench/silicon/entry_lock.o build/bench/silicon/enter.o -o build/bench/silicon/run
 *
 * Arguments: two CPU numbers, and how often all is repeated. Each line of output is
 * "sample| NAME | BYTES | REPETITION | NANOSECONDS...".
 */
#define _GNU_SOURCE /* affinities of threads */
#include "silicon.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WARM_UP = 100, ROUNDS = 500, BATCHES = 20, BATCH_BYTES = 1 << 20, MOST_IN_BATCH = 1000 };

static unsigned cpu_of_side[2];
static double cycles_per_nanosecond;
static unsigned repetition;

static unsigned char buffer[2][LARGEST_MESSAGE];
static uint64_t samples[2][ROUNDS];

void pin(unsigned side)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu_of_side[side], &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        perror("silicon: a thread cannot be put on its CPU");
        exit(2);
    }
}

void in_two_threads(void *(*first)(void *), void *(*second)(void *), void *argument)
{
    pthread_t threads[2];
    if (pthread_create(&threads[0], NULL, first, argument) != 0 ||
        pthread_create(&threads[1], NULL, second, argument) != 0) {
        fprintf(stderr, "silicon: no thread can be made\n");
        exit(2);
    }
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

void print_samples(const char *name, size_t bytes, const uint64_t *cycles, unsigned count,
                   double operations)
{
    printf("sample| %s | %zu | %u |", name, bytes, repetition);
    for (unsigned i = 0; i < count; i++) {
        printf(" %.1f", (double)(int64_t)cycles[i] / operations / cycles_per_nanosecond);
    }
    printf("\n");
}

struct measured {
    const struct transport *transport;
    size_t bytes;
    unsigned batch; /* messages that a stream sends before it waits for the end */
};

static _Atomic uint64_t batches_received;

static void *ask(void *argument)
{
    const struct measured *m = argument;
    pin(0);
    for (unsigned i = 0; i < WARM_UP + ROUNDS; i++) {
        uint64_t begin = now();
        memcpy(buffer[0], &begin, sizeof(begin));
        m->transport->send(0, buffer[0], m->bytes);
        m->transport->receive(0, buffer[0], m->bytes);
        samples[0][i < WARM_UP ? 0 : i - WARM_UP] = now() - begin;
    }
    return NULL;
}

static void *answer(void *argument)
{
    const struct measured *m = argument;
    pin(1);
    for (unsigned i = 0; i < WARM_UP + ROUNDS; i++) {
        uint64_t begin;
        m->transport->receive(1, buffer[1], m->bytes);
        uint64_t end = now();
        memcpy(&begin, buffer[1], sizeof(begin));
        samples[1][i < WARM_UP ? 0 : i - WARM_UP] = end - begin;
        m->transport->send(1, buffer[1], m->bytes);
    }
    return NULL;
}

static void *stream_out(void *argument)
{
    const struct measured *m = argument;
    pin(0);
    for (unsigned i = 0; i <= BATCHES; i++) {
        uint64_t begin = now();
        for (unsigned j = 0; j < m->batch; j++) {
            m->transport->send(0, buffer[0], m->bytes);
        }
        while (atomic_load_explicit(&batches_received, memory_order_acquire) != i + 1) {
            __builtin_ia32_pause();
        }
        samples[0][i == 0 ? 0 : i - 1] = now() - begin;
    }
    return NULL;
}

static void *stream_in(void *argument)
{
    const struct measured *m = argument;
    pin(1);
    for (unsigned i = 0; i <= BATCHES; i++) {
        for (unsigned j = 0; j < m->batch; j++) {
            m->transport->receive(1, buffer[1], m->bytes);
        }
        atomic_store_explicit(&batches_received, i + 1, memory_order_release);
    }
    return NULL;
}

static void measure_transport(const struct transport *transport, size_t bytes)
{
    char name[64];
    struct measured m = {transport, bytes, 0};
    transport->open(bytes);
    in_two_threads(ask, answer, &m);
    transport->close();
    snprintf(name, sizeof(name), "%s: round trip", transport->name);
    print_samples(name, bytes, samples[0], ROUNDS, 1);
    snprintf(name, sizeof(name), "%s: one way", transport->name);
    print_samples(name, bytes, samples[1], ROUNDS, 1);
    if (!transport->has_stream) {
        return;
    }
    m.batch = bytes * MOST_IN_BATCH > BATCH_BYTES ? BATCH_BYTES / bytes : MOST_IN_BATCH;
    transport->open(bytes);
    atomic_store(&batches_received, 0);
    in_two_threads(stream_out, stream_in, &m);
    transport->close();
    snprintf(name, sizeof(name), "%s: stream", transport->name);
    print_samples(name, bytes, samples[0], BATCHES, m.batch);
}

static void measure_all(void)
{
    static const size_t sizes[] = {8, 48, 64, 256, 1024, 4096, 16384, LARGEST_MESSAGE};
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (const struct transport *const *t = transports; *t; t++) {
            if (sizes[i] >= (*t)->least && sizes[i] <= (*t)->most) {
                measure_transport(*t, sizes[i]);
            }
        }
        measure_memory(sizes[i]);
    }
    measure_lock();
}

/* The time stamp counter's speed, over a tenth of a second. */
static double count_cycles(void)
{
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    uint64_t cycles = now();
    double nanoseconds;
    do {
        clock_gettime(CLOCK_MONOTONIC, &end);
        nanoseconds = (double)(end.tv_sec - begin.tv_sec) * 1e9;
        nanoseconds += (double)(end.tv_nsec - begin.tv_nsec);
    } while (nanoseconds < 1e8);
    return (double)(now() - cycles) / nanoseconds;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: run CPU CPU REPETITIONS\n");
        return 2;
    }
    cpu_of_side[0] = (unsigned)atoi(argv[1]);
    cpu_of_side[1] = (unsigned)atoi(argv[2]);
    cycles_per_nanosecond = count_cycles();
    for (repetition = 0; repetition < (unsigned)atoi(argv[3]); repetition++) {
        measure_all();
    }
    return 0;
}
