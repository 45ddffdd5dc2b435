/*
 * seL4_BootInfo as the kernel writes it (contract 9.7). libsel4 has the same structure under seL4's
 * names.
 */
#ifndef API_BOOT_INFO_H
#define API_BOOT_INFO_H

#include <api/limits.h>
#include <stddef.h>
#include <stdint.h>

struct slot_region {
    uint64_t start, end; /* [start, end) */
};

struct boot_info_untyped {
    uint64_t paddr;
    uint8_t size_bits;
    uint8_t is_device;
    uint8_t padding[6];
};

struct boot_info {
    uint64_t extra_bytes; /* of all extra chunks together */
    uint64_t node_id;     /* always 0, as seL4 means it */
    uint64_t node_count;  /* CPUs of this node */
    uint64_t io_page_table_levels;
    uint64_t ipc_buffer;
    struct slot_region empty, shared_frames, image_frames, image_paging, io_space_capabilities,
        extra_pages;
    uint64_t cnode_size_bits;
    uint64_t domain;
    struct slot_region untyped;
    struct boot_info_untyped untyped_list[ABI_BOOT_INFO_UNTYPEDS];
};
_Static_assert(sizeof(struct boot_info) == ABI_BOOT_INFO_SIZE, "contract 9.7");
_Static_assert(offsetof(struct boot_info, untyped_list) == 168, "contract 9.7");

/*
 * Extra chunks: identifier and length (header included), then the payload; no padding in between
 * (contract 9.8).
 */
enum {
    BOOT_INFO_X86_VBE = 1,
    BOOT_INFO_X86_MMAP = 2,
    BOOT_INFO_X86_RSDP = 3,
    BOOT_INFO_X86_FRAMEBUFFER = 4,
    BOOT_INFO_X86_TSC_FREQUENCY = 5
};

struct boot_info_chunk {
    uint64_t id, bytes;
};

#endif
