/* Machines to plan for: facts as boot_sys would find them, with user images made on the spot. */
#ifndef TEST_BOOT_MACHINE_H
#define TEST_BOOT_MACHINE_H

#include <boot/plan/elf.h>
#include <boot/plan/plan.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* What the last plan_machine() did. */
extern struct machine_facts machine;
extern struct cluster plan;
extern char plan_lines[16384]; /* mistakes, each with a newline */

/*
 * An image as a test wants it. Zero fields get values that make a good image of one executable page
 * at 4 MiB.
 */
struct image_shape {
    uint64_t vaddr, memory_bytes, file_bytes, offset, entry;
    uint32_t flags;
    uint64_t file_size;
    uint32_t copies; /* of the one segment, one page apart */
};

enum { IMAGE_ROOM = 3 * 4096 };

/* Writes the image; returns the file's size. `file` has IMAGE_ROOM bytes. */
uint64_t make_image(uint8_t *file, struct image_shape shape);

/*
 * A PC with this many CPUs and this much memory, laid out as QEMU's pc machine does; no modules
 * yet.
 */
void make_machine(uint32_t cpus, uint64_t memory_bytes);

/* Adds a boot module after the kernel and the earlier ones. */
void add_module(const uint8_t *data, uint64_t size, const char *text);

/* A good image, shared by all tests. */
void add_good_module(const char *text);

/* One good image for every node. */
unsigned plan_machine(const char *command_line);

/* With the modules that were added. */
unsigned plan_with_modules(const char *command_line);

/* Null if the plan keeps every rule, else which one it breaks. */
const char *broken_rule(const struct machine_facts *facts, const struct cluster *cluster);

uint64_t bytes_of_node(uint32_t node);

#endif
