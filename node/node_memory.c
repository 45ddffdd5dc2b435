/*
 * Memory of a node while it boots: what boot_sys sets aside, and the allocator that boot part 2
 * uses. No hardware.
 */
#include <arch/memory.h>
#include <arch/x86/cpu.h>
#include <boot/machine/machine.h>
#include <kernel/string.h>

enum { PAGE = 4096 };

/*
 * Every address from `range` leaves `list`. A list that is full loses the upper part of what would
 * be split.
 */
void remove_range(struct range_list *list, struct range range)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct range old = list->range[i];
        if (old.end <= range.start || old.start >= range.end) {
            continue;
        }
        struct range below = {old.start, MAX(old.start, range.start)};
        struct range above = {MIN(old.end, range.end), old.end};
        bool both = below.start < below.end && above.start < above.end;
        if (both && list->count < MAX_MEMORY_RANGES) {
            memmove(&list->range[i + 1], &list->range[i], (list->count - i) * sizeof(struct range));
            list->count++;
            list->range[i++] = below;
            list->range[i] = above;
        } else if (below.start < below.end) {
            list->range[i] = below;
        } else if (above.start < above.end) {
            list->range[i] = above;
        } else {
            memmove(&list->range[i], &list->range[i + 1],
                    (list->count - i - 1) * sizeof(struct range));
            list->count--;
            i--;
        }
    }
}

/* The highest aligned place for `bytes` in `list`; false if there is none. */
static bool find_top(const struct range_list *list, uint64_t bytes, unsigned align_bits,
                     paddr_t *start)
{
    for (uint32_t i = list->count; i-- > 0;) {
        struct range r = list->range[i];
        if (r.end - r.start < bytes) {
            continue;
        }
        paddr_t at = ALIGN_DOWN(r.end - bytes, align_bits);
        if (at >= r.start) {
            *start = at;
            return true;
        }
    }
    return false;
}

paddr_t allocate(struct boot_allocator *allocator, unsigned size_bits)
{
    paddr_t start;
    if (!find_top(&allocator->free, BIT(size_bits), size_bits, &start)) {
        allocator->failed = true;
        return 0;
    }
    remove_range(&allocator->free, (struct range){start, start + BIT(size_bits)});
    memset(window(start), 0, BIT(size_bits));
    return start;
}

static void free_memory_of(const struct node_plan *plan, struct range_list *list)
{
    memcpy(list->range, plan->region, plan->region_count * sizeof(struct range));
    list->count = plan->region_count;
    remove_range(list, plan->image);
}

static uint64_t set_aside_bytes(const struct node_plan *plan)
{
    return PAGE + (uint64_t)plan->cpu_count * CPU_BLOCK_MEMORY_BYTES;
}

static bool place_one(struct global_state *state, uint32_t node)
{
    const struct node_plan *plan = &state->cluster.node[node];
    struct range_list list;
    free_memory_of(plan, &list);
    paddr_t start;
    if (!find_top(&list, set_aside_bytes(plan), ABI_PAGE_BITS, &start)) {
        boot_print("mistake: node %u has no room for its kernel", node);
        return false;
    }
    state->node_memory[node].root = start;
    state->node_memory[node].cpu_blocks = start + PAGE;
    return true;
}

/*
 * The stack is the last part of a CPU block's memory, so an arriving CPU already stands on its own
 * stack.
 */
static void fill_arrival_table(struct global_state *state)
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
        };
    }
}

bool place_node_memory(struct global_state *state)
{
    bool good = true;
    for (uint32_t node = 0; node < state->cluster.node_count; node++) {
        good = place_one(state, node) && good;
    }
    fill_arrival_table(state);
    return good;
}

void free_node_memory(const struct global_state *state, uint32_t node, struct range_list *list)
{
    const struct node_plan *plan = &state->cluster.node[node];
    free_memory_of(plan, list);
    paddr_t start = state->node_memory[node].root;
    remove_range(list, (struct range){start, start + set_aside_bytes(plan)});
}
