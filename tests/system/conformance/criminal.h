/* Workers that fault on purpose, and what their fault endpoint is told. */
#ifndef CONFORMANCE_CRIMINAL_H
#define CONFORMANCE_CRIMINAL_H

#include "harness.h"

/*
 * One small program per crime. Each ends in a loop, so that a fault that is not noticed, or not
 * skipped as asked, does no further harm. rdi is the crime's argument.
 */
#define CRIME(name, code)                                                                          \
    __asm__(".pushsection .text\n.global " #name "\n" #name ": " code "\n.global " #name           \
            "_after\n" #name "_after: 1: pause; jmp 1b\n.popsection");                             \
    extern const char name[], name##_after[]

struct criminal {
    struct worker *worker;
    word faults; /* the main thread receives the faults here */
    word badge;  /* with this badge */
};

struct criminal new_criminal(word priority);
/* Runs a crime with its argument in rdi, and returns the fault message. */
struct reply commit(struct criminal criminal, const char *crime, word argument);

/* The address of a label. */
static inline word low(const char *label)
{
    return (word)label;
}

#endif
