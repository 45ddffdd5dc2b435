/* Formatted text without a C library: for the console and for what boot reports. */
#ifndef KERNEL_FORMAT_H
#define KERNEL_FORMAT_H

#include <kernel/types.h>
#include <stdarg.h>

/*
 * Writes at most `size` bytes into `buffer`, the terminating zero included, and returns how many
 * characters the whole text has (C11's snprintf does the same): a result of `size` or more says
 * that the text was cut. `size` 0 writes nothing.
 *
 * Knows %s %c %d %i %u %x %p %% and l or z before d, i, u and x; between the % and the letter the
 * flags '-' (left aligned) and '0' (filled with zeros), and a width, as digits or '*'. A null %s
 * prints as "(null)"; %p prints 0x and hexadecimal digits. Anything else after a % is printed as it
 * stands.
 */
size_t format_text(char *buffer, size_t size, const char *format, va_list arguments);

/* The same with its arguments in line. */
__attribute__((format(printf, 3, 4))) size_t format_line(char *buffer, size_t size,
                                                         const char *format, ...);

#endif
