/*
 * Faults as values: seL4_getFault turns a received fault message into a seL4_Fault_t, whose fields
 * are read with seL4_Fault_KIND_get_FIELD (contract 5.1 and 5.2).
 */
#ifndef SEL4_FAULTS_H
#define SEL4_FAULTS_H

#include <sel4/functions.h>
#include <cmk/language.h>

CMK_BEGIN_C

typedef enum seL4_Fault_tag {
#define FAULT(api_name, label, name) api_name = (label),
#include <api/faults.def>
#undef FAULT
    SEL4_FORCE_LONG_ENUM(seL4_Fault_tag)
} seL4_Fault_tag_t;

typedef seL4_Fault_tag_t seL4_FaultType;

/* Word 0 says which fault it is; word 1 + i is message register i. */
typedef struct seL4_Fault {
    seL4_Word words[1 + seL4_UnknownSyscall_Length];
} seL4_Fault_t;

static inline seL4_Word seL4_Fault_get_seL4_FaultType(seL4_Fault_t fault)
{
    return fault.words[0];
}

static inline int seL4_Fault_seL4_FaultType_equals(seL4_Fault_t fault, seL4_Word type)
{
    return fault.words[0] == type;
}

static inline seL4_Word seL4_Fault_ptr_get_seL4_FaultType(const seL4_Fault_t *fault)
{
    return fault->words[0];
}

#define SEL4_FAULT_FIELD(fault, field, mr)                                                         \
    static inline seL4_Word seL4_Fault_##fault##_get_##field(seL4_Fault_t value)                   \
    {                                                                                              \
        return value.words[1 + (mr)];                                                              \
    }                                                                                              \
    static inline seL4_Word seL4_Fault_##fault##_ptr_get_##field(const seL4_Fault_t *value)        \
    {                                                                                              \
        return value->words[1 + (mr)];                                                             \
    }                                                                                              \
    static inline seL4_Fault_t seL4_Fault_##fault##_set_##field(seL4_Fault_t value,                \
                                                                seL4_Word word)                    \
    {                                                                                              \
        value.words[1 + (mr)] = word;                                                              \
        return value;                                                                              \
    }                                                                                              \
    static inline void seL4_Fault_##fault##_ptr_set_##field(seL4_Fault_t *value, seL4_Word word)   \
    {                                                                                              \
        value->words[1 + (mr)] = word;                                                             \
    }

SEL4_FAULT_FIELD(CapFault, IP, seL4_CapFault_IP)
SEL4_FAULT_FIELD(CapFault, Addr, seL4_CapFault_Addr)
SEL4_FAULT_FIELD(CapFault, InRecvPhase, seL4_CapFault_InRecvPhase)
SEL4_FAULT_FIELD(CapFault, LookupFailureType, seL4_CapFault_LookupFailureType)
SEL4_FAULT_FIELD(CapFault, MR4, 4)
SEL4_FAULT_FIELD(CapFault, MR5, 5)
SEL4_FAULT_FIELD(CapFault, MR6, 6)

SEL4_FAULT_FIELD(VMFault, IP, seL4_VMFault_IP)
SEL4_FAULT_FIELD(VMFault, Addr, seL4_VMFault_Addr)
SEL4_FAULT_FIELD(VMFault, PrefetchFault, seL4_VMFault_PrefetchFault)
SEL4_FAULT_FIELD(VMFault, FSR, seL4_VMFault_FSR)

SEL4_FAULT_FIELD(UnknownSyscall, RAX, seL4_UnknownSyscall_RAX)
SEL4_FAULT_FIELD(UnknownSyscall, RBX, seL4_UnknownSyscall_RBX)
SEL4_FAULT_FIELD(UnknownSyscall, RCX, seL4_UnknownSyscall_RCX)
SEL4_FAULT_FIELD(UnknownSyscall, RDX, seL4_UnknownSyscall_RDX)
SEL4_FAULT_FIELD(UnknownSyscall, RSI, seL4_UnknownSyscall_RSI)
SEL4_FAULT_FIELD(UnknownSyscall, RDI, seL4_UnknownSyscall_RDI)
SEL4_FAULT_FIELD(UnknownSyscall, RBP, seL4_UnknownSyscall_RBP)
SEL4_FAULT_FIELD(UnknownSyscall, R8, seL4_UnknownSyscall_R8)
SEL4_FAULT_FIELD(UnknownSyscall, R9, seL4_UnknownSyscall_R9)
SEL4_FAULT_FIELD(UnknownSyscall, R10, seL4_UnknownSyscall_R10)
SEL4_FAULT_FIELD(UnknownSyscall, R11, seL4_UnknownSyscall_R11)
SEL4_FAULT_FIELD(UnknownSyscall, R12, seL4_UnknownSyscall_R12)
SEL4_FAULT_FIELD(UnknownSyscall, R13, seL4_UnknownSyscall_R13)
SEL4_FAULT_FIELD(UnknownSyscall, R14, seL4_UnknownSyscall_R14)
SEL4_FAULT_FIELD(UnknownSyscall, R15, seL4_UnknownSyscall_R15)
SEL4_FAULT_FIELD(UnknownSyscall, FaultIP, seL4_UnknownSyscall_FaultIP)
SEL4_FAULT_FIELD(UnknownSyscall, RSP, seL4_UnknownSyscall_SP)
SEL4_FAULT_FIELD(UnknownSyscall, SP, seL4_UnknownSyscall_SP)
SEL4_FAULT_FIELD(UnknownSyscall, FLAGS, seL4_UnknownSyscall_FLAGS)
SEL4_FAULT_FIELD(UnknownSyscall, Syscall, seL4_UnknownSyscall_Syscall)

SEL4_FAULT_FIELD(UserException, FaultIP, seL4_UserException_FaultIP)
SEL4_FAULT_FIELD(UserException, Stack, seL4_UserException_SP)
SEL4_FAULT_FIELD(UserException, SP, seL4_UserException_SP)
SEL4_FAULT_FIELD(UserException, FLAGS, seL4_UserException_FLAGS)
SEL4_FAULT_FIELD(UserException, Number, seL4_UserException_Number)
SEL4_FAULT_FIELD(UserException, Code, seL4_UserException_Code)

static inline seL4_Fault_t seL4_Fault_NullFault_new(void)
{
    return (seL4_Fault_t){{seL4_Fault_NullFault}};
}

static inline seL4_Fault_t seL4_Fault_CapFault_new(seL4_Word IP, seL4_Word Addr,
                                                   seL4_Word InRecvPhase,
                                                   seL4_Word LookupFailureType, seL4_Word MR4,
                                                   seL4_Word MR5, seL4_Word MR6)
{
    return (seL4_Fault_t){
        {seL4_Fault_CapFault, IP, Addr, InRecvPhase, LookupFailureType, MR4, MR5, MR6}};
}

static inline seL4_Fault_t seL4_Fault_VMFault_new(seL4_Word IP, seL4_Word Addr,
                                                  seL4_Word PrefetchFault, seL4_Word FSR)
{
    return (seL4_Fault_t){{seL4_Fault_VMFault, IP, Addr, PrefetchFault, FSR}};
}

static inline seL4_Fault_t seL4_Fault_UserException_new(seL4_Word FaultIP, seL4_Word Stack,
                                                        seL4_Word FLAGS, seL4_Word Number,
                                                        seL4_Word Code)
{
    return (seL4_Fault_t){{seL4_Fault_UserException, FaultIP, Stack, FLAGS, Number, Code}};
}

static inline seL4_Fault_t
seL4_Fault_UnknownSyscall_new(seL4_Word RAX, seL4_Word RBX, seL4_Word RCX, seL4_Word RDX,
                              seL4_Word RSI, seL4_Word RDI, seL4_Word RBP, seL4_Word R8,
                              seL4_Word R9, seL4_Word R10, seL4_Word R11, seL4_Word R12,
                              seL4_Word R13, seL4_Word R14, seL4_Word R15, seL4_Word FaultIP,
                              seL4_Word RSP, seL4_Word FLAGS, seL4_Word Syscall)
{
    return (seL4_Fault_t){{seL4_Fault_UnknownSyscall,
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
                           FaultIP,
                           RSP,
                           FLAGS,
                           Syscall}};
}

static inline seL4_Bool seL4_isNullFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_NullFault;
}

static inline seL4_Bool seL4_isCapFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_CapFault;
}

static inline seL4_Bool seL4_isVMFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_VMFault;
}

static inline seL4_Bool seL4_isUnknownSyscall_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_UnknownSyscall;
}

static inline seL4_Bool seL4_isUserException_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_UserException;
}

/* How many message registers a fault of this kind can have; 0 for what is not a fault. */
static inline seL4_Word sel4_fault_words(seL4_Word label)
{
    switch (label) {
    case seL4_Fault_CapFault:
        return seL4_CapFault_GuardMismatch_BitsFound + 1;
    case seL4_Fault_UnknownSyscall:
        return seL4_UnknownSyscall_Length;
    case seL4_Fault_UserException:
        return seL4_UserException_Length;
    case seL4_Fault_VMFault:
        return seL4_VMFault_Length;
    default:
        return 0;
    }
}

/*
 * The fault that the message in the IPC buffer carries; NullFault if `tag` is not that of a fault.
 */
static inline seL4_Fault_t seL4_getFault(seL4_MessageInfo_t tag)
{
    seL4_Fault_t fault = {{seL4_Fault_NullFault}};
    seL4_Word words = sel4_fault_words(seL4_MessageInfo_get_label(tag));
    if (words == 0) {
        return fault;
    }
    fault.words[0] = seL4_MessageInfo_get_label(tag);
    for (seL4_Word i = 0; i < words; i++) {
        fault.words[1 + i] = seL4_GetMR((int)i);
    }
    return fault;
}

static inline seL4_Fault_t seL4_getArchFault(seL4_MessageInfo_t tag)
{
    return seL4_getFault(tag);
}

CMK_END_C

#endif
