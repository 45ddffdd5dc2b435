/*
 * Multiboot 1 and 2 boot information (multiboot specifications 0.6.96 and 2.0). Plain C, reading
 * only through `map`.
 */
#ifndef BOOT_PLAN_MULTIBOOT_H
#define BOOT_PLAN_MULTIBOOT_H

#include <boot/plan/acpi.h>
#include <cluster/record.h>
#include <boot/plan/plan.h>

enum { MULTIBOOT1_MAGIC = 0x2badb002, MULTIBOOT2_MAGIC = 0x36d76289 };

/*
 * Reads the information at `info` into `facts` (memory, modules with data and text, command_line,
 * loader, busy) and `firmware` (rsdp when Multiboot 2 has one, memory map, framebuffer, VBE).
 * Strings and module data are pointers that `map` returned. False: unusable; *why then says so in
 * one phrase.
 */
bool multiboot_read(uint32_t magic, paddr_t info, map_function *map, void *context,
                    struct machine_facts *facts, struct firmware_record *firmware,
                    const char **why);

#endif
