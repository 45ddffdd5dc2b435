/*
 * Breaks rule 5 of the design, about page tables, on request. Nothing is invalidated: the tables
 * are what is checked.
 */
#include <api/debug.h>
#include <arch/machine.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/features.h>
#include <x86/vspace.h>
#include <kernel/mutant.h>

/* The page table entry of the node itself for a kernel address. */
static word_t *kernel_entry_of(word_t address)
{
    unsigned page_bits = TABLE_ENTRY_BITS;
    word_t *entry = page_walk(window(node_root), address, TABLE_ENTRY_BITS, &page_bits);
    return entry != NULL ? entry : page_walk(window(node_root), address, page_bits, &page_bits);
}

/* A frame's capability says that it is not mapped any more, and its page stays. */
static bool forget_mapping(struct slot *cnode, word_t slots)
{
    for (word_t i = 0; i < slots; i++) {
        struct capability c = cnode[i].capability;
        if (target_capability_type(c) == CAP_FRAME && mapping_capability_is_mapped(c)) {
            cnode[i].capability = mapping_capability_with_mapping(c, 0, 0);
            return true;
        }
    }
    return false;
}

bool arch_break_rule(struct slot *cnode, word_t slots, word_t which)
{
    word_t *text = kernel_entry_of(kernel_text().start),
           *data = kernel_entry_of((word_t)&node_root);
    switch (which) {
    case CMK_BREAK_MAPPING:
        return forget_mapping(cnode, slots);
    case CMK_BREAK_TEXT:
        *text |= PAGE_WRITABLE;
        return true;
    case CMK_BREAK_DATA:
        *data &= ~(word_t)PAGE_EXECUTE_DISABLE;
        return true;
    case CMK_BREAK_KERNEL_PAGE:
        *data |= PAGE_USER;
        return true;
    case CMK_BREAK_NODE_ROOT:
        ((word_t *)window(node_root))[0] = *text;
        return true;
    default:
        return false;
    }
}
