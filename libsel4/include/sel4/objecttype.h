/* The types that Untyped_Retype makes (contract 3.1). */
#ifndef SEL4_OBJECTTYPE_H
#define SEL4_OBJECTTYPE_H

#include <sel4/macros.h>
#include <sel4/simple_types.h>

typedef enum api_object {
#define OBJECT(api_name, number, name, bits, device) api_name = (number),
#define TARGET_OBJECT                                OBJECT
#include <api/objects.def>
#undef OBJECT
#undef TARGET_OBJECT
    seL4_ObjectTypeCount,
    seL4_NonArchObjectTypeCount = seL4_CapTableObject + 1,
    seL4_ModeObjectTypeCount = seL4_X64_HugePageObject + 1,
    /* Types of options that are off: no kernel of this configuration accepts them. */
    seL4_X86_IOPageTableObject = 0xffffff,
    seL4_X86_VCPUObject = 0xfffffe,
    seL4_X86_EPTPML4Object = 0xfffffd,
    seL4_X86_EPTPDPTObject = 0xfffffc,
    seL4_X86_EPTPDObject = 0xfffffb,
    seL4_X86_EPTPTObject = 0xfffffa,
    SEL4_FORCE_LONG_ENUM(api_object)
} seL4_ObjectType;

typedef seL4_ObjectType seL4_ModeObjectType;
typedef seL4_ObjectType seL4_ArchObjectType;
typedef seL4_Word api_object_t;
typedef seL4_Word object_t;

#define seL4_VSpaceObject seL4_X64_PML4Object

#endif
