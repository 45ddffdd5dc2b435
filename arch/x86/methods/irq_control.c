/* x86's methods of IRQ control: GetIOAPIC and GetMSI (contract 4.7, 10). */
#include <arch/object.h>
#include <x86/apic.h>
#include <x86/io_apic.h>
#include <kernel/cspace.h>
#include <kernel/irq.h>

enum { FIRST_USER_IRQ = VECTOR_USER_FIRST - VECTOR_IRQ_BASE };
_Static_assert(VECTOR_USER_FIRST == ABI_IRQ_VECTOR_OFFSET, "user vector 0");
_Static_assert(VECTOR_USER_FIRST + ABI_MAX_USER_IRQ == VECTOR_USER_LAST, "the last user vector");

/* What both methods begin with. `irq` and `slot` are set if the result is DONE. */
static MUST_USE enum outcome check_vector_and_slot(struct invocation *call, word_t vector,
                                                   word_t index, word_t depth, word_t *irq,
                                                   struct slot **slot, struct answer *answer)
{
    if (vector > ABI_MAX_USER_IRQ) {
        return refuse_range(answer, 0, ABI_MAX_USER_IRQ);
    }
    *irq = FIRST_USER_IRQ + vector;
    if (irq_is_active(*irq)) {
        return refuse(answer, ERROR_REVOKE_FIRST);
    }
    return lookup_empty_slot(extra_capability(call, 0), index, depth, slot, answer) ? DONE
                                                                                    : REFUSED;
}

static MUST_USE enum outcome get_io_apic(struct invocation *call, struct answer *answer)
{
    word_t index = message_word(call, 0), depth = message_word(call, 1);
    word_t io_apic = message_word(call, 2), pin = message_word(call, 3);
    word_t level = message_word(call, 4), polarity = message_word(call, 5),
           vector = message_word(call, 6);
    word_t irq;
    struct slot *slot;
    if (check_vector_and_slot(call, vector, index, depth, &irq, &slot, answer) != DONE) {
        return REFUSED;
    }
    if (io_apic_count() == 0) {
        return refuse(
            answer,
            ERROR_ILLEGAL_OPERATION); /* "no IOAPIC": there is none, or it is another node's */
    }
    if (io_apic >= io_apic_count()) {
        return refuse_range(answer, 0, io_apic_count() - 1);
    }
    unsigned pins = io_apic_pins((unsigned)io_apic);
    if (pin >= pins) {
        return refuse_range(answer, 0, pins - 1);
    }
    if (level > 1 || polarity > 1) {
        return refuse_range(answer, 0, 1);
    }

    irq_issue(irq, call->slot, slot);
    io_apic_route((unsigned)io_apic, (unsigned)pin, irq, level, polarity);
    return DONE;
}

/*
 * The user programs the device itself: data = vector, address = the APIC of any of its node's CPUs.
 */
static MUST_USE enum outcome get_msi(struct invocation *call, struct answer *answer)
{
    static const word_t greatest[] = {255, 31, 7}; /* bus, device, function */
    word_t index = message_word(call, 0), depth = message_word(call, 1);
    word_t place[] = {message_word(call, 2), message_word(call, 3), message_word(call, 4)};
    word_t vector = message_word(call, 6);
    word_t irq;
    struct slot *slot;
    if (check_vector_and_slot(call, vector, index, depth, &irq, &slot, answer) != DONE) {
        return REFUSED;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(place); i++) {
        if (place[i] > greatest[i]) {
            return refuse_range(answer, 0, greatest[i]);
        }
    }

    irq_issue(irq, call->slot, slot);
    return DONE;
}

enum outcome arch_invoke_irq_control(struct invocation *call, struct answer *answer)
{
    if (call->label != LABEL_X86IRQIssueIRQHandlerIOAPIC &&
        call->label != LABEL_X86IRQIssueIRQHandlerMSI) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    return call->label == LABEL_X86IRQIssueIRQHandlerIOAPIC ? get_io_apic(call, answer)
                                                            : get_msi(call, answer);
}
