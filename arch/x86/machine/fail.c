/*
 * A failed assertion, or another reason to give up this node: one line that says why, then the node
 * stops.
 */
#include <x86/stop.h>
#include <kernel/assert.h>
#include <kernel/format.h>

enum { REASON_BYTES = 224 };

_Noreturn void kernel_fail(const char *what, const char *file, unsigned line, const char *function)
{
    char reason[REASON_BYTES];
    format_line(reason, sizeof(reason), "assertion \"%s\" violated in %s:%u (%s), CPU %u", what,
                file, line, function, own_cpu_index());
    stop_node(reason);
}

_Noreturn void kernel_stop(const char *format, ...)
{
    char reason[REASON_BYTES];
    va_list arguments;
    va_start(arguments, format);
    format_text(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    stop_node(reason);
}
