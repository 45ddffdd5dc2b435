/*
 * The architecture's share of objects and capabilities: frames, paging structures, ASIDs, I/O
 * ports, x86's IRQ methods. The portable kernel calls these for every capability type it does not
 * know itself (odd tags).
 */
#ifndef ARCH_OBJECT_H
#define ARCH_OBJECT_H

#include <kernel/answer.h>
#include <kernel/cpu.h>
#include <kernel/invocation.h>
#include <kernel/slot.h>

/* --- retype --- */

/*
 * Makes the capability for a new object of an architecture type at `base`; the memory is zeroed
 * unless `device`.
 */
struct capability arch_create_object(enum target_object_type type, paddr_t base, bool device);

/* --- derivation tree --- */

/*
 * The capability that a copy of `c` gets (contract 7.5). Null capability: not derivable. False:
 * refused, answer filled in.
 */
MUST_USE bool arch_derive(struct capability c, struct capability *derived, struct answer *answer);

/* `c` with rights masked (only frames have any). */
struct capability arch_mask_rights(struct capability c, word_t rights);

/* True if the object of `inner` lies in that of `outer` (both of architecture types). */
bool arch_same_region(struct capability outer, struct capability inner);

/* True if the two capabilities name the same object, for "is this the final one". */
bool arch_same_object(struct capability a, struct capability b);

/*
 * Physical range of an object with memory, so that untypeds know their children. False: it has none
 * (I/O ports).
 */
bool arch_object_range(struct capability c, paddr_t *base, word_t *size_bits);

/*
 * The capability is about to be deleted; `final`: it is the last one to its object. Never
 * preempted, bounded work.
 */
void arch_finalise(struct capability c, bool final);

/* --- invocations --- */

/* Any capability with an architecture type, and the x86 methods of IRQ control. */
MUST_USE enum outcome arch_invoke(struct invocation *call, struct answer *answer);
MUST_USE enum outcome arch_invoke_irq_control(struct invocation *call, struct answer *answer);

/*
 * The fast path of the most frequent calls: Map and Unmap of pages, by the current thread of
 * `cpu`, which executes this. The caller has a CSpace of one level, in which it has found `slot`,
 * and may go on. Does what arch_invoke() would, and answers, or changes nothing and takes the
 * ordinary path, which finds out why.
 */
struct user_context *arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                         struct cpu *cpu);

/* From now on, arch_invoke_quickly() expects the labels of that profile. Boot only. */
void arch_use_profile(enum profile profile);

/* --- what TCBs need --- */

/* True if `c` may be a thread's VSpace: a PML4 with an ASID. */
bool arch_is_vspace_root(struct capability c);

/* True if `c` may be an IPC buffer: a frame, not a device frame. */
bool arch_is_buffer_frame(struct capability c);

/*
 * Kernel address of the IPC buffer of `thread` (in the private region's window), or null: no
 * buffer, or not allowed. `writable`: to receive into.
 */
word_t *arch_ipc_buffer(const struct tcb *thread, bool writable);

/*
 * What the exit loads: the root (target/pcid.h) of the VSpace of `thread`, or of the node's own
 * page table if it has none that is valid.
 */
word_t arch_thread_root(const struct tcb *thread);

/*
 * Debug builds: for every capability of the node, before arch_check_rules(true), which finds
 * mappings that none of them accounts for.
 */
void arch_check_capability(struct capability c);

/*
 * Debug builds: the architecture's rules that hold at every kernel exit (design: rules 5 and 6). A
 * violation stops the node. `everything`: walks all page tables; otherwise only what is cheap
 * enough for every exit.
 */
void arch_check_rules(bool everything);

#endif
