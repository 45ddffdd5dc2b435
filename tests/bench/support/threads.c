/* Objects, address spaces and threads of the benchmarks. */
#include "../../../user/runtime/runtime.h" /* thread-local data */
#include "bench.h"

#include <cmk/resources.h>

enum { MAX_THREADS = 24, OBJECT_SLOTS = 4096, STACK_BYTES = 8192, PAGE = 4096 };

/* Whole pages, each with a frame capability that boot info names. */
struct thread_memory {
    char stack[STACK_BYTES];
    char tls[PAGE];
    union {
        seL4_IPCBuffer buffer;
        char page[PAGE];
    };
} __attribute__((aligned(PAGE)));

static struct thread_memory memory[MAX_THREADS];
static seL4_CPtr tcbs[MAX_THREADS];
static unsigned threads;
seL4_CPtr all_done, parking;

/* ---- Objects ---- */

seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr slot = cmk_alloc_object(type, size_bits);
    must(slot != 0, "memory and a slot for one more object");
    return slot;
}

seL4_CPtr new_endpoint(void)
{
    return new_object(seL4_EndpointObject, 0);
}

seL4_CPtr new_notification(void)
{
    return new_object(seL4_NotificationObject, 0);
}

seL4_CPtr new_minted(seL4_CPtr source, seL4_CapRights_t rights, seL4_Word badge)
{
    seL4_CPtr slot = cmk_alloc_slot();
    must(slot != 0, "a slot");
    OK(seL4_CNode_Mint(ROOT, slot, DEPTH, ROOT, source, DEPTH, rights, badge));
    return slot;
}

seL4_CPtr object_slots(void)
{
    static seL4_CPtr first;
    if (first == 0) {
        first = cmk_alloc_slots(OBJECT_SLOTS);
        must(first != 0, "slots for many objects");
    }
    return first;
}

void retype_all(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr first,
                unsigned count)
{
    for (unsigned done = 0; done < count; done += ABI_RETYPE_FAN_OUT_LIMIT) {
        unsigned now =
            count - done < ABI_RETYPE_FAN_OUT_LIMIT ? count - done : ABI_RETYPE_FAN_OUT_LIMIT;
        OK(seL4_Untyped_Retype(untyped, type, size_bits, ROOT, 0, 0, first + done, now));
    }
}

/* ---- Address spaces ---- */

/* The image ends where the initial thread's IPC buffer begins. */
static seL4_Word image_start(void)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    return (seL4_Word)info->ipcBuffer -
           (info->userImageFrames.end - info->userImageFrames.start) * PAGE;
}

static seL4_CPtr image_frame(const void *address)
{
    return seL4_GetBootInfo()->userImageFrames.start + ((seL4_Word)address - image_start()) / PAGE;
}

seL4_CPtr new_vspace(void)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    seL4_CPtr vspace = new_object(seL4_X64_PML4Object, 0);
    OK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    for (seL4_CPtr frame = info->userImageFrames.start; frame < info->userImageFrames.end;
         frame++) {
        seL4_Word address = image_start() + (frame - info->userImageFrames.start) * PAGE;
        OK(cmk_map_frame_in(vspace, new_minted(frame, seL4_AllRights, 0), address, seL4_ReadWrite,
                            seL4_X86_Default_VMAttributes));
    }
    return vspace;
}

/* ---- Threads ---- */

static _Noreturn void thread_main(void (*function)(void), seL4_IPCBuffer *buffer)
{
    seL4_SetIPCBuffer(buffer);
    function();
    finished();
    for (;;) {
        seL4_Recv(parking, NULL);
    }
}

seL4_CPtr start_thread(struct thread_options options, void (*function)(void))
{
    must(threads < MAX_THREADS, "room for one more thread");
    struct thread_memory *own = &memory[threads];
    seL4_CPtr tcb = tcbs[threads++] = new_object(seL4_TCBObject, 0);
    seL4_UserContext registers = {
        .rip = (seL4_Word)thread_main,
        .rsp = (seL4_Word)own->stack + STACK_BYTES - sizeof(seL4_Word), /* as if called */
        .rdi = (seL4_Word)function,
        .rsi = (seL4_Word)&own->buffer,
        .fs_base = tls_block_init(own->tls),
    };
    must(tls_block_bytes() <= sizeof(own->tls), "room for thread-local data");
    OK(seL4_TCB_Configure(tcb, options.fault_endpoint, options.cspace ? options.cspace : ROOT,
                          options.cspace_data,
                          options.vspace ? options.vspace : seL4_CapInitThreadVSpace, 0,
                          (seL4_Word)&own->buffer, image_frame(&own->buffer)));
    OK(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, options.priority));
    OK(seL4_TCB_SetAffinity(tcb, options.cpu));
    OK(seL4_TCB_WriteRegisters(tcb, true, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
    return tcb;
}

void bench_begin(void)
{
    all_done = new_notification();
    parking = new_endpoint();
    measure_overhead();
    OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, MAIN_PRIORITY));
}

void finished(void)
{
    seL4_Signal(all_done);
}

void run_threads(void)
{
    seL4_Wait(all_done, NULL);
    while (threads > 0) {
        seL4_CPtr tcb = tcbs[--threads];
        OK(seL4_CNode_Delete(ROOT, tcb, DEPTH));
        cmk_free_slot(tcb);
    }
    seL4_Poll(all_done, NULL); /* several threads may have finished */
}
