/*
 * %f. Of all that formats only this function takes an argument from a vector register; what follows
 * computes with integers: a double is an integer times a power of two, and its decimal digits are
 * exact, at most 309 before the point and 1074 after it.
 */
#include "format.h"

#include <stdint.h>

/* The number in binary, its point between two words: 1088 bits after it and 1024 before it. */
#define FRACTION_WORDS 34
#define WORDS          66

/* The exponent field's bias, and the 52 bits of the mantissa's field. */
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define EXPONENT_ONES 0x7ff

#define MAX_BEFORE 309
#define MAX_AFTER  1074

/* Digits before the point are written backwards from its place, those after it forwards. */
struct decimal {
    char digits[1 + MAX_BEFORE + MAX_AFTER]; /* the first is for a carry of rounding */
    int first;
    int after;
};

/* Sets the bits of `mantissa` so that its lowest is worth 2^exponent. */
static void set_number(uint32_t words[WORDS], uint64_t mantissa, int exponent)
{
    for (int i = 0; i < WORDS; i++) {
        words[i] = 0;
    }
    int bit = FRACTION_WORDS * 32 + exponent;
    unsigned shift = (unsigned)bit % 32;
    words[bit / 32] = (uint32_t)(mantissa << shift);
    words[bit / 32 + 1] = (uint32_t)(mantissa >> (32 - shift));
    if (bit / 32 + 2 <
        WORDS) { /* 53 bits that end at bit 1023 before the point need no third word */
        words[bit / 32 + 2] = shift == 0 ? 0 : (uint32_t)(mantissa >> 32 >> (32 - shift));
    }
}

/* Divides what is before the point by ten; the remainder is its last digit. */
static char last_digit(uint32_t words[WORDS], bool *more)
{
    uint64_t remainder = 0;
    *more = false;
    for (int i = WORDS - 1; i >= FRACTION_WORDS; i--) {
        uint64_t part = remainder << 32 | words[i];
        words[i] = (uint32_t)(part / 10);
        remainder = part % 10;
        *more = *more || words[i] != 0;
    }
    return (char)('0' + remainder);
}

/* Multiplies what is after the point by ten; what comes out of it is its first digit. */
static char next_digit(uint32_t words[WORDS])
{
    uint64_t carry = 0;
    for (int i = 0; i < FRACTION_WORDS; i++) {
        uint64_t part = (uint64_t)words[i] * 10 + carry;
        words[i] = (uint32_t)part;
        carry = part >> 32;
    }
    return (char)('0' + carry);
}

/* To the nearest, and from the middle to the even digit, as IEEE 754 rounds. */
static bool must_round_up(const uint32_t words[WORDS], char last)
{
    const uint32_t half = 1u << 31;
    if (words[FRACTION_WORDS - 1] != half) {
        return words[FRACTION_WORDS - 1] > half;
    }
    for (int i = 0; i < FRACTION_WORDS - 1; i++) {
        if (words[i] != 0) {
            return true;
        }
    }
    return (last - '0') % 2 == 1;
}

static void round_up(struct decimal *decimal)
{
    int i = MAX_BEFORE + decimal->after;
    while (i >= decimal->first && decimal->digits[i] == '9') {
        decimal->digits[i--] = '0';
    }
    if (i < decimal->first) {
        decimal->digits[i] = '0';
        decimal->first = i;
    }
    decimal->digits[i]++;
}

static void make_decimal(struct decimal *decimal, uint32_t words[WORDS], int precision)
{
    bool more = true;
    decimal->first = MAX_BEFORE + 1;
    while (more) {
        decimal->digits[--decimal->first] = last_digit(words, &more);
    }
    decimal->after = precision < MAX_AFTER ? precision : MAX_AFTER;
    for (int i = 0; i < decimal->after; i++) {
        decimal->digits[MAX_BEFORE + 1 + i] = next_digit(words);
    }
    if (must_round_up(words, decimal->digits[MAX_BEFORE + decimal->after])) {
        round_up(decimal);
    }
}

static void put_finite(struct sink *sink, const struct conversion *conversion, const char *prefix,
                       uint64_t mantissa, int exponent)
{
    struct decimal decimal;
    uint32_t words[WORDS];
    int precision = conversion->precision < 0 ? 6 : conversion->precision;
    bool point = precision > 0 || conversion->alternate;

    set_number(words, mantissa, exponent);
    make_decimal(&decimal, words, precision);
    int before = MAX_BEFORE + 1 - decimal.first;
    int64_t length = (int64_t)(prefix[0] != 0) + before + point + precision;
    int padding = conversion->width > length ? (int)(conversion->width - length) : 0;
    bool zeros = conversion->zero && !conversion->left;

    format_put_many(sink, ' ', conversion->left || zeros ? 0 : padding);
    format_put_text(sink, prefix, prefix[0] != 0);
    format_put_many(sink, '0', zeros ? padding : 0);
    format_put_text(sink, decimal.digits + decimal.first, before);
    format_put_text(sink, ".", point);
    format_put_text(sink, decimal.digits + MAX_BEFORE + 1, decimal.after);
    format_put_many(sink, '0', precision - decimal.after);
    format_put_many(sink, ' ', conversion->left ? padding : 0);
}

static void put_word(struct sink *sink, const struct conversion *conversion, const char *prefix,
                     const char *word)
{
    int padding = conversion->width - (prefix[0] != 0) - 3;
    format_put_many(sink, ' ', conversion->left ? 0 : padding);
    format_put_text(sink, prefix, prefix[0] != 0);
    format_put_text(sink, word, 3);
    format_put_many(sink, ' ', conversion->left ? padding : 0);
}

void format_double(struct sink *sink, const struct conversion *conversion, va_list *arguments)
{
    union {
        double number;
        uint64_t bits;
    } value = {.number = va_arg(*arguments, double)};
    uint64_t fraction = value.bits & ((1ull << MANTISSA_BITS) - 1);
    int exponent = (int)(value.bits >> MANTISSA_BITS & EXPONENT_ONES);
    bool capitals = conversion->kind == 'F';
    const char *prefix = value.bits >> 63    ? "-"
                         : conversion->plus  ? "+"
                         : conversion->space ? " "
                                             : "";

    if (exponent == EXPONENT_ONES) {
        const char *word = fraction != 0 ? (capitals ? "NAN" : "nan") : (capitals ? "INF" : "inf");
        put_word(sink, conversion, prefix, word);
    } else if (exponent == 0) { /* zero and numbers without the mantissa's implied bit */
        put_finite(sink, conversion, prefix, fraction, 1 - EXPONENT_BIAS - MANTISSA_BITS);
    } else {
        put_finite(sink, conversion, prefix, fraction | 1ull << MANTISSA_BITS,
                   exponent - EXPONENT_BIAS - MANTISSA_BITS);
    }
}
