/* Events the fast way and the ordinary way, from the same state to the same state. */
#include "world.h"
#include <arch/memory.h>
#include <kernel/entry.h>
#include <kernel/irq.h>
#include <kernel/fastpath.h>
#include <stdlib.h>
#include <string.h>

/*
 * All that a system call can change, but for numbers that only say which of two threads came first,
 * or which way was taken.
 */
struct image {
    unsigned char *memory;
    struct cpu cpu[HOST_CPUS];
};

static struct image before, after;

static void take_image(struct image *image)
{
    size_t bytes = world_memory_used();
    image->memory = realloc(image->memory, bytes);
    memcpy(image->memory, window(HOST_MEMORY_BASE), bytes);
    for (unsigned i = 0; i < HOST_CPUS; i++) {
        image->cpu[i] = *cpu_by_index(i);
    }
}

static void restore(const struct image *image)
{
    memcpy(window(HOST_MEMORY_BASE), image->memory, world_memory_used());
    for (unsigned i = 0; i < HOST_CPUS; i++) {
        *cpu_by_index(i) = image->cpu[i];
    }
}

/*
 * The ordinary path puts the current thread into a queue and takes it out again, and so uses up
 * numbers; and it counts itself.
 */
static void forget_numbers_in_image(struct image *image)
{
    memcpy(image->cpu[this_cpu->index].counts, this_cpu->counts, sizeof(this_cpu->counts));
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        size_t at = (size_t)((const unsigned char *)thread -
                             (const unsigned char *)window(HOST_MEMORY_BASE));
        ((struct tcb *)(image->memory + at))->ready_order = thread->ready_order;
    }
}

static void compare_with(const struct image *image, const char *what)
{
    const unsigned char *memory = window(HOST_MEMORY_BASE);
    size_t same = 0;
    if (memcmp(memory, image->memory, world_memory_used()) != 0) {
        while (memory[same] == image->memory[same]) {
            same++;
        }
        ck_abort_msg("%s: byte 0x%zx of memory differs", what, same);
    }
    for (unsigned i = 0; i < HOST_CPUS; i++) {
        ck_assert_msg(memcmp(cpu_by_index(i), &image->cpu[i], sizeof(struct cpu)) == 0,
                      "%s: CPU %u differs", what, i);
    }
}

/* What happens on the CPU that executes. */
struct event {
    enum { SYSCALL, INTERRUPT, VM_FAULT, USER_EXCEPTION } kind;
    word_t words[3]; /* the registers' words; the irq; what the fault says */
};

static struct user_context *fast(const struct event *event)
{
    const word_t *words = event->words;
    struct tcb *self = this_cpu->current;
    switch (event->kind) {
    case SYSCALL:
        return syscall_entry(words[0], words[1], words[2], self->context.rip, self, this_cpu);
    case INTERRUPT:
        return fast_interrupt(words[0], this_cpu);
    case VM_FAULT:
        return fast_vm_fault(words[0], words[1], self, this_cpu);
    default:
        return fast_user_exception(words[0], words[1], self, this_cpu);
    }
}

static void ordinary(const struct event *event)
{
    const word_t *words = event->words;
    switch (event->kind) {
    case SYSCALL:
        handle_syscall(words[2]);
        break;
    case INTERRUPT:
        irq_deliver(words[0]);
        break;
    case VM_FAULT:
        handle_vm_fault(words[0], words[1]);
        break;
    default:
        handle_user_exception(words[0], words[1]);
    }
}

static bool both_ways(const struct event *event)
{
    take_image(&before);
    if (fast(event) == NULL) {
        compare_with(&before, "not taken, but changed");
        ordinary(event);
        return false;
    }
    ck_assert_ptr_ne(this_cpu->current, NULL);
    take_image(&after);
    restore(&before);
    ordinary(event);
    leave();
    forget_numbers_in_image(&after);
    compare_with(&after, "the two ways");
    return true;
}

bool syscall_both_ways(struct tcb *self, int64_t number, word_t pointer, word_t message)
{
    struct user_context *context = &self->context;
    context->restart_ip = context->rip;
    context->rip += 2;
    context->vector = ENTERED_BY_SYSCALL;
    context->rdi = pointer, context->rsi = message, context->rdx = (word_t)number;
    return both_ways(&(struct event){SYSCALL, {pointer, message, (word_t)number}});
}

bool interrupt_both_ways(word_t irq)
{
    return both_ways(&(struct event){INTERRUPT, {irq}});
}

bool vm_fault_both_ways(struct tcb *self, vaddr_t address, word_t status)
{
    self->context.restart_ip = self->context.rip;
    return both_ways(&(struct event){VM_FAULT, {address, status}});
}

bool user_exception_both_ways(struct tcb *self, word_t vector, word_t error)
{
    self->context.restart_ip = self->context.rip;
    self->context.vector = vector;
    return both_ways(&(struct event){USER_EXCEPTION, {vector, error}});
}
