/*
 * Unit tests of IOAPIC pins and of what happens to an interrupt once the lock is held, on a model
 * of the hardware. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -DCMK_DEBUG -Wall -Wextra -Werror -Itests/unit/host/include -Iinclude \
 *       -Iarch/x86/include -Iarch/x86/internal -fsanitize=address,undefined \
 *       -fno-sanitize-recover=all tests/unit/io_apic/[a-z]*.c tests/unit/host/fail.c \
 *       kernel/format.c \
 *       arch/x86/machine/io_apic.c \
 *       arch/x86/machine/message.c arch/x86/entry/interrupt.c \
 *       -o build/unit/io_apic $(pkg-config --cflags --libs check)
 */
#include "model.h"
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/entry.h>
#include <x86/io_apic.h>
#include <cluster/record.h>
#include <check.h>
#include <stdlib.h>

enum { IRQ = 16, OTHER_IRQ = 40, PIN = 9, EDGE = 0, LEVEL = 1, HIGH = 0, LOW = 1, BOOT_CPU = 3 };

static struct cpu cpu;

/* A node with all devices on a machine of two IOAPICs, masked by boot. */
static void setup(void)
{
    struct cluster *cluster = &global_state.cluster;
    cluster->node_count = 2;
    cluster->node[0] = (struct node_plan){.cpu_count = 1, .cpu = {1}, .all_devices = true};
    cluster->node[1] = (struct node_plan){.cpu_count = 1, .cpu = {0}};
    cluster->cpu[1].apic_id = BOOT_CPU;
    node_id = 0;
    global_state.io_apic_count = MODEL_IO_APICS;
    for (unsigned i = 0; i < MODEL_IO_APICS; i++) {
        /* The second one shares its page with other registers. */
        global_state.io_apic[i].base = 0xfec00000 + i * 0x1400;
        global_state.io_apic[i].pins = io_apic_silence(model_registers(i));
    }
    model_dispatch = true;
}

/* What the local APIC got is taken by the kernel, the way an entry does it. */
static unsigned take_interrupts(void)
{
    unsigned count = 0;
    for (int vector; (vector = model_take_vector()) >= 0; count++) {
        interrupt_dispatch(&cpu, (uint8_t)vector);
    }
    return count;
}

START_TEST(boot_masks_every_pin)
{
    for (unsigned i = 0; i < MODEL_IO_APICS; i++) {
        ck_assert_uint_eq(global_state.io_apic[i].pins, model_pins(i));
        for (unsigned pin = 0; pin < model_pins(i); pin++) {
            ck_assert(model_entry(i, pin)->masked);
            model_raise(i, pin);
        }
    }
    ck_assert_uint_eq(take_interrupts(), 0);
}
END_TEST

START_TEST(only_the_owner_has_any)
{
    ck_assert_uint_eq(io_apic_count(), MODEL_IO_APICS);
    ck_assert_uint_eq(io_apic_pins(1), model_pins(1));
    global_state.cluster.cpu[1].apic_id = 254;
    ck_assert_uint_eq(io_apic_count(), MODEL_IO_APICS);
    global_state.cluster.cpu[1].apic_id = 255; /* everybody, to an IOAPIC */
    ck_assert_uint_eq(io_apic_count(), 0);
    node_id = 1;
    ck_assert_uint_eq(io_apic_count(), 0);
}
END_TEST

/*
 * All four kinds, at either IOAPIC: where it goes, as which vector, and that nothing else changes.
 */
START_TEST(routes)
{
    bool level = _i & 1, low = _i & 2;
    unsigned io_apic = _i >> 2;
    io_apic_route(io_apic, PIN, IRQ, level, low);
    const struct model_entry *entry = model_entry(io_apic, PIN);
    ck_assert_uint_eq(entry->vector, VECTOR_IRQ_BASE + IRQ);
    ck_assert_uint_eq(entry->destination, BOOT_CPU);
    ck_assert(entry->level == level && entry->active_low == low);
    ck_assert(!entry->masked && !entry->logical && entry->delivery_mode == 0);
    ck_assert(model_entry(io_apic, PIN - 1)->masked && model_entry(io_apic, PIN + 1)->masked);
    ck_assert(model_entry(!io_apic, PIN)->masked);
    /* Never a vector or a destination that does not belong to the other half. */
    ck_assert_uint_eq(model_torn_writes, 0);
}
END_TEST

/*
 * Delivered once, masked until the acknowledgement; masked before the local APIC is told, or it
 * could come again.
 */
START_TEST(edges)
{
    io_apic_route(0, PIN, IRQ, EDGE, HIGH);
    model_raise(0, PIN);
    ck_assert_uint_eq(take_interrupts(), 1);
    ck_assert_uint_eq(model_handled[IRQ], 1);
    ck_assert_uint_eq(model_ends, 1);
    ck_assert_uint_eq(model_ends_unmasked, 0);
    ck_assert(model_entry(0, PIN)->masked);
    model_lower(0, PIN);
    model_raise(0, PIN); /* an edge at a masked pin is nobody's */
    ck_assert_uint_eq(take_interrupts(), 0);

    interrupt_acknowledge(IRQ);
    ck_assert(!model_entry(0, PIN)->masked);
    ck_assert_uint_eq(take_interrupts(), 0);
    model_lower(0, PIN);
    model_raise(0, PIN);
    ck_assert_uint_eq(take_interrupts(), 1);
    ck_assert_uint_eq(model_handled[IRQ], 2);
}
END_TEST

/* A level that the driver did not lower comes again at its acknowledgement, and not before. */
START_TEST(levels)
{
    io_apic_route(1, PIN, IRQ, LEVEL, LOW);
    model_raise(1, PIN);
    ck_assert_uint_eq(take_interrupts(), 1);
    ck_assert_uint_eq(model_handled[IRQ], 1);
    ck_assert_uint_eq(take_interrupts(), 0);
    interrupt_acknowledge(IRQ);
    ck_assert_uint_eq(take_interrupts(), 1);
    model_lower(1, PIN);
    interrupt_acknowledge(IRQ);
    ck_assert_uint_eq(take_interrupts(), 0);
    model_raise(1, PIN);
    ck_assert_uint_eq(take_interrupts(), 1);
    ck_assert_uint_eq(model_handled[IRQ], 3);
    ck_assert_uint_eq(model_ends_unmasked, 0);
}
END_TEST

/* A handler is gone: its pin is silent, and an old acknowledgement opens nothing. */
START_TEST(disabled)
{
    io_apic_route(0, PIN, IRQ, LEVEL, HIGH);
    interrupt_disable(IRQ);
    ck_assert(model_entry(0, PIN)->masked);
    interrupt_acknowledge(IRQ);
    ck_assert(model_entry(0, PIN)->masked);
    model_raise(0, PIN);
    ck_assert_uint_eq(take_interrupts(), 0);
    io_apic_route(0, PIN, OTHER_IRQ, LEVEL, HIGH); /* and can have another */
    ck_assert_uint_eq(take_interrupts(), 1);
    ck_assert_uint_eq(model_handled[OTHER_IRQ], 1);
}
END_TEST

/* A pin that is routed again leaves its old irq, which then masks and unmasks nothing. */
START_TEST(routed_again)
{
    io_apic_route(0, PIN, IRQ, EDGE, HIGH);
    io_apic_route(0, PIN, OTHER_IRQ, EDGE, HIGH);
    model_raise(0, PIN);
    ck_assert_uint_eq(take_interrupts(), 1);
    ck_assert_uint_eq(model_handled[IRQ], 0);
    ck_assert_uint_eq(model_handled[OTHER_IRQ], 1);
    interrupt_acknowledge(IRQ);
    ck_assert(model_entry(0, PIN)->masked);
    interrupt_acknowledge(OTHER_IRQ);
    ck_assert(!model_entry(0, PIN)->masked);
    interrupt_disable(IRQ);
    ck_assert(!model_entry(0, PIN)->masked);
    /* The same number at the other IOAPIC is another pin. */
    io_apic_route(1, PIN, IRQ, EDGE, HIGH);
    ck_assert(!model_entry(0, PIN)->masked && !model_entry(1, PIN)->masked);
}
END_TEST

/* Messages and IPIs have no pin, and there are numbers that are no irq at all. */
START_TEST(without_a_pin)
{
    unsigned writes = model_writes;
    static const word_t irqs[] = {
        1, IRQ, DEVICE_IRQ_COUNT - 1, DEVICE_IRQ_COUNT, IRQ_COUNT - 1, IRQ_COUNT, ~0ull};
    for (unsigned i = 0; i < ARRAY_LENGTH(irqs); i++) {
        interrupt_mask(irqs[i]);
        interrupt_acknowledge(irqs[i]);
        interrupt_disable(irqs[i]);
    }
    interrupt_dispatch(&cpu, VECTOR_IRQ_BASE + IRQ);
    ck_assert_uint_eq(model_handled[IRQ], 1);
    ck_assert_uint_eq(model_ends, 1);
    ck_assert_uint_eq(model_writes, writes);
}
END_TEST

/*
 * Vectors by whom they belong to: handlers, the tick, the door, nobody. Every one that is in
 * service is ended once.
 */
START_TEST(vectors)
{
    static struct user_context fast;
    model_fast = _i ? &fast : NULL;
    for (unsigned vector = 16; vector < 256; vector++) {
        unsigned ends = model_ends, ticks = model_ticks,
                 unowned = (unsigned)cpu.arch.unowned_interrupts, handled = 0;
        bool handlers = vector > VECTOR_DOOR && vector <= VECTOR_USER_LAST,
             timer = vector == VECTOR_TIMER;
        model_in_service = vector % 2 == 0;
        for (unsigned i = 0; i < IRQ_COUNT; i++) {
            model_handled[i] = 0;
        }
        ck_assert_ptr_eq(interrupt_dispatch(&cpu, (uint8_t)vector), handlers ? model_fast : NULL);
        for (unsigned i = 0; i < IRQ_COUNT; i++) {
            handled += model_handled[i];
            ck_assert(model_handled[i] == 0 || i == vector - VECTOR_IRQ_BASE);
        }
        bool owned = handlers || timer || vector == VECTOR_DOOR;
        ck_assert_uint_eq(handled, handlers);
        ck_assert_uint_eq(model_ticks - ticks, timer);
        ck_assert_uint_eq(cpu.arch.unowned_interrupts - unowned, !owned);
        ck_assert_uint_eq(model_ends - ends, owned || model_in_service);
    }
}
END_TEST

/* Ticks stop in idle when there is nothing to do, but on CPU 0, until anything interrupts. */
START_TEST(ticks_in_idle)
{
    static struct tcb thread;
    struct cpu other = {.index = 1};
    interrupt_dispatch(&cpu, VECTOR_TIMER);
    ck_assert(!cpu.arch.timer.ticks_stopped && cpu.index == 0);

    model_ready = &thread;
    interrupt_dispatch(&other, VECTOR_TIMER);
    ck_assert(!other.arch.timer.ticks_stopped);

    model_ready = NULL;
    other.arch.trap.thread = &thread;
    interrupt_dispatch(&other, VECTOR_TIMER);
    ck_assert(!other.arch.timer.ticks_stopped);

    other.arch.trap.thread = NULL;
    interrupt_dispatch(&other, VECTOR_TIMER);
    ck_assert(other.arch.timer.ticks_stopped);
    ck_assert_uint_eq(model_ticks_resumed, 0);
    interrupt_dispatch(&other, VECTOR_DOOR);
    ck_assert(!other.arch.timer.ticks_stopped);
    ck_assert_uint_eq(model_ticks_resumed, 1);
}
END_TEST

/* The timer's interrupt does what has come due, nothing else, and waits for what comes next. */
START_TEST(timer_interrupts)
{
    struct cpu other = {.index = 3};
    for (unsigned due = 0; due < 4; due++) {
        unsigned ticks = model_ticks, handled = model_handled[FIRST_TIMER_IRQ + 3],
                 goes_on = model_timer_goes_on, ends = model_ends;
        model_due = (struct timer_due){.tick = due & 1, .armed = due & 2};
        ck_assert_ptr_null(interrupt_dispatch(&other, VECTOR_TIMER));
        ck_assert_uint_eq(model_ticks - ticks, due & 1);
        ck_assert_uint_eq(model_handled[FIRST_TIMER_IRQ + 3] - handled, due >> 1);
        ck_assert_uint_eq(model_timer_goes_on - goes_on, 1);
        ck_assert_uint_eq(model_ends - ends, 1);
    }
}
END_TEST

/* A CPU that comes to the door programs its timer anew if another one has armed it. */
START_TEST(armed_from_elsewhere)
{
    interrupt_dispatch(&cpu, VECTOR_DOOR);
    ck_assert_uint_eq(model_timer_goes_on, 0);
    cpu.arch.timer.changed = true;
    interrupt_dispatch(&cpu, VECTOR_DOOR);
    ck_assert_uint_eq(model_timer_goes_on, 1);
    ck_assert(!cpu.arch.timer.changed);
}
END_TEST

/* --- with interrupt remapping: entries of the IOMMU's table --- */

static void remap(uint32_t sources)
{
    struct interrupt_remapping *interrupts = &global_state.cluster.interrupts;
    *interrupts = (struct interrupt_remapping){.on = true, .source_count = sources};
    for (uint32_t i = 0; i < sources; i++) {
        interrupts->source[i] = (struct message_source){(uint16_t)(8 * i), 0, i % 2};
    }
}

/* VT-d specification 5.1.5.1: the entry's number in a pin's words. */
START_TEST(remapped_pins)
{
    static const uint32_t sources[] = {0, 5, 300, 500};
    bool level = _i & 1;
    unsigned io_apic = _i >> 1 & 1;
    remap(sources[_i >> 2]);
    io_apic_route(io_apic, PIN, OTHER_IRQ, level, true);
    const struct model_entry *entry = model_entry(io_apic, PIN);
    uint32_t number = entry->words[1] >> 17 | (entry->words[0] >> 11 & 1) << 15;
    ck_assert_uint_eq(number, (sources[_i >> 2] + 2 * io_apic + level) * 128 + OTHER_IRQ);
    ck_assert_uint_eq(entry->words[1] & 0x1ffff, 1 << 16);
    ck_assert_uint_eq(entry->words[0] & 0x700, 0);
    ck_assert_uint_eq(entry->vector, VECTOR_IRQ_BASE + OTHER_IRQ);
    ck_assert(entry->level == level && entry->active_low && !entry->masked);
    ck_assert_uint_eq(model_torn_writes, 0);
    interrupt_mask(OTHER_IRQ);
    interrupt_acknowledge(OTHER_IRQ);
    ck_assert_uint_eq(entry->words[0] >> 11 & 1, number >> 15);
    global_state.cluster.cpu[1].apic_id = 0x12345; /* the table has room for it */
    ck_assert_uint_eq(io_apic_count(), MODEL_IO_APICS);
}
END_TEST

/* 5.1.2.2: handle and data. */
START_TEST(remapped_messages)
{
    word_t address = 0, data = 0;
    remap(400);
    for (uint32_t i = 0; i < 400; i++) {
        enum message_problem problem = interrupt_message(8 * i, 5, 0, &address, &data);
        ck_assert_int_eq(problem, i % 2 == node_id ? MESSAGE_GOOD : MESSAGE_NO_FUNCTION);
        if (problem == MESSAGE_GOOD) {
            uint64_t handle = (address >> 5 & 0x7fff) | (address >> 2 & 1) << 15;
            ck_assert_uint_eq(handle + data, i * 128 + 0x10 + 5);
            ck_assert_uint_eq(address & 0xfff0001b, 0xfee00018);
            ck_assert_uint_eq(address >> 32, 0);
        }
    }
    ck_assert_int_eq(interrupt_message(1, 5, 0, &address, &data), MESSAGE_NO_FUNCTION);
    ck_assert_int_eq(interrupt_message(1ull << 32, 5, 0, &address, &data), MESSAGE_NO_FUNCTION);
    ck_assert_int_eq(interrupt_message(0, 108, 0, &address, &data), MESSAGE_NO_VECTOR);
    ck_assert_int_eq(interrupt_message(0, 0, 1, &address, &data), MESSAGE_NO_CPU);
}
END_TEST

START_TEST(messages)
{
    word_t address = 0, data = 0;
    global_state.cluster.interrupts.on = false;
    ck_assert_int_eq(interrupt_message(0x1234, 107, 0, &address, &data), MESSAGE_GOOD);
    ck_assert_uint_eq(address, 0xfee00000 | BOOT_CPU << 12);
    ck_assert_uint_eq(data, 0x30 + 107);
    ck_assert_int_eq(interrupt_message(0, 1ull << 32, 0, &address, &data), MESSAGE_NO_VECTOR);
    ck_assert_int_eq(interrupt_message(0, 0, 1ull << 32, &address, &data), MESSAGE_NO_CPU);
    global_state.cluster.cpu[1].apic_id = 255; /* the broadcast */
    ck_assert_int_eq(interrupt_message(0, 0, 0, &address, &data), MESSAGE_NO_CPU);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("IOAPIC");
    TCase *tests = tcase_create("pins");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, boot_masks_every_pin);
    tcase_add_test(tests, only_the_owner_has_any);
    tcase_add_loop_test(tests, routes, 0, 4 * MODEL_IO_APICS);
    tcase_add_test(tests, edges);
    tcase_add_test(tests, levels);
    tcase_add_test(tests, disabled);
    tcase_add_test(tests, routed_again);
    tcase_add_test(tests, without_a_pin);
    tcase_add_loop_test(tests, vectors, 0, 2);
    tcase_add_test(tests, ticks_in_idle);
    tcase_add_test(tests, timer_interrupts);
    tcase_add_test(tests, armed_from_elsewhere);
    tcase_add_loop_test(tests, remapped_pins, 0, 16);
    tcase_add_test(tests, remapped_messages);
    tcase_add_test(tests, messages);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
