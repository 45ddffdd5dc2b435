/*
 * Words, numbers and sizes in the strings that the loader passes; and how mistakes in them are
 * reported.
 */
#include <boot/plan/configuration.h>
#include <kernel/format.h>
#include <kernel/string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * One step through a word that starts at `text`: how many characters it is long, and the character
 * it stands for.
 */
struct step {
    unsigned length; /* 0: the word ends here */
    bool quote;      /* a double quote, which stands for nothing */
    char character;
};

static struct step next_step(const char *text, bool quoted)
{
    if (*text == '\0' || (!quoted && is_blank(*text))) {
        return (struct step){0, false, '\0'};
    }
    if (*text == '"') {
        return (struct step){1, true, '\0'};
    }
    if (*text == '\\' && (text[1] == '\\' || text[1] == '\'' || text[1] == '"')) {
        return (struct step){2, false, text[1]};
    }
    return (struct step){1, false, *text};
}

bool next_word(const char **cursor, struct word *word)
{
    const char *next = *cursor;
    size_t length = 0;
    bool quoted = false;
    struct step step;
    while (is_blank(*next)) {
        next++;
    }
    word->raw = next;
    word->too_long = false;
    for (step = next_step(next, quoted); step.length != 0; step = next_step(next, quoted)) {
        next += step.length;
        if (step.quote) {
            quoted = !quoted;
        } else if (length + 1 < sizeof(word->text)) {
            word->text[length++] = step.character;
        } else {
            word->too_long = true;
        }
    }
    word->text[length] = '\0';
    word->raw_length = (size_t)(next - word->raw);
    word->open_quote = quoted;
    *cursor = next;
    return word->raw_length != 0;
}

bool is_same_text(const char *a, const char *b)
{
    size_t length = strlen(a);
    return length == strlen(b) && memcmp(a, b, length) == 0;
}

const char *text_after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strlen(text) >= length && memcmp(text, prefix, length) == 0 ? text + length : NULL;
}

const char *skip_file_name(const char *text, const char *loader)
{
    const char *qemu = "qemu";
    for (; *qemu != '\0' && *loader == *qemu; qemu++) {
        loader++;
    }
    if (*qemu != '\0' || *loader != '\0') {
        return text;
    }
    while (*text != '\0' && !is_blank(*text)) {
        text++;
    }
    return text;
}

const char *show_word(const char *raw, char shown[static SHOWN_BYTES])
{
    size_t length = 0;
    bool quoted = false;
    for (struct step step = next_step(raw, quoted); step.length != 0;
         step = next_step(raw, quoted)) {
        for (unsigned i = 0; i < step.length; i++, raw++) {
            if (length == SHOWN_BYTES - 4) {
                format_line(shown + length, 4, "...");
                return shown;
            }
            shown[length++] = *raw >= ' ' && *raw <= '~' ? *raw : '?';
        }
        quoted ^= step.quote;
    }
    shown[length] = '\0';
    return shown;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return (unsigned)(c - 'A') + 10;
    }
    return 16;
}

bool parse_number(const char *text, size_t length, uint64_t *value)
{
    unsigned base = 10;
    size_t i = 0;
    uint64_t sum = 0;
    if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        i = 2;
    }
    if (i == length) {
        return false;
    }
    for (; i < length; i++) {
        unsigned digit = digit_value(text[i]);
        if (digit >= base || __builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit, &sum)) {
            return false;
        }
    }
    *value = sum;
    return true;
}

bool parse_size(const char *text, size_t length, uint64_t *value)
{
    unsigned shift = 0;
    if (length > 0) {
        switch (text[length - 1]) {
        case 'K':
            shift = 10;
            break;
        case 'M':
            shift = 20;
            break;
        case 'G':
            shift = 30;
            break;
        default:
            break;
        }
    }
    if (!parse_number(text, shift != 0 ? length - 1 : length, value)) {
        return false;
    }
    return !__builtin_mul_overflow(*value, (uint64_t)1 << shift, value);
}

void mistake(struct complaints *complaints, const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    complaints->count++;
    complaints->complain(complaints->context, line);
}
