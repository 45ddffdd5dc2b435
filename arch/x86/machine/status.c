/*
 * The status page. Its words are written by one CPU at a time, its owner: `ticks` by CPU 0, the
 * rest by the CPU that boots the node, then by the one that ends it; with manager=on by node 0's
 * kernel while the node is off or being stopped, when none of its CPUs runs. Users of other nodes
 * read them at any time: `state` has release order, so that what explains it is there first.
 */
#include <target/instructions.h>
#include <x86/layout.h>
#include <x86/status.h>
#include <cluster/record.h>
#include <kernel/string.h>

/* At the same address in the node's boot table and in its own. */
static struct cmk_status_page *own_page(void)
{
    return (struct cmk_status_page *)STATUS_PAGE;
}

static void set_state(struct cmk_status_page *page, uint64_t state)
{
    __atomic_store_n(&page->state, state, __ATOMIC_RELEASE);
}

bool status_page_claim(struct cmk_status_page *page)
{
    uint64_t off = CMK_STATUS_OFF;
    return __atomic_compare_exchange_n(&page->state, &off, CMK_STATUS_BOOTING, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool status_page_is_claimed(const struct cmk_status_page *page)
{
    return __atomic_load_n(&page->state, __ATOMIC_ACQUIRE) != CMK_STATUS_OFF;
}

bool status_page_has_ended(const struct cmk_status_page *page)
{
    uint64_t state = __atomic_load_n(&page->state, __ATOMIC_ACQUIRE);
    return state == CMK_STATUS_EXITED || state == CMK_STATUS_STOPPED;
}

void status_page_stop(struct cmk_status_page *page, const char *reason)
{
    size_t length = MIN(strlen(reason), sizeof(page->reason) - 1);
    memcpy(page->reason, reason, length);
    page->reason[length] = 0;
    set_state(page, CMK_STATUS_STOPPED);
}

void status_page_end(struct cmk_status_page *page)
{
    __atomic_store_n(&page->silent, 1, __ATOMIC_RELEASE);
}

bool status_ended_as_last(void)
{
    status_page_end(own_page());
    /* Own page first, then the others': of two nodes, the second to pass here sees both. */
    full_fence();
    for (uint32_t node = 0; node < global_state.cluster.node_count; node++) {
        if (__atomic_load_n(&status_page_of_node(node)->silent, __ATOMIC_ACQUIRE) == 0) {
            return false;
        }
    }
    return true;
}

void status_begin(uint64_t generation)
{
    __atomic_store_n(&own_page()->generation, generation, __ATOMIC_RELEASE);
}

void status_running(void)
{
    set_state(own_page(), CMK_STATUS_RUNNING);
}

void status_tick(void)
{
    uint64_t ticks = __atomic_load_n(&own_page()->ticks, __ATOMIC_RELAXED);
    __atomic_store_n(&own_page()->ticks, ticks + 1, __ATOMIC_RELAXED);
}

void status_exited(word_t exit_status)
{
    own_page()->exit_status = exit_status;
    set_state(own_page(), CMK_STATUS_EXITED);
}

void status_stopped(const char *reason)
{
    status_page_stop(own_page(), reason);
}
