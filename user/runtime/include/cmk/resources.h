/*
 * Slots, objects, mappings and threads for small programs: a simple allocator over what boot info
 * hands out. It belongs to the initial thread's CSpace and VSpace. One thread at a time may use it,
 * and a program that uses it leaves the boot untypeds and the empty slots to it. What it made stays
 * made: only slots can be given back. malloc uses it when its first 256 KiB are full.
 */
#ifndef CMK_RESOURCES_H
#define CMK_RESOURCES_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* An empty slot of the initial CNode; 0 if there is none left. Its depth is seL4_WordBits. */
seL4_CPtr cmk_alloc_slot(void);

/* The first of `count` empty slots in a row; 0 if there are not that many left. */
seL4_CPtr cmk_alloc_slots(seL4_Word count);

/* Gives back one slot, which must be empty again. Slots in rows are never made from these. */
void cmk_free_slot(seL4_CPtr slot);

/*
 * Makes `count` objects of a type from ordinary memory, with capabilities in the slots from
 * `first_slot` up. `size_bits` matters for untypeds (log2 of bytes) and CNodes (log2 of slots).
 * seL4_NotEnoughMemory if no untyped has room; objects already made stay.
 */
seL4_Error cmk_retype(seL4_Word type, seL4_Word size_bits, seL4_Word count, seL4_CPtr first_slot);

/* One new object in a new slot; 0 if slots or memory are used up. */
seL4_CPtr cmk_alloc_object(seL4_Word type, seL4_Word size_bits);

/*
 * Maps a frame of any size at `vaddr` in the initial VSpace, or with the second form in another,
 * and makes the paging structures that are missing. Errors are those of the Map methods and of
 * cmk_retype.
 */
seL4_Error cmk_map_frame(seL4_CPtr frame, seL4_Word vaddr, seL4_CapRights_t rights,
                         seL4_X86_VMAttributes attributes);
seL4_Error cmk_map_frame_in(seL4_CPtr vspace, seL4_CPtr frame, seL4_Word vaddr,
                            seL4_CapRights_t rights, seL4_X86_VMAttributes attributes);

/*
 * Free addresses, aligned to 2^align_bits; nothing is mapped there, and a page that stays unmapped
 * lies in front. They are never given back. 0 if there are none left.
 */
seL4_Word cmk_alloc_addresses(seL4_Word bytes, seL4_Word align_bits);

/*
 * New zeroed memory of `pages` pages of 4 KiB, mapped for reading and writing; null if something is
 * used up.
 */
void *cmk_alloc_pages(seL4_Word pages);

/*
 * Maps the frames in `count` slots from `first_slot`, each of 2^frame_bits bytes, next to each
 * other; null on an error.
 */
void *cmk_map_frames(seL4_CPtr first_slot, seL4_Word count, seL4_Word frame_bits,
                     seL4_CapRights_t rights, seL4_X86_VMAttributes attributes);

/*
 * From now on malloc takes no more of the node's memory: for programs that manage the boot untypeds
 * and the empty slots themselves. What its heap already has, at least 256 KiB, stays usable.
 */
void cmk_heap_keeps_its_size(void);

struct cmk_thread {
    seL4_CPtr tcb;
    seL4_CPtr ipc_buffer_frame;
    seL4_IPCBuffer *ipc_buffer;
    void *stack;     /* its lowest address; the page below is not mapped */
    seL4_CPtr alarm; /* the notification on which cmk_sleep waits */
};

/*
 * The name of an invocation's error, such as "seL4_RangeError", for messages; "?" for no error
 * code.
 */
const char *cmk_error_name(seL4_Error error);

#define CMK_THREAD_STACK_PAGES 4

/*
 * Starts a thread in this program's CSpace and VSpace, on CPU `cpu` of this node, with its own
 * stack, IPC buffer and thread-local variables; `entry(argument)` may return, which suspends the
 * thread. `priority` at most 255, the initial thread's. A fault stops the thread with a report on
 * the console. False if something is used up or refused.
 */
bool cmk_create_thread(struct cmk_thread *thread, seL4_Word cpu, seL4_Word priority,
                       void (*entry)(void *), void *argument);

/*
 * The same, and a fault of the thread becomes a call to `fault_endpoint`, a capability of the
 * initial CSpace with the right to write and the right to grant or to grant a reply. The thread
 * that receives the fault lets this one run again by a reply. 0: no handler, as above. Another
 * capability is not refused here: the first fault then stops the thread, with a report.
 */
bool cmk_create_thread_with_faults_to(seL4_CPtr fault_endpoint, struct cmk_thread *thread,
                                      seL4_Word cpu, seL4_Word priority, void (*entry)(void *),
                                      void *argument);

CMK_END_C

#endif
