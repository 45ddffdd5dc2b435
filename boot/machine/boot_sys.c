/*
 * Part 1 of boot: once, on the boot CPU. Discovers the machine, plans the cluster and checks it as
 * a whole, loads the images, writes the global state, starts one CPU per node, and then becomes
 * node 0's first CPU itself.
 *
 * Its own variables, and the planner's, are in no node's page table (linker.ld); those of what it
 * shares with nodes live in a scratch instance of the node state, which is dropped afterwards.
 */
#include <api/apic_ids.h>
#include <api/cluster.h>
#include <arch/machine.h>
#include <arch/memory.h>
#include <x86/apic.h>
#include <x86/control.h>
#include <target/instructions.h>
#include <target/paging.h>
#include <x86/start_cpu.h>
#include <x86/status.h>
#include <x86/uart.h>
#include <boot/machine/machine.h>
#include <boot/plan/acpi.h>
#include <boot/plan/elf.h>
#include <boot/plan/multiboot.h>
#include <cluster/image.h>
#include <cluster/life.h>
#include <cluster/ranges.h>
#include <kernel/string.h>
#include <node/node.h>

enum { FOUR_GIB_BITS = 32 };

static struct machine_facts facts;

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
    uint32_t largest = state->features.x2apic ? ABI_LARGEST_X2APIC_ID : ABI_LARGEST_XAPIC_ID;
    if (!acpi_read_tables(state->firmware.rsdp, size, cpu_apic_id(), largest, map_low, NULL, &facts,
                          &why)) {
        boot_refuse("ACPI: %s", why);
    }
}

static struct cpuid_leaf ask_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result result = cpuid(leaf, subleaf);
    return (struct cpuid_leaf){result.eax, result.ebx, result.ecx, result.edx};
}

static void discover(struct global_state *state, uint32_t magic, uint32_t information)
{
    const char *why;
    if (!multiboot_read(magic, information, map_low, NULL, &facts, &state->firmware, &why)) {
        boot_refuse("boot loader: %s", why);
    }
    detect_features(&state->features);
    read_acpi(state);
    facts.topology = read_topology(ask_cpuid);
    facts.x2apic = state->features.x2apic;
    facts.physical_address_bits = state->features.physical_address_bits;
    facts.kernel_image = (struct range){linker_value(image_start), linker_value(image_end)};
    facts.node_state_bytes = linker_value(node_state_bytes);
    facts.boot_page_bytes = boot_window_table_bytes(&facts, state->features.huge_pages);
    facts.boot_table_bytes = node_boot_table_bytes();
    pci_discover(&facts);
    iommu_discover(&facts);
    silence_interrupt_controllers(&facts);
}

/* This CPU's APIC, where the boot page table has room for its registers. */
static void enable_apic(struct global_state *state)
{
    state->apic_base = read_msr(MSR_APIC_BASE) & PAGE_ADDRESS;
    boot_top_table[0] =
        state->apic_base | PAGE_PRESENT | PAGE_WRITABLE | PAGE_CACHE_DISABLE | PAGE_WRITE_THROUGH;
    apic_enable_early();
}

/*
 * Consoles are set up here, once: nodes that share one must not reset it under each other. A node
 * without its UART has no console: characters would only cost time.
 */
static void init_consoles(struct cluster *cluster)
{
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        uint16_t port = cluster->node[node].console_port;
        bool is_there =
            port == BOOT_CONSOLE ? report_has_console() : port != CONSOLE_NONE && uart_init(port);
        if (port != CONSOLE_NONE && !is_there) {
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
    unsigned mistakes = plan_cluster(&facts, &state->cluster, complain, NULL);
    state->features.avx = state->features.avx && state->cluster.avx;
    if (mistakes > 0) {
        boot_print("refused: %u mistake%s, nothing boots", mistakes, mistakes == 1 ? "" : "s");
        boot_halt();
    }
    print_plan(&facts, &state->cluster, print_plan_line, NULL);
    if (state->cluster.plan_only) {
        boot_print("plan only, stopping");
        boot_halt();
    }
}

static void load_data(const struct node_plan *plan)
{
    for (uint32_t i = 0; i < plan->data_count; i++) {
        const struct data_plan *data = &plan->data[i];
        uint8_t *place = window(plan->image.start + data->offset);
        uint64_t rest = ALIGN_UP(data->bytes, ABI_PAGE_BITS) - data->bytes;
        memcpy(place, window(facts.module[data->module].range.start), data->bytes);
        memset(place + data->bytes, 0, rest);
    }
}

/* What a node of a managed cluster has at the beginning of each life. */
static void fill_stores(const struct cluster *cluster)
{
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        const struct node_plan *plan = &cluster->node[node];
        if (range_bytes(plan->store) > 0) {
            memcpy(window(plan->store.start), window(plan->image.start), range_bytes(plan->image));
        }
    }
}

/*
 * From here on modules are ordinary memory. The plan saw to it that no image is loaded over a
 * module.
 */
static void load_images(struct global_state *state)
{
    static struct elf_image image; /* too large for the stack */
    for (uint32_t node = 0; node < state->cluster.node_count; node++) {
        const struct node_plan *plan = &state->cluster.node[node];
        struct range module = facts.module[plan->module].range;
        const char *wrong = elf_check(window(module.start), range_bytes(module), &image);
        if (wrong != NULL) {
            boot_refuse("node %u: image: %s", node, wrong);
        }
        elf_load(window(module.start), &image, window(plan->image.start));
        load_data(plan);
        state->image[node] = image.segments;
    }
    fill_stores(&state->cluster);
}

/* What nodes need to know of the machine. */
static void add_device_range(void *context, struct range range)
{
    range_list_add(context, range);
}

static void record_machine(struct global_state *state)
{
    state->io_apic_count = facts.io_apic_count;
    state->power_off = facts.power_off;
    memcpy(state->io_apic, facts.io_apic, sizeof(state->io_apic));
    state->pci_config_base = facts.mcfg_base;
    state->pci_first_bus = facts.mcfg_first_bus;
    state->pci_last_bus = facts.mcfg_last_bus;
    struct range_list devices = {state->device, 0, MAX_DEVICE_RANGES};
    for (uint32_t node = 0; node < state->cluster.node_count; node++) {
        if (state->cluster.node[node].all_devices) {
            device_ranges(&facts, &state->cluster, node, add_device_range, &devices);
        }
    }
    state->device_count = devices.count;
}

static void clear_range(struct range range)
{
    machine_clear_memory(window(range.start), range_bytes(range));
}

/* Shared memory starts as zeros, and no kernel touches it afterwards. */
static void clear_shared_memory(const struct cluster *cluster)
{
    clear_range(cluster->shared);
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        clear_range(cluster->channel[i].range);
    }
    paddr_t consoles_end = cluster->console_page + CONSOLES * BIT(ABI_PAGE_BITS);
    clear_range((struct range){cluster->status_page, status_page_of(cluster, cluster->node_count)});
    clear_range((struct range){cluster->console_page, consoles_end});
}

static struct cmk_status_page *status_page(const struct cluster *cluster, uint32_t node)
{
    return window(status_page_of(cluster, node));
}

/* The first life words. A node that starts later has ended as far as others are concerned. */
static void write_life_words(const struct cluster *cluster)
{
    struct life_word *life = window(cluster->life_page);
    clear_range((struct range){cluster->life_page, cluster->life_page + BIT(ABI_PAGE_BITS)});
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        if (cluster->node[node].starts_off) {
            status_page_end(status_page(cluster, node));
            boot_print_for_node(node, " is off");
        } else {
            life_store(&life[node], CMK_LIFE_STARTED, 1);
        }
    }
}

static void write_trampoline(paddr_t page)
{
    memcpy(window(page), trampoline_start, (size_t)(trampoline_end - trampoline_start));
}

/*
 * Waits until node `node` shows life in its status page, at most `milliseconds`. Its first CPU
 * claims the page; only boot looks here.
 */
static bool is_node_alive(const struct cluster *cluster, uint32_t node, unsigned milliseconds)
{
    for (unsigned waited = 0; waited < milliseconds * 10; waited++) {
        if (status_page_is_claimed(status_page(cluster, node))) {
            return true;
        }
        delay(100);
    }
    return false;
}

/*
 * The first CPU of every node but node 0 that starts at boot, all at once. Then each is given 10 ms
 * and a second SIPI, and a second more. A page that boot claims is not the node's any more: a first
 * CPU that answers later finds that and halts.
 */
static void start_nodes(const struct cluster *cluster)
{
    for (uint32_t node = 1; node < cluster->node_count; node++) {
        if (!cluster->node[node].starts_off) {
            start_cpu(cluster->cpu[cluster->node[node].cpu[0]].apic_id);
        }
    }
    for (uint32_t node = 1; node < cluster->node_count; node++) {
        if (cluster->node[node].starts_off) {
            continue;
        }
        uint32_t apic_id = cluster->cpu[cluster->node[node].cpu[0]].apic_id;
        if (is_node_alive(cluster, node, FIRST_ANSWER_MILLISECONDS)) {
            continue;
        }
        start_cpu_again(apic_id);
        if (!is_node_alive(cluster, node, LAST_ANSWER_MILLISECONDS) &&
            status_page_claim(status_page(cluster, node))) {
            boot_print_for_node(node, " stopped: its first CPU (APIC id %u) does not answer",
                                apic_id);
            status_page_stop(status_page(cluster, node), "first CPU does not answer");
            status_page_end(status_page(cluster, node));
        }
    }
}

_Noreturn void boot_sys(uint32_t magic, uint32_t information, uint64_t entry_tsc)
{
    struct global_state *state = global_state_to_write();
    state->entry_tsc = entry_tsc;
    report_init();
    boot_print("CMK boots");
    discover(state, magic, information);
    enable_apic(state);
    calibrate_timers(&facts, state);
    plan_or_stop(state);

    boot_window_extend(&facts, state->features.huge_pages, state->cluster.boot_pages.start);
    if (!place_node_memory(state) || !make_node_boot_tables(state)) {
        boot_halt();
    }
    load_images(state);
    iommu_start(&facts, &state->cluster);
    record_machine(state);
    clear_shared_memory(&state->cluster);
    if (state->cluster.manager) {
        write_life_words(&state->cluster);
    }
    init_consoles(&state->cluster);
    report_move(state->cluster.log_page);
    write_trampoline(state->cluster.trampoline);
    if (state->cluster.missing_cpus_go_on) {
        call_roll(&state->cluster);
    }
    fill_arrival_table(state);
    print_cluster(&state->cluster);
    start_nodes(&state->cluster);
    cpu_arrival();
}
