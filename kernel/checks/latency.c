/*
 * How long others wait for a CPU that is in the kernel: debug builds measure it (docs/latency.md).
 */
#include <api/debug.h>
#include <arch/machine.h>
#include <kernel/objects.h>
#include <kernel/preemption.h>

static word_t stretch_start;
static word_t operation; /* CMK_OPERATION of the entry under way */
static bool has_written; /* to the console, since the stretch began */

/*
 * Since it was asked last; the second without the stretches that wrote to the console, which is
 * slower than any CPU.
 */
static struct longest {
    word_t stretch;
    word_t operation;
} longest_of_all, longest_silent;

static void begin_stretch(void)
{
    has_written = false;
    stretch_start = machine_time_stamp();
}

/* Calls that release kernels do not have: what they take does not matter. */
static bool is_debug_call(void)
{
    word_t number = -CMK_OPERATION_SYSCALL(operation);
    return number <= (word_t)SYS_DebugPutChar && number >= (word_t)SYS_DebugGetThreadAffinity;
}

static void keep_longest(struct longest *longest, word_t stretch)
{
    if (stretch > longest->stretch) {
        *longest = (struct longest){.stretch = stretch, .operation = operation};
    }
}

static void end_stretch(void)
{
    if (is_debug_call()) {
        return;
    }
    word_t stretch = machine_time_stamp() - stretch_start;
    keep_longest(&longest_of_all, stretch);
    if (!has_written) {
        keep_longest(&longest_silent, stretch);
    }
}

void preemption_begin_entry(void)
{
    operation = 0;
    begin_stretch();
}

void preemption_begin_stretch(void)
{
    end_stretch();
    begin_stretch();
}

void preemption_end_entry(void)
{
    end_stretch();
}

word_t preemption_longest_stretch(bool silent, word_t *its_operation)
{
    struct longest *longest = silent ? &longest_silent : &longest_of_all;
    word_t stretch = longest->stretch;
    *its_operation = longest->operation;
    *longest = (struct longest){0};
    return stretch;
}

void preemption_keep_syscall(word_t number)
{
    operation = CMK_OPERATION(-number & 0xff, 0, 0);
}

void preemption_keep_invocation(word_t capability_type, word_t label)
{
    operation = CMK_OPERATION(CMK_OPERATION_SYSCALL(operation), capability_type, label);
}

void preemption_keep_console(void)
{
    has_written = true;
}
