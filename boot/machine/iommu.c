/*
 * VT-d's remapping units: what they can do, and DMA remapping on (VT-d specification 4.0, chapters
 * 6 and 11). Afterwards nothing of a unit is written or invalidated: the tables never change, and
 * no node maps registers or tables.
 */
#include <arch/memory.h>
#include <x86/start_cpu.h>
#include <boot/machine/machine.h>
#include <boot/plan/iommu.h>
#include <cluster/ranges.h>
#include <kernel/string.h>
#include <node/node.h>
#include <target/instructions.h>

/* Registers, by their offsets. */
enum {
    CAPABILITY = 0x08,
    EXTENDED_CAPABILITY = 0x10,
    GLOBAL_COMMAND = 0x18,
    GLOBAL_STATUS = 0x1c,
    ROOT_TABLE = 0x20,
    CONTEXT_COMMAND = 0x28,
    FAULT_STATUS = 0x34,
    FAULT_CONTROL = 0x38,
    PROTECTED_MEMORY = 0x64,
    QUEUE_HEAD = 0x80,
    QUEUE_TAIL = 0x88,
    QUEUE_ADDRESS = 0x90,
    INTERRUPT_TABLE = 0xb8
};

/* Bits of the global command; the status has the same. */
#define TRANSLATION   (1u << 31)
#define SET_ROOT      (1u << 30)
#define FLUSH_BUFFERS (1u << 27)
#define QUEUE         (1u << 26)
#define INTERRUPTS    (1u << 25)
#define SET_TABLE     (1u << 24) /* of interrupts */
#define COMPATIBILITY (1u << 23) /* messages that are not remapped pass */
/* Bits that stay set; the others are commands for once. */
#define STATUS_KEPT 0x96ffffffu

enum {
    HAS_COHERENT_WALKS = 1 << 0, /* extended capability */
    HAS_QUEUE = 1 << 1,
    HAS_INTERRUPTS = 1 << 3,
    NEEDS_FLUSH_OF_BUFFERS = 1 << 4, /* capability */
    HAS_PROTECTED_MEMORY = 3 << 5,
    FAULTS_CLEAR = 0xff, /* written as ones */
    CACHE_LINE = 64,
    PAGE_BITS = 12
};

#define FAULT_INTERRUPT_OFF     (1u << 31)
#define PROTECTED_MEMORY_STATUS 1u
#define CONTEXT_GLOBAL          (BIT(63) | BIT(61))
#define CONTEXT_PENDING         BIT(63)
/* Reads and writes under way end first. */
#define TRANSLATIONS_GLOBAL      (BIT(63) | BIT(60) | BIT(49) | BIT(48))
#define TRANSLATIONS_PENDING     BIT(63)
#define TRANSLATIONS_OFFSET(ext) ((unsigned)((ext) >> 8 & 0x3ff) * 16 + 8)

/* Requests of the queue, 16 bytes each: the low words. Their granularity is everything. */
#define REQUEST_CONTEXTS     (1u | 1u << 4)
#define REQUEST_TRANSLATIONS (2u | 1u << 4 | 1u << 6 | 1u << 7)
#define REQUEST_INTERRUPTS   4u
#define REQUEST_WAIT         (5u | 1u << 5) /* writes a word when all before it are done */
#define WAIT_DATA_SHIFT      32

static volatile uint8_t *registers_of(const struct dmar_unit *unit)
{
    return window(unit->registers.start);
}

static uint32_t read32(const struct dmar_unit *unit, unsigned offset)
{
    return *(volatile uint32_t *)(registers_of(unit) + offset);
}

static uint64_t read64(const struct dmar_unit *unit, unsigned offset)
{
    return *(volatile uint64_t *)(registers_of(unit) + offset);
}

static void write32(const struct dmar_unit *unit, unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(registers_of(unit) + offset) = value;
}

static void write64(const struct dmar_unit *unit, unsigned offset, uint64_t value)
{
    *(volatile uint64_t *)(registers_of(unit) + offset) = value;
}

void iommu_discover(struct machine_facts *facts)
{
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        struct dmar_unit *unit = &facts->dmar.unit[i];
        if (unit->registers.end <= BIT(32) && range_bytes(unit->registers) >= BIT(PAGE_BITS)) {
            unit->capability = read64(unit, CAPABILITY);
            unit->extended_capability = read64(unit, EXTENDED_CAPABILITY);
        }
    }
}

/* Bounded: 100 ms, thousands of times what a unit takes. */
enum { WAIT_STEPS = 1000, WAIT_STEP_MICROSECONDS = 100 };

static void wait_for(const struct dmar_unit *unit, unsigned offset, uint32_t mask, uint32_t value)
{
    for (unsigned i = 0; i < WAIT_STEPS; i++) {
        if ((read32(unit, offset) & mask) == value) {
            return;
        }
        delay(WAIT_STEP_MICROSECONDS);
    }
    boot_refuse("the IOMMU at 0x%lx does not do what it is told: iommu=off leaves it alone",
                (unsigned long)unit->registers.start);
}

/* One bit of the global command at a time; `status` is its value once that is done. */
static void command(const struct dmar_unit *unit, uint32_t bit, bool on, uint32_t status)
{
    uint32_t kept = read32(unit, GLOBAL_STATUS) & STATUS_KEPT;
    write32(unit, GLOBAL_COMMAND, on ? kept | bit : kept & ~bit);
    wait_for(unit, GLOBAL_STATUS, bit, status);
}

static void turn_off(const struct dmar_unit *unit, uint32_t bit)
{
    if (read32(unit, GLOBAL_STATUS) & bit) {
        command(unit, bit, false, 0);
    }
}

/* What firmware left on. */
static void stop_unit(const struct dmar_unit *unit)
{
    write32(unit, FAULT_CONTROL, read32(unit, FAULT_CONTROL) | FAULT_INTERRUPT_OFF);
    turn_off(unit, TRANSLATION);
    turn_off(unit, INTERRUPTS);
    turn_off(unit, COMPATIBILITY);
    turn_off(unit, QUEUE);
}

static void invalidate_by_registers(const struct dmar_unit *unit)
{
    unsigned translations = TRANSLATIONS_OFFSET(unit->extended_capability);
    write64(unit, CONTEXT_COMMAND, CONTEXT_GLOBAL);
    wait_for(unit, CONTEXT_COMMAND + 4, CONTEXT_PENDING >> 32, 0);
    write64(unit, translations, TRANSLATIONS_GLOBAL);
    wait_for(unit, translations + 4, TRANSLATIONS_PENDING >> 32, 0);
}

/*
 * Units take their requests from one page, one unit after the other. The last request writes a
 * word at the page's end, which is in memory that the unit reaches without translation.
 */
static void invalidate_by_queue(const struct dmar_unit *unit, paddr_t page)
{
    enum { REQUESTS = 4, REQUEST_WORDS = 2, LAST_WORD = 511, ALL_DONE = 1 };
    volatile uint64_t *queue = window(page);
    const uint64_t request[REQUESTS][REQUEST_WORDS] = {
        {REQUEST_CONTEXTS, 0},
        {REQUEST_TRANSLATIONS, 0},
        {unit->extended_capability & HAS_INTERRUPTS ? REQUEST_INTERRUPTS : REQUEST_CONTEXTS, 0},
        {REQUEST_WAIT | (uint64_t)ALL_DONE << WAIT_DATA_SHIFT,
         page + LAST_WORD * sizeof(uint64_t)}};
    for (unsigned i = 0; i < REQUESTS * REQUEST_WORDS; i++) {
        queue[i] = request[i / REQUEST_WORDS][i % REQUEST_WORDS];
    }
    queue[LAST_WORD] = 0;
    full_fence();
    write64(unit, QUEUE_TAIL, 0);
    write64(unit, QUEUE_ADDRESS, page);
    command(unit, QUEUE, true, QUEUE);
    write64(unit, QUEUE_TAIL, REQUESTS * sizeof(request[0]));
    for (unsigned i = 0; i < WAIT_STEPS && (queue[LAST_WORD] & UINT32_MAX) != ALL_DONE; i++) {
        delay(WAIT_STEP_MICROSECONDS);
    }
    wait_for(unit, QUEUE_HEAD, UINT32_MAX, REQUESTS * sizeof(request[0]));
}

/* The lowest bits of the register: log2 of the entries, less 1. */
static void set_interrupt_table(const struct dmar_unit *unit,
                                const struct interrupt_remapping *interrupts)
{
    enum { EXTENDED = 1 << 11, ENTRY_BITS = 4 };
    uint64_t size = size_bits_for(range_bytes(interrupts->table)) - ENTRY_BITS - 1;
    write64(unit, INTERRUPT_TABLE,
            interrupts->table.start | (interrupts->extended ? EXTENDED : 0) | size);
    command(unit, SET_TABLE, true, SET_TABLE);
}

static void start_unit(const struct dmar_unit *unit, const struct iommu_tables *tables,
                       const struct interrupt_remapping *interrupts)
{
    unsigned kind = iommu_levels(unit->capability) - IOMMU_LEAST_LEVELS;
    stop_unit(unit);
    if (unit->capability & NEEDS_FLUSH_OF_BUFFERS) {
        command(unit, FLUSH_BUFFERS, true, 0);
    }
    write64(unit, ROOT_TABLE, unit->segment == 0 ? tables->root[kind] : tables->nothing);
    command(unit, SET_ROOT, true, SET_ROOT);
    if (interrupts->on) {
        set_interrupt_table(unit, interrupts);
    }
    if (unit->extended_capability & HAS_QUEUE) {
        invalidate_by_queue(unit, tables->queue);
    } else {
        invalidate_by_registers(unit);
    }
    write32(unit, FAULT_STATUS, FAULTS_CLEAR);
    command(unit, TRANSLATION, true, TRANSLATION);
    if (interrupts->on) {
        command(unit, INTERRUPTS, true, INTERRUPTS);
    }
    /* What firmware protected until now is protected by the tables. */
    if (unit->capability & HAS_PROTECTED_MEMORY) {
        write32(unit, PROTECTED_MEMORY, 0);
        wait_for(unit, PROTECTED_MEMORY, PROTECTED_MEMORY_STATUS, 0);
    }
}

/* Not all units look into the CPUs' caches when they read tables; they do for their queues. */
static void flush_tables(const struct dmar_facts *dmar, const uint64_t *tables, uint64_t bytes)
{
    bool coherent = true;
    for (uint32_t i = 0; i < dmar->unit_count; i++) {
        coherent = coherent && (dmar->unit[i].extended_capability & HAS_COHERENT_WALKS);
    }
    for (uint64_t at = 0; !coherent && at < bytes; at += CACHE_LINE) {
        flush_cache_line((const uint8_t *)tables + at);
    }
    full_fence();
}

void iommu_start(const struct machine_facts *facts, const struct cluster *cluster)
{
    if (!iommu_plan()->on) {
        return;
    }
    struct iommu_tables tables = {.place = cluster->iommu_tables,
                                  .window = window(cluster->iommu_tables.start)};
    memset(tables.window, 0, range_bytes(tables.place));
    if (!iommu_build_tables(facts, cluster, &tables)) {
        boot_refuse("there is too little room for the IOMMUs' tables");
    }
    flush_tables(&facts->dmar, tables.window, range_bytes(tables.place));
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        start_unit(&facts->dmar.unit[i], &tables, &cluster->interrupts);
    }
}
