/* What the runtime's files share; programs use the headers in include/. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <sel4/sel4.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Status of a node whose program called abort or failed an assertion. */
#define ABORT_STATUS 99

/* Keep boot info and what it says of the cluster; before anything else, by the initial thread. */
void keep_boot_info(seL4_BootInfo *boot_info);

/* Bytes of a block of thread-local data, header and alignment included. */
size_t tls_block_bytes(void);

/* Fills such a block, which may have any alignment, and returns the FS base for it. */
seL4_Word tls_block_init(void *block);

/* How many more objects of 2^bits bytes, and how many slots, <cmk/resources.h> can still give. */
seL4_Word resources_room(seL4_Word bits);
seL4_Word resources_slots(void);

/*
 * Chooses how memcpy, memmove and memset work on this CPU; before main, without any other thread.
 */
void string_choose(void);

/*
 * Copies of more bytes than this are faster as one string instruction than as words, by EBX and
 * EDX of CPUID leaf 7, subleaf 0; SIZE_MAX if none are.
 */
size_t string_most_by_words(uint32_t leaf7_ebx, uint32_t leaf7_edx);

/* Where formatted characters go, one by one. */
struct sink {
    void (*put)(struct sink *sink, char c);
    char *buffer; /* for sinks that write to memory */
    size_t size;
    size_t count; /* characters so far, whether they had room or not */
};

/*
 * printf's formats: flags - + space # 0, width, precision, hh h l ll z j t, d i u o x X c s p n
 * % f F. Of floating point only double.
 */
void format(struct sink *sink, const char *text, va_list arguments);

/* <cmk/timer.h>: the notification on which the calling thread sleeps. */
void thread_set_alarm(seL4_CPtr notification);

#endif
