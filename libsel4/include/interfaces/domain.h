/*
 * Methods of the domain set (contract 4.8). With one domain they check everything and switch
 * nothing.
 */
#ifndef INTERFACES_DOMAIN_H
#define INTERFACES_DOMAIN_H

#include <sel4/invocation.h>
#include <sel4/sel4_arch/trap.h>
#include <cmk/language.h>

CMK_BEGIN_C

static inline seL4_Error seL4_DomainSet_Set(seL4_DomainSet _service, seL4_Uint8 domain,
                                            seL4_TCB thread)
{
    struct sel4_x64_trap trap = {.mr = {domain}};
    seL4_SetCap(0, thread);
    return sel4_x64_invoke(&trap, _service, DomainSetSet, 1, 1);
}

/* `duration` is in kernel ticks. */
static inline seL4_Error seL4_DomainSet_ScheduleConfigure(seL4_DomainSet _service, seL4_Word index,
                                                          seL4_Uint8 domain, seL4_Word duration)
{
    struct sel4_x64_trap trap = {.mr = {index, domain, duration}};
    return sel4_x64_invoke(&trap, _service, DomainScheduleConfigure, 0, 3);
}

static inline seL4_Error seL4_DomainSet_ScheduleSetStart(seL4_DomainSet _service, seL4_Word index)
{
    struct sel4_x64_trap trap = {.mr = {index}};
    return sel4_x64_invoke(&trap, _service, DomainScheduleSetStart, 0, 1);
}

CMK_END_C

#endif
