/*
 * The door under load: whatever one CPU does to threads and mappings that others are using, nobody
 * notices. Each round suspends, moves, reads or rewrites some thread, or maps another frame where
 * all of them read. Arguments: rounds, seed.
 *
 * With several CPUs the main thread has CPU 0 to itself, as long as it works; the others' threads
 * are moved there and away.
 */
#include "door.h"

#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKING = 150, BUSY = 120, EQUAL = 100, BELOW = 99, HANDLER = 200, LOWEST = 1 };
enum { KINDS = 3, MOST_INTERRUPTS = 500 };

static struct cmk_thread threads[MAX_THREADS];
static unsigned thread_count;
static seL4_Word cpus;
static seL4_CPtr frames[FRAMES];
static seL4_Word window_address;

static void require(bool good, const char *what)
{
    if (!good) {
        printf("door: %s\n", what);
        exit(2);
    }
}

static void set_own_priority(seL4_Word priority)
{
    require(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, priority) ==
                seL4_NoError,
            "own priority");
}

static seL4_Error set_priority(unsigned thread, seL4_Word priority)
{
    return seL4_TCB_SetPriority(threads[thread].tcb, seL4_CapInitThreadTCB, priority);
}

static unsigned start(seL4_Word cpu, seL4_Word priority, void (*function)(void *))
{
    unsigned number = thread_count++;
    require(number < MAX_THREADS && cmk_create_thread(&threads[number], cpu, priority, function,
                                                      (void *)(seL4_Word)number),
            "cannot start a thread");
    return number;
}

/* It runs only once its faults have somewhere to go. */
static void start_trap_thread(seL4_Word cpu)
{
    unsigned number = start(cpu, LOWEST, trap_thread);
    require(seL4_TCB_SetSpace(threads[number].tcb, fault_endpoint, seL4_CapInitThreadCNode, 0,
                              seL4_CapInitThreadVSpace, 0) == seL4_NoError &&
                set_priority(number, EQUAL) == seL4_NoError,
            "cannot give a thread its fault handler");
}

static bool is_trap_thread(unsigned number)
{
    return (number - 1) % KINDS == KINDS - 1;
}

static void start_threads(void)
{
    /*
     * Number 0, and never a victim. It must not keep the main thread from working: faults come all
     * the time.
     */
    start(cpus - 1, HANDLER, handler_thread);
    set_own_priority(cpus > 1 ? WORKING : EQUAL);
    for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
        start(cpu, EQUAL, fpu_thread);
        start(cpu, EQUAL, window_thread);
        start_trap_thread(cpu);
    }
}

/* CPU 0 has one busy thread meanwhile, with the FPU; the others want the lock. */
static void take_some_interrupts(unsigned count)
{
    unsigned busy = start(0, BUSY, fpu_thread);
    printf("%u interrupts\n", take_interrupts(count, BUSY));
    require(set_priority(busy, EQUAL) == seL4_NoError, "priority");
}

static void make_window(void)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        frames[i] = cmk_alloc_object(seL4_X86_4K, 0);
        seL4_Word *page = cmk_map_frames(frames[i], 1, seL4_PageBits, seL4_ReadWrite,
                                         seL4_X86_Default_VMAttributes);
        require(page != NULL, "no frame for the window");
        *page = FIRST_VALUE + i;
        seL4_X86_Page_Unmap(frames[i]);
    }
    window_address = cmk_alloc_addresses(1 << seL4_PageBits, seL4_PageBits);
    require(cmk_map_frame(frames[0], window_address, seL4_ReadWrite,
                          seL4_X86_Default_VMAttributes) == seL4_NoError,
            "cannot map the window");
    window = (const volatile seL4_Word *)window_address;
}

/* ---- What can happen to a thread ---- */

static void suspend_and_resume(unsigned victim)
{
    if (is_trap_thread(victim)) {
        return; /* suspension would cancel a fault that the handler has not seen yet */
    }
    bool good = seL4_TCB_Suspend(threads[victim].tcb) == seL4_NoError;
    seL4_Word before = atomic_load(&progress[victim]);
    for (volatile unsigned i = 0; i < 300; i++) {}
    if (atomic_load(&progress[victim]) != before) {
        note_mistake('R');
    }
    if (!good || seL4_TCB_Resume(threads[victim].tcb) != seL4_NoError) {
        note_mistake('r');
    }
}

static void read_registers(unsigned victim)
{
    enum { PROGRAM_START = 4 << 20, PROGRAM_END = 5 << 20 }; /* user/runtime/user.ld */
    seL4_UserContext registers;
    seL4_Error error = seL4_TCB_ReadRegisters(threads[victim].tcb, false, 0,
                                              sizeof(registers) / sizeof(seL4_Word), &registers);
    if (error != seL4_NoError || registers.rip < PROGRAM_START || registers.rip >= PROGRAM_END) {
        note_mistake('I');
    }
}

/*
 * The frame that was there keeps its capability's memory of the mapping, and is unmapped when
 * nobody can see it any more.
 */
static void map_next_frame(void)
{
    seL4_Word before = atomic_load(&sequence);
    seL4_Word after = before + 2;
    atomic_store(&sequence, before + 1);
    if (seL4_X86_Page_Map(frames[after / 2 % FRAMES], seL4_CapInitThreadVSpace, window_address,
                          seL4_ReadWrite, seL4_X86_Default_VMAttributes) != seL4_NoError) {
        note_mistake('M');
    }
    atomic_store(&sequence, after);
    seL4_X86_Page_Unmap(frames[before / 2 % FRAMES]);
}

static unsigned random_state = 1;

static unsigned random_below(unsigned bound)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 8) % bound;
}

static void one_round(void)
{
    unsigned victim = 1 + random_below(thread_count - 1);
    bool good = true;
    switch (random_below(7)) {
    case 0:
        suspend_and_resume(victim);
        break;
    case 1:
        good =
            seL4_TCB_SetAffinity(threads[victim].tcb, random_below((unsigned)cpus)) == seL4_NoError;
        break;
    case 2:
        read_registers(victim);
        break;
    case 3:
        good = set_priority(victim, BELOW) == seL4_NoError &&
               set_priority(victim, EQUAL) == seL4_NoError;
        break;
    case 4:
        good = seL4_TCB_SetFlags(threads[victim].tcb, 0, 0).error == seL4_NoError;
        break;
    default:
        map_next_frame();
        break;
    }
    if (!good) {
        note_mistake('x');
    }
}

/* Every thread but the handler ends by itself; each gets the time for it, within limits. */
static bool wait_for_threads(void)
{
    set_own_priority(EQUAL);
    atomic_store(&stop, true);
    for (unsigned yields = 0; yields < 200000 && atomic_load(&stopped) < thread_count - 1;
         yields++) {
        seL4_Yield();
    }
    return atomic_load(&stopped) == thread_count - 1;
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 1000;
    random_state = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 1;
    cpus = cluster->nodes[cluster->node_id].num_cpus;
    fault_endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    notification = cmk_alloc_object(seL4_NotificationObject, 0);
    make_window();
    start_threads();
    if (cpus > 1) {
        take_some_interrupts(rounds < MOST_INTERRUPTS ? rounds : MOST_INTERRUPTS);
    }
    for (unsigned i = 0; i < rounds; i++) {
        one_round();
        if (cpus == 1) {
            seL4_Yield();
        }
    }
    bool all_stopped = wait_for_threads();
    bool all_traps = atomic_load(&traps) == atomic_load(&handled);
    printf("%u rounds, %u threads, %lu mistakes, %lu traps, %lu handled\n", rounds, thread_count,
           atomic_load(&mistakes), atomic_load(&traps), atomic_load(&handled));
    if (!all_stopped) {
        printf("only %u threads stopped\n", atomic_load(&stopped));
    }
    return atomic_load(&mistakes) == 0 && all_traps && all_stopped ? 0 : 1;
}
