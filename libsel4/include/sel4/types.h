/*
 * Capability names, user registers and memory attributes. A capability is named by an address in
 * the caller's CSpace.
 */
#ifndef SEL4_TYPES_H
#define SEL4_TYPES_H

#include <sel4/constants.h>
#include <sel4/errors.h>
#include <sel4/objecttype.h>
#include <sel4/shared_types.h>
#include <sel4/simple_types.h>
#include <cmk/language.h>

typedef seL4_CPtr seL4_CNode;
typedef seL4_CPtr seL4_IRQHandler;
typedef seL4_CPtr seL4_IRQControl;
typedef seL4_CPtr seL4_TCB;
typedef seL4_CPtr seL4_Untyped;
typedef seL4_CPtr seL4_DomainSet;
typedef seL4_CPtr seL4_SchedContext;
typedef seL4_CPtr seL4_SchedControl;
typedef seL4_CPtr seL4_SMC;

typedef seL4_CPtr seL4_X86_ASIDControl;
typedef seL4_CPtr seL4_X86_ASIDPool;
typedef seL4_CPtr seL4_X86_IOSpace;
typedef seL4_CPtr seL4_X86_IOPort;
typedef seL4_CPtr seL4_X86_IOPortControl;
typedef seL4_CPtr seL4_X86_Page;
typedef seL4_CPtr seL4_X64_PML4;
typedef seL4_CPtr seL4_X86_PDPT;
typedef seL4_CPtr seL4_X86_PageDirectory;
typedef seL4_CPtr seL4_X86_PageTable;
typedef seL4_CPtr seL4_X86_IOPageTable;
typedef seL4_CPtr seL4_X86_VCPU;
typedef seL4_CPtr seL4_X86_EPTPML4;
typedef seL4_CPtr seL4_X86_EPTPDPT;
typedef seL4_CPtr seL4_X86_EPTPD;
typedef seL4_CPtr seL4_X86_EPTPT;

/*
 * How a page is cached (contract 4.9). Shared and channel frames are write-back whatever is asked
 * for.
 */
typedef enum {
    seL4_X86_Default_VMAttributes = 0,
    seL4_X86_WriteBack = 0,
    seL4_X86_WriteThrough = 1,
    seL4_X86_CacheDisabled = 2,
    seL4_X86_Uncacheable = 3,
    seL4_X86_WriteCombining = 4,
    SEL4_FORCE_LONG_ENUM(seL4_X86_VMAttributes)
} seL4_X86_VMAttributes;

/* What ReadRegisters and WriteRegisters carry, in this order (contract 2.4). */
typedef struct seL4_UserContext_ {
#define REGISTER(name, index) seL4_Word name;
#include <api/registers.def>
#undef REGISTER
} seL4_UserContext;

#define REGISTER(name, index)                                                                      \
    CMK_STATIC_ASSERT(__builtin_offsetof(seL4_UserContext, name) == (index)*8,                     \
                      "user context: " #name);
#include <api/registers.def>
#undef REGISTER

#endif
