/*
 * What Map of a frame does, in the parts that its ordinary path (arch/x86/methods/frame.c) and its
 * fast path (arch/x86/calls/fast_frame.c) have in common. Everything here needs the lock.
 */
#ifndef X86_FRAME_MAPPING_H
#define X86_FRAME_MAPPING_H

#include <x86/features.h>
#include <x86/shoot_down.h>
#include <x86/vspace.h>

/* The PAT bit is in another place for large pages, and huge pages ignore it (contract 4.9). */
ALWAYS_INLINE word_t frame_cache_bits(struct capability frame, word_t attributes)
{
    if ((attributes & ATTRIBUTES_ALL) == 0) {
        return 0; /* as most pages have it */
    }
    if (frame_capability_is_shared(frame)) {
        return 0; /* always write-back: two memory types for one page would break coherence
                     between nodes */
    }
    word_t bits = cache_bits(attributes);
    if (attributes & ATTRIBUTE_PAT) {
        switch (frame_capability_size(frame)) {
        case FRAME_SMALL:
            bits |= PAGE_SMALL_PAT;
            break;
        case FRAME_LARGE:
            bits |= PAGE_LARGE_PAT;
            break;
        case FRAME_HUGE:
            break;
        }
    }
    return bits;
}

/*
 * The entry that maps a frame. `rights` are RIGHT_READ and RIGHT_WRITE bits, already masked by the
 * capability's; without RIGHT_READ no user may access it. `attributes` as users give them (contract
 * 4.9). Inline, because most callers know already that it is a small page that users may read.
 */
ALWAYS_INLINE word_t frame_entry(struct capability frame, word_t rights, word_t attributes)
{
    word_t entry =
        frame_capability_base(frame) | PAGE_PRESENT | frame_cache_bits(frame, attributes);
    if (frame_capability_size(frame) != FRAME_SMALL) {
        entry |= PAGE_IS_LARGE;
    }
    if (rights & RIGHT_READ) {
        return entry | PAGE_USER | (rights & RIGHT_WRITE ? PAGE_WRITABLE : 0);
    }
    /* A supervisor page in the user half: SMEP would not keep the kernel from executing it. */
    return entry | (cpu_has_no_execute() ? PAGE_EXECUTE_DISABLE : 0);
}

/* --- Map --- */

/* A call of Map, taken apart. Its words are in registers, which no other thread can change. */
struct mapping {
    struct capability frame, root;
    vaddr_t vaddr;
    word_t rights; /* already masked by the frame's */
    word_t attributes;
};

static inline struct mapping decode_mapping(const struct invocation *call)
{
    return (struct mapping){
        .frame = call->capability,
        .root = extra_capability(call, 0),
        .vaddr = message_word(call, 0),
        .rights =
            frame_rights_masked(frame_capability_rights(call->capability), message_word(call, 1)),
        .attributes = message_word(call, 2),
    };
}

/*
 * The greatest address for a page of `bits`: it ends at the end of user addresses, which is not a
 * multiple of pages.
 */
static inline vaddr_t last_place(unsigned bits)
{
    return ABI_USER_TOP - BIT(bits);
}

/* The root of the VSpace that a call of Map, all of which is checked, is about. */
static inline word_t mapping_root(const struct mapping *m)
{
    return vspace_root(paging_capability_entries(m->root), mapping_capability_asid(m->root));
}

/* Everything is checked. What was mapped there, if anything was, CPUs may still know. */
static inline MUST_USE struct stale replace_entry(word_t *entry, const struct mapping *m,
                                                  struct slot *slot)
{
    bool was_present = entry_is_present(*entry);
    slot->capability =
        mapping_capability_with_mapping(m->frame, mapping_capability_asid(m->root), m->vaddr);
    entry_write(entry, frame_entry(m->frame, m->rights, m->attributes));
    return was_present ? stale_page(mapping_root(m), m->vaddr) : stale_nothing();
}

/*
 * True if this is what most calls of Map are: a small page that users may read, in a place where it
 * may be. It says no more than that: map_any_frame() finds out what is wrong otherwise, or that the
 * call is only less frequent.
 */
static inline bool is_ordinary(const struct mapping *m)
{
    return frame_capability_size(m->frame) == FRAME_SMALL && (m->rights & RIGHT_READ) &&
           IS_ALIGNED(m->vaddr, ABI_PAGE_BITS) && is_vspace_root(m->root) &&
           vspace_has_asid(m->root) &&
           (mapping_capability_is_mapped(m->frame)
                ? mapping_capability_has_mapping(m->frame, mapping_capability_asid(m->root),
                                                 m->vaddr)
                : m->vaddr <= last_place(ABI_PAGE_BITS));
}

#endif
