/*
 * What boot says while it is alone on the machine: on its console, if there is one, and into a ring
 * in memory, which nodes' programs can read later.
 */
#include <api/cluster.h>
#include <arch/memory.h>
#include <target/instructions.h>
#include <x86/console_turn.h>
#include <x86/uart.h>
#include <boot/machine/machine.h>
#include <kernel/format.h>
#include <kernel/string.h>
#include <stdarg.h>

/* The ring until the plan has a place for it. */
static _Alignas(4096) struct cmk_boot_log early_log = {.mark = CMK_BOOT_LOG_MARK};
_Static_assert(sizeof(early_log) == CMK_BOOT_LOG_FRAMES * 4096, "whole frames");

static struct cmk_boot_log *log = &early_log;
static bool has_console;

void report_init(void)
{
    has_console = uart_init(BOOT_CONSOLE);
}

bool report_has_console(void)
{
    return has_console;
}

void report_move(paddr_t place)
{
    memcpy(window(place), log, sizeof(*log));
    early_log.mark[0] = 0; /* there is one log in memory */
    log = window(place);
}

static void write_console(const char *text)
{
    for (; has_console && *text; text++) {
        uart_write(BOOT_CONSOLE, *text);
    }
}

static void write_log(const char *text)
{
    for (; *text; text++) {
        log->text[log->written++ % sizeof(log->text)] = *text;
    }
}

/* The log's prefix is different where the console's has a mark that programs must not see. */
static void print_line(const char *prefix, const char *prefix_in_log, const char *text)
{
    write_console(prefix);
    write_console(text);
    write_console("\r\n");
    write_log(prefix_in_log);
    write_log(text);
    write_log("\n");
}

void boot_print(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    print_line("cmk: ", "cmk: ", line);
}

void boot_print_for_node(uint32_t node, const char *format, ...)
{
    char prefix[48], prefix_in_log[32];
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    console_kernel_prefix(prefix, sizeof(prefix), node);
    format_line(prefix_in_log, sizeof(prefix_in_log), "cmk: node %u", node);
    print_line(prefix, prefix_in_log, line);
}

_Noreturn void boot_halt(void)
{
    for (;;) {
        disable_interrupts_and_halt();
    }
}

_Noreturn void boot_refuse(const char *format, ...)
{
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    boot_print("mistake: %s", line);
    boot_print("refused: 1 mistake, nothing boots");
    boot_halt();
}
