/* ASID pools, and finding VSpaces by ASID. Their methods are in methods/asid_pool.c. */
#include <x86/asid.h>
#include <target/pcid.h>
#include <x86/shoot_down.h>
#include <x86/vspace.h>
#include <kernel/thread.h>

struct asid_pool *asid_pools[ABI_ASID_POOLS];

static word_t index_of(word_t asid)
{
    return asid & MASK(ABI_ASID_POOL_INDEX_BITS);
}

struct capability asid_init(struct asid_pool *pool)
{
    asid_pools[0] = pool;
    return asid_pool_capability(pool, 0);
}

struct capability asid_assign(struct asid_pool *pool, word_t first, unsigned i,
                              struct capability root)
{
    vspace_init(paging_capability_entries(root));
    pool->root[i] = paging_capability_entries(root);
    /* A thread's copy with the ASID of a pool that went may mean something again. */
    forget_thread_roots();
    begin_generation(first + i, 0); /* TLBs may know what had the number before */
    return mapping_capability_with_mapping(root, first + i, 0);
}

struct capability asid_assign_initial(struct capability root)
{
    return asid_assign(asid_pools[0], 0, 1, root);
}

/* From now on CPUs that choose a thread find nothing by the ASID. */
static MUST_USE struct stale asid_clear(word_t asid)
{
    struct asid_pool *pool = asid_pool_of(asid);
    word_t root = vspace_root(pool->root[index_of(asid)], asid);
    pool->root[index_of(asid)] = NULL;
    return stale_structure(root);
}

static MUST_USE struct stale_pool asid_pool_clear(word_t first_asid)
{
    struct stale_pool stale = {asid_pool_of(first_asid)};
    asid_pools[first_asid >> ABI_ASID_POOL_INDEX_BITS] = NULL;
    return stale;
}

void asid_release(word_t asid, const word_t *root)
{
    if (asid_root(asid) == root) {
        shoot_down(asid_clear(asid));
    }
}

void asid_pool_release(struct asid_pool *pool, word_t first_asid)
{
    if (asid_pool_of(first_asid) != pool) {
        return;
    }
    struct stale_pool stale = asid_pool_clear(first_asid);
    forget_thread_roots();
    shoot_down_all(stale);
}
