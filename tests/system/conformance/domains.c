/* The domain methods, with the one domain there is (contract 4.8). */
#include "harness.h"

static const word unlimited = (1ul << 56) - 1;

static struct reply configure(word index, word domain, word duration)
{
    return invoke(seL4_CapDomain, DOMAIN_SCHEDULE_CONFIGURE, ARGS(index, domain, duration),
                  NO_CAPS);
}

static struct reply set_start(word index)
{
    return invoke(seL4_CapDomain, DOMAIN_SCHEDULE_SET_START, ARGS(index), NO_CAPS);
}

static void set(void)
{
    word tcb = new_tcb();

    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, NO_ARGS, CAPS(tcb)), seL4_TruncatedMessage);
    /* The domain comes before the missing capability. */
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(1), NO_CAPS), seL4_InvalidArgument, 0);
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(0), NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(1), CAPS(tcb)), seL4_InvalidArgument, 0);
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(256), CAPS(tcb)), seL4_InvalidArgument, 0);
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(~0ul), CAPS(tcb)), seL4_InvalidArgument, 0);
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(0), CAPS(new_endpoint())),
                seL4_InvalidArgument, 1);
    CHECK_OK(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(0), CAPS(tcb)));
    CHECK_OK(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(0), CAPS(seL4_CapInitThreadTCB)));
}

static void schedule_configure(void)
{
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SCHEDULE_CONFIGURE, ARGS(0, 0), NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(configure(1, 0, unlimited), seL4_RangeError, 0, 0);
    CHECK_REPLY(configure(~0ul, 1, 1ul << 56), seL4_RangeError, 0, 0);
    CHECK_REPLY(configure(0, 1, unlimited), seL4_RangeError, 0, 0);
    CHECK_REPLY(configure(0, ~0ul, 1ul << 56), seL4_RangeError, 0, 0);
    CHECK_REPLY(configure(0, 0, 1ul << 56), seL4_InvalidArgument, 2);
    CHECK_REPLY(configure(0, 0, ~0ul), seL4_InvalidArgument, 2);
    /* Entry 0 is where the schedule starts: it may not become an end marker. */
    CHECK_REPLY(configure(0, 0, 0), seL4_InvalidArgument, 2);
    CHECK_OK(configure(0, 0, 1));
    CHECK_OK(configure(0, 0, unlimited));
}

static void schedule_start(void)
{
    CHECK_REPLY(invoke(seL4_CapDomain, DOMAIN_SCHEDULE_SET_START, NO_ARGS, NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(set_start(2), seL4_RangeError, 0, 1);
    CHECK_REPLY(set_start(~0ul), seL4_RangeError, 0, 1);
    CHECK_REPLY(set_start(1), seL4_InvalidArgument, 0);
    CHECK_OK(set_start(0));
}

static void copies(void)
{
    word copy = new_copy(seL4_CapDomain, 0);

    CHECK_OK(invoke(copy, DOMAIN_SCHEDULE_SET_START, ARGS(0), NO_CAPS));
    CHECK_REPLY(invoke(copy, DOMAIN_SCHEDULE_SET_START + 1, ARGS(0), NO_CAPS),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(copy, 0, ARGS(0), NO_CAPS), seL4_IllegalOperation);
}

static void nothing_switches(void)
{
    /* Threads run on whatever the schedule says, since there is one domain only. */
    struct worker *worker = new_worker(MIDDLE);

    CHECK_OK(configure(0, 0, 1));
    CHECK_OK(set_start(0));
    CHECK_OK(invoke(seL4_CapDomain, DOMAIN_SET, ARGS(0), CAPS(worker->tcb)));
    add_step(worker, YIELD, 0, 0, 0, 0, 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_OK(configure(0, 0, unlimited));
}

static const struct test tests[] = {
    {"domain-set", "DomainSet_Set", set},
    {"domain-configure", "ScheduleConfigure", schedule_configure},
    {"domain-start", "ScheduleSetStart", schedule_start},
    {"domain-copy", "copies of the domain capability, and other labels", copies},
    {"domain-run", "one domain: nothing switches", nothing_switches},
};

SUBJECT(domains, tests);
