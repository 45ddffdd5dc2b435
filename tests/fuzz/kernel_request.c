/*
 * From bytes to system calls: the input, read byte by byte, and requests, half of which make some
 * sense.
 */
#include "kernel_parts.h"
#include "kernel_world.h"
#include <arch/object.h>
#include <kernel/cspace.h>
#include <kernel/invocation.h>
#include <kernel/ipc.h>
#include <kernel/thread.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the input --- */

static const uint8_t *input;
static size_t input_left;

void input_begin(const uint8_t *data, size_t size)
{
    input = data;
    input_left = size;
}

bool input_is_left(void)
{
    return input_left > 0;
}

uint8_t next_byte(void)
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
word_t number(void)
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

/* --- system calls --- */

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

unsigned type_named(const struct tcb *thread, word_t pointer)
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
struct request read_message(const struct tcb *thread, word_t syscall)
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
bool is_harmless(const struct user_context *context)
{
    word_t label = message_info_label(context_message_info(context));
    return context_syscall_number(context) != (word_t)SYS_DebugHalt &&
           label != LABEL_CMKNodeControlTrigger && label != LABEL_CMKNodeControlCount;
}

void put_request(struct tcb *thread, const struct request *r)
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
bool was_interrupted(const struct tcb *thread)
{
    return thread->context.rip == SYSCALL_AT && thread->context.restart_ip == SYSCALL_AT;
}

/*
 * With CMK_FUZZ_TRACE in the environment: what is called, and what the thread's registers say
 * afterwards.
 */
void trace(const char *when, unsigned cpu, const struct tcb *thread)
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
