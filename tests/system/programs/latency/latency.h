/*
 * The longest time for which the kernel lets nobody in, operation by operation. A debug kernel
 * measures it (CMK_TRIGGER_LONGEST_STRETCH); under QEMU's -icount shift=0 it counts instructions.
 * See docs/latency.md.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include <sel4/sel4.h>
#include <stdbool.h>

#define ROOT  seL4_CapInitThreadCNode
#define DEPTH seL4_WordBits

enum { FAN_OUT = 256 };

/*
 * From begin() to end() is one operation; end() prints its line. What is in between should be
 * little else. An operation that takes more than the goal has an exception, and its reason in
 * docs/latency.md: then it has a limit of its own.
 */
enum { GOAL = 20000 };
void begin(void);
void end(const char *name);
void end_with_limit(const char *name, seL4_Word limit);

/* What is not expected to fail ends the program when it does, with a line that says where. */
void must(bool condition, const char *what);
#define OK(call) must((call) == seL4_NoError, #call)

/*
 * Objects in the initial CNode. `new_objects` takes them from an untyped of their own, in *untyped.
 */
seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits);
seL4_CPtr new_objects(seL4_CPtr *untyped, seL4_Word untyped_bits, seL4_Word type,
                      seL4_Word size_bits, seL4_Word count);

/* Deletes what was made of the untyped. */
void revoke(seL4_CPtr slot);
void delete (seL4_CPtr slot);

/* The initial thread's priority; it begins with 255. */
void set_own_priority(seL4_Word priority);

void measure_capabilities(void);
void measure_memory(void);
void measure_console(void);
void measure_waiting(void);
void measure_messages(void);

#endif
