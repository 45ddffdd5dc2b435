/*
 * Capabilities by themselves: fields, rights, data, derivation (contract 7.4, 7.5), answers (4.2).
 */
#include "world.h"
#include <arch/object.h>
#include <kernel/objects.h>

static struct endpoint *endpoint;
static struct notification *notification;

static void setup(void)
{
    world_start();
    endpoint = new_object(ABI_ENDPOINT_BITS);
    notification = new_object(ABI_NOTIFICATION_BITS);
}

START_TEST(fields_do_not_touch_each_other)
{
    struct capability c = endpoint_capability(endpoint, ~0ull, RIGHT_GRANT);

    ck_assert_uint_eq(capability_type(c), CAP_ENDPOINT);
    ck_assert_ptr_eq(capability_endpoint(c), endpoint);
    ck_assert_uint_eq(capability_badge(c), ~0ull);
    ck_assert_uint_eq(capability_rights(c), RIGHT_GRANT);
    ck_assert_uint_eq(capability_rights(capability_with_rights(c, 0x30 | RIGHT_READ)), RIGHT_READ);

    c = untyped_capability(0x7fffffff0000, 47, true, BIT(47));
    ck_assert_uint_eq(untyped_capability_base(c), 0x7fffffff0000);
    ck_assert_uint_eq(untyped_capability_size_bits(c), 47);
    ck_assert(untyped_capability_is_device(c));
    ck_assert_uint_eq(untyped_capability_watermark(c), BIT(47));

    c = cnode_capability((struct slot *)0xffff800012345000, 42, MASK(22), 22);
    ck_assert_uint_eq((word_t)capability_cnode(c), 0xffff800012345000); /* sign-extended */
    ck_assert_uint_eq(cnode_capability_radix(c), 42);
    ck_assert_uint_eq(cnode_capability_guard(c), MASK(22));
    ck_assert_uint_eq(cnode_capability_guard_size(c), 22);

    c = zombie_capability((word_t)endpoint, ZOMBIE_TCB, 5);
    ck_assert_uint_eq(zombie_capability_slots_left(zombie_capability_with_slots_left(c, 4)), 4);
    ck_assert_uint_eq(zombie_capability_radix(c), ZOMBIE_TCB);

    c = ipi_signal_capability(63, 15);
    ck_assert_uint_eq(ipi_signal_capability_node(c), 63);
    ck_assert_uint_eq(ipi_signal_capability_irq(c), 15);

    c = reply_capability(caller, true, RIGHT_GRANT);
    ck_assert(reply_capability_is_master(c));
    ck_assert_ptr_eq(capability_tcb(c), caller);
    ck_assert_uint_eq(capability_rights(c), RIGHT_GRANT);
}
END_TEST

START_TEST(rights_are_masked)
{
    for (word_t have = 0; have < 16; have++) {
        for (word_t mask = 0; mask < 32; mask++) {
            struct capability e = mask_rights(endpoint_capability(endpoint, 7, have), mask);
            struct capability n = mask_rights(notification_capability(notification, 7, have), mask);
            ck_assert_uint_eq(capability_rights(e), have & mask & 15);
            ck_assert_uint_eq(capability_rights(n), have & mask & 15);
            ck_assert_uint_eq(capability_badge(e), 7);
        }
    }
    /* Everything else keeps all that it is; frames are the architecture's. */
    struct capability others[] = {untyped_capability(0x1000, 12, false, 16),
                                  tcb_capability(caller),
                                  cnode_capability(root, 8, 3, 5),
                                  irq_handler_capability(20),
                                  ipi_signal_capability(1, 2),
                                  capability_make(CAP_NODE_CONTROL, 0, 0),
                                  zombie_capability((word_t)root, 8, 256),
                                  capability_null()};
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
        struct capability m = mask_rights(others[i], 0);
        ck_assert_mem_eq(&m, &others[i], sizeof(m));
    }
    struct capability frame =
        frame_capability(0x200000, FRAME_LARGE, RIGHT_READ | RIGHT_WRITE, false);
    ck_assert_uint_eq(frame_capability_rights(mask_rights(frame, RIGHT_READ)), RIGHT_READ);
}
END_TEST

static bool is_null(struct capability c)
{
    return capability_is_null(c);
}

START_TEST(badges)
{
    struct capability fresh = endpoint_capability(endpoint, 0, RIGHTS_ALL);
    struct capability badged = update_data(fresh, 0xdeadbeefcafebabe, false);

    ck_assert_uint_eq(capability_badge(badged), 0xdeadbeefcafebabe);
    ck_assert_uint_eq(capability_rights(badged), RIGHTS_ALL);
    ck_assert_uint_eq(capability_badge(update_data(fresh, 0, false)), 0);
    ck_assert(!is_null(update_data(fresh, 0, false)));
    ck_assert(is_null(update_data(badged, 0, false))); /* not even back to 0 */
    ck_assert(is_null(update_data(badged, 5, false)));
    ck_assert(is_null(update_data(fresh, 5, true))); /* mutate and rotate */
    ck_assert(is_null(update_data(fresh, 0, true)));
    ck_assert_uint_eq(
        capability_badge(update_data(notification_capability(notification, 0, 3), 9, false)), 9);
    ck_assert(is_null(update_data(notification_capability(notification, 1, 3), 9, false)));
}
END_TEST

START_TEST(guards)
{
    struct capability c = cnode_capability(root, 8, 1, 1);

    for (word_t size = 0; size < 64; size++) {
        struct capability g = update_data(c, 0xabcdef0123456789ull << 6 | size, size & 1);
        if (size > 56) {
            ck_assert(is_null(g));
            continue;
        }
        ck_assert_uint_eq(cnode_capability_guard_size(g), size);
        ck_assert_uint_eq(cnode_capability_guard(g), 0xabcdef0123456789ull & MASK(size) & MASK(58));
        ck_assert_uint_eq(cnode_capability_radix(g), 8);
        ck_assert_ptr_eq(capability_cnode(g), root);
    }
    ck_assert_uint_eq(update_data(c, 0, false).word[1], 0); /* data 0 resets the guard */
}
END_TEST

START_TEST(data_of_others_is_ignored)
{
    struct capability c = untyped_capability(0x1000, 12, false, 48);
    struct capability u = update_data(c, 1234, false);

    ck_assert_mem_eq(&u, &c, sizeof(c));
    ck_assert(is_null(update_data(capability_null(), 1, false)));
}
END_TEST

START_TEST(what_can_be_copied)
{
    struct capability yes[] = {endpoint_capability(endpoint, 3, 1),
                               notification_capability(notification, 0, 3),
                               cnode_capability(root, 8, 3, 5),
                               tcb_capability(caller),
                               irq_handler_capability(17),
                               capability_make(CAP_DOMAIN, 0, 0),
                               ipi_signal_capability(1, 3),
                               capability_make(CAP_NODE_CONTROL, 0, 0),
                               other_node_capability(1),
                               io_port_capability(1, 2),
                               capability_make(CAP_ASID_CONTROL, 0, 0)};
    struct capability no[] = {capability_null(),
                              capability_make(CAP_IRQ_CONTROL, 0, 0),
                              capability_make(CAP_IPI_CONTROL, 0, 0),
                              cluster_control_capability(),
                              capability_make(CAP_IO_PORT_CONTROL, 0, 0),
                              zombie_capability((word_t)root, 8, 1),
                              reply_capability(caller, false, RIGHT_GRANT),
                              reply_capability(caller, true, RIGHT_GRANT)};
    struct slot slot = {0};
    struct answer answer;
    struct capability d;

    for (unsigned i = 0; i < ARRAY_LENGTH(yes); i++) {
        slot.capability = yes[i];
        ck_assert(derive(&slot, yes[i], &d, &answer));
        ck_assert_mem_eq(&d, &yes[i], sizeof(d));
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(no); i++) {
        slot.capability = no[i];
        ck_assert(derive(&slot, no[i], &d, &answer));
        ck_assert(is_null(d));
    }
}
END_TEST

START_TEST(untypeds_with_children_are_not_copied)
{
    struct capability d;
    struct answer answer;

    put_untyped(8, 0, 12, 0, false);
    ck_assert(derive(&root[8], at(8), &d, &answer));
    ck_assert_uint_eq(do_retype(8, OBJECT_ENDPOINT, 0, 9, 1), 0);
    ck_assert(!derive(&root[8], at(8), &d, &answer));
    ck_assert_uint_eq(answer.label, ERROR_REVOKE_FIRST);
    ck_assert_uint_eq(do_copy(10, 8), ERROR_REVOKE_FIRST);
}
END_TEST

START_TEST(copied_frames_are_unmapped)
{
    struct capability frame = frame_capability(0x200000, FRAME_LARGE, RIGHT_READ, false);
    struct capability mapped = mapping_capability_with_mapping(frame, 5, 0x400000);
    struct slot slot = {.capability = mapped};
    struct answer answer;
    struct capability d;

    ck_assert(derive(&slot, mapped, &d, &answer));
    ck_assert_mem_eq(&d, &frame, sizeof(d));
    slot.capability = paging_capability(CAP_PAGE_TABLE, window(UNTYPED_BASE));
    ck_assert(!derive(&slot, slot.capability, &d, &answer));
    ck_assert_uint_eq(answer.label, ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(answers)
{
    struct answer a = {0};
    struct lookup_failure f = {LOOKUP_GUARD_MISMATCH, {10, 20, 30}};

    ck_assert_int_eq(refuse(&a, ERROR_ALIGNMENT), REFUSED);
    ck_assert(a.label == ERROR_ALIGNMENT && a.length == 0);
    ck_assert_int_eq(refuse_argument(&a, 4), REFUSED);
    ck_assert(a.label == ERROR_INVALID_ARGUMENT && a.length == 1 && a.words[0] == 4);
    ck_assert_int_eq(refuse_capability(&a, 2), REFUSED);
    ck_assert(a.label == ERROR_INVALID_CAPABILITY && a.length == 1 && a.words[0] == 2);
    ck_assert_int_eq(refuse_range(&a, 1, 20), REFUSED);
    ck_assert(a.label == ERROR_RANGE && a.length == 2 && a.words[0] == 1 && a.words[1] == 20);
    ck_assert_int_eq(refuse_memory(&a, 77), REFUSED);
    ck_assert(a.label == ERROR_NOT_ENOUGH_MEMORY && a.length == 1 && a.words[0] == 77);
    ck_assert_int_eq(refuse_missing(&a, true, 9), REFUSED);
    ck_assert(a.label == ERROR_FAILED_LOOKUP && a.length == 3 && a.words[0] == 1 &&
              a.words[1] == LOOKUP_MISSING_CAPABILITY && a.words[2] == 9);
    ck_assert_int_eq(refuse_lookup(&a, false, &f), REFUSED);
    ck_assert(a.length == 5 && a.words[0] == 0 && a.words[1] == 4 && a.words[2] == 10 &&
              a.words[3] == 20 && a.words[4] == 30);
    ck_assert_int_eq(answer_word(&a, 5), DONE);
    ck_assert(a.label == 0 && a.length == 1 && a.words[0] == 5);
}
END_TEST

START_TEST(truncation_follows_the_table)
{
    struct invocation i = {
        .caller = caller, .label = LABEL_UntypedRetype, .length = 6, .extra_caps = 1};

    ck_assert(!is_truncated(&i));
    i.length = 5;
    ck_assert(is_truncated(&i));
    i.length = 120;
    i.extra_caps = 0;
    ck_assert(is_truncated(&i));
    i.label = LABEL_TCBSuspend;
    i.length = 0;
    ck_assert(!is_truncated(&i));
    i.label = 0xfffff; /* no method: for the decoder to refuse */
    ck_assert(!is_truncated(&i));
}
END_TEST

START_TEST(message_words_come_from_registers_then_buffer)
{
    struct invocation i = {.caller = caller, .length = 6, .buffer = buffer};

    for (unsigned w = 0; w < ABI_MESSAGE_REGISTERS; w++) {
        context_set_message_register(&caller->context, w, 100 + w);
    }
    buffer[ABI_IPC_MESSAGE + 0] = 1; /* slots 0..3 of the buffer do not count */
    buffer[ABI_IPC_MESSAGE + 4] = 104;
    buffer[ABI_IPC_MESSAGE + 119] = 219;
    for (unsigned w = 0; w < 5; w++) {
        ck_assert_uint_eq(message_word(&i, w), 100 + w);
    }
    ck_assert_uint_eq(message_word(&i, 119), 219);
}
END_TEST

Suite *capability_suite(void);
Suite *capability_suite(void)
{
    Suite *suite = suite_create("capabilities");
    TCase *tests = tcase_create("capabilities");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, fields_do_not_touch_each_other);
    tcase_add_test(tests, rights_are_masked);
    tcase_add_test(tests, badges);
    tcase_add_test(tests, guards);
    tcase_add_test(tests, data_of_others_is_ignored);
    tcase_add_test(tests, what_can_be_copied);
    tcase_add_test(tests, untypeds_with_children_are_not_copied);
    tcase_add_test(tests, copied_frames_are_unmapped);
    tcase_add_test(tests, answers);
    tcase_add_test(tests, truncation_follows_the_table);
    tcase_add_test(tests, message_words_come_from_registers_then_buffer);
    suite_add_tcase(suite, tests);
    return suite;
}
