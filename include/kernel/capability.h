/*
 * Capabilities: two words that name an object and what may be done with it.
 *
 *   word 0   63..16 object: address (kernel virtual, or physical for untypeds and frames)
 *            15..5 small fields
 *            4..0 type
 *   word 1   what the type needs: badge, guard, watermark, mapping, ...
 *
 * Every field has one pair of accessors here, and only they know the layout. The type tags are part
 * of the ABI (DebugCapIdentify), see api/capabilities.def. Accessors expect a capability of their
 * type; debug builds of callers assert it, these inlines do not.
 */
#ifndef KERNEL_CAPABILITY_H
#define KERNEL_CAPABILITY_H

#include <api/types.h>
#include <kernel/types.h>

struct capability {
    word_t word[2];
};
_Static_assert(sizeof(struct capability) == 16, "a capability is two words");

struct tcb;
struct slot;
struct endpoint;
struct notification;
struct asid_pool;

/*
 * Rights as users write them (seL4_CapRights) and as endpoint and notification capabilities store
 * them.
 */
enum { RIGHT_WRITE = 1, RIGHT_READ = 2, RIGHT_GRANT = 4, RIGHT_GRANT_REPLY = 8, RIGHTS_ALL = 15 };

/*
 * Where the small fields lie in word 0, and how many bits they have. Types share places: which of
 * them a type has, its accessors say.
 */
enum {
    CAPABILITY_TYPE_BITS = 5,
    CAPABILITY_OBJECT_AT = 16,
    RIGHTS_AT = 5,
    RIGHTS_BITS = 4, /* endpoint, notification, reply */
    MASTER_AT = 9,   /* reply */
    RADIX_AT = 5,
    RADIX_BITS = 6, /* CNode, zombie; the size of an untyped */
    UNTYPED_DEVICE_AT = 11,
    CNODE_WHOLE_AT = 11,
    CNODE_GUARD_AT = 12
};

/* --- fields common to all types --- */

/* A type that is not in the enum is the target's. */
static inline enum capability_type capability_type(struct capability c)
{
    return (enum capability_type)(c.word[0] & MASK(CAPABILITY_TYPE_BITS));
}

/*
 * The object field, sign-extended: a kernel virtual address, or a physical one where the type says
 * so.
 */
static inline word_t capability_object(struct capability c)
{
    return (word_t)((int64_t)c.word[0] >> CAPABILITY_OBJECT_AT);
}

/* True if type and object field are equal, whatever the rest is. */
static inline bool capability_has_type_and_object_of(struct capability a, struct capability b)
{
    return ((a.word[0] ^ b.word[0]) & (~MASK(CAPABILITY_OBJECT_AT) | MASK(CAPABILITY_TYPE_BITS))) ==
           0;
}

static inline word_t capability_small(struct capability c, unsigned shift, unsigned bits)
{
    return (c.word[0] >> shift) & MASK(bits);
}

static inline struct capability capability_with_small(struct capability c, unsigned shift,
                                                      unsigned bits, word_t value)
{
    c.word[0] = (c.word[0] & ~(MASK(bits) << shift)) | ((value & MASK(bits)) << shift);
    return c;
}

static inline struct capability capability_make(unsigned type, word_t object, word_t word1)
{
    return (struct capability){{(object << CAPABILITY_OBJECT_AT) | type, word1}};
}

/*
 * The same capability to the object that lies `bytes` after that of `c`, for types whose objects
 * have addresses.
 */
static inline struct capability capability_moved(struct capability c, word_t bytes)
{
    c.word[0] += bytes << CAPABILITY_OBJECT_AT;
    return c;
}

static inline struct capability capability_null(void)
{
    return (struct capability){{CAP_NULL, 0}};
}

static inline bool capability_is_null(struct capability c)
{
    return capability_type(c) == CAP_NULL;
}

/* Types of the target have odd tags; arch/object.h is about them. */
static inline bool capability_is_of_architecture(struct capability c)
{
    return capability_type(c) & 1;
}

/* --- endpoint, notification: word 1 is the badge --- */

static inline struct capability endpoint_capability(const struct endpoint *e, word_t badge,
                                                    word_t rights)
{
    return capability_with_small(capability_make(CAP_ENDPOINT, (word_t)e, badge), RIGHTS_AT,
                                 RIGHTS_BITS, rights);
}

static inline struct capability notification_capability(const struct notification *n, word_t badge,
                                                        word_t rights)
{
    return capability_with_small(capability_make(CAP_NOTIFICATION, (word_t)n, badge), RIGHTS_AT,
                                 RIGHTS_BITS, rights);
}

static inline struct endpoint *capability_endpoint(struct capability c)
{
    return (struct endpoint *)capability_object(c);
}

static inline struct notification *capability_notification(struct capability c)
{
    return (struct notification *)capability_object(c);
}

static inline word_t capability_badge(struct capability c)
{
    return c.word[1];
}

static inline struct capability capability_with_badge(struct capability c, word_t badge)
{
    c.word[1] = badge;
    return c;
}

/* Endpoints and notifications: any of RIGHTS_ALL. Reply: RIGHT_GRANT or none. */
static inline word_t capability_rights(struct capability c)
{
    return capability_small(c, RIGHTS_AT, RIGHTS_BITS);
}

static inline struct capability capability_with_rights(struct capability c, word_t rights)
{
    return capability_with_small(c, RIGHTS_AT, RIGHTS_BITS, rights);
}

/* --- reply: the object is the TCB that waits; the master stays in that TCB's reply slot --- */

static inline struct capability reply_capability(const struct tcb *caller, bool master,
                                                 word_t rights)
{
    return capability_with_small(
        capability_with_small(capability_make(CAP_REPLY, (word_t)caller, 0), RIGHTS_AT, RIGHTS_BITS,
                              rights),
        MASTER_AT, 1, master);
}

/*
 * What the receiver of a Call gets of the caller's master: not a master, and perhaps without Grant.
 */
static inline struct capability reply_capability_from(struct capability master, bool can_grant)
{
    struct capability c = capability_with_small(master, MASTER_AT, 1, 0);
    return capability_with_small(c, RIGHTS_AT, RIGHTS_BITS, can_grant ? RIGHT_GRANT : 0);
}

static inline bool reply_capability_is_master(struct capability c)
{
    return capability_small(c, MASTER_AT, 1);
}

/* A capability of that type with at least these rights, in one comparison. */
static inline bool capability_allows(struct capability c, enum capability_type type, word_t rights)
{
    word_t wanted = capability_with_rights(capability_make(type, 0, 0), rights).word[0];
    return (c.word[0] & (MASK(CAPABILITY_TYPE_BITS) | wanted)) == wanted;
}

static inline bool capability_has_any_right(struct capability c, word_t rights)
{
    return c.word[0] & capability_with_rights(capability_null(), rights).word[0];
}

/* --- TCB (and the TCB of a reply capability) --- */

static inline struct capability tcb_capability(const struct tcb *t)
{
    return capability_make(CAP_TCB, (word_t)t, 0);
}

static inline struct tcb *capability_tcb(struct capability c)
{
    return (struct tcb *)capability_object(c);
}

/*
 * --- CNode: small fields radix, whether guard and index together use a pointer's 64 bits, and
 * whether the guard has any bits; word 1 is guard and guard size as seL4_CNode_CapData lays them
 * out ---
 */

#define CNODE_IS_WHOLE  BIT(CNODE_WHOLE_AT)
#define CNODE_HAS_GUARD BIT(CNODE_GUARD_AT)

static inline struct capability cnode_capability(const struct slot *slots, unsigned radix,
                                                 word_t guard, unsigned guard_size)
{
    struct capability c = capability_make(CAP_CNODE, (word_t)slots, (guard << 6) | guard_size);
    c.word[0] |= radix + guard_size == WORD_BITS ? CNODE_IS_WHOLE : 0;
    c.word[0] |= guard_size != 0 ? CNODE_HAS_GUARD : 0;
    return capability_with_small(c, RADIX_AT, RADIX_BITS, radix);
}

/* A capability to a CNode in which a full-depth lookup that begins there also ends. */
static inline bool is_whole_cnode_capability(struct capability c)
{
    return (c.word[0] & (MASK(CAPABILITY_TYPE_BITS) | CNODE_IS_WHOLE)) ==
           (CAP_CNODE | CNODE_IS_WHOLE);
}

static inline struct slot *capability_cnode(struct capability c)
{
    return (struct slot *)capability_object(c);
}

static inline unsigned cnode_capability_radix(struct capability c)
{
    return (unsigned)capability_small(c, RADIX_AT, RADIX_BITS);
}

/* False: the guard has no bits. (A guard of 0 bits has the value 0.) */
static inline bool cnode_capability_has_guard(struct capability c)
{
    return c.word[1] != 0;
}

static inline unsigned cnode_capability_guard_size(struct capability c)
{
    return (unsigned)(c.word[1] & 63);
}

static inline word_t cnode_capability_guard(struct capability c)
{
    return c.word[1] >> 6;
}

/*
 * --- untyped: the object is a physical address; word 1 is the watermark, in bytes from the start
 * ---
 */

static inline struct capability untyped_capability(paddr_t base, unsigned size_bits, bool device,
                                                   word_t watermark)
{
    struct capability c = capability_with_small(capability_make(CAP_UNTYPED, base, watermark),
                                                RADIX_AT, RADIX_BITS, size_bits);
    return capability_with_small(c, UNTYPED_DEVICE_AT, 1, device);
}

static inline paddr_t untyped_capability_base(struct capability c)
{
    return capability_object(c);
}

static inline unsigned untyped_capability_size_bits(struct capability c)
{
    return (unsigned)capability_small(c, RADIX_AT, RADIX_BITS);
}

static inline bool untyped_capability_is_device(struct capability c)
{
    return capability_small(c, UNTYPED_DEVICE_AT, 1);
}

static inline word_t untyped_capability_watermark(struct capability c)
{
    return c.word[1];
}

static inline struct capability untyped_capability_with_watermark(struct capability c,
                                                                  word_t watermark)
{
    c.word[1] = watermark;
    return c;
}

/*
 * --- zombie: what is left of an object under destruction. Of a CNode or TCB: word 1 is how many of
 * its slots are still to be emptied. Of an endpoint or notification: threads are still queued; word
 * 1 is 0 ---
 */

/* `radix` is that of the CNode, or one of these: no CNode is that large. */
enum { ZOMBIE_NOTIFICATION = 61, ZOMBIE_ENDPOINT, ZOMBIE_TCB };

static inline struct capability zombie_capability(word_t object, unsigned radix, word_t slots_left)
{
    return capability_with_small(capability_make(CAP_ZOMBIE, object, slots_left), RADIX_AT,
                                 RADIX_BITS, radix);
}

static inline unsigned zombie_capability_radix(struct capability c)
{
    return (unsigned)capability_small(c, RADIX_AT, RADIX_BITS);
}

static inline bool zombie_capability_has_slots(struct capability c)
{
    return zombie_capability_radix(c) != ZOMBIE_NOTIFICATION &&
           zombie_capability_radix(c) != ZOMBIE_ENDPOINT;
}

static inline word_t zombie_capability_slots_left(struct capability c)
{
    return c.word[1];
}

static inline struct capability zombie_capability_with_slots_left(struct capability c,
                                                                  word_t slots_left)
{
    c.word[1] = slots_left;
    return c;
}

/* The slots of the object under destruction: a TCB begins with its slots. */
static inline struct slot *zombie_capability_slots(struct capability c)
{
    return (struct slot *)capability_object(c);
}

/*
 * --- IRQ handler: word 1 is the kernel's IRQ number (CPU vector - 0x20); IRQ control, domain, ASID
 * control: no fields ---
 */

static inline struct capability irq_handler_capability(word_t irq)
{
    return capability_make(CAP_IRQ_HANDLER, 0, irq);
}

static inline word_t irq_handler_capability_irq(struct capability c)
{
    return c.word[1];
}

/* --- CMK: IPI signal: word 1 is node << 8 | irq --- */

static inline struct capability ipi_signal_capability(word_t node, word_t irq)
{
    return capability_make(CAP_IPI_SIGNAL, 0, node << 8 | irq);
}

static inline word_t ipi_signal_capability_node(struct capability c)
{
    return c.word[1] >> 8;
}

static inline word_t ipi_signal_capability_irq(struct capability c)
{
    return c.word[1] & 0xff;
}

/*
 * With manager=on: cluster control is an IPI control of its own, and the control of another node
 * the signal 0 to it. So the derivation tree treats them as those.
 */
static inline struct capability cluster_control_capability(void)
{
    return capability_make(CAP_IPI_CONTROL, 1, 0);
}

static inline bool is_cluster_control_capability(struct capability c)
{
    return capability_object(c) != 0;
}

enum { LIFE_SIGNAL = 0 };

static inline struct capability other_node_capability(word_t node)
{
    return ipi_signal_capability(node, LIFE_SIGNAL);
}

#endif
