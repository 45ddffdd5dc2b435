/*
 * A thread's saved registers: their order for users, and which values they may have (contract 2.4,
 * 5.2).
 */
#include <arch/context.h>
#include <x86/rflags.h>
#include <kernel/assert.h>

/*
 * Where each register lies in struct user_context, in the order of seL4_UserContext. rip: see
 * context_read().
 */
static const size_t offset_of[REGISTER_COUNT] = {
#define REGISTER(name, index) [index] = offsetof(struct user_context, name),
#include <api/registers.def>
#undef REGISTER
};

static const word_t *register_of(const struct user_context *context, enum user_register index)
{
    return (const word_t *)((const char *)context + offset_of[index]);
}

static word_t *register_to_write(struct user_context *context, enum user_register index)
{
    return (word_t *)((char *)context + offset_of[index]);
}

void context_init(struct user_context *context)
{
    context->cs = SELECTOR_USER_CODE;
    context->ss = SELECTOR_USER_DATA;
    context->rflags = RFLAGS_INITIAL;
}

word_t context_read(const struct user_context *context, enum user_register index)
{
    return index == REGISTER_rip ? context->restart_ip : *register_of(context, index);
}

word_t context_sanitise(enum user_register index, word_t value)
{
    switch (index) {
    case REGISTER_rip:
    case REGISTER_fs_base:
    case REGISTER_gs_base:
        return is_canonical(value) ? value : 0;
    case REGISTER_rflags:
        return (value & RFLAGS_USER_WRITABLE) | RFLAGS_ALWAYS_ONE | RFLAGS_INTERRUPTS;
    default:
        return value;
    }
}

void context_write(struct user_context *context, enum user_register index, word_t value)
{
    value = context_sanitise(index, value);
    *register_to_write(context, index) = value;
    if (index == REGISTER_rip) {
        context->restart_ip = value;
    }
}

void context_set_full_restore(struct user_context *context)
{
    context->vector = 0;
}

/* --- fault messages --- */

static const enum user_register unknown_syscall_order[UNKNOWN_SYSCALL_MESSAGE_LENGTH - 1] = {
    REGISTER_rax, REGISTER_rbx, REGISTER_rcx, REGISTER_rdx, REGISTER_rsi, REGISTER_rdi,
    REGISTER_rbp, REGISTER_r8,  REGISTER_r9,  REGISTER_r10, REGISTER_r11, REGISTER_r12,
    REGISTER_r13, REGISTER_r14, REGISTER_r15, REGISTER_rip, REGISTER_rsp, REGISTER_rflags,
};

word_t context_unknown_syscall_word(const struct user_context *context, unsigned index)
{
    assert(index < ARRAY_LENGTH(unknown_syscall_order));
    return context_read(context, unknown_syscall_order[index]);
}

void context_set_unknown_syscall_word(struct user_context *context, unsigned index, word_t value)
{
    assert(index < ARRAY_LENGTH(unknown_syscall_order));
    context_write(context, unknown_syscall_order[index], value);
}

void context_set_user_exception_word(struct user_context *context, unsigned index, word_t value)
{
    switch (index) {
    case 0:
        context->rip = context->restart_ip = context_sanitise(REGISTER_rip, value);
        break;
    case 1:
        context->rsp = value;
        break;
    case 2:
        context->rflags = context_sanitise(REGISTER_rflags, value);
        break;
    default:
        assert(index < USER_EXCEPTION_REGISTERS);
    }
}
