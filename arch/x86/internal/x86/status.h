/*
 * This node's status page (api/cluster.h): written here and by boot only, read by users of all
 * nodes.
 */
#ifndef X86_STATUS_H
#define X86_STATUS_H

#include <api/cluster.h>
#include <x86/layout.h>
#include <kernel/types.h>

/* The page of any node. Read-only, except in node 0 with manager=on. */
static inline struct cmk_status_page *status_page_of_node(word_t node)
{
    return (struct cmk_status_page *)(STATUS_PAGES + node * BIT(ABI_PAGE_BITS));
}

/*
 * While the node boots its page is at another address. Whichever CPU turns OFF into BOOTING owns
 * the page: the node's first CPU, or boot, which gave up waiting for it. False: it has an owner.
 */
bool status_page_claim(struct cmk_status_page *page);
bool status_page_is_claimed(const struct cmk_status_page *page);
bool status_page_has_ended(const struct cmk_status_page *page); /* exited or stopped */
/* The kernel of the node will do nothing any more. The last thing that is written there. */
void status_page_end(struct cmk_status_page *page);
void status_page_stop(struct cmk_status_page *page, const char *reason);

/* In a page that this CPU has claimed for its node: which life of the node this is. */
void status_begin(uint64_t generation);

/* The node boots no more: user code runs. */
void status_running(void);

/* CPU 0 took a timer interrupt. */
void status_tick(void);

/*
 * The node ends: by its user's wish, or for the reason given (cut to fit). Seen by others after
 * what explains it.
 */
void status_exited(word_t exit_status);
void status_stopped(const char *reason);

/*
 * Writes to this node's page that it is done, and then looks at all nodes' pages: true if they are
 * all done. Of nodes that end at the same time, one at least finds that; several may.
 */
bool status_ended_as_last(void);

#endif
