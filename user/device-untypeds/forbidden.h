/* The physical addresses that no device untyped may cover. */
#ifndef FORBIDDEN_H
#define FORBIDDEN_H

#include <sel4/sel4.h>

/* Collects them from boot info and the cluster's description; once, first. */
void forbidden_collect(const seL4_BootInfo *boot_info);

/* The name of something forbidden that [paddr, paddr + bytes) overlaps, or null. */
const char *forbidden_overlap(seL4_Word paddr, seL4_Word bytes);

#endif
