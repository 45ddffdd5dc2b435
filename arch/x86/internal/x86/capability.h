/*
 * The capabilities only x86-64 has: frames, paging structures, ASID pools, I/O ports.
 * Same rules as kernel/capability.h: only these accessors know the layout.
 */
#ifndef X86_CAPABILITY_H
#define X86_CAPABILITY_H

#include <kernel/capability.h>

/* A type that is not in the enum is the portable kernel's. */
static inline enum target_capability_type target_capability_type(struct capability c)
{
    return (enum target_capability_type)(c.word[0] & 31);
}

/*
 * Mapping word of frames and paging structures: 47..12 virtual address, 11..0 ASID. ASID 0 says
 * "not mapped"; it is never given out.
 */
static inline word_t mapping_capability_asid(struct capability c)
{
    return c.word[1] & MASK(12);
}

static inline vaddr_t mapping_capability_vaddr(struct capability c)
{
    return ALIGN_DOWN(c.word[1], 12);
}

static inline bool mapping_capability_is_mapped(struct capability c)
{
    return mapping_capability_asid(c) != 0;
}

static inline bool mapping_capability_has_mapping(struct capability c, word_t asid, vaddr_t vaddr)
{
    return c.word[1] == (vaddr | asid);
}

static inline struct capability mapping_capability_with_mapping(struct capability c, word_t asid,
                                                                vaddr_t vaddr)
{
    c.word[1] = vaddr | asid;
    return c;
}

/* --- frame: the object is a physical address --- */

/* Where a frame's small fields lie, and how many bits those have that are more than one. */
enum {
    FRAME_SIZE_AT = 5,
    FRAME_SIZE_BITS = 2,
    FRAME_RIGHTS_AT = 7,
    FRAME_RIGHTS_BITS = 2,
    FRAME_DEVICE_AT = 9,
    FRAME_SHARED_AT = 10
};

enum frame_size { FRAME_SMALL, FRAME_LARGE, FRAME_HUGE }; /* 4 KiB, 2 MiB, 1 GiB */

/*
 * What a frame capability allows; the numbers are bits of RIGHT_WRITE and RIGHT_READ. 0 and W only:
 * kernel only.
 */
static inline struct capability frame_capability(paddr_t base, enum frame_size size, word_t rights,
                                                 bool device)
{
    struct capability c = capability_make(CAP_FRAME, base, 0);
    c = capability_with_small(c, FRAME_SIZE_AT, FRAME_SIZE_BITS, size);
    c = capability_with_small(c, FRAME_RIGHTS_AT, FRAME_RIGHTS_BITS, rights);
    return capability_with_small(c, FRAME_DEVICE_AT, 1, device);
}

static inline paddr_t frame_capability_base(struct capability c)
{
    return capability_object(c);
}

static inline enum frame_size frame_capability_size(struct capability c)
{
    return (enum frame_size)capability_small(c, FRAME_SIZE_AT, FRAME_SIZE_BITS);
}

static inline bool frame_capability_is_small(struct capability c)
{
    struct capability all =
        capability_with_small(capability_null(), FRAME_SIZE_AT, FRAME_SIZE_BITS, MASK(2));
    return (c.word[0] & all.word[0]) == FRAME_SMALL;
}

static inline unsigned frame_size_bits(enum frame_size size)
{
    return size == FRAME_SMALL   ? ABI_PAGE_BITS
           : size == FRAME_LARGE ? ABI_LARGE_PAGE_BITS
                                 : ABI_HUGE_PAGE_BITS;
}

/* RIGHT_READ | RIGHT_WRITE, RIGHT_READ, or 0 (kernel only). */
static inline word_t frame_capability_rights(struct capability c)
{
    return capability_small(c, FRAME_RIGHTS_AT, FRAME_RIGHTS_BITS);
}

static inline struct capability frame_capability_with_rights(struct capability c, word_t rights)
{
    return capability_with_small(c, FRAME_RIGHTS_AT, FRAME_RIGHTS_BITS, rights);
}

/*
 * Device frames cannot be IPC buffers. The frames of shared regions and status pages are device
 * frames too.
 */
static inline bool frame_capability_is_device(struct capability c)
{
    return capability_small(c, FRAME_DEVICE_AT, 1);
}

/* True if `c` is a frame, not a device's, that allows at least `rights`: all in one comparison. */
static inline bool capability_is_plain_frame(struct capability c, word_t rights)
{
    word_t wanted = capability_with_small(capability_make(CAP_FRAME, 0, 0), FRAME_RIGHTS_AT,
                                          FRAME_RIGHTS_BITS, rights)
                        .word[0];
    word_t fields = wanted | MASK(CAPABILITY_TYPE_BITS) | BIT(FRAME_DEVICE_AT);
    return (c.word[0] & fields) == wanted;
}

/*
 * Frames that several nodes may map (shared and channel regions, status pages) are write-back
 * whatever a user asks for.
 */
static inline bool frame_capability_is_shared(struct capability c)
{
    return capability_small(c, FRAME_SHARED_AT, 1);
}

static inline struct capability shared_frame_capability(paddr_t base, enum frame_size size,
                                                        word_t rights)
{
    return capability_with_small(frame_capability(base, size, rights, true), FRAME_SHARED_AT, 1,
                                 true);
}

/*
 * --- page table, page directory, PDPT, PML4: the object is the structure's kernel virtual address
 * ---
 */

static inline struct capability paging_capability(enum target_capability_type type,
                                                  const void *structure)
{
    return capability_make(type, (word_t)structure, 0);
}

static inline word_t *paging_capability_entries(struct capability c)
{
    return (word_t *)capability_object(c);
}

/* --- ASID pool: word 1 is the pool's first ASID --- */

static inline struct capability asid_pool_capability(const struct asid_pool *pool,
                                                     word_t first_asid)
{
    return capability_make(CAP_ASID_POOL, (word_t)pool, first_asid);
}

static inline struct asid_pool *capability_asid_pool(struct capability c)
{
    return (struct asid_pool *)capability_object(c);
}

static inline word_t asid_pool_capability_first(struct capability c)
{
    return c.word[1];
}

/* --- I/O ports: word 1 is last << 16 | first; both included --- */

static inline struct capability io_port_capability(word_t first, word_t last)
{
    return capability_make(CAP_IO_PORT, 0, last << 16 | first);
}

static inline word_t io_port_capability_first(struct capability c)
{
    return c.word[1] & 0xffff;
}

static inline word_t io_port_capability_last(struct capability c)
{
    return c.word[1] >> 16;
}

#endif
