/*
 * Replies. Every thread keeps a master reply capability in a hidden slot; while the thread waits
 * for a reply, the one outstanding reply capability is the master's only child, and so directly
 * after it in derivation order.
 */
#include <kernel/assert.h>
#include <kernel/derivation.h>
#include <kernel/fault.h>
#include <kernel/ipc.h>
#include <kernel/scheduler.h>

void wait_for_reply(struct tcb *caller, struct tcb *receiver, bool reply_can_grant)
{
    set_thread_state(caller, THREAD_BLOCKED_ON_REPLY);
    give_reply_capability(caller, &receiver->slots[TCB_CALLER], reply_can_grant);
}

void delete_reply_capability(struct tcb *caller)
{
    struct slot *slot = slot_next(&caller->slots[TCB_REPLY]);
    if (slot != NULL && capability_type(slot->capability) == CAP_REPLY &&
        capability_tcb(slot->capability) == caller) {
        take_reply_capability(caller, slot);
    }
}

void send_reply(struct tcb *sender, struct tcb *caller, struct slot *reply_slot, bool can_grant)
{
    assert(caller->state == THREAD_BLOCKED_ON_REPLY);
    bool restarts = true;
    enum thread_state state = THREAD_RUNNING;
    if (caller->fault_type == FAULT_NONE) {
        transfer_message(sender, caller, NULL, 0, can_grant);
    } else {
        restarts = apply_fault_reply(sender, caller);
        caller->fault_type = FAULT_NONE;
        state = THREAD_RESTART;
    }
    take_reply_capability(caller, reply_slot);
    set_thread_state(caller, restarts ? state : THREAD_INACTIVE);
    if (restarts) {
        make_runnable(caller);
    }
}

void reply_to_caller(struct tcb *thread)
{
    struct slot *slot = &thread->slots[TCB_CALLER];
    struct capability c = slot->capability;
    if (capability_type(c) == CAP_REPLY) {
        send_reply(thread, capability_tcb(c), slot, capability_rights(c) & RIGHT_GRANT);
    }
}
