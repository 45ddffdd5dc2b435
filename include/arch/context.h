/*
 * What the portable kernel needs of a thread's saved registers. All require the lock, and that the
 * thread is not running on another CPU (arch/door.h, take_thread).
 */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include <api/types.h>
#include <kernel/types.h>

struct user_context;

/*
 * The state of a new TCB, whose memory is zero: interrupts on, leaves by a full restore (contract
 * 3.3).
 */
void context_init(struct user_context *context);

/* Register `index` in seL4_UserContext order. For rip the restart address (contract 8.3). */
word_t context_read(const struct user_context *context, enum user_register index);

/*
 * Writes a user-given value, sanitised (contract 2.4), without changing how the thread leaves the
 * kernel. rip sets both addresses.
 */
void context_write(struct user_context *context, enum user_register index, word_t value);

/* The value that context_write() would store. */
word_t context_sanitise(enum user_register index, word_t value);

/*
 * Another thread changed the registers: leave by a full restore, so that all of them count
 * (contract 1.2).
 */
void context_set_full_restore(struct user_context *context);

/*
 * A restarted thread goes on at its restart address; one that continues goes on after its system
 * call.
 */
static inline void context_restart(struct user_context *context);
static inline word_t context_restart_address(const struct user_context *context);

/* False: the restart address is not canonical, so that the exit has to replace it. */
static inline bool context_can_restart(const struct user_context *context);

/* The thread was about to repeat its system call; now it is as if it had just made it. */
static inline void context_redo_syscall(struct user_context *context);

/* The thread is about to repeat a system call, with the registers that it made it with. */
static inline bool context_repeats_syscall(const struct user_context *context);

/*
 * Takes note that an exception which the context still holds is delivered now. Returns its vector.
 */
static inline word_t context_take_trap(struct user_context *context);

/*
 * Suspending a thread that runs normally: what it would do next becomes its restart address
 * (contract 8.3).
 */
static inline void context_keep_place(struct user_context *context);

/*
 * CopyRegisters: the "frame" and the "integer" registers as they are (contract 2.4); the place is
 * the restart address.
 */
static inline void context_copy_frame(struct user_context *to, const struct user_context *from);
static inline void context_copy_integer(struct user_context *to, const struct user_context *from);

/* --- the system call registers (contract 1.2) --- */

static inline word_t context_syscall_number(const struct user_context *c);
static inline word_t context_capability_register(const struct user_context *c);
static inline word_t context_message_info(const struct user_context *c);
static inline void context_set_badge(struct user_context *c, word_t badge);
static inline void context_set_message_info(struct user_context *c, word_t info);

/* Message register `index`, less than ABI_MESSAGE_REGISTERS. */
static inline word_t context_message_register(const struct user_context *c, unsigned index);
static inline void context_set_message_register(struct user_context *c, unsigned index,
                                                word_t value);

/* --- fault messages (contract 5.2): layout and effect of the reply are the architecture's --- */

enum { UNKNOWN_SYSCALL_MESSAGE_LENGTH = 19, USER_EXCEPTION_REGISTERS = 3 };

/* Word `index` (0..17) of an UnknownSyscall message; word 18, the number, is in the fault. */
word_t context_unknown_syscall_word(const struct user_context *context, unsigned index);

/*
 * Applies word `index` (0..17) of the reply, sanitised. Does not change how the thread leaves the
 * kernel.
 */
void context_set_unknown_syscall_word(struct user_context *context, unsigned index, word_t value);

/* Words 0..2 of a UserException message: fault address, stack pointer, flags. */
static inline word_t context_user_exception_word(const struct user_context *c, unsigned index);

void context_set_user_exception_word(struct user_context *context, unsigned index, word_t value);

#include <target/context.h>

#endif
