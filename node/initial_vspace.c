/*
 * The initial thread's address space (contract 9.4): image, IPC buffer, boot info, and nothing
 * else.
 */
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/capability.h>
#include <x86/vspace.h>
#include <node/node_builder.h>
#include <kernel/derivation.h>

static vaddr_t vspace_end(const struct node_builder *b)
{
    return b->extra_vaddr + BIT(b->extra_size_bits);
}

/* The entry for `vaddr` in the table of kind `entry_bits`; all tables above it exist. */
static word_t *entry_for(const struct node_builder *b, vaddr_t vaddr, unsigned entry_bits)
{
    unsigned missing_bits;
    return vspace_entry(b->pml4, vaddr, entry_bits, &missing_bits);
}

/* All structures of one kind, ascending, which are entered in tables of kind `entry_bits`. */
static void make_level(struct node_builder *b, enum target_object_type type, unsigned entry_bits)
{
    vaddr_t first = ALIGN_DOWN(b->plan->image_vaddr, entry_bits);
    for (vaddr_t at = first; at < vspace_end(b); at += BIT(entry_bits)) {
        paddr_t memory = take_memory(b, ABI_PAGING_STRUCTURE_BITS);
        struct capability c = arch_create_object(type, memory, false);
        *entry_for(b, at, entry_bits) = memory | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER;
        provide(b, mapping_capability_with_mapping(c, INITIAL_ASID, at));
    }
}

void make_initial_vspace(struct node_builder *b)
{
    paddr_t memory = take_memory(b, ABI_PAGING_STRUCTURE_BITS);
    b->pml4 = window(memory);
    struct capability pml4 = arch_create_object(OBJECT_PML4, memory, false);
    provide_at(b, SLOT_seL4_CapInitThreadASIDPool,
               asid_init(window(take_memory(b, ABI_ASID_POOL_BITS))));
    provide_at(b, SLOT_seL4_CapInitThreadVSpace, asid_assign_initial(pml4));

    b->info->image_paging.start = b->next_slot;
    make_level(b, OBJECT_PDPT, PML4_ENTRY_BITS);
    make_level(b, OBJECT_PAGE_DIRECTORY, PDPT_ENTRY_BITS);
    make_level(b, OBJECT_PAGE_TABLE, DIRECTORY_ENTRY_BITS);
    b->info->image_paging.end = b->next_slot;
}

/* Maps one page and returns its capability, which says so. */
static struct capability map_page(struct node_builder *b, paddr_t paddr, vaddr_t vaddr,
                                  bool writable, bool executable)
{
    word_t entry = paddr | PAGE_PRESENT | PAGE_USER;
    entry |= writable ? PAGE_WRITABLE : 0;
    entry |= !executable && global_state.features.nx ? PAGE_EXECUTE_DISABLE : 0;
    *entry_for(b, vaddr, TABLE_ENTRY_BITS) = entry;
    struct capability c = frame_capability(paddr, FRAME_SMALL, RIGHT_READ | RIGHT_WRITE, false);
    return mapping_capability_with_mapping(c, INITIAL_ASID, vaddr);
}

static void map_extra_pages(struct node_builder *b)
{
    b->info->extra_pages.start = b->next_slot;
    for (uint64_t at = 0; at < BIT(b->extra_size_bits); at += BIT(ABI_PAGE_BITS)) {
        provide(b,
                map_page(b, window_to_physical(b->extra) + at, b->extra_vaddr + at, true, false));
    }
    b->info->extra_pages.end = b->next_slot;
}

/* Data modules cannot be written, and their capabilities say so. */
static void map_data_frames(struct node_builder *b)
{
    for (paddr_t at = b->plan->image.start + b->plan->image_bytes; at < b->plan->image.end;
         at += BIT(ABI_PAGE_BITS)) {
        vaddr_t vaddr = b->plan->image_vaddr + (at - b->plan->image.start);
        map_page(b, at, vaddr, false, false);
        struct capability c = frame_capability(at, FRAME_SMALL, RIGHT_READ, false);
        provide(b, mapping_capability_with_mapping(c, INITIAL_ASID, vaddr));
    }
}

/*
 * Image pages get the union of the permissions of the segments that touch them; with `rwx`
 * everything, as seL4 maps it.
 */
static void map_image_frames(struct node_builder *b)
{
    const struct image_segments *image = &global_state.image[b->node];
    b->info->image_frames.start = b->next_slot;
    for (uint64_t at = 0; at < b->plan->image_bytes; at += BIT(ABI_PAGE_BITS)) {
        vaddr_t vaddr = b->plan->image_vaddr + at;
        bool writable = true, executable = true;
        if (!b->plan->image_rwx) {
            image_page_permissions(image, vaddr, &writable, &executable);
        }
        provide(b, map_page(b, b->plan->image.start + at, vaddr, writable, executable));
    }
    map_data_frames(b);
    b->info->image_frames.end = b->next_slot;
}

void map_initial_frames(struct node_builder *b)
{
    paddr_t info = window_to_physical(b->info);
    provide_at(b, SLOT_seL4_CapBootInfoFrame, map_page(b, info, b->info_vaddr, true, false));
    paddr_t buffer = take_memory(b, ABI_PAGE_BITS);
    provide_at(b, SLOT_seL4_CapInitThreadIPCBuffer,
               map_page(b, buffer, b->ipc_buffer_vaddr, true, false));
    map_extra_pages(b);
    map_image_frames(b);
}
