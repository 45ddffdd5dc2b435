/*
 * The thesis's two theorems about threads that run on other CPUs, observed at every entry and exit.
 *
 * 6.4.1: no kernel call changes a thread that is current on another CPU. What a call may not change
 * is noted at entry and compared at exit, for every CPU that still has the same current thread: a
 * call that wanted to change it had to take it away first. Registers are left out, since their CPU
 * writes them whenever it enters; capabilities too: what a thread finds in its spaces may go away
 * while it runs, with the translations shot down. 6.4.2: no two CPUs run the same thread.
 */
#include <kernel/assert.h>
#include <kernel/check_parts.h>
#include <kernel/cpu.h>

struct noted {
    const struct tcb *thread;
    enum thread_state state;
    enum fault_type fault;
    vaddr_t ipc_buffer;
    word_t fault_handler;
    uint16_t affinity;
    uint8_t priority, maximum_controlled_priority, domain, flags;
};

/* By CPU index; under the lock. */
static struct noted noted[ABI_CMK_MAX_NODE_CPUS];

static struct noted note(const struct tcb *thread)
{
    return (struct noted){
        .thread = thread,
        .state = (enum thread_state)thread->state,
        .fault = thread->fault_type,
        .ipc_buffer = thread->ipc_buffer,
        .fault_handler = thread->fault_handler,
        .affinity = thread->affinity,
        .priority = thread->priority,
        .maximum_controlled_priority = thread->maximum_controlled_priority,
        .domain = thread->domain,
        .flags = thread->flags,
    };
}

static bool is_other_with_thread(const struct cpu *cpu)
{
    return cpu != this_cpu && cpu->current != NULL;
}

void check_note_running(void)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        noted[i].thread = NULL;
        if (is_other_with_thread(cpu)) {
            noted[i] = note(cpu->current);
        }
    }
}

void check_running(const struct tcb *next)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        if (!is_other_with_thread(cpu)) {
            continue;
        }
        require(cpu->current != next && "no two CPUs run the same thread (thesis 6.4.2)");
        if (cpu->current == noted[i].thread) {
            struct noted now = note(cpu->current);
            bool same = now.state == noted[i].state && now.fault == noted[i].fault &&
                        now.ipc_buffer == noted[i].ipc_buffer &&
                        now.fault_handler == noted[i].fault_handler &&
                        now.affinity == noted[i].affinity && now.priority == noted[i].priority &&
                        now.maximum_controlled_priority == noted[i].maximum_controlled_priority &&
                        now.domain == noted[i].domain && now.flags == noted[i].flags;
            require(same &&
                    "no kernel call changes a thread current on another CPU (thesis 6.4.1)");
        }
    }
}
