/* <cmk/resources.h>: slots, objects, mappings and threads. */
#include "checks.h"

#include <cmk/cluster.h>
#include <cmk/dma.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/*
 * Bounded: each yield lets the thread run that is waited for, or a CPU of its own runs it at the
 * same time.
 */
#define YIELDS 200000

static bool pages_work(void)
{
    unsigned char *memory = cmk_alloc_pages(600); /* more than one page table's worth */
    if (!memory) {
        return false;
    }
    bool zero = true;
    for (size_t i = 0; i < 600 * 4096; i += 512) {
        zero = zero && memory[i] == 0;
        memory[i] = (unsigned char)(i / 512);
    }
    for (size_t i = 0; i < 600 * 4096; i += 512) {
        zero = zero && memory[i] == (unsigned char)(i / 512);
    }
    return zero;
}

static bool large_page_works(void)
{
    seL4_CPtr frame = cmk_alloc_object(seL4_X86_LargePageObject, 0);
    char *memory = frame ? cmk_map_frames(frame, 1, seL4_LargePageBits, seL4_ReadWrite, 0) : NULL;
    if (!memory) {
        return false;
    }
    memory[0x1fffff] = 'x';
    return (uintptr_t)memory % 0x200000 == 0 && memory[0x1fffff] == 'x' && memory[0] == 0;
}

static bool is_zero(const struct cmk_dma_memory *memory)
{
    for (size_t i = 0; i < memory->bytes; i += 64) {
        if (((const char *)memory->memory)[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool dma_memory_works(void)
{
    struct cmk_dma_memory small, large, none;
    bool good = cmk_dma_alloc(&small, 5000, 1 << 16) && cmk_dma_alloc(&large, 0x300000, 1 << 22) &&
                small.bytes == 8192 && small.address % (1 << 16) == 0 && large.bytes == 0x400000 &&
                large.address % (1 << 22) == 0 && is_zero(&small) && is_zero(&large);
    if (!good) {
        return false;
    }
    memset(large.memory, 0x55, large.bytes);
    return is_zero(&small) && !cmk_dma_alloc(&none, 0, 4096) && !cmk_dma_alloc(&none, 4096, 0) &&
           !cmk_dma_alloc(&none, 4096, 3 << 12) && !cmk_dma_alloc(&none, CMK_DMA_MOST + 1, 1) &&
           !cmk_dma_alloc(&none, 1, 2 * CMK_DMA_MOST) && none.memory == NULL;
}

static bool slots_work(void)
{
    seL4_CPtr first = cmk_alloc_slot();
    seL4_CPtr row = cmk_alloc_slots(10);
    cmk_free_slot(first);
    return first != 0 && row != 0 && cmk_alloc_slot() == first && cmk_alloc_slots(1ul << 40) == 0;
}

static bool objects_work(void)
{
    seL4_CPtr endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    seL4_CPtr cnode = cmk_alloc_object(seL4_CapTableObject, 4);
    seL4_CPtr untyped = cmk_alloc_object(seL4_UntypedObject, 16);
    return seL4_DebugCapIdentify(endpoint) == 4 && seL4_DebugCapIdentify(cnode) == 10 &&
           seL4_DebugCapIdentify(untyped) == 2 && cmk_alloc_object(seL4_UntypedObject, 46) == 0 &&
           cmk_alloc_object(seL4_ObjectTypeCount, 0) == 0;
}

void check_resources(void)
{
    check(slots_work(), "resources/slots");
    check(objects_work(), "resources/objects");
    check(pages_work(), "resources/pages");
    check(large_page_works(), "resources/large-page");
    check(dma_memory_works(), "resources/dma");
    check(cmk_alloc_addresses(1ul << 46, 12) == 0 &&
              cmk_alloc_addresses(4096, 30) % (1ul << 30) == 0,
          "resources/addresses");
}

struct worker {
    struct cmk_thread thread;
    _Atomic int done; /* stored by the worker with release, after what it found */
    bool fresh;
    bool own_buffer;
    bool aligned;
    seL4_Word cpu;
};

static struct worker workers[ABI_CMK_MAX_NODE_CPUS];

static void work(void *argument)
{
    struct worker *self = argument;
    self->fresh = thread_local_data_is_fresh();
    self->own_buffer = seL4_GetIPCBuffer() == self->thread.ipc_buffer;
    self->aligned = (uintptr_t)__builtin_frame_address(0) % 16 == 0;
    self->cpu = seL4_DebugGetThreadAffinity(self->thread.tcb);
    atomic_store_explicit(&self->done, 1, memory_order_release);
}

static bool wait_for(struct worker *worker)
{
    for (int i = 0; i < YIELDS; i++) {
        if (atomic_load_explicit(&worker->done, memory_order_acquire)) {
            return true;
        }
        seL4_Yield();
    }
    return false;
}

static _Atomic int resumed; /* stored by the thread that faulted, once it runs again */

static void fault_once(void *argument)
{
    (void)argument;
    __asm__ volatile("ud2");
    atomic_store_explicit(&resumed, 1, memory_order_release);
}

/*
 * The fault is a message with the endpoint's badge; the reply moves the thread on, past the two
 * bytes of ud2.
 */
static bool fault_arrives(void)
{
    struct cmk_thread thread;
    seL4_Word badge = 0;
    seL4_CPtr endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    seL4_CPtr badged = cmk_alloc_slot();
    if (seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode,
                        endpoint, seL4_WordBits, seL4_AllRights, 77) != seL4_NoError ||
        !cmk_create_thread_with_faults_to(badged, &thread, 0, 255, fault_once, NULL)) {
        return false;
    }
    seL4_MessageInfo_t info = seL4_NBRecv(endpoint, &badge);
    for (int i = 0; i < YIELDS && badge == 0; i++) {
        seL4_Yield();
        info = seL4_NBRecv(endpoint, &badge);
    }
    bool right = badge == 77 && seL4_MessageInfo_get_label(info) == seL4_Fault_UserException &&
                 seL4_GetMR(seL4_UserException_Number) == 6;
    seL4_SetMR(seL4_UserException_FaultIP, seL4_GetMR(seL4_UserException_FaultIP) + 2);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
    for (int i = 0; i < YIELDS && !atomic_load_explicit(&resumed, memory_order_acquire); i++) {
        seL4_Yield();
    }
    return right && atomic_load_explicit(&resumed, memory_order_acquire);
}

void check_threads(void)
{
    seL4_Word cpus = seL4_GetBootInfo()->numNodes;
    bool started = true, done = true, fresh = true, buffers = true, aligned = true, placed = true;

    for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
        struct worker *worker = &workers[cpu];
        started = cmk_create_thread(&worker->thread, cpu, 255, work, worker) && started;
    }
    for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
        const struct worker *worker = &workers[cpu];
        done = wait_for(&workers[cpu]) && done;
        fresh = fresh && worker->fresh;
        buffers = buffers && worker->own_buffer;
        aligned = aligned && worker->aligned;
        placed = placed && worker->cpu == cpu;
    }
    check(started, "threads/start");
    check(done, "threads/run-on-every-cpu");
    check(fresh, "threads/thread-local-data");
    check(buffers, "threads/ipc-buffers");
    check(aligned, "threads/aligned-stacks");
    check(placed, "threads/affinity");
    check(fault_arrives(), "threads/fault-endpoint");
    check(!cmk_create_thread(&(struct cmk_thread){0}, cpus, 255, work, NULL),
          "threads/no-such-cpu");
}
