/* Which thread runs where (contract 8.1, 8.6): the rules, on top of the ready queues. */
#include <arch/door.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>

bool balance_on;

void request_schedule(void)
{
    threshold_set(this_cpu, THRESHOLD_LOOK, true);
}

/* Something better may wait for `cpu`: it looks at its next exit, which comes soon. */
static void call_cpu(struct cpu *cpu)
{
    threshold_set(cpu, THRESHOLD_LOOK, true);
    if (cpu != this_cpu) {
        cpu->called = true;
        kick_cpu(cpu);
    }
}

static void enqueue(struct tcb *thread, bool at_head)
{
    ready_insert(thread, at_head);
    if (is_balanced(thread)) {
        request_schedule(); /* this CPU looks for itself, and its exit sees to the others */
        return;
    }
    struct cpu *cpu = cpu_by_index(thread->affinity);
    if (cpu == this_cpu || cpu->current == NULL || cpu->current->priority < thread->priority) {
        call_cpu(cpu);
    }
}

void enqueue_first(struct tcb *thread)
{
    enqueue(thread, true);
}

void enqueue_last(struct tcb *thread)
{
    enqueue(thread, false);
}

void dequeue(struct tcb *thread)
{
    if (thread->queued) {
        ready_remove(thread);
    }
    if (this_cpu->woken == thread) {
        this_cpu->woken = NULL;
    }
}

static bool may_run_here(const struct tcb *thread)
{
    return is_balanced(thread) || thread->affinity == this_cpu->index;
}

/*
 * A woken thread that does not run at once: after a running thread of its own priority, else first
 * among its equals.
 */
static void enqueue_woken(struct tcb *thread)
{
    const struct cpu *cpu = may_run_here(thread) ? this_cpu : cpu_by_index(thread->affinity);
    const struct tcb *running = cpu->current;
    bool goes_last =
        running != NULL && is_runnable(running) && running->priority == thread->priority;
    enqueue(thread, !goes_last);
}

void make_runnable(struct tcb *thread)
{
    assert(is_runnable(thread) && !thread->queued);
    if (thread == this_cpu->current) {
        request_schedule();
    } else if (!may_run_here(thread)) {
        enqueue_woken(thread);
    } else if (this_cpu->woken == NULL) {
        this_cpu->woken = thread;
    } else {
        struct tcb *earlier = this_cpu->woken;
        this_cpu->woken = NULL;
        enqueue_woken(earlier);
        enqueue_woken(thread);
    }
}

void yield_current(void)
{
    enqueue_last(this_cpu->current);
}

/*
 * Whose time a tick counts: the current thread's, or that of a thread which another CPU took away
 * on the way in, if it is about to run here again. Else a thread that others stop all the time
 * would keep its CPU forever.
 */
static struct tcb *thread_to_charge(void)
{
    struct tcb *thread = this_cpu->current;
    if (thread == NULL && this_cpu->stopped != NULL) {
        struct tcb *next = ready_best(this_cpu);
        return next == this_cpu->stopped ? next : NULL;
    }
    return thread != NULL && is_runnable(thread) ? thread : NULL;
}

void scheduler_tick(void)
{
    struct tcb *thread = thread_to_charge();
    if (thread == NULL) {
        return;
    }
    if (thread->time_slice > 1) {
        thread->time_slice--;
        return;
    }
    thread->time_slice = ABI_TIME_SLICE_TICKS;
    dequeue(thread);
    enqueue_last(thread);
}

void set_priority(struct tcb *thread, unsigned priority)
{
    dequeue(thread);
    thread->priority = (uint8_t)priority;
    if (thread == this_cpu->current) {
        if (!passes_threshold_of_exit(this_cpu, thread)) {
            request_schedule(); /* else it would only go into its queue and out again */
        }
    } else if (is_runnable(thread)) {
        make_runnable(thread);
    }
}

void set_affinity(struct tcb *thread, unsigned cpu_index)
{
    dequeue(thread);
    if (cpu_index != thread->affinity) {
        thread->last_cpu = 0;
    }
    thread->affinity = (uint16_t)cpu_index;
    thread->affinity_given = true;
    if (is_runnable(thread)) {
        enqueue_last(thread);
    }
    if (thread == this_cpu->current) {
        request_schedule();
    }
}

/*
 * The woken thread `candidate` against everything that waits, the current thread (if runnable)
 * included.
 */
static struct tcb *choose_with_candidate(struct tcb *candidate, const struct tcb *still_runnable)
{
    struct cpu *cpu = this_cpu;
    if (still_runnable != NULL && still_runnable->priority == candidate->priority) {
        ready_insert(candidate, false);
    } else if (ready_best_priority(cpu) > candidate->priority) {
        ready_insert(candidate, true);
    } else {
        return candidate;
    }
    return ready_take_best(cpu);
}

static struct tcb *choose(struct cpu *cpu)
{
    struct tcb *current = cpu->current != NULL && is_runnable(cpu->current) ? cpu->current : NULL;
    struct tcb *candidate = cpu->woken;
    if (current != NULL && candidate == NULL && !threshold_has(cpu, THRESHOLD_LOOK)) {
        return current;
    }
    cpu->woken = NULL;
    if (current != NULL && !current->queued) {
        ready_insert(current, true);
    }
    return candidate != NULL ? choose_with_candidate(candidate, current) : ready_take_best(cpu);
}

/*
 * The CPU, not called yet, that runs the least important thread of less than `priority`; idle
 * ones come first.
 */
static struct cpu *least_important_cpu(int priority)
{
    struct cpu *least = NULL;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        if (cpu == this_cpu || cpu->called) {
            continue;
        }
        if (cpu->current == NULL) {
            if (is_marked_idle(cpu)) {
                return cpu;
            }
        } else if (cpu->current->priority < priority) {
            priority = cpu->current->priority;
            least = cpu;
        }
    }
    return least;
}

/*
 * CPUs that are on their way to schedule(), where each takes one thread at least, or has something
 * better.
 */
static word_t cpus_about_to_choose(void)
{
    word_t count = 0;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        bool at_the_door_without_thread = cpu->current == NULL && !is_marked_idle(cpu);
        count += cpu != this_cpu && (cpu->called || at_the_door_without_thread);
    }
    return count;
}

/*
 * Work conservation: a CPU is called for every thread left in the shared queue, as long as there
 * are CPUs that are idle or run something less important. Bounded by the node's CPUs. A called CPU
 * comes here itself when it has chosen.
 */
static void call_cpus_for_shared(void)
{
    word_t coming = cpus_about_to_choose();
    while (coming < shared_ready_count) {
        struct cpu *cpu = least_important_cpu(shared_ready_priority());
        if (cpu == NULL) {
            return;
        }
        call_cpu(cpu);
        coming++;
    }
}

struct tcb *schedule(void)
{
    struct cpu *cpu = this_cpu;
    struct tcb *next = choose(cpu);
    threshold_set(cpu, THRESHOLD_LOOK, false);
    cpu->called = false;
    cpu->stopped = NULL;
    if (next != NULL) {
        assert(is_runnable(next) && !next->queued);
        if (is_balanced(next)) {
            next->affinity = (uint16_t)cpu->index;
        }
        if (next->state == THREAD_RESTART) {
            context_restart(&next->context);
            next->state = THREAD_RUNNING;
        }
    }
    if (shared_ready_count != 0) {
        call_cpus_for_shared();
    }
    check_exit(next);
    return next;
}
