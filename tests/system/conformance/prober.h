/* A worker that touches memory and tells whether it could. */
#ifndef CONFORMANCE_PROBER_H
#define CONFORMANCE_PROBER_H

#include "criminal.h"

/*
 * In an address space, 0 for the main thread's; any other must have the image mapped
 * (clone_vspace).
 */
struct criminal new_prober(word vspace);
bool can_read(struct criminal prober, word address);
bool can_write(struct criminal prober, word address);
/* The word at an address; the test ends if it cannot be read. */
word read_word(struct criminal prober, word address);
/* Does calling the code at the address return 0x1234? The code is what put_code() left there. */
bool can_execute(struct criminal prober, word address);
void put_code(word address);

#endif
