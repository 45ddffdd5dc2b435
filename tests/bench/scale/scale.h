/*
 * Workloads that can be spread over nodes and over the CPUs of a node alike: one worker per CPU of
 * the cluster, whatever the shape. All workers begin and end at the same time stamp, and count the
 * operations that they finish in between.
 */
#ifndef SCALE_H
#define SCALE_H

#include <cmk/mesh.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MAX_WORKERS     ABI_CMK_MAX_NODE_CPUS
#define WORKER_PRIORITY 100

/*
 * One CPU's part. Written by the initial thread before `go`, by the worker until `done`. Two cache
 * lines of its own.
 */
struct worker {
    _Alignas(128) seL4_Word cpu;
    struct cmk_thread thread;
    seL4_CPtr go;        /* notification: the next workload is ready */
    uint64_t start, end; /* time stamps of the stretch */
    uint64_t think;      /* rounds of think() in each operation */
    uint64_t operations;
    bool late;   /* did not begin before `start`: the figures are worthless */
    bool failed; /* a system call or an answer was not as it should be */
};

struct workload {
    const char *name;
    const char *what;
    /*
     * Makes what one worker needs. Called once for each, by the initial thread. False if something
     * is used up.
     */
    bool (*prepare)(struct worker *worker);
    /* Until is_over(). On the worker's CPU. */
    void (*run)(struct worker *worker);
    /*
     * By the initial thread, when the workers of this node are done; null: nothing. False if
     * counters disagree.
     */
    bool (*finish)(void);
};

#define MAX_RUNS 24

/*
 * At the start of the shared region's part for programs. Each word has one writer; others read it
 * after a barrier.
 */
struct shared {
    _Atomic uint64_t start[MAX_RUNS]; /* time stamps; node 0 */
    struct {
        _Alignas(64) _Atomic uint64_t version, sum, writes;
    } replica[ABI_CMK_MAX_NODES]; /* each node its own: the key-value store, at the end of a run */
};

extern struct worker workers[MAX_WORKERS];
extern seL4_Word num_workers; /* of this node */
extern struct cmk_mesh mesh;
extern struct shared *shared;

extern const struct workload compute, ipc, map, pager, notify, ring, key_value;

static inline uint64_t time_stamp(void)
{
    return __builtin_ia32_rdtsc();
}

static inline bool is_over(const struct worker *worker)
{
    return time_stamp() >= worker->end;
}

/* Work in user mode: two instructions a round. */
static inline void think(uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        __asm__ volatile("" : "+r"(i));
    }
}

#endif
