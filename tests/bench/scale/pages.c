/*
 * Page-table churn. `map`: the workers are threads of one address space; each maps a page of its
 * own, writes to it, and unmaps it, which calls the other CPUs of the node that use the address
 * space. `pager`: each maps and unmaps a page in an address space in which nothing runs, as a pager
 * does for its clients.
 */
#include "scale.h"

static struct target {
    _Alignas(64) seL4_CPtr frame, vspace;
    seL4_Word vaddr;
} shared_targets[MAX_WORKERS], private_targets[MAX_WORKERS];

/* A page table of its own for each: they share only what lies above. */
static bool make(struct target *target, seL4_CPtr vspace)
{
    target->vspace = vspace;
    target->frame = cmk_alloc_object(seL4_X86_4K, 0);
    target->vaddr = cmk_alloc_addresses(LIBSEL4_BIT(seL4_LargePageBits), seL4_LargePageBits);
    return target->frame != 0 && target->vaddr != 0 &&
           cmk_map_frame_in(vspace, target->frame, target->vaddr, seL4_ReadWrite,
                            seL4_X86_Default_VMAttributes) == seL4_NoError &&
           seL4_X86_Page_Unmap(target->frame) == seL4_NoError;
}

static bool prepare_map(struct worker *worker)
{
    return make(&shared_targets[worker->cpu], seL4_CapInitThreadVSpace);
}

static bool prepare_pager(struct worker *worker)
{
    seL4_CPtr vspace = cmk_alloc_object(seL4_X64_PML4Object, 0);
    return vspace != 0 &&
           seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace) == seL4_NoError &&
           make(&private_targets[worker->cpu], vspace);
}

static void churn(struct worker *worker, const struct target *target, bool touch)
{
    while (!is_over(worker)) {
        worker->failed |=
            seL4_X86_Page_Map(target->frame, target->vspace, target->vaddr, seL4_ReadWrite,
                              seL4_X86_Default_VMAttributes) != seL4_NoError;
        if (touch && !worker->failed) {
            *(volatile uint64_t *)target->vaddr = worker->operations;
        }
        think(worker->think);
        worker->failed |= seL4_X86_Page_Unmap(target->frame) != seL4_NoError;
        worker->operations++;
    }
}

static void run_map(struct worker *worker)
{
    churn(worker, &shared_targets[worker->cpu], true);
}

static void run_pager(struct worker *worker)
{
    churn(worker, &private_targets[worker->cpu], false);
}

const struct workload map = {"map", "map, write, unmap a page of the common address space",
                             prepare_map, run_map, NULL};
const struct workload pager = {"pager", "map and unmap a page of an idle space", prepare_pager,
                               run_pager, NULL};
