/* ASID pools: MakePool and Assign (contract 4.9), and finding VSpaces by ASID. */
#include <arch/door.h>
#include <arch/memory.h>
#include <arch/x86/asid.h>
#include <arch/x86/pcid.h>
#include <arch/x86/vspace.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>
#include <kernel/string.h>
#include <kernel/thread.h>

struct asid_pool *asid_pools[ABI_ASID_POOLS];
word_t generation_seen[BIT(PCID_BITS)];

static struct asid_pool *pool_of(word_t asid)
{
    return asid_pools[asid >> ABI_ASID_POOL_INDEX_BITS];
}

static word_t index_of(word_t asid)
{
    return asid & MASK(ABI_ASID_POOL_INDEX_BITS);
}

struct capability asid_init(struct asid_pool *pool)
{
    asid_pools[0] = pool;
    return asid_pool_capability(pool, 0);
}

/*
 * A root gets its ASID once in its life, and cannot be used before: so it gets the kernel's half here, and making many
 * of them in one Retype stays short.
 */
static struct capability give_asid(struct asid_pool *pool, word_t first, unsigned i, struct capability root)
{
    vspace_init(paging_capability_entries(root));
    pool->root[i] = paging_capability_entries(root);
    begin_generation(first + i, 0); /* TLBs may know what had the number before */
    return mapping_capability_with_mapping(root, first + i, 0);
}

struct capability asid_assign_initial(struct capability root)
{
    return give_asid(asid_pools[0], 0, 1, root);
}

/* A deleted VSpace: CPUs that have it loaded leave it, and find nothing by its ASID when they choose again. */
void asid_release(word_t asid, const word_t *root)
{
    if (asid_root(asid) == root) {
        pool_of(asid)->root[index_of(asid)] = NULL;
        shoot_down(vspace_root(root, asid), 0, true);
    }
}

void asid_pool_release(struct asid_pool *pool, word_t first_asid)
{
    if (pool_of(first_asid) != pool) {
        return;
    }
    asid_pools[first_asid >> ABI_ASID_POOL_INDEX_BITS] = NULL;
    forget_thread_roots();
    shoot_down_all();
}

/* --- ASID control --- */

static bool is_pool_memory(struct capability c)
{
    return capability_type(c) == CAP_UNTYPED && !untyped_capability_is_device(c) &&
           untyped_capability_size_bits(c) == ABI_ASID_POOL_BITS;
}

static enum outcome make_pool(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t index = message_word(call, 0);
    word_t depth = message_word(call, 1);
    struct capability memory = extra_capability(call, 0);

    word_t number = 0;
    while (number < ABI_ASID_POOLS && asid_pools[number] != NULL) {
        number++;
    }
    if (number == ABI_ASID_POOLS) {
        return refuse(answer, ERROR_DELETE_FIRST);
    }
    if (!is_pool_memory(memory)) {
        return refuse_capability(answer, 1);
    }
    if (has_children(call->extra[0])) {
        return refuse(answer, ERROR_REVOKE_FIRST);
    }
    struct slot *slot;
    if (!lookup_empty_slot(extra_capability(call, 1), index, depth, &slot, answer)) {
        return REFUSED;
    }

    /* The untyped's memory may hold what earlier objects left, whatever its watermark says. */
    struct asid_pool *pool = window(untyped_capability_base(memory));
    memset(pool, 0, sizeof(*pool));
    call->extra[0]->capability = untyped_capability_with_watermark(memory, BIT(ABI_ASID_POOL_BITS));
    asid_pools[number] = pool;
    insert_new(asid_pool_capability(pool, number << ABI_ASID_POOL_INDEX_BITS), call->extra[0], slot);
    return DONE;
}

enum outcome asid_control_invoke(struct invocation *call, struct answer *answer)
{
    return call->label == LABEL_X86ASIDControlMakePool ? make_pool(call, answer)
                                                       : refuse(answer, ERROR_ILLEGAL_OPERATION);
}

/* --- ASID pool --- */

static enum outcome assign(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    struct capability root = extra_capability(call, 0);
    if (capability_type(root) != CAP_PML4 || mapping_capability_is_mapped(root)) {
        return refuse_capability(answer, 1);
    }
    word_t first = asid_pool_capability_first(call->capability);
    struct asid_pool *pool = capability_asid_pool(call->capability);
    if (pool_of(first) == NULL) {
        struct lookup_failure failure = {.type = LOOKUP_INVALID_ROOT};
        return refuse_lookup(answer, false, &failure);
    }
    if (pool_of(first) != pool) {
        return refuse_capability(answer, 0);
    }
    unsigned i = first == 0 ? 1 : 0; /* ASID 0 says "not mapped" in capabilities */
    while (i < ARRAY_LENGTH(pool->root) && pool->root[i] != NULL) {
        i++;
    }
    if (i == ARRAY_LENGTH(pool->root)) {
        return refuse(answer, ERROR_DELETE_FIRST);
    }

    call->extra[0]->capability = give_asid(pool, first, i, root);
    return DONE;
}

enum outcome asid_pool_invoke(struct invocation *call, struct answer *answer)
{
    return call->label == LABEL_X86ASIDPoolAssign ? assign(call, answer) : refuse(answer, ERROR_ILLEGAL_OPERATION);
}
