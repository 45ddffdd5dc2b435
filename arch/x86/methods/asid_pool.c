/* The methods of ASID control and ASID pools: MakePool and Assign (contract 4.9). */
#include <arch/memory.h>
#include <x86/asid.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>
#include <kernel/string.h>

/* --- ASID control --- */

static bool is_pool_memory(struct capability c)
{
    return capability_type(c) == CAP_UNTYPED && !untyped_capability_is_device(c) &&
           untyped_capability_size_bits(c) == ABI_ASID_POOL_BITS;
}

static MUST_USE enum outcome make_pool(struct invocation *call, struct answer *answer)
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
    insert_new(asid_pool_capability(pool, number << ABI_ASID_POOL_INDEX_BITS), call->extra[0],
               slot);
    return DONE;
}

enum outcome asid_control_invoke(struct invocation *call, struct answer *answer)
{
    return call->label == LABEL_X86ASIDControlMakePool ? make_pool(call, answer)
                                                       : refuse(answer, ERROR_ILLEGAL_OPERATION);
}

/* --- ASID pool --- */

static MUST_USE enum outcome assign(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    struct capability root = extra_capability(call, 0);
    if (target_capability_type(root) != CAP_PML4 || mapping_capability_is_mapped(root)) {
        return refuse_capability(answer, 1);
    }
    word_t first = asid_pool_capability_first(call->capability);
    struct asid_pool *pool = capability_asid_pool(call->capability);
    if (asid_pool_of(first) == NULL) {
        struct lookup_failure failure = {.type = LOOKUP_INVALID_ROOT};
        return refuse_lookup(answer, false, &failure);
    }
    if (asid_pool_of(first) != pool) {
        return refuse_capability(answer, 0);
    }
    unsigned i = first == 0 ? 1 : 0; /* ASID 0 says "not mapped" in capabilities */
    while (i < ARRAY_LENGTH(pool->root) && pool->root[i] != NULL) {
        i++;
    }
    if (i == ARRAY_LENGTH(pool->root)) {
        return refuse(answer, ERROR_DELETE_FIRST);
    }

    call->extra[0]->capability = asid_assign(pool, first, i, root);
    return DONE;
}

enum outcome asid_pool_invoke(struct invocation *call, struct answer *answer)
{
    return call->label == LABEL_X86ASIDPoolAssign ? assign(call, answer)
                                                  : refuse(answer, ERROR_ILLEGAL_OPERATION);
}
