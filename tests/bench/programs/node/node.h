/* The groups of benchmarks inside one node; main.c runs those that the image's arguments name, or all. */
#ifndef NODE_H
#define NODE_H

#include "../../support/bench.h"

/* An address space with the same memory as the main thread's, made once. */
extern seL4_CPtr other_vspace;

void measure_ipc(void);
void measure_wake_ups(void);
void measure_interrupts(void);
void measure_faults(void);
void measure_memory(void);
void measure_objects(void);

#endif
