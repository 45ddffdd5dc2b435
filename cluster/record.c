/* The record's memory: linker.ld gives it a place of its own, which nodes map read-only. */
#include <cluster/record.h>

__attribute__((section(".global_state"))) const struct global_state global_state;
