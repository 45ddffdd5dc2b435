/* What boot printed before this node existed, also on a machine without a UART. */
#ifndef CMK_BOOT_LOG_H
#define CMK_BOOT_LOG_H

#include <cmk/cluster.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* The log, mapped read-only; null: no cluster, or no memory for the mapping. Constant. */
const struct cmk_boot_log *cmk_boot_log(void);

/*
 * The characters that are still there, oldest first: `place` counts from 0. -1: no more. The first
 * line may have lost its beginning.
 */
int cmk_boot_log_character(const struct cmk_boot_log *log, seL4_Word place);

CMK_END_C

#endif
