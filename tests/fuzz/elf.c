/*
 * User images: any bytes are a file. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined \
 *       -fno-sanitize-recover=all -Wall -Wextra -Werror tests/fuzz/elf.c tests/fuzz/replay.c \
 *       boot/plan/elf.c cluster/cluster.c -o build/fuzz/elf
 *   build/fuzz/elf tests/fuzz/corpus/elf
 *
 * For a search: clang, -fsanitize=fuzzer,address,undefined, and no replay.c.
 */
#include "fuzz.h"
#include <boot/plan/elf.h>

enum { LARGEST_LOADED = 1 << 20 };

static void check_image(const struct elf_image *image, size_t size)
{
    must(image->start < image->end && image->end <= 0x7ffffffff000 - (ELF_PAGES_ABOVE << 12),
         "bad span");
    must(image->start % 4096 == 0 && image->end % 4096 == 0, "span is not whole pages");
    must(image->entry >= image->start && image->entry < image->end, "entry outside");
    must(image->segments.count >= 1 && image->segments.count <= MAX_IMAGE_SEGMENTS,
         "segment count");
    for (uint32_t i = 0; i < image->segments.count; i++) {
        const struct image_segment *segment = &image->segments.segment[i];
        uint64_t offset = image->file_offset[i], bytes = image->file_bytes[i];
        must(segment->start >= image->start && segment->start < segment->end, "segment outside");
        must(segment->end <= image->end, "segment outside");
        must(bytes <= segment->end - segment->start, "segment too long");
        must(bytes == 0 || (offset <= size && bytes <= size - offset), "beyond the file");
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
    image_page_permissions(&image.segments, image.entry & ~4095ull, &any_writable, &any_executable);
    if (image.end - image.start <= LARGEST_LOADED) {
        uint8_t *memory = malloc(image.end - image.start);
        must(memory != NULL, "out of memory");
        elf_load(data, &image, memory);
        free(memory);
    }
    return 0;
}
