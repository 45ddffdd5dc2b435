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

/* --- the input --- */

static const uint8_t *input;
static size_t input_left;

static uint8_t next_byte(void)
{
    if (input_left == 0) {
        return 0;
    }
    input_left--;
    return *input++;
}

static word_t next_word(void)
{
    word_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word = word << 8 | next_byte();
    }
    return word;
}

/*
 * 00-7f: itself    80-bf: 2^(0..63)    c0-cf: -16..-1    d0-df: a place
 * e0-ef: the next byte, shifted by 0, 4, ... 60
 * f0-ff: the next eight bytes
 */
static word_t number(void)
{
    static const word_t places[16] = {
        0x400000,       0x401000,           0x600000,           0x40000000,
        0x8000000000,   0x7fffffe00000,     0x7ffffffff000,     ABI_USER_TOP,
        0x800000000000, 0xffff800000000000, 0xfffffffffffff000, 0x500000,
        0x501000,       0x403f000,          0x3ff000,           0xfee00000,
    };
    uint8_t b = next_byte();
    if (b < 0x80) {
        return b;
    }
    switch (b >> 4) {
    case 0xc:
        return (word_t)0 - (16 - (b & 15));
    case 0xd:
        return places[b & 15];
    case 0xe:
        return (word_t)next_byte() << 4 * (b & 15);
    case 0xf:
        return next_word();
    default:
        return BIT(b & 63);
    }
}

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

/* --- system calls --- */

/* Everything that the caller puts into registers and buffer. */
struct request {
    word_t number, pointer, info;
    word_t words[16], caps[ABI_MAX_EXTRA_CAPS];
    unsigned word_count, cap_count;
};

static const word_t all_labels[] = {
#define INVOCATION(name, label, classic_up, words, caps) LABEL_##name,
#include <api/invocations.def>
#undef INVOCATION
};

/* The methods of a capability type, so that half of all invocations make some sense. */
static word_t suitable_label(unsigned type, uint8_t choice)
{
    static const struct {
        enum invocation_label first, last;
    } methods[] = {
        [CAP_UNTYPED] = {LABEL_UntypedRetype, LABEL_UntypedRetype},
        [CAP_TCB] = {LABEL_TCBReadRegisters, LABEL_TCBSetFlags},
        [CAP_CNODE] = {LABEL_CNodeRevoke, LABEL_CNodeSaveCaller},
        [CAP_IRQ_HANDLER] = {LABEL_IRQAckIRQ, LABEL_IRQClearIRQHandler},
        [CAP_IRQ_CONTROL] = {LABEL_X86IRQIssueIRQHandlerIOAPIC, LABEL_X86IRQIssueIRQHandlerMSI},
        [CAP_DOMAIN] = {LABEL_DomainSetSet, LABEL_DomainScheduleSetStart},
        [CAP_PDPT] = {LABEL_X86PDPTMap, LABEL_X86PDPTUnmap},
        [CAP_PAGE_DIRECTORY] = {LABEL_X86PageDirectoryMap, LABEL_X86PageDirectoryUnmap},
        [CAP_PAGE_TABLE] = {LABEL_X86PageTableMap, LABEL_X86PageTableUnmap},
        [CAP_FRAME] = {LABEL_X86PageMap, LABEL_X86PageGetAddress},
        [CAP_ASID_CONTROL] = {LABEL_X86ASIDControlMakePool, LABEL_X86ASIDControlMakePool},
        [CAP_ASID_POOL] = {LABEL_X86ASIDPoolAssign, LABEL_X86ASIDPoolAssign},
        [CAP_IO_PORT_CONTROL] = {LABEL_X86IOPortControlIssue, LABEL_X86IOPortControlIssue},
        [CAP_IO_PORT] = {LABEL_X86IOPortIn8, LABEL_X86IOPortOut32},
        [CAP_IPI_CONTROL] = {LABEL_CMKIPIControlSendIPI, LABEL_CMKIPIControlGetTimer},
        [CAP_NODE_CONTROL] = {LABEL_CMKNodeControlExit, LABEL_CMKNodeControlWrite},
    };
    if (type >= ARRAY_LENGTH(methods) || methods[type].last == 0) {
        return choice;
    }
    return methods[type].first + choice % (methods[type].last - methods[type].first + 1u);
}

static unsigned type_named(const struct tcb *thread, word_t pointer)
{
    struct slot *slot;
    struct lookup_failure failure;
    struct capability root = thread->slots[TCB_CSPACE].capability;
    unsigned bits_left;
    return lookup_slot(root, pointer, WORD_BITS, &slot, &bits_left, &failure)
               ? capability_type(slot->capability)
               : CAP_NULL;
}

/*
 * Shape: bits 0-3 words, bits 4-5 extra capabilities, bit 6: the message claims 120 words, bit 7:
 * the label may be any.
 */
static struct request read_message(const struct tcb *thread, word_t syscall)
{
    struct request r = {.number = syscall, .pointer = number()};
    uint8_t label_choice = next_byte(), shape = next_byte();
    word_t label =
        shape & 0x80
            ? (label_choice < ARRAY_LENGTH(all_labels) ? all_labels[label_choice] : label_choice)
            : suitable_label(type_named(thread, r.pointer), label_choice);
    r.word_count = shape & 15;
    r.cap_count = (shape >> 4) & 3;
    /* Whatever the caller says about unwrapped capabilities means nothing. */
    r.info = message_info(label, label_choice >> 5, r.cap_count,
                          shape & 0x40 ? ABI_MAX_MESSAGE_LENGTH : r.word_count);
    for (unsigned i = 0; i < r.cap_count; i++) {
        r.caps[i] = number();
    }
    for (unsigned i = 0; i < r.word_count; i++) {
        r.words[i] = number();
    }
    return r;
}

/*
 * What only stops the node, as it should, is left out: DebugHalt and the debug build's Trigger. And
 * Count, which tells how often fast paths were not taken.
 */
static bool is_harmless(const struct user_context *context)
{
    word_t label = message_info_label(context_message_info(context));
    return context_syscall_number(context) != (word_t)SYS_DebugHalt &&
           label != LABEL_CMKNodeControlTrigger && label != LABEL_CMKNodeControlCount;
}

static void put_request(struct tcb *thread, const struct request *r)
{
    struct user_context *context = &thread->context;
    word_t *buffer = arch_ipc_buffer(thread, true);
    context->rip = SYSCALL_AT;
    context->rdx = r->number;
    context->rdi = r->pointer;
    context_set_message_info(context, r->info);
    for (unsigned i = 0; i < r->word_count; i++) {
        if (i < ABI_MESSAGE_REGISTERS || buffer != NULL) {
            give_word(thread, buffer, i, r->words[i]);
        }
    }
    for (unsigned i = 0; buffer != NULL && i < r->cap_count; i++) {
        buffer[ABI_IPC_CAPS_OR_BADGES + i] = r->caps[i];
    }
}

/* The thread is at a system call that it has to repeat, because it was interrupted. */
static bool was_interrupted(const struct tcb *thread)
{
    return thread->context.rip == SYSCALL_AT && thread->context.restart_ip == SYSCALL_AT;
}

/*
 * With CMK_FUZZ_TRACE in the environment: what is called, and what the thread's registers say
 * afterwards.
 */
static void trace(const char *when, unsigned cpu, const struct tcb *thread)
{
    static int wanted = -1;
    const struct user_context *c = &thread->context;
    if (wanted < 0) {
        wanted = getenv("CMK_FUZZ_TRACE") != NULL;
    }
    if (wanted) {
        fprintf(stderr,
                "%s CPU %u %p: system call %ld, capability %lx, label %lx, length %lu, words %lx "
                "%lx %lx %lx\n",
                when, cpu, (const void *)thread, (long)c->rdx, c->rdi, message_info_label(c->rsi),
                message_info_length(c->rsi), c->r10, c->r8, c->r9, c->r15);
    }
}

/* How often a comparison has found each fast path taken, over all inputs. */
enum fast_path {
    FAST_CALL,
    FAST_REPLY_RECV,
    FAST_FAULT_REPLY, /* ReplyRecv of a fault's handler */
    FAST_SEND,
    FAST_NB_SEND,
    FAST_SIGNAL, /* either of them to a notification */
    FAST_YIELD,
    FAST_MAP,
    FAST_UNMAP,
    FAST_VM_FAULT,
    FAST_USER_EXCEPTION,
    FAST_INTERRUPT,
    FAST_PATHS,
};
static const char *const fast_path_names[FAST_PATHS] = {
    [FAST_CALL] = "Call",
    [FAST_REPLY_RECV] = "ReplyRecv",
    [FAST_FAULT_REPLY] = "ReplyRecv to a fault",
    [FAST_SEND] = "Send",
    [FAST_NB_SEND] = "NBSend",
    [FAST_SIGNAL] = "signal",
    [FAST_YIELD] = "Yield",
    [FAST_MAP] = "Map",
    [FAST_UNMAP] = "Unmap",
    [FAST_VM_FAULT] = "page fault",
    [FAST_USER_EXCEPTION] = "exception",
    [FAST_INTERRUPT] = "interrupt",
};
static unsigned long taken[FAST_PATHS];
static bool is_comparing; /* the second run of a program, with the fast paths */

/*
 * Which one the thread's system call may take. Asked before the call, which changes what it is
 * asked from.
 */
static enum fast_path fast_path_of(const struct tcb *thread)
{
    word_t label = message_info_label(context_message_info(&thread->context));
    struct capability caller = thread->slots[TCB_CALLER].capability;
    bool is_signal =
        type_named(thread, context_capability_register(&thread->context)) == CAP_NOTIFICATION;
    switch ((int64_t)context_syscall_number(&thread->context)) {
    case SYS_Call:
        return label == LABEL_X86PageMap     ? FAST_MAP
               : label == LABEL_X86PageUnmap ? FAST_UNMAP
                                             : FAST_CALL;
    case SYS_ReplyRecv:
        return capability_type(caller) == CAP_REPLY &&
                       capability_tcb(caller)->fault_type != FAULT_NONE
                   ? FAST_FAULT_REPLY
                   : FAST_REPLY_RECV;
    case SYS_Send:
        return is_signal ? FAST_SIGNAL : FAST_SEND;
    case SYS_NBSend:
        return is_signal ? FAST_SIGNAL : FAST_NB_SEND;
    case SYS_Yield:
        return FAST_YIELD;
    }
    return FAST_PATHS; /* none */
}

static void count_taken(enum fast_path path)
{
    must(path < FAST_PATHS, "a system call without a fast path took one");
    taken[path] += is_comparing;
}

bool reached_enough(void)
{
    enum { LEAST = 10 };
    bool enough = true;
    for (unsigned i = 0; i < FAST_PATHS; i++) {
        printf("%s: %lu comparisons took the fast path%s\n", fast_path_names[i], taken[i],
               taken[i] < LEAST ? ": too few" : "");
        enough = enough && taken[i] >= LEAST;
    }
    return enough;
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
    for (unsigned i = 0; i < MAX_OPERATIONS && input_left > 0; i++) {
        perform(next_byte());
    }
}

static void run(const uint8_t *data, size_t size, bool fast)
{
    input = data;
    input_left = size;
    change_after_read = 0;
    uint8_t shape = next_byte();
    is_comparing = fast;
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
