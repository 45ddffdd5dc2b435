/* <cmk/resources.h>: slots and objects. */
#include "runtime.h"

#include <cmk/resources.h>

#define MAX_FREE_SLOTS 256

/* Slots not yet handed out, [next_slot, end_slot), and some that came back. */
static seL4_CPtr next_slot;
static seL4_CPtr end_slot;
static seL4_CPtr free_slots[MAX_FREE_SLOTS];
static seL4_Word free_slot_count;

/*
 * Bytes used at the start of each boot untyped, which is what the kernel's watermark says as long
 * as only we retype it.
 */
static seL4_Word used[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS];

static void find_slots(void)
{
    if (end_slot == 0) {
        next_slot = seL4_GetBootInfo()->empty.start;
        end_slot = seL4_GetBootInfo()->empty.end;
    }
}

seL4_CPtr cmk_alloc_slots(seL4_Word count)
{
    find_slots();
    if (count > end_slot - next_slot) {
        return 0;
    }
    next_slot += count;
    return next_slot - count;
}

seL4_CPtr cmk_alloc_slot(void)
{
    return free_slot_count > 0 ? free_slots[--free_slot_count] : cmk_alloc_slots(1);
}

/* Beyond MAX_FREE_SLOTS a slot is simply not used again. */
void cmk_free_slot(seL4_CPtr slot)
{
    if (free_slot_count < MAX_FREE_SLOTS) {
        free_slots[free_slot_count++] = slot;
    }
}

/* log2 of an object's bytes; 0 for a type that does not exist. */
static seL4_Word object_bits(seL4_Word type, seL4_Word size_bits)
{
    switch (type) {
#define OBJECT(api_name, number, name, bits, device)                                               \
    case number:                                                                                   \
        return (bits) + (type == seL4_UntypedObject || type == seL4_CapTableObject ? size_bits : 0);
#define TARGET_OBJECT OBJECT
#include <api/objects.def>
#undef OBJECT
#undef TARGET_OBJECT
    default:
        return 0;
    }
}

/* Where the next object of 2^bits bytes would lie in boot untyped i. */
static seL4_Word next_offset(int i, seL4_Word bits)
{
    return (used[i] + LIBSEL4_BIT(bits) - 1) & ~(LIBSEL4_BIT(bits) - 1);
}

seL4_Word resources_room(seL4_Word bits)
{
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    seL4_Word objects = 0;
    for (int i = 0; i < (int)(boot_info->untyped.end - boot_info->untyped.start); i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        seL4_Word offset = next_offset(i, bits);
        if (!untyped->isDevice && offset < LIBSEL4_BIT(untyped->sizeBits)) {
            objects += (LIBSEL4_BIT(untyped->sizeBits) - offset) >> bits;
        }
    }
    return objects;
}

seL4_Word resources_slots(void)
{
    find_slots();
    return end_slot - next_slot + free_slot_count;
}

/*
 * The smallest boot untyped with room for one more object, so that large ones stay whole; -1 if
 * there is none.
 */
static int find_untyped(const seL4_BootInfo *boot_info, seL4_Word bits)
{
    int best = -1;
    for (int i = 0; i < (int)(boot_info->untyped.end - boot_info->untyped.start); i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        if (untyped->isDevice || untyped->sizeBits < bits) {
            continue;
        }
        seL4_Word start = next_offset(i, bits);
        bool fits = start <= LIBSEL4_BIT(untyped->sizeBits) - LIBSEL4_BIT(bits);
        if (fits && (best < 0 || untyped->sizeBits < boot_info->untypedList[best].sizeBits)) {
            best = i;
        }
    }
    return best;
}

static seL4_Error retype_one(seL4_Word type, seL4_Word size_bits, seL4_CPtr slot)
{
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    seL4_Word bits = object_bits(type, size_bits);
    if (bits == 0 || bits > seL4_MaxUntypedBits) {
        return seL4_InvalidArgument;
    }
    for (;;) { /* ends: each round either returns or uses up one untyped */
        int i = find_untyped(boot_info, bits);
        if (i < 0) {
            return seL4_NotEnoughMemory;
        }
        seL4_Error error = seL4_Untyped_Retype(boot_info->untyped.start + (seL4_Word)i, type,
                                               size_bits, seL4_CapInitThreadCNode, 0, 0, slot, 1);
        if (error == seL4_NoError) {
            used[i] = next_offset(i, bits) + LIBSEL4_BIT(bits);
            return error;
        }
        if (error != seL4_NotEnoughMemory) {
            return error;
        }
        /* somebody else retyped it too */
        used[i] = LIBSEL4_BIT(boot_info->untypedList[i].sizeBits);
    }
}

seL4_Error cmk_retype(seL4_Word type, seL4_Word size_bits, seL4_Word count, seL4_CPtr first_slot)
{
    for (seL4_Word i = 0; i < count; i++) {
        seL4_Error error = retype_one(type, size_bits, first_slot + i);
        if (error != seL4_NoError) {
            return error;
        }
    }
    return seL4_NoError;
}

seL4_CPtr cmk_alloc_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr slot = cmk_alloc_slot();
    if (slot != 0 && cmk_retype(type, size_bits, 1, slot) != seL4_NoError) {
        cmk_free_slot(slot);
        return 0;
    }
    return slot;
}
