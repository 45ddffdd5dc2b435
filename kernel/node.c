/* What a node is made of: its number, CPUs and threads (kernel/cpu.h, kernel/thread.h). */
#include <kernel/cpu.h>
#include <kernel/thread.h>

struct cpu *this_cpu;
uint32_t node_cpu_count;
uint32_t node_id;
struct tcb *all_threads;

void forget_thread_roots(void)
{
    uint32_t epoch = this_cpu->root_epoch + 1;
    if (epoch == 0) {
        /*
         * Practically never: after 2^32 deleted VSpaces. No TCB may remember what an equal number
         * meant before.
         */
        for (struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
            thread->root_epoch = 0;
        }
        epoch = 1;
    }
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        cpu_by_index(i)->root_epoch = epoch;
    }
}
