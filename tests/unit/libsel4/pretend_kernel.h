/*
 * A kernel for one system call: a child process makes it, and this process, tracing the child,
 * looks at the registers and the IPC buffer and answers as the kernel would, with rsp, rcx and r11
 * lost (contract 1.2).
 */
#ifndef PRETEND_KERNEL_H
#define PRETEND_KERNEL_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stddef.h>

/* What the kernel is to answer. */
struct pretend_answer {
    seL4_Word badge;
    seL4_Word info;
    seL4_Word mr[4];
    seL4_Word more[2]; /* message registers 4 and 5, in the IPC buffer */
};

/* What it saw, and what the child then had. */
struct pretend_report {
    seL4_Word number; /* rdx */
    seL4_Word rdi;
    seL4_Word info; /* rsi */
    seL4_Word mr[4];
    seL4_IPCBuffer buffer;       /* at the system call */
    bool returned;               /* the child went on with its stack as it was */
    seL4_Word result[4];         /* what the call stored in pretend_result */
    seL4_IPCBuffer buffer_after; /* when the call had returned */
};

/* The child's results; shared with the parent. */
extern seL4_Word *pretend_result;

/*
 * Runs `call`, which must make one system call, in a child without an IPC buffer if
 * `without_buffer`.
 */
void pretend(void (*call)(void), const struct pretend_answer *answer, bool without_buffer,
             struct pretend_report *report);

/* One system call of several. */
struct pretend_call {
    seL4_Word number;
    seL4_Word rdi;
    seL4_Word info;
    seL4_Word mr0;
};

/*
 * Runs `call` in a child, answers each of its system calls with success and zeros, and notes the
 * first `most` of them; then, or when `call` has returned, it ends. Returns how many there were.
 */
size_t pretend_many(void (*call)(void), struct pretend_call *calls, size_t most);

#endif
