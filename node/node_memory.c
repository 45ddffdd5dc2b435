/* Memory of a node while it boots. */
#include <arch/machine.h>
#include <arch/memory.h>
#include <node/node.h>

void free_node_memory(uint32_t node, struct boot_allocator *allocator)
{
    const struct node_plan *plan = &global_state.cluster.node[node];
    allocator->failed = false;
    allocator->free = (struct range_list){allocator->room, 0, ARRAY_LENGTH(allocator->room)};
    for (uint32_t i = 0; i < plan->region_count; i++) {
        range_list_add(&allocator->free, plan->region[i]);
    }
    range_list_remove(&allocator->free, plan->image);
    range_list_remove(&allocator->free, global_state.node_memory[node].all);
}

paddr_t allocate(struct boot_allocator *allocator, unsigned size_bits)
{
    struct range place;
    if (!range_list_find_top(&allocator->free, BIT(size_bits), size_bits, &place)) {
        allocator->failed = true;
        return 0;
    }
    range_list_remove(&allocator->free, place);
    machine_clear_memory(window(place.start), BIT(size_bits));
    return place.start;
}
