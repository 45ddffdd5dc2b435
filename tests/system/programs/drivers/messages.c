/*
 * Message signalled interrupts from QEMU's device edu, which sends one when it is told to: to
 * vectors with and without a handler, on this node's CPUs and on other nodes', and to vectors that
 * are the kernels' own.
 */
#include "suite.h"

#include <cmk/msi.h>
#include <cmk/resources.h>
#include <drivers/interrupt_messages.h>
#include <drivers/pci.h>
#include <stdio.h>
#include <string.h>

enum {
    EDU_REGISTERS = 0x100,
    EDU_RAISE = 0x60,
    EDU_ACKNOWLEDGE = 0x64,

    NODE_0_VECTOR = 20,
    LOST_VECTOR = 60, /* nobody has a handler for it */
    MILLISECONDS = 5, /* between two looks */
    MANY = 500,

    /*
     * Delivery modes in a message's data. ExtINT: the CPU asks the 8259 for a vector; QEMU ignores
     * it.
     */
    MESSAGE_IS_NMI = 4 << 8,
    MESSAGE_IS_EXTINT = 7 << 8,
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_remapped(const struct cmk_cluster *cluster)
{
    return cluster->argc > 1 && strcmp(cluster->argv[1], "remapped") == 0;
}

static struct pci_function edu;
static volatile uint32_t *registers;

static void raise(seL4_Word address, uint32_t data)
{
    if (!pci_msi_set(&edu, address, data)) {
        report("edu-has-msi", false);
    }
    registers[EDU_RAISE / 4] = 1;
    registers[EDU_ACKNOWLEDGE / 4] = 1;
}

/*
 * Waits until the notification is signalled, however slow the host is; true. What runs the tests
 * ends a hang.
 */
static bool arrives(seL4_CPtr notification)
{
    for (;;) {
        seL4_Word badge = 0;
        seL4_Poll(notification, &badge);
        if (badge != 0) {
            return true;
        }
        pause_milliseconds(MILLISECONDS);
    }
}

/* A notification whose signals can be seen by their badge. */
static seL4_CPtr badged_notification(seL4_CPtr *plain)
{
    seL4_CPtr badged = cmk_alloc_slot();
    *plain = cmk_alloc_object(seL4_NotificationObject, 0);
    return seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode,
                           *plain, seL4_WordBits, seL4_AllRights, 1) == seL4_NoError
               ? badged
               : 0;
}

/* With the message that the node's kernel tells for this function. */
static void raise_own(seL4_Word cpu, seL4_Word vector)
{
    struct cmk_msi message = {0, 0};
    if (!cmk_msi_message(edu.id, cpu, vector, &message)) {
        report("message-is-told", false);
    }
    raise(message.address, message.data);
}

static void test_own_cpus(const struct cmk_cluster *cluster)
{
    seL4_CPtr plain;
    seL4_CPtr badged = badged_notification(&plain);
    seL4_CPtr handler = interrupt_message_handler(0);
    seL4_IRQHandler_SetNotification(handler, badged);

    raise_own(0, 0);
    pause_milliseconds(10 * MILLISECONDS);
    seL4_Word badge = 0;
    seL4_Poll(plain, &badge);
    check_equal("msi-needs-bus-mastering", badge, 0);
    pci_enable_dma(&edu);

    bool every = true;
    for (seL4_Word cpu = 0; cpu < cluster->nodes[1].num_cpus; cpu++) {
        raise_own(cpu, 0);
        printf("a message to CPU %lu\n", cpu);
        every = every && arrives(plain);
        seL4_IRQHandler_Ack(handler);
    }
    report("msi-arrives-at-every-cpu", every);
    struct cmk_msi none;
    report("no-message-to-a-cpu-that-is-not-there",
           !cmk_msi_message(edu.id, cluster->nodes[1].num_cpus, 0, &none) &&
               cmk_msi_address(cluster->nodes[1].num_cpus) == 0);
    report("no-message-of-a-vector-that-is-not-there", !cmk_msi_message(edu.id, 0, 108, &none));

    /* Not acknowledged: a message is not held back, for there is nothing to mask. */
    raise_own(0, 0);
    bool first = arrives(plain);
    raise_own(0, 0);
    report("msi-needs-no-ack", first && arrives(plain));

    seL4_IRQHandler_Clear(handler);
    raise_own(0, 0);
    pause_milliseconds(10 * MILLISECONDS);
    badge = 0;
    seL4_Poll(plain, &badge);
    check_equal("msi-after-clear-is-lost", badge, 0);
    seL4_IRQHandler_SetNotification(handler, badged);
    raise_own(0, 0);
    report("msi-after-setting-again", arrives(plain));
}

/* Every CPU of the cluster gets what it did not ask for: anything but INIT, which would stop it. */
static void forge(const struct cmk_cluster *cluster)
{
    static const uint16_t data[] = {0x20, 0x21, 0x2e, 0x2f, 0x30 + LOST_VECTOR, 0x9c, 0x9d, 0x9e,
                                    0xa0, 0xfe, 0xff,
                                    /* vectors of exceptions; an APIC refuses lower ones */
                                    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                    MESSAGE_IS_NMI, MESSAGE_IS_EXTINT};
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        for (seL4_Word cpu = 0; cpu < cluster->nodes[node].num_cpus; cpu++) {
            seL4_Word address = CMK_MSI_ADDRESS_BASE | cluster->nodes[node].apic_ids[cpu]
                                                           << CMK_MSI_APIC_ID_SHIFT;
            for (unsigned i = 0; i < COUNT_OF(data) * 8; i++) {
                raise(address, data[i % COUNT_OF(data)]);
            }
        }
    }
    for (int i = 0; i < MANY; i++) {
        raise(cmk_msi_address(0), cmk_msi_data(LOST_VECTOR));
    }
}

/*
 * Where interrupts are remapped: all entries near those of this function, which are other
 * functions' and pins', as they are and with every vector of theirs. None is this device's, so
 * nobody is interrupted. (QEMU 7.2 lets messages pass that are not remapped at all; hardware blocks
 * them.)
 */
static void forge_entries(void)
{
    enum { GROUPS = 64, GROUP_SHIFT = 12, VECTOR = 0x10 + NODE_0_VECTOR };
    struct cmk_msi own = {0, 0};
    report("message-of-this-function", cmk_msi_message(edu.id, 0, 0, &own));
    report("no-message-of-another-node's-function", !cmk_msi_message(edu.id - 0x28, 0, 0, &own));
    for (seL4_Word group = 0; group < GROUPS; group++) {
        seL4_Word address = CMK_MSI_ADDRESS_BASE | 0x18 | group << GROUP_SHIFT;
        if (address != own.address) {
            raise(address, VECTOR);
        }
    }
}

static void drive_remapped(const struct cmk_cluster *cluster, struct common *common)
{
    test_own_cpus(cluster);
    wait_until(&common->waiting, 1);
    forge_entries();
    pause_milliseconds(10 * MILLISECONDS);
    atomic_store_explicit(&common->forged, 1, memory_order_release);
}

static void drive(const struct cmk_cluster *cluster, struct common *common)
{
    if (pci_open(&edu, "00:05.0")) {
        registers = pci_map_bar(&edu, 0, 0, EDU_REGISTERS);
    }
    report("edu-registers", registers && (registers[0] & 0xff) == 0xed);
    if (!registers) {
        return;
    }
    if (is_remapped(cluster)) {
        drive_remapped(cluster, common);
        return;
    }
    test_own_cpus(cluster);
    forge(cluster);
    /* The device is trusted with any CPU: node 0 waits for its interrupt, and has said so. */
    printf("a message to node 0\n");
    wait_until(&common->waiting, 1);
    raise(CMK_MSI_ADDRESS_BASE | cluster->nodes[0].apic_ids[0] << CMK_MSI_APIC_ID_SHIFT,
          cmk_msi_data(NODE_0_VECTOR));
    wait_until(&common->received, 1);
    check_equal("msi-to-another-node", atomic_load(&common->received), 1);
    atomic_store_explicit(&common->forged, 1, memory_order_release);
    if (cluster->argc > 1) {
        seL4_DebugDumpScheduler(); /* shows the counts; a fault on release kernels */
    }
}

void test_messages(const struct cmk_cluster *cluster, struct common *common)
{
    if (cluster->node_id == 1) {
        drive(cluster, common);
        return;
    }
    seL4_CPtr plain;
    seL4_CPtr badged = badged_notification(&plain);
    if (cluster->node_id == 0) {
        seL4_IRQHandler_SetNotification(interrupt_message_handler(NODE_0_VECTOR), badged);
        seL4_Word badge = 0;
        atomic_store(&common->waiting, 1);
        if (is_remapped(cluster)) {
            wait_until(&common->forged, 1);
            seL4_Poll(plain, &badge);
            check_equal("no-msi-from-another-node", badge, 0);
            return;
        }
        seL4_Wait(plain, &badge);
        check_equal("msi-from-another-node", badge, 1);
        atomic_store(&common->received, 1);
    }
    wait_until(&common->forged, 1);
    report("survives-forged-interrupts", true);
}
