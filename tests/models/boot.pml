/*
 * Boot's memory ordering (thesis 5.3.6): every CPU sees what was written before its start.
 *
 * Models boot_sys() (boot/machine/boot_sys.c), start_cpu() (start_cpu.c), boot_node() and
 * join_node() (node/boot_node.c) on four CPUs in two nodes: CPU 0 is the boot CPU and node 0's
 * first, CPU 1 node 0's second; CPU 2 is node 1's first, CPU 3 its second.
 *
 * Memory is x86-TSO: each CPU has a first-in, first-out store buffer that drains at any time; a
 * load takes the newest entry of its own buffer, else memory. INIT-SIPI in x2APIC mode is an MSR
 * write: it waits for no store (SDM volume 3, 11.12.3), so the message may reach its CPU while the
 * sender's buffer is full. The fence drains the buffer.
 *
 * Mutants, which must fail: -DNO_FENCE (start_cpu without its fence), -DSTART_EARLY (boot_sys
 * starts a node before it has written the last of the global state), -DNODE_STATE_LATE (boot_node
 * starts its other CPU before the node state is written).
 */

#define CPUS 4
#define NODES 2
#define BUFFER 4

/* Memory words. The global state: two words stand for all of it. Node state: one word per node. */
#define PLAN 0
#define ARRIVAL 1
#define NODE_STATE(n) (2 + (n))
#define READY(n) (4 + (n))
#define WORDS 6

byte memory[WORDS];
chan buffer[CPUS] = [BUFFER] of { byte, byte };
bool sipi[CPUS];
byte in_user;

/* The buffers drain when they like. */
active [CPUS] proctype store_buffer()
{
    byte address, value;
end:
    do
    :: atomic { buffer[_pid] ? address, value -> memory[address] = value }
    od
}

inline store(cpu, address, value)
{
    buffer[cpu] ! address, value
}

/*
 * No CPU here reads what it wrote itself, so that memory is all that a load can see; asserted by
 * construction of the model.
 */
inline load_expect(address, value)
{
    assert(memory[address] == value)
}

inline fence(cpu)
{
    empty(buffer[cpu])
}

/* start_cpu: fence, then INIT-SIPI. */
inline start_cpu(self, target)
{
#ifndef NO_FENCE
    fence(self);
#endif
    sipi[target] = true
}

inline wait_for_sipi(self)
{
    sipi[self]
}

/*
 * boot_node: needs the plan and its own arrival entry; writes the node state; starts the node's
 * other CPU; waits for it.
 */
inline boot_node(self, node, other)
{
    load_expect(PLAN, 1);
    load_expect(ARRIVAL, 1);
#ifndef NODE_STATE_LATE
    store(self, NODE_STATE(node), 1);
#endif
    start_cpu(self, other);
#ifdef NODE_STATE_LATE
    store(self, NODE_STATE(node), 1);
#endif
    memory[READY(node)] == 1;
    in_user++
}

/* join_node: needs what boot_sys wrote, although another CPU started it, and its node's state. */
inline join_node(self, node)
{
    load_expect(PLAN, 1);
    load_expect(ARRIVAL, 1);
    load_expect(NODE_STATE(node), 1);
    store(self, READY(node), 1);
    in_user++
}

/*
 * The boot CPU reads its own writes in boot_node: through its buffer or from memory they are there.
 * So its loads are not modelled, only its stores and starts.
 */
active proctype boot_sys()
{
    store(0, PLAN, 1);
#ifdef START_EARLY
    start_cpu(0, 2);
    store(0, ARRIVAL, 1);
#else
    store(0, ARRIVAL, 1);
    start_cpu(0, 2);
#endif
    store(0, NODE_STATE(0), 1);
    start_cpu(0, 1);
    memory[READY(0)] == 1;
    in_user++
}

active proctype cpu1()
{
    wait_for_sipi(1);
    join_node(1, 0)
}

active proctype cpu2()
{
    wait_for_sipi(2);
    boot_node(2, 1, 3)
}

active proctype cpu3()
{
    wait_for_sipi(3);
    join_node(3, 1)
}

/* Everybody gets to user mode: no deadlock is possible besides (Spin's own check). */
ltl all_arrive { <> (in_user == CPUS) }
