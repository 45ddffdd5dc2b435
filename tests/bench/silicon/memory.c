/* The memory functions of the runtime and of the kernel, and the host's beside them. */
#include "silicon.h"

#include <string.h>

typedef void operation_function(size_t bytes);

static _Alignas(4096) unsigned char from[LARGEST_MESSAGE], to[LARGEST_MESSAGE];

static void host_copy(size_t bytes)
{
    memcpy(to, from, bytes);
}

static void host_fill(size_t bytes)
{
    memset(to, 0, bytes);
}

void *runtime_memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *runtime_memset(void *to, int value, size_t bytes);
void *kernel_memcpy(void *to, const void *from, size_t bytes);
void *kernel_memset(void *to, int value, size_t bytes);
void kernel_clear_memory(void *start, uint64_t bytes);
void string_choose(void);

static void runtime_copy(size_t bytes)
{
    runtime_memcpy(to, from, bytes);
}

static void runtime_fill(size_t bytes)
{
    runtime_memset(to, 0, bytes);
}

static void kernel_copy(size_t bytes)
{
    kernel_memcpy(to, from, bytes);
}

static void kernel_fill(size_t bytes)
{
    kernel_memset(to, 0, bytes);
}

static void kernel_clear(size_t bytes)
{
    kernel_clear_memory(to, bytes);
}

void measure_memory(size_t bytes)
{
    static const struct {
        const char *name;
        operation_function *operation;
    } operations[] = {
        {"memcpy of the host", host_copy},         {"memset of the host", host_fill},
        {"memcpy of the runtime", runtime_copy},   {"memset of the runtime", runtime_fill},
        {"memcpy of the kernel", kernel_copy},     {"memset of the kernel", kernel_fill},
        {"clearing memory, kernel", kernel_clear},
    };
    enum { SAMPLES = 200, CALLS = 16 };
    uint64_t cycles[SAMPLES];
    pin(0);
    string_choose();
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (unsigned j = 0; j < SAMPLES; j++) {
            uint64_t begin = now();
            for (unsigned call = 0; call < CALLS; call++) {
                operations[i].operation(bytes);
            }
            cycles[j] = now() - begin;
        }
        print_samples(operations[i].name, bytes, cycles, SAMPLES, CALLS);
    }
}
