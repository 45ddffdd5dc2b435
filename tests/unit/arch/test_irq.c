/* GetIOAPIC and GetMSI: every check, in the contract's order. */
#include "world.h"

enum { CONTROL = 10, HANDLER = 20 };

static void irq_init(void)
{
    world_init();
    put(CONTROL, capability_make(CAP_IRQ_CONTROL, 0, 0));
}

static enum error_code get(word_t label, const word_t *words, unsigned length)
{
    return invoke(&cnode[CONTROL], label, words, length, CAPS(&cnode_slot));
}

/* `words` from MR2 on are the method's own. */
START_TEST(common_checks)
{
    static const word_t labels[] = {LABEL_X86IRQIssueIRQHandlerIOAPIC,
                                    LABEL_X86IRQIssueIRQHandlerMSI};
    const word_t label = labels[_i];
    const word_t bad = 1000;
    ck_assert_int_eq(get(label, WORDS(HANDLER, 64, bad, bad, bad, bad)), ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(&cnode[CONTROL], label, WORDS(HANDLER, 64, 0, 0, 0, 0, 0), NOTHING),
                     ERROR_TRUNCATED_MESSAGE);
    static const word_t vectors[] = {108, 109, 0x7fffffffffffffff, ~0ull};
    for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++) {
        ck_assert_int_eq(get(label, WORDS(HANDLER, 65, bad, bad, bad, bad, vectors[i])),
                         ERROR_RANGE);
        ck_assert_uint_eq(answer.words[0], 0);
        ck_assert_uint_eq(answer.words[1], 107);
    }
    irq_active[16 + 7] = true;
    ck_assert_int_eq(get(label, WORDS(HANDLER, 65, bad, bad, bad, bad, 7)), ERROR_REVOKE_FIRST);
    ck_assert_int_eq(get(label, WORDS(HANDLER, 65, bad, bad, bad, bad, 8)), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 64);
    ck_assert_int_eq(get(label, WORDS(SLOT_ROOT, 64, bad, bad, bad, bad, 8)), ERROR_DELETE_FIRST);
    ck_assert_int_eq(get(label, WORDS(HANDLER, 64, bad, bad, bad, bad, 8)), ERROR_RANGE);
    ck_assert_uint_eq(route.count, 0);
    ck_assert(slot_is_empty(&cnode[HANDLER]));
}
END_TEST

START_TEST(other_labels)
{
    for (word_t label = 0; label < 60; label++) {
        bool own =
            label == LABEL_X86IRQIssueIRQHandlerIOAPIC || label == LABEL_X86IRQIssueIRQHandlerMSI;
        ck_assert_int_eq(get(label, NOTHING),
                         own ? ERROR_TRUNCATED_MESSAGE : ERROR_ILLEGAL_OPERATION);
    }
}
END_TEST

static enum error_code get_io_apic(word_t io_apic, word_t pin, word_t level, word_t polarity,
                                   word_t vector)
{
    return get(LABEL_X86IRQIssueIRQHandlerIOAPIC,
               WORDS(HANDLER, 64, io_apic, pin, level, polarity, vector));
}

START_TEST(io_apic_checks)
{
    io_apics = 0;
    ck_assert_int_eq(get_io_apic(9, 99, 9, 9, 5), ERROR_ILLEGAL_OPERATION);
    io_apics = 2;
    ck_assert_int_eq(get_io_apic(2, 99, 9, 9, 5), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 1);
    ck_assert_int_eq(get_io_apic(1ull << 32, 0, 0, 0, 5), ERROR_RANGE);
    ck_assert_int_eq(get_io_apic(1, 25, 9, 9, 5), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 24);
    ck_assert_int_eq(get_io_apic(0, 24, 9, 9, 5), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 23);
    ck_assert_int_eq(get_io_apic(1, 24, 2, 9, 5), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 1);
    ck_assert_int_eq(get_io_apic(1, 24, 1, 2, 5), ERROR_RANGE);
    ck_assert_uint_eq(route.count, 0);
    ck_assert_int_eq(get_io_apic(1, 24, 1, 0, 5), ERROR_NONE);
    ck_assert_uint_eq(route.count, 1);
    ck_assert(route.index == 1 && route.pin == 24 && route.irq == 21 && route.level &&
              !route.active_low);
    ck_assert_uint_eq(irq_handler_capability_irq(cnode[HANDLER].capability), 21);
    ck_assert(is_parent_of(&cnode[CONTROL], &cnode[HANDLER]));
    remove_slot(&cnode[HANDLER]);
    ck_assert_int_eq(get_io_apic(0, 0, 0, 1, 107), ERROR_NONE);
    ck_assert(route.irq == 123 && !route.level && route.active_low);
}
END_TEST

static enum error_code get_msi(word_t bus, word_t device, word_t function, word_t handle,
                               word_t vector)
{
    return get(LABEL_X86IRQIssueIRQHandlerMSI,
               WORDS(HANDLER, 64, bus, device, function, handle, vector));
}

START_TEST(msi_checks)
{
    io_apics = 0; /* MSIs need none */
    ck_assert_int_eq(get_msi(256, 99, 99, 0, 0), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 255);
    ck_assert_int_eq(get_msi(255, 32, 99, 0, 0), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 31);
    ck_assert_int_eq(get_msi(255, 31, 8, 0, 0), ERROR_RANGE);
    ck_assert_uint_eq(answer.words[1], 7);
    ck_assert_int_eq(get_msi(255, 31, 7, ~0ull, 0), ERROR_NONE);
    ck_assert_uint_eq(irq_handler_capability_irq(cnode[HANDLER].capability), 16);
    ck_assert_uint_eq(route.count, 0);
}
END_TEST

Suite *irq_suite(void)
{
    Suite *suite = suite_create("IRQ control");
    TCase *tests = tcase_create("IRQ control");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, irq_init, NULL);
    tcase_add_loop_test(tests, common_checks, 0, 2);
    tcase_add_test(tests, other_labels);
    tcase_add_test(tests, io_apic_checks);
    tcase_add_test(tests, msi_checks);
    suite_add_tcase(suite, tests);
    return suite;
}
