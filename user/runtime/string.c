/* <string.h>. Compiled without the idiom recognition that would turn these loops into calls of themselves. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *result = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return result;
}

void *memset(void *to, int value, size_t bytes)
{
    void *result = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return result;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    char *t = to;
    const char *f = from;
    if ((size_t)(t - f) >= bytes) { /* `to` is not inside the source: forwards is safe */
        return memcpy(to, from, bytes);
    }
    while (bytes > 0) {
        bytes--;
        t[bytes] = f[bytes];
    }
    return to;
}

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
