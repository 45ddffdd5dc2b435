/*
 * The one variable of libsel4: where the current thread's IPC buffer is mapped. Weak: programs may
 * bring their own.
 */
#include <sel4/functions.h>

__thread seL4_IPCBuffer *__sel4_ipc_buffer __attribute__((weak));
