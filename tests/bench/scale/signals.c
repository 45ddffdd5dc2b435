/*
 * Notification storms. `notify`: on each CPU a thread signals a waiting thread of higher priority,
 * which runs at once and waits again. `ring`: each worker signals the worker on the next CPU of its
 * node, then waits for its own signal; on a node of one CPU it signals itself. Signals between
 * nodes are no storm: the sender's kernel limits them.
 */
#include "scale.h"

struct listener {
    _Alignas(64) seL4_CPtr notification;
    struct cmk_thread thread;
    _Atomic uint64_t heard;
    uint64_t told; /* by the worker, over all its stretches */
};

static struct listener listeners[MAX_WORKERS];
static seL4_CPtr ring_notifications[MAX_WORKERS];

static void listen(void *argument)
{
    struct listener *listener = argument;
    for (;;) {
        seL4_Wait(listener->notification, NULL);
        atomic_store_explicit(&listener->heard, listener->heard + 1, memory_order_relaxed);
    }
}

static bool prepare_notify(struct worker *worker)
{
    struct listener *listener = &listeners[worker->cpu];
    listener->notification = cmk_alloc_object(seL4_NotificationObject, 0);
    return listener->notification != 0 &&
           cmk_create_thread(&listener->thread, worker->cpu, WORKER_PRIORITY + 1, listen, listener);
}

static void run_notify(struct worker *worker)
{
    struct listener *listener = &listeners[worker->cpu];
    while (!is_over(worker)) {
        seL4_Signal(listener->notification);
        listener->told++;
        worker->operations++;
        think(worker->think);
    }
    worker->failed = atomic_load_explicit(&listener->heard, memory_order_relaxed) != listener->told;
}

static bool prepare_ring(struct worker *worker)
{
    ring_notifications[worker->cpu] = cmk_alloc_object(seL4_NotificationObject, 0);
    return ring_notifications[worker->cpu] != 0;
}

/*
 * A worker that ended still signals its neighbour, so that nobody waits for ever; what is left is
 * taken next time.
 */
static void run_ring(struct worker *worker)
{
    seL4_CPtr mine = ring_notifications[worker->cpu];
    seL4_CPtr next = ring_notifications[(worker->cpu + 1) % num_workers];
    while (!is_over(worker)) {
        seL4_Signal(next);
        seL4_Wait(mine, NULL);
        worker->operations++;
        think(worker->think);
    }
    seL4_Signal(next);
}

const struct workload notify = {"notify", "signal to a waiting thread of the CPU", prepare_notify,
                                run_notify, NULL};
const struct workload ring = {"ring", "signal to the node's next CPU, then wait", prepare_ring,
                              run_ring, NULL};
