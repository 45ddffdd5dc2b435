/*
 * TCB methods by subject, for tcb_invoke() only. `target` is the invoked thread, not current on
 * another CPU.
 */
#ifndef KERNEL_TCB_METHODS_H
#define KERNEL_TCB_METHODS_H

#include <kernel/thread.h>

/* kernel/methods/tcb_registers.c */
MUST_USE enum outcome tcb_read_registers(struct invocation *call, struct tcb *target,
                                         struct answer *answer);
MUST_USE enum outcome tcb_write_registers(struct invocation *call, struct tcb *target,
                                          struct answer *answer);
MUST_USE enum outcome tcb_copy_registers(struct invocation *call, struct tcb *target,
                                         struct answer *answer);
MUST_USE enum outcome tcb_set_tls_base(struct invocation *call, struct tcb *target,
                                       struct answer *answer);

/* kernel/methods/tcb_space.c */
MUST_USE enum outcome tcb_configure(struct invocation *call, struct tcb *target,
                                    struct answer *answer);
MUST_USE enum outcome tcb_set_space(struct invocation *call, struct tcb *target,
                                    struct answer *answer);
MUST_USE enum outcome tcb_set_ipc_buffer(struct invocation *call, struct tcb *target,
                                         struct answer *answer);

#endif
