/*
 * The numbers of the ABI as the contract states them, typed in once more for the tests: a slip in the tables from
 * which the kernel and libsel4 take theirs shows up as a failing test. Contract 1.1, 1.5, 4.3.
 */
#ifndef CONFORMANCE_ABI_H
#define CONFORMANCE_ABI_H

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

/* Invocation labels (contract 4.3, first column). */
enum {
    UNTYPED_RETYPE = 1,
    TCB_READ_REGISTERS = 2,
    TCB_WRITE_REGISTERS = 3,
    TCB_COPY_REGISTERS = 4,
    TCB_CONFIGURE = 5,
    TCB_SET_PRIORITY = 6,
    TCB_SET_MC_PRIORITY = 7,
    TCB_SET_SCHED_PARAMS = 8,
    TCB_SET_IPC_BUFFER = 9,
    TCB_SET_SPACE = 10,
    TCB_SUSPEND = 11,
    TCB_RESUME = 12,
    TCB_BIND_NOTIFICATION = 13,
    TCB_UNBIND_NOTIFICATION = 14,
    TCB_SET_AFFINITY = 15,
    TCB_SET_TLS_BASE = 16,
    TCB_SET_FLAGS = 17,
    CNODE_REVOKE = 18,
    CNODE_DELETE = 19,
    CNODE_CANCEL_BADGED_SENDS = 20,
    CNODE_COPY = 21,
    CNODE_MINT = 22,
    CNODE_MOVE = 23,
    CNODE_MUTATE = 24,
    CNODE_ROTATE = 25,
    CNODE_SAVE_CALLER = 26,
    IRQ_ISSUE_HANDLER = 27,
    IRQ_ACK = 28,
    IRQ_SET_NOTIFICATION = 29,
    IRQ_CLEAR_NOTIFICATION = 30,
    DOMAIN_SET = 31,
    DOMAIN_SCHEDULE_CONFIGURE = 32,
    DOMAIN_SCHEDULE_SET_START = 33,
    PDPT_MAP = 34,
    PDPT_UNMAP = 35,
    PAGE_DIRECTORY_MAP = 36,
    PAGE_DIRECTORY_UNMAP = 37,
    PAGE_TABLE_MAP = 38,
    PAGE_TABLE_UNMAP = 39,
    PAGE_MAP = 40,
    PAGE_UNMAP = 41,
    PAGE_GET_ADDRESS = 42,
    ASID_CONTROL_MAKE_POOL = 43,
    ASID_POOL_ASSIGN = 44,
    IO_PORT_CONTROL_ISSUE = 45,
    IO_PORT_IN8 = 46,
    IO_PORT_IN16 = 47,
    IO_PORT_IN32 = 48,
    IO_PORT_OUT8 = 49,
    IO_PORT_OUT16 = 50,
    IO_PORT_OUT32 = 51,
    IRQ_ISSUE_HANDLER_IOAPIC = 52,
    IRQ_ISSUE_HANDLER_MSI = 53,
    FIRST_UNUSED_LABEL = 54,
};

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
