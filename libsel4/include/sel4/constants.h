/* Sizes, limits and the small enumerations of the API (contract 2, 3.2, 5.2, 10.1, 12). */
#ifndef SEL4_CONSTANTS_H
#define SEL4_CONSTANTS_H

#include <api/limits.h>
#include <sel4/macros.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* Words. */
#define seL4_WordBits     64
#define seL4_WordSizeBits 3

/* Objects: log2 of bytes; for paging structures also log2 of entries and of an entry's bytes. */
#define seL4_PageBits         ABI_PAGE_BITS
#define seL4_4KBits           ABI_PAGE_BITS
#define seL4_LargePageBits    ABI_LARGE_PAGE_BITS
#define seL4_HugePageBits     ABI_HUGE_PAGE_BITS
#define seL4_SlotBits         ABI_SLOT_BITS
#define seL4_TCBBits          ABI_TCB_BITS
#define seL4_EndpointBits     ABI_ENDPOINT_BITS
#define seL4_NotificationBits ABI_NOTIFICATION_BITS
#define seL4_MinUntypedBits   ABI_MIN_UNTYPED_BITS
#define seL4_MaxUntypedBits   ABI_MAX_UNTYPED_BITS

#define seL4_PageTableBits      ABI_PAGING_STRUCTURE_BITS
#define seL4_PageTableEntryBits 3
#define seL4_PageTableIndexBits 9
#define seL4_PageDirBits        ABI_PAGING_STRUCTURE_BITS
#define seL4_PageDirEntryBits   3
#define seL4_PageDirIndexBits   9
#define seL4_PDPTBits           ABI_PAGING_STRUCTURE_BITS
#define seL4_PDPTEntryBits      3
#define seL4_PDPTIndexBits      9
#define seL4_PML4Bits           ABI_PAGING_STRUCTURE_BITS
#define seL4_PML4EntryBits      3
#define seL4_PML4IndexBits      9
#define seL4_VSpaceBits         seL4_PML4Bits
#define seL4_VSpaceEntryBits    seL4_PML4EntryBits
#define seL4_VSpaceIndexBits    seL4_PML4IndexBits
#define seL4_IOPageTableBits    12

/* Objects of options that are off (contract 3.1): their sizes are always there. */
#define seL4_X86_VCPUBits         14
#define seL4_X86_EPTPML4Bits      12
#define seL4_X86_EPTPML4EntryBits 3
#define seL4_X86_EPTPML4IndexBits 9
#define seL4_X86_EPTPDPTBits      12
#define seL4_X86_EPTPDPTEntryBits 3
#define seL4_X86_EPTPDPTIndexBits 9
#define seL4_X86_EPTPDBits        12
#define seL4_X86_EPTPDEntryBits   3
#define seL4_X86_EPTPDIndexBits   9
#define seL4_X86_EPTPTBits        12
#define seL4_X86_EPTPTEntryBits   3
#define seL4_X86_EPTPTIndexBits   9

#define seL4_ASIDPoolBits      ABI_ASID_POOL_BITS
#define seL4_ASIDPoolIndexBits ABI_ASID_POOL_INDEX_BITS
#define seL4_NumASIDPoolsBits  3

/* Messages and the IPC buffer. */
#define seL4_MsgLengthBits        7
#define seL4_MsgMaxLength         ABI_MAX_MESSAGE_LENGTH
#define seL4_MsgExtraCapBits      2
#define seL4_MsgMaxExtraCaps      ABI_MAX_EXTRA_CAPS
#define seL4_FastMessageRegisters ABI_MESSAGE_REGISTERS
#define seL4_IPCBufferSizeBits    ABI_IPC_BUFFER_SIZE_BITS

/* CNode capability data. */
#define seL4_GuardSizeBits 6
#define seL4_GuardBits     58
#define seL4_BadgeBits     64
#define seL4_NilData       0

/* Threads. */
#define seL4_InvalidPrio (-1)
#define seL4_MinPrio     0
#define seL4_MaxPrio     (ABI_PRIORITIES - 1)

typedef enum {
    seL4_TCBFlag_NoFlag = 0,
    seL4_TCBFlag_fpuDisabled = ABI_TCB_FLAG_FPU_DISABLED,
    seL4_TCBFlag_MASK = ABI_TCB_FLAG_FPU_DISABLED,
    SEL4_FORCE_LONG_ENUM(seL4_TCBFlag)
} seL4_TCBFlag;

/* Address spaces: the first address that can never be mapped, and the last that can. */
#define seL4_UserTop       0x00007ffffffff000
#define seL4_UserVSpaceTop 0x00007fffffffefff

/*
 * Which table was missing: seL4_GetMR(SEL4_MAPPING_LOOKUP_LEVEL) after a map call answered
 * FailedLookup (4.9).
 */
#define SEL4_MAPPING_LOOKUP_LEVEL   2
#define SEL4_MAPPING_LOOKUP_NO_PT   21
#define SEL4_MAPPING_LOOKUP_NO_PD   30
#define SEL4_MAPPING_LOOKUP_NO_PDPT 39

/*
 * Vector arguments of GetIOAPIC and GetMSI. The kernel accepts 0 to 107 although the API's header
 * says 109.
 */
#define IRQ_OFFSET ABI_IRQ_VECTOR_OFFSET
#define VECTOR_MIN 0
#define VECTOR_MAX 109
#define MSI_MIN    VECTOR_MIN
#define MSI_MAX    VECTOR_MAX

/* Boot info. */
#define seL4_BootInfoFrameBits ABI_PAGE_BITS
#define seL4_BootInfoFrameSize LIBSEL4_BIT(seL4_BootInfoFrameBits)

/* Fault messages: which message register holds what. */
typedef enum {
    seL4_CapFault_IP,
    seL4_CapFault_Addr,
    seL4_CapFault_InRecvPhase,
    seL4_CapFault_LookupFailureType,
    seL4_CapFault_BitsLeft,
    seL4_CapFault_DepthMismatch_BitsFound,
    seL4_CapFault_GuardMismatch_GuardFound = seL4_CapFault_DepthMismatch_BitsFound,
    seL4_CapFault_GuardMismatch_BitsFound,
    SEL4_FORCE_LONG_ENUM(seL4_CapFault_Msg)
} seL4_CapFault_Msg;

typedef enum {
    seL4_VMFault_IP,
    seL4_VMFault_Addr,
    seL4_VMFault_PrefetchFault,
    seL4_VMFault_FSR,
    seL4_VMFault_Length,
    SEL4_FORCE_LONG_ENUM(seL4_VMFault_Msg)
} seL4_VMFault_Msg;

typedef enum {
    seL4_UnknownSyscall_RAX,
    seL4_UnknownSyscall_RBX,
    seL4_UnknownSyscall_RCX,
    seL4_UnknownSyscall_RDX,
    seL4_UnknownSyscall_RSI,
    seL4_UnknownSyscall_RDI,
    seL4_UnknownSyscall_RBP,
    seL4_UnknownSyscall_R8,
    seL4_UnknownSyscall_R9,
    seL4_UnknownSyscall_R10,
    seL4_UnknownSyscall_R11,
    seL4_UnknownSyscall_R12,
    seL4_UnknownSyscall_R13,
    seL4_UnknownSyscall_R14,
    seL4_UnknownSyscall_R15,
    seL4_UnknownSyscall_FaultIP,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_FLAGS,
    seL4_UnknownSyscall_Syscall,
    seL4_UnknownSyscall_Length,
    SEL4_FORCE_LONG_ENUM(seL4_UnknownSyscall_Msg)
} seL4_UnknownSyscall_Msg;

typedef enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_FLAGS,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length,
    SEL4_FORCE_LONG_ENUM(seL4_UserException_Msg)
} seL4_UserException_Msg;

enum { seL4_DataFault, seL4_InstructionFault };

/* Hardware debugging: an option that is off; the names are always there. */
typedef enum {
    seL4_DataBreakpoint,
    seL4_InstructionBreakpoint,
    seL4_SingleStep,
    seL4_SoftwareBreakRequest,
    SEL4_FORCE_LONG_ENUM(seL4_BreakpointType)
} seL4_BreakpointType;

typedef enum {
    seL4_BreakOnRead,
    seL4_BreakOnWrite,
    seL4_BreakOnReadWrite,
    seL4_MaxBreakpointAccess,
    SEL4_FORCE_LONG_ENUM(seL4_BreakpointAccess)
} seL4_BreakpointAccess;

CMK_STATIC_ASSERT(1 << seL4_NumASIDPoolsBits == ABI_ASID_POOLS, "ASID pools");
CMK_STATIC_ASSERT(seL4_UnknownSyscall_Length == 19 && seL4_UserException_Length == 5,
                  "fault messages (contract 5.2)");

CMK_END_C

#endif
