#include "sandbox.h"
#include "random_calls.h"

#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    UNTYPED_BITS = 20,
    SMALL_UNTYPED_BITS = 14,
    IMAGE_START = 0x400000,
    FIRST_VADDR = 0x10000000
};

extern const char __init_array_end[]; /* code and constants end before the page after it */

static struct worker {
    seL4_CPtr tcb, buffer_frame;
    seL4_CPtr root; /* its root CNode */
    uint64_t starts;
    struct worker_page *page; /* in this address space */
    seL4_Word vaddr;          /* in the workers' */
} workers[MAX_WORKERS];

static unsigned worker_count;
static seL4_CPtr memory;    /* the untyped that everything in the sandbox is made of */
static seL4_CPtr cnode;     /* slot of the sandbox, made of `memory` */
static seL4_CPtr temporary; /* a slot */
static seL4_CPtr vspace;    /* of the workers: it stays */
static seL4_CPtr fault_endpoint;
static uint64_t made, first_seed;
static _Atomic uint64_t faults;
static atomic_bool starting; /* somebody starts a worker: the supervisor, or the nurse */

static bool failed(const char *what, seL4_Error error)
{
    if (error != seL4_NoError) {
        printf("random-calls: %s: error %lu\n", what, (seL4_Word)error);
    }
    return error != seL4_NoError;
}

/* --- the workers' address space --- */

/* The program's code and constants, at the same addresses, for reading. */
static bool map_image(void)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    seL4_Word pages = ((seL4_Word)__init_array_end - IMAGE_START + 4095) / 4096;
    for (seL4_Word i = 0; i < pages && i < info->userImageFrames.end - info->userImageFrames.start;
         i++) {
        seL4_CPtr copy = cmk_alloc_slot();
        if (failed("copy of a page",
                   seL4_CNode_Copy(seL4_CapInitThreadCNode, copy, seL4_WordBits,
                                   seL4_CapInitThreadCNode, info->userImageFrames.start + i,
                                   seL4_WordBits, seL4_CanRead)) ||
            failed("image", cmk_map_frame_in(vspace, copy, IMAGE_START + i * 4096, seL4_CanRead,
                                             seL4_X86_Default_VMAttributes))) {
            return false;
        }
    }
    return true;
}

/* A worker's pages in both address spaces: the last is its page, the others are its stack. */
static bool map_worker(struct worker *worker, unsigned index)
{
    seL4_CPtr frames = cmk_alloc_slots(WORKER_PAGES);
    if (frames == 0 || cmk_retype(seL4_X86_4K, 0, WORKER_PAGES, frames) != seL4_NoError) {
        return false;
    }
    char *here = cmk_map_frames(frames, WORKER_PAGES, seL4_PageBits, seL4_ReadWrite,
                                seL4_X86_Default_VMAttributes);
    seL4_Word there = FIRST_VADDR + index * WORKER_BYTES;
    for (unsigned i = 0; i < WORKER_PAGES; i++) {
        seL4_CPtr copy = cmk_alloc_slot();
        if (failed("copy of a page", seL4_CNode_Copy(seL4_CapInitThreadCNode, copy, seL4_WordBits,
                                                     seL4_CapInitThreadCNode, frames + i,
                                                     seL4_WordBits, seL4_AllRights)) ||
            failed("stack", cmk_map_frame_in(vspace, copy, there + i * 4096, seL4_ReadWrite,
                                             seL4_X86_Default_VMAttributes))) {
            return false;
        }
        worker->buffer_frame = copy;
    }
    worker->page = (struct worker_page *)(here + (WORKER_PAGES - 1) * 4096);
    worker->vaddr = there + (WORKER_PAGES - 1) * 4096;
    worker->tcb = cmk_alloc_object(seL4_TCBObject, 0);
    return here != NULL && worker->tcb != 0;
}

/* --- what is in the sandbox --- */

static void make(seL4_Word type, seL4_Word bits, enum kind kind, unsigned number)
{
    (void)seL4_Untyped_Retype(memory, type, bits, seL4_CapInitThreadCNode, cnode, seL4_WordBits,
                              slot_of(kind, number), 1);
}

static void give(seL4_CPtr source, enum kind kind, unsigned number)
{
    (void)seL4_CNode_Copy(cnode, slot_of(kind, number), SANDBOX_BITS, seL4_CapInitThreadCNode,
                          source, seL4_WordBits, seL4_AllRights);
}

static void give_controls(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    give(seL4_CapIRQControl, KIND_CONTROL, CONTROL_IRQ);
    give(seL4_CapASIDControl, KIND_CONTROL, CONTROL_ASID);
    give(seL4_CapDomain, KIND_CONTROL, CONTROL_DOMAIN);
    give(seL4_CapInitThreadASIDPool, KIND_POOL, 0);
    if (cluster != NULL) {
        give(cluster->ipi_control, KIND_CONTROL, CONTROL_IPI);
        for (unsigned irq = 1; irq <= 4; irq++) {
            (void)cmk_IPIControl_SendIPI(cluster->ipi_control, cluster->node_id, irq, cnode,
                                         slot_of(KIND_SIGNAL, irq), SANDBOX_BITS);
            (void)cmk_IPIControl_GetHandler(cluster->ipi_control, irq, cnode,
                                            slot_of(KIND_HANDLER, irq), SANDBOX_BITS);
        }
    }
}

static void fill(void)
{
    for (unsigned i = 0; i < 4; i++) {
        make(seL4_UntypedObject, SMALL_UNTYPED_BITS, KIND_UNTYPED, i);
        make(seL4_EndpointObject, 0, KIND_ENDPOINT, i);
        make(seL4_NotificationObject, 0, KIND_NOTIFICATION, i);
        make(seL4_CapTableObject, 4, KIND_CNODE, i + 1);
        make(seL4_TCBObject, 0, KIND_TCB, i);
        make(seL4_X86_4K, 0, KIND_FRAME, i);
        make(seL4_X86_PageTableObject, 0, KIND_PAGE_TABLE, i);
        make(seL4_X86_PageDirectoryObject, 0, KIND_DIRECTORY, i);
        make(seL4_X86_PDPTObject, 0, KIND_PDPT, i);
    }
    make(seL4_X64_PML4Object, 0, KIND_PML4, 1);
    make(seL4_X64_PML4Object, 0, KIND_PML4, 2);
    give(vspace, KIND_PML4, 0);
    give(cnode, KIND_CNODE, 0);
    /* more would bring one another down all the time */
    give(workers[made % worker_count].tcb, KIND_TCB, SLOTS_PER_KIND - 1);
    give_controls();
}

static bool make_sandbox(void)
{
    made++;
    if (failed("retype to the sandbox",
               seL4_Untyped_Retype(memory, seL4_CapTableObject, SANDBOX_BITS,
                                   seL4_CapInitThreadCNode, 0, 0, temporary, 1)) ||
        failed("guard", seL4_CNode_Mutate(seL4_CapInitThreadCNode, cnode, seL4_WordBits,
                                          seL4_CapInitThreadCNode, temporary, seL4_WordBits, 0))) {
        return false;
    }
    for (unsigned i = 0; i < worker_count; i++) {
        (void)seL4_CNode_Copy(workers[i].root, 0, ROOT_BITS, seL4_CapInitThreadCNode, cnode,
                              seL4_WordBits, seL4_AllRights);
    }
    fill();
    return true;
}

/* --- workers --- */

static void start_worker(struct worker *worker)
{
    seL4_Word index = (seL4_Word)(worker - workers);
    seL4_UserContext context = {
        .rip = (seL4_Word)worker_main,
        .rsp = worker->vaddr - 8,
        .rflags = 0x202,
        .rdi = worker->vaddr,
    };
    (void)seL4_TCB_Suspend(worker->tcb);
    (void)seL4_TCB_UnbindNotification(worker->tcb);
    (void)seL4_TCB_SetFlags(worker->tcb, ~0ul, 0);
    worker->starts++;
    worker->page->random =
        (first_seed * 1000003 + index * 65537 + worker->starts) * 0x9e3779b97f4a7c15ull | 1;
    worker->page->index = index;
    worker->page->worker_count = worker_count;
    worker->page->others = (struct worker_page *)workers[0].vaddr;
    if (failed("Configure", seL4_TCB_Configure(worker->tcb, FAULT_HANDLER, worker->root,
                                               seL4_WordBits - ROOT_BITS - SANDBOX_BITS, vspace, 0,
                                               worker->vaddr, worker->buffer_frame)) ||
        failed("SetSchedParams", seL4_TCB_SetSchedParams(worker->tcb, seL4_CapInitThreadTCB,
                                                         WORKER_PRIORITY, WORKER_PRIORITY)) ||
        failed("SetAffinity",
               seL4_TCB_SetAffinity(worker->tcb, index % seL4_GetBootInfo()->numNodes))) {
        return;
    }
    (void)failed("WriteRegisters", seL4_TCB_WriteRegisters(worker->tcb, true, 0, 20, &context));
}

void sandbox_start_worker(unsigned index)
{
    if (!atomic_exchange(&starting, true)) {
        start_worker(&workers[index]);
        atomic_store(&starting, false);
    } /* else it will still be stuck at the next look */
}

/* A thread that starts whoever faults anew, at once. */
static void nurse(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Word badge = 0;
        (void)seL4_Recv(fault_endpoint, &badge);
        atomic_fetch_add(&faults, 1);
        if (badge >= 1 && badge <= worker_count) {
            sandbox_start_worker((unsigned)badge - 1);
        }
    }
}

static bool make_root(struct worker *worker, seL4_Word badge)
{
    worker->root = cmk_alloc_object(seL4_CapTableObject, ROOT_BITS);
    return worker->root != 0 &&
           !failed("fault handler",
                   seL4_CNode_Mint(worker->root, 1, ROOT_BITS, seL4_CapInitThreadCNode,
                                   fault_endpoint, seL4_WordBits, seL4_AllRights, badge));
}

/* --- all of it --- */

bool sandbox_set_up(uint64_t seed)
{
    seL4_Word cpus = seL4_GetBootInfo()->numNodes;
    worker_count = 2 * cpus + 1 < MAX_WORKERS ? (unsigned)(2 * cpus + 1) : MAX_WORKERS;
    memory = cmk_alloc_object(seL4_UntypedObject, UNTYPED_BITS);
    vspace = cmk_alloc_object(seL4_X64_PML4Object, 0);
    cnode = cmk_alloc_slot();
    temporary = cmk_alloc_slot();
    fault_endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    first_seed = seed;
    if (memory == 0 || vspace == 0 ||
        failed("Assign", seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace)) ||
        !map_image()) {
        return false;
    }
    for (unsigned i = 0; i < worker_count; i++) {
        if (!map_worker(&workers[i], i) || !make_root(&workers[i], i + 1)) {
            return false;
        }
    }
    static struct cmk_thread nurse_thread;
    if (!cmk_create_thread(&nurse_thread, 0, WORKER_PRIORITY + 1, nurse, NULL)) {
        return false;
    }
    if (!make_sandbox() || seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB,
                                                WORKER_PRIORITY) != seL4_NoError) {
        return false;
    }
    for (unsigned i = 0; i < worker_count; i++) {
        sandbox_start_worker(i);
    }
    return true;
}

static bool revoke_memory(void)
{
    /* What the sandbox held of controls and of the workers' objects goes with its CNode. */
    return !failed("revocation of the sandbox",
                   seL4_CNode_Revoke(seL4_CapInitThreadCNode, memory, seL4_WordBits));
}

bool sandbox_make_anew(void)
{
    return revoke_memory() && make_sandbox();
}

bool sandbox_take_back(void)
{
    for (unsigned i = 0; i < worker_count; i++) {
        (void)seL4_TCB_Suspend(workers[i].tcb);
    }
    if (!revoke_memory() ||
        failed("retype of all the memory",
               seL4_Untyped_Retype(memory, seL4_UntypedObject, UNTYPED_BITS,
                                   seL4_CapInitThreadCNode, 0, 0, temporary, 1))) {
        return false;
    }
    return revoke_memory();
}

unsigned sandbox_workers(void)
{
    return worker_count;
}

uint64_t sandbox_calls(unsigned index)
{
    return workers[index].page->calls;
}

uint64_t sandboxes_made(void)
{
    return made;
}

uint64_t sandbox_starts(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < worker_count; i++) {
        sum += workers[i].starts;
    }
    return sum;
}

uint64_t sandbox_faults(void)
{
    return atomic_load(&faults);
}
