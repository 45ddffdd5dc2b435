/*
 * A failed assertion: says what, and aborts, so that Check can expect it
 * (tcase_add_test_raise_signal with SIGABRT).
 */
#include <kernel/assert.h>
#include <kernel/format.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void kernel_fail(const char *what, const char *file, unsigned line, const char *function)
{
    fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, what);
    abort();
}

_Noreturn void kernel_stop(const char *format, ...)
{
    char reason[512];
    va_list arguments;

    va_start(arguments, format);
    format_text(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    fprintf(stderr, "stopped: %s\n", reason);
    abort();
}
