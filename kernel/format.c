/* Formatted text without a C library. */
#include <kernel/format.h>

struct output {
    char *buffer;
    size_t size;
    size_t length; /* of the whole text, whether it fits or not */
};

struct conversion {
    bool left;
    bool zeros;
    bool is_long;
    unsigned width;
};

/* A number of 64 bits in decimal or hexadecimal, with a sign, fits. */
enum { DIGITS_BYTES = 24, MAX_WIDTH = 4096 };

static void put(struct output *output, char c)
{
    if (output->length + 1 < output->size) {
        output->buffer[output->length] = c;
    }
    output->length++;
}

static void put_filled(struct output *output, char c, size_t count)
{
    while (count > 0) {
        put(output, c);
        count--;
    }
}

static void put_padded(struct output *output, const struct conversion *conversion, const char *text,
                       size_t length)
{
    size_t padding = conversion->width > length ? conversion->width - length : 0;
    if (!conversion->left) {
        put_filled(output, ' ', padding);
    }
    for (size_t i = 0; i < length; i++) {
        put(output, text[i]);
    }
    if (conversion->left) {
        put_filled(output, ' ', padding);
    }
}

static void put_string(struct output *output, const struct conversion *conversion, const char *text)
{
    size_t length = 0;
    if (text == NULL) {
        text = "(null)";
    }
    while (text[length] != '\0') {
        length++;
    }
    put_padded(output, conversion, text, length);
}

/* `prefix`, then the digits; zeros that fill the width go between the two. */
static void put_number(struct output *output, const struct conversion *conversion,
                       const char *prefix, uint64_t value, unsigned base)
{
    char digits[DIGITS_BYTES];
    char *first = digits + sizeof(digits);
    char text[2 * DIGITS_BYTES];
    size_t length = 0;
    size_t count;
    do {
        *--first = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    count = (size_t)(digits + sizeof(digits) - first);

    for (; *prefix != '\0'; prefix++) {
        text[length++] = *prefix;
    }
    if (conversion->zeros && !conversion->left && conversion->width > length + count) {
        for (size_t i = 0; i < length; i++) {
            put(output, text[i]);
        }
        put_filled(output, '0', conversion->width - length - count);
        length = 0;
    }
    for (size_t i = 0; i < count; i++) {
        text[length++] = first[i];
    }
    if (conversion->zeros && !conversion->left) {
        put_padded(output, &(struct conversion){.left = true}, text, length);
    } else {
        put_padded(output, conversion, text, length);
    }
}

static void put_signed(struct output *output, const struct conversion *conversion, int64_t value)
{
    /* Negating as unsigned is right for the smallest number too. */
    if (value < 0) {
        put_number(output, conversion, "-", -(uint64_t)value, 10);
    } else {
        put_number(output, conversion, "", (uint64_t)value, 10);
    }
}

/* Reads flags, width and length letter; returns where the conversion's letter is. */
static const char *read_conversion(const char *format, struct conversion *conversion, int star)
{
    for (; *format == '-' || *format == '0'; format++) {
        conversion->left |= *format == '-';
        conversion->zeros |= *format == '0';
    }
    if (*format == '*') {
        conversion->left |= star < 0;
        conversion->width = star < 0 ? 0u - (unsigned)star : (unsigned)star;
        format++;
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        if (conversion->width < MAX_WIDTH) {
            conversion->width = conversion->width * 10 + (unsigned)(*format - '0');
        }
    }
    conversion->width = MIN(conversion->width, MAX_WIDTH);
    for (; *format == 'l' || *format == 'z'; format++) {
        conversion->is_long = true;
    }
    return format;
}

/* A '*' can only follow the flags. */
static bool has_star(const char *format)
{
    while (*format == '-' || *format == '0') {
        format++;
    }
    return *format == '*';
}

size_t format_text(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output output = {buffer, size, 0};
    while (*format != '\0') {
        struct conversion conversion = {0};
        const char *start = format;
        char c;

        if (*format++ != '%') {
            put(&output, *start);
            continue;
        }
        format =
            read_conversion(format, &conversion, has_star(format) ? va_arg(arguments, int) : 0);
        switch (*format) {
        case 's':
            put_string(&output, &conversion, va_arg(arguments, const char *));
            break;
        case 'c':
            c = (char)va_arg(arguments, int);
            put_padded(&output, &conversion, &c, 1);
            break;
        case 'd':
        case 'i':
            put_signed(&output, &conversion,
                       conversion.is_long ? va_arg(arguments, long) : va_arg(arguments, int));
            break;
        case 'u':
        case 'x':
            put_number(&output, &conversion, "",
                       conversion.is_long ? va_arg(arguments, unsigned long)
                                          : va_arg(arguments, unsigned),
                       *format == 'x' ? 16 : 10);
            break;
        case 'p':
            put_number(&output, &conversion, "0x", (uint64_t)va_arg(arguments, void *), 16);
            break;
        case '%':
            put(&output, '%');
            break;
        default: /* unknown: shown as it stands, and what follows is text again */
            while (start < format) {
                put(&output, *start++);
            }
            continue;
        }
        format++;
    }
    if (size > 0) {
        buffer[MIN(output.length, size - 1)] = '\0';
    }
    return output.length;
}

size_t format_line(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    length = format_text(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
