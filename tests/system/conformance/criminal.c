/* Workers that fault on purpose. */
#include "criminal.h"

struct criminal new_criminal(word priority)
{
    struct criminal criminal = {NULL, new_endpoint(), 0x4321};
    word path = new_minted(criminal.faults, ALL_RIGHTS, criminal.badge);

    criminal.worker =
        make_worker((struct worker_options){.priority = priority, .fault_endpoint = path});
    return criminal;
}

struct reply commit(struct criminal criminal, const char *crime, word argument)
{
    struct reply message;

    start_at(criminal.worker, crime, argument);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.badge, criminal.badge);
    CHECK_EQUAL(message.extra_caps, 0);
    return message;
}
