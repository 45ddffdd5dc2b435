/*
 * Unmap of a page whose address space other CPUs are using: each of them gets one IPI and must have
 * left user mode before the kernel goes on.
 */
#include "cpus.h"

#include <cmk/resources.h>

#define MAP_ADDRESS 0x0000600000000000ul

static struct samples samples;
static uint32_t ipis[ALL_ROUNDS]; /* of each round, as the kernel counts them */
static seL4_CPtr frame;

static _Noreturn void use_address_space(void)
{
    for (;;) {
        __builtin_ia32_pause();
    }
}

static void unmapper(void)
{
    delay(UNTIL_IDLE); /* the others have begun */
    seL4_Word before = kernel_count(CMK_COUNT_SHOOT_DOWN_IPIS);
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        OK(cmk_map_frame(frame, MAP_ADDRESS, seL4_ReadWrite, seL4_X86_Default_VMAttributes));
        MEASURE(samples, i, OK(seL4_X86_Page_Unmap(frame)));
        seL4_Word after = kernel_count(CMK_COUNT_SHOOT_DOWN_IPIS);
        ipis[i] = (uint32_t)(after - before);
        before = after;
    }
}

static void measure_with(unsigned others)
{
    for (unsigned cpu = 1; cpu <= others; cpu++) {
        start_thread((struct thread_options){.priority = MIDDLE, .cpu = cpu}, use_address_space);
    }
    start_thread((struct thread_options){.priority = MIDDLE}, unmapper);
    run_threads();
    report_numbered("Page unmap, other CPUs that use the address space: %u", others, &samples,
                    ALL_ROUNDS);
    report_numbers("IPIs of a page unmap, other CPUs that use the address space: %u", others,
                   "IPIs", ipis);
}

void measure_unmap(void)
{
    frame = new_object(seL4_X86_4K, 0);
    for (unsigned others = 0; others < cpu_count(); others++) {
        measure_with(others);
    }
}
