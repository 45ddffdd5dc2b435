/* What the parts of the timer tests share. */
#ifndef TIMERS_H
#define TIMERS_H

#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <cmk/timer.h>
#include <stdbool.h>

#define ROOT seL4_CapInitThreadCNode

extern const struct cmk_cluster *cluster;
extern seL4_Word cpus; /* of this node */

void check(bool good, const char *name);

/* A copy of `notification` with this badge; exits if there is none. */
seL4_CPtr badged(seL4_CPtr notification, seL4_Word badge);

/* Units of moments in so many microseconds. */
uint64_t microseconds(uint64_t count);

/* The kernel's part. */
void test_refusals(void);
void test_each_cpu(void);
void test_arming(void);
void test_share_beside_flood(void);
void measure_precision(void);

/* The clock. */
void test_units(void);
void test_without_clock(void);
void test_many_timers(void);
void test_interval(void);
void test_sleepers(void);
void measure_clock(void);

/* Between two nodes. */
void test_between_nodes(void);

#endif
