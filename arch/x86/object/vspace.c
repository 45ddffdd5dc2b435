/* Walking the page tables of user address spaces, and what their entries look like. */
#include <arch/door.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <arch/x86/asid.h>
#include <arch/x86/features.h>
#include <arch/x86/vspace.h>

paddr_t node_root;

/* Attributes as users write them (contract 4.9). */
enum { ATTRIBUTE_WRITE_THROUGH = 1, ATTRIBUTE_CACHE_DISABLE = 2, ATTRIBUTE_PAT = 4 };

void vspace_init(word_t *pml4)
{
    const word_t *node_pml4 = window(node_root);
    for (unsigned i = KERNEL_HALF; i < TABLE_ENTRIES; i++) {
        entry_write(&pml4[i], node_pml4[i]);
    }
}

word_t *vspace_entry(word_t *pml4, vaddr_t vaddr, unsigned entry_bits, unsigned *missing_bits)
{
    word_t *table = pml4;
    for (unsigned bits = PML4_ENTRY_BITS;; bits -= 9) {
        word_t *entry = &table[table_index(vaddr, bits)];
        if (bits == entry_bits) {
            return entry;
        }
        if (!entry_is_table(*entry, bits)) {
            *missing_bits = bits;
            return NULL;
        }
        table = window(entry_table_address(*entry));
    }
}

static word_t cache_bits(word_t attributes)
{
    return (attributes & ATTRIBUTE_WRITE_THROUGH ? PAGE_WRITE_THROUGH : 0) |
           (attributes & ATTRIBUTE_CACHE_DISABLE ? PAGE_CACHE_DISABLE : 0);
}

/* The PAT bit is in another place for large pages, and huge pages ignore it (contract 4.9). */
static word_t frame_cache_bits(struct capability frame, word_t attributes)
{
    if (frame_capability_is_shared(frame)) {
        return 0; /* write-back for everybody: two memory types for one page would break coherence between nodes */
    }
    word_t bits = cache_bits(attributes);
    if (attributes & ATTRIBUTE_PAT) {
        switch (frame_capability_size(frame)) {
        case FRAME_SMALL: bits |= PAGE_SMALL_PAT; break;
        case FRAME_LARGE: bits |= PAGE_LARGE_PAT; break;
        case FRAME_HUGE: break;
        }
    }
    return bits;
}

word_t frame_entry(struct capability frame, word_t rights, word_t attributes, bool executable)
{
    word_t entry = frame_capability_base(frame) | PAGE_PRESENT | frame_cache_bits(frame, attributes);
    if (frame_capability_size(frame) != FRAME_SMALL) {
        entry |= PAGE_IS_LARGE;
    }
    if (rights & RIGHT_READ) {
        entry |= PAGE_USER;
        entry |= rights & RIGHT_WRITE ? PAGE_WRITABLE : 0;
    } else {
        executable = false; /* a supervisor page in the user half: SMEP would not keep the kernel from executing it */
    }
    return entry | (executable || !cpu_has_no_execute() ? 0 : PAGE_EXECUTE_DISABLE);
}

word_t structure_entry(const word_t *structure, word_t attributes)
{
    return window_to_physical(structure) | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER | cache_bits(attributes);
}

unsigned structure_entry_bits(enum capability_type type)
{
    return type == CAP_PDPT ? PML4_ENTRY_BITS : type == CAP_PAGE_DIRECTORY ? PDPT_ENTRY_BITS : DIRECTORY_ENTRY_BITS;
}

/* True if the entry maps the frame of this capability, or leads to its structure. */
static bool is_entry_of(word_t entry, unsigned bits, struct capability c)
{
    if (capability_type(c) == CAP_FRAME) {
        return entry_is_page(entry, bits) && entry_page_address(entry, bits) == frame_capability_base(c);
    }
    const word_t *structure = paging_capability_entries(c);
    return entry_is_table(entry, bits) && entry_table_address(entry) == window_to_physical(structure);
}

word_t *vspace_mapping_entry(struct capability c)
{
    word_t *pml4 = asid_root(mapping_capability_asid(c));
    if (pml4 == NULL) {
        return NULL;
    }
    bool is_frame = capability_type(c) == CAP_FRAME;
    unsigned bits = is_frame ? frame_size_bits(frame_capability_size(c)) : structure_entry_bits(capability_type(c));
    unsigned missing_bits;
    word_t *entry = vspace_entry(pml4, mapping_capability_vaddr(c), bits, &missing_bits);
    return entry != NULL && is_entry_of(*entry, bits, c) ? entry : NULL;
}

void vspace_unmap(struct capability c)
{
    word_t *entry = vspace_mapping_entry(c);
    if (entry != NULL) {
        entry_write(entry, 0);
        const word_t *pml4 = asid_root(mapping_capability_asid(c));
        shoot_down(window_to_physical(pml4), mapping_capability_vaddr(c), capability_type(c) != CAP_FRAME);
    }
}

word_t *vspace_checked_root(struct capability root, struct answer *answer)
{
    word_t *pml4 = asid_root(mapping_capability_asid(root));
    if (pml4 == NULL) {
        struct lookup_failure failure = {.type = LOOKUP_INVALID_ROOT};
        refuse_lookup(answer, false, &failure);
        return NULL;
    }
    if (pml4 != paging_capability_entries(root)) {
        refuse_capability(answer, 1); /* its pool was deleted, and another VSpace has the ASID now */
        return NULL;
    }
    return pml4;
}

bool arch_is_vspace_root(struct capability c)
{
    return capability_type(c) == CAP_PML4 && mapping_capability_is_mapped(c);
}

/*
 * The one place that computes what goes into CR3: bits 11..0 are 0, so that a load drops the TLB's user entries. A
 * use of PCIDs would begin here.
 */
word_t arch_thread_root(const struct tcb *thread)
{
    struct capability root = thread->slots[TCB_VSPACE].capability;
    if (!arch_is_vspace_root(root)) {
        return node_root;
    }
    const word_t *pml4 = paging_capability_entries(root);
    return asid_root(mapping_capability_asid(root)) == pml4 ? window_to_physical(pml4) : node_root;
}
