/*
 * Part "circles": CPUs that aim at each other. Worker i stops, reads and moves worker i + 1, the
 * last one the first, all at the same time; when all have suspended one another, the main thread
 * resumes them.
 */
#include "torture.h"

static seL4_CPtr scratch[64];

static void expect(seL4_Error error, const char *what)
{
    if (error != seL4_NoError) {
        violation(&part_circles, "%s: error %lu", what, error);
    }
}

static void attack(struct worker *worker)
{
    struct worker *target = worker_of(worker->part, (worker->index + 1) % workers_of(worker->part));
    seL4_CPtr tcb = target->thread.tcb;
    seL4_UserContext context;
    if (workers_of(worker->part) == 1) {
        seL4_Yield();
        return;
    }
    switch (random_below(&worker->random, 8)) {
    case 0:
        expect(seL4_TCB_Suspend(tcb), "Suspend");
        expect(seL4_TCB_Resume(tcb), "Resume");
        break;
    case 1:
        expect(seL4_TCB_ReadRegisters(tcb, false, 0, 20, &context), "ReadRegisters");
        expect(seL4_TCB_SetTLSBase(tcb, context.fs_base), "SetTLSBase");
        break;
    case 2:
        expect(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY), "SetPriority");
        break;
    case 3:
        if (!balanced) {
            expect(seL4_TCB_SetAffinity(tcb, random_below(&worker->random, cpu_count)),
                   "SetAffinity");
        }
        break;
    case 4:
        expect(seL4_TCB_CopyRegisters(scratch[worker->index], tcb,
                                      random_below(&worker->random, 4) == 0, false, true, true, 0),
               "CopyRegisters");
        expect(seL4_TCB_Resume(tcb), "Resume");
        break;
    case 5:
        expect(seL4_TCB_SetIPCBuffer(tcb, (seL4_Word)target->thread.ipc_buffer,
                                     target->thread.ipc_buffer_frame),
               "SetIPCBuffer");
        break;
    case 6:
        expect(seL4_TCB_SetSpace(tcb, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0),
               "SetSpace");
        break;
    case 7:
        seL4_Yield();
        break;
    }
}

/* The main thread is in no circle. */
static void resume_all(void)
{
    for (unsigned i = 0; i < workers_of(&part_circles); i++) {
        expect(seL4_TCB_Resume(worker_of(&part_circles, i)->thread.tcb), "Resume");
    }
}

static bool set_up(const struct part *part)
{
    for (unsigned i = 0; i < 2 * cpu_count && i < 64; i++) {
        scratch[i] = cmk_alloc_object(seL4_TCBObject, 0);
        if (scratch[i] == 0 || !add_worker(part, i, attack, RUNS)) {
            return false;
        }
    }
    return true;
}

const struct part part_circles = {
    .name = "circles",
    .what = "CPUs that aim at each other",
    .set_up = set_up,
    .check = resume_all,
};
