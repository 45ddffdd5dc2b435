/* The node's debug console: whole lines, marked with the node, never torn by another node (docs/memory-map.md). */
#ifndef ARCH_CONSOLE_H
#define ARCH_CONSOLE_H

#include <kernel/types.h>

/*
 * One character of the node's output. Collected until a line ends (or the buffer is full), then written at once.
 * A '\n' becomes "\r\n" on the wire.
 */
void console_put(char c);

/* The same for a string; and formatted: %s %c %d %u %x %lu %lx %p %% with optional width and 0. */
void console_write(const char *text);
void console_print(const char *format, ...);

/* One framed line that no user output can forge: "\x1e" node "exit" status and the like. See arch/x86/console.c. */
void console_report_exit(word_t status);

#endif
