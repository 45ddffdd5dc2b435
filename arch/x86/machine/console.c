/*
 * The console: one UART per node, or shared by several nodes, each with a kernel of its own. The
 * only thing those kernels share is the UART's console page: whose turn it is to write a line.
 */
#include <arch/console.h>
#include <target/instructions.h>
#include <x86/console_turn.h>
#include <x86/layout.h>
#include <x86/uart.h>
#include <cluster/record.h>
#include <kernel/cpu.h>
#include <kernel/format.h>
#include <kernel/preemption.h>
#include <stdatomic.h>

enum { LINE_BYTES = 256, PREFIX_BYTES = 48 };

/* Node state, under the node's lock. */
static char line[LINE_BYTES];
static unsigned line_length;
static bool in_line; /* with the UART to ourselves: the prefix of an unfinished line is written */
static bool writing; /* with a shared UART: it is this node's turn */

static uint16_t port(void)
{
    return global_state.cluster.node[node_id].console_port;
}

static bool has_sharers(void)
{
    const struct cluster *cluster = &global_state.cluster;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        if (i != node_id && cluster->node[i].console_port == port()) {
            return true;
        }
    }
    return false;
}

/* Asked for every character, and there may be many nodes; the answer never changes. */
static bool is_shared(void)
{
    static enum { NOT_KNOWN, SHARED, ALONE } sharing;
    if (sharing == NOT_KNOWN) {
        sharing = has_sharers() ? SHARED : ALONE;
    }
    return sharing == SHARED;
}

/* --- characters --- */

static void write_text(const char *text)
{
    uint16_t uart = port();
    for (; *text; text++) {
        uart_write(uart, *text);
    }
}

/* --- lines --- */

static struct console_turn *turns(void)
{
    return (struct console_turn *)CONSOLE_PAGE;
}

/* Bounded as console_turn_wait() is. */
static void line_begin(void)
{
    if (writing) {
        write_text("\r\n"); /* a CPU of this node was stopped in the middle of a line */
        return;
    }
    console_turn_beat(&turns()[node_id]);
    bool interrupted = console_turn_wait(turns(), node_id, global_state.cluster.node_count);
    writing = true;
    if (interrupted) {
        write_text("\r\n");
    }
}

static void line_end(void)
{
    writing = false;
    console_turn_end(&turns()[node_id]);
}

/* What begins the lines of this node's programs. */
struct prefix {
    char text[16];
};

static struct prefix prefix_of_programs(void)
{
    struct prefix prefix;
    format_line(prefix.text, sizeof(prefix.text), "[%u] ", node_id);
    return prefix;
}

/* One whole line, prefix and end included, with the UART held. */
static void write_line(const char *prefix, const char *text)
{
    bool shared = is_shared();
    preemption_note_console();
    if (shared) {
        line_begin();
    }
    write_text(prefix);
    write_text(text);
    write_text("\r\n");
    if (shared) {
        line_end();
    }
}

static void write_collected(void)
{
    line[line_length] = 0;
    line_length = 0;
    write_line(prefix_of_programs().text, line);
}

static void put_collecting(char c)
{
    if (c == '\n' || line_length == LINE_BYTES - 1) {
        write_collected();
    }
    if (c != '\n') {
        line[line_length++] = c;
    }
}

static void put_at_once(char c)
{
    preemption_note_console();
    if (!in_line) {
        write_text(prefix_of_programs().text);
        in_line = true;
    }
    if (c == '\n') {
        write_text("\r\n");
        in_line = false;
    } else {
        uart_write(port(), c);
    }
}

static void finish_line(void)
{
    if (line_length > 0) {
        write_collected();
    }
    if (in_line) {
        put_at_once('\n');
    }
}

/* --- what others call --- */

void console_kernel_prefix(char *text, size_t bytes, uint32_t node)
{
    uint64_t mark = global_state.cluster.console_mark;
    if (mark != 0) {
        format_line(text, bytes, "cmk %lx: node %u", mark, node);
    } else {
        format_line(text, bytes, "cmk: node %u", node);
    }
}

void console_put(char c)
{
    /* A carriage return could overwrite the prefix, and a zero would end the line early. */
    if (port() == CONSOLE_NONE || c == '\r' || c == 0) {
        return;
    }
    if (is_shared()) {
        put_collecting(c);
    } else {
        put_at_once(c);
    }
}

void console_write(const char *text)
{
    for (; *text; text++) {
        console_put(*text);
    }
}

void console_print(const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, sizeof(text), format, arguments);
    va_end(arguments);
    console_write(text);
}

__attribute__((format(printf, 2, 0))) static void report_of(word_t node, const char *format,
                                                            va_list arguments)
{
    if (port() == CONSOLE_NONE) {
        return;
    }
    char prefix[PREFIX_BYTES];
    console_kernel_prefix(prefix, sizeof(prefix), (uint32_t)node);
    char text[LINE_BYTES];
    format_text(text, sizeof(text), format, arguments);
    finish_line();
    write_line(prefix, text);
}

void console_report(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_of(node_id, format, arguments);
    va_end(arguments);
}

void console_report_of(word_t node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_of(node, format, arguments);
    va_end(arguments);
}

void console_report_exit(word_t status)
{
    console_report(" exited with status %lu", status);
}
