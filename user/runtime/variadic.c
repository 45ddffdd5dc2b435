/*
 * The functions that take numbers with `...`. With these the caller's vector registers may be
 * arguments, so they are compiled for all registers; they save vector registers only when the
 * caller says that it used some for arguments.
 */
#include <stdarg.h>
#include <stdio.h>

int printf(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    int count = vprintf(text, arguments);
    va_end(arguments);
    return count;
}

int fprintf(FILE *file, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    int count = vfprintf(file, text, arguments);
    va_end(arguments);
    return count;
}

int snprintf(char *buffer, size_t size, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    int count = vsnprintf(buffer, size, text, arguments);
    va_end(arguments);
    return count;
}

int sprintf(char *buffer, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    int count = vsprintf(buffer, text, arguments);
    va_end(arguments);
    return count;
}
