/* What every plan must keep, checked without the planner's own helpers. */
#include "iommu_model.h"
#include "machine.h"
#include <cluster/ranges.h>
#include <string.h>

enum { MAX_OWNED = ABI_CMK_MAX_NODES * (MAX_NODE_REGIONS + 1) + ABI_CMK_MAX_CHANNELS + 8 };

/* A piece of memory and whose it is: owners that are not equal never share. */
struct owned {
    struct range range;
    uint32_t owner;
    bool private; /* a node's, shared, or a channel's: apart by 2 MiB pages too */
};

static struct owned owned[MAX_OWNED];
static uint32_t owned_count;

static bool meet(struct range a, struct range b)
{
    return a.start < b.end && b.start < a.end && a.start < a.end && b.start < b.end;
}

static void own(struct range range, uint32_t owner, bool private)
{
    if (range.start < range.end) {
        owned[owned_count++] = (struct owned){range, owner, private};
    }
}

static void collect(const struct machine_facts *facts, const struct cluster *cluster)
{
    uint32_t owner = ABI_CMK_MAX_NODES;
    owned_count = 0;
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        for (uint32_t i = 0; i < cluster->node[node].region_count; i++) {
            own(cluster->node[node].region[i], node, true);
        }
    }
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        own(cluster->node[node].store, owner++, true);
    }
    own(cluster->shared, owner++, true);
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        own(cluster->channel[i].range, owner++, true);
    }
    own(facts->kernel_image, owner++, false);
    own(cluster->boot_pages, owner++, false);
    own((struct range){cluster->trampoline, cluster->trampoline + 4096}, owner++, false);
}

/* True if RAM covers all of `range` and nothing else is said about any byte of it. */
static bool is_ram(const struct machine_facts *facts, struct range range)
{
    paddr_t at = range.start;
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        if (facts->memory[i].type != 1 && meet(facts->memory[i].range, range)) {
            return false;
        }
    }
    while (at < range.end) {
        paddr_t next = at;
        for (uint32_t i = 0; i < facts->memory_count; i++) {
            const struct range *here = &facts->memory[i].range;
            if (facts->memory[i].type == 1 && here->start <= at && here->end > next) {
                next = here->end;
            }
        }
        if (next == at) {
            return false;
        }
        at = next;
    }
    return true;
}

/* Loader's memory that must not be written before everything is read. */
static bool is_needed(const struct machine_facts *facts, struct range range)
{
    for (uint32_t i = 0; i < facts->busy_count; i++) {
        if (meet(range, facts->busy[i])) {
            return true;
        }
    }
    for (uint32_t i = 0; i < facts->module_count; i++) {
        if (meet(range, facts->module[i].range)) {
            return true;
        }
    }
    return false;
}

/* Image stores and life words are there with a manager, for all nodes but its own. */
static const char *broken_by_life(const struct machine_facts *facts, const struct cluster *cluster)
{
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        const struct node_plan *plan = &cluster->node[node];
        uint64_t bytes = plan->store.end - plan->store.start;
        if ((!cluster->manager || node == 0) && (bytes != 0 || plan->starts_off)) {
            return "a node has a life that nobody manages";
        }
        if (bytes != 0 && (bytes < plan->image.end - plan->image.start ||
                           plan->store.start % MIB(2) != 0 || is_needed(facts, plan->store))) {
            return "an image store is too small or misplaced";
        }
        if (bytes == 0 && cluster->manager && node != 0 && !plan->all_devices &&
            plan->device_count + plan->port_count == 0 && facts->pci_count == 0) {
            return "a node without devices has no image store";
        }
    }
    if (cluster->manager != (cluster->life_page != 0) ||
        (cluster->manager && cluster->life_page != cluster->log_page + 4 * 4096)) {
        return "the life page is misplaced";
    }
    return NULL;
}

static const char *broken_by_memory(const struct machine_facts *facts,
                                    const struct cluster *cluster)
{
    for (uint32_t i = 0; i < owned_count; i++) {
        const struct owned *a = &owned[i];
        if (a->private &&
            (a->range.start % 4096 != 0 || a->range.end % 4096 != 0 || !is_ram(facts, a->range) ||
             a->range.start < MIB(1) || a->range.end > 0x7f80000000)) {
            return "an owned region is not whole pages of usable RAM";
        }
        for (uint32_t j = 0; j < i; j++) {
            const struct owned *b = &owned[j];
            if (meet(a->range, b->range)) {
                return "two regions meet";
            }
            if (a->owner != b->owner && a->private && b->private &&
                meet((struct range){a->range.start / MIB(2), (a->range.end + MIB(2) - 1) / MIB(2)},
                     (struct range){b->range.start / MIB(2),
                                    (b->range.end + MIB(2) - 1) / MIB(2)})) {
                return "two owners share a 2 MiB page";
            }
        }
    }
    if (cluster->shared.start % MIB(2) != 0 || cluster->shared.end % MIB(2) != 0 ||
        is_needed(facts, cluster->shared)) {
        return "the shared region is misplaced";
    }
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        const struct channel_plan *channel = &cluster->channel[i];
        if (channel->range.start % MIB(2) != 0 || channel->range.end % MIB(2) != 0 ||
            channel->range.start >= channel->range.end || is_needed(facts, channel->range) ||
            channel->node[0] >= channel->node[1] || channel->node[1] >= cluster->node_count) {
            return "a channel is misplaced";
        }
    }
    return NULL;
}

/* Blocks of 1 GiB where the node's image store lies, and none of its own memory. */
static uint64_t blocks_of_store(const struct node_plan *node)
{
    uint64_t blocks = 0;
    for (uint64_t block = node->store.start / GIB(1); block * GIB(1) < node->store.end; block++) {
        struct range there = {block * GIB(1), (block + 1) * GIB(1)};
        bool counted = false;
        for (uint32_t i = 0; i < node->region_count; i++) {
            counted |= meet(node->region[i], there);
        }
        blocks += !counted;
    }
    return blocks;
}

/*
 * What the boot tables of all nodes need without 1 GiB pages, counted one by one: for each node
 * what the machine says, a page directory pointer table, a page directory for each 1 GiB block
 * with memory of the node, and a page table for each end of a region inside a 2 MiB page.
 */
static uint64_t boot_table_pages(const struct machine_facts *facts, const struct cluster *cluster)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct node_plan *node = &cluster->node[i];
        uint64_t next_block = 0;
        pages += (facts->boot_table_bytes + 4095) / 4096 + 1 + blocks_of_store(node);
        for (uint32_t j = 0; j < node->region_count; j++) {
            const struct range region = node->region[j];
            for (uint64_t block = region.start / GIB(1); block * GIB(1) < region.end; block++) {
                if (block >= next_block) {
                    pages++;
                    next_block = block + 1;
                }
            }
            bool one = region.start / MIB(2) == (region.end - 1) / MIB(2);
            pages += region.start % MIB(2) != 0;
            pages += region.end % MIB(2) != 0 && !(one && region.start % MIB(2) != 0);
        }
    }
    return pages;
}

static const char *broken_by_boot(const struct machine_facts *facts, const struct cluster *cluster)
{
    uint64_t boot_tables =
        cluster->boot_pages.start + ((facts->boot_page_bytes + 4095) & ~UINT64_C(4095));
    uint64_t tables = cluster->boot_tables.end;
    uint64_t status = cluster->iommu_tables.end;
    struct range trampoline = {cluster->trampoline, cluster->trampoline + 4096};
    if (cluster->boot_pages.start % 4096 != 0 || !is_ram(facts, cluster->boot_pages) ||
        is_needed(facts, cluster->boot_pages) || cluster->boot_pages.end > GIB(4) ||
        cluster->boot_tables.start != boot_tables || tables % 4096 != 0 ||
        range_bytes(cluster->boot_tables) < boot_table_pages(facts, cluster) * 4096 ||
        cluster->iommu_tables.start != tables || status % 4096 != 0 || status < tables ||
        cluster->status_page != status ||
        cluster->console_page != status + 4096 * cluster->node_count ||
        cluster->log_page != cluster->console_page + 4 * 4096 ||
        cluster->boot_pages.end != cluster->log_page + (4 + cluster->manager) * 4096) {
        return "the boot pages are misplaced";
    }
    if (trampoline.start % 4096 != 0 || trampoline.start < 0x1000 || trampoline.end > 0x9f000 ||
        !is_ram(facts, trampoline) || is_needed(facts, trampoline)) {
        return "the trampoline is misplaced";
    }
    return NULL;
}

static const char *broken_by_cpus(const struct machine_facts *facts, const struct cluster *cluster)
{
    uint32_t seen = 0, given = 0;
    if (cluster->node_count < 1 || cluster->node_count > ABI_CMK_MAX_NODES ||
        cluster->cpu_count != facts->cpu_count) {
        return "impossible counts";
    }
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        const struct node_plan *here = &cluster->node[node];
        if (here->cpu_count < 1 || here->cpu_count > ABI_CMK_MAX_NODE_CPUS) {
            return "a node has no CPU or too many";
        }
        for (uint32_t i = 0; i < here->cpu_count; i++, seen++) {
            uint32_t cpu = here->cpu[i];
            if (cpu >= cluster->cpu_count || cluster->cpu[cpu].node != node ||
                cluster->cpu[cpu].index != i || (i > 0 && here->cpu[i - 1] >= cpu)) {
                return "a node's CPU list is wrong";
            }
        }
    }
    for (uint32_t cpu = 0; cpu < cluster->cpu_count; cpu++) {
        given += cluster->cpu[cpu].node != NO_NODE;
        if (cluster->cpu[cpu].apic_id != facts->cpu[cpu].apic_id) {
            return "a CPU's APIC id is wrong";
        }
    }
    if (seen != given || cluster->node[0].cpu[0] != 0) {
        return "a CPU is in no list, or the boot CPU is not node 0's first";
    }
    return NULL;
}

static bool contains(struct range outer, struct range inner)
{
    return outer.start <= inner.start && inner.end <= outer.end;
}

static const char *broken_by_images(const struct machine_facts *facts,
                                    const struct cluster *cluster)
{
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        const struct node_plan *here = &cluster->node[node];
        uint64_t image = here->image.end - here->image.start;
        uint64_t sum = 0;
        uint32_t at = 0;
        bool inside = false;
        for (uint32_t i = 0; i < here->region_count; i++) {
            sum += here->region[i].end - here->region[i].start;
            inside |= contains(here->region[i], here->image);
            if (i > 0 && here->region[i].start < here->region[i - 1].end) {
                return "regions do not ascend";
            }
        }
        if (!inside || image == 0 || here->image.start % 4096 != 0 || image % 4096 != 0 ||
            is_needed(facts, here->image)) {
            return "an image is misplaced";
        }
        if (node_kernel_bytes(here, facts->node_state_bytes) + image > sum) {
            return "a node has too little memory";
        }
        for (uint32_t i = 0; i < here->argument_count && at < sizeof(here->arguments); i++) {
            at += (uint32_t)strlen(here->arguments + at) + 1;
        }
        if (here->argument_count < 1 || at != here->argument_bytes ||
            strncmp(here->arguments, "node", 4) != 0) {
            return "the arguments are wrong";
        }
    }
    return NULL;
}

/* --- devices --- */

struct device_check {
    const struct machine_facts *facts;
    paddr_t end; /* of the last range */
    const char *broken;
};

static void check_device(void *context, struct range range)
{
    struct device_check *check = context;
    const struct range never[] = {{0xfee00000, 0xfef00000}, {0xfffffff8, 0x100000000}};
    if (range.start >= range.end || range.start < check->end || range.end > BIT(47)) {
        check->broken = "device ranges are not ascending and disjoint";
    }
    check->end = range.end;
    for (uint32_t i = 0; i < owned_count; i++) {
        if (meet(range, owned[i].range)) {
            check->broken = "a device range meets memory that has an owner";
        }
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(never); i++) {
        if (meet(range, never[i])) {
            check->broken = "a device range meets the local APICs";
        }
    }
    for (uint32_t i = 0; i < check->facts->io_apic_count; i++) {
        if (meet(range, (struct range){check->facts->io_apic[i].base,
                                       check->facts->io_apic[i].base + 4096})) {
            check->broken = "a device range meets an IOAPIC";
        }
    }
    for (uint32_t i = 0; i < check->facts->iommu_count; i++) {
        if (meet(range, check->facts->iommu[i])) {
            check->broken = "a device range meets an IOMMU";
        }
    }
}

static const char *broken_by_devices(const struct machine_facts *facts,
                                     const struct cluster *cluster)
{
    uint32_t all = 0;
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        const struct node_plan *here = &cluster->node[node];
        struct device_check check = {.facts = facts};
        all += here->all_devices;
        device_ranges(facts, cluster, node, check_device, &check);
        if (check.broken != NULL) {
            return check.broken;
        }
        for (uint32_t i = 0; i < here->device_count; i++) {
            for (uint32_t other = 0; other < node; other++) {
                for (uint32_t j = 0; j < cluster->node[other].device_count; j++) {
                    if (meet(here->device[i], cluster->node[other].device[j])) {
                        return "two nodes have the same device";
                    }
                }
            }
        }
    }
    return all > 1 ? "two nodes have all devices" : NULL;
}

const char *broken_rule(const struct machine_facts *facts, const struct cluster *cluster)
{
    const char *(*const part[])(const struct machine_facts *, const struct cluster *) = {
        broken_by_cpus,    broken_by_memory, broken_by_boot, broken_by_images,
        broken_by_devices, broken_by_iommu,  broken_by_life};
    const char *broken = NULL;
    collect(facts, cluster);
    for (unsigned i = 0; broken == NULL && i < ARRAY_LENGTH(part); i++) {
        broken = part[i](facts, cluster);
    }
    return broken;
}
