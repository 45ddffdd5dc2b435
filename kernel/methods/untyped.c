/*
 * Untyped memory and the making of objects (contract 3, 4.4, 7.7).
 *
 * Invariant: of an untyped that is not a device, every byte from the watermark on is zero. So
 * objects are made without clearing anything, quickly; what earlier children left is cleared when
 * the untyped is reset, before the first object is made of it again. Boot untypeds start full:
 * their first Retype clears them.
 */
#include <arch/machine.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <kernel/assert.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>
#include <kernel/preemption.h>
#include <kernel/thread.h>
#include <kernel/untyped.h>

/*
 * How much is cleared between two preemption points. 1024 words: counted as an instruction each,
 * well below 20,000.
 */
enum { RESET_CHUNK_BITS = 13 };

/* --- what the table of object types says --- */

static const struct {
    uint8_t size_bits;
    bool device_parent;
} object_types[] = {
#define OBJECT(api_name, number, name, bits, device) [number] = {bits, device},
#define TARGET_OBJECT                                OBJECT
#include <api/objects.def>
#undef OBJECT
#undef TARGET_OBJECT
};
_Static_assert(ARRAY_LENGTH(object_types) == OBJECT_TYPE_COUNT, "every type is in the table");

unsigned object_size_bits(unsigned type, unsigned size_argument)
{
    bool has_size = type == OBJECT_UNTYPED || type == OBJECT_CNODE;
    return object_types[type].size_bits + (has_size ? size_argument : 0);
}

/* The capability to a new object. TCBs need more: threads_init(). */
static struct capability object_capability(unsigned type, unsigned size_argument, paddr_t base,
                                           bool device)
{
    switch ((enum object_type)type) {
    case OBJECT_UNTYPED:
        return untyped_capability(base, size_argument, device, 0);
    case OBJECT_TCB:
        return tcb_capability(window(base));
    case OBJECT_ENDPOINT:
        return endpoint_capability(window(base), 0, RIGHTS_ALL);
    case OBJECT_NOTIFICATION:
        return notification_capability(window(base), 0, RIGHT_READ | RIGHT_WRITE);
    case OBJECT_CNODE:
        return cnode_capability(window(base), size_argument, 0, 0);
    }
    return arch_create_object((enum target_object_type)type, base, device);
}

/* --- Retype: checks --- */

struct retype {
    unsigned type; /* enum object_type or enum target_object_type */
    unsigned size_argument;
    unsigned object_bits; /* log2 of an object's size */
    struct slot *first;   /* the destination slots, consecutive */
    word_t count;
    word_t start; /* offset of the first object in the untyped, in bytes */
    bool reset;   /* no children: the whole untyped is free once it is cleared */
};

/* Checks 2 to 5 of contract 4.4: type and size. */
static MUST_USE bool decode_type(const struct invocation *call, struct retype *r,
                                 struct answer *answer)
{
    word_t type = message_word(call, 0);
    word_t size_argument = message_word(call, 1);
    if (type >= OBJECT_TYPE_COUNT) {
        return as_false(refuse_argument(answer, 0));
    }
    r->type = (unsigned)type;
    if (size_argument >= WORD_BITS ||
        object_size_bits(r->type, (unsigned)size_argument) > ABI_MAX_UNTYPED_BITS) {
        return as_false(refuse_range(answer, 0, ABI_MAX_UNTYPED_BITS));
    }
    if ((r->type == OBJECT_CNODE && size_argument == 0) ||
        (r->type == OBJECT_UNTYPED && size_argument < ABI_MIN_UNTYPED_BITS)) {
        return as_false(refuse_argument(answer, 1));
    }
    r->size_argument = (unsigned)size_argument;
    r->object_bits = object_size_bits(r->type, r->size_argument);
    return true;
}

/* Checks 6 and 7: the CNode that receives the new capabilities. */
static MUST_USE bool decode_destination_node(const struct invocation *call, struct capability *node,
                                             struct answer *answer)
{
    struct capability root = extra_capability(call, 0);
    word_t index = message_word(call, 2);
    word_t depth = message_word(call, 3);
    *node = root;
    if (depth != 0) {
        struct slot *slot;
        if (!lookup_operation_slot(root, index, depth, false, &slot, answer)) {
            return false;
        }
        *node = slot->capability;
    }
    if (capability_type(*node) != CAP_CNODE) {
        return as_false(refuse_missing(answer, false, depth));
    }
    return true;
}

/* Checks 8 to 11: the slots in it. */
static MUST_USE bool decode_destination_slots(const struct invocation *call, struct capability node,
                                              struct retype *r, struct answer *answer)
{
    word_t slots = BIT(cnode_capability_radix(node));
    word_t offset = message_word(call, 4);
    word_t count = message_word(call, 5);
    if (offset > slots - 1) {
        return as_false(refuse_range(answer, 0, slots - 1));
    }
    if (count < 1 || count > ABI_RETYPE_FAN_OUT_LIMIT) {
        return as_false(refuse_range(answer, 1, ABI_RETYPE_FAN_OUT_LIMIT));
    }
    if (count > slots - offset) {
        return as_false(refuse_range(answer, 1, slots - offset));
    }
    r->first = capability_cnode(node) + offset;
    r->count = count;
    for (word_t i = 0; i < count; i++) {
        if (!slot_is_empty(&r->first[i])) {
            return as_false(refuse(answer, ERROR_DELETE_FIRST));
        }
    }
    return true;
}

/* Checks 12 and 13: the memory. */
static MUST_USE bool decode_memory(const struct invocation *call, struct retype *r,
                                   struct answer *answer)
{
    word_t bytes = BIT(untyped_capability_size_bits(call->capability));
    r->reset = !has_children(call->slot);
    word_t used = r->reset ? 0 : untyped_capability_watermark(call->capability);
    word_t free = bytes - used;
    if (free >> r->object_bits < r->count) {
        return as_false(refuse_memory(answer, free));
    }
    if (untyped_capability_is_device(call->capability) && !object_types[r->type].device_parent) {
        return as_false(refuse_argument(answer, 1));
    }
    /*
     * Cannot run over the end: `bytes` is a multiple of the object's size, and so are both sides of
     * the rounding.
     */
    r->start = ALIGN_UP(used, r->object_bits);
    return true;
}

/* --- Retype: acting --- */

static void set_watermark(struct slot *slot, word_t watermark)
{
    slot->capability = untyped_capability_with_watermark(slot->capability, watermark);
}

/*
 * Clears what children used, from the watermark down, and lowers the watermark with it: preempted
 * anywhere, the invariant holds, and nothing is cleared twice. Device memory is never touched.
 */
static MUST_USE enum outcome reset_untyped(struct slot *slot)
{
    paddr_t base = untyped_capability_base(slot->capability);
    if (untyped_capability_is_device(slot->capability)) {
        set_watermark(slot, 0);
        return DONE;
    }
    for (word_t used = untyped_capability_watermark(slot->capability); used > 0;) {
        word_t start = ALIGN_DOWN(used - 1, RESET_CHUNK_BITS);
        machine_clear_memory(window(base + start), used - start);
        set_watermark(slot, start);
        used = start;
        if (used > 0 && preemption_point()) {
            return PREEMPTED;
        }
    }
    return DONE;
}

static void create_objects(struct slot *untyped, const struct retype *r)
{
    paddr_t base = untyped_capability_base(untyped->capability) + r->start;
    bool device = untyped_capability_is_device(untyped->capability);
    struct capability c = object_capability(r->type, r->size_argument, base, device);
    set_watermark(untyped, r->start + (r->count << r->object_bits));
    if (r->type == OBJECT_TCB) {
        threads_init(window(base), r->count);
    }
    insert_new_row(c, BIT(r->object_bits), r->first, r->count, untyped);
}

enum outcome untyped_invoke(struct invocation *call, struct answer *answer)
{
    struct capability node;
    struct retype r;
    if (call->label != LABEL_UntypedRetype) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    if (!decode_type(call, &r, answer) || !decode_destination_node(call, &node, answer) ||
        !decode_destination_slots(call, node, &r, answer) || !decode_memory(call, &r, answer)) {
        return REFUSED;
    }
    if (r.reset && reset_untyped(call->slot) == PREEMPTED) {
        return PREEMPTED;
    }
    create_objects(call->slot, &r);
    return DONE;
}
