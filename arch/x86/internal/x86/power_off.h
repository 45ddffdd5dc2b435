/* Switching the machine off, by the last kernel that ends. */
#ifndef X86_POWER_OFF_H
#define X86_POWER_OFF_H

#include <stdbool.h>

/*
 * True if the configuration wants it. Then nothing must run on the machine that would miss it.
 */
bool power_off_is_wanted(void);

/*
 * Switches the machine off by ACPI; returns if that is not known to be possible, or did not happen
 * within a second.
 */
void power_off(void);

#endif
