/*
 * A timer's children hang from `child`, linked by `next`; `previous` is the sibling before it, of
 * the first one the parent, of the root null.
 */
#include "timer_queue.h"

#include <stddef.h>

/* Two roots become one. Both may be null. */
static struct cmk_timer *meld(struct cmk_timer *a, struct cmk_timer *b)
{
    if (!a || !b) {
        return a ? a : b;
    }
    if (b->moment < a->moment) {
        struct cmk_timer *other = a;
        a = b;
        b = other;
    }
    b->next = a->child;
    if (b->next) {
        b->next->previous = b;
    }
    b->previous = a;
    a->child = b;
    return a;
}

/* Cuts a root's first two siblings loose and melds them; *rest becomes those that follow. */
static struct cmk_timer *meld_pair(struct cmk_timer *first, struct cmk_timer **rest)
{
    struct cmk_timer *second = first->next;
    *rest = second ? second->next : NULL;
    first->next = first->previous = NULL;
    if (second) {
        second->next = second->previous = NULL;
    }
    return meld(first, second);
}

/* Siblings become one root: in pairs from the first, then from the last pair back. */
static struct cmk_timer *meld_siblings(struct cmk_timer *sibling)
{
    struct cmk_timer *pairs = NULL;
    while (sibling) {
        struct cmk_timer *pair = meld_pair(sibling, &sibling);
        pair->next = pairs;
        pairs = pair;
    }
    struct cmk_timer *root = NULL;
    while (pairs) {
        struct cmk_timer *pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
    }
    return root;
}

void timer_queue_add(struct timer_queue *queue, struct cmk_timer *timer)
{
    timer->child = timer->next = timer->previous = NULL;
    timer->waits = true;
    queue->first = meld(queue->first, timer);
}

static void cut(struct cmk_timer *timer)
{
    if (timer->previous->child == timer) {
        timer->previous->child = timer->next;
    } else {
        timer->previous->next = timer->next;
    }
    if (timer->next) {
        timer->next->previous = timer->previous;
    }
}

void timer_queue_remove(struct timer_queue *queue, struct cmk_timer *timer)
{
    struct cmk_timer *children = meld_siblings(timer->child);
    if (timer == queue->first) {
        queue->first = children;
    } else {
        cut(timer);
        queue->first = meld(queue->first, children);
    }
    timer->child = timer->next = timer->previous = NULL;
    timer->waits = false;
}
