/* Clearing memory, address spaces, I/O ports, the console. */
#include "latency.h"
#include <cmk/cluster.h>
#include <cmk/cmk.h>
#include <cmk/resources.h>
#include <string.h>

enum { LARGE_UNTYPED_BITS = 29, PAGES = 512, POOL_SIZE = 511 };

#define MAP_ADDRESS 0x0000100000000000ul

/* The first Retype of an untyped that boot handed out clears all of it. */
static void clear_large(void)
{
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    for (seL4_Word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        if (!untyped->isDevice && untyped->sizeBits == LARGE_UNTYPED_BITS) {
            seL4_CPtr slot = cmk_alloc_slot();
            begin();
            OK(seL4_Untyped_Retype(boot_info->untyped.start + i, seL4_EndpointObject, 0, ROOT, 0, 0,
                                   slot, 1));
            end("clear an untyped of 512 MiB");
            return;
        }
    }
    must(false, "an untyped of 512 MiB");
}

static seL4_CPtr new_vspace(void)
{
    seL4_CPtr vspace = new_object(seL4_X64_PML4Object, 0);
    OK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    return vspace;
}

static void address_space(void)
{
    seL4_CPtr frames_untyped;
    seL4_CPtr vspace = new_vspace();
    seL4_CPtr pdpt = new_object(seL4_X86_PDPTObject, 0);
    seL4_CPtr directory = new_object(seL4_X86_PageDirectoryObject, 0);
    seL4_CPtr table = new_object(seL4_X86_PageTableObject, 0);
    seL4_CPtr frames = new_objects(&frames_untyped, 21, seL4_X86_4K, 0, PAGES);
    begin();
    OK(seL4_X86_PDPT_Map(pdpt, vspace, MAP_ADDRESS, seL4_X86_Default_VMAttributes));
    OK(seL4_X86_PageDirectory_Map(directory, vspace, MAP_ADDRESS, seL4_X86_Default_VMAttributes));
    OK(seL4_X86_PageTable_Map(table, vspace, MAP_ADDRESS, seL4_X86_Default_VMAttributes));
    for (seL4_Word i = 0; i < PAGES; i++) {
        OK(seL4_X86_Page_Map(frames + i, vspace, MAP_ADDRESS + i * 4096, seL4_ReadWrite,
                             seL4_X86_Default_VMAttributes));
    }
    end("map three tables and 512 pages");
    begin();
    OK(seL4_X86_PageTable_Unmap(table));
    end("unmap a full page table");
    OK(seL4_X86_PageTable_Map(table, vspace, MAP_ADDRESS, seL4_X86_Default_VMAttributes));
    begin();
    delete (vspace);
    end("delete a VSpace");
    begin();
    revoke(frames_untyped);
    end("revoke 512 mapped pages");
}

static void asid_pools(void)
{
    seL4_CPtr vspaces_untyped;
    seL4_CPtr memory = new_object(seL4_UntypedObject, 12), pool = cmk_alloc_slot();
    seL4_CPtr vspaces = new_objects(&vspaces_untyped, 21, seL4_X64_PML4Object, 0, POOL_SIZE);
    begin();
    OK(seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, memory, ROOT, pool, DEPTH));
    end("make an ASID pool");
    begin();
    for (seL4_Word i = 0; i < POOL_SIZE; i++) {
        OK(seL4_X86_ASIDPool_Assign(pool, vspaces + i));
    }
    end("assign 511 ASIDs");
    begin();
    delete (pool);
    end("delete an ASID pool with 511 VSpaces");
    begin();
    revoke(vspaces_untyped);
    end("revoke 511 VSpaces without pool");
}

static void ports(void)
{
    seL4_CPtr slot = cmk_alloc_slot();
    begin();
    OK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0, 0xffff, ROOT, slot, DEPTH));
    end("issue all I/O ports");
    begin();
    delete (slot);
    end("delete all I/O ports");
}

void measure_memory(void)
{
    clear_large();
    address_space();
    asid_pools();
    ports();
}

void measure_console(void)
{
    char text[800];
    memset(text, '.', sizeof(text));
    text[sizeof(text) - 1] = '\n';
    begin();
    cmk_NodeControl_Write(cmk_cluster()->node_control, text, sizeof(text));
    end("write 800 characters");
}
