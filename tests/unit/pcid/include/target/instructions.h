/*
 * The instructions that door.c and switch.h need, on CPUs of C (main.c). Found before the real
 * header.
 */
#ifndef ARCH_X86_INSTRUCTIONS_H
#define ARCH_X86_INSTRUCTIONS_H

#include <kernel/types.h>

void write_cr3(word_t value);
void invalidate_page(word_t address);
uint64_t read_tsc(void);
void spin_pause(void);

/* Nobody has bases here. */
static inline word_t read_fs_base(void)
{
    return 0;
}
static inline word_t read_gs_base(void)
{
    return 0;
}
static inline void write_fs_base(word_t value)
{
    (void)value;
}
static inline void write_gs_base(word_t value)
{
    (void)value;
}

#endif
