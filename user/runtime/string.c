/*
 * <string.h>. Compiled without the idiom recognition that would turn these loops into calls of
 * themselves.
 */
#include "runtime.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#pragma GCC push_options
#pragma GCC target("general-regs-only") /* a copy never costs a thread its first use of the FPU */

/* A word anywhere in memory. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;
typedef uint32_t __attribute__((may_alias, aligned(1))) half_word;

#define WORD                         sizeof(word)
#define WORDS_HELD                   4 /* words loaded before the first of them is stored */
#define LEAF7_EBX_FAST_STRINGS       (1u << 9)
#define LEAF7_EDX_FAST_SHORT_STRINGS (1u << 4)

/*
 * Copies and fills of more bytes than this are one string instruction, others are words. Written
 * once, before main; until then, and where no string instruction is fast, all are words.
 */
static size_t most_by_words = SIZE_MAX;

/*
 * Where one string instruction begins to be faster than words, by CPUID leaf 7: measured
 * (docs/silicon.md) with fast short strings, and where the start of a string instruction costs some
 * 35 cycles.
 */
size_t string_most_by_words(uint32_t leaf7_ebx, uint32_t leaf7_edx)
{
    if (leaf7_edx & LEAF7_EDX_FAST_SHORT_STRINGS) {
        return 128;
    }
    return leaf7_ebx & LEAF7_EBX_FAST_STRINGS ? 512 : SIZE_MAX;
}

void string_choose(void)
{
    uint32_t eax = 0, ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    if (eax >= 7) {
        eax = 7;
        ecx = 0;
        __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        most_by_words = string_most_by_words(ebx, edx);
    }
}

/* Less than a word. All is loaded before anything is stored, so any overlap is right. */
static void copy_short(char *to, const char *from, size_t bytes)
{
    if (bytes >= sizeof(half_word)) {
        half_word first = *(const half_word *)from;
        half_word last = *(const half_word *)(from + bytes - sizeof(half_word));
        *(half_word *)to = first;
        *(half_word *)(to + bytes - sizeof(half_word)) = last;
    } else if (bytes > 0) {
        char first = from[0], middle = from[bytes / 2], last = from[bytes - 1];
        to[0] = first;
        to[bytes / 2] = middle;
        to[bytes - 1] = last;
    }
}

/*
 * At least a word, and `to` not inside the source. The last word may overlap those before it; the
 * loop can overwrite it in the source, so it is loaded first.
 */
static void copy_forwards(char *to, const char *from, size_t bytes)
{
    word *last_to = (word *)(to + bytes - WORD);
    word last = *(const word *)(from + bytes - WORD);
    for (; bytes > WORDS_HELD * WORD; bytes -= WORDS_HELD * WORD) {
        const word *f = (const word *)from;
        word *t = (word *)to;
        word a = f[0], b = f[1], c = f[2], d = f[3];
        t[0] = a;
        t[1] = b;
        t[2] = c;
        t[3] = d;
        from += WORDS_HELD * WORD;
        to += WORDS_HELD * WORD;
    }
    for (; bytes > WORD; bytes -= WORD) {
        *(word *)to = *(const word *)from;
        from += WORD;
        to += WORD;
    }
    *last_to = last;
}

/* The same from the end, for a `to` inside the source. */
static void copy_backwards(char *to, const char *from, size_t bytes)
{
    word first = *(const word *)from;
    for (; bytes > WORDS_HELD * WORD; bytes -= WORDS_HELD * WORD) {
        const word *f = (const word *)(from + bytes) - WORDS_HELD;
        word *t = (word *)(to + bytes) - WORDS_HELD;
        word a = f[0], b = f[1], c = f[2], d = f[3];
        t[0] = a;
        t[1] = b;
        t[2] = c;
        t[3] = d;
    }
    for (; bytes > WORD; bytes -= WORD) {
        *(word *)(to + bytes - WORD) = *(const word *)(from + bytes - WORD);
    }
    *(word *)to = first;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *result = to;
    if (bytes > most_by_words) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    } else if (bytes >= WORD) {
        copy_forwards(to, from, bytes);
    } else {
        copy_short(to, from, bytes);
    }
    return result;
}

void *memset(void *to, int value, size_t bytes)
{
    void *result = to;
    if (bytes > most_by_words) {
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
        return result;
    }
    char *t = to;
    word pattern = (unsigned char)value * (~(word)0 / 0xff);
    if (bytes >= WORD) {
        word *last = (word *)(t + bytes - WORD);
        for (; bytes > WORD; bytes -= WORD) {
            *(word *)t = pattern;
            t += WORD;
        }
        *last = pattern;
    } else if (bytes >= sizeof(half_word)) {
        *(half_word *)t = (half_word)pattern;
        *(half_word *)(t + bytes - sizeof(half_word)) = (half_word)pattern;
    } else if (bytes > 0) {
        t[0] = t[bytes / 2] = t[bytes - 1] = (char)value;
    }
    return result;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    if ((size_t)to - (size_t)from >= bytes) { /* `to` is not inside the source: forwards is safe */
        return memcpy(to, from, bytes);
    }
    if (bytes >= WORD) {
        copy_backwards(to, from, bytes);
    } else {
        copy_short(to, from, bytes);
    }
    return to;
}

#pragma GCC pop_options

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a;
    const unsigned char *y = b;
    for (size_t i = 0; i < bytes; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

void *memchr(const void *where, int value, size_t bytes)
{
    const unsigned char *p = where;
    for (size_t i = 0; i < bytes; i++) {
        if (p[i] == (unsigned char)value) {
            return (void *)(p + i);
        }
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length]) {
        length++;
    }
    return length;
}

size_t strnlen(const char *text, size_t most)
{
    size_t length = 0;
    while (length < most && text[length]) {
        length++;
    }
    return length;
}

int strncmp(const char *a, const char *b, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        if (a[i] != b[i] || !a[i]) {
            return (unsigned char)a[i] - (unsigned char)b[i];
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strcpy(char *restrict to, const char *restrict from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *strncpy(char *restrict to, const char *restrict from, size_t bytes)
{
    size_t length = strnlen(from, bytes);
    memcpy(to, from, length);
    memset(to + length, 0, bytes - length);
    return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t most)
{
    char *end = to + strlen(to);
    size_t length = strnlen(from, most);
    memcpy(end, from, length);
    end[length] = '\0';
    return to;
}

char *strchr(const char *text, int c)
{
    for (;; text++) {
        if (*text == (char)c) {
            return (char *)text;
        }
        if (!*text) {
            return NULL;
        }
    }
}

char *strrchr(const char *text, int c)
{
    const char *found = NULL;
    do {
        if (*text == (char)c) {
            found = text;
        }
    } while (*text++);
    return (char *)found;
}

char *strstr(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; strncmp(text, part, length) != 0; text++) {
        if (!*text) {
            return NULL;
        }
    }
    return (char *)text;
}

size_t strspn(const char *text, const char *set)
{
    size_t length = 0;
    while (text[length] && strchr(set, text[length])) {
        length++;
    }
    return length;
}

size_t strcspn(const char *text, const char *set)
{
    size_t length = 0;
    while (text[length] && !strchr(set, text[length])) {
        length++;
    }
    return length;
}

char *strtok_r(char *restrict text, const char *restrict set, char **restrict rest)
{
    char *start = text ? text : *rest;
    start += strspn(start, set);
    char *end = start + strcspn(start, set);
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return end > start ? start : NULL;
}

char *strtok(char *restrict text, const char *restrict set)
{
    static char *rest;
    return strtok_r(text, set, &rest);
}

char *strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case EINVAL:
        return "invalid argument";
    case ENOMEM:
        return "not enough memory";
    case ERANGE:
        return "out of range";
    default:
        return "unknown error";
    }
}
