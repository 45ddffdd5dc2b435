/*
 * The groups of benchmarks inside one node; main.c runs those that the image's arguments name, or
 * all.
 */
#ifndef NODE_H
#define NODE_H

#include "../../support/bench.h"

/* An address space with the same memory as the main thread's, made once. */
extern seL4_CPtr other_vspace;

/*
 * Call and ReplyRecv of 0 words between two threads, each with its capability to the endpoint;
 * reports both. At the end the client must be able to use all_done, and all the while node control.
 */
void measure_call(const char *call_name, const char *reply_name,
                  struct thread_options client_options, seL4_CPtr client_capability,
                  struct thread_options server_options, seL4_CPtr server_capability);

void measure_ipc(void);
void measure_variations(void);
void measure_callers(void);
void measure_wake_ups(void);
void measure_interrupts(void);
void measure_faults(void);
void measure_memory(void);
void measure_objects(void);

#endif
