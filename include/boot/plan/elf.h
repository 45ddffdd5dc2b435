/*
 * User images: ELF64, checked as a whole (contract 9.3). Plain C; reads `size` bytes from `data` at
 * most.
 */
#ifndef BOOT_PLAN_ELF_H
#define BOOT_PLAN_ELF_H

#include <cluster/record.h>

enum {
    /*
     * Above the image in the user half: IPC buffer, boot info, and boot info's extra chunks
     * (contract 9.4).
     */
    ELF_PAGES_ABOVE = 6
};

/* What is loaded ends here at the latest. The last page of the user half can never be mapped. */
#define ELF_IMAGE_END (ABI_USER_TOP + 1 - ((1ull + ELF_PAGES_ABOVE) << ABI_PAGE_BITS))

struct elf_image {
    vaddr_t start, end; /* page-aligned span of all segments with memory */
    vaddr_t entry;
    struct image_segments segments;
    /* Of each segment: where its bytes are in the file. The rest of its memory is zero. */
    uint64_t file_offset[MAX_IMAGE_SEGMENTS], file_bytes[MAX_IMAGE_SEGMENTS];
};

/*
 * Null if the image is good, and *image describes it; else one clear phrase saying what is wrong.
 */
const char *elf_check(const uint8_t *data, uint64_t size, struct elf_image *image);

/*
 * Copies the segments, in table order, to `destination`, which stands for image->start, after
 * clearing the whole span.
 */
void elf_load(const uint8_t *data, const struct elf_image *image, uint8_t *destination);

#endif
