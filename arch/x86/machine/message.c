/*
 * What a device stores to interrupt a CPU (Intel SDM volume 3, 11.11; with remapping, VT-d
 * specification 5.1.2.2).
 */
#include <api/apic_ids.h>
#include <api/limits.h>
#include <arch/interrupt.h>
#include <cluster/record.h>
#include <kernel/cpu.h>
#include <x86/apic.h>

#define MESSAGE_ADDRESS 0xfee00000ul

enum {
    DESTINATION_SHIFT = 12,
    /* An address that names an entry of the IOMMU's table, to which the data is added. */
    REMAPPED = 1 << 4,
    DATA_IS_ADDED = 1 << 3,
    ENTRY_SHIFT = 5,
    ENTRY_TOP = 1 << 15, /* this bit of its number is at bit 2 */
    ENTRY_TOP_IN_ADDRESS = 1 << 2
};

/* The first entry of the function's group. */
static bool find_entry(word_t function, word_t *entry)
{
    const struct interrupt_remapping *interrupts = &global_state.cluster.interrupts;
    for (uint32_t i = 0; i < interrupts->source_count; i++) {
        const struct message_source *source = &interrupts->source[i];
        if (source->function == function && source->node == node_id) {
            *entry = i * INTERRUPT_GROUP;
            return true;
        }
    }
    return false;
}

enum message_problem interrupt_message(word_t function, word_t vector, word_t cpu, word_t *address,
                                       word_t *data)
{
    const struct cluster *cluster = &global_state.cluster;
    const struct node_plan *node = &cluster->node[node_id];
    word_t entry = 0;
    if (cluster->interrupts.on && !find_entry(function, &entry)) {
        return MESSAGE_NO_FUNCTION;
    }
    if (vector > ABI_MAX_USER_IRQ) {
        return MESSAGE_NO_VECTOR;
    }
    if (cpu >= node->cpu_count) {
        return MESSAGE_NO_CPU;
    }
    if (cluster->interrupts.on) {
        *address = MESSAGE_ADDRESS | REMAPPED | DATA_IS_ADDED |
                   (entry & (ENTRY_TOP - 1)) << ENTRY_SHIFT |
                   (entry & ENTRY_TOP ? ENTRY_TOP_IN_ADDRESS : 0);
        *data = ABI_IRQ_VECTOR_OFFSET + vector - VECTOR_IRQ_BASE;
        return MESSAGE_GOOD;
    }
    word_t apic_id = cluster->cpu[node->cpu[cpu]].apic_id;
    *address = MESSAGE_ADDRESS | apic_id << DESTINATION_SHIFT;
    *data = ABI_IRQ_VECTOR_OFFSET + vector;
    return apic_id > ABI_LARGEST_XAPIC_ID ? MESSAGE_NO_CPU : MESSAGE_GOOD;
}
