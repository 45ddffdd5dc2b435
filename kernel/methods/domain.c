/*
 * The domain capability with one domain (contract 4.8): all checks and errors, and nothing ever
 * switches. The schedule is kept, so that what is configured can be checked against it.
 */
#include <kernel/domain.h>

enum { DURATION_BITS = 56, LAST_CONFIGURABLE = ABI_DOMAIN_SCHEDULES - 2 };

/* Duration of each entry, all of domain 0; 0: end marker. */
static word_t durations[ABI_DOMAIN_SCHEDULES] = {MASK(DURATION_BITS)};
static word_t start_index;

static MUST_USE enum outcome set_domain(struct invocation *call, struct answer *answer)
{
    if (call->length == 0) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    if (message_word(call, 0) >= ABI_DOMAINS) {
        return refuse_argument(answer, 0);
    }
    if (call->extra_caps == 0) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    if (capability_type(extra_capability(call, 0)) != CAP_TCB) {
        return refuse_argument(answer, 1);
    }
    return DONE; /* every thread is in the only domain */
}

static MUST_USE enum outcome configure_schedule(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t index = message_word(call, 0);
    word_t domain = message_word(call, 1);
    word_t duration = message_word(call, 2);
    if (index > LAST_CONFIGURABLE) {
        return refuse_range(answer, 0, LAST_CONFIGURABLE);
    }
    if (domain >= ABI_DOMAINS) {
        return refuse_range(answer, 0, ABI_DOMAINS - 1);
    }
    if (duration > MASK(DURATION_BITS)) {
        return refuse_argument(answer, 2);
    }
    if (duration == 0 && domain != 0) {
        return refuse_argument(answer, 1);
    }
    if (duration == 0 && index == start_index) {
        return refuse_argument(answer, 2);
    }
    durations[index] = duration;
    return DONE;
}

static MUST_USE enum outcome set_start(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t index = message_word(call, 0);
    if (index >= ABI_DOMAIN_SCHEDULES) {
        return refuse_range(answer, 0, ABI_DOMAIN_SCHEDULES - 1);
    }
    if (durations[index] == 0) {
        return refuse_argument(answer, 0);
    }
    start_index = index;
    return DONE;
}

enum outcome domain_invoke(struct invocation *call, struct answer *answer)
{
    switch (call->label) {
    case LABEL_DomainSetSet:
        return set_domain(call, answer);
    case LABEL_DomainScheduleConfigure:
        return configure_schedule(call, answer);
    case LABEL_DomainScheduleSetStart:
        return set_start(call, answer);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}
