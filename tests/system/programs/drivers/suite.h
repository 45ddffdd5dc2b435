/* What the parts of this suite share: reporting, time, and the nodes' common page. */
#ifndef SUITE_H
#define SUITE_H

#include <cmk/cluster.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * In the first shared frame, zero at boot. Each word is written by one node and read by the others.
 */
struct common {
    /* by the node with the device: all interrupts were sent. Release after them */
    _Atomic uint64_t forged;
    _Atomic uint64_t waiting;  /* by node 0: its handler is set, it waits */
    _Atomic uint64_t received; /* by node 0: interrupts that its own handler got */
};

void report(const char *name, bool good);
void check_equal(const char *name, seL4_Word value, seL4_Word expected);

/*
 * Waits until *word is at least `value`, however slow the host is; what runs the tests ends a hang.
 */
void wait_until(_Atomic uint64_t *word, uint64_t value);
void pause_milliseconds(unsigned milliseconds);

/* The device edu (QEMU's docs/specs/edu.txt) in node 1: MSI to this node, and to others. */
void test_messages(const struct cmk_cluster *cluster, struct common *common);

/* What nodes cannot reach. */
void test_node_with_all(void);
void test_node_with_list(void);
void test_node_without(void);

#endif
