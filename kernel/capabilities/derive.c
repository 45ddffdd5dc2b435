/*
 * What a copy of a capability is: rights, badge or guard, and whether there may be one at all
 * (contract 7.4, 7.5).
 */
#include <arch/object.h>
#include <kernel/derivation.h>

struct capability mask_rights(struct capability c, word_t rights)
{
    switch (capability_type(c)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return capability_with_rights(c, capability_rights(c) & rights);
    case CAP_NULL:
    case CAP_UNTYPED:
    case CAP_REPLY:
    case CAP_CNODE:
    case CAP_TCB:
    case CAP_IRQ_CONTROL:
    case CAP_IRQ_HANDLER:
    case CAP_ZOMBIE:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break;
    }
    return capability_is_of_architecture(c) ? arch_mask_rights(c, rights) : c;
}

static struct capability with_badge(struct capability c, word_t badge, bool preserve)
{
    if (preserve || capability_badge(c) != 0) {
        return capability_null();
    }
    return capability_with_badge(c, badge);
}

/* `data` is a seL4_CNode_CapData: bits 5..0 guard size, above them the guard. */
static struct capability with_guard(struct capability c, word_t data)
{
    unsigned guard_size = (unsigned)(data & MASK(6));
    unsigned radix = cnode_capability_radix(c);
    if (guard_size + radix > WORD_BITS) {
        return capability_null();
    }
    return cnode_capability(capability_cnode(c), radix, (data >> 6) & MASK(guard_size), guard_size);
}

struct capability update_data(struct capability c, word_t data, bool preserve)
{
    switch (capability_type(c)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return with_badge(c, data, preserve);
    case CAP_CNODE:
        return with_guard(c, data);
    case CAP_NULL:
    case CAP_UNTYPED:
    case CAP_REPLY:
    case CAP_TCB:
    case CAP_IRQ_CONTROL:
    case CAP_IRQ_HANDLER:
    case CAP_ZOMBIE:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break;
    }
    return c; /* without data, as all of the target's are */
}

bool derive(const struct slot *slot, struct capability c, struct capability *derived,
            struct answer *answer)
{
    switch (capability_type(c)) {
    case CAP_UNTYPED:
        if (has_children(slot)) {
            return as_false(refuse(answer, ERROR_REVOKE_FIRST));
        }
        *derived = c;
        return true;
    case CAP_NULL:
    case CAP_REPLY:
    case CAP_IRQ_CONTROL:
    case CAP_IPI_CONTROL:
    case CAP_ZOMBIE:
        *derived = capability_null();
        return true;
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_CNODE:
    case CAP_TCB:
    case CAP_IRQ_HANDLER:
    case CAP_DOMAIN:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        *derived = c;
        return true;
    }
    return arch_derive(c, derived, answer);
}
