/* This node's status page (api/cluster.h): written here and by boot only, read by users of all nodes. */
#ifndef ARCH_X86_STATUS_H
#define ARCH_X86_STATUS_H

#include <api/cluster.h>
#include <kernel/types.h>

/* CPU 0 took a timer interrupt. */
void status_tick(void);

/* The node ends: by its user's wish, or for the reason given (cut to fit). Seen by others after what explains it. */
void status_exited(word_t exit_status);
void status_stopped(const char *reason);

#endif
