/*
 * memcpy and its kin. The string instructions are what compilers do not turn back into calls of
 * these very functions, and they are the fastest copy that needs no vector registers. The direction
 * flag is clear in all C code.
 *
 * Large and aligned memory, as page tables are, is filled by words: CPUs with fast string
 * instructions then take as long as for bytes (docs/silicon.md), and CPUs without them an eighth.
 * So nothing is asked of CPUID. What is copied after boot is a few bytes.
 */
#include <kernel/string.h>
#include <arch/machine.h>

/* From here on the start of a second string instruction is small beside what words save. */
#define LEAST_BY_WORDS 256

void *memcpy(void *destination, const void *source, size_t bytes)
{
    void *d = destination;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(source), "+c"(bytes) : : "memory");
    return destination;
}

void *memmove(void *destination, const void *source, size_t bytes)
{
    /* Forwards unless that would overwrite bytes of the source before they are read. */
    if ((size_t)destination - (size_t)source >= bytes) {
        return memcpy(destination, source, bytes);
    }
    char *d = (char *)destination + bytes - 1;
    const char *s = (const char *)source + bytes - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(bytes) : : "memory", "cc");
    return destination;
}

void *memset(void *destination, int value, size_t bytes)
{
    void *d = destination;
    if (bytes >= LEAST_BY_WORDS && (word_t)d % sizeof(word_t) == 0) {
        word_t pattern = (unsigned char)value * (~(word_t)0 / 0xff);
        word_t words = bytes / sizeof(word_t);
        __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
        bytes %= sizeof(word_t);
        if (bytes == 0) { /* a string instruction takes its time also for nothing */
            return destination;
        }
    }
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(value) : "memory");
    return destination;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < bytes; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    const char *end = text;
    /* The empty assembly keeps the compiler from recognising strlen and calling it. */
    while (*end) {
        end++;
        __asm__ volatile("" : "+r"(end));
    }
    return (size_t)(end - text);
}

void machine_clear_memory(void *start, word_t bytes)
{
    word_t words = bytes / sizeof(word_t);
    __asm__ volatile("rep stosq" : "+D"(start), "+c"(words) : "a"(0) : "memory");
}
