#include "machine.h"
#include <stdio.h>
#include <string.h>

struct machine_facts machine;
struct cluster plan;
char plan_lines[16384];

static uint8_t good_file[IMAGE_ROOM];
static uint64_t good_size;

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t or_else(uint64_t value, uint64_t otherwise)
{
    return value != 0 ? value : otherwise;
}

uint64_t make_image(uint8_t *file, struct image_shape shape)
{
    uint64_t vaddr = or_else(shape.vaddr, 0x400000);
    uint64_t file_bytes = or_else(shape.file_bytes, 4096);
    uint64_t memory_bytes = or_else(shape.memory_bytes, file_bytes);
    uint64_t offset = or_else(shape.offset, 8192);
    uint32_t copies = (uint32_t)or_else(shape.copies, 1);
    static const uint8_t start[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memset(file, 0, IMAGE_ROOM);
    memcpy(file, start, sizeof(start));
    put(file + 16, 2, 2);
    put(file + 18, 62, 2);
    put(file + 20, 1, 4);
    put(file + 24, or_else(shape.entry, vaddr), 8);
    put(file + 32, 64, 8);
    put(file + 52, 64, 2);
    put(file + 54, 56, 2);
    put(file + 56, copies, 2);
    for (uint32_t i = 0; i < copies; i++) {
        uint8_t *header = file + 64 + 56 * i;
        put(header, 1, 4);
        put(header + 4, or_else(shape.flags, 7), 4);
        put(header + 8, offset, 8);
        put(header + 16, vaddr + i * 4096, 8);
        put(header + 32, file_bytes, 8);
        put(header + 40, memory_bytes, 8);
    }
    return or_else(shape.file_size, IMAGE_ROOM);
}

void make_machine(uint32_t cpus, uint64_t memory_bytes)
{
    uint64_t below = memory_bytes > GIB(3) ? GIB(3) : memory_bytes;
    uint64_t low_end = below - KIB(128);
    memset(&machine, 0, sizeof(machine));
    machine.memory[0] = (struct memory_fact){{0, 0x9fc00}, 1};
    machine.memory[1] = (struct memory_fact){{0x9fc00, 0xa0000}, 2};
    machine.memory[2] = (struct memory_fact){{0xf0000, 0x100000}, 2};
    machine.memory[3] = (struct memory_fact){{0x100000, low_end}, 1};
    machine.memory[4] = (struct memory_fact){{low_end, below}, 2};
    machine.memory[5] = (struct memory_fact){{0xfeffc000, 0xff000000}, 2};
    machine.memory_count = 6;
    if (memory_bytes > below) {
        machine.memory[6] = (struct memory_fact){{GIB(4), GIB(4) + memory_bytes - below}, 1};
        machine.memory_count = 7;
    }
    for (uint32_t i = 0; i < cpus; i++) {
        machine.cpu[i] = (struct cpu_fact){i, NO_PROXIMITY};
    }
    machine.cpu_count = cpus;
    machine.io_apic[0] = (struct io_apic){0xfec00000, 0, 24, 0};
    machine.io_apic_count = 1;
    machine.command_line = "";
    machine.loader = "";
    machine.kernel_image = (struct range){0x100000, 0x1a4120};
    machine.busy[0] = (struct range){0x9500, 0x9600};
    machine.busy[1] = (struct range){0x1a5000, 0x1a6234};
    machine.busy_count = 2;
    machine.physical_address_bits = 40;
    machine.boot_page_bytes = 0x3000;
    machine.boot_table_bytes = 0xc000;
    machine.node_state_bytes = 0x24000;
    good_size = make_image(good_file, (struct image_shape){0});
}

void add_module(const uint8_t *data, uint64_t size, const char *text)
{
    paddr_t start = 0x1a7000;
    struct module_fact *module = &machine.module[machine.module_count];
    if (machine.module_count > 0) {
        start = ALIGN_UP(module[-1].range.end, ABI_PAGE_BITS);
    }
    machine.module_count++;
    *module = (struct module_fact){{start, start + size}, data, text};
}

void add_good_module(const char *text)
{
    add_module(good_file, good_size, text);
}

static void note_line(void *context, const char *line)
{
    size_t length = strlen(plan_lines);
    (void)context;
    snprintf(plan_lines + length, sizeof(plan_lines) - length, "%s\n", line);
}

unsigned plan_with_modules(const char *command_line)
{
    machine.command_line = command_line;
    plan_lines[0] = '\0';
    return plan_cluster(&machine, &plan, note_line, NULL);
}

unsigned plan_machine(const char *command_line)
{
    machine.module_count = 0;
    add_good_module("node=all");
    return plan_with_modules(command_line);
}

uint64_t bytes_of_node(uint32_t node)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < plan.node[node].region_count; i++) {
        sum += plan.node[node].region[i].end - plan.node[node].region[i].start;
    }
    return sum;
}
