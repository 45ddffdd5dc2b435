/* The system calls that carry messages, and those that carry one word. */
#include "pretend_kernel.h"
#include "suites.h"

/*
 * A message of label 0x77 with six words 60.., and what comes back: badge 0xbad9e, label 5, six
 * words 80...
 */
#define SENT_INFO     (0x77ul << 12 | 6)
#define RECEIVED_INFO (0x5ul << 12 | 6)

static const struct pretend_answer message = {
    .badge = 0xbad9e, .info = RECEIVED_INFO, .mr = {80, 81, 82, 83}, .more = {84, 85}};

static seL4_MessageInfo_t prepare(void)
{
    for (int i = 0; i < 6; i++) {
        seL4_SetMR(i, 60 + (seL4_Word)i);
    }
    return seL4_MessageInfo_new(0x77, 0, 0, 6);
}

static void check_sent(const struct pretend_report *seen, long number, seL4_Word rdi)
{
    ck_assert_int_eq((long)seen->number, number);
    ck_assert_uint_eq(seen->rdi, rdi);
    ck_assert_uint_eq(seen->info, SENT_INFO);
    for (seL4_Word i = 0; i < 4; i++) {
        ck_assert_uint_eq(seen->mr[i], 60 + i);
    }
    ck_assert_uint_eq(seen->buffer.msg[4], 64);
    ck_assert_uint_eq(seen->buffer.msg[5], 65);
    ck_assert(seen->returned);
}

static void check_received(const struct pretend_report *seen, seL4_Word sender)
{
    ck_assert_uint_eq(seen->result[0], RECEIVED_INFO);
    ck_assert_uint_eq(seen->result[1], sender);
    for (seL4_Word i = 0; i < 6; i++) {
        ck_assert_uint_eq(seen->buffer_after.msg[i], 80 + i);
    }
}

/* NAME: a test that makes CALL in the child and looks at `seen` afterwards. */
#define CALL_TEST(name, call, check)                                                               \
    static void call_##name(void)                                                                  \
    {                                                                                              \
        call;                                                                                      \
    }                                                                                              \
    START_TEST(name)                                                                               \
    {                                                                                              \
        struct pretend_report seen;                                                                \
        pretend(call_##name, &message, false, &seen);                                              \
        check;                                                                                     \
    }                                                                                              \
    END_TEST

CALL_TEST(send, seL4_Send(9, prepare()), check_sent(&seen, -3, 9))
CALL_TEST(nb_send, seL4_NBSend(9, prepare()), check_sent(&seen, -4, 9))
CALL_TEST(reply, seL4_Reply(prepare()), check_sent(&seen, -6, 0))

CALL_TEST(call, pretend_result[0] = seL4_Call(9, prepare()).words[0], {
    check_sent(&seen, -1, 9);
    check_received(&seen, 0);
})

CALL_TEST(reply_recv, pretend_result[0] = seL4_ReplyRecv(9, prepare(), &pretend_result[1]).words[0],
          {
              check_sent(&seen, -2, 9);
              check_received(&seen, 0xbad9e);
          })

static void check_receives(const struct pretend_report *seen, long number)
{
    ck_assert_int_eq((long)seen->number, number);
    ck_assert_uint_eq(seen->rdi, 9);
    ck_assert(seen->returned);
    check_received(seen, 0xbad9e);
}

CALL_TEST(recv, pretend_result[0] = seL4_Recv(9, &pretend_result[1]).words[0],
          check_receives(&seen, -5))
CALL_TEST(nb_recv, pretend_result[0] = seL4_NBRecv(9, &pretend_result[1]).words[0],
          check_receives(&seen, -8))
CALL_TEST(poll, pretend_result[0] = seL4_Poll(9, &pretend_result[1]).words[0],
          check_receives(&seen, -8))

CALL_TEST(wait_for_notification, seL4_Wait(9, &pretend_result[1]), {
    ck_assert_int_eq((long)seen.number, -5);
    ck_assert(seen.rdi == 9 && seen.returned);
    ck_assert_uint_eq(seen.result[1], 0xbad9e);
})

CALL_TEST(receivers_may_ignore_the_badge, pretend_result[0] = seL4_Recv(9, NULL).words[0], {
    ck_assert(seen.returned);
    check_received(&seen, 0);
})

CALL_TEST(signal_notification, seL4_Signal(9), {
    ck_assert_int_eq((long)seen.number, -3);
    ck_assert(seen.rdi == 9 && seen.info == 1 && seen.returned);
})

CALL_TEST(yield, seL4_Yield(), ck_assert((long)seen.number == -7 && seen.returned))

/* A short message: words beyond its length are not fetched from the buffer. */
CALL_TEST(short_message, seL4_Send(9, seL4_MessageInfo_new(1, 0, 0, 0)), {
    ck_assert_uint_eq(seen.info, 1 << 12);
    ck_assert(seen.mr[0] != 60 && seen.mr[1] != 61 && seen.mr[2] != 62 && seen.mr[3] != 63);
})

static void call_with_registers(void)
{
    seL4_Word mr0 = 70;
    seL4_Word mr2 = 72;
    seL4_Word mr3 = 73;
    seL4_MessageInfo_t info =
        seL4_CallWithMRs(9, seL4_MessageInfo_new(0x77, 0, 0, 4), &mr0, NULL, &mr2, &mr3);
    pretend_result[0] = info.words[0];
    pretend_result[1] = mr0;
    pretend_result[2] = mr2;
    pretend_result[3] = mr3;
}

START_TEST(call_with_mrs)
{
    struct pretend_report seen;
    pretend(call_with_registers, &message, false, &seen);
    ck_assert(seen.mr[0] == 70 && seen.mr[1] == 0 && seen.mr[2] == 72 && seen.mr[3] == 73);
    ck_assert(seen.returned && seen.result[0] == RECEIVED_INFO);
    ck_assert(seen.result[1] == 80 && seen.result[2] == 82 && seen.result[3] == 83);
    ck_assert_uint_eq(seen.buffer_after.msg[0], 0xeeeeeeeeeeeeeeee);
}
END_TEST

static void reply_recv_with_registers(void)
{
    seL4_Word mr0 = 70;
    seL4_Word mr1 = 71;
    pretend_result[0] = seL4_ReplyRecvWithMRs(9, seL4_MessageInfo_new(0, 0, 0, 2),
                                              &pretend_result[1], &mr0, &mr1, NULL, NULL)
                            .words[0];
    pretend_result[2] = mr0;
    pretend_result[3] = mr1;
}

START_TEST(reply_recv_with_mrs)
{
    struct pretend_report seen;
    pretend(reply_recv_with_registers, &message, false, &seen);
    ck_assert(seen.mr[0] == 70 && seen.mr[1] == 71 && (long)seen.number == -2);
    ck_assert(seen.returned && seen.result[1] == 0xbad9e && seen.result[2] == 80 &&
              seen.result[3] == 81);
}
END_TEST

/* Calls of one word: number, what rdi is, and, where there is one, the result. */
CALL_TEST(debug_put_char, seL4_DebugPutChar((char)0xe4),
          ck_assert((long)seen.number == -9 && seen.rdi == 0xe4))
CALL_TEST(debug_identify, pretend_result[0] = seL4_DebugCapIdentify(9),
          { ck_assert((long)seen.number == -12 && seen.rdi == 9 && seen.result[0] == 0xbad9e); })
CALL_TEST(debug_affinity, pretend_result[0] = seL4_DebugGetThreadAffinity(9),
          { ck_assert((long)seen.number == -16 && seen.rdi == 9 && seen.result[0] == 0xbad9e); })
CALL_TEST(debug_name, seL4_DebugNameThread(9, "a name"), {
    ck_assert((long)seen.number == -14 && seen.rdi == 9);
    ck_assert_str_eq((char *)seen.buffer.msg, "a name");
})
CALL_TEST(debug_halt, seL4_DebugHalt(), ck_assert_int_eq((long)seen.number, -11))
CALL_TEST(debug_snapshot, seL4_DebugSnapshot(), ck_assert_int_eq((long)seen.number, -13))
CALL_TEST(debug_dump, seL4_DebugDumpScheduler(), ck_assert_int_eq((long)seen.number, -10))
CALL_TEST(debug_send_ipi, seL4_DebugSendIPI(2, 3),
          { ck_assert((long)seen.number == -15 && seen.rdi == 2 && seen.info == 3); })
CALL_TEST(set_tls_base, seL4_SetTLSBase(0x123000),
          ck_assert((long)seen.number == -30 && seen.rdi == 0x123000))

Suite *ipc_suite(void)
{
    const TTest *const tests[] = {
        send,
        nb_send,
        reply,
        call,
        reply_recv,
        recv,
        nb_recv,
        poll,
        wait_for_notification,
        receivers_may_ignore_the_badge,
        signal_notification,
        yield,
        short_message,
        call_with_mrs,
        reply_recv_with_mrs,
        debug_put_char,
        debug_identify,
        debug_affinity,
        debug_name,
        debug_halt,
        debug_snapshot,
        debug_dump,
        debug_send_ipi,
        set_tls_base,
    };
    return SUITE_OF("messages", tests);
}
