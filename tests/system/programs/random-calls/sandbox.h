/*
 * The sandbox: the workers' address space, their CSpace and what is in it. By the supervisor only.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes all of it, and starts the workers. False, after a line that says why: something is used up
 * or refused.
 */
bool sandbox_set_up(uint64_t seed);

/*
 * Takes back all objects in the sandbox and makes new ones; workers go on as far as they can.
 * False: not possible.
 */
bool sandbox_make_anew(void);

/* Stops the workers, takes everything back, and tries whether the memory is whole again. */
bool sandbox_take_back(void);

/*
 * Starts a worker anew, with random choices that follow from the seed and from how many starts
 * there were before.
 */
void sandbox_start_worker(unsigned index);

unsigned sandbox_workers(void);
uint64_t sandbox_calls(unsigned index);
uint64_t sandboxes_made(void);
uint64_t sandbox_starts(void);
uint64_t sandbox_faults(void);

#endif
