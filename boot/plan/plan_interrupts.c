/* Interrupt remapping: whether it is used, and its table. */
#include <api/limits.h>
#include <boot/plan/iommu.h>
#include <boot/plan/planning.h>
#include <kernel/string.h>

enum {
    HAS_QUEUE = 1 << 1, /* extended capability of a unit */
    HAS_INTERRUPTS = 1 << 3,
    HAS_EXTENDED_IDS = 1 << 4,
    FIRST_VECTOR = 0x20, /* of IRQ number 0 */
    FIRST_USER_IRQ = ABI_IRQ_VECTOR_OFFSET - FIRST_VECTOR,
    ENTRY_BYTES = 16,
    LEAST_ENTRIES = 256 /* one page */
};

/* An entry's first word. Delivery mode fixed and destination mode physical are 0. */
enum {
    PRESENT = 1,
    LEVEL_TRIGGERED = 1 << 4,
    VECTOR_SHIFT = 16,
    ID_SHIFT = 40,
    WIDE_ID_SHIFT = 32
};
/* Its second: the source id, which must be this one. */
#define SOURCE_IS_CHECKED BIT(18)

static uint32_t count_groups(const struct machine_facts *facts, const struct cluster *cluster)
{
    return cluster->interrupts.source_count + 2 * facts->io_apic_count;
}

static const char *check_units(const struct machine_facts *facts)
{
    if (!facts->dmar.interrupt_remapping) {
        return "firmware says there is none";
    }
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        uint64_t can = facts->dmar.unit[i].extended_capability;
        if (!(can & HAS_INTERRUPTS) || !(can & HAS_QUEUE)) {
            return "an IOMMU has none";
        }
        if (facts->x2apic && !(can & HAS_EXTENDED_IDS)) {
            return "an IOMMU knows no APIC ids of 32 bits";
        }
    }
    for (uint32_t i = 0; i < facts->io_apic_count; i++) {
        uint16_t requester;
        if (!io_apic_requester(facts, i, &requester)) {
            return "the DMAR does not name an IOAPIC";
        }
    }
    return NULL;
}

/* Every function of a node, bridges too: they may report events of their own. */
static void find_sources(const struct machine_facts *facts, struct cluster *cluster)
{
    struct interrupt_remapping *plan = &cluster->interrupts;
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *f = &facts->pci[i];
        uint16_t node = owner_of_function(cluster, i);
        if (node != NO_NODE && plan->source_count < MAX_INTERRUPT_GROUPS) {
            plan->source[plan->source_count++] =
                (struct message_source){(uint16_t)(f->bus << 8 | f->device << 3 | f->function),
                                        requester_of(facts, f), node};
        }
    }
}

const char *plan_interrupts(const struct machine_facts *facts, struct cluster *cluster)
{
    struct interrupt_remapping *plan = &cluster->interrupts;
    const char *why_not = check_units(facts);
    if (why_not != NULL) {
        return why_not;
    }
    find_sources(facts, cluster);
    if (count_groups(facts, cluster) > MAX_INTERRUPT_GROUPS) {
        memset(plan, 0, sizeof(*plan));
        return "there are too many PCI functions";
    }
    plan->on = true;
    plan->extended = facts->x2apic;
    return NULL;
}

uint64_t interrupt_table_bytes(const struct machine_facts *facts, const struct cluster *cluster)
{
    const struct interrupt_remapping *plan = &cluster->interrupts;
    uint64_t entries = count_groups(facts, cluster) * (uint64_t)INTERRUPT_GROUP;
    uint64_t power = LEAST_ENTRIES;
    while (power < entries) {
        power *= 2;
    }
    return plan->on ? power * ENTRY_BYTES : 0;
}

/* The entries of users' IRQ numbers in one group. */
static void write_group(const struct cluster *cluster, uint64_t *window, uint32_t group,
                        uint16_t requester, uint32_t node, bool level)
{
    const struct interrupt_remapping *plan = &cluster->interrupts;
    uint64_t id = cluster->cpu[cluster->node[node].cpu[0]].apic_id;
    for (uint64_t irq = FIRST_USER_IRQ; irq <= FIRST_USER_IRQ + ABI_MAX_USER_IRQ; irq++) {
        uint64_t *entry = window + 2 * ((uint64_t)group * INTERRUPT_GROUP + irq);
        entry[0] = PRESENT | (level ? LEVEL_TRIGGERED : 0) | (FIRST_VECTOR + irq) << VECTOR_SHIFT |
                   id << (plan->extended ? WIDE_ID_SHIFT : ID_SHIFT);
        entry[1] = SOURCE_IS_CHECKED | requester;
    }
}

void build_interrupt_table(const struct machine_facts *facts, const struct cluster *cluster,
                           uint64_t *window)
{
    const struct interrupt_remapping *plan = &cluster->interrupts;
    uint32_t group = 0;
    for (; group < plan->source_count; group++) {
        const struct message_source *source = &plan->source[group];
        write_group(cluster, window, group, source->requester, source->node, false);
    }
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        if (!cluster->node[node].all_devices) {
            continue;
        }
        for (uint32_t i = 0; i < facts->io_apic_count; i++) {
            uint16_t requester = 0;
            io_apic_requester(facts, i, &requester);
            write_group(cluster, window, group++, requester, node, false);
            write_group(cluster, window, group++, requester, node, true);
        }
    }
}
