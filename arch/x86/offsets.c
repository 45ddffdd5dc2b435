/*
 * Structure offsets and constants for assembly. This file is compiled to assembly text only; the
 * Makefile makes a line "%define name value" of every @OFFSET line in it. No offset is ever typed
 * by hand.
 */
#include <x86/apic.h>
#include <arch/fpu.h>
#include <x86/layout.h>
#include <arch/memory.h>
#include <cluster/record.h>
#include <kernel/cpu.h>

#define OFFSET(name, value) __asm__ volatile(".ascii \"@OFFSET " #name " %0\"" : : "i"(value))

void offsets(void);

static void context_offsets(void)
{
    OFFSET(CONTEXT_FRAME_END, USER_CONTEXT_FRAME_END);
    OFFSET(CONTEXT_FS_BASE, offsetof(struct user_context, fs_base));
    OFFSET(CONTEXT_GS_BASE, offsetof(struct user_context, gs_base));
    OFFSET(CONTEXT_RESTART_IP, offsetof(struct user_context, restart_ip));
    OFFSET(CONTEXT_RAX, offsetof(struct user_context, rax));
    OFFSET(CONTEXT_RCX, offsetof(struct user_context, rcx));
    OFFSET(CONTEXT_R11, offsetof(struct user_context, r11));
    OFFSET(CONTEXT_RDX, offsetof(struct user_context, rdx));
    OFFSET(CONTEXT_R15, offsetof(struct user_context, r15));
    OFFSET(CONTEXT_VECTOR, offsetof(struct user_context, vector));
    OFFSET(CONTEXT_ERROR, offsetof(struct user_context, error));
    OFFSET(CONTEXT_RIP, offsetof(struct user_context, rip));
    OFFSET(CONTEXT_CS, offsetof(struct user_context, cs));
    OFFSET(CONTEXT_RFLAGS, offsetof(struct user_context, rflags));
    OFFSET(CONTEXT_RSP, offsetof(struct user_context, rsp));
    OFFSET(CONTEXT_SS, offsetof(struct user_context, ss));
    OFFSET(ENTERED_BY_SYSCALL, ENTERED_BY_SYSCALL);
}

static void thread_offsets(void)
{
    OFFSET(TCB_CONTEXT, offsetof(struct tcb, context));
    OFFSET(TCB_LAST_CPU, offsetof(struct tcb, last_cpu));
    OFFSET(TCB_FPU_AREA, offsetof(struct tcb, fpu_area));
    OFFSET(FPU_STATE_COMPONENTS, FPU_STATE_COMPONENTS);
}

static void cpu_offsets(void)
{
    OFFSET(CPU_BLOCKS, CPU_BLOCKS);
    OFFSET(CPU_BLOCK_SIZE, CPU_BLOCK_SIZE);
    OFFSET(CPU_STACK_TOP, CPU_STACK_TOP);
    OFFSET(CPU_STACK_BYTES, CPU_STACK_BYTES);
    OFFSET(CPU_TRAP_THREAD, offsetof(struct cpu, arch.trap.thread));
    OFFSET(CPU_TRAP_VECTOR, offsetof(struct cpu, arch.trap.vector));
    OFFSET(CPU_TRAP_ERROR, offsetof(struct cpu, arch.trap.error));
    OFFSET(CPU_TRAP_ADDRESS, offsetof(struct cpu, arch.trap.fault_address));
    OFFSET(CPU_NODE_ROOT, offsetof(struct cpu, arch.node_root));
    OFFSET(CPU_LOADED_ROOT, offsetof(struct cpu, arch.loaded_root));
    OFFSET(CPU_FPU, offsetof(struct cpu, arch.fpu));
    OFFSET(CPU_FPU_IS_LIVE, FPU_LIVE);
    OFFSET(CPU_FPU_IS_FREE, FPU_FREE);
    OFFSET(CPU_FEATURES, offsetof(struct cpu, arch.features));
    OFFSET(CPU_FEATURE_XSAVE, CPU_FEATURE_XSAVE);
    OFFSET(CPU_FEATURE_FSGSBASE, CPU_FEATURE_FSGSBASE);
    OFFSET(CPU_FEATURE_X2APIC, CPU_FEATURE_X2APIC);
    OFFSET(CPU_NMIS, offsetof(struct cpu, arch.nmis));
    OFFSET(CPU_STRAY_DEBUG_TRAPS, offsetof(struct cpu, arch.stray_debug_traps));
    OFFSET(CPU_LOCK, offsetof(struct cpu, lock));
    OFFSET(CPU_LOCK_ENTRIES, offsetof(struct cpu, arch.lock_entries));
    OFFSET(CPU_LOCK_CONTENDED, offsetof(struct cpu, arch.lock_contended));
    OFFSET(CPU_LOCK_WAIT_CYCLES, offsetof(struct cpu, arch.lock_wait_cycles));
    OFFSET(CPU_LOCK_LONGEST_WAIT, offsetof(struct cpu, arch.lock_longest_wait));
    OFFSET(CPU_LOCK_LONGEST_QUEUE, offsetof(struct cpu, arch.lock_longest_queue));
    OFFSET(CPU_LOCK_TAKEN_AT, offsetof(struct cpu, arch.lock_taken_at));
    OFFSET(CPU_LOCK_HELD_CYCLES, offsetof(struct cpu, arch.lock_held_cycles));
    OFFSET(CPU_LOCK_LONGEST_HOLD, offsetof(struct cpu, arch.lock_longest_hold));
    OFFSET(CPU_RSP0, offsetof(struct cpu, arch.tss.rsp0));
    OFFSET(CPU_MARK, offsetof(struct cpu, mark));
    OFFSET(CPU_MARK_DOOR, CPU_DOOR);
    OFFSET(CPU_MARK_WAITS, CPU_WAITS);
    OFFSET(LOCK_NEXT, offsetof(struct lock_node, next));
    OFFSET(LOCK_WAIT, offsetof(struct lock_node, wait));
    OFFSET(LOCK_ASKED, offsetof(struct lock_node, asked));
    OFFSET(LOCK_UNASKED, offsetof(struct lock_node, unasked));
    OFFSET(UNASKED_WAITS, UNASKED_WAITS);
    OFFSET(NO_EVENT, NO_EVENT);
    OFFSET(LOCAL_APIC_IN_SERVICE, LOCAL_APIC + APIC_IN_SERVICE);
    OFFSET(X2APIC_IN_SERVICE, X2APIC_FIRST_MSR + APIC_IN_SERVICE / 16);
    OFFSET(MAX_NODE_CPUS, ABI_CMK_MAX_NODE_CPUS);
}

static void boot_offsets(void)
{
    OFFSET(KERNEL_IMAGE, KERNEL_IMAGE);
    OFFSET(KERNEL_WINDOW, KERNEL_WINDOW);
    OFFSET(GLOBAL_STATE, GLOBAL_STATE);
    OFFSET(NODE_STATE, NODE_STATE);
    OFFSET(LOCAL_APIC, LOCAL_APIC);
    OFFSET(ARRIVAL_TABLE, GLOBAL_STATE + offsetof(struct global_state, arrival));
    OFFSET(ARRIVAL_APIC_ID, offsetof(struct arrival, apic_id));
    OFFSET(ARRIVAL_CPU, offsetof(struct arrival, cpu));
    OFFSET(ARRIVAL_STACK_TOP, offsetof(struct arrival, stack_top));
    OFFSET(ARRIVAL_BOOT_TABLE, offsetof(struct arrival, boot_table));
    OFFSET(ARRIVAL_OFFSET, offsetof(struct global_state, arrival));
    OFFSET(ARRIVAL_BYTES, sizeof(struct arrival));
    OFFSET(CALLED_APIC_ID, offsetof(struct called_cpu, apic_id));
    OFFSET(CALLED_PRESENT, offsetof(struct called_cpu, present));
    OFFSET(CALLED_BYTES, sizeof(struct called_cpu));
}

void offsets(void)
{
    context_offsets();
    thread_offsets();
    cpu_offsets();
    boot_offsets();
}

/* What the entry stubs take for granted beyond single offsets. */
#define FOLLOWS(first, second)                                                                     \
    (offsetof(struct user_context, second) == offsetof(struct user_context, first) + sizeof(word_t))
_Static_assert(FOLLOWS(restart_ip, rax) && FOLLOWS(rax, rbx) && FOLLOWS(rbx, rbp) &&
                   FOLLOWS(rbp, r12) && FOLLOWS(r12, r13) && FOLLOWS(r13, r14) &&
                   FOLLOWS(r14, rdx) && FOLLOWS(rdx, rdi) && FOLLOWS(rdi, rsi) &&
                   FOLLOWS(rsi, r10) && FOLLOWS(r10, r8) && FOLLOWS(r8, r9) && FOLLOWS(r9, r15) &&
                   FOLLOWS(r15, vector) && FOLLOWS(vector, error) && FOLLOWS(error, rip),
               "the stubs push and pop in this order");
_Static_assert(CPU_STACK_BYTES + CPU_DEBUG_TOP < CPU_BLOCK_SIZE,
               "from any of its stacks one finds the block");
_Static_assert(CPU_STACK_TOP % 16 == 0 && offsetof(struct cpu, stack_words) == 0,
               "its own stack ends in the block");
_Static_assert(sizeof(struct cpu) <= CPU_STRUCT_PAGES * 4096,
               "the CPU block has room for struct cpu");
