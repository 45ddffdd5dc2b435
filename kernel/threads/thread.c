/*
 * Threads as such: making, suspending, resuming, ending them, their names (contract 3.3, 8.3, 13).
 */
#include <arch/console.h>
#include <arch/door.h>
#include <arch/fpu.h>
#include <kernel/assert.h>
#include <kernel/cancellation.h>
#include <kernel/check.h>
#include <kernel/derivation.h>
#include <kernel/ipc.h>
#include <kernel/notification.h>
#include <kernel/scheduler.h>
#include <kernel/string.h>
#include <kernel/thread.h>

void thread_set_name(struct tcb *thread, const char *name)
{
    size_t length = strlen(name);
    if (length > TCB_NAME_BYTES - 1) {
        length = TCB_NAME_BYTES - 1;
    }
    memcpy(thread->name, name, length);
    thread->name[length] = '\0';
}

/*
 * A thread's name until it is given another: "child of: 'CREATOR'", zero-terminated, CREATOR cut so
 * that it fits.
 */
struct child_name {
    word_t words[6];
};

static struct child_name name_of_children(void)
{
    static const char before[] = "child of: '";
    const char *creator = this_cpu->current != NULL ? this_cpu->current->name : "boot";
    struct child_name name = {{0}};
    char *text = (char *)name.words;
    size_t room = sizeof(name) - sizeof(before) - 1;
    size_t length = MIN(strlen(creator), room);
    memcpy(text, before, sizeof(before) - 1);
    memcpy(text + sizeof(before) - 1, creator, length);
    text[sizeof(before) - 1 + length] = '\'';
    return name;
}

static inline void add_to_all_threads(struct tcb *thread)
{
    thread->all_next = all_threads;
    if (all_threads != NULL) {
        all_threads->all_previous = thread;
    }
    all_threads = thread;
}

void threads_init(struct tcb *first, word_t count)
{
    struct child_name name = name_of_children();
    uint16_t cpu = (uint16_t)this_cpu->index;
    struct tcb *thread = first;
    for (word_t i = 0; i < count; i++) {
        context_init(&thread->context);
        fpu_init_thread(thread);
        check_note(thread); /* THREAD_INACTIVE is 0 */
        thread->time_slice = ABI_TIME_SLICE_TICKS;
        thread->affinity = cpu;
        insert_root(reply_capability(thread, true, RIGHT_GRANT), &thread->slots[TCB_REPLY]);
        add_to_all_threads(thread);
        *(struct child_name *)thread->name = name;
        thread = (struct tcb *)((char *)thread + BIT(ABI_TCB_BITS));
    }
}

void thread_init(struct tcb *thread)
{
    threads_init(thread, 1);
}

void thread_claim(struct tcb *thread)
{
    if (is_current_elsewhere(thread)) {
        cpu_by_index(thread->affinity)->stopped = thread;
        take_thread(thread);
        set_thread_state(thread, THREAD_RESTART);
    }
}

void thread_suspend(struct tcb *thread)
{
    thread_claim(thread);
    if (thread == this_cpu->current) {
        take_thread(thread);
    }
    if (thread->state == THREAD_RUNNING) {
        context_keep_place(&thread->context);
    }
    cancel_ipc(thread);
    dequeue(thread);
    set_thread_state(thread, THREAD_INACTIVE);
}

void thread_resume(struct tcb *thread)
{
    if (is_runnable(thread)) {
        return;
    }
    cancel_ipc(thread);
    set_thread_state(thread, THREAD_RESTART);
    if (thread == this_cpu->current) {
        request_schedule();
    } else {
        enqueue_first(thread);
    }
}

void thread_finalise(struct tcb *thread)
{
    thread_suspend(thread);
    cancellation_forget(thread);
    if (thread->bound_notification != NULL) {
        unbind_notification(thread);
    }
    if (thread == this_cpu->current) {
        this_cpu->current = NULL;
    }
    if (thread->all_next != NULL) {
        thread->all_next->all_previous = thread->all_previous;
    }
    if (thread->all_previous != NULL) {
        thread->all_previous->all_next = thread->all_next;
    } else {
        all_threads = thread->all_next;
    }
    check_forget(thread);
}

static const char *state_name(enum thread_state state)
{
    switch (state) {
    case THREAD_INACTIVE:
        return "inactive";
    case THREAD_RUNNING:
        return "running";
    case THREAD_RESTART:
        return "restart";
    case THREAD_BLOCKED_ON_RECEIVE:
        return "blocked on receive";
    case THREAD_BLOCKED_ON_SEND:
        return "blocked on send";
    case THREAD_BLOCKED_ON_REPLY:
        return "blocked on reply";
    case THREAD_BLOCKED_ON_NOTIFICATION:
        return "blocked on notification";
    }
    unreachable();
}

void thread_dump_all(void)
{
    console_print("Name | State | IP | Prio | Core\n");
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        console_print("%s | %s | 0x%lx | %u | %u\n", thread->name,
                      state_name((enum thread_state)thread->state),
                      context_read(&thread->context, REGISTER_rip), thread->priority,
                      thread->affinity);
    }
}
