/* The initial thread's untypeds: device memory first, then RAM, each ascending (contract 9.9). */
#include <kernel/slot.h>
#include <kernel/string.h>
#include <node/node_builder.h>

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

/* Takes the first piece from `range`; what is left at its end is too small for an untyped. */
static bool next_piece(struct range *range, struct range *piece)
{
    if (range->end - range->start < BIT(ABI_MIN_UNTYPED_BITS)) {
        return false;
    }
    uint64_t bytes = BIT(piece_bits(range->start, range->end - range->start));
    *piece = (struct range){range->start, range->start + bytes};
    range->start += bytes;
    return true;
}

/* What becomes untypeds: ascending, disjoint. */
struct supply {
    const struct range *range;
    uint32_t count;
    bool device;
    unsigned least_bits; /* smaller pieces get no untyped */
};

static uint64_t count_pieces(const struct supply *supply)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < supply->count; i++) {
        struct range range = supply->range[i], piece;
        while (next_piece(&range, &piece)) {
            count += range_bytes(piece) >= BIT(supply->least_bits);
        }
    }
    return count;
}

/*
 * Boot untypeds start full and without children, so that the first retype clears the memory
 * (contract 7.7).
 */
static void provide_pieces(struct node_builder *b, const struct supply *supply)
{
    for (uint32_t i = 0; i < supply->count; i++) {
        struct range range = supply->range[i], piece;
        while (next_piece(&range, &piece)) {
            unsigned bits = trailing_zeros(range_bytes(piece));
            if (bits < supply->least_bits) {
                continue;
            }
            struct boot_info_untyped *entry =
                &b->info->untyped_list[b->next_slot - b->info->untyped.start];
            *entry = (struct boot_info_untyped){piece.start, (uint8_t)bits, supply->device, {0}};
            provide(b, untyped_capability(piece.start, bits, supply->device, BIT(bits)));
        }
    }
}

/* At most `most` untypeds: the largest pieces. Returns how many there are. */
static uint64_t limit_pieces(struct supply *supply, uint64_t most)
{
    uint64_t count;
    supply->least_bits = ABI_MIN_UNTYPED_BITS;
    while ((count = count_pieces(supply)) > most) {
        supply->least_bits++;
    }
    return count;
}

/*
 * Boot info has a limited number of entries. Where they are too few, RAM comes before devices, and
 * what gets none is not used.
 */
void provide_untypeds(struct node_builder *b)
{
    struct supply devices = {b->plan->device, b->plan->device_count, true, 0};
    if (b->plan->all_devices) {
        devices.range = global_state.device;
        devices.count = global_state.device_count;
    }
    struct supply ram = {b->allocator->free.range, b->allocator->free.count, false, 0};
    uint64_t ram_count = limit_pieces(&ram, ABI_BOOT_INFO_UNTYPEDS);
    limit_pieces(&devices, ABI_BOOT_INFO_UNTYPEDS - ram_count);

    b->info->untyped.start = b->next_slot;
    provide_pieces(b, &devices);
    provide_pieces(b, &ram);
    b->info->untyped.end = b->next_slot;
}
