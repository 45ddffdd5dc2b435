/* The node's console: into a buffer that tests can read. */
#include "host.h"
#include <arch/console.h>
#include <kernel/format.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char host_console[4096];

void console_put(char c)
{
    size_t length = strlen(host_console);

    if (length < sizeof(host_console) - 1) {
        host_console[length] = c;
    }
    if (getenv("CMK_HOST_CONSOLE") != NULL) {
        fputc(c, stderr);
    }
}

void console_write(const char *text)
{
    while (*text != '\0') {
        console_put(*text++);
    }
}

void console_print(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    console_write(line);
}

void console_report(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    format_text(text, sizeof(text), format, arguments);
    va_end(arguments);
    console_print("cmk: node 0%s\n", text);
}

void console_report_exit(word_t status)
{
    console_print("exit %lu\n", status);
}
