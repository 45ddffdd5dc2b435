/* What the portable-in-spirit parts of arch/x86 (those that also run in host tests) need to know about the CPU. */
#ifndef ARCH_X86_FEATURES_H
#define ARCH_X86_FEATURES_H

#include <kernel/types.h>

bool cpu_has_huge_pages(void); /* 1 GiB pages in PDPT entries */
bool cpu_has_no_execute(void); /* PAGE_EXECUTE_DISABLE is not a reserved bit */

#endif
