/*
 * What the kernel tells the initial thread (contract 9.6 to 9.8). CMK's own chunk is described in
 * <cmk/cluster.h>.
 */
#ifndef SEL4_BOOTINFO_TYPES_H
#define SEL4_BOOTINFO_TYPES_H

#include <sel4/constants.h>
#include <sel4/shared_types.h>
#include <sel4/simple_types.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum seL4_RootCNodeCapSlots {
#define INITIAL_SLOT(name, slot) name = (slot),
#include <api/initial_slots.def>
#undef INITIAL_SLOT
    seL4_CapInitThreadPD = seL4_CapInitThreadVSpace
};

typedef seL4_Word seL4_SlotPos;

typedef struct {
    seL4_SlotPos start;
    seL4_SlotPos end; /* exclusive */
} seL4_SlotRegion;

typedef struct {
    seL4_Word paddr;
    seL4_Uint8 sizeBits;
    seL4_Uint8 isDevice;
    seL4_Uint8 padding[6];
} seL4_UntypedDesc;

typedef struct seL4_BootInfo {
    seL4_Word extraLen;      /* bytes of all extra chunks, exact */
    seL4_NodeId nodeID;      /* 0: which of a CMK cluster's nodes this is says cmk_cluster() */
    seL4_Word numNodes;      /* CPUs of this node */
    seL4_Word numIOPTLevels; /* all ones: no IOMMU */
    seL4_IPCBuffer *ipcBuffer;
    seL4_SlotRegion empty;
    seL4_SlotRegion sharedFrames;
    seL4_SlotRegion userImageFrames;
    seL4_SlotRegion userImagePaging; /* PDPTs, then page directories, then page tables */
    seL4_SlotRegion ioSpaceCaps;
    seL4_SlotRegion extraBIPages;
    seL4_Word initThreadCNodeSizeBits;
    seL4_Domain initThreadDomain;
    seL4_SlotRegion untyped;
    seL4_UntypedDesc untypedList[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS];
} seL4_BootInfo;

#define SEL4_BOOT_INFO_OFFSET(member, offset)                                                      \
    CMK_STATIC_ASSERT(__builtin_offsetof(seL4_BootInfo, member) == (offset), "boot "               \
                                                                             "info: " #member)

SEL4_BOOT_INFO_OFFSET(extraLen, 0);
SEL4_BOOT_INFO_OFFSET(nodeID, 8);
SEL4_BOOT_INFO_OFFSET(numNodes, 16);
SEL4_BOOT_INFO_OFFSET(numIOPTLevels, 24);
SEL4_BOOT_INFO_OFFSET(ipcBuffer, 32);
SEL4_BOOT_INFO_OFFSET(empty, 40);
SEL4_BOOT_INFO_OFFSET(sharedFrames, 56);
SEL4_BOOT_INFO_OFFSET(userImageFrames, 72);
SEL4_BOOT_INFO_OFFSET(userImagePaging, 88);
SEL4_BOOT_INFO_OFFSET(ioSpaceCaps, 104);
SEL4_BOOT_INFO_OFFSET(extraBIPages, 120);
SEL4_BOOT_INFO_OFFSET(initThreadCNodeSizeBits, 136);
SEL4_BOOT_INFO_OFFSET(initThreadDomain, 144);
SEL4_BOOT_INFO_OFFSET(untyped, 152);
SEL4_BOOT_INFO_OFFSET(untypedList, 168);
CMK_STATIC_ASSERT(sizeof(seL4_UntypedDesc) == 16, "boot info: an untyped's description");
CMK_STATIC_ASSERT(__builtin_offsetof(seL4_UntypedDesc, sizeBits) == 8,
                  "boot info: an untyped's size");
CMK_STATIC_ASSERT(__builtin_offsetof(seL4_UntypedDesc, isDevice) == 9,
                  "boot info: an untyped's kind");
CMK_STATIC_ASSERT(sizeof(seL4_BootInfo) == ABI_BOOT_INFO_SIZE, "boot info: size");

/*
 * Extra chunks follow boot info in the next page, one after the other without padding, so that any
 * of them may lie at any address: copy a chunk before reading its fields.
 */
typedef struct {
    seL4_Word id;
    seL4_Word len; /* bytes, this header included */
} seL4_BootInfoHeader;

typedef enum {
    SEL4_BOOTINFO_HEADER_PADDING = 0,
    SEL4_BOOTINFO_HEADER_X86_VBE = 1,
    SEL4_BOOTINFO_HEADER_X86_MBMMAP = 2,
    SEL4_BOOTINFO_HEADER_X86_ACPI_RSDP = 3,
    SEL4_BOOTINFO_HEADER_X86_FRAMEBUFFER = 4,
    SEL4_BOOTINFO_HEADER_X86_TSC_FREQ = 5, /* one 32-bit word: MHz */
    SEL4_BOOTINFO_HEADER_FDT = 6,
    SEL4_BOOTINFO_HEADER_NUM,
    SEL4_BOOTINFO_HEADER_CMK = ABI_CMK_BOOT_INFO_ID,
    SEL4_FORCE_LONG_ENUM(seL4_BootInfoID)
} seL4_BootInfoID;

#include <sel4/arch/bootinfo_x86.h>

CMK_END_C

#endif
