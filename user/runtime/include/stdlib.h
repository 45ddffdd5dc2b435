/* The runtime's part of <stdlib.h>. malloc and rand: for one thread at a time. */
#ifndef _STDLIB_H
#define _STDLIB_H

#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7fffffff

/*
 * Memory from a static area of 256 KiB, and when that is full from the node's own, through
 * <cmk/resources.h>: then malloc overwrites message registers. The limit is what the node's
 * untypeds and the slots of its root CNode have left. What is freed is used again by malloc, and
 * never becomes untyped memory again. cmk_heap_keeps_its_size() in <cmk/resources.h> forbids the
 * growth. Null and ENOMEM if there is no room.
 */
void *malloc(size_t bytes);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t bytes);
void free(void *memory);

/* End the node's program: exit runs what atexit was given, abort's status is 99. */
CMK_NORETURN void exit(int status);
CMK_NORETURN void _Exit(int status);
CMK_NORETURN void abort(void);
int atexit(void (*function)(void));

int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
long strtol(const char *__restrict text, char **__restrict end, int base);
unsigned long strtoul(const char *__restrict text, char **__restrict end, int base);
long long strtoll(const char *__restrict text, char **__restrict end, int base);
unsigned long long strtoull(const char *__restrict text, char **__restrict end, int base);

int abs(int number);
long labs(long number);
int rand(void);
void srand(unsigned seed);

void qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *items, size_t count, size_t size,
              int (*compare)(const void *, const void *));

CMK_END_C

#endif
