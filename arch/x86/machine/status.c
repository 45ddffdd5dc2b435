/*
 * The status page. Its words are written by one CPU at a time: ticks by CPU 0, the rest by the CPU that ends the node.
 * Users of other nodes read them at any time: `state` has release order, so that what explains it is there first.
 */
#include <arch/x86/layout.h>
#include <arch/x86/status.h>

static volatile struct cmk_status_page *page(void)
{
    return (volatile struct cmk_status_page *)STATUS_PAGE;
}

static void set_state(uint64_t state)
{
    __atomic_store_n(&page()->state, state, __ATOMIC_RELEASE);
}

void status_tick(void)
{
    __atomic_store_n(&page()->ticks, page()->ticks + 1, __ATOMIC_RELAXED);
}

void status_exited(word_t exit_status)
{
    page()->exit_status = exit_status;
    set_state(CMK_STATUS_EXITED);
}

void status_stopped(const char *reason)
{
    size_t last = sizeof(page()->reason) - 1;
    size_t i = 0;
    for (; i < last && reason[i]; i++) {
        page()->reason[i] = reason[i];
    }
    page()->reason[i] = 0;
    set_state(CMK_STATUS_STOPPED);
}
