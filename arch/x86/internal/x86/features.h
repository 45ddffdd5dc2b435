/*
 * CPU and image, for the parts of arch/x86 without instructions of their own; host tests supply
 * their own.
 */
#ifndef X86_FEATURES_H
#define X86_FEATURES_H

#include <kernel/types.h>

bool cpu_has_huge_pages(void); /* 1 GiB pages in PDPT entries */
bool cpu_has_no_execute(void); /* PAGE_EXECUTE_DISABLE is not a reserved bit */

struct range kernel_text(void); /* virtual addresses of the kernel's instructions, page-aligned */

#endif
