/*
 * The global state's memory: linker.ld gives it a place of its own, that boot may write and nodes
 * may only read.
 */
#include <cluster/record.h>

__attribute__((section(".global_state"))) const struct global_state global_state;
