/*
 * The kernel objects: layouts, states, and who may touch what. Everything here is read and written
 * under the node's lock, except a thread's saved context and FPU area, which belong to the CPU on
 * which the thread is current (docs/locking.md).
 */
#ifndef KERNEL_OBJECTS_H
#define KERNEL_OBJECTS_H

#include <arch/context.h>
#include <arch/fpu.h>
#include <kernel/answer.h>
#include <kernel/slot.h>

struct tcb;

/*
 * Threads in first-in, first-out order: the links are in the TCB, since a thread is in one queue at
 * most.
 */
struct thread_queue {
    struct tcb *head; /* null when empty */
    struct tcb *tail; /* null when empty */
};

/*
 * Where endpoints and notifications keep their state: in the low bits of the tail of their queue. 0
 * is idle.
 */
enum { QUEUE_STATE_MASK = 3 };

/*
 * Endpoint: idle, or a queue of senders, or a queue of receivers.
 * The state is in the low bits of the tail pointer, so that an endpoint keeps its 16 bytes.
 */
enum endpoint_state { ENDPOINT_IDLE, ENDPOINT_SENDING, ENDPOINT_RECEIVING };

struct endpoint {
    struct tcb *head;
    word_t tail_and_state;
};
_Static_assert(sizeof(struct endpoint) == BIT(ABI_ENDPOINT_BITS),
               "endpoint size is part of the ABI");

/* Notification: idle, or a queue of waiters, or active with a word of badges. */
enum notification_state { NOTIFICATION_IDLE, NOTIFICATION_WAITING, NOTIFICATION_ACTIVE };

struct notification {
    struct tcb *head;
    word_t tail_and_state;
    word_t badges;     /* meaningful while active */
    struct tcb *bound; /* the thread that receives signals while waiting on endpoints, or null */
};
_Static_assert(sizeof(struct notification) == BIT(ABI_NOTIFICATION_BITS),
               "notification size is part of the ABI");

/*
 * The hidden slots of a TCB (contract 7.1), in the order that suits the cache lines below. In the
 * first two, zombies wait while a TCB is destroyed (kernel/lifecycle/deletion.c), which the master
 * reply capability could not make room for.
 */
enum tcb_slot { TCB_VSPACE, TCB_IPC_BUFFER, TCB_CSPACE, TCB_REPLY, TCB_CALLER, TCB_SLOT_COUNT };

enum thread_state {
    THREAD_INACTIVE,
    THREAD_RUNNING, /* runnable; goes on after its system call */
    THREAD_RESTART, /* runnable; goes on at its restart address */
    THREAD_BLOCKED_ON_RECEIVE,
    THREAD_BLOCKED_ON_SEND,
    THREAD_BLOCKED_ON_REPLY,
    THREAD_BLOCKED_ON_NOTIFICATION
};

/* More of a pending fault than its type: the words of its message that are not registers. */
struct fault {
    word_t words[2]; /* CapFault: address, receive phase; VMFault: address, FSR; UnknownSyscall:
                        number; UserException: vector, error code */
    struct lookup_failure lookup; /* CapFault */
};

enum { TCB_NAME_BYTES = 560 }; /* debug name with its terminating zero; longer names are cut */

/*
 * The order follows the path of Call and ReplyRecv: what these touch is in cache lines 1 to 5
 * (docs/fast-paths.md), which kernel/calls/fast_call.c asserts.
 */
struct tcb {
    _Alignas(64) struct slot slots[TCB_SLOT_COUNT];

    struct tcb *queue_next; /* in the ready, endpoint or notification queue that the thread is in */
    struct tcb *queue_previous;
    word_t root;         /* what arch_thread_root() said, valid while root_epoch is the node's */
    uint32_t root_epoch; /* see kernel/thread.h; 0: never valid */
    uint8_t fault_type;  /* enum fault_type: of the fault whose answer it waits for */

    /*
     * In the first line of the saved registers: all that a Call touches of its caller beside these,
     * except two slots.
     */
    _Alignas(64) uint32_t last_cpu; /* cpu_number() of where it is current; else was last, or 0: it
                                       may not run there */
    uint8_t state;                  /* enum thread_state */
    uint8_t priority;
    bool uses_fpu;        /* has used it, and may: its FPU state is loaded whenever it is current */
    bool reply_can_grant; /* while blocked on receive: whether the reply capability it will get has
                             Grant */

    struct user_context context;

    /* While blocked: endpoint or notification. */
    void *blocked_on;

    struct notification *bound_notification;
    vaddr_t ipc_buffer;   /* user address; the frame is in TCB_IPC_BUFFER */
    word_t fault_handler; /* capability pointer in the thread's own CSpace */

    /* Scheduling. */
    uint8_t maximum_controlled_priority;
    uint8_t time_slice; /* ticks left */
    uint8_t domain;
    uint8_t flags;       /* ABI_TCB_FLAG_* */
    bool queued;         /* in a ready queue */
    bool fpu_used;       /* fpu_area holds state (or did, while live on a CPU) */
    uint16_t affinity;   /* CPU index within the node. While current: the CPU on which it is */
    bool affinity_given; /* by SetAffinity: such a thread never balances */
    int64_t ready_order; /* while in a ready queue: smaller is earlier among equals, see
                            kernel/ready.h; while it sends: smaller began earlier */

    /* While blocked as a sender. */
    bool blocked_can_grant;
    bool blocked_can_grant_reply;
    bool blocked_is_call;
    word_t blocked_badge;
    struct fault fault;

    /*
     * While in a queue ordered by priority (kernel/wait_queue.h), of the first thread of each
     * priority: those of the next smaller and next greater priority. Else null.
     */
    struct tcb *leader_next;
    struct tcb *leader_previous;

    /* MCS (kernel/reply_object.h): on whose time it runs, and the reply it waits on. Else null. */
    struct sched_context *sched_context;
    struct reply_object *reply;

    struct tcb *all_next; /* every TCB of the node, for debug builds' listings and checks */
    struct tcb *all_previous;

    _Alignas(64) struct fpu_area fpu_area;
    _Alignas(word_t) char name[TCB_NAME_BYTES];

    /*
     * A CancelBadgedSends by this thread was interrupted: on what, and whether another thread has
     * finished it since. It ends with the thread's next system call that is not interrupted.
     * `cancelling` null: none.
     */
    const struct endpoint *cancelling;
    word_t cancelled_badge;
    bool cancel_finished;
};
_Static_assert(sizeof(struct tcb) <= BIT(ABI_TCB_BITS), "TCB size is part of the ABI");
_Static_assert((offsetof(struct tcb, context) + USER_CONTEXT_FRAME_END) % 64 == 0,
               "system calls touch whole cache lines, and the CPU aligns its frame");

#endif
