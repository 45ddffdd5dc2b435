/* Questions that the record answers. */
#include <cluster/record.h>

const uint16_t console_ports[CONSOLES] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

void image_page_permissions(const struct image_segments *image, vaddr_t page, bool *writable,
                            bool *executable)
{
    *writable = false;
    *executable = false;
    for (uint32_t i = 0; i < image->count; i++) {
        const struct image_segment *segment = &image->segment[i];
        if (segment->start < page + BIT(ABI_PAGE_BITS) && page < segment->end) {
            *writable |= segment->writable;
            *executable |= segment->executable;
        }
    }
}
