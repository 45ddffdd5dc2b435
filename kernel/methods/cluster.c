/*
 * CMK's own capabilities: IPI control and the IPI signals made from it, cluster control and the
 * controls of other nodes, and node control.
 */
#include <api/cluster.h>
#include <api/debug.h>
#include <arch/console.h>
#include <arch/interrupt.h>
#include <arch/life.h>
#include <arch/machine.h>
#include <arch/memory.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/cluster.h>
#include <kernel/cpu.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>
#include <kernel/irq.h>
#include <kernel/mutant.h>
#include <kernel/preemption.h>

/*
 * The kernel's IRQ number of an IPI irq is that irq: its vector is 0x20 + irq (design: "Between
 * nodes").
 */

static bool is_ipi_irq(word_t irq)
{
    return irq >= 1 && irq <= ABI_CMK_IPI_IRQS;
}

static MUST_USE enum outcome make_signal(struct invocation *call, struct answer *answer)
{
    word_t node = message_word(call, 0);
    word_t irq = message_word(call, 1);
    word_t index = message_word(call, 2);
    word_t depth = message_word(call, 3);
    struct slot *slot;
    if (!is_ipi_irq(irq)) {
        return refuse_range(answer, 1, ABI_CMK_IPI_IRQS);
    }
    if (node >= machine_node_count()) {
        return refuse_range(answer, 0, machine_node_count() - 1);
    }
    if (!lookup_empty_slot(extra_capability(call, 0), index, depth, &slot, answer)) {
        return REFUSED;
    }
    insert_new(ipi_signal_capability(node, irq), call->slot, slot);
    return DONE;
}

static MUST_USE enum outcome issue_handler(struct invocation *call, word_t irq,
                                           struct answer *answer)
{
    word_t index = message_word(call, 1);
    word_t depth = message_word(call, 2);
    struct slot *slot;
    if (irq_is_active(irq)) {
        return refuse(answer, ERROR_REVOKE_FIRST);
    }
    if (!lookup_empty_slot(extra_capability(call, 0), index, depth, &slot, answer)) {
        return REFUSED;
    }
    irq_issue(irq, call->slot, slot);
    return DONE;
}

static MUST_USE enum outcome get_handler(struct invocation *call, struct answer *answer)
{
    word_t irq = message_word(call, 0);
    return is_ipi_irq(irq) ? issue_handler(call, irq, answer)
                           : refuse_range(answer, 1, ABI_CMK_IPI_IRQS);
}

static MUST_USE enum outcome get_timer(struct invocation *call, struct answer *answer)
{
    word_t cpu = message_word(call, 0);
    if (cpu >= node_cpu_count) {
        return refuse_range(answer, 0, node_cpu_count - 1);
    }
    return issue_handler(call, FIRST_TIMER_IRQ + cpu, answer);
}

/* --- other nodes --- */

static MUST_USE enum outcome get_node(struct invocation *call, struct answer *answer)
{
    word_t node = message_word(call, 0);
    word_t index = message_word(call, 1);
    word_t depth = message_word(call, 2);
    struct slot *slot;
    if (node == 0 || node >= machine_node_count()) {
        return refuse_range(answer, 1, machine_node_count() - 1);
    }
    if (!lookup_empty_slot(extra_capability(call, 0), index, depth, &slot, answer)) {
        return REFUSED;
    }
    insert_new(other_node_capability(node), call->slot, slot);
    return DONE;
}

static MUST_USE enum outcome cluster_control_invoke(struct invocation *call, struct answer *answer)
{
    if (call->label != LABEL_CMKClusterControlGetNode) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    return is_truncated(call) ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : get_node(call, answer);
}

static MUST_USE enum outcome start_node(word_t node, struct answer *answer)
{
    switch (life_start(node)) {
    case START_DONE:
        return DONE;
    case START_IS_ON:
        return refuse(answer, ERROR_DELETE_FIRST);
    case START_IMPOSSIBLE:
        return refuse_argument(answer, 0);
    case START_LAST_LIFE:
        return refuse_argument(answer, 1);
    }
    return refuse(answer, ERROR_ILLEGAL_OPERATION);
}

static MUST_USE enum outcome other_node_invoke(struct invocation *call, word_t node,
                                               struct answer *answer)
{
    word_t state, generation;
    switch (call->label) {
    case LABEL_CMKOtherNodeStart:
        return start_node(node, answer);
    case LABEL_CMKOtherNodeStop:
        life_stop(node);
        return DONE;
    case LABEL_CMKOtherNodeLife:
        life_read(node, &state, &generation);
        return answer_two_words(answer, state, generation);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}

enum outcome ipi_control_invoke(struct invocation *call, struct answer *answer)
{
    bool truncated = is_truncated(call);
    if (is_cluster_control_capability(call->capability)) {
        return cluster_control_invoke(call, answer);
    }
    switch (call->label) {
    case LABEL_CMKIPIControlSendIPI:
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : make_signal(call, answer);
    case LABEL_CMKIPIControlGetHandler:
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : get_handler(call, answer);
    case LABEL_CMKIPIControlGetTimer:
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : get_timer(call, answer);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}

enum outcome ipi_signal_invoke(struct invocation *call, struct answer *answer)
{
    word_t node = ipi_signal_capability_node(call->capability);
    word_t irq = ipi_signal_capability_irq(call->capability);
    if (irq == LIFE_SIGNAL) {
        return other_node_invoke(call, node, answer);
    }
    interrupt_send_to_node(node, irq);
    return DONE;
}

/*
 * A piece of bounded length, so that no CPU waits long, is written whole; the caller comes again
 * for the rest.
 */
static MUST_USE enum outcome write_to_console(struct invocation *call, struct answer *answer)
{
    word_t there = MIN((call->length - 1) * sizeof(word_t), (word_t)ABI_CMK_WRITE_BYTES);
    word_t taken = MIN(message_word(call, 0), there);
    word_t left = taken;
    for (unsigned i = 1; left > 0; i++) {
        word_t word = message_word(call, i);
        for (unsigned byte = 0; byte < sizeof(word_t) && left > 0; byte++, left--) {
            console_put((char)(word >> (8 * byte)));
        }
    }
    return answer_word(answer, taken);
}

/* What a test asked for: to fail on purpose, or how long others had to wait. */
static MUST_USE enum outcome trigger(struct invocation *call, struct answer *answer)
{
    switch (message_word(call, 0)) {
    case CMK_TRIGGER_WRITE:
        *(volatile word_t *)window(message_word(call, 1)) = 0;
        return DONE;
    case CMK_TRIGGER_ASSERT:
        assert(false && "asked to fail");
        return DONE;
    case CMK_TRIGGER_HANG:
        machine_hang();
    case CMK_TRIGGER_LONGEST_STRETCH: {
        word_t operation,
            longest = preemption_longest_stretch(message_word(call, 1) != 0, &operation);
        return answer_two_words(answer, longest, operation);
    }
    case CMK_TRIGGER_LOCK_PATIENCE:
        machine_set_lock_patience(message_word(call, 1));
        return DONE;
    case CMK_TRIGGER_LOCK_STATISTIC: {
        word_t value;
        return machine_lock_statistic(message_word(call, 1), &value) ? answer_word(answer, value)
                                                                     : refuse_argument(answer, 1);
    }
    case CMK_TRIGGER_BREAK_RULE:
        return break_rule(call->caller, message_word(call, 1)) ? DONE : refuse_argument(answer, 1);
    default:
        return refuse_argument(answer, 0);
    }
}

static MUST_USE enum outcome answer_count(struct invocation *call, struct answer *answer)
{
    word_t what = message_word(call, 0);
    word_t cpu = message_word(call, 1);
    if (what >= CMK_COUNTS) {
        return refuse_argument(answer, 0);
    }
    if (cpu >= node_cpu_count) {
        return refuse_argument(answer, 1);
    }
    return answer_word(answer, cpu_by_index((uint32_t)cpu)->counts[what]);
}

/* What a PCI function of this node stores where, so that an interrupt arrives. */
static MUST_USE enum outcome answer_message(struct invocation *call, struct answer *answer)
{
    word_t address, data;
    switch (interrupt_message(message_word(call, 0), message_word(call, 1), message_word(call, 2),
                              &address, &data)) {
    case MESSAGE_GOOD:
        return answer_two_words(answer, address, data);
    case MESSAGE_NO_FUNCTION:
        return refuse_argument(answer, 0);
    case MESSAGE_NO_VECTOR:
        return refuse_argument(answer, 1);
    case MESSAGE_NO_CPU:
        return refuse_argument(answer, 2);
    }
    return refuse(answer, ERROR_ILLEGAL_OPERATION);
}

enum outcome node_control_invoke(struct invocation *call, struct answer *answer)
{
    bool truncated = is_truncated(call);
    switch (call->label) {
    case LABEL_CMKNodeControlExit:
        if (truncated) {
            return refuse(answer, ERROR_TRUNCATED_MESSAGE);
        }
        check_everything();
        machine_exit_node(message_word(call, 0));
    case LABEL_CMKNodeControlWrite:
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : write_to_console(call, answer);
    case LABEL_CMKNodeControlTrigger:
        if (!DEBUG_BUILD) {
            return refuse(answer, ERROR_ILLEGAL_OPERATION);
        }
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : trigger(call, answer);
    case LABEL_CMKNodeControlCount:
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : answer_count(call, answer);
    case LABEL_CMKNodeControlMessage:
        return truncated ? refuse(answer, ERROR_TRUNCATED_MESSAGE) : answer_message(call, answer);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}
