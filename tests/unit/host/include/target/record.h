/* Included by cluster/record.h: on the host a test has its own record, and writes it. */
#ifndef TARGET_RECORD_H
#define TARGET_RECORD_H

extern struct global_state global_state;

#endif
