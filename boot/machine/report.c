/* What boot says while it is alone on the machine. */
#include <target/instructions.h>
#include <x86/console_turn.h>
#include <x86/uart.h>
#include <boot/machine/machine.h>
#include <kernel/format.h>
#include <stdarg.h>

static void print_line(const char *prefix, const char *text)
{
    const char *parts[] = {prefix, text, "\r\n"};
    for (unsigned i = 0; i < ARRAY_LENGTH(parts); i++) {
        for (const char *c = parts[i]; *c; c++) {
            uart_write(BOOT_CONSOLE, *c);
        }
    }
}

void boot_print(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    print_line("cmk: ", line);
}

void boot_print_for_node(uint32_t node, const char *format, ...)
{
    char prefix[48];
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    console_kernel_prefix(prefix, sizeof(prefix), node);
    print_line(prefix, line);
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
