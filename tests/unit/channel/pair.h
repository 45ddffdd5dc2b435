/*
 * Two ends of a channel in one process, with a red zone of the sanitizer around the shared memory.
 */
#ifndef PAIR_H
#define PAIR_H

#include "../host/random.h"
#include <api/cluster.h>
#include <check.h>
#include <cmk/channel.h>
#include <pthread.h>

struct pair {
    void *memory;
    size_t bytes;
    struct cmk_channel_end end[2];
    struct cmk_status_page status[2];
    struct cmk_doorbell bell[2];
};

/* Opens both ends; `sleeping` gives them doorbells. */
void pair_open(struct pair *pair, uint32_t lines, uint32_t bulk_bytes, bool sleeping);
void pair_close(struct pair *pair);

/* What the guardian does when a node's status page changes. */
void pair_end_node(struct pair *pair, unsigned side, uint64_t state);

/*
 * Called now and then by whoever waits; null at first. For a peer that does mischief between two
 * steps.
 */
extern void (*pair_between_looks)(void);

/*
 * An assertion for loops: ck_assert tells its test's runner each time, which costs a system call.
 */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ck_abort_msg("%s:%d: %s", __FILE__, __LINE__, #condition);                             \
        }                                                                                          \
    } while (0)

Suite *ring_suite(void);
Suite *bulk_suite(void);
Suite *thread_suite(void);
Suite *wrong_suite(void);
Suite *hostile_suite(void);
Suite *until_suite(void);
Suite *life_suite(void);

#endif
