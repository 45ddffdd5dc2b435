/*
 * The numbers of the ABI as the contract states them, typed in once more for the tests: a slip in
 * the tables from which the kernel and libsel4 take theirs shows up as a failing test. Contract
 * 1.1, 1.5, 4.3.
 */
#ifndef CONFORMANCE_ABI_H
#define CONFORMANCE_ABI_H

#include <sel4/gen_config.h>

/* System call numbers (contract 1.1). */
enum {
    CALL = -1,
    REPLY_RECV = -2,
    SEND = -3,
    NB_SEND = -4,
    RECV = -5,
    REPLY = -6,
    YIELD = -7,
    NB_RECV = -8,
    DEBUG_PUT_CHAR = -9,
    DEBUG_DUMP_SCHEDULER = -10,
    DEBUG_CAP_IDENTIFY = -12,
    DEBUG_SNAPSHOT = -13,
    DEBUG_NAME_THREAD = -14,
    DEBUG_SEND_IPI = -15,
    DEBUG_GET_THREAD_AFFINITY = -16,
    SET_TLS_BASE = -30,
};

/* Invocation labels, as the profile that the suite is built for has them. */
#ifdef CONFIG_ENABLE_SMP_SUPPORT
#include "labels_classic.h"
#else
#include "labels_classic_up.h"
#endif

/* Capability type tags that DebugCapIdentify shows (contract 1.5). */
enum {
    TAG_NULL = 0,
    TAG_FRAME = 1,
    TAG_UNTYPED = 2,
    TAG_PAGE_TABLE = 3,
    TAG_ENDPOINT = 4,
    TAG_PAGE_DIRECTORY = 5,
    TAG_NOTIFICATION = 6,
    TAG_PDPT = 7,
    TAG_REPLY = 8,
    TAG_PML4 = 9,
    TAG_CNODE = 10,
    TAG_ASID_CONTROL = 11,
    TAG_TCB = 12,
    TAG_ASID_POOL = 13,
    TAG_IRQ_CONTROL = 14,
    TAG_IRQ_HANDLER = 16,
    TAG_ZOMBIE = 18,
    TAG_IO_PORT = 19,
    TAG_DOMAIN = 20,
    TAG_IO_PORT_CONTROL = 31,
};

/* Rights (contract 2.2). */
enum { WRITE = 1, READ = 2, GRANT = 4, GRANT_REPLY = 8, ALL_RIGHTS = 15 };

/* Fault labels (contract 5.1). */
enum { CAP_FAULT = 1, UNKNOWN_SYSCALL = 2, USER_EXCEPTION = 3, VM_FAULT = 5 };

/* Index of each register in seL4_UserContext (contract 2.4). */
enum {
    RIP,
    RSP,
    RFLAGS,
    RAX,
    RBX,
    RCX,
    RDX,
    RSI,
    RDI,
    RBP,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    FS_BASE,
    GS_BASE,
    REGISTERS
};

#endif
