/*
 * The timers that wait, ordered by their moments: a pairing heap (Fredman, Sedgewick, Sleator and
 * Tarjan, 1986) made of the timers themselves, so that it needs no memory and never fails. Adding
 * is one comparison; taking one out, logarithmic on average over all. Not for two threads at once.
 */
#ifndef TIMER_QUEUE_H
#define TIMER_QUEUE_H

#include <cmk/timer.h>

/* `first` is the timer of the smallest moment; null: none waits. */
struct timer_queue {
    struct cmk_timer *first;
};

/* Adds a timer that does not wait. */
void timer_queue_add(struct timer_queue *queue, struct cmk_timer *timer);

/* Takes out a timer that waits. */
void timer_queue_remove(struct timer_queue *queue, struct cmk_timer *timer);

#endif
