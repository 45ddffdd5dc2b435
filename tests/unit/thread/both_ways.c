/* System calls the fast way and the ordinary way, from the same state to the same state. */
#include "world.h"
#include <arch/memory.h>
#include <kernel/entry.h>
#include <kernel/fastpath.h>
#include <stdlib.h>
#include <string.h>

/* All that a system call can change, but for numbers that only say which of two threads came first, or which way was taken. */
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
 * The ordinary path puts the current thread into a queue and takes it out again, and so uses up numbers; and it counts
 * itself.
 */
static void forget_numbers_in_image(struct image *image)
{
    memcpy(image->cpu[this_cpu->index].counts, this_cpu->counts, sizeof(this_cpu->counts));
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        size_t at = (size_t)((const unsigned char *)thread - (const unsigned char *)window(HOST_MEMORY_BASE));
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
        ck_assert_msg(memcmp(cpu_by_index(i), &image->cpu[i], sizeof(struct cpu)) == 0, "%s: CPU %u differs", what, i);
    }
}

bool syscall_both_ways(struct tcb *self, int64_t number, word_t pointer, word_t message)
{
    struct user_context *context = &self->context;
    context->restart_ip = context->rip;
    context->rip += 2;
    context->vector = ENTERED_BY_SYSCALL;
    context->rdi = pointer, context->rsi = message, context->rdx = (word_t)number;
    take_image(&before);
    bool taken = syscall_entry(pointer, message, (word_t)number, context->rip, self, this_cpu) != NULL;
    if (!taken) {
        compare_with(&before, "not taken, but changed");
        handle_syscall((word_t)number);
        return false;
    }
    ck_assert_ptr_ne(this_cpu->current, NULL);
    take_image(&after);
    restore(&before);
    handle_syscall((word_t)number);
    leave();
    forget_numbers_in_image(&after);
    compare_with(&after, "the two ways");
    return true;
}
