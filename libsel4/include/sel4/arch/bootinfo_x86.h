/* The extra chunks of an x86 machine (contract 9.8). Packed: chunks have no alignment. */
#ifndef SEL4_ARCH_BOOTINFO_X86_H
#define SEL4_ARCH_BOOTINFO_X86_H

#include <sel4/bootinfo_types.h>
#include <cmk/language.h>

CMK_BEGIN_C

#define SEL4_MULTIBOOT_MAX_MMAP_ENTRIES 50
#define SEL4_MULTIBOOT_RAM_REGION_TYPE  1

typedef struct seL4_X86_mb_mmap {
    seL4_Uint32 size;
    seL4_Uint64 base_addr;
    seL4_Uint64 length;
    seL4_Uint32 type;
} SEL4_PACKED seL4_X86_mb_mmap_t;

typedef struct seL4_X86_BootInfo_mmap {
    seL4_BootInfoHeader header;
    seL4_Uint32 mmap_length; /* bytes of the entries that are used */
    seL4_X86_mb_mmap_t mmap[SEL4_MULTIBOOT_MAX_MMAP_ENTRIES];
} SEL4_PACKED seL4_X86_BootInfo_mmap_t;

typedef struct seL4_X86_BootInfo_fb {
    seL4_Uint64 addr;
    seL4_Uint32 pitch;
    seL4_Uint32 width;
    seL4_Uint32 height;
    seL4_Uint8 bpp;
    seL4_Uint8 type;
} SEL4_PACKED seL4_X86_BootInfo_fb_t;

/*
 * The BIOS's VBE blocks: 512 and 256 bytes whose fields the VESA BIOS Extension 3.0 standard
 * defines.
 */
typedef struct seL4_VBEInfoBlock {
    char signature[4];
    seL4_Uint16 version;
    seL4_Uint32 oemStringPtr;
    seL4_Uint32 capabilities;
    seL4_Uint32 modeListPtr;
    seL4_Uint16 totalMemory;
    seL4_Uint16 oemSoftwareRev;
    seL4_Uint32 oemVendorNamePtr;
    seL4_Uint32 oemProductNamePtr;
    seL4_Uint32 oemProductRevPtr;
    seL4_Uint8 reserved[222];
    seL4_Uint8 oemData[256];
} SEL4_PACKED seL4_VBEInfoBlock_t;

typedef struct seL4_VBEModeInfoBlock {
    seL4_Uint8 bytes[256];
} SEL4_PACKED seL4_VBEModeInfoBlock_t;

typedef struct seL4_X86_BootInfo_VBE {
    seL4_BootInfoHeader header;
    seL4_VBEInfoBlock_t vbeInfoBlock;
    seL4_VBEModeInfoBlock_t vbeModeInfoBlock;
    seL4_Uint32 vbeMode;
    seL4_Uint32 vbeInterfaceSeg;
    seL4_Uint32 vbeInterfaceOff;
    seL4_Uint32 vbeInterfaceLen;
} SEL4_PACKED seL4_X86_BootInfo_VBE;

CMK_STATIC_ASSERT(sizeof(seL4_X86_mb_mmap_t) == 24, "memory map entry");
CMK_STATIC_ASSERT(sizeof(seL4_X86_BootInfo_mmap_t) == 1220, "memory map chunk");
CMK_STATIC_ASSERT(sizeof(seL4_X86_BootInfo_fb_t) + sizeof(seL4_BootInfoHeader) == 38,
                  "frame buffer chunk");
CMK_STATIC_ASSERT(sizeof(seL4_VBEInfoBlock_t) == 512 && sizeof(seL4_VBEModeInfoBlock_t) == 256,
                  "VBE blocks");
CMK_STATIC_ASSERT(sizeof(seL4_X86_BootInfo_VBE) == 800, "VBE chunk");

CMK_END_C

#endif
