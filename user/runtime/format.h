/* What the files that format share. */
#ifndef FORMAT_H
#define FORMAT_H

#include "runtime.h"

#include <stdbool.h>

/* One conversion: %[flags][width][.precision][length]kind */
struct conversion {
    bool left, plus, space, alternate, zero;
    int width;
    int precision; /* -1: none given */
    int length;    /* in bytes: 1, 2, 4 or 8 */
    char kind;
};

void format_put_many(struct sink *sink, char c, int times);
void format_put_text(struct sink *sink, const char *text, int length);

/* %f and %F: takes a double from the arguments. */
void format_double(struct sink *sink, const struct conversion *conversion, va_list *arguments);

#endif
