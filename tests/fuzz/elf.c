/*
 * User images: any bytes are a file. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -DHOST_BUILD -DCMK_DEBUG -Iinclude -fsanitize=address,undefined -fno-sanitize-recover=all \
 *       -Wall -Wextra -Werror tests/fuzz/elf.c tests/fuzz/replay.c boot/plan/elf.c -o build/fuzz/elf
 *   build/fuzz/elf tests/fuzz/corpus/elf
 *
 * For a search: clang, -fsanitize=fuzzer,address,undefined, and no replay.c.
 */
#include "fuzz.h"
#include <boot/plan/elf.h>

enum { LARGEST_LOADED = 1 << 20 };

static void check_image(const struct elf_image *image, size_t size)
{
    must(image->start < image->end && image->end <= 0x7ffffffff000 - (ELF_PAGES_BEHIND << 12), "bad span");
    must(image->start % 4096 == 0 && image->end % 4096 == 0, "span is not whole pages");
    must(image->entry >= image->start && image->entry < image->end, "entry outside");
    must(image->segment_count >= 1 && image->segment_count <= ELF_MAX_SEGMENTS, "segment count");
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *segment = &image->segment[i];
        must(segment->vaddr >= image->start && segment->memory_bytes <= image->end - segment->vaddr, "segment outside");
        must(segment->file_bytes <= segment->memory_bytes, "segment too long");
        must(segment->file_bytes == 0 ||
                 (segment->file_offset <= size && segment->file_bytes <= size - segment->file_offset),
             "beyond the file");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_image image;
    bool any_writable, any_executable;
    if (elf_check(data, size, &image) != NULL) {
        return 0;
    }
    check_image(&image, size);
    elf_page_permissions(&image, image.entry & ~4095ull, &any_writable, &any_executable);
    if (image.end - image.start <= LARGEST_LOADED) {
        uint8_t *memory = malloc(image.end - image.start);
        must(memory != NULL, "out of memory");
        elf_load(data, &image, memory);
        free(memory);
    }
    return 0;
}
