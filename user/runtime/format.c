/*
 * printf's format language. No state, no library call: the host's tests compile this file too. What
 * touches floating point is in format_double.c.
 */
#include "format.h"

#include <stdbool.h>
#include <stdint.h>

/* 64 bits in octal are 22 digits. */
#define MAX_DIGITS 22

static void put(struct sink *sink, char c)
{
    sink->put(sink, c);
    sink->count++;
}

void format_put_many(struct sink *sink, char c, int times)
{
    for (int i = 0; i < times; i++) {
        put(sink, c);
    }
}

void format_put_text(struct sink *sink, const char *text, int length)
{
    for (int i = 0; i < length; i++) {
        put(sink, text[i]);
    }
}

/* A number, or 0 where there is none; what does not fit an int is cut at its limit. */
static int parse_number(const char **text)
{
    int number = 0;
    while (**text >= '0' && **text <= '9') {
        int digit = *(*text)++ - '0';
        number = number > (INT32_MAX - digit) / 10 ? INT32_MAX : number * 10 + digit;
    }
    return number;
}

static bool parse_flag(char c, struct conversion *conversion)
{
    switch (c) {
    case '-':
        return conversion->left = true;
    case '+':
        return conversion->plus = true;
    case ' ':
        return conversion->space = true;
    case '#':
        return conversion->alternate = true;
    case '0':
        return conversion->zero = true;
    default:
        return false;
    }
}

static int parse_length(const char **text)
{
    char c = **text;
    switch (c) {
    case 'h':
    case 'l':
        (*text)++;
        if (**text == c) {
            (*text)++;
            return c == 'h' ? 1 : 8;
        }
        return c == 'h' ? 2 : 8;
    case 'z':
    case 'j':
    case 't':
        (*text)++;
        return 8;
    default:
        return 4;
    }
}

static const char *parse(const char *text, struct conversion *conversion, va_list *arguments)
{
    *conversion = (struct conversion){.precision = -1};
    while (parse_flag(*text, conversion)) {
        text++;
    }
    if (*text == '*') {
        text++;
        conversion->width = va_arg(*arguments, int);
        if (conversion->width < 0) {
            conversion->left = true;
            conversion->width = conversion->width == INT32_MIN ? INT32_MAX : -conversion->width;
        }
    } else {
        conversion->width = parse_number(&text);
    }
    if (*text == '.') {
        text++;
        if (*text == '*') {
            text++;
            conversion->precision = va_arg(*arguments, int); /* negative: as if none was given */
        } else {
            conversion->precision = parse_number(&text);
        }
    }
    conversion->length = parse_length(&text);
    conversion->kind = *text;
    return *text ? text + 1 : text;
}

static uint64_t unsigned_argument(const struct conversion *conversion, va_list *arguments)
{
    switch (conversion->length) {
    case 1:
        return (unsigned char)va_arg(*arguments, unsigned);
    case 2:
        return (unsigned short)va_arg(*arguments, unsigned);
    case 4:
        return va_arg(*arguments, unsigned);
    default:
        return va_arg(*arguments, uint64_t);
    }
}

static int64_t signed_argument(const struct conversion *conversion, va_list *arguments)
{
    switch (conversion->length) {
    case 1:
        return (signed char)va_arg(*arguments, int);
    case 2:
        return (short)va_arg(*arguments, int);
    case 4:
        return va_arg(*arguments, int);
    default:
        return va_arg(*arguments, int64_t);
    }
}

/* [spaces] prefix [zeros] digits [spaces] */
static void put_number(struct sink *sink, const struct conversion *conversion, uint64_t number,
                       unsigned base, const char *prefix)
{
    const char *letters = conversion->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[MAX_DIGITS];
    int count = 0;
    int prefix_length = 0;

    while (number > 0) {
        digits[count++] = letters[number % base];
        number /= base;
    }
    while (prefix[prefix_length]) {
        prefix_length++;
    }
    int wanted = conversion->precision < 0 ? 1 : conversion->precision;
    if (base == 8 && conversion->alternate && wanted <= count) {
        wanted = count + 1; /* "#" for octal means that the first digit is 0 */
    }
    int zeros = wanted > count ? wanted - count : 0;
    int padding = conversion->width - prefix_length - zeros - count;
    if (conversion->zero && !conversion->left && conversion->precision < 0 && padding > 0) {
        zeros += padding;
        padding = 0;
    }

    format_put_many(sink, ' ', conversion->left ? 0 : padding);
    format_put_text(sink, prefix, prefix_length);
    format_put_many(sink, '0', zeros);
    while (count > 0) {
        put(sink, digits[--count]);
    }
    format_put_many(sink, ' ', conversion->left ? padding : 0);
}

static void put_signed(struct sink *sink, const struct conversion *conversion, int64_t number)
{
    const char *prefix = number < 0 ? "-" : conversion->plus ? "+" : conversion->space ? " " : "";
    put_number(sink, conversion, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, prefix);
}

static void put_hexadecimal(struct sink *sink, const struct conversion *conversion, uint64_t number)
{
    const char *prefix = conversion->kind == 'X' ? "0X" : "0x";
    put_number(sink, conversion, number, 16, conversion->alternate && number != 0 ? prefix : "");
}

static void put_padded(struct sink *sink, const struct conversion *conversion, const char *text,
                       int length)
{
    format_put_many(sink, ' ', conversion->left ? 0 : conversion->width - length);
    format_put_text(sink, text, length);
    format_put_many(sink, ' ', conversion->left ? conversion->width - length : 0);
}

/* With a precision the text need not end in a zero, so no more than that is read. */
static void put_string(struct sink *sink, const struct conversion *conversion, const char *text)
{
    int length = 0;
    if (!text) {
        text = "(null)";
    }
    while ((conversion->precision < 0 || length < conversion->precision) && text[length]) {
        length++;
    }
    put_padded(sink, conversion, text, length);
}

static void store_count(const struct sink *sink, const struct conversion *conversion, void *pointer)
{
    switch (conversion->length) {
    case 1:
        *(signed char *)pointer = (signed char)sink->count;
        break;
    case 2:
        *(short *)pointer = (short)sink->count;
        break;
    case 4:
        *(int *)pointer = (int)sink->count;
        break;
    default:
        *(int64_t *)pointer = (int64_t)sink->count;
        break;
    }
}

/* `start` is the text of the whole conversion, shown as it is when the conversion is not known. */
static void convert(struct sink *sink, struct conversion *conversion, va_list *arguments,
                    const char *start, int length)
{
    char c;

    switch (conversion->kind) {
    case 'd':
    case 'i':
        put_signed(sink, conversion, signed_argument(conversion, arguments));
        break;
    case 'u':
        put_number(sink, conversion, unsigned_argument(conversion, arguments), 10, "");
        break;
    case 'o':
        put_number(sink, conversion, unsigned_argument(conversion, arguments), 8, "");
        break;
    case 'x':
    case 'X':
        put_hexadecimal(sink, conversion, unsigned_argument(conversion, arguments));
        break;
    case 'p':
        put_number(sink, conversion, (uint64_t)(uintptr_t)va_arg(*arguments, void *), 16, "0x");
        break;
    case 'c':
        c = (char)va_arg(*arguments, int);
        put_padded(sink, conversion, &c, 1);
        break;
    case 's':
        put_string(sink, conversion, va_arg(*arguments, const char *));
        break;
    case 'f':
    case 'F':
        format_double(sink, conversion, arguments);
        break;
    case 'n':
        store_count(sink, conversion, va_arg(*arguments, void *));
        break;
    case '%':
        put(sink, '%');
        break;
    default:
        format_put_text(sink, start, length);
        break;
    }
}

void format(struct sink *sink, const char *text, va_list arguments)
{
    /* a va_list parameter may be an array: only a copy has an address of its own type */
    va_list rest;
    va_copy(rest, arguments);
    while (*text) {
        if (*text != '%') {
            put(sink, *text++);
            continue;
        }
        struct conversion conversion;
        const char *end = parse(text + 1, &conversion, &rest);
        convert(sink, &conversion, &rest, text, (int)(end - text));
        text = end;
    }
    va_end(rest);
}
