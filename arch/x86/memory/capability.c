/*
 * What the portable kernel asks about x86's capabilities, and may ask from anywhere: nothing here
 * changes anything.
 */
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/vspace.h>
#include <kernel/assert.h>

struct capability arch_create_object(enum target_object_type type, paddr_t base, bool device)
{
    switch (type) {
    case OBJECT_SMALL_PAGE:
        return frame_capability(base, FRAME_SMALL, RIGHT_READ | RIGHT_WRITE, device);
    case OBJECT_LARGE_PAGE:
        return frame_capability(base, FRAME_LARGE, RIGHT_READ | RIGHT_WRITE, device);
    case OBJECT_HUGE_PAGE:
        return frame_capability(base, FRAME_HUGE, RIGHT_READ | RIGHT_WRITE, device);
    case OBJECT_PAGE_TABLE:
        return paging_capability(CAP_PAGE_TABLE, window(base));
    case OBJECT_PAGE_DIRECTORY:
        return paging_capability(CAP_PAGE_DIRECTORY, window(base));
    case OBJECT_PDPT:
        return paging_capability(CAP_PDPT, window(base));
    case OBJECT_PML4:
        return paging_capability(CAP_PML4, window(base)); /* usable once it has an ASID */
    }
    unreachable();
}

bool arch_derive(struct capability c, struct capability *derived, struct answer *answer)
{
    switch (target_capability_type(c)) {
    case CAP_FRAME:
        *derived = mapping_capability_with_mapping(c, 0, 0);
        return true;
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4: /* "mapped" means for a PML4 that it has an ASID */
        if (!mapping_capability_is_mapped(c)) {
            return as_false(refuse(answer, ERROR_ILLEGAL_OPERATION));
        }
        *derived = c;
        return true;
    case CAP_ASID_CONTROL:
    case CAP_ASID_POOL:
    case CAP_IO_PORT:
        *derived = c;
        return true;
    case CAP_IO_PORT_CONTROL:
        *derived = capability_null();
        return true;
    }
    unreachable();
}

struct capability arch_mask_rights(struct capability c, word_t rights)
{
    if (target_capability_type(c) != CAP_FRAME) {
        return c;
    }
    return frame_capability_with_rights(c, frame_rights_masked(frame_capability_rights(c), rights));
}

static bool is_frame_inside(struct capability outer, struct capability inner)
{
    paddr_t base = frame_capability_base(outer);
    word_t bytes = BIT(frame_size_bits(frame_capability_size(outer)));
    word_t inner_bytes = BIT(frame_size_bits(frame_capability_size(inner)));
    word_t offset = frame_capability_base(inner) - base; /* huge if `inner` lies below */
    return offset < bytes && inner_bytes <= bytes - offset;
}

bool arch_same_object(struct capability a, struct capability b)
{
    if (capability_type(a) != capability_type(b)) {
        return false;
    }
    switch (target_capability_type(a)) {
    case CAP_FRAME:
        return frame_capability_base(a) == frame_capability_base(b) &&
               frame_capability_size(a) == frame_capability_size(b);
    case CAP_IO_PORT:
        return io_port_capability_first(a) == io_port_capability_first(b) &&
               io_port_capability_last(a) == io_port_capability_last(b);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_ASID_POOL:
    case CAP_ASID_CONTROL: /* the two controls have no object: all are equal */
    case CAP_IO_PORT_CONTROL:
        break;
    }
    return capability_object(a) == capability_object(b);
}

bool arch_same_region(struct capability outer, struct capability inner)
{
    if (target_capability_type(outer) == CAP_FRAME && target_capability_type(inner) == CAP_FRAME) {
        return is_frame_inside(outer, inner);
    }
    if (target_capability_type(outer) == CAP_IO_PORT_CONTROL &&
        target_capability_type(inner) == CAP_IO_PORT) {
        return true;
    }
    return arch_same_object(outer, inner);
}

bool arch_object_range(struct capability c, paddr_t *base, word_t *size_bits)
{
    switch (target_capability_type(c)) {
    case CAP_FRAME:
        *base = frame_capability_base(c);
        *size_bits = frame_size_bits(frame_capability_size(c));
        return true;
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
        *base = window_to_physical(paging_capability_entries(c));
        *size_bits = ABI_PAGING_STRUCTURE_BITS;
        return true;
    case CAP_ASID_POOL:
        *base = window_to_physical(capability_asid_pool(c));
        *size_bits = ABI_ASID_POOL_BITS;
        return true;
    case CAP_ASID_CONTROL:
    case CAP_IO_PORT:
    case CAP_IO_PORT_CONTROL:
        break;
    }
    return false;
}
