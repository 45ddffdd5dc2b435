/*
 * The derivation tree (contract 7.6): who is whose parent, and how capabilities enter it and move
 * in it. Everything here is short: a few words read and written, whatever the tree looks like.
 */
#include <arch/memory.h>
#include <arch/object.h>
#include <kernel/assert.h>
#include <kernel/derivation.h>
#include <kernel/objects.h>

/* --- regions and objects --- */

static unsigned zombie_size_bits(struct capability c)
{
    switch (zombie_capability_radix(c)) {
    case ZOMBIE_TCB:
        return ABI_TCB_BITS;
    case ZOMBIE_ENDPOINT:
        return ABI_ENDPOINT_BITS;
    case ZOMBIE_NOTIFICATION:
        return ABI_NOTIFICATION_BITS;
    default:
        return zombie_capability_radix(c) + ABI_SLOT_BITS;
    }
}

/* For objects that a capability names by their address in the window. */
static inline bool window_range(struct capability c, word_t bits, paddr_t *base, word_t *size_bits)
{
    *base = window_to_physical((void *)capability_object(c));
    *size_bits = bits;
    return true;
}

/* Physical range of the object of `c`; false if it has no memory that an untyped could contain. */
static bool object_range(struct capability c, paddr_t *base, word_t *size_bits)
{
    switch (capability_type(c)) {
    case CAP_UNTYPED:
        *base = untyped_capability_base(c);
        *size_bits = untyped_capability_size_bits(c);
        return true;
    case CAP_ENDPOINT:
        return window_range(c, ABI_ENDPOINT_BITS, base, size_bits);
    case CAP_NOTIFICATION:
        return window_range(c, ABI_NOTIFICATION_BITS, base, size_bits);
    case CAP_TCB:
        return window_range(c, ABI_TCB_BITS, base, size_bits);
    case CAP_CNODE:
        return window_range(c, cnode_capability_radix(c) + ABI_SLOT_BITS, base, size_bits);
    case CAP_ZOMBIE:
        return window_range(c, zombie_size_bits(c), base, size_bits);
    case CAP_NULL:
    case CAP_REPLY: /* its thread's memory is the TCB capability's */
    case CAP_IRQ_CONTROL:
    case CAP_IRQ_HANDLER:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break;
    }
    return capability_is_of_architecture(c) && arch_object_range(c, base, size_bits);
}

static bool untyped_contains(struct capability untyped, struct capability c)
{
    paddr_t start = untyped_capability_base(untyped);
    word_t bytes = BIT(untyped_capability_size_bits(untyped));
    paddr_t base;
    word_t size_bits;
    if (!object_range(c, &base, &size_bits) || base < start) {
        return false;
    }
    word_t offset = base - start;
    return offset < bytes && BIT(size_bits) <= bytes - offset;
}

/* True if the object of `inner` is, or lies in, what `outer` has authority over. */
static bool covers(struct capability outer, struct capability inner)
{
    enum capability_type inner_type = capability_type(inner);
    switch (capability_type(outer)) {
    case CAP_UNTYPED:
        return untyped_contains(outer, inner);
    case CAP_IRQ_CONTROL:
        return inner_type == CAP_IRQ_CONTROL || inner_type == CAP_IRQ_HANDLER;
    case CAP_IPI_CONTROL:
        return inner_type == CAP_IPI_CONTROL || inner_type == CAP_IPI_SIGNAL ||
               inner_type == CAP_IRQ_HANDLER;
    case CAP_NULL:
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_CNODE:
    case CAP_TCB:
    case CAP_IRQ_HANDLER:
    case CAP_ZOMBIE:
    case CAP_DOMAIN:
    case CAP_IPI_SIGNAL:
    case CAP_NODE_CONTROL:
        break;
    }
    if (capability_is_of_architecture(outer)) {
        return capability_is_of_architecture(inner) && arch_same_region(outer, inner);
    }
    return is_same_object(outer, inner);
}

/* For two capabilities of one type, with the same in their object fields. */
static bool is_same_object_then(struct capability a, struct capability b)
{
    if (capability_is_of_architecture(a)) {
        return arch_same_object(a, b);
    }
    switch (capability_type(a)) {
    case CAP_NULL:
        return false;
    case CAP_UNTYPED:
        return untyped_capability_base(a) == untyped_capability_base(b) &&
               untyped_capability_size_bits(a) == untyped_capability_size_bits(b);
    case CAP_IRQ_HANDLER:
        return irq_handler_capability_irq(a) == irq_handler_capability_irq(b);
    case CAP_IPI_SIGNAL:
        return ipi_signal_capability_node(a) == ipi_signal_capability_node(b) &&
               ipi_signal_capability_irq(a) == ipi_signal_capability_irq(b);
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_CNODE:
    case CAP_TCB:
    case CAP_ZOMBIE:
        break; /* objects in memory have an address, which is equal */
    case CAP_IRQ_CONTROL:
    case CAP_DOMAIN:
    case CAP_IPI_CONTROL:
    case CAP_NODE_CONTROL:
        break; /* there is only one of each */
    }
    return true;
}

/* Most neighbours in the tree differ in type or object field, which is seen at once. */
static inline bool is_same(struct capability a, struct capability b)
{
    return capability_has_type_and_object_of(a, b) && is_same_object_then(a, b);
}

bool is_same_object(struct capability a, struct capability b)
{
    return is_same(a, b);
}

/* --- relations --- */

/*
 * Badges that a family of copies shares. IPI signals: node and irq, compared by covers() already.
 */
static bool is_in_family_of(const struct slot *parent, const struct slot *child)
{
    switch (capability_type(parent->capability)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return capability_badge(parent->capability) == 0 ||
               (capability_badge(parent->capability) == capability_badge(child->capability) &&
                !slot_is_family_head(child));
    case CAP_IPI_SIGNAL:
        return !slot_is_family_head(child);
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
    case CAP_NODE_CONTROL:
        break;
    }
    return true; /* without a badge, as all of the target's are */
}

bool is_parent_of(const struct slot *parent, const struct slot *child)
{
    return slot_is_original(parent) && covers(parent->capability, child->capability) &&
           is_in_family_of(parent, child);
}

bool has_children(const struct slot *slot)
{
    const struct slot *next = slot_next(slot);
    return next && is_parent_of(slot, next);
}

bool is_final(const struct slot *slot)
{
    /*
     * All capabilities to one object are neighbours in the list: copies are inserted beside their
     * source.
     */
    const struct slot *next = slot_next(slot);

    return !(slot->previous && is_same(slot->previous->capability, slot->capability)) &&
           !(next && is_same(slot->capability, next->capability));
}

/* --- insertion --- */

static void set_next(struct slot *slot, struct slot *next)
{
    slot->next_and_marks = (word_t)next | (slot->next_and_marks & SLOT_MARKS);
}

static void insert_after(struct slot *before, struct capability c, struct slot *destination,
                         word_t marks)
{
    struct slot *next = slot_next(before);
    assert(slot_is_empty(destination) && !capability_is_null(c));
    *destination = (struct slot){c, before, (word_t)next | marks};
    set_next(before, destination);
    if (next) {
        next->previous = destination;
    }
}

/*
 * What a derived capability is in the tree: an original if it was given a badge, or can be divided
 * again.
 */
static word_t marks_of_derived(struct capability c, struct capability source)
{
    switch (capability_type(c)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return capability_badge(c) != capability_badge(source) ? SLOT_ORIGINAL | SLOT_FAMILY_HEAD
                                                               : 0;
    case CAP_UNTYPED:
        return SLOT_ORIGINAL;
    case CAP_NULL:
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
    return 0; /* and so are all of the target's */
}

void insert_derived(struct capability c, struct slot *source, struct slot *destination)
{
    insert_after(source, c, destination, marks_of_derived(c, source->capability));
    if (capability_type(c) == CAP_UNTYPED) {
        /*
         * Two capabilities must never make objects of the same memory: the source is full while the
         * copy exists.
         */
        word_t bytes = BIT(untyped_capability_size_bits(source->capability));
        source->capability = untyped_capability_with_watermark(source->capability, bytes);
    }
}

void insert_new(struct capability c, struct slot *parent, struct slot *destination)
{
    insert_after(parent, c, destination, SLOT_ORIGINAL | SLOT_FAMILY_HEAD);
}

void insert_new_row(struct capability c, word_t object_bytes, struct slot *first, word_t count,
                    struct slot *parent)
{
    /*
     * Each one comes directly after the parent, so the last one is the next of it, and the first
     * the last.
     */
    struct slot *last = first + count - 1;
    struct slot *next = slot_next(parent);

    for (struct slot *slot = first; slot <= last; slot++) {
        assert(slot_is_empty(slot));
        *slot = (struct slot){c, slot + 1, (word_t)(slot - 1) | SLOT_ORIGINAL | SLOT_FAMILY_HEAD};
        c = capability_moved(c, object_bytes);
    }
    first->next_and_marks = (word_t)next | SLOT_ORIGINAL | SLOT_FAMILY_HEAD;
    last->previous = parent;
    set_next(parent, last);
    if (next) {
        next->previous = first;
    }
}

void insert_root(struct capability c, struct slot *destination)
{
    assert(slot_is_empty(destination) && !capability_is_null(c));
    *destination = (struct slot){c, NULL, SLOT_ORIGINAL | SLOT_FAMILY_HEAD};
}

/* --- moving --- */

/* Makes the neighbours of `slot` in the list point at it. */
static void tell_neighbours(struct slot *slot)
{
    struct slot *next = slot_next(slot);
    if (slot->previous) {
        set_next(slot->previous, slot);
    }
    if (next) {
        next->previous = slot;
    }
}

void move_capability(struct capability c, struct slot *source, struct slot *destination)
{
    assert(slot_is_empty(destination) && !slot_is_empty(source));
    *destination = *source;
    destination->capability = c;
    *source = (struct slot){0};
    tell_neighbours(destination);
}

/*
 * After two slots exchanged their contents: a link of `slot` to itself meant the other one, its
 * neighbour.
 */
static void relink(struct slot *slot, struct slot *other)
{
    if (slot->previous == slot) {
        slot->previous = other;
    }
    if (slot_next(slot) == slot) {
        set_next(slot, other);
    }
}

void swap_capabilities(struct capability c1, struct slot *s1, struct capability c2, struct slot *s2)
{
    struct slot first = *s1;
    *s1 = *s2;
    *s2 = first;
    s1->capability = c2;
    s2->capability = c1;
    relink(s1, s2);
    relink(s2, s1);
    tell_neighbours(s1);
    tell_neighbours(s2);
}
