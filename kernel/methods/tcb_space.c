/*
 * TCB methods that give a thread its spaces and its IPC buffer (contract 4.5). The TCB holds
 * derived copies of the capabilities, so that revoking the originals takes them from the thread.
 */
#include <arch/object.h>
#include <kernel/derivation.h>
#include <kernel/tcb_methods.h>

/* A capability for one of the TCB's slots. */
struct installation {
    struct capability capability; /* null: the slot is only emptied */
    struct slot *source;
};

struct space {
    word_t fault_handler;
    struct installation cspace;
    struct installation vspace;
};

struct buffer {
    vaddr_t address;
    struct installation frame;
};

/* --- decoding --- */

static MUST_USE bool decode_buffer(const struct invocation *call, vaddr_t address, unsigned extra,
                                   struct buffer *buffer, struct answer *answer)
{
    *buffer = (struct buffer){address, {capability_null(), call->extra[extra]}};
    if (address == 0) {
        return true;
    }
    struct slot *source = call->extra[extra];
    struct capability *derived = &buffer->frame.capability;
    if (!derive(source, source->capability, derived, answer)) {
        return false;
    }
    if (!arch_is_buffer_frame(*derived)) {
        return as_false(refuse(answer, ERROR_ILLEGAL_OPERATION));
    }
    if (!IS_ALIGNED(address, ABI_IPC_BUFFER_SIZE_BITS)) {
        return as_false(refuse(answer, ERROR_ALIGNMENT));
    }
    return true;
}

static MUST_USE bool decode_cspace(const struct invocation *call, word_t data, unsigned extra,
                                   struct installation *cspace, struct answer *answer)
{
    struct slot *source = call->extra[extra];
    struct capability c = source->capability;
    if (data != 0) {
        c = update_data(c, data, false);
    }
    cspace->source = source;
    if (!derive(source, c, &cspace->capability, answer)) {
        return false;
    }
    if (capability_type(cspace->capability) != CAP_CNODE) {
        return as_false(refuse(answer, ERROR_ILLEGAL_OPERATION));
    }
    return true;
}

static MUST_USE bool decode_vspace(const struct invocation *call, unsigned extra,
                                   struct installation *vspace, struct answer *answer)
{
    struct slot *source = call->extra[extra];
    vspace->source = source;
    if (!derive(source, source->capability, &vspace->capability, answer)) {
        return false;
    }
    if (!arch_is_vspace_root(vspace->capability)) {
        return as_false(refuse(answer, ERROR_ILLEGAL_OPERATION));
    }
    return true;
}

/*
 * Words 0 and 1 of the message, extra capabilities 0 and 1. Word 2, data for the VSpace, means
 * nothing.
 */
static MUST_USE bool decode_space(const struct invocation *call, const struct tcb *target,
                                  struct space *space, struct answer *answer)
{
    space->fault_handler = message_word(call, 0);
    if (is_long_deletion_under_way(&target->slots[TCB_CSPACE]) ||
        is_long_deletion_under_way(&target->slots[TCB_VSPACE])) {
        return as_false(refuse(answer, ERROR_ILLEGAL_OPERATION));
    }
    return decode_cspace(call, message_word(call, 1), 0, &space->cspace, answer) &&
           decode_vspace(call, 1, &space->vspace, answer);
}

/* --- acting --- */

/* The slot's old capability goes; its deletion is short, or decode_space() has refused. */
static void install(const struct invocation *call, struct tcb *target, enum tcb_slot which,
                    const struct installation *installation)
{
    struct slot *slot = &target->slots[which];
    delete_short(slot);
    if (capability_is_null(installation->capability)) {
        return;
    }
    /* What went with the old capability must not have been the new one, or the TCB. */
    if (is_same_object(installation->source->capability, installation->capability) &&
        is_same_object(call->slot->capability, call->capability)) {
        insert_derived(installation->capability, installation->source, slot);
    }
}

static void install_space(const struct invocation *call, struct tcb *target,
                          const struct space *space)
{
    target->fault_handler = space->fault_handler;
    install(call, target, TCB_CSPACE, &space->cspace);
    install(call, target, TCB_VSPACE, &space->vspace);
    target->root_epoch = 0;
}

static void install_buffer(const struct invocation *call, struct tcb *target,
                           const struct buffer *buffer)
{
    target->ipc_buffer = buffer->address;
    install(call, target, TCB_IPC_BUFFER, &buffer->frame);
}

/* --- the methods --- */

enum outcome tcb_configure(struct invocation *call, struct tcb *target, struct answer *answer)
{
    struct space space;
    struct buffer buffer;
    if (!decode_buffer(call, message_word(call, 3), 2, &buffer, answer) ||
        !decode_space(call, target, &space, answer)) {
        return REFUSED;
    }
    install_space(call, target, &space);
    install_buffer(call, target, &buffer);
    return DONE;
}

enum outcome tcb_set_space(struct invocation *call, struct tcb *target, struct answer *answer)
{
    struct space space;
    if (!decode_space(call, target, &space, answer)) {
        return REFUSED;
    }
    install_space(call, target, &space);
    return DONE;
}

enum outcome tcb_set_ipc_buffer(struct invocation *call, struct tcb *target, struct answer *answer)
{
    struct buffer buffer;
    if (!decode_buffer(call, message_word(call, 0), 0, &buffer, answer)) {
        return REFUSED;
    }
    install_buffer(call, target, &buffer);
    return DONE;
}
