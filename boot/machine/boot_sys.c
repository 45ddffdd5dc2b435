/*
 * Part 1 of boot: once, on the boot CPU. Discovers the machine, plans the cluster and checks it as
 * a whole, loads the images, writes the global state, starts one CPU per node, and then becomes
 * node 0's first CPU itself.
 *
 * Its own variables live in a scratch instance of the node state that nobody sees afterwards.
 */
#include <api/cluster.h>
#include <arch/memory.h>
#include <arch/x86/apic.h>
#include <arch/x86/control.h>
#include <arch/x86/instructions.h>
#include <arch/x86/paging.h>
#include <arch/x86/uart.h>
#include <boot/machine/machine.h>
#include <boot/plan/elf.h>
#include <cluster/image.h>
#include <boot/plan/multiboot.h>
#include <kernel/format.h>
#include <kernel/string.h>
#include <stdatomic.h>

enum { BOOT_CONSOLE = 0x3f8, FOUR_GIB_BITS = 32 };

void boot_print(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);

    const char *parts[] = {"cmk: ", line, "\r\n"};
    for (unsigned i = 0; i < ARRAY_LENGTH(parts); i++) {
        for (const char *c = parts[i]; *c; c++) {
            uart_write(BOOT_CONSOLE, *c);
        }
    }
}

static _Noreturn void halt_for_ever(void)
{
    for (;;) {
        disable_interrupts_and_halt();
    }
}

_Noreturn void boot_refuse(const char *format, ...)
{
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    boot_print("mistake: %s", line);
    boot_print("refused: 1 mistake, nothing boots");
    halt_for_ever();
}

/*
 * The parsers' view of memory: the boot page table maps the first 4 GiB, where loaders and firmware
 * put everything.
 */
static const uint8_t *map_low(void *context, paddr_t address, uint64_t size)
{
    (void)context;
    if (address == 0 || size > BIT(FOUR_GIB_BITS) || address > BIT(FOUR_GIB_BITS) - size) {
        return NULL;
    }
    return window(address);
}

/*
 * Without an RSDP from the loader, firmware leaves one in the BIOS area or the first KiB of the
 * extended BIOS data area.
 */
static const uint8_t *find_rsdp(void)
{
    const uint8_t *rsdp = acpi_find_rsdp(window(0xe0000), 0x20000);
    if (rsdp == NULL) {
        uint16_t segment;
        memcpy(&segment, window(0x40e), sizeof(segment));
        paddr_t area = (paddr_t)segment << 4;
        rsdp = area >= 0x80000 && area < 0xa0000 ? acpi_find_rsdp(window(area), 1024) : NULL;
    }
    return rsdp;
}

static void read_acpi(struct global_state *state)
{
    struct machine_facts *facts = &state->facts;
    static const uint8_t nothing[sizeof(state->firmware.rsdp)];
    if (memcmp(state->firmware.rsdp, nothing, sizeof(nothing)) == 0) {
        const uint8_t *found = find_rsdp();
        if (found == NULL) {
            boot_refuse(
                "no ACPI tables: CMK finds CPUs and IOAPICs there (with UEFI, boot by multiboot2)");
        }
        /* Revision 0 has 20 bytes; later ones 36. */
        memcpy(state->firmware.rsdp, found, found[15] >= 2 ? 36 : 20);
    }
    const char *why;
    uint64_t size = state->firmware.rsdp[15] >= 2 ? 36 : 20;
    if (!acpi_read_tables(state->firmware.rsdp, size, cpu_apic_id(), map_low, NULL, facts, &why)) {
        boot_refuse("ACPI: %s", why);
    }
}

static void discover(struct global_state *state, uint32_t magic, uint32_t information)
{
    struct machine_facts *facts = &state->facts;
    const char *why;
    if (!multiboot_read(magic, information, map_low, NULL, facts, &state->firmware, &why)) {
        boot_refuse("boot loader: %s", why);
    }
    detect_features(&state->features);
    read_acpi(state);
    facts->smt_shift = cpu_smt_shift();
    facts->physical_address_bits = state->features.physical_address_bits;
    facts->kernel_image = (struct range){linker_value(image_start), linker_value(image_end)};
    facts->node_state_bytes = linker_value(node_state_bytes);
    facts->boot_page_bytes = boot_window_table_bytes(facts, state->features.huge_pages);
    pci_discover(facts);
    silence_interrupt_controllers(facts);
    state->kernel_image = facts->kernel_image;
}

/* This CPU's APIC, where the boot page table has room for its registers. */
static void enable_apic(struct global_state *state)
{
    state->apic_base = read_msr(MSR_APIC_BASE) & PAGE_ADDRESS;
    boot_top_table[0] =
        state->apic_base | PAGE_PRESENT | PAGE_WRITABLE | PAGE_CACHE_DISABLE | PAGE_WRITE_THROUGH;
    apic_enable_early();
}

/* Consoles are set up here, once: nodes that share one must not reset it under each other. */
static void init_consoles(struct cluster *cluster)
{
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        uint16_t port = cluster->node[node].console_port;
        if (port != BOOT_CONSOLE && port != CONSOLE_NONE && !uart_init(port)) {
            boot_print("node %u: there is no UART at port 0x%x: it has no console", node, port);
            cluster->node[node].console_port = CONSOLE_NONE;
        }
    }
}

static void complain(void *context, const char *line)
{
    (void)context;
    boot_print("mistake: %s", line);
}

static void print_plan_line(void *context, const char *line)
{
    (void)context;
    boot_print("plan: %s", line);
}

static void print_cluster(const struct cluster *cluster)
{
    uint32_t cpus = 0;
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        cpus += cluster->node[node].cpu_count;
    }
    boot_print("cluster of %u nodes, %u CPUs", cluster->node_count, cpus);
}

static void plan_or_stop(struct global_state *state)
{
    unsigned mistakes = plan_cluster(&state->facts, &state->cluster, complain, NULL);
    if (mistakes > 0) {
        boot_print("refused: %u mistake%s, nothing boots", mistakes, mistakes == 1 ? "" : "s");
        halt_for_ever();
    }
    print_plan(&state->facts, &state->cluster, print_plan_line, NULL);
    if (state->cluster.plan_only) {
        boot_print("plan only, stopping");
        halt_for_ever();
    }
}

/*
 * From here on modules are ordinary memory. The plan saw to it that no image is loaded over a
 * module.
 */
static void load_images(struct global_state *state)
{
    for (uint32_t node = 0; node < state->cluster.node_count; node++) {
        const struct node_plan *plan = &state->cluster.node[node];
        const struct module_fact *module = &state->facts.module[plan->module];
        struct elf_image *image = &state->image[node];
        const char *wrong =
            elf_check(window(module->range.start), module->range.end - module->range.start, image);
        if (wrong != NULL) {
            boot_refuse("node %u: image: %s", node, wrong);
        }
        elf_load(window(module->range.start), image, window(plan->image.start));
    }
}

static void clear_range(struct range range)
{
    memset(window(range.start), 0, range.end - range.start);
}

/* Shared memory starts as zeros, and no kernel touches it afterwards. */
static void clear_shared_memory(const struct cluster *cluster)
{
    clear_range(cluster->shared);
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        clear_range(cluster->channel[i].range);
    }
    paddr_t status_end = cluster->status_page + cluster->node_count * 4096ull;
    clear_range((struct range){cluster->status_page, status_end});
    clear_range((struct range){cluster->console_page, cluster->console_page + 4 * 4096});
}

static void write_trampoline(paddr_t page)
{
    memcpy(window(page), trampoline_start, (size_t)(trampoline_end - trampoline_start));
}

static struct cmk_status_page *status_page(const struct cluster *cluster, uint32_t node)
{
    return window(cluster->status_page + node * 4096ull);
}

/*
 * Waits until node `node` shows life in its status page, at most `milliseconds`. Its first CPU
 * writes the page, with release order; only boot reads it here.
 */
static bool is_node_alive(const struct cluster *cluster, uint32_t node, unsigned milliseconds)
{
    const _Atomic uint64_t *word = (const _Atomic uint64_t *)&status_page(cluster, node)->state;
    for (unsigned waited = 0; waited < milliseconds * 10; waited++) {
        if (atomic_load_explicit(word, memory_order_acquire) != CMK_STATUS_OFF) {
            return true;
        }
        boot_delay(100);
    }
    return false;
}

/*
 * The first CPU of every node but node 0, all at once; then each is given 10 ms and a second start,
 * and a second more.
 */
static void start_nodes(const struct cluster *cluster)
{
    for (uint32_t node = 1; node < cluster->node_count; node++) {
        start_cpu(cluster->cpu[cluster->node[node].cpu[0]].apic_id);
    }
    for (uint32_t node = 1; node < cluster->node_count; node++) {
        uint32_t apic_id = cluster->cpu[cluster->node[node].cpu[0]].apic_id;
        if (is_node_alive(cluster, node, 10)) {
            continue;
        }
        start_cpu(apic_id);
        if (!is_node_alive(cluster, node, 1000)) {
            boot_print("node %u stopped: its first CPU (APIC id %u) does not answer", node,
                       apic_id);
            struct cmk_status_page *page = status_page(cluster, node);
            memcpy(page->reason, "first CPU does not answer", 26);
            page->state = CMK_STATUS_STOPPED;
        }
    }
}

_Noreturn void boot_sys(uint32_t magic, uint32_t information, uint64_t entry_tsc)
{
    struct global_state *state = global_state_to_write();
    state->entry_tsc = entry_tsc;
    uart_init(BOOT_CONSOLE);
    boot_print("CMK boots");
    discover(state, magic, information);
    enable_apic(state);
    calibrate_timers(state);
    plan_or_stop(state);
    print_cluster(&state->cluster);

    boot_window_extend(&state->facts, state->features.huge_pages, state->cluster.boot_pages.start);
    if (!place_node_memory(state)) {
        halt_for_ever();
    }
    load_images(state);
    clear_shared_memory(&state->cluster);
    init_consoles(&state->cluster);
    write_trampoline(state->cluster.trampoline);
    start_nodes(&state->cluster);
    cpu_arrival();
}
