/* What boot_sys sets aside in each node's private region, and how arriving CPUs find it. */
#include <arch/memory.h>
#include <arch/cpu.h>
#include <boot/machine/machine.h>
#include <cluster/ranges.h>

static bool place_one(struct global_state *state, uint32_t node)
{
    const struct node_plan *plan = &state->cluster.node[node];
    struct node_memory *memory = &state->node_memory[node];
    struct range room[MAX_NODE_REGIONS + 1]; /* the image may split a region */
    struct range_list list = {room, 0, ARRAY_LENGTH(room)};
    for (uint32_t i = 0; i < plan->region_count; i++) {
        range_list_add(&list, plan->region[i]);
    }
    range_list_remove(&list, plan->image);
    if (!range_list_find_top(&list, node_set_aside_bytes(plan), ABI_PAGE_BITS, &memory->all)) {
        boot_print("mistake: node %u has no room for its kernel", node);
        return false;
    }
    memory->root = memory->all.start;
    memory->cpu_blocks = memory->root + BIT(ABI_PAGE_BITS);
    return true;
}

/*
 * The stack is the last part of a CPU block's memory, so an arriving CPU already stands on its own
 * stack.
 */
void fill_arrival_table(struct global_state *state)
{
    unsigned used = 0;
    for (uint32_t cpu = 0; cpu < state->cluster.cpu_count; cpu++) {
        uint16_t node = state->cluster.cpu[cpu].node;
        if (node == NO_NODE) {
            continue;
        }
        paddr_t block = state->node_memory[node].cpu_blocks +
                        state->cluster.cpu[cpu].index * CPU_BLOCK_MEMORY_BYTES;
        state->arrival[used++] = (struct arrival){
            .apic_id = state->cluster.cpu[cpu].apic_id,
            .cpu = cpu,
            .stack_top = (word_t)window(block + CPU_BLOCK_MEMORY_BYTES),
            .boot_table = state->node_memory[node].boot_table,
        };
    }
}

bool place_node_memory(struct global_state *state)
{
    bool good = true;
    for (uint32_t node = 0; node < state->cluster.node_count; node++) {
        good = place_one(state, node) && good;
    }
    return good;
}
