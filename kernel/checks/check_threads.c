/* Rules 2 and 3: where threads are. */
#include <kernel/assert.h>
#include <kernel/cancellation.h>
#include <kernel/check_parts.h>
#include <kernel/ipc.h>
#include <kernel/notification.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

/* On how many CPUs `thread` is current, `next` being this CPU's. */
static unsigned times_current(const struct tcb *thread, const struct tcb *next)
{
    unsigned times = 0;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        const struct tcb *current = cpu == this_cpu ? next : cpu->current;
        if (current == thread) {
            require(thread->affinity == cpu->index);
            times++;
        }
    }
    return times;
}

/* How often `thread` is in a queue; the queue's links must be those of a list. */
static unsigned times_in_queue(struct thread_queue queue, const struct tcb *thread)
{
    unsigned times = 0;
    const struct tcb *previous = NULL;
    for (const struct tcb *t = queue.head; t != NULL; t = t->queue_next) {
        require(t->queue_previous == previous);
        previous = t;
        times += t == thread;
    }
    require(queue.tail == previous);
    return times;
}

static void check_on_endpoint(const struct tcb *thread, enum endpoint_state state)
{
    const struct endpoint *endpoint = thread->blocked_on;
    require(endpoint != NULL);
    require(endpoint_state(endpoint) == state);
    require(times_in_queue(endpoint_queue(endpoint), thread) == 1);
}

static void check_on_notification(const struct tcb *thread)
{
    const struct notification *notification = thread->blocked_on;
    require(notification != NULL);
    require(notification_state(notification) == NOTIFICATION_WAITING);
    require(times_in_queue(notification_queue(notification), thread) == 1);
}

/* The only outstanding reply capability to a thread belongs to one that waits for a reply. */
static void check_reply(const struct tcb *thread)
{
    const struct slot *next = slot_next(&thread->slots[TCB_REPLY]);
    if (next != NULL && capability_type(next->capability) == CAP_REPLY &&
        capability_tcb(next->capability) == thread) {
        require(!reply_capability_is_master(next->capability));
        require(thread->state == THREAD_BLOCKED_ON_REPLY);
    }
}

static void check_ready(const struct tcb *thread)
{
    const struct ready_queues *ready =
        is_balanced(thread) ? shared_ready_queues() : &cpu_by_index(thread->affinity)->ready;
    require(times_in_queue(ready->queue[thread->priority], thread) == 1);
    require(ready->bitmap[thread->priority / WORD_BITS] & BIT(thread->priority % WORD_BITS));
}

void check_thread(const struct tcb *thread, const struct tcb *next)
{
    unsigned current = times_current(thread, next);
    require(current <= 1);
    require(thread->queued == (is_runnable(thread) && current == 0));
    require(thread->bound_notification == NULL || thread->bound_notification->bound == thread);
    switch ((enum thread_state)thread->state) {
    case THREAD_RUNNING:
    case THREAD_RESTART:
        if (current == 0) {
            check_ready(thread);
        }
        break;
    case THREAD_BLOCKED_ON_SEND:
        check_on_endpoint(thread, ENDPOINT_SENDING);
        break;
    case THREAD_BLOCKED_ON_RECEIVE:
        check_on_endpoint(thread, ENDPOINT_RECEIVING);
        break;
    case THREAD_BLOCKED_ON_NOTIFICATION:
        check_on_notification(thread);
        break;
    case THREAD_BLOCKED_ON_REPLY:
    case THREAD_INACTIVE:
        break;
    }
    require(is_runnable(thread) || current == 0);
    check_reply(thread);
}

/*
 * Threads in a set of ready queues, each in the queue of its priority; the bitmap says which are
 * not empty.
 */
static word_t count_ready(const struct ready_queues *ready)
{
    word_t count = 0;
    for (unsigned priority = 0; priority < ABI_PRIORITIES; priority++) {
        const struct thread_queue *queue = &ready->queue[priority];
        bool marked = ready->bitmap[priority / WORD_BITS] & BIT(priority % WORD_BITS);
        require(marked == (queue->head != NULL));
        for (const struct tcb *thread = queue->head; thread != NULL; thread = thread->queue_next) {
            require(thread->priority == priority && thread->queued && is_runnable(thread));
            count++;
        }
    }
    return count;
}

static int best_ready_priority(const struct ready_queues *ready)
{
    int best = ABI_PRIORITIES - 1;
    while (best >= 0 && ready->queue[best].head == NULL) {
        best--;
    }
    return best;
}

static word_t count_all_ready(void)
{
    word_t shared = count_ready(shared_ready_queues());
    require(shared == shared_ready_count);
    word_t count = shared;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        const int best = best_ready_priority(&cpu->ready);
        require(threshold_priority(cpu) == (unsigned)MAX(best, 0)); /* what fast paths go by */
        require(threshold_has(cpu, THRESHOLD_SHARED) == (shared != 0));
        require(cpu->root_epoch == this_cpu->root_epoch);
        count += count_ready(&cpu->ready);
    }
    return count;
}

static bool has_ready_thread(const struct ready_queues *ready)
{
    word_t bits = 0;
    for (unsigned i = 0; i < ABI_PRIORITIES / WORD_BITS; i++) {
        bits |= ready->bitmap[i];
    }
    return bits != 0;
}

/*
 * No idle CPU that has not been called has a thread in its queue; and while the shared queue holds
 * any, every idle CPU has been called, or enough others have (work conservation).
 */
void check_idle_cpus(void)
{
    word_t coming = 0;
    bool forgotten = false;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        bool without_thread = cpu->current == NULL && cpu != this_cpu;
        bool sleeps_on = without_thread && is_marked_idle(cpu) && !cpu->called;
        require(!sleeps_on || !has_ready_thread(&cpu->ready));
        coming += cpu->called || (without_thread && !is_marked_idle(cpu));
        forgotten |= sleeps_on;
    }
    require(!forgotten || coming >= shared_ready_count);
}

/* A cancellation goes on with a thread that still sends on its endpoint. */
static void check_cancellation(void)
{
    const struct tcb *sender = cancellation.next;
    require(sender == NULL || (sender->state == THREAD_BLOCKED_ON_SEND &&
                               sender->blocked_on == (void *)cancellation.endpoint));
}

void check_all_threads(const struct tcb *next)
{
    check_cancellation();
    word_t queued = 0;
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        require(thread->all_next == NULL || thread->all_next->all_previous == thread);
        check_thread(thread, next);
        queued += thread->queued;
    }
    require(queued == count_all_ready());
    check_idle_cpus();
}
