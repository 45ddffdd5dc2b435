/*
 * The hardware-free kernel: an input is a program of system calls, faults and interrupts on a small
 * node (kernel_world.h); after every kernel entry all the design's rules are checked, and at the
 * end, that nothing is left when everything is revoked. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined -fno-sanitize-recover=all \
 *       -Wall -Wextra -Werror tests/fuzz/kernel*.c tests/fuzz/replay.c tests/unit/host/[a-z]*.c \
 *       $(find kernel -name '*.c' ! -name exit.c) \
 *       arch/x86/memory/[a-z]*.c arch/x86/methods/[a-z]*.c arch/x86/lifecycle/[a-z]*.c \
 *       arch/x86/calls/fast_frame.c arch/x86/checks/check.c arch/x86/checks/mutant.c \
 *       arch/x86/machine/context.c -Wl,--wrap=message_word_in_buffer \
 *       -Wl,--wrap=lookup_extra_caps,--wrap=arch_invoke_quickly,--wrap=machine_exit_node \
 *           -Wl,--wrap=syscall_ordinary -o build/fuzz/kernel
 *   build/fuzz/kernel tests/fuzz/corpus/kernel
 *
 * The first byte: bits 0-1 CPUs less one, bit 2 balance=on, bit 3: the program runs twice, with the
 * fast paths and without, and must have done the same after every entry. Then operations, each a
 * byte and its arguments:
 *   bits 0-3 what (enum operation)   bits 4-5 on which CPU   bit 6 other CPUs take their time
 *   bit 7 a thread whose system call was interrupted makes another one, instead of the same again
 * Numbers are one byte or more, see number().
 */
#include "fuzz.h"
#include "kernel_parts.h"
#include "kernel_world.h"
#include <arch/interrupt.h>
#include <arch/object.h>
#include <kernel/cspace.h>
#include <kernel/entry.h>
#include <kernel/fastpath.h>
#include <kernel/invocation.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>
#include <setjmp.h>

enum { MAX_OPERATIONS = 200, MAX_REPETITIONS = 8 };

/* --- memory that changes under the kernel's eyes --- */

/* Added to a word of the buffer each time after the kernel read it; 0: it stays. */
static word_t change_after_read;

word_t __real_message_word_in_buffer(const struct invocation *call, unsigned index);
word_t __wrap_message_word_in_buffer(const struct invocation *call, unsigned index);
bool __real_lookup_extra_caps(const struct tcb *sender, const word_t *buffer, unsigned count,
                              struct slot *extra[ABI_MAX_EXTRA_CAPS], word_t *pointer,
                              struct lookup_failure *failure);
bool __wrap_lookup_extra_caps(const struct tcb *sender, const word_t *buffer, unsigned count,
                              struct slot *extra[ABI_MAX_EXTRA_CAPS], word_t *pointer,
                              struct lookup_failure *failure);

struct user_context *__real_arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                                struct cpu *cpu);
struct user_context *__wrap_arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                                struct cpu *cpu);

word_t __wrap_message_word_in_buffer(const struct invocation *call, unsigned index)
{
    word_t word = __real_message_word_in_buffer(call, index);
    ((word_t *)call->buffer)[ABI_IPC_MESSAGE + index] += change_after_read;
    return word;
}

bool __wrap_lookup_extra_caps(const struct tcb *sender, const word_t *buffer, unsigned count,
                              struct slot *extra[ABI_MAX_EXTRA_CAPS], word_t *pointer,
                              struct lookup_failure *failure)
{
    bool found = __real_lookup_extra_caps(sender, buffer, count, extra, pointer, failure);
    for (unsigned i = 0; buffer != NULL && i < count; i++) {
        ((word_t *)buffer)[ABI_IPC_CAPS_OR_BADGES + i] += change_after_read;
    }
    return found;
}

/* A call that is carried out the short way has read which capability it is about by itself. */
struct user_context *__wrap_arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                                struct cpu *cpu)
{
    struct user_context *context = __real_arch_invoke_quickly(slot, info, caller, cpu);
    if (context != NULL && message_info_extra_caps(info) > 0) {
        arch_ipc_buffer(caller, false)[ABI_IPC_CAPS_OR_BADGES] += change_after_read;
    }
    return context;
}

/* --- the node's end, when its user asks for it --- */

static jmp_buf node_exit;

_Noreturn void __wrap_machine_exit_node(word_t status);

_Noreturn void __wrap_machine_exit_node(word_t status)
{
    (void)status;
    longjmp(node_exit, 1);
}

static void enter_with_syscall(unsigned cpu)
{
    const struct tcb *thread = world_current(cpu);
    trace("enter", cpu, thread);
    if (is_harmless(&thread->context)) {
        enum fast_path path = fast_path_of(thread);
        if (world_syscall(cpu)) {
            count_taken(path);
        }
    }
    trace("leave", cpu, thread);
}

static void make_syscall(unsigned cpu, const struct request *r, bool anew)
{
    struct tcb *thread = world_current(cpu);
    if (anew || !was_interrupted(thread)) {
        put_request(thread, r);
    }
    enter_with_syscall(cpu);
    /* It may be interrupted several times; in the end it is left in peace. */
    for (unsigned i = 0;
         i < MAX_REPETITIONS && world_current(cpu) == thread && was_interrupted(thread); i++) {
        if (i + 1 == MAX_REPETITIONS) {
            host_interrupt_after = HOST_NEVER;
        }
        enter_with_syscall(cpu);
    }
    must(host_machine.longest_clear <= 8192, "%lu bytes cleared in one piece",
         host_machine.longest_clear);
}

static word_t other_syscall(uint8_t choice)
{
    static const int64_t numbers[] = {
        SYS_Send,
        SYS_NBSend,
        SYS_Recv,
        SYS_NBRecv,
        SYS_Reply,
        SYS_ReplyRecv,
        SYS_Yield,
        SYS_SetTLSBase,
        SYS_DebugPutChar,
        SYS_DebugDumpScheduler,
        SYS_DebugCapIdentify,
        SYS_DebugSnapshot,
        SYS_DebugNameThread,
        SYS_DebugSendIPI,
        SYS_DebugGetThreadAffinity,
    };
    return choice < ARRAY_LENGTH(numbers) ? (word_t)numbers[choice] : choice;
}

/* --- operations --- */

/* The numbers not listed are Calls, too: most operations are. */
enum operation {
    OTHER_SYSCALL = 8,
    TICK,
    INTERRUPT,
    TRAP,
    BUFFER_WORD,
    CIRCUMSTANCES,
    HELP,
    RECEIVE
};

/* The current thread traps: 0 page fault, 1 exception, 2 system call by `int n`. */
static void trap(unsigned cpu)
{
    uint8_t kind = next_byte();
    word_t first = number(), second = number();
    struct tcb *thread = world_current(cpu);
    if (thread == NULL) {
        return;
    }
    world_enter(cpu);
    thread->context.restart_ip = thread->context.rip;
    thread->context.vector = kind;
    switch (kind % 3) {
    case 0:
        if (fast_vm_fault(first, second, thread, this_cpu) == NULL) {
            handle_vm_fault(first, second);
        } else {
            count_taken(FAST_VM_FAULT);
        }
        break;
    case 1:
        if (fast_user_exception(first, second, thread, this_cpu) == NULL) {
            handle_user_exception(first, second);
        } else {
            count_taken(FAST_USER_EXCEPTION);
        }
        break;
    default:
        handle_unknown_syscall(first);
        break;
    }
    world_leave();
}

static void interrupt(unsigned cpu, bool is_tick)
{
    world_enter(cpu);
    if (is_tick) {
        scheduler_tick();
    } else {
        word_t irq = next_byte() % DEVICE_IRQ_COUNT;
        if (fast_interrupt(irq, this_cpu) == NULL) {
            irq_deliver(irq);
        } else {
            count_taken(FAST_INTERRUPT);
        }
    }
    world_leave();
}

static void write_buffer_word(unsigned cpu)
{
    unsigned index = next_byte() % 128;
    word_t value = number();
    struct tcb *thread = world_current(cpu);
    word_t *buffer = thread != NULL ? arch_ipc_buffer(thread, true) : NULL;
    if (buffer != NULL) {
        buffer[index] = value;
    }
}

/* When interrupts come from now on, whether a CPU waits at the door, and how read words change. */
static void set_circumstances(void)
{
    uint8_t b = next_byte();
    host_interrupt_after = (b & 0x3f) == 0x3f ? HOST_NEVER : b & 0x3f;
    host_cpu_at_the_door = b & 0x40;
    change_after_read = b & 0x80 ? number() : 0;
}

/* All threads may be stuck: something from outside frees one. */
static void help(unsigned cpu)
{
    unsigned steps = next_byte() % 8;
    struct tcb *thread = all_threads;
    for (unsigned i = 0; i < steps && thread != NULL; i++) {
        thread = thread->all_next;
    }
    world_enter(cpu);
    if (thread != NULL && !is_runnable(thread)) {
        thread_resume(thread);
    }
    world_leave();
}

/* A receive that names where capabilities go. */
static void receive(unsigned cpu, bool anew)
{
    static const int64_t numbers[] = {SYS_Recv, SYS_NBRecv, SYS_ReplyRecv, SYS_Recv};
    struct tcb *thread = world_current(cpu);
    struct request r = {.number = (word_t)numbers[next_byte() % ARRAY_LENGTH(numbers)],
                        .pointer = number()};
    word_t root = number(), index = number(), depth = number();
    if (thread == NULL) {
        return;
    }
    word_t *buffer = arch_ipc_buffer(thread, true);
    if (buffer != NULL) {
        buffer[ABI_IPC_RECEIVE_CNODE] = root;
        buffer[ABI_IPC_RECEIVE_INDEX] = index;
        buffer[ABI_IPC_RECEIVE_DEPTH] = depth;
    }
    make_syscall(cpu, &r, anew);
}

static void syscall_operation(unsigned cpu, bool is_call, bool anew)
{
    static const struct tcb nobody;
    const struct tcb *thread = world_current(cpu) != NULL ? world_current(cpu) : &nobody;
    word_t number = is_call ? (word_t)SYS_Call : other_syscall(next_byte());
    struct request r = read_message(thread, number);
    if (thread != &nobody) {
        make_syscall(cpu, &r, anew);
    }
}

static void perform(uint8_t b)
{
    unsigned cpu = ((b >> 4) & 3) % node_cpu_count;
    bool anew = b & 0x80;
    switch (b & 15) {
    case OTHER_SYSCALL:
        syscall_operation(cpu, false, anew);
        break;
    case TICK:
        interrupt(cpu, true);
        break;
    case INTERRUPT:
        interrupt(cpu, false);
        break;
    case TRAP:
        trap(cpu);
        break;
    case BUFFER_WORD:
        write_buffer_word(cpu);
        break;
    case CIRCUMSTANCES:
        set_circumstances();
        break;
    case HELP:
        help(cpu);
        break;
    case RECEIVE:
        receive(cpu, anew);
        break;
    default:
        syscall_operation(cpu, true, anew);
        break;
    }
    if (!(b & 0x40)) {
        world_settle();
    }
}

static void run_program(void)
{
    for (unsigned i = 0; i < MAX_OPERATIONS && input_is_left(); i++) {
        perform(next_byte());
    }
}

static void run(const uint8_t *data, size_t size, bool fast)
{
    input_begin(data, size);
    change_after_read = 0;
    uint8_t shape = next_byte();
    count_from_now(fast);
    world_start(1 + (shape & 3), shape & 4, fast);
    if (setjmp(node_exit) == 0) {
        run_program();
    }
    world_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool twice = size > 0 && data[0] & 8;
    world_compare(twice ? WORLD_RECORDS : WORLD_ALONE);
    run(data, size, false);
    if (twice) {
        world_compare(WORLD_COMPARES);
        run(data, size, true);
    }
    return 0;
}
