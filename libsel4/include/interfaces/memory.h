/* Methods of paging structures, frames and address space identifiers (contract 4.9). */
#ifndef INTERFACES_MEMORY_H
#define INTERFACES_MEMORY_H

#include <sel4/invocation.h>
#include <sel4/sel4_arch/trap.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* The answer of GetAddress. */
typedef struct seL4_X86_Page_GetAddress {
    int error;
    seL4_Word paddr;
} seL4_X86_Page_GetAddress_t;

static inline seL4_Error seL4_X86_PDPT_Map(seL4_X86_PDPT _service, seL4_X64_PML4 pml4,
                                           seL4_Word vaddr, seL4_X86_VMAttributes attr)
{
    struct sel4_x64_trap trap = {.mr = {vaddr, attr}};
    seL4_SetCap(0, pml4);
    return sel4_x64_invoke(&trap, _service, X86PDPTMap, 1, 2);
}

static inline seL4_Error seL4_X86_PDPT_Unmap(seL4_X86_PDPT _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, X86PDPTUnmap, 0, 0);
}

static inline seL4_Error seL4_X86_PageDirectory_Map(seL4_X86_PageDirectory _service,
                                                    seL4_CPtr vspace, seL4_Word vaddr,
                                                    seL4_X86_VMAttributes attr)
{
    struct sel4_x64_trap trap = {.mr = {vaddr, attr}};
    seL4_SetCap(0, vspace);
    return sel4_x64_invoke(&trap, _service, X86PageDirectoryMap, 1, 2);
}

static inline seL4_Error seL4_X86_PageDirectory_Unmap(seL4_X86_PageDirectory _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, X86PageDirectoryUnmap, 0, 0);
}

static inline seL4_Error seL4_X86_PageTable_Map(seL4_X86_PageTable _service, seL4_CPtr vspace,
                                                seL4_Word vaddr, seL4_X86_VMAttributes attr)
{
    struct sel4_x64_trap trap = {.mr = {vaddr, attr}};
    seL4_SetCap(0, vspace);
    return sel4_x64_invoke(&trap, _service, X86PageTableMap, 1, 2);
}

static inline seL4_Error seL4_X86_PageTable_Unmap(seL4_X86_PageTable _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, X86PageTableUnmap, 0, 0);
}

static inline seL4_Error seL4_X86_Page_Map(seL4_X86_Page _service, seL4_CPtr vspace,
                                           seL4_Word vaddr, seL4_CapRights_t rights,
                                           seL4_X86_VMAttributes attr)
{
    struct sel4_x64_trap trap = {.mr = {vaddr, rights.words[0], attr}};
    seL4_SetCap(0, vspace);
    return sel4_x64_invoke(&trap, _service, X86PageMap, 1, 3);
}

static inline seL4_Error seL4_X86_Page_Unmap(seL4_X86_Page _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, X86PageUnmap, 0, 0);
}

static inline seL4_X86_Page_GetAddress_t seL4_X86_Page_GetAddress(seL4_X86_Page _service)
{
    struct sel4_x64_trap trap = {0};
    seL4_X86_Page_GetAddress_t result = {
        .error = (int)sel4_x64_invoke(&trap, _service, X86PageGetAddress, 0, 0)};
    result.paddr = trap.mr[0];
    return result;
}

static inline seL4_Error seL4_X86_ASIDControl_MakePool(seL4_X86_ASIDControl _service,
                                                       seL4_Untyped untyped, seL4_CNode root,
                                                       seL4_Word index, seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {index, depth}};
    seL4_SetCap(0, untyped);
    seL4_SetCap(1, root);
    return sel4_x64_invoke(&trap, _service, X86ASIDControlMakePool, 2, 2);
}

static inline seL4_Error seL4_X86_ASIDPool_Assign(seL4_X86_ASIDPool _service, seL4_CPtr vspace)
{
    struct sel4_x64_trap trap = {0};
    seL4_SetCap(0, vspace);
    return sel4_x64_invoke(&trap, _service, X86ASIDPoolAssign, 1, 0);
}

CMK_END_C

#endif
