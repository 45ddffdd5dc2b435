/*
 * Unit tests of signals between nodes (arch/x86/machine/ipi.c), on the host: which CPU gets which
 * vector, how many leave in a tick, and that none is lost. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -DCMK_DEBUG -Wall -Wextra -Werror -Itests/unit/host/include -Iinclude \
 *       -Iarch/x86/include -Iarch/x86/internal -fsanitize=address,undefined \
 *       -fno-sanitize-recover=undefined tests/unit/ipi/main.c arch/x86/machine/ipi.c -lcheck \
 *       -lsubunit -lm -lrt -lpthread \
 *       -o build/unit-ipi && build/unit-ipi
 */
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/ipi.h>
#include <cluster/record.h>
#include <check.h>
#include <kernel/assert.h>
#include <kernel/cpu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SELF = 1, IRQS = ABI_CMK_IPI_IRQS };

struct global_state global_state;
uint32_t node_id = SELF;

/* What arrived at each APIC id since it was last looked at, and how often anything was sent. */
static uint32_t arrived[256];
static unsigned sent, sent_to[256];

/*
 * An assertion for loops: ck_assert tells its test's runner each time, which costs a system call.
 */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ck_abort_msg("%s", #condition);                                                        \
        }                                                                                          \
    } while (0)

void apic_send(uint32_t id, uint8_t vector)
{
    must(vector > VECTOR_IRQ_BASE && vector <= VECTOR_IPI_LAST);
    arrived[id] |= 1u << (vector - VECTOR_IRQ_BASE);
    sent++;
    sent_to[id]++;
}

_Noreturn void kernel_fail(const char *what, const char *file, unsigned line, const char *function)
{
    fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, what);
    abort();
}

/*
 * `nodes` nodes of `cpus` CPUs each, whose APIC ids are 3 apart, at `mhz`; a first tick has passed.
 */
static void make_cluster(uint32_t nodes, uint32_t cpus, uint32_t mhz)
{
    struct cluster *cluster = &global_state.cluster;
    cluster->node_count = nodes;
    global_state.tsc_mhz = mhz;
    for (uint32_t node = 0; node < nodes; node++) {
        cluster->node[node].cpu_count = cpus;
        for (uint32_t i = 0; i < cpus; i++) {
            uint32_t cpu = node * cpus + i;
            cluster->node[node].cpu[i] = (uint16_t)cpu;
            cluster->cpu[cpu].apic_id = cpu * 3;
        }
    }
    ipi_refill();
}

/* Signals of this node in one tick, while it asks for all irqs over and over. */
static unsigned flood_for_a_tick(uint32_t target)
{
    unsigned before = sent;
    ipi_refill();
    for (word_t i = 0; i < 20000; i++) {
        interrupt_send_to_node(target, 1 + i % IRQS);
    }
    return sent - before;
}

START_TEST(each_irq_has_its_cpu)
{
    uint32_t cpus = (uint32_t)_i;
    make_cluster(3, cpus, 2000);
    for (word_t irq = 1; irq <= IRQS; irq++) {
        interrupt_send_to_node(2, irq);
        uint32_t id = (2 * cpus + irq % cpus) * 3;
        ck_assert_uint_eq(arrived[id], 1u << irq);
        arrived[id] = 0;
    }
    ck_assert_uint_eq(sent, IRQS);
}
END_TEST

/*
 * Nodes, MHz, and the most that all senders together may send to one node in 1000 ticks, at 2000
 * cycles each.
 */
static const struct {
    uint32_t nodes, mhz;
} machines[] = {{2, 2000}, {4, 2000}, {64, 3000}, {64, 1000}, {64, 400}, {4, 4}, {8, 4}, {64, 4}};

START_TEST(all_senders_together_take_a_tenth)
{
    uint32_t nodes = machines[_i].nodes, mhz = machines[_i].mhz;
    make_cluster(nodes, 1, mhz);
    uint64_t total = 0, ticks = 1000;
    unsigned most = 0;
    for (unsigned tick = 0; tick < ticks; tick++) {
        unsigned now = flood_for_a_tick(0);
        most = MAX(most, now);
        total += now;
    }
    uint64_t cycles = ticks * ABI_TICK_MILLISECONDS * mhz * 1000;
    uint64_t taken = total * 2000 * (nodes - 1);
    ck_assert_uint_le(taken, cycles / 10);
    ck_assert_uint_ge(taken, cycles / 20); /* and the budget is there to be used */
    uint64_t in_a_tick = (uint64_t)mhz * 1000 * ABI_TICK_MILLISECONDS / 10 / (nodes - 1) / 2000;
    ck_assert_uint_le(most, MAX(in_a_tick, 1u));
}
END_TEST

START_TEST(beyond_the_budget_signals_wait_for_the_tick)
{
    make_cluster(4, 1, 30); /* one in a tick for each sender */
    interrupt_send_to_node(0, 3);
    ck_assert_uint_eq(arrived[0], 1u << 3);
    arrived[0] = 0;
    interrupt_send_to_node(0, 5);
    interrupt_send_to_node(0, 9);
    interrupt_send_to_node(0, 5);
    ck_assert_uint_eq(arrived[0], 0);
    interrupt_send_to_node(2, 5); /* each target has its own */
    ck_assert_uint_eq(arrived[6], 1u << 5);
    ipi_refill();
    ck_assert_uint_eq(arrived[0], 1u << 5);
    ipi_refill();
    ck_assert_uint_eq(arrived[0], 1u << 5 | 1u << 9);
    ipi_refill();
    ck_assert_uint_eq(sent, 4); /* irq 5 was asked for twice while it waited: one signal */
}
END_TEST

/*
 * Every request is followed by a signal of that irq, whatever the order, within as many ticks as
 * there are irqs.
 */
START_TEST(none_is_lost_and_none_starves)
{
    uint32_t owed[4] = {0};
    unsigned waited[4][IRQS + 1] = {{0}};
    make_cluster(4, 1, 30);
    srand((unsigned)_i + 1);
    for (unsigned tick = 0; tick < 2000; tick++) {
        for (int i = rand() % 40; i > 0; i--) {
            uint32_t node = (uint32_t)rand() % 4;
            unsigned irq = 1 + (unsigned)rand() % IRQS;
            interrupt_send_to_node(node, irq);
            owed[node] |= 1u << irq;
            owed[node] &= ~arrived[node * 3]; /* what has left now answers all requests until now */
            arrived[node * 3] = 0;
        }
        ipi_refill();
        for (uint32_t node = 0; node < 4; node++) {
            owed[node] &= ~arrived[node * 3];
            arrived[node * 3] = 0;
            for (unsigned irq = 1; irq <= IRQS; irq++) {
                waited[node][irq] = owed[node] >> irq & 1 ? waited[node][irq] + 1 : 0;
                must(waited[node][irq] <= IRQS);
            }
        }
    }
}
END_TEST

START_TEST(a_status_change_goes_to_all_others_at_once)
{
    make_cluster(4, 2, 4);
    flood_for_a_tick(0); /* whatever the budget is */
    memset(sent_to, 0, sizeof(sent_to));
    memset(arrived, 0, sizeof(arrived));
    ipi_announce_status();
    for (uint32_t node = 0; node < 4; node++) {
        uint32_t id = (node * 2 + 1) * 3; /* irq 15: CPU 1 of two */
        ck_assert_uint_eq(arrived[id], node == SELF ? 0 : 1u << IRQS);
        ck_assert_uint_eq(sent_to[id], node == SELF ? 0 : 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ipi");
    TCase *cases = tcase_create("all");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_irq_has_its_cpu, 1, 17);
    tcase_add_loop_test(cases, all_senders_together_take_a_tenth, 0,
                        sizeof(machines) / sizeof(machines[0]));
    tcase_add_test(cases, beyond_the_budget_signals_wait_for_the_tick);
    tcase_add_loop_test(cases, none_is_lost_and_none_starves, 0, 20);
    tcase_add_test(cases, a_status_change_goes_to_all_others_at_once);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
