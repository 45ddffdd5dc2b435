/*
 * The architecture's share of objects, as far as these tests need it: frames are of no interest,
 * buffers are host memory.
 */
#include <arch/machine.h>
#include <arch/object.h>
#include <kernel/fastpath.h>
#include <kernel/mutant.h>
#include <kernel/objects.h>

struct capability arch_create_object(enum target_object_type type, paddr_t base, bool device)
{
    (void)type, (void)base, (void)device;
    return capability_null();
}

bool arch_derive(struct capability c, struct capability *derived, struct answer *answer)
{
    (void)answer;
    *derived = c;
    return true;
}

struct capability arch_mask_rights(struct capability c, word_t rights)
{
    (void)rights;
    return c;
}

bool arch_same_region(struct capability outer, struct capability inner)
{
    return arch_same_object(outer, inner);
}

bool arch_same_object(struct capability a, struct capability b)
{
    return capability_type(a) == capability_type(b) && capability_object(a) == capability_object(b);
}

bool arch_object_range(struct capability c, paddr_t *base, word_t *size_bits)
{
    (void)c, (void)base, (void)size_bits;
    return false;
}

void arch_finalise(struct capability c, bool final)
{
    (void)c, (void) final;
}

enum outcome arch_invoke(struct invocation *call, struct answer *answer)
{
    (void)call;
    return refuse(answer, ERROR_ILLEGAL_OPERATION);
}

struct user_context *arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                         struct cpu *cpu)
{
    (void)slot, (void)info;
    return take_ordinary_path(caller, cpu);
}

enum outcome arch_invoke_irq_control(struct invocation *call, struct answer *answer)
{
    (void)call;
    return refuse(answer, ERROR_ALIGNMENT); /* recognisable */
}

bool arch_is_vspace_root(struct capability c)
{
    return (enum target_capability_type)capability_type(c) == CAP_PML4;
}
bool arch_is_buffer_frame(struct capability c)
{
    return (enum target_capability_type)capability_type(c) == CAP_FRAME;
}

word_t *arch_ipc_buffer(const struct tcb *thread, bool writable)
{
    (void)writable;
    return (word_t *)thread->ipc_buffer;
}

word_t arch_thread_root(const struct tcb *thread)
{
    (void)thread;
    return 0;
}

void arch_check_capability(struct capability c)
{
    (void)c;
}
void arch_check_rules(bool everything)
{
    (void)everything;
}

bool arch_break_rule(struct slot *cnode, word_t slots, word_t which)
{
    (void)cnode, (void)slots, (void)which;
    return false;
}
