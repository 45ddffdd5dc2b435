/*
 * Message signalled interrupts: what a driver writes into its device so that the interrupt arrives at a CPU of this
 * node. seL4_IRQControl_GetMSI makes the handler for a vector argument; the device's message then is
 *
 *     address  cmk_msi_address(cpu)
 *     data     cmk_msi_data(vector)
 *
 * The message is a store to memory: the address chooses the CPU, the data the vector (Intel SDM volume 3, 11.11). It is
 * edge triggered, and no Ack is needed for the device to send the next one.
 */
#ifndef CMK_MSI_H
#define CMK_MSI_H

#include <cmk/cluster.h>
#include <cmk/language.h>

CMK_BEGIN_C

#define CMK_MSI_ADDRESS_BASE   0xfee00000ul
#define CMK_MSI_MAX_APIC_ID    254 /* the address has eight bits for it; 255 is the broadcast */
#define CMK_MSI_APIC_ID_SHIFT  12

/*
 * The address for CPU `cpu` of this node, counted as affinities are: physical destination, no redirection hint. 0 if
 * the node has no such CPU, its APIC id is above 254 (such CPUs need interrupt remapping), or there is no cluster.
 */
static inline seL4_Word cmk_msi_address(seL4_Word cpu)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!cluster || cpu >= cluster->nodes[cluster->node_id].num_cpus) {
        return 0;
    }
    seL4_Word apic_id = cluster->nodes[cluster->node_id].apic_ids[cpu];
    return apic_id > CMK_MSI_MAX_APIC_ID ? 0 : CMK_MSI_ADDRESS_BASE | apic_id << CMK_MSI_APIC_ID_SHIFT;
}

/* The data for the vector argument that was given to GetMSI, 0 to 107: fixed delivery, edge triggered. */
static inline seL4_Uint32 cmk_msi_data(seL4_Word vector)
{
    return (seL4_Uint32)(ABI_IRQ_VECTOR_OFFSET + vector);
}

CMK_END_C

#endif
