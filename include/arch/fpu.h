/*
 * FPU and SSE state: switched only for threads that use it, never left in the registers of a CPU
 * that is idle or at the door. A thread's first FPU instruction traps (#NM) and marks it as a user
 * of the FPU.
 */
#ifndef ARCH_FPU_H
#define ARCH_FPU_H

#include <kernel/types.h>
#include <target/fpu.h> /* struct fpu_area: room for a thread's state, of a fixed size */

struct tcb;

/* A new TCB: state as after reset, not used. */
void fpu_init_thread(struct tcb *thread);

/*
 * #NM by the current thread. False: the thread may not use the FPU (flag) and gets its exception.
 * True: from now on it has FPU state, loaded at the exit.
 */
bool fpu_first_use(struct tcb *thread);

/*
 * The flags of the thread, which is not current on another CPU, have changed: it may use the FPU
 * now, or no longer.
 */
void fpu_flags_changed(struct tcb *thread);

#endif
