/*
 * Invocations, objects out of untypeds, and mapping: what an allocator library does for a root
 * server.
 */
#include "server.h"

const struct boot_info *boot_info;

static volatile word_t
    /* word 0 tag, 1..120 message, 121 user data, 122..124 capabilities (contract 2.3) */
    *ipc_buffer;
static word_t next_slot;

enum { BUFFER_MESSAGE = 1, BUFFER_CAPS = 122, REGISTER_WORDS = 4 };

void use_ipc_buffer(word_t address)
{
    ipc_buffer = (volatile word_t *)address;
}

struct answer invoke(word_t cap, enum label label, const word_t *caps, unsigned cap_count,
                     const word_t *words, unsigned word_count)
{
    struct message message = {.badge = cap, .info = make_info(label, cap_count, word_count)};
    for (unsigned i = 0; i < cap_count; i++) {
        ipc_buffer[BUFFER_CAPS + i] = caps[i];
    }
    for (unsigned i = 0; i < word_count; i++) {
        if (i < REGISTER_WORDS) {
            message.mr[i] = words[i];
        } else {
            ipc_buffer[BUFFER_MESSAGE + i] = words[i];
        }
    }
    trap(CALL, &message);
    return (struct answer){label_of(message.info),
                           length_of(message.info),
                           {message.mr[0], message.mr[1], message.mr[2], message.mr[3]}};
}

word_t new_slot(void)
{
    if (next_slot == 0) {
        next_slot = boot_info->empty.start;
    }
    return next_slot < boot_info->empty.end ? next_slot++ : 0;
}

/*
 * Retype into consecutive slots of the own CNode; the first must be the next to come from
 * new_slot().
 */
static word_t retype(word_t untyped, enum object_type type, word_t size_bits, word_t slot,
                     word_t count)
{
    return invoke(untyped, RETYPE, CAPS(OWN_CNODE), WORDS(type, size_bits, 0, 0, slot, count))
        .error;
}

word_t new_object(enum object_type type, word_t size_bits)
{
    word_t slot = new_slot();
    /* From the last to the first: small rests come early in the list. */
    for (word_t i = boot_info->untyped.end - boot_info->untyped.start; i-- > 0;) {
        if (!boot_info->untyped_list[i].is_device &&
            retype(boot_info->untyped.start + i, type, size_bits, slot, 1) == NO_ERROR) {
            return slot;
        }
    }
    return 0;
}

/* --- device memory: a tree of halves --- */

enum { PAGE_BITS = 12, MAX_HALVES = 4096 };

static struct half {
    word_t paddr, slot;
    word_t frame; /* of a single page: its frame, once there is one */
    uint8_t bits;
    uint16_t children; /* index of the lower half, the upper one follows; 0: not cut yet */
} halves[MAX_HALVES];
static unsigned half_count = 1; /* 0 means none */

static unsigned root_of[230];

static unsigned root_half(unsigned i)
{
    if (root_of[i] == 0) {
        const struct untyped_description *untyped = &boot_info->untyped_list[i];
        halves[half_count] =
            (struct half){untyped->paddr, boot_info->untyped.start + i, 0, untyped->size_bits, 0};
        root_of[i] = half_count++;
    }
    return root_of[i];
}

static bool cut(struct half *half)
{
    word_t lower = new_slot(), upper = new_slot();
    uint8_t bits = half->bits - 1;
    if (half_count + 2 > MAX_HALVES || upper != lower + 1 ||
        retype(half->slot, UNTYPED, bits, lower, 2) != NO_ERROR) {
        return false;
    }
    half->children = (uint16_t)half_count;
    halves[half_count++] = (struct half){half->paddr, lower, 0, bits, 0};
    halves[half_count++] = (struct half){half->paddr + (1ull << bits), upper, 0, bits, 0};
    return true;
}

/* The page's frame; from the second time on a copy, which has a mapping of its own. */
static word_t frame_of(struct half *page)
{
    word_t slot = new_slot();
    if (page->frame != 0) {
        return invoke(OWN_CNODE, COPY, CAPS(OWN_CNODE),
                      WORDS(slot, DEPTH, page->frame, DEPTH, ALL_RIGHTS))
                           .error == NO_ERROR
                   ? slot
                   : 0;
    }
    page->frame = retype(page->slot, PAGE_4K, 0, slot, 1) == NO_ERROR ? slot : 0;
    return page->frame;
}

word_t device_frame(word_t paddr)
{
    for (unsigned i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        const struct untyped_description *untyped = &boot_info->untyped_list[i];
        if (!untyped->is_device || paddr < untyped->paddr ||
            paddr - untyped->paddr >= 1ull << untyped->size_bits) {
            continue;
        }
        struct half *half = &halves[root_half(i)];
        while (half->bits > PAGE_BITS) {
            if (half->children == 0 && !cut(half)) {
                return 0;
            }
            unsigned upper = paddr >= halves[half->children + 1].paddr;
            half = &halves[half->children + upper];
        }
        return frame_of(half);
    }
    return 0;
}

/* --- mapping --- */

/* Which table a failed lookup asks for, by its bits (contract 4.9). */
static bool map_missing_table(word_t vspace, word_t bits_left, word_t vaddr)
{
    enum object_type type = bits_left == 39 ? PDPT : bits_left == 30 ? PAGE_DIRECTORY : PAGE_TABLE;
    enum label map = bits_left == 39   ? PDPT_MAP
                     : bits_left == 30 ? PAGE_DIRECTORY_MAP
                                       : PAGE_TABLE_MAP;
    word_t table = new_object(type, 0);
    return table != 0 && invoke(table, map, CAPS(vspace), WORDS(vaddr, CACHED)).error == NO_ERROR;
}

bool map_frame(word_t vspace, word_t frame, word_t vaddr, word_t attributes)
{
    for (unsigned tries = 0; tries < 4; tries++) {
        struct answer answer =
            invoke(frame, PAGE_MAP, CAPS(vspace), WORDS(vaddr, READ_WRITE, attributes));
        if (answer.error == NO_ERROR) {
            return true;
        }
        /* wasSrc 0, MissingCapability, bits left. */
        if (answer.error != FAILED_LOOKUP || answer.length != 3 || answer.mr[0] != 0 ||
            answer.mr[1] != 2 || !map_missing_table(vspace, answer.mr[2], vaddr)) {
            return false;
        }
    }
    return false;
}

volatile uint8_t *map_device(word_t paddr, word_t bytes)
{
    static word_t next_vaddr = 0x10000000000;
    word_t offset = paddr & 0xfff, vaddr = next_vaddr;
    for (word_t at = paddr - offset; at < paddr + bytes; at += 0x1000, next_vaddr += 0x1000) {
        word_t frame = device_frame(at);
        if (frame == 0 || !map_frame(OWN_VSPACE, frame, next_vaddr, UNCACHED)) {
            return NULL;
        }
    }
    return (volatile uint8_t *)(vaddr + offset);
}

const struct chunk *find_chunk(enum chunk_id id)
{
    word_t at = (word_t)boot_info + 0x1000, last = at + boot_info->extra_length;
    while (at < last) {
        const struct chunk *chunk = (const struct chunk *)at;
        if (chunk->id == (word_t)id) {
            return chunk;
        }
        at += chunk->length;
    }
    return NULL;
}
