/* Where the linker put things (linker.ld). Only their addresses mean anything. */
#ifndef CLUSTER_IMAGE_H
#define CLUSTER_IMAGE_H

#include <cluster/record.h>

/* Physical addresses: the low part of the image is linked where it lies. */
extern char image_start[], boot_part_end[], load_end[], image_end[], scratch_start[],
    global_state_physical[];
/* Sizes in bytes. */
extern char node_state_bytes[], global_state_bytes[];
/* Virtual addresses, at KERNEL_IMAGE + physical. */
extern char text_start[], text_end[], rodata_start[], rodata_end[], data_template[];
/* Virtual addresses of the node state. */
extern char node_state_bss[];
/* Tables of the boot page table (boot/machine/start.asm). */
extern word_t boot_pml4[], boot_top_table[];
/* Identity-mapped during boot. */
extern char trampoline_start[], trampoline_end[];

/* An absolute symbol's value (the linker's sizes and physical addresses). */
static inline word_t linker_value(const char *symbol)
{
    return (word_t)symbol;
}

/*
 * boot_sys's writable view of the global state: the boot page table maps it writable, no node does.
 */
static inline struct global_state *global_state_to_write(void)
{
    struct global_state *state = (struct global_state *)(word_t)&global_state;
    /* The compiler must not see which object this is: it takes a const one to be constant. */
    __asm__("" : "+r"(state));
    return state;
}

#endif
