/* Included by cluster/record.h, which says what the record holds. */
#ifndef TARGET_RECORD_H
#define TARGET_RECORD_H

/*
 * The mapping that nodes have. boot_sys writes through the boot page table's view of the same
 * memory.
 */
extern const struct global_state global_state;

#endif
