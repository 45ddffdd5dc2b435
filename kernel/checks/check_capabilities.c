/*
 * Rules 1 and 4: where objects lie, and that the derivation tree's links and untypeds agree. The
 * object ranges are computed here a second time, so that a mistake in the first computation shows.
 */
#include <arch/machine.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <kernel/assert.h>
#include <kernel/check_parts.h>
#include <kernel/derivation.h>
#include <kernel/irq.h>
#include <kernel/thread.h>

struct extent {
    paddr_t base;
    word_t bytes;
};

static struct extent kernel_extent(struct capability c, word_t bytes)
{
    return (struct extent){window_to_physical((const void *)capability_object(c)), bytes};
}

static word_t zombie_bytes(unsigned radix)
{
    switch (radix) {
    case ZOMBIE_NOTIFICATION:
        return sizeof(struct notification);
    case ZOMBIE_ENDPOINT:
        return sizeof(struct endpoint);
    case ZOMBIE_TCB:
        return BIT(ABI_TCB_BITS);
    default:
        return sizeof(struct slot) << radix;
    }
}

/*
 * Memory of an object the portable kernel knows; 0 bytes if it has none or is the architecture's.
 */
static struct extent portable_extent(struct capability c)
{
    switch (capability_type(c)) {
    case CAP_UNTYPED:
        return (struct extent){untyped_capability_base(c), BIT(untyped_capability_size_bits(c))};
    case CAP_ENDPOINT:
        return kernel_extent(c, sizeof(struct endpoint));
    case CAP_NOTIFICATION:
        return kernel_extent(c, sizeof(struct notification));
    case CAP_TCB:
    case CAP_REPLY:
        return kernel_extent(c, BIT(ABI_TCB_BITS));
    case CAP_CNODE:
        return kernel_extent(c, sizeof(struct slot) << cnode_capability_radix(c));
    case CAP_ZOMBIE:
        return kernel_extent(c, zombie_bytes(zombie_capability_radix(c)));
    case CAP_NULL:
    case CAP_IRQ_CONTROL:
    case CAP_IRQ_HANDLER:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break;
    }
    return (struct extent){0, 0};
}

static struct extent any_extent(struct capability c)
{
    struct extent extent = {0, 0};
    word_t size_bits;
    if (!capability_is_of_architecture(c)) {
        return portable_extent(c);
    }
    if (arch_object_range(c, &extent.base, &size_bits)) {
        extent.bytes = BIT(size_bits);
    }
    return extent;
}

/* Rule 1. Device untypeds lie elsewhere by nature; the architecture checks its own objects. */
static void check_place(struct capability c)
{
    struct extent extent = portable_extent(c);
    bool device = capability_type(c) == CAP_UNTYPED && untyped_capability_is_device(c);
    if (extent.bytes != 0 && !device) {
        require(machine_is_private_memory(extent.base, extent.bytes));
    }
}

void check_slot(const struct slot *slot)
{
    const struct slot *next = slot_next(slot);
    if (slot_is_empty(slot)) {
        require(next == NULL && slot->previous == NULL);
        return;
    }
    require(next == NULL || (next->previous == slot && !slot_is_empty(next)));
    require(slot->previous == NULL || slot_next(slot->previous) == slot);
    check_place(slot->capability);
}

/* --- finding every slot --- */

/*
 * The CNodes, and the zombies of CNodes and TCBs, that were found. The search starts from the
 * threads, the IRQ table and the initial CNode, whose memory is never reused; it follows the
 * capabilities in slots, and those derived from untypeds, which finds CNodes that no thread can
 * reach any more. More than fit are not walked.
 */
enum { FOUND_MAX = 512 };

struct found_slots {
    const struct slot *slots;
    word_t count;
};

static struct found_slots initial_cnode;
static struct found_slots found[FOUND_MAX];
static unsigned found_count;
static bool found_all;

static void add_slots(struct found_slots slots)
{
    for (unsigned i = 0; i < found_count; i++) {
        if (found[i].slots == slots.slots) {
            found[i].count = MAX(found[i].count, slots.count);
            return;
        }
    }
    if (found_count < FOUND_MAX) {
        found[found_count++] = slots;
    } else {
        found_all = false;
    }
}

static struct found_slots slots_of_cnode(struct capability c)
{
    return (struct found_slots){capability_cnode(c), BIT(cnode_capability_radix(c))};
}

static void follow(struct capability c)
{
    if (capability_type(c) == CAP_CNODE) {
        add_slots(slots_of_cnode(c));
    } else if (capability_type(c) == CAP_ZOMBIE && zombie_capability_has_slots(c)) {
        add_slots(
            (struct found_slots){zombie_capability_slots(c), zombie_capability_slots_left(c)});
    }
}

/* Rule 4: what is derived from an untyped lies in what has been given out of it. */
static void visit_untyped(const struct slot *untyped)
{
    paddr_t base = untyped_capability_base(untyped->capability);
    word_t watermark = untyped_capability_watermark(untyped->capability);
    require(watermark <= BIT(untyped_capability_size_bits(untyped->capability)));
    for (const struct slot *child = slot_next(untyped);
         child != NULL && is_parent_of(untyped, child); child = slot_next(child)) {
        struct extent extent = any_extent(child->capability);
        require(extent.base >= base && extent.bytes <= watermark &&
                extent.base - base <= watermark - extent.bytes);
        follow(child->capability);
    }
}

static void visit(const struct slot *slot)
{
    check_slot(slot);
    follow(slot->capability);
    if (capability_type(slot->capability) == CAP_UNTYPED) {
        visit_untyped(slot);
    }
}

static void visit_slots(const struct slot *slots, word_t count)
{
    for (word_t i = 0; i < count; i++) {
        visit(&slots[i]);
    }
}

void check_learn_initial_thread(const struct tcb *thread)
{
    struct capability c = thread->slots[TCB_CSPACE].capability;
    if (initial_cnode.count == 0 && capability_type(c) == CAP_CNODE) {
        initial_cnode = slots_of_cnode(c);
    }
}

bool check_all_capabilities(void)
{
    found_count = 0;
    found_all = true;
    if (initial_cnode.count != 0) {
        add_slots(initial_cnode);
    }
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        visit_slots(thread->slots, TCB_SLOT_COUNT);
    }
    visit_slots(irq_slots, IRQ_COUNT);
    for (unsigned i = 0; i < found_count; i++) {
        visit_slots(found[i].slots, found[i].count);
    }
    return found_all;
}

void check_each_capability(void (*check)(struct capability))
{
    for (unsigned i = 0; i < found_count; i++) {
        for (word_t slot = 0; slot < found[i].count; slot++) {
            check(found[i].slots[slot].capability);
        }
    }
}
