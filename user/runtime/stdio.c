/*
 * Output: everything goes to the node's debug console, character by character, without a buffer.
 * Message registers stay as they are, so a program may print between setting them and sending.
 */
#include "runtime.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct runtime_file {
    int number;
};

static FILE console = {1};
FILE *const stdout = &console;
FILE *const stderr = &console;

int putchar(int c)
{
    seL4_DebugPutChar((char)c);
    return (unsigned char)c;
}

int fputc(int c, FILE *file)
{
    (void)file;
    return putchar(c);
}

int putc(int c, FILE *file)
{
    return fputc(c, file);
}

size_t fwrite(const void *items, size_t size, size_t count, FILE *file)
{
    for (size_t i = 0; i < size * count; i++) {
        fputc(((const char *)items)[i], file);
    }
    return count;
}

int fputs(const char *text, FILE *file)
{
    fwrite(text, 1, strlen(text), file);
    return 0;
}

int puts(const char *text)
{
    fputs(text, stdout);
    putchar('\n');
    return 0;
}

int fflush(FILE *file)
{
    (void)file;
    return 0;
}

static int printed(const struct sink *sink)
{
    return sink->count > INT_MAX ? -1 : (int)sink->count;
}

static void put_on_console(struct sink *sink, char c)
{
    (void)sink;
    putchar(c);
}

int vprintf(const char *text, va_list arguments)
{
    struct sink sink = {.put = put_on_console};
    format(&sink, text, arguments);
    return printed(&sink);
}

int vfprintf(FILE *file, const char *text, va_list arguments)
{
    (void)file;
    return vprintf(text, arguments);
}

/* Keeps the last byte of the buffer for the terminating zero. */
static void put_in_buffer(struct sink *sink, char c)
{
    if (sink->count + 1 < sink->size) {
        sink->buffer[sink->count] = c;
    }
}

int vsnprintf(char *buffer, size_t size, const char *text, va_list arguments)
{
    struct sink sink = {.put = put_in_buffer, .buffer = buffer, .size = size};
    format(&sink, text, arguments);
    if (size > 0) {
        buffer[sink.count < size ? sink.count : size - 1] = '\0';
    }
    return printed(&sink);
}

int vsprintf(char *buffer, const char *text, va_list arguments)
{
    return vsnprintf(buffer, INT_MAX, text, arguments);
}
