/*
 * The ready queues of CPUs and, with balance=on, of the node: insertion, removal, and the best of
 * two.
 */
#include <kernel/assert.h>
#include <kernel/ipc.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>

word_t shared_ready_count;

static struct ready_queues shared_ready;

/* The order numbers given out last. 64 bits do not wrap in the lifetime of a machine. */
static int64_t first_order;
static int64_t last_order;

static struct ready_queues *queues_of(const struct tcb *thread)
{
    return is_balanced(thread) ? &shared_ready : &cpu_by_index(thread->affinity)->ready;
}

static int best_priority(const struct ready_queues *ready)
{
    for (int i = ABI_PRIORITIES / WORD_BITS - 1; i >= 0; i--) {
        if (ready->bitmap[i] != 0) {
            return i * WORD_BITS + (WORD_BITS - 1 - __builtin_clzll(ready->bitmap[i]));
        }
    }
    return -1;
}

/* What each CPU knows of the shared queue. Time: as many steps as the node has CPUs. */
static void tell_shared(bool waiting)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        threshold_set(cpu_by_index(i), THRESHOLD_SHARED, waiting);
    }
}

/* `thread` has come into a queue. */
static void note_arrival(const struct tcb *thread)
{
    if (is_balanced(thread)) {
        if (shared_ready_count++ == 0) {
            tell_shared(true);
        }
        return;
    }
    struct cpu *cpu = cpu_by_index(thread->affinity);
    if (thread->priority > threshold_priority(cpu)) {
        threshold_set_priority(cpu, thread->priority);
    }
}

/* `thread` has gone from a queue. */
static void note_departure(const struct tcb *thread, const struct ready_queues *ready)
{
    if (is_balanced(thread)) {
        if (--shared_ready_count == 0) {
            tell_shared(false);
        }
        return;
    }
    struct cpu *cpu = cpu_by_index(thread->affinity);
    if (thread->priority == threshold_priority(cpu)) {
        threshold_set_priority(cpu, (unsigned)MAX(best_priority(ready), 0));
    }
}

void ready_insert(struct tcb *thread, bool at_head)
{
    assert(!thread->queued);
    struct ready_queues *ready = queues_of(thread);
    struct thread_queue *queue = &ready->queue[thread->priority];
    if (at_head) {
        thread->ready_order = --first_order;
        thread_queue_prepend(queue, thread);
    } else {
        thread->ready_order = ++last_order;
        thread_queue_append(queue, thread);
    }
    ready->bitmap[thread->priority / WORD_BITS] |= BIT(thread->priority % WORD_BITS);
    thread->queued = true;
    note_arrival(thread);
}

void ready_remove(struct tcb *thread)
{
    assert(thread->queued);
    struct ready_queues *ready = queues_of(thread);
    struct thread_queue *queue = &ready->queue[thread->priority];
    thread_queue_remove(queue, thread);
    if (queue->head == NULL) {
        ready->bitmap[thread->priority / WORD_BITS] &= ~BIT(thread->priority % WORD_BITS);
    }
    thread->queued = false;
    note_departure(thread, ready);
}

void ready_rotate(struct tcb *from, struct tcb *to)
{
    struct thread_queue *queue = &cpu_by_index(to->affinity)->ready.queue[to->priority];
    assert(queue->head == to && from->affinity == to->affinity && from->priority == to->priority);
    from->ready_order = ++last_order;
    thread_queue_append(queue, from);
    thread_queue_remove(queue, to);
    from->queued = true;
    to->queued = false;
}

int shared_ready_priority(void)
{
    return shared_ready_count != 0 ? best_priority(&shared_ready) : -1;
}

int ready_best_priority(const struct cpu *cpu)
{
    return MAX(best_priority(&cpu->ready), shared_ready_priority());
}

struct tcb *ready_best(const struct cpu *cpu)
{
    int own = best_priority(&cpu->ready);
    int shared = shared_ready_priority();
    if (own < 0 && shared < 0) {
        return NULL;
    }
    struct tcb *own_head = own >= 0 ? cpu->ready.queue[own].head : NULL;
    struct tcb *shared_head = shared >= 0 ? shared_ready.queue[shared].head : NULL;
    bool take_shared =
        shared > own || (shared == own && shared_head->ready_order < own_head->ready_order);
    return take_shared ? shared_head : own_head;
}

struct tcb *ready_take_best(const struct cpu *cpu)
{
    struct tcb *thread = ready_best(cpu);
    if (thread != NULL) {
        ready_remove(thread);
    }
    return thread;
}

const struct ready_queues *shared_ready_queues(void)
{
    return &shared_ready;
}
