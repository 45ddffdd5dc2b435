/*
 * Limits and sizes of the ABI, for the kernel and for user programs.
 * Plain integers, so that the assembler's generated offsets, C and #if can all use them.
 */
#ifndef API_LIMITS_H
#define API_LIMITS_H

/* Messages. */
#define ABI_MESSAGE_REGISTERS  4   /* MR0..MR3 travel in r10, r8, r9, r15 */
#define ABI_MAX_MESSAGE_LENGTH 120 /* words */
#define ABI_MAX_EXTRA_CAPS     3

/* The IPC buffer, in 64-bit words from its start. */
#define ABI_IPC_BUFFER_SIZE_BITS 10
#define ABI_IPC_TAG              0
#define ABI_IPC_MESSAGE          1 /* MRi is word ABI_IPC_MESSAGE + i */
#define ABI_IPC_USER_DATA        121
#define ABI_IPC_CAPS_OR_BADGES   122
#define ABI_IPC_RECEIVE_CNODE    125
#define ABI_IPC_RECEIVE_INDEX    126
#define ABI_IPC_RECEIVE_DEPTH    127

/* Object and page sizes: log2 of bytes. */
#define ABI_SLOT_BITS             5
#define ABI_TCB_BITS              11
#define ABI_ENDPOINT_BITS         4
#define ABI_NOTIFICATION_BITS     5
#define ABI_PAGE_BITS             12
#define ABI_LARGE_PAGE_BITS       21
#define ABI_HUGE_PAGE_BITS        30
#define ABI_PAGING_STRUCTURE_BITS 12
#define ABI_ASID_POOL_BITS        12
#define ABI_MIN_UNTYPED_BITS      4
#define ABI_MAX_UNTYPED_BITS      47

#define ABI_ASID_POOL_INDEX_BITS 9 /* ASIDs in a pool */
#define ABI_ASID_POOLS           8

/*
 * The last user page can never be mapped, and USER_TOP is the limit that the checks of map calls
 * use.
 */
#define ABI_USER_TOP 0x00007fffffffffff

/*
 * Stands where a profile's programs have no label for a method: no label of seL4's or ours, but
 * different for each method.
 */
#define ABI_NO_LABEL(label) (0x40000000 | (label))
/* Labels from here on are CMK's own, and the same in all profiles. */
#define ABI_CMK_FIRST_LABEL 0x1000
/*
 * The kernel's labels for methods that only MCS has begin here: no message can say them, since its
 * label has 52 bits.
 */
#define ABI_MCS_FIRST_LABEL (1ul << 52)

#define ABI_PRIORITIES           256
#define ABI_DOMAINS              1
#define ABI_DOMAIN_SCHEDULES     2
#define ABI_RETYPE_FAN_OUT_LIMIT 256

/*
 * Interrupts: user vector argument v of GetIOAPIC and GetMSI is CPU vector ABI_IRQ_VECTOR_OFFSET +
 * v.
 */
#define ABI_IRQ_VECTOR_OFFSET 0x30
#define ABI_MAX_USER_IRQ      107

/* Time slices: every CPU's tick is 2 ms, a slice is 5 ticks. */
#define ABI_TICK_MILLISECONDS 2
#define ABI_TIME_SLICE_TICKS  5

/* Boot info. */
#define ABI_ROOT_CNODE_BITS    13 /* log2 of its slots; sel4test's builds use 13 */
#define ABI_BOOT_INFO_UNTYPEDS 230
#define ABI_BOOT_INFO_SIZE     3848

/* TCB flags. */
#define ABI_TCB_FLAG_FPU_DISABLED 1

/* CMK's additions. */
#define ABI_CMK_BOOT_INFO_ID    0x434D4B
#define ABI_CMK_MAX_NODES       64
#define ABI_CMK_MAX_NODE_CPUS   64
#define ABI_CMK_MAX_CPUS        256
#define ABI_CMK_MAX_CHANNELS    16
#define ABI_CMK_MAX_ARGUMENTS   32   /* argv, argv[0] included */
#define ABI_CMK_ARGUMENT_BYTES  1024 /* of all arguments together, terminating zeros included */
#define ABI_CMK_MAX_DATA        16   /* data modules of a node */
#define ABI_CMK_DATA_NAME_BYTES 48   /* of a data module's name, its terminating zero included */
#define ABI_CMK_WRITE_BYTES     160  /* what one Write of node control takes */
#define ABI_CMK_IPI_IRQS        15   /* 1..15; 15 is "some node's status page changed" */

#endif
