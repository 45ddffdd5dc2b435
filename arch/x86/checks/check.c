/*
 * Design rule 5, checked: every mapped page has its frame capability, kernel text is the only
 * executable kernel memory and is never writable, no kernel page is user-accessible. And rule 1 for
 * the architecture's objects: they lie in private memory. Debug builds only, under the lock.
 *
 * Capabilities are not reachable from entries, so the check goes the other way: every capability of
 * the node marks the entry that it accounts for (bit 9 is the software's in every kind of entry);
 * the walk finds what has none.
 */
#include <arch/machine.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/features.h>
#include <target/pcid.h>
#include <x86/vspace.h>
#include <kernel/assert.h>
#include <kernel/cpu.h>

#define PAGE_ACCOUNTED 0x200

/*
 * Page walks of other CPUs may set accessed and dirty bits at the same moment: marks come and go
 * atomically.
 */
static void set_mark(word_t *entry)
{
    __atomic_fetch_or(entry, PAGE_ACCOUNTED, __ATOMIC_RELAXED);
}

static void clear_mark(word_t *entry)
{
    __atomic_fetch_and(entry, ~(word_t)PAGE_ACCOUNTED, __ATOMIC_RELAXED);
}

/*
 * Rule 1, for objects of the architecture. Device frames are the opposite: never memory that the
 * kernel uses.
 */
static void check_place(struct capability c)
{
    paddr_t base;
    word_t size_bits;
    if (!arch_object_range(c, &base, &size_bits)) {
        return;
    }
    bool is_device = target_capability_type(c) == CAP_FRAME && frame_capability_is_device(c);
    bool is_private = machine_is_private_memory(base, BIT(is_device ? ABI_PAGE_BITS : size_bits));
    require(is_private != is_device);
}

void arch_check_capability(struct capability c)
{
    switch (target_capability_type(c)) {
    case CAP_FRAME:
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT: {
        check_place(c);
        word_t *entry = vspace_mapping_entry(c);
        if (entry != NULL) {
            set_mark(entry);
        }
        break;
    }
    case CAP_PML4:
    case CAP_ASID_POOL:
        check_place(c);
        break;
    case CAP_ASID_CONTROL:
    case CAP_IO_PORT:
    case CAP_IO_PORT_CONTROL:
        break;
    }
}

/*
 * Every present entry below `table`, in address order; sign extension makes the kernel half's
 * addresses.
 */
typedef void visit_entry(word_t *entry, unsigned entry_bits, word_t address);

static void walk(word_t *table, unsigned entry_bits, word_t address, unsigned first, unsigned end,
                 visit_entry *visit)
{
    for (unsigned i = first; i < end; i++) {
        word_t *entry = &table[i];
        if (!entry_is_present(*entry)) {
            continue;
        }
        word_t at = address + ((word_t)i << entry_bits);
        if (entry_bits == PML4_ENTRY_BITS && i >= KERNEL_HALF) {
            at |= ~MASK(48);
        }
        visit(entry, entry_bits, at);
        if (entry_is_table(*entry, entry_bits)) {
            walk(window(entry_table_address(*entry)), entry_bits - TABLE_INDEX_BITS, at, 0,
                 TABLE_ENTRIES, visit);
        }
    }
}

static void check_user_entry(word_t *entry, unsigned entry_bits, word_t address)
{
    (void)entry_bits, (void)address;
    word_t value = *entry;
    clear_mark(entry);
    bool has_capability = value & PAGE_ACCOUNTED;
    require(has_capability);
    bool is_kernel_only = !(value & PAGE_USER), is_writable = value & PAGE_WRITABLE;
    require(!is_kernel_only || !is_writable);
}

static void check_kernel_entry(word_t *entry, unsigned entry_bits, word_t address)
{
    bool is_user_accessible = *entry & PAGE_USER;
    require(!is_user_accessible);
    if (!entry_is_page(*entry, entry_bits)) {
        return;
    }
    struct range text = kernel_text();
    bool is_text = address < text.end && address + BIT(entry_bits) > text.start;
    bool is_writable = *entry & PAGE_WRITABLE;
    bool is_executable = cpu_has_no_execute() && !(*entry & PAGE_EXECUTE_DISABLE);
    require(!is_text || !is_writable);
    require(!is_executable || (address >= text.start && address + BIT(entry_bits) <= text.end));
}

/*
 * A VSpace sees the kernel half that its node has, no more and no less. The CPU sets accessed bits
 * in either.
 */
static void check_kernel_half(const word_t *pml4)
{
    const word_t *node_pml4 = window(node_root);
    for (unsigned i = KERNEL_HALF; i < TABLE_ENTRIES; i++) {
        bool is_node_entry = ((pml4[i] ^ node_pml4[i]) & ~(word_t)PAGE_ACCESSED) == 0;
        require(is_node_entry);
    }
}

static void check_vspaces(void)
{
    for (word_t asid = 1; asid < ABI_ASID_POOLS << ABI_ASID_POOL_INDEX_BITS; asid++) {
        word_t *pml4 = asid_root(asid);
        if (pml4 != NULL) {
            check_kernel_half(pml4);
            walk(pml4, PML4_ENTRY_BITS, 0, 0, KERNEL_HALF, check_user_entry);
        }
    }
}

/* What any thread has below the kernel half that idle CPUs and the door use: nothing. */
static void check_node_root(void)
{
    word_t *pml4 = window(node_root);
    for (unsigned i = 0; i < KERNEL_HALF; i++) {
        bool is_empty = pml4[i] == 0;
        require(is_empty);
    }
    walk(pml4, PML4_ENTRY_BITS, 0, KERNEL_HALF, TABLE_ENTRIES, check_kernel_entry);
}

void arch_check_rules(bool everything)
{
    if (everything) {
        check_node_root();
        check_vspaces();
        return;
    }
    /* Cheap enough for every exit: what this exit is going to load. */
    struct tcb *thread = current_thread();
    if (thread != NULL) {
        check_kernel_half(window(pml4_of(arch_thread_root(thread))));
    }
}
