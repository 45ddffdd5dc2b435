/*
 * Breaks rules 1 to 4 of the design, and the two theorems about threads that run on other CPUs, on
 * request.
 */
#include <api/debug.h>
#include <kernel/derivation.h>
#include <kernel/ipc.h>
#include <kernel/mutant.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

/* No node's RAM: the first page. */
enum { OUTSIDE = 0 };

static struct tcb *find_thread(enum thread_state state)
{
    struct tcb *thread = all_threads;
    while (thread != NULL && thread->state != state) {
        thread = thread->all_next;
    }
    return thread;
}

static struct tcb *current_elsewhere(void)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        if (cpu_by_index(i) != this_cpu && cpu_by_index(i)->current != NULL) {
            return cpu_by_index(i)->current;
        }
    }
    return NULL;
}

static struct slot *find_slot(struct slot *slots, word_t count, bool (*fits)(const struct slot *))
{
    for (word_t i = 0; i < count; i++) {
        if (fits(&slots[i])) {
            return &slots[i];
        }
    }
    return NULL;
}

static bool is_parent(const struct slot *slot)
{
    return capability_type(slot->capability) == CAP_UNTYPED && has_children(slot);
}

static bool has_neighbour(const struct slot *slot)
{
    return !slot_is_empty(slot) && slot_next(slot) != NULL;
}

static bool break_places(struct slot *cnode, word_t slots)
{
    struct slot *slot = find_slot(cnode, slots, slot_is_empty);
    if (slot != NULL) {
        insert_root(untyped_capability(OUTSIDE, ABI_PAGE_BITS, false, 0), slot);
    }
    return slot != NULL;
}

static bool break_queues(struct tcb *caller, word_t which)
{
    struct tcb *thread = which == CMK_BREAK_READY ? find_thread(THREAD_INACTIVE)
                                                  : find_thread(THREAD_BLOCKED_ON_SEND);
    switch (which) {
    case CMK_BREAK_CURRENT:
        ready_insert(caller, false);
        return true;
    case CMK_BREAK_READY:
        if (thread != NULL) {
            thread->state = THREAD_RUNNING;
        }
        return thread != NULL;
    default: /* CMK_BREAK_BLOCKED */
        if (thread != NULL) {
            struct endpoint *endpoint = thread->blocked_on;
            endpoint_remove(endpoint, thread);
            thread->blocked_on = endpoint;
        }
        return thread != NULL;
    }
}

static bool break_tree(struct slot *cnode, word_t slots, word_t which)
{
    struct slot *slot =
        find_slot(cnode, slots, which == CMK_BREAK_TREE ? has_neighbour : is_parent);
    if (slot == NULL) {
        return false;
    }
    if (which == CMK_BREAK_TREE) {
        slot_next(slot)->previous = NULL;
    } else {
        slot->capability = untyped_capability_with_watermark(slot->capability, 0);
    }
    return true;
}

static bool break_theorem(struct tcb *caller, word_t which)
{
    struct tcb *other = current_elsewhere();
    if (other == NULL) {
        return false;
    }
    if (which == CMK_BREAK_OTHERS_THREAD) {
        other->priority ^= 1;
    } else {
        cpu_by_index(other->affinity)->current = caller;
    }
    return true;
}

bool break_rule(struct tcb *caller, word_t which)
{
    struct capability cspace = caller->slots[TCB_CSPACE].capability;
    struct slot *cnode = capability_cnode(cspace);
    word_t slots = BIT(cnode_capability_radix(cspace));
    switch (which) {
    case CMK_BREAK_PLACE:
        return break_places(cnode, slots);
    case CMK_BREAK_CURRENT:
    case CMK_BREAK_READY:
    case CMK_BREAK_BLOCKED:
        return break_queues(caller, which);
    case CMK_BREAK_TREE:
    case CMK_BREAK_WATERMARK:
        return break_tree(cnode, slots, which);
    case CMK_BREAK_OTHERS_THREAD:
    case CMK_BREAK_TWO_CPUS:
        return break_theorem(caller, which);
    default:
        return arch_break_rule(cnode, slots, which);
    }
}
