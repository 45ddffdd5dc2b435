/*
 * Random requests and random machines for the C planner; one line for each, with what C made of it,
 * for planner.ml. tools/check-ties builds it as tests/unit/boot is built.
 *
 *   planner-c take COUNT SEED    memory maps cut for nodes: take_from_list()
 *   planner-c plan COUNT SEED    plan_cluster() for whole machines
 */
#include "random_machine.h"
#include <boot/plan/planning.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
    return next() % limit;
}

static void show_range(struct range range)
{
    printf(" %" PRIu64 " %" PRIu64, range.start, range.end);
}

static void show_list(const struct range_list *list)
{
    printf(" %u", list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        show_range(list->range[i]);
    }
}

/* --- take --- */

enum { LIST_ROOM = 256 };

static struct range free_room[LIST_ROOM], region_room[MAX_NODE_REGIONS];
static struct machine_facts facts;

/* Ascending ranges that do not touch, of very different sizes; the address after them. */
static uint64_t choose_free(struct range_list *list, unsigned unit_bits)
{
    uint32_t count = below(8) == 0 ? 1 + (uint32_t)below(LIST_ROOM) : 1 + (uint32_t)below(12);
    uint64_t at = 256 + below(512);
    list->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t start = at + 1 + below(below(4) != 0 ? 3 : 4000);
        at = start + 1 + below(below(3) != 0 ? 5 : 3000);
        list->range[list->count++] = (struct range){start << unit_bits, at << unit_bits};
    }
    return at;
}

static void choose_domains(uint64_t end, unsigned unit_bits)
{
    facts.proximity_count = (uint32_t)below(5);
    for (uint32_t i = 0; i < facts.proximity_count; i++) {
        uint64_t start = below(end + 10);
        struct range range = {start << unit_bits, (start + below(end + 10)) << unit_bits};
        facts.proximity[i].range = range;
        facts.proximity[i].proximity = (uint32_t)below(3);
    }
}

/* The domains of `proximity`, after 1; or 0 for any memory. */
static void show_domains(uint32_t proximity)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < facts.proximity_count; i++) {
        count += facts.proximity[i].proximity == proximity;
    }
    printf(" %d %u", proximity != NO_PROXIMITY, proximity != NO_PROXIMITY ? count : 0);
    for (uint32_t i = 0; i < facts.proximity_count; i++) {
        if (facts.proximity[i].proximity == proximity) {
            show_range(facts.proximity[i].range);
        }
    }
}

static void take_once_more(struct range_list *available, struct range_list *region, uint64_t end)
{
    uint64_t bytes = below(4) == 0 ? below(end) : below(5) == 0 ? UINT32_MAX : below(64) << 16;
    uint32_t proximity = facts.proximity_count > 0 && below(2) == 0 ? (uint32_t)below(3)
                                                                    : (uint32_t)NO_PROXIMITY;
    bool round_up = below(2) == 0;
    printf(" %" PRIu64 " %d", bytes, round_up);
    show_domains(proximity);
    uint64_t taken = take_from_list(available, bytes, round_up, &facts, proximity, region);
    printf(" %" PRIu64, taken);
    show_list(available);
    show_list(region);
}

static void take_case(void)
{
    struct range_list available = {free_room, 0, LIST_ROOM};
    struct range_list region = {region_room, 0, MAX_NODE_REGIONS};
    unsigned unit_bits = below(3) == 0 ? 12 : below(2) == 0 ? 16 : 20;
    uint64_t end = choose_free(&available, unit_bits);
    choose_domains(end, unit_bits);
    unsigned takes = 1 + (unsigned)below(8);
    printf("%d %d", LIST_ROOM, MAX_NODE_REGIONS);
    show_list(&available);
    printf(" %u", takes);
    for (unsigned i = 0; i < takes; i++) {
        bool another_node = below(2) == 0;
        printf(" %d", another_node);
        if (another_node) {
            region.count = 0;
        }
        take_once_more(&available, &region, end << unit_bits);
    }
    printf("\n");
}

/* --- plan --- */

static void show_memory(bool ram)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < machine.memory_count; i++) {
        count += (machine.memory[i].type == 1) == ram;
    }
    printf(" %u", count);
    for (uint32_t i = 0; i < machine.memory_count; i++) {
        if ((machine.memory[i].type == 1) == ram) {
            show_range(machine.memory[i].range);
        }
    }
}

static void show_needed(void)
{
    printf(" %u", 1 + machine.busy_count + machine.module_count);
    show_range(machine.kernel_image);
    for (uint32_t i = 0; i < machine.busy_count; i++) {
        show_range(machine.busy[i]);
    }
    for (uint32_t i = 0; i < machine.module_count; i++) {
        show_range(machine.module[i].range);
    }
}

static void show_piece(uint32_t owner, bool is_private, struct range range)
{
    printf(" %u %d", owner, is_private);
    show_range(range);
}

static void show_pieces(void)
{
    uint32_t owner = ABI_CMK_MAX_NODES, count = 4 + plan.channel_count + plan.node_count;
    for (uint32_t node = 0; node < plan.node_count; node++) {
        count += plan.node[node].region_count;
    }
    printf(" %u", count);
    for (uint32_t node = 0; node < plan.node_count; node++) {
        for (uint32_t i = 0; i < plan.node[node].region_count; i++) {
            show_piece(node, true, plan.node[node].region[i]);
        }
    }
    for (uint32_t node = 0; node < plan.node_count; node++) {
        show_piece(owner++, plan.node[node].store.start < plan.node[node].store.end,
                   plan.node[node].store);
    }
    /* No shared memory is the empty range at 0, which is no RAM but is nobody's either. */
    show_piece(owner++, plan.shared.start < plan.shared.end, plan.shared);
    for (uint32_t i = 0; i < plan.channel_count; i++) {
        show_piece(owner++, true, plan.channel[i].range);
    }
    show_piece(owner++, false, machine.kernel_image);
    show_piece(owner++, false, plan.boot_pages);
    show_piece(owner++, false, (struct range){plan.trampoline, plan.trampoline + 4096});
    printf(" %u", plan.node_count);
    for (uint32_t node = 0; node < plan.node_count; node++) {
        printf(" %u", node);
        show_range(plan.node[node].image);
    }
}

static void plan_case(void)
{
    uint8_t bytes[400];
    struct choices choices = {bytes, sizeof(bytes), 0};
    char text[600];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)next();
    }
    choose_machine(&choices);
    choose_command_line(&choices, text, sizeof(text));
    unsigned mistakes = plan_with_modules(text);
    printf("%d", mistakes == 0);
    if (mistakes == 0) {
        printf(" %d %" PRIu64, LOW_MEMORY, (uint64_t)RAM_LIMIT);
        show_memory(true);
        show_memory(false);
        show_needed();
        show_pieces();
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    bool take = strcmp(argv[1], "take") == 0;
    uint64_t count = strtoull(argv[2], NULL, 10);
    state = strtoull(argv[3], NULL, 10);
    for (uint64_t i = 0; i < count; i++) {
        if (take) {
            take_case();
        } else {
            plan_case();
        }
    }
    return 0;
}
