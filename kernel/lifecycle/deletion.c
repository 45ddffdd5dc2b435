/*
 * Deletion and revocation (contract 7.6).
 *
 * Deleting the final capability to a CNode or TCB deletes the capabilities in it as well, and among
 * these there can be final capabilities to further CNodes and TCBs, in trees of any depth and in
 * cycles. All this is done without recursion, without a stack and without searching, in steps of
 * bounded length that leave the capabilities consistent, so that it can be left after any step and
 * be taken up again by any deletion or revocation.
 *
 * A ZOMBIE capability stands for an object under destruction. Its rule: the object's slots from
 * `slots left` on are empty, and the zombie goes away only when all its object's slots are empty
 * (except the one that it may lie in itself). So the object's memory, a child of its untyped until
 * then, cannot be reused while a slot in it is in use.
 *
 * The zombie being worked on is always in the slot whose deletion was asked for, the EXPOSED slot.
 * Its object is emptied from the last slot down. When the last slot holds another zombie, the work
 * goes on with that one first:
 *
 *      enter:  exposed: outer          ->  exposed: inner
 *              outer[last]: inner          inner[0]: outer
 *              inner[0]: something         outer[last]: something
 *
 * The outer zombie waits in the inner object, which is left when only slot 0 remains:
 *
 *      leave:  exposed: inner          ->  exposed: outer
 *              inner[0]: outer (only)      (the inner object is empty, its zombie is gone)
 *
 * Capabilities keep their places in the derivation tree when they change slots. When the exposed
 * slot lies in the very object that its zombie stands for, slot 0 of that object becomes the
 * exposed slot: it is emptied last. An entered object is destroyed before the work returns to where
 * it came from, so this ends: docs/deletion.md has the argument in full, with the one exception.
 *
 * Endpoints and notifications on which many threads are queued also become zombies, of another
 * kind: no thread can queue any more, and each step lets some threads go. They have no slots, so
 * nothing is entered or left for them.
 */
#include <arch/object.h>
#include <kernel/assert.h>
#include <kernel/derivation.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/notification.h>
#include <kernel/preemption.h>
#include <kernel/thread.h>

/* Empty slots that one step may pass over; keeps a step short. */
enum { EMPTY_SLOTS_PER_STEP = 64 };

/* --- one capability --- */

/* Takes the capability out of its slot and out of the tree. */
static void empty_slot(struct slot *slot)
{
    struct slot *next = slot_next(slot);
    if (slot->previous) {
        slot->previous->next_and_marks =
            (word_t)next | (slot->previous->next_and_marks & SLOT_MARKS);
    }
    if (next) {
        /*
         * The next of the family, if there is one, now heads it: it must not join an older family
         * with the same badge.
         */
        next->previous = slot->previous;
        next->next_and_marks |= slot->next_and_marks & SLOT_FAMILY_HEAD;
    }
    *slot = (struct slot){0};
}

/* `rest` is left of the capability in the slot: null, or a zombie. */
static inline void replace(struct slot *slot, struct capability rest)
{
    if (capability_is_null(rest)) {
        empty_slot(slot);
    } else {
        slot->capability = rest;
    }
}

/*
 * What is left of a capability to an object with a queue: null, or a zombie while `is_empty` does
 * not hold.
 */
static struct capability after_queue(struct capability c, unsigned kind, bool is_empty)
{
    return is_empty ? capability_null() : zombie_capability(capability_object(c), kind, 0);
}

static inline struct capability finalise_notification(struct capability c)
{
    return after_queue(c, ZOMBIE_NOTIFICATION, notification_finalise(capability_notification(c)));
}

/* A zombie: that of an object with a queue is on its own, and so makes a step here. */
static struct capability finalise_zombie(struct capability c)
{
    switch (zombie_capability_radix(c)) {
    case ZOMBIE_ENDPOINT:
        return after_queue(c, ZOMBIE_ENDPOINT, cancel_some(capability_endpoint(c)));
    case ZOMBIE_NOTIFICATION:
        return finalise_notification(c);
    default:
        return c;
    }
}

/*
 * A handler's own slot holds a capability to a notification, perhaps as a zombie, and nothing else:
 * it goes here, so that finalising does not call itself. False: more threads wait for the
 * notification than one step lets go.
 */
static COLD bool finalise_irq_handler(word_t irq)
{
    struct slot *slot = &irq_slots[irq];
    interrupt_disable(irq);
    if (!slot_is_empty(slot)) {
        struct capability c = slot->capability;
        replace(slot, is_final(slot) ? finalise_notification(c) : capability_null());
    }
    if (!slot_is_empty(slot)) {
        return false;
    }
    irq_retire(irq);
    return true;
}

/*
 * The capability goes away: does what its object needs, or a part of it. Returns what is left in
 * its place: null, a zombie, or itself if there is more to do.
 */
static struct capability finalise(struct capability c, bool final)
{
    if (capability_is_of_architecture(c)) {
        arch_finalise(c, final);
        return capability_null();
    }
    if (!final) {
        return capability_null();
    }
    switch (capability_type(c)) {
    case CAP_ENDPOINT:
        return after_queue(c, ZOMBIE_ENDPOINT, cancel_some(capability_endpoint(c)));
    case CAP_NOTIFICATION:
        return finalise_notification(c);
    case CAP_IRQ_HANDLER:
        return finalise_irq_handler(irq_handler_capability_irq(c)) ? capability_null() : c;
    case CAP_TCB:
        thread_finalise(capability_tcb(c));
        return zombie_capability(capability_object(c), ZOMBIE_TCB, TCB_SLOT_COUNT);
    case CAP_CNODE: {
        unsigned radix = cnode_capability_radix(c);
        return zombie_capability(capability_object(c), radix, BIT(radix));
    }
    case CAP_ZOMBIE:
        return finalise_zombie(c);
    case CAP_REPLY:
        /*
         * The thread that waits for it stays blocked. Master replies go only with their TCB, whose
         * thread_finalise() has ended the wait and deleted the outstanding reply before.
         */
    case CAP_NULL:
    case CAP_UNTYPED:
    case CAP_IRQ_CONTROL:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break; /* nothing else depends on them */
    }
    return capability_null();
}

/*
 * Deletes the capability in `slot`, or makes it a zombie, or a step on the way. Zombies with slots
 * stay as they are.
 */
static void finalise_slot(struct slot *slot)
{
    replace(slot, finalise(slot->capability, is_final(slot)));
}

/* --- zombies --- */

/*
 * A zombie with slots. The others have no place where another zombie could wait; they go like any
 * capability.
 */
static bool is_zombie(const struct slot *slot)
{
    return capability_type(slot->capability) == CAP_ZOMBIE &&
           zombie_capability_has_slots(slot->capability);
}

static bool lies_in(const struct slot *slot, struct capability zombie)
{
    const struct slot *slots = zombie_capability_slots(zombie);
    unsigned radix = zombie_capability_radix(zombie);
    word_t count = radix == ZOMBIE_TCB ? TCB_SLOT_COUNT : BIT(radix);
    return slot >= slots && slot < slots + count;
}

static void exchange(struct slot *a, struct slot *b)
{
    swap_capabilities(a->capability, a, b->capability, b);
}

/*
 * Passes over empty slots at the end, a bounded number of them. Returns the slots that are left
 * then.
 */
static word_t pass_empty_slots(struct slot *exposed)
{
    struct capability zombie = exposed->capability;
    const struct slot *slots = zombie_capability_slots(zombie);
    word_t left = zombie_capability_slots_left(zombie);
    for (unsigned i = 0; i < EMPTY_SLOTS_PER_STEP && left > 0 && slot_is_empty(&slots[left - 1]);
         i++) {
        left--;
    }
    exposed->capability = zombie_capability_with_slots_left(zombie, left);
    return left;
}

/*
 * `last` is the last slot left of the zombie in `exposed`, and holds a zombie itself: that one
 * becomes the exposed one, and the outer one waits in the first slot of its object; in the second,
 * if the first is the exposed slot.
 */
static void enter_inner(struct slot *exposed, struct slot *last)
{
    struct slot *slots = zombie_capability_slots(last->capability);
    unsigned waiting = &slots[0] == exposed ? 1 : 0;
    if (zombie_capability_slots_left(last->capability) < waiting + 1) {
        last->capability = zombie_capability_with_slots_left(last->capability, waiting + 1);
    }
    exchange(exposed, last);
    exchange(last, &slots[waiting]);
}

/*
 * `last` is the only slot left of the zombie in `exposed`, and holds a zombie, which becomes the
 * exposed one.
 */
static void leave_for(struct slot *exposed, struct slot *last)
{
    exchange(exposed, last);
    empty_slot(last);
}

/*
 * One step in the destruction of the zombie in *exposed. Afterwards *exposed is the slot to go on
 * with, empty when done.
 */
static void reduce_zombie(struct slot **exposed)
{
    struct slot *slots = zombie_capability_slots((*exposed)->capability);
    if (lies_in(*exposed, (*exposed)->capability) && *exposed != &slots[0]) {
        exchange(*exposed, &slots[0]);
        *exposed = &slots[0];
    }
    word_t left = pass_empty_slots(*exposed);
    struct slot *last = left > 0 ? &slots[left - 1] : *exposed;

    if (last == *exposed) {
        empty_slot(*exposed);
    } else if (slot_is_empty(last)) {
        return; /* More empty slots than one step may pass over. */
    } else if (!is_zombie(last)) {
        finalise_slot(last);
    } else if (left == 1) {
        leave_for(*exposed, last);
    } else {
        enter_inner(*exposed, last);
    }
}

/* --- deletion and revocation --- */

enum outcome delete_slot(struct slot *slot)
{
    struct slot *exposed = slot;
    while (!slot_is_empty(exposed)) {
        if (is_zombie(exposed)) {
            reduce_zombie(&exposed);
        } else {
            finalise_slot(exposed);
        }
        if (!slot_is_empty(exposed) && preemption_point()) {
            return PREEMPTED;
        }
    }
    return DONE;
}

enum outcome revoke_slot(struct slot *slot)
{
    /*
     * Ends also if `slot` is emptied on the way, because it lies in an object that goes away with
     * its descendants.
     */
    bool is_more = has_children(slot);
    while (is_more) {
        if (delete_slot(slot_next(slot)) == PREEMPTED) {
            return PREEMPTED;
        }
        is_more = has_children(slot);
        if (is_more && preemption_point()) {
            return PREEMPTED;
        }
    }
    return DONE;
}

void delete_short(struct slot *slot)
{
    if (!slot_is_empty(slot)) {
        finalise_slot(slot);
        assert(slot_is_empty(slot));
    }
}

bool is_long_deletion_under_way(const struct slot *slot)
{
    switch (capability_type(slot->capability)) {
    case CAP_ZOMBIE:
        return true;
    case CAP_CNODE:
    case CAP_TCB:
        return is_final(slot);
    case CAP_NULL:
    case CAP_UNTYPED:
    case CAP_ENDPOINT: /* a zombie may be left of it, which goes in short steps */
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_IRQ_CONTROL:
    case CAP_IRQ_HANDLER:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break;
    }
    return false; /* nor are the target's, which are finalised in one step */
}
