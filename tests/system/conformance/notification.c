/* Notifications: their states, rights, queues, and binding to a thread (contract 4.5, 8.5). */
#include "harness.h"

static struct worker *waiter(word notification, word priority)
{
    struct worker *worker = new_worker(priority);

    add_step(worker, RECV, notification, 0xabc, 1, 2, 3, 4);
    start_script(worker);
    settle();
    return worker;
}

static void check_only_rdi(const struct outcome *outcome, word badge)
{
    CHECK_EQUAL(outcome->rdi, badge);
    CHECK_EQUAL(outcome->rsi, 0xabc);
    for (word i = 0; i < 4; i++) {
        CHECK_EQUAL(outcome->mr[i], i + 1);
    }
}

static void signals_collect(void)
{
    word notification = new_notification();

    CHECK_EQUAL(poll_word(notification), 0);
    signal_notification(new_minted(notification, WRITE, 0x10));
    signal_notification(new_minted(notification, WRITE, 0x8000000000000001));
    signal_notification(new_minted(notification, WRITE, 0x11));
    CHECK_EQUAL(poll_word(notification), 0x8000000000000011);
    CHECK_EQUAL(poll_word(notification), 0);
}

static void wait_on_active(void)
{
    word notification = new_notification();

    signal_notification(new_minted(notification, WRITE, 0x77));
    check_only_rdi(&waiter(notification, MIDDLE)->outcomes[0], 0x77);
    CHECK_EQUAL(poll_word(notification), 0);
}

static void signal_wakes_waiter(void)
{
    word notification = new_notification();
    struct worker *worker = waiter(notification, MIDDLE);

    CHECK_EQUAL(worker->completed, 0);
    signal_notification(new_minted(notification, WRITE, 0x78));
    settle();
    check_only_rdi(&worker->outcomes[0], 0x78);
    /* The signal was consumed by the waiter. */
    CHECK_EQUAL(poll_word(notification), 0);
}

static void unbadged_signal(void)
{
    word notification = new_notification();
    struct worker *worker = waiter(notification, MIDDLE);

    signal_notification(notification);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rdi, 0);
    /* It also makes an idle notification active: the next wait does not block. */
    signal_notification(notification);
    CHECK_EQUAL(waiter(notification, MIDDLE)->completed, 1);
}

static void waiters_in_order(void)
{
    word notification = new_notification();
    struct worker *workers[3];

    for (word i = 0; i < 3; i++) {
        workers[i] = waiter(notification, LOW + i);
    }
    for (word i = 0; i < 3; i++) {
        signal_notification(new_minted(notification, WRITE, 1ul << i));
        settle();
        CHECK_EQUAL(workers[i]->completed, 1);
        CHECK_EQUAL(workers[i]->outcomes[0].rdi, 1ul << i);
        if (i < 2) {
            CHECK_EQUAL(workers[i + 1]->completed, 0);
        }
    }
}

static void every_send_signals(void)
{
    word notification = new_notification();
    word badged = new_minted(notification, WRITE, 4);
    struct worker *worker = new_worker(MIDDLE);

    add_message(worker, NB_SEND, badged, 99, 120);
    start_script(worker);
    settle();
    CHECK_EQUAL(poll_word(notification), 4);
    /* Whatever label and words; a Call answers with an empty success. */
    CHECK_OK(invoke(badged, 123, ARGS(1, 2, 3, 4, 5), NO_CAPS));
    CHECK_EQUAL(poll_word(notification), 4);
}

static void call_leaves_message_registers(void)
{
    struct worker *worker = new_worker(MIDDLE);

    add_message(worker, CALL, new_minted(new_notification(), WRITE, 4), 99, 4);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->outcomes[0].rdi, 0);
    CHECK_EQUAL(worker->outcomes[0].rsi, 0);
    CHECK_EQUAL(worker->outcomes[0].mr[0], 0x1111);
    CHECK_EQUAL(worker->outcomes[0].mr[3], 0x4444);
}

static void rights(void)
{
    word notification = new_notification();
    word faults = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    word write_only = new_copy(notification, WRITE);
    struct reply message;

    CHECK_REPLY(invoke(new_copy(notification, READ), 0, NO_ARGS, NO_CAPS), seL4_InvalidCapability,
                0);
    CHECK_EQUAL(poll_word(notification), 0);
    add_message(worker, RECV, write_only, 0, 0);
    start_script(worker);
    message = caught_fault(faults);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], write_only, 1, seL4_MissingCapability, 0);
    /* Grants mean nothing for notifications. */
    signal_notification(write_only);
    CHECK_EQUAL(waiter(new_copy(notification, READ), MIDDLE)->completed, 1);
}

static void deleted_under_waiter(void)
{
    word notification = new_notification();
    word faults = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    add_message(worker, RECV, notification, 0, 0);
    start_script(worker);
    settle();
    CHECK_OK(delete_cap(notification));
    message = caught_fault(faults);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], notification, 1, seL4_MissingCapability, 0);
}

static void suspended_waiter(void)
{
    word notification = new_notification();
    struct worker *worker = waiter(notification, MIDDLE);

    CHECK_OK(suspend_thread(worker->tcb));
    signal_notification(new_minted(notification, WRITE, 6));
    CHECK_EQUAL(poll_word(notification), 6);
    CHECK_OK(resume_thread(worker->tcb));
    settle();
    CHECK_EQUAL(worker->completed, 0);
    signal_notification(new_minted(notification, WRITE, 7));
    settle();
    CHECK_EQUAL(worker->outcomes[0].rdi, 7);
}

/* ---- Bound notifications ---- */

static struct reply bind(word tcb, word notification)
{
    return invoke(tcb, TCB_BIND_NOTIFICATION, NO_ARGS, CAPS(notification));
}

static struct reply unbind(word tcb)
{
    return invoke(tcb, TCB_UNBIND_NOTIFICATION, NO_ARGS, NO_CAPS);
}

static void bind_errors(void)
{
    word tcb = new_tcb();
    word notification = new_notification();
    word waited_on = new_notification();

    CHECK_REPLY(invoke(tcb, TCB_BIND_NOTIFICATION, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(bind(tcb, new_endpoint()), seL4_IllegalOperation);
    CHECK_REPLY(bind(tcb, new_slot()), seL4_IllegalOperation);
    CHECK_REPLY(bind(tcb, new_copy(notification, WRITE)), seL4_IllegalOperation);
    waiter(waited_on, MIDDLE);
    CHECK_REPLY(bind(tcb, waited_on), seL4_IllegalOperation);
    CHECK_REPLY(unbind(tcb), seL4_IllegalOperation);
    CHECK_OK(bind(tcb, new_copy(notification, READ)));
    CHECK_REPLY(bind(tcb, new_notification()), seL4_IllegalOperation);
    CHECK_REPLY(bind(new_tcb(), notification), seL4_IllegalOperation);
    CHECK_OK(unbind(tcb));
    CHECK_REPLY(unbind(tcb), seL4_IllegalOperation);
    CHECK_OK(bind(new_tcb(), notification));
}

static void bound_signal_wakes_receiver(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    struct worker *worker = new_worker(MIDDLE);
    struct reply message;

    CHECK_OK(bind(worker->tcb, notification));
    add_step(worker, RECV, endpoint, 0xabc, 1, 2, 3, 4);
    start_script(worker);
    settle();
    signal_notification(new_minted(notification, WRITE, 0x40));
    settle();
    CHECK_EQUAL(worker->completed, 1);
    check_only_rdi(&worker->outcomes[0], 0x40);
    /* It left the endpoint's queue. */
    nb_send(endpoint, 1, NULL, 0);
    CHECK(!poll_message(endpoint, &message));
    CHECK_OK(unbind(worker->tcb));
    CHECK_EQUAL(poll_word(notification), 0);
}

static void bound_active_goes_first(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    struct worker *sender = new_worker(HIGH);
    struct worker *worker = new_worker(MIDDLE);

    CHECK_OK(bind(worker->tcb, notification));
    signal_notification(new_minted(notification, WRITE, 0x41));
    add_message(sender, SEND, endpoint, 9, 0);
    start_script(sender);
    add_step(worker, RECV, endpoint, 0xabc, 1, 2, 3, 4);
    add_step(worker, NB_RECV, endpoint, 0xabc, 1, 2, 3, 4);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 2);
    check_only_rdi(&worker->outcomes[0], 0x41);
    CHECK_EQUAL(info_label(worker->outcomes[1].rsi), 9);
}

static void bound_active_and_nb_receive(void)
{
    word notification = new_notification();
    struct worker *worker = new_worker(MIDDLE);

    CHECK_OK(bind(worker->tcb, notification));
    signal_notification(new_minted(notification, WRITE, 0x42));
    add_step(worker, NB_RECV, new_endpoint(), 0xabc, 1, 2, 3, 4);
    start_script(worker);
    settle();
    check_only_rdi(&worker->outcomes[0], 0x42);
}

static void bound_only_for_its_thread(void)
{
    word notification = new_notification();
    word faults = new_endpoint();
    struct worker *owner = new_worker(MIDDLE);
    struct worker *other =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    CHECK_OK(bind(owner->tcb, notification));
    add_message(owner, RECV, notification, 0, 0);
    start_script(owner);
    add_message(other, RECV, notification, 0, 0);
    start_script(other);
    message = caught_fault(faults);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], notification, 1, seL4_MissingCapability, 0);
    signal_notification(new_minted(notification, WRITE, 3));
    settle();
    CHECK_EQUAL(owner->completed, 1);
    CHECK_EQUAL(owner->outcomes[0].rdi, 3);
}

static void bound_does_not_interrupt_calls(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    struct worker *worker = new_worker(MIDDLE);

    CHECK_OK(bind(worker->tcb, notification));
    add_message(worker, SEND, endpoint, 10, 0);
    start_script(worker);
    settle();
    signal_notification(new_minted(notification, WRITE, 1));
    signal_notification(new_minted(notification, WRITE, 4));
    settle();
    CHECK_EQUAL(worker->completed, 0);
    CHECK_OK(unbind(worker->tcb));
    CHECK_EQUAL(poll_word(notification), 5);
}

static void bound_does_not_interrupt_waiting_for_reply(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    struct worker *worker = new_worker(MIDDLE);
    struct reply message;

    CHECK_OK(bind(worker->tcb, notification));
    add_message(worker, CALL, endpoint, 9, 0);
    start_script(worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    signal_notification(new_minted(notification, WRITE, 2));
    settle();
    CHECK_EQUAL(worker->completed, 0);
    system_call(REPLY, 0, message_info(11, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rsi, message_info(11, 0, 0));
    CHECK_OK(unbind(worker->tcb));
    CHECK_EQUAL(poll_word(notification), 2);
}

static void unbound_by_deletion(void)
{
    word notification = new_notification();
    word tcb = new_tcb();
    word second = new_notification();
    word second_tcb = new_tcb();

    CHECK_OK(bind(tcb, notification));
    CHECK_OK(delete_cap(notification));
    CHECK_REPLY(unbind(tcb), seL4_IllegalOperation);
    CHECK_OK(bind(second_tcb, second));
    CHECK_OK(delete_cap(second_tcb));
    CHECK_OK(bind(tcb, second));
}

static void bound_keeps_its_word(void)
{
    /* Binding takes an active notification too; unbinding leaves the word. */
    word notification = new_notification();
    word tcb = new_tcb();

    signal_notification(new_minted(notification, WRITE, 8));
    CHECK_OK(bind(tcb, notification));
    signal_notification(new_minted(notification, WRITE, 1));
    CHECK_OK(unbind(tcb));
    CHECK_EQUAL(poll_word(notification), 9);
}

static const struct test tests[] = {
    {"notification-collect", "signals of an idle notification are or-ed", signals_collect},
    {"notification-active", "waiting on an active one returns its word at once", wait_on_active},
    {"notification-wake", "a signal wakes the waiter and writes rdi only", signal_wakes_waiter},
    {"notification-unbadged", "signals without badge count too", unbadged_signal},
    {"notification-order", "waiters are served in order", waiters_in_order},
    {"notification-sends", "Send, NBSend and Call signal, whatever the message",
     every_send_signals},
    {"notification-call", "Call on a notification answers with nothing",
     call_leaves_message_registers},
    {"notification-rights", "Write signals, Read waits", rights},
    {"notification-deleted", "a waiter on a deleted notification tries again",
     deleted_under_waiter},
    {"notification-suspend", "a suspended waiter leaves the queue", suspended_waiter},
    {"bind-errors", "BindNotification and UnbindNotification errors", bind_errors},
    {"bind-receive", "a signal reaches a thread that receives on an endpoint",
     bound_signal_wakes_receiver},
    {"bind-first", "an active bound notification comes before messages", bound_active_goes_first},
    {"bind-nbrecv", "a non-blocking receive takes the bound word", bound_active_and_nb_receive},
    {"bind-owner", "nobody else may wait on a bound notification", bound_only_for_its_thread},
    {"bind-call", "a blocked send is not interrupted by signals", bound_does_not_interrupt_calls},
    {"bind-reply", "nor is a thread that waits for a reply",
     bound_does_not_interrupt_waiting_for_reply},
    {"bind-deletion", "deleting either side unbinds", unbound_by_deletion},
    {"bind-word", "the word survives binding and unbinding", bound_keeps_its_word},
};

SUBJECT(notification, tests);
