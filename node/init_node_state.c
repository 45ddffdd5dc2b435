/*
 * What a node's kernel starts from (thesis 5.4.3): sees its own node only. The initial thread with
 * seL4's initial capabilities and boot info (contract 9), and CMK's after the untypeds.
 */
#include <api/cluster.h>
#include <arch/life.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/capability.h>
#include <x86/io_port.h>
#include <target/paging.h>
#include <node/node_builder.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/derivation.h>
#include <kernel/fastpath.h>
#include <kernel/profile.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

paddr_t take_memory(struct node_builder *b, unsigned size_bits)
{
    paddr_t memory = allocate(b->allocator, size_bits);
    require(memory != 0 && "the node has memory for its initial objects");
    return memory;
}

struct slot *provide_at(struct node_builder *b, word_t slot, struct capability c)
{
    insert_root(c, &b->cnode[slot]);
    return &b->cnode[slot];
}

struct slot *provide(struct node_builder *b, struct capability c)
{
    require(b->next_slot < BIT(b->plan->cnode_bits) && "the root CNode has a slot for everything");
    return provide_at(b, b->next_slot++, c);
}

static void set_node_variables(uint32_t node)
{
    const struct cluster *cluster = &global_state.cluster;
    node_id = node;
    node_cpu_count = cluster->node[node].cpu_count;
    node_root = global_state.node_memory[node].root;
    profile_init(cluster->node[node].profile);
    arch_use_profile(node_profile);
    balance_on = cluster->balance;
    if (DEBUG_BUILD) {
        checks_on = cluster->checks;
    }
    this_cpu = cpu_by_index(0);
    fastpath_allow(cluster->fastpath);
    forget_thread_roots();
}

static void make_root_cnode(struct node_builder *b)
{
    unsigned bits = b->plan->cnode_bits;
    b->cnode = window(take_memory(b, bits + ABI_SLOT_BITS));
    provide_at(b, SLOT_seL4_CapInitThreadCNode,
               cnode_capability(b->cnode, bits, 0, WORD_BITS - bits));
}

static void provide_control_capabilities(struct node_builder *b)
{
    provide_at(b, SLOT_seL4_CapIRQControl, capability_make(CAP_IRQ_CONTROL, 0, 0));
    provide_at(b, SLOT_seL4_CapASIDControl, capability_make(CAP_ASID_CONTROL, 0, 0));
    provide_at(b, SLOT_seL4_CapIOPortControl, capability_make(CAP_IO_PORT_CONTROL, 0, 0));
    provide_at(b, SLOT_seL4_CapDomain, capability_make(CAP_DOMAIN, 0, 0));
    b->next_slot = SLOT_seL4_NumInitialCaps;
}

static void set_initial_slot(struct tcb *thread, enum tcb_slot which, struct slot *source)
{
    struct capability derived;
    struct answer answer;
    bool good = derive(source, source->capability, &derived, &answer);
    require(good && !capability_is_null(derived));
    insert_derived(derived, source, &thread->slots[which]);
}

static void make_initial_thread(struct node_builder *b)
{
    struct tcb *thread = window(take_memory(b, ABI_TCB_BITS));
    thread_init(thread);
    thread_set_name(thread, "rootserver");
    provide_at(b, SLOT_seL4_CapInitThreadTCB, tcb_capability(thread));
    set_initial_slot(thread, TCB_CSPACE, &b->cnode[SLOT_seL4_CapInitThreadCNode]);
    set_initial_slot(thread, TCB_VSPACE, &b->cnode[SLOT_seL4_CapInitThreadVSpace]);
    set_initial_slot(thread, TCB_IPC_BUFFER, &b->cnode[SLOT_seL4_CapInitThreadIPCBuffer]);
    thread->ipc_buffer = b->ipc_buffer_vaddr;
    thread->priority = ABI_PRIORITIES - 1;
    thread->maximum_controlled_priority = ABI_PRIORITIES - 1;
    context_write(&thread->context, REGISTER_rip, b->plan->image_entry);
    context_write(&thread->context, REGISTER_rdi, b->info_vaddr);
    set_thread_state(thread, THREAD_RUNNING);
    enqueue_last(thread);
    request_schedule();
}

static void provide_large_frames(struct node_builder *b, struct range range,
                                 struct cmk_boot_region *region)
{
    *region = (struct cmk_boot_region){
        .paddr = range.start, .bytes = range.end - range.start, .first_slot = b->next_slot};
    for (paddr_t at = range.start; at < range.end; at += BIT(ABI_LARGE_PAGE_BITS)) {
        provide(b, shared_frame_capability(at, FRAME_LARGE, RIGHT_READ | RIGHT_WRITE));
    }
    region->slots = b->next_slot - region->first_slot;
}

/* CMK's own capabilities, between the untypeds and the empty slots. */
static void provide_cluster_capabilities(struct node_builder *b, struct cmk_boot_info *chunk)
{
    const struct cluster *cluster = &global_state.cluster;
    chunk->ipi_control_slot = b->next_slot;
    provide(b, capability_make(CAP_IPI_CONTROL, 0, 0));
    chunk->node_control_slot = b->next_slot;
    provide(b, capability_make(CAP_NODE_CONTROL, 0, 0));
    if (life_is_managed_here()) {
        chunk->cluster_control_slot = b->next_slot;
        provide(b, cluster_control_capability());
    }
    chunk->first_status_slot = b->next_slot;
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        provide(b, shared_frame_capability(status_page_of(cluster, node), FRAME_SMALL, RIGHT_READ));
    }
    chunk->first_log_slot = b->next_slot;
    chunk->log_slots = CMK_BOOT_LOG_FRAMES;
    for (unsigned i = 0; i < CMK_BOOT_LOG_FRAMES; i++) {
        paddr_t page = cluster->log_page + i * BIT(ABI_PAGE_BITS);
        provide(b, shared_frame_capability(page, FRAME_SMALL, RIGHT_READ));
    }
    b->info->shared_frames.start = b->next_slot;
    provide_large_frames(b, cluster->shared, &chunk->shared);
    b->info->shared_frames.end = b->next_slot;
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        const struct channel_plan *plan = &cluster->channel[i];
        if (plan->node[0] != b->node && plan->node[1] != b->node) {
            continue;
        }
        struct cmk_boot_channel *channel = &chunk->channel[chunk->channel_count++];
        channel->number = i;
        channel->peer = plan->node[0] == b->node ? plan->node[1] : plan->node[0];
        provide_large_frames(b, plan->range, &channel->region);
    }
}

static void make_boot_info(struct node_builder *b)
{
    b->ipc_buffer_vaddr = b->plan->image_vaddr + (b->plan->image.end - b->plan->image.start);
    b->info_vaddr = b->ipc_buffer_vaddr + BIT(ABI_PAGE_BITS);
    b->extra_vaddr = b->info_vaddr + BIT(ABI_PAGE_BITS);
    b->extra_bytes = extra_chunks_bytes(b);
    b->extra_size_bits = size_bits_for(b->extra_bytes);
    b->info = window(take_memory(b, ABI_PAGE_BITS));
    b->extra = window(take_memory(b, b->extra_size_bits));
    b->info->extra_bytes = b->extra_bytes;
    b->info->node_count = node_cpu_count;
    b->info->io_page_table_levels = ~0ull;
    b->info->ipc_buffer = b->ipc_buffer_vaddr;
    b->info->cnode_size_bits = b->plan->cnode_bits;
}

void init_node_state(uint32_t node, struct boot_allocator *allocator)
{
    struct node_builder builder = {
        .node = node, .plan = &global_state.cluster.node[node], .allocator = allocator};
    struct node_builder *b = &builder;
    struct cmk_boot_info chunk = {.id = ABI_CMK_BOOT_INFO_ID};

    set_node_variables(node);
    io_port_init(&global_state.cluster, node);
    make_root_cnode(b);
    provide_control_capabilities(b);
    make_boot_info(b);
    make_initial_vspace(b);
    map_initial_frames(b);
    make_initial_thread(b);
    provide_untypeds(b);
    provide_cluster_capabilities(b, &chunk);
    b->info->empty = (struct slot_region){b->next_slot, BIT(b->plan->cnode_bits)};
    write_extra_chunks(b, &chunk);
}
