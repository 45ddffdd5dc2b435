/*
 * Message signalled interrupts: what a driver writes into its device so that the interrupt arrives
 * at this node. seL4_IRQControl_GetMSI makes the handler for a vector argument; what the device
 * then has to store where, cmk_msi_message tells:
 *
 *     struct cmk_msi message;
 *     if (cmk_msi_message(cmk_msi_function(0, 3, 0), 0, vector, &message)) ...
 *
 * A message is edge triggered, and no Ack is needed for the device to send the next one.
 *
 * With an IOMMU that remaps interrupts a message names an entry of a table that boot wrote. Only
 * the function that it was asked for can send it, and all of a node's messages arrive at its CPU
 * 0. Messages that name a CPU themselves, which is all that cmk_msi_address and cmk_msi_data can
 * make, are blocked then (intremap=off in the cluster's configuration lets them pass).
 */
#ifndef CMK_MSI_H
#define CMK_MSI_H

#include <api/apic_ids.h>
#include <cmk/cluster.h>
#include <cmk/language.h>

CMK_BEGIN_C

#define CMK_MSI_ADDRESS_BASE  0xfee00000ul
#define CMK_MSI_APIC_ID_SHIFT 12

struct cmk_msi {
    seL4_Word address;
    seL4_Uint32 data;
};

/* How a PCI function is named: in nodeK.devices= it is BB:DD.F. */
static inline seL4_Word cmk_msi_function(seL4_Word bus, seL4_Word device, seL4_Word function)
{
    return bus << 8 | device << 3 | function;
}

/*
 * The message of this node's PCI function `function` for the vector argument that was given to
 * GetMSI, 0 to 107. It arrives at CPU `cpu` of this node, counted as affinities are, or at CPU 0
 * if interrupts are remapped. False, with *message unchanged, if the function is not this node's,
 * there is no such vector or CPU, the CPU's APIC id is above ABI_LARGEST_XAPIC_ID and interrupts
 * are not remapped, or there is no cluster.
 */
static inline bool cmk_msi_message(seL4_Word function, seL4_Word cpu, seL4_Word vector,
                                   struct cmk_msi *message)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_Word address, data;
    if (!cluster || cmk_NodeControl_Message(cluster->node_control, function, vector, cpu, &address,
                                            &data) != seL4_NoError) {
        return false;
    }
    *message = (struct cmk_msi){address, (seL4_Uint32)data};
    return true;
}

/*
 * The address for CPU `cpu` of this node where interrupts are not remapped: physical destination,
 * no redirection hint (Intel SDM volume 3, 11.11). 0 if the node has no such CPU, its APIC id is
 * above ABI_LARGEST_XAPIC_ID, or there is no cluster.
 */
static inline seL4_Word cmk_msi_address(seL4_Word cpu)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!cluster || cpu >= cluster->nodes[cluster->node_id].num_cpus) {
        return 0;
    }
    seL4_Word apic_id = cluster->nodes[cluster->node_id].apic_ids[cpu];
    return apic_id > ABI_LARGEST_XAPIC_ID ? 0
                                          : CMK_MSI_ADDRESS_BASE | apic_id << CMK_MSI_APIC_ID_SHIFT;
}

/* The data for the vector argument that was given to GetMSI: fixed delivery, edge triggered. */
static inline seL4_Uint32 cmk_msi_data(seL4_Word vector)
{
    return (seL4_Uint32)(ABI_IRQ_VECTOR_OFFSET + vector);
}

CMK_END_C

#endif
