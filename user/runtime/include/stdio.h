/*
 * Output to the node's debug console; no input, no files. Formats: see user/README.md (of floating
 * point only %f).
 */
#ifndef _STDIO_H
#define _STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

#define EOF (-1)

typedef struct runtime_file FILE;

extern FILE *const stdout;
extern FILE *const stderr;

int putchar(int c);
int putc(int c, FILE *file);
int fputc(int c, FILE *file);
int puts(const char *text);
int fputs(const char *text, FILE *file);
int fflush(FILE *file);
size_t fwrite(const void *items, size_t size, size_t count, FILE *file);

int printf(const char *text, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *file, const char *text, ...) __attribute__((format(printf, 2, 3)));
int sprintf(char *buffer, const char *text, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *buffer, size_t size, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
int vprintf(const char *text, va_list arguments);
int vfprintf(FILE *file, const char *text, va_list arguments);
int vsprintf(char *buffer, const char *text, va_list arguments);
int vsnprintf(char *buffer, size_t size, const char *text, va_list arguments);

CMK_END_C

#endif
