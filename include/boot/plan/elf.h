/*
 * User images: ELF64, checked as a whole (contract 9.3). Plain C; `data` is never read outside [0,
 * size).
 */
#ifndef BOOT_PLAN_ELF_H
#define BOOT_PLAN_ELF_H

#include <kernel/types.h>

enum {
    ELF_MAX_SEGMENTS = 64,
    /*
     * Behind the image in the user half: IPC buffer, boot info, and boot info's extra chunks
     * (contract 9.4).
     */
    ELF_PAGES_BEHIND = 6
};

struct elf_segment {
    uint64_t file_offset, file_bytes;
    vaddr_t vaddr;
    uint64_t memory_bytes;
    bool writable, executable;
};

struct elf_image {
    vaddr_t start, end; /* page-aligned span of all segments with memory */
    vaddr_t entry;
    uint32_t segment_count;
    struct elf_segment segment[ELF_MAX_SEGMENTS]; /* those with memory, in table order */
};

/*
 * Null if the image is good, and *image describes it; else one clear phrase saying what is wrong.
 */
const char *elf_check(const uint8_t *data, uint64_t size, struct elf_image *image);

/* Union of the permissions of the segments that touch the page at `page`: what its mapping gets. */
void elf_page_permissions(const struct elf_image *image, vaddr_t page, bool *writable,
                          bool *executable);

/*
 * Copies the segments, in table order, to `destination`, which stands for image->start, after
 * clearing the whole span.
 */
void elf_load(const uint8_t *data, const struct elf_image *image, uint8_t *destination);

#endif
