/* Walking the page tables of user address spaces, and what their entries look like. */
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/shoot_down.h>
#include <x86/vspace.h>

paddr_t node_root;

void vspace_init(word_t *pml4)
{
    const word_t *node_pml4 = window(node_root);
    for (unsigned i = KERNEL_HALF; i < TABLE_ENTRIES; i++) {
        entry_write(&pml4[i], node_pml4[i]);
    }
}

word_t *vspace_entry(word_t *pml4, vaddr_t vaddr, unsigned entry_bits, unsigned *missing_bits)
{
    return page_walk(pml4, vaddr, entry_bits, missing_bits);
}

word_t structure_entry(const word_t *structure, word_t attributes)
{
    return window_to_physical(structure) | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER |
           cache_bits(attributes);
}

unsigned structure_entry_bits(enum target_capability_type type)
{
    return type == CAP_PDPT             ? PML4_ENTRY_BITS
           : type == CAP_PAGE_DIRECTORY ? PDPT_ENTRY_BITS
                                        : DIRECTORY_ENTRY_BITS;
}

static bool leads_to(word_t entry, unsigned bits, const word_t *structure)
{
    return entry_is_table(entry, bits) &&
           entry_table_address(entry) == window_to_physical(structure);
}

static bool maps(word_t entry, unsigned bits, struct capability frame)
{
    return entry_is_page(entry, bits) &&
           entry_page_address(entry, bits) == frame_capability_base(frame);
}

/* As below, for paging structures and the larger frames. */
static COLD word_t *find_mapping_entry(word_t *pml4, struct capability c)
{
    bool is_frame = target_capability_type(c) == CAP_FRAME;
    unsigned bits = is_frame ? frame_size_bits(frame_capability_size(c))
                             : structure_entry_bits(target_capability_type(c));
    unsigned missing_bits;
    word_t *entry = vspace_entry(pml4, mapping_capability_vaddr(c), bits, &missing_bits);
    if (entry == NULL) {
        return NULL;
    }
    return (is_frame ? maps(*entry, bits, c) : leads_to(*entry, bits, paging_capability_entries(c)))
               ? entry
               : NULL;
}

/* The entry that `c` stands for, in the VSpace that has its ASID; null if it is not there. */
static inline word_t *mapping_entry(word_t *pml4, struct capability c)
{
    if (target_capability_type(c) == CAP_FRAME && frame_capability_size(c) == FRAME_SMALL) {
        word_t *entry = vspace_small_page_entry(pml4, mapping_capability_vaddr(c));
        return entry != NULL && maps(*entry, TABLE_ENTRY_BITS, c) ? entry : NULL;
    }
    return find_mapping_entry(pml4, c);
}

word_t *vspace_mapping_entry(struct capability c)
{
    word_t *pml4 = asid_root(mapping_capability_asid(c));
    return pml4 != NULL ? mapping_entry(pml4, c) : NULL;
}

void vspace_unmap(struct capability c)
{
    word_t *pml4 = asid_root(mapping_capability_asid(c));
    word_t *entry = pml4 != NULL ? mapping_entry(pml4, c) : NULL;
    if (entry != NULL) {
        word_t root = vspace_root(pml4, mapping_capability_asid(c));
        bool is_page = target_capability_type(c) == CAP_FRAME;
        shoot_down(entry_clear(entry, is_page ? stale_page(root, mapping_capability_vaddr(c))
                                              : stale_structure(root)));
    }
}

enum outcome vspace_refuse_root(struct capability root, struct answer *answer)
{
    if (asid_root(mapping_capability_asid(root)) == NULL) {
        struct lookup_failure failure = {.type = LOOKUP_INVALID_ROOT};
        return refuse_lookup(answer, false, &failure);
    }
    return refuse_capability(answer, 1); /* another VSpace has the ASID now */
}

bool arch_is_vspace_root(struct capability c)
{
    return is_vspace_root(c);
}

word_t arch_thread_root(const struct tcb *thread)
{
    struct capability root = thread->slots[TCB_VSPACE].capability;
    if (!is_vspace_root(root) || !vspace_has_asid(root)) {
        return node_root;
    }
    return vspace_root(paging_capability_entries(root), mapping_capability_asid(root));
}
