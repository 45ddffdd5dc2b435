/*
 * Shoot-downs: what was taken out of page tables, CPUs may still use, until they have come to the
 * door (docs/locking.md).
 *
 * Taking something out gives a `struct stale`, and the caller owes a shoot-down: nothing of what
 * the entry stood for may be used for anything else before. The compiler warns of an obligation
 * that is dropped; only shoot_down() and shoot_down_all() end one. Everything here needs the lock.
 */
#ifndef X86_SHOOT_DOWN_H
#define X86_SHOOT_DOWN_H

#include <target/paging.h>

/*
 * What CPUs may still know, in two words, so that it travels in registers. `root`: of the address
 * space, as arch_thread_root() gives it; 0: nothing at all. `place`: the page's address, or
 * STALE_STRUCTURE if a paging structure went away, or the whole address space.
 */
struct stale {
    word_t root;
    vaddr_t place;
};
#define STALE_STRUCTURE ((vaddr_t)1) /* no page begins there */

static inline MUST_USE struct stale stale_page(word_t root, vaddr_t vaddr)
{
    return (struct stale){root, vaddr};
}

static inline MUST_USE struct stale stale_structure(word_t root)
{
    return (struct stale){root, STALE_STRUCTURE};
}

static inline MUST_USE struct stale stale_nothing(void)
{
    return (struct stale){0, 0};
}

static inline bool is_anything_stale(struct stale stale)
{
    return stale.root != 0;
}

/* Clears an entry that is present; `stale` says what it stood for. */
static inline MUST_USE struct stale entry_clear(word_t *entry, struct stale stale)
{
    entry_write(entry, 0);
    return stale;
}

/*
 * Waits until every other CPU that has the address space loaded is out of user mode, and
 * invalidates here. If it is loaded here, the node's own page table is loaded first when a
 * structure went away. Afterwards no CPU uses what it may have cached: also with PCIDs, when it
 * loads the VSpace again. `stale` is something. Bounded by one IPI delivery; past the bound the
 * node stops with a report. In a node with one CPU there is no other to wait for.
 */
void shoot_down(struct stale stale);

/* All the VSpaces of an ASID pool, whose ASIDs no VSpace has now. */
struct stale_pool {
    const struct asid_pool *pool;
};

/*
 * No CPU of the node has any VSpace loaded afterwards, until it chooses again. Bounded as
 * shoot_down() is.
 */
void shoot_down_all(struct stale_pool stale);

#endif
