/*
 * Whose turn it is to write a line on a UART that several nodes' kernels use. First come, first
 * served; a node that has stopped keeps the others for a bounded time, once.
 *
 * Every word has one writer, the kernel of the node whose place it is in; the kernels of the other
 * nodes with that UART read it.
 */
#ifndef X86_CONSOLE_TURN_H
#define X86_CONSOLE_TURN_H

#include <api/limits.h>
#include <kernel/types.h>
#include <stdatomic.h>

/* One for each node, on the UART's console page; a cache line. */
struct console_turn {
    _Atomic uint64_t number; /* 0: wants nothing. The lower goes first; of equals, the lower node */
    _Atomic uint32_t choosing; /* 1: is looking for a number that is higher than all others */
    _Atomic uint32_t beat;     /* counts up while the node waits, and once for each line */
    uint8_t unused[48];
};

/*
 * How long a node that is first may stand still, and how long it may be first, before others take
 * it for stopped. A line takes 25 ms, and with a UART that is never ready 26 s (uart_write()); its
 * writer takes no interrupts.
 */
enum { CONSOLE_STILL_MILLISECONDS = 30000, CONSOLE_LINE_MILLISECONDS = 120000 };

/*
 * Returns when it is the turn of node `self` of `count` nodes, those that use other UARTs included.
 * True: some node had stopped while it was its turn, so that its line may be unfinished; told once.
 * Bounded by CONSOLE_LINE_MILLISECONDS for each node that came before; one that stands still is
 * waited for CONSOLE_STILL_MILLISECONDS, and not again before it moves; one that is off is not.
 * Under the node's lock.
 */
bool console_turn_wait(struct console_turn *turns, uint32_t self, uint32_t count);

/* So that others see that this node lives. */
static inline void console_turn_beat(struct console_turn *turn)
{
    uint32_t beat = atomic_load_explicit(&turn->beat, memory_order_relaxed);
    atomic_store_explicit(&turn->beat, beat + 1, memory_order_relaxed);
}

/*
 * How a line of the kernel's begins: "cmk: node K", or "cmk MARK: node K" if the configuration
 * gives a mark (console-mark=): programs cannot know it, so what reads the console knows the
 * kernels' lines.
 */
void console_kernel_prefix(char *text, size_t bytes, uint32_t node);

/* Release: what was written to the UART comes first. */
static inline void console_turn_end(struct console_turn *turn)
{
    atomic_store_explicit(&turn->number, 0, memory_order_release);
}

#endif
