/* Breaks thread_state.cocci: the rule checks do not learn of the change. */
#include <kernel/objects.h>

void stop(struct tcb *thread)
{
    thread->state = THREAD_INACTIVE; /* breach */
}
