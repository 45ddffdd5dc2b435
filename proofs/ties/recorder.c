/*
 * A plugin for QEMU's TCG that records which memory each CPU reads and writes while CMK boots.
 *
 *   -plugin FILE,begin=ADDRESS,wait=ADDRESS,end=ADDRESS,out=PATH,flag=START-END,...
 *
 * Virtual addresses in decimal: begin is that of boot_sys(), wait of wait_for_node(), end of
 * cpu_enter_first(). The boot CPU is recorded from boot_sys() on, each other CPU from its first
 * instruction after that; all of them until they enter one of the other two. Lines in PATH, each
 * CPU's in the order of its program, "CPU KIND [START END]":
 *
 *   R, W   physical bytes that it read or wrote since its last F or I
 *   F      MFENCE, or an instruction with a lock (whose own accesses follow)
 *   I      a command to its local APIC: an interrupt message was sent
 *   L      physical bytes that it read or wrote by a virtual address in one of the flags' ranges
 *   D      it has entered wait_for_node() or cpu_enter_first()
 *   ?      an access that QEMU gave no physical address for
 *
 * Not seen: what page walkers read and mark, instruction fetches, and DMA. QEMU must let the CPUs
 * take turns in one host thread. The interface is declared here because Debian 12 has no package
 * with its header (QEMU's documentation, "QEMU TCG Plugins", version 1).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
typedef void (*block_function)(uint64_t id, struct qemu_plugin_tb *block);
typedef void (*execute_function)(unsigned cpu, void *data);
typedef void (*access_function)(unsigned cpu, uint32_t info, uint64_t address, void *data);
typedef void (*exit_function)(uint64_t id, void *data);
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const uint8_t *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, block_function function);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            execute_function function, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *instruction,
                                      access_function function, int flags, int kinds, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, exit_function function, void *data);
unsigned qemu_plugin_mem_size_shift(uint32_t info);
bool qemu_plugin_mem_is_store(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);
const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *address);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments);

enum {
    CPUS = 64,
    FLAGS = 16,
    PAGE = 4096,
    PAGES = 1 << 19,   /* 2 GiB */
    COMMAND = 0x300,   /* of the local APIC (Intel SDM volume 3, table 11-1) */
    LOCK = 0xf0,
};

/* One bit for each byte of a page. */
struct page {
    uint64_t bits[PAGE / 64];
};

/* What was read, or what was written, since the last line of the CPU. */
struct set {
    struct page *page[PAGES];
    uint32_t used[PAGES];
    uint32_t count;
};

struct recorded {
    bool begun, done;
    struct set read, written, flags;
};

static struct recorded *cpus[CPUS];
static uint64_t begin_address, wait_address, end_address;
static uint64_t flag_start[FLAGS], flag_end[FLAGS];
static unsigned flags;
static bool begun;
static FILE *out;

static void add(struct set *set, uint64_t start, uint64_t bytes)
{
    for (uint64_t at = start; at < start + bytes; at++) {
        uint64_t number = at / PAGE;
        if (number >= PAGES) {
            abort();
        }
        if (set->page[number] == NULL) {
            set->page[number] = calloc(1, sizeof(struct page));
            set->used[set->count++] = (uint32_t)number;
        }
        set->page[number]->bits[at % PAGE / 64] |= (uint64_t)1 << at % 64;
    }
}

static bool has(const struct page *page, uint64_t at)
{
    return page->bits[at / 64] >> at % 64 & 1;
}

static void show(unsigned cpu, char kind, struct set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        uint64_t number = set->used[i];
        struct page *page = set->page[number];
        for (uint64_t at = 0; at < PAGE; at++) {
            uint64_t start = at;
            while (at < PAGE && has(page, at)) {
                at++;
            }
            if (at > start) {
                fprintf(out, "%u %c %lu %lu\n", cpu, kind, number * PAGE + start,
                        number * PAGE + at);
            }
        }
        free(page);
        set->page[number] = NULL;
    }
    set->count = 0;
}

static void mark(unsigned cpu, char kind)
{
    show(cpu, 'R', &cpus[cpu]->read);
    show(cpu, 'W', &cpus[cpu]->written);
    show(cpu, 'L', &cpus[cpu]->flags);
    fprintf(out, "%u %c\n", cpu, kind);
}

static bool is_flag(uint64_t address)
{
    for (unsigned i = 0; i < flags; i++) {
        if (flag_start[i] <= address && address < flag_end[i]) {
            return true;
        }
    }
    return false;
}

static bool is_recorded(unsigned cpu)
{
    return begun && cpu < CPUS && cpus[cpu] != NULL && !cpus[cpu]->done;
}

static void at_access(unsigned cpu, uint32_t info, uint64_t address, void *data)
{
    (void)data;
    if (!is_recorded(cpu)) {
        return;
    }
    struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(info, address);
    if (place == NULL) {
        fprintf(out, "%u ?\n", cpu);
        return;
    }
    bool store = qemu_plugin_mem_is_store(info);
    if (qemu_plugin_hwaddr_is_io(place)) {
        const char *device = qemu_plugin_hwaddr_device_name(place);
        if (store && address % PAGE == COMMAND && strcmp(device, "apic-msi") == 0) {
            mark(cpu, 'I');
        }
        return;
    }
    struct recorded *own = cpus[cpu];
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(place);
    uint64_t bytes = (uint64_t)1 << qemu_plugin_mem_size_shift(info);
    add(store ? &own->written : &own->read, physical, bytes);
    if (is_flag(address)) {
        add(&own->flags, physical, bytes);
    }
}

/* On each instruction: a CPU's first one begins its record. */
static void at_instruction(unsigned cpu, void *data)
{
    (void)data;
    if (begun && cpu < CPUS && cpus[cpu] == NULL) {
        cpus[cpu] = calloc(1, sizeof(struct recorded));
    }
}

static void at_fence(unsigned cpu, void *data)
{
    (void)data;
    if (is_recorded(cpu)) {
        mark(cpu, 'F');
    }
}

static void at_begin(unsigned cpu, void *data)
{
    begun = true;
    at_instruction(cpu, data);
}

static void at_end(unsigned cpu, void *data)
{
    (void)data;
    if (is_recorded(cpu)) {
        mark(cpu, 'D');
        cpus[cpu]->done = true;
        fflush(out);
    }
}

/* Whether an instruction drains the store buffer: MFENCE, LOCK, or XCHG with memory. */
static bool is_fence(const uint8_t *code, size_t bytes)
{
    if (bytes >= 3 && code[0] == 0x0f && code[1] == 0xae && code[2] == 0xf0) {
        return true;
    }
    for (size_t i = 0; i < bytes; i++) {
        bool rex = code[i] >= 0x40 && code[i] <= 0x4f;
        if (code[i] == LOCK) {
            return true;
        }
        if ((code[i] == 0x86 || code[i] == 0x87) && i + 1 < bytes) {
            return code[i + 1] < 0xc0;
        }
        if (!rex && code[i] != 0x66 && code[i] != 0xf2 && code[i] != 0xf3) {
            return false;
        }
    }
    return false;
}

static void at_block(uint64_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(instruction);
        bool is_end = address == wait_address || address == end_address;
        execute_function function = address == begin_address ? at_begin
                                    : is_end                 ? at_end
                                                             : at_instruction;
        if (i == 0 || function != at_instruction) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, function, NO_REGISTERS, NULL);
        }
        if (is_fence(qemu_plugin_insn_data(instruction), qemu_plugin_insn_size(instruction))) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, at_fence, NO_REGISTERS, NULL);
        }
        qemu_plugin_register_vcpu_mem_cb(instruction, at_access, NO_REGISTERS, READS_AND_WRITES,
                                         NULL);
    }
}

static void at_exit(uint64_t id, void *data)
{
    (void)id;
    (void)data;
    fclose(out);
}

int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        const char *value = strchr(arguments[i], '=');
        if (value == NULL) {
            return 1;
        }
        if (strncmp(arguments[i], "begin=", 6) == 0) {
            begin_address = strtoull(value + 1, NULL, 10);
        } else if (strncmp(arguments[i], "wait=", 5) == 0) {
            wait_address = strtoull(value + 1, NULL, 10);
        } else if (strncmp(arguments[i], "end=", 4) == 0) {
            end_address = strtoull(value + 1, NULL, 10);
        } else if (strncmp(arguments[i], "flag=", 5) == 0 && flags < FLAGS) {
            char *rest;
            flag_start[flags] = strtoull(value + 1, &rest, 10);
            flag_end[flags++] = strtoull(rest + 1, NULL, 10);
        } else if (strncmp(arguments[i], "out=", 4) == 0) {
            out = fopen(value + 1, "w");
        }
    }
    if (begin_address == 0 || wait_address == 0 || end_address == 0 || out == NULL) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, at_block);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
