#include "world.h"
#include <arch/door.h>
#include <arch/memory.h>
#include <kernel/check.h>
#include <kernel/entry.h>
#include <kernel/irq.h>
#include <string.h>

struct slot *root;
struct endpoint *endpoint;
struct notification *notification;

static paddr_t next_object = HOST_MEMORY_BASE;
static unsigned next_thread_slot;

void *new_object(unsigned bits)
{
    paddr_t at = ALIGN_UP(next_object, bits);
    next_object = at + BIT(bits);
    return window(at);
}

size_t world_memory_used(void)
{
    return next_object - HOST_MEMORY_BASE;
}

void world_start(unsigned cpus)
{
    host_start(cpus);
    checks_on = true;
    root = new_object(ROOT_RADIX + ABI_SLOT_BITS);
    endpoint = new_object(ABI_ENDPOINT_BITS);
    notification = new_object(ABI_NOTIFICATION_BITS);
    insert_root(cnode_capability(root, ROOT_RADIX, 0, WORD_BITS - ROOT_RADIX), &root[ROOT]);
    insert_root(endpoint_capability(endpoint, 0, RIGHTS_ALL), &root[ENDPOINT]);
    insert_root(notification_capability(notification, 0, RIGHTS_ALL), &root[NOTIFICATION]);
    next_thread_slot = ROOT_SLOTS;
}

struct tcb *new_thread(unsigned priority, unsigned cpu)
{
    struct tcb *thread = new_object(ABI_TCB_BITS);
    thread_init(thread);
    thread->priority = (uint8_t)priority;
    thread->maximum_controlled_priority = 255;
    thread->affinity = (uint16_t)cpu;
    thread->ipc_buffer = (vaddr_t)new_object(ABI_IPC_BUFFER_SIZE_BITS);
    thread->context.rip = thread->context.restart_ip = START_ADDRESS;
    insert_root(tcb_capability(thread), &root[--next_thread_slot]);
    insert_derived(root[ROOT].capability, &root[ROOT], &thread->slots[TCB_CSPACE]);
    return thread;
}

unsigned slot_of(const struct tcb *thread)
{
    for (unsigned i = next_thread_slot; i < ROOT_SLOTS; i++) {
        if (capability_type(root[i].capability) == CAP_TCB &&
            capability_tcb(root[i].capability) == thread) {
            return i;
        }
    }
    ck_abort_msg("no capability to that thread");
}

word_t *buffer_of(const struct tcb *thread)
{
    return (word_t *)thread->ipc_buffer;
}

struct tcb *new_running_thread(unsigned priority, unsigned cpu)
{
    struct tcb *thread = new_thread(priority, cpu);
    host_enter(cpu);
    thread_resume(thread);
    leave();
    settle();
    return thread;
}

void mint(unsigned destination, unsigned source, word_t rights, word_t badge_value)
{
    struct capability c = capability_with_rights(root[source].capability, rights);
    c.word[1] = badge_value;
    insert_derived(c, &root[source], &root[destination]);
}

void leave(void)
{
    struct cpu *cpu = this_cpu;
    struct tcb *next = schedule();
    cpu->current = next;
    cpu->mark = next != NULL ? CPU_USER : CPU_IDLE;
    if (next != NULL) {
        next->root_epoch = this_cpu->root_epoch;
    }
    check_everything();
}

static bool must_come(const struct cpu *cpu)
{
    return cpu->called || (cpu->current == NULL && cpu->mark == CPU_DOOR);
}

void settle(void)
{
    for (unsigned rounds = 0; rounds < 100; rounds++) {
        bool anybody = false;
        for (unsigned i = 0; i < node_cpu_count; i++) {
            if (must_come(cpu_by_index(i))) {
                anybody = true;
                host_enter(i);
                leave();
            }
        }
        if (!anybody) {
            return;
        }
    }
    ck_abort_msg("CPUs call one another for ever");
}

static unsigned cpu_of(const struct tcb *thread)
{
    for (unsigned i = 0; i < node_cpu_count; i++) {
        if (running_on(i) == thread) {
            return i;
        }
    }
    ck_abort_msg("the thread is not current");
}

void make_syscall(struct tcb *thread, int64_t number, word_t pointer, word_t message)
{
    host_enter(cpu_of(thread));
    struct user_context *context = &thread->context;
    context->restart_ip = context->rip;
    context->rip += 2;
    context->vector = ENTERED_BY_SYSCALL;
    context->rdx = (word_t)number;
    context->rdi = pointer;
    context->rsi = message;
    handle_syscall((word_t)number);
    leave();
    settle();
}

void tick(unsigned cpu)
{
    host_enter(cpu);
    scheduler_tick();
    leave();
    settle();
}

void interrupt(unsigned cpu, word_t irq)
{
    host_enter(cpu);
    irq_deliver(irq);
    leave();
    settle();
}

word_t invoke(struct tcb *thread, unsigned slot, word_t label, unsigned length, const word_t *words,
              unsigned extra_count, const unsigned *extra)
{
    for (unsigned i = 0; i < length; i++) {
        set_mr(thread, i, words[i]);
    }
    for (unsigned i = 0; i < extra_count; i++) {
        buffer_of(thread)[ABI_IPC_CAPS_OR_BADGES + i] = extra[i];
    }
    make_syscall(thread, SYS_Call, slot, make_info(label, extra_count, length));
    return message_info_label(info(thread));
}

void set_mr(struct tcb *thread, unsigned index, word_t value)
{
    give_word(thread, buffer_of(thread), index, value);
}

word_t mr(const struct tcb *thread, unsigned index)
{
    return sent_word(thread, buffer_of(thread), index);
}

struct tcb *running_on(unsigned cpu)
{
    return cpu_by_index(cpu)->current;
}
