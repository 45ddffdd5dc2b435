/* The initial thread's untypeds: device memory first, then RAM, each ascending (contract 9.9). */
#include <node/node_builder.h>
#include <kernel/slot.h>

/*
 * The kernel window of seL4 is aligned to 2^39, and its pieces are cut by the alignment of window
 * addresses.
 */
#define CUT_ORIGIN BIT(39)

static unsigned trailing_zeros(word_t value)
{
    unsigned bits = 0;
    while (bits < WORD_BITS - 1 && !(value >> bits & 1)) {
        bits++;
    }
    return bits;
}

/* The largest power of two that fits at `start`, by length and alignment. */
static unsigned piece_bits(paddr_t start, uint64_t length)
{
    unsigned bits = MIN(trailing_zeros(start - CUT_ORIGIN), (unsigned)ABI_MAX_UNTYPED_BITS);
    while (BIT(bits) > length) {
        bits--;
    }
    return bits;
}

/*
 * Boot untypeds start full and without children, so that the first retype clears the memory
 * (contract 7.7).
 */
static void provide_range(struct node_builder *b, struct range range, bool device)
{
    while (range.end - range.start >= BIT(ABI_MIN_UNTYPED_BITS)) {
        unsigned bits = piece_bits(range.start, range.end - range.start);
        uint64_t count = b->info->untyped.end - b->info->untyped.start;
        if (bits >= ABI_MIN_UNTYPED_BITS && count < ABI_BOOT_INFO_UNTYPEDS) {
            b->info->untyped_list[count] =
                (struct boot_info_untyped){range.start, (uint8_t)bits, device, {0}};
            provide(b, untyped_capability(range.start, bits, device, BIT(bits)));
            b->info->untyped.end = b->next_slot;
        }
        range.start += BIT(bits);
    }
}

static void provide_device_range(void *context, struct range range)
{
    provide_range(context, range, true);
}

void provide_untypeds(struct node_builder *b)
{
    b->info->untyped = (struct slot_region){b->next_slot, b->next_slot};
    device_ranges(&global_state.facts, &global_state.cluster, b->node, provide_device_range, b);
    for (uint32_t i = 0; i < b->allocator->free.count; i++) {
        provide_range(b, b->allocator->free.range[i], false);
    }
}
