/*
 * The node's debug console: whole lines, marked with the node, never torn by another node
 * (docs/memory-map.md).
 *
 * Lines of the node's own output begin with "[K] ", so that none can pass for a line of the
 * kernel's, which begin with "cmk: ". All functions need the lock (or that no other CPU of the node
 * runs any more).
 */
#ifndef ARCH_CONSOLE_H
#define ARCH_CONSOLE_H

#include <kernel/types.h>

/*
 * One character of the node's output. '\r' is dropped, '\n' ends the line. Written at once if the
 * node has its UART for itself, else collected until the line ends or is too long, and then written
 * in one piece.
 */
void console_put(char c);

/* The same for a string; and formatted, as kernel/format.h says, at most 255 characters. */
void console_write(const char *text);
__attribute__((format(printf, 1, 2))) void console_print(const char *format, ...);

/*
 * One line of the kernel's, "cmk: node K" before the text, which begins with ' ' or ':'. Ends an
 * unfinished line first.
 */
__attribute__((format(printf, 1, 2))) void console_report(const char *format, ...);

/* The same about another node, whose number the line has then. */
__attribute__((format(printf, 2, 3))) void console_report_of(word_t node, const char *format, ...);

/* The line "cmk: node K exited with status S". */
void console_report_exit(word_t status);

#endif
