/*
 * The plan as tables: a title with the columns' names, then a row for each CPU, region, node, ...
 */
#include <boot/plan/iommu.h>
#include <boot/plan/planning.h>
#include <kernel/format.h>

enum { LINE_BYTES = 160, NAME_BYTES = 48 };

struct printer {
    const struct machine_facts *facts;
    const struct cluster *cluster;
    print_line_function *print;
    void *context;
};

__attribute__((format(printf, 2, 3))) static void line(const struct printer *printer,
                                                       const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, sizeof(text), format, arguments);
    va_end(arguments);
    printer->print(printer->context, text);
}

/* "0x000000100000 - 0x000003fe0000" */
static const char *show_range(struct range range, char shown[static NAME_BYTES])
{
    format_line(shown, NAME_BYTES, "0x%012lx - 0x%012lx", (unsigned long)range.start,
                (unsigned long)range.end);
    return shown;
}

static void row(const struct printer *printer, const char *what, struct range range,
                const char *use)
{
    char shown[NAME_BYTES], size[SIZE_BYTES];
    line(printer, "  %-14s  %s  %10s  %s", what, show_range(range, shown),
         show_size(range_bytes(range), size), use);
}

/* --- CPUs --- */

static void print_cpus(const struct printer *printer)
{
    const struct cluster *cluster = printer->cluster;
    char proximity[NAME_BYTES], node[NAME_BYTES];
    line(printer, "CPU  APIC id     proximity  node");
    for (uint32_t cpu = 0; cpu < cluster->cpu_count; cpu++) {
        uint32_t domain = printer->facts->cpu[cpu].proximity;
        if (domain == NO_PROXIMITY) {
            format_line(proximity, sizeof(proximity), "-");
        } else {
            format_line(proximity, sizeof(proximity), "%u", domain);
        }
        if (cluster->cpu[cpu].node == NO_NODE) {
            format_line(node, sizeof(node), "stays off");
        } else {
            format_line(node, sizeof(node), "%u", cluster->cpu[cpu].node);
        }
        line(printer, "%3u  0x%08x  %-9s  %s", cpu, cluster->cpu[cpu].apic_id, proximity, node);
    }
    if (printer->facts->cpus_dropped > 0) {
        line(printer, "%u more CPUs stay off: there can be at most %d",
             printer->facts->cpus_dropped, ABI_CMK_MAX_CPUS);
    }
    if (printer->facts->cpus_unreachable > 0) {
        line(printer, "%u more CPUs stay off: their APIC ids need x2APIC",
             printer->facts->cpus_unreachable);
    }
}

/* --- memory --- */

static const char *firmware_type(uint32_t type)
{
    switch (type) {
    case 1:
        return "RAM";
    case 2:
        return "reserved";
    case 3:
        return "ACPI tables";
    case 4:
        return "ACPI storage";
    case 5:
        return "bad RAM";
    default:
        return "other";
    }
}

static const char *firmware_verdict(const struct memory_fact *fact)
{
    if (fact->type != 1) {
        return "rejected: not RAM";
    }
    if (fact->range.end <= LOW_MEMORY) {
        return "rejected: below 1 MiB";
    }
    if (fact->range.start >= RAM_LIMIT) {
        return "rejected: above 510 GiB";
    }
    if (ALIGN_DOWN(fact->range.end, ABI_PAGE_BITS) <= ALIGN_UP(fact->range.start, ABI_PAGE_BITS)) {
        return "rejected: no whole page";
    }
    return "usable";
}

static void print_firmware_map(const struct printer *printer)
{
    line(printer, "firmware        from             to                    size  use");
    for (uint32_t i = 0; i < printer->facts->memory_count; i++) {
        const struct memory_fact *fact = &printer->facts->memory[i];
        row(printer, firmware_type(fact->type), fact->range, firmware_verdict(fact));
    }
}

/* Keeps the lowest range that reaches beyond `from`, with its name. */
struct search {
    paddr_t from;
    struct range best;
    char name[NAME_BYTES]; /* empty: nothing to print */
};

static bool better(struct search *search, struct range range)
{
    if (range_bytes(range) == 0 || range.end <= search->from ||
        (range_bytes(search->best) > 0 && range.start >= search->best.start)) {
        return false;
    }
    search->best = range;
    return true;
}

static void search_fixed(struct search *search, const struct printer *printer)
{
    const struct cluster *cluster = printer->cluster;
    struct range trampoline = {cluster->trampoline, cluster->trampoline + BIT(ABI_PAGE_BITS)};
    if (better(search, page_range(printer->facts->kernel_image))) {
        format_line(search->name, NAME_BYTES, "kernel");
    }
    if (better(search, trampoline)) {
        format_line(search->name, NAME_BYTES, "trampoline");
    }
    if (better(search, cluster->boot_pages)) {
        format_line(search->name, NAME_BYTES, "boot's tables and log, status and console pages");
    }
    if (better(search, cluster->shared)) {
        format_line(search->name, NAME_BYTES, "shared by all nodes");
    }
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        if (better(search, cluster->channel[i].range)) {
            format_line(search->name, NAME_BYTES, "channel %u, nodes %u and %u", i,
                        cluster->channel[i].node[0], cluster->channel[i].node[1]);
        }
    }
}

static void search_nodes(struct search *search, const struct printer *printer)
{
    for (uint32_t node = 0; node < printer->cluster->node_count; node++) {
        const struct node_plan *plan = &printer->cluster->node[node];
        if (better(search, plan->store)) {
            format_line(search->name, NAME_BYTES, "image store of node %u", node);
        }
        for (uint32_t i = 0; i < plan->region_count; i++) {
            if (better(search, plan->region[i])) {
                format_line(search->name, NAME_BYTES, "node %u", node);
            }
        }
    }
}

/*
 * Firmware's other ranges: RAM that one of them overlaps is no RAM, and has been printed as what it
 * is.
 */
static void search_firmware(struct search *search, const struct printer *printer)
{
    for (uint32_t i = 0; i < printer->facts->memory_count; i++) {
        if (printer->facts->memory[i].type != 1 &&
            better(search, printer->facts->memory[i].range)) {
            search->name[0] = '\0';
        }
    }
}

/*
 * RAM that the firmware gave and no node has: below 1 MiB and beyond 510 GiB it is device memory,
 * else it lies idle.
 */
static void print_idle(const struct printer *printer, struct range range)
{
    for (uint32_t i = 0; i < printer->facts->memory_count; i++) {
        const struct memory_fact *fact = &printer->facts->memory[i];
        struct range part = range_intersection(fact->range, range);
        const char *use = "unused: no node asked for it";
        if (fact->type != 1 || range_bytes(part) == 0) {
            continue;
        }
        if (part.end <= LOW_MEMORY) {
            use = "device memory: below 1 MiB";
        } else if (part.start >= RAM_LIMIT) {
            use = "device memory: above 510 GiB";
        } else if (range_bytes(part) < BIT(ABI_PAGE_BITS)) {
            use = "unused: rejected, no whole page";
        } else if (range_bytes(part) < BIT(ABI_LARGE_PAGE_BITS)) {
            use = "unused: rejected, its 2 MiB page has another owner";
        }
        row(printer, "RAM", part, use);
    }
}

/* Every piece of RAM, ascending, with its owner. */
static void print_owners(const struct printer *printer)
{
    struct search search = {.from = 0};
    line(printer, "memory          from             to                    size  owner");
    for (;;) {
        search.best = (struct range){0, 0};
        search_fixed(&search, printer);
        search_nodes(&search, printer);
        search_firmware(&search, printer);
        if (range_bytes(search.best) == 0) {
            break;
        }
        print_idle(printer, (struct range){search.from, search.best.start});
        if (search.name[0] != '\0') {
            row(printer, "RAM", search.best, search.name);
        }
        search.from = search.best.end;
    }
    print_idle(printer, (struct range){search.from, UINT64_MAX});
}

static void print_proximity(const struct printer *printer)
{
    char use[NAME_BYTES];
    if (printer->facts->proximity_count == 0) {
        return;
    }
    line(printer, "proximity       from             to                    size  domain");
    for (uint32_t i = 0; i < printer->facts->proximity_count; i++) {
        format_line(use, sizeof(use), "%u", printer->facts->proximity[i].proximity);
        row(printer, "memory", printer->facts->proximity[i].range, use);
    }
}

/* --- nodes --- */

static const char *console_name(uint16_t port)
{
    static const char *const name[CONSOLES] = {"com1", "com2", "com3", "com4"};
    for (unsigned i = 0; i < CONSOLES; i++) {
        if (console_ports[i] == port) {
            return name[i];
        }
    }
    return "none";
}

static void print_nodes(const struct printer *printer)
{
    line(printer, "node  CPUs      memory  regions  for kernel  console  devices");
    for (uint32_t node = 0; node < printer->cluster->node_count; node++) {
        const struct node_plan *plan = &printer->cluster->node[node];
        char size[SIZE_BYTES], kernel[SIZE_BYTES];
        uint64_t sum = 0;
        for (uint32_t i = 0; i < plan->region_count; i++) {
            sum += range_bytes(plan->region[i]);
        }
        line(printer, "%4u  %4u  %10s  %7u  %10s  %-7s  %s", node, plan->cpu_count,
             show_size(sum, size), plan->region_count,
             show_size(node_kernel_bytes(plan, printer->facts->node_state_bytes), kernel),
             console_name(plan->console_port),
             plan->all_devices && plan->console_ports    ? "all,console"
             : plan->all_devices                         ? "all"
             : plan->device_count + plan->port_count > 0 ? "as listed"
                                                         : "none");
    }
}

/* --- who can be stopped and started --- */

static void print_life(const struct printer *printer)
{
    if (!printer->cluster->manager) {
        return;
    }
    line(printer, "manager: node 0 can stop and start every other node");
    for (uint32_t node = 1; node < printer->cluster->node_count; node++) {
        const struct node_plan *plan = &printer->cluster->node[node];
        line(printer, "node %u: starts %s, can%s be started again", node,
             plan->starts_off ? "when the manager wishes" : "at boot",
             range_bytes(plan->store) > 0 ? "" : "not, because it has devices,");
    }
}

/* --- what devices reach --- */

static void print_reserved(const struct printer *printer, uint32_t node)
{
    const struct machine_facts *facts = printer->facts;
    char use[NAME_BYTES];
    format_line(use, sizeof(use), "devices of node %u, says firmware", node);
    for (uint32_t i = 0; i < facts->dmar.region_count; i++) {
        if (iommu_region_is_for(facts, printer->cluster, &facts->dmar.region[i], node)) {
            row(printer, "reserved", facts->dmar.region[i].range, use);
        }
    }
}

static void print_reach(const struct printer *printer, uint32_t node)
{
    const struct iommu_plan *plan = iommu_plan();
    const struct pci_fact *unserved =
        plan->on ? iommu_unserved(printer->facts, printer->cluster, node) : NULL;
    if (unserved != NULL) {
        line(printer, "node %u: its devices reach all memory: %02x:%02x.%x is under no IOMMU", node,
             unserved->bus, unserved->device, unserved->function);
    } else if (!plan->on) {
        line(printer, "node %u: its devices reach all memory%s", node,
             printer->cluster->node_count > 1 ? ": every other node trusts it" : "");
    } else if (plan->domains >> node & 1) {
        line(printer, "node %u: its devices reach this node's memory, no other node's", node);
        print_reserved(printer, node);
    } else {
        line(printer, "node %u: it has no PCI function that reaches memory", node);
    }
}

static void print_iommu(const struct printer *printer)
{
    const struct iommu_plan *plan = iommu_plan();
    if (plan->on) {
        line(printer, "IOMMU: on, %u unit%s, pages of 4 KiB%s%s", printer->facts->dmar.unit_count,
             printer->facts->dmar.unit_count == 1 ? "" : "s", plan->large_pages ? ", 2 MiB" : "",
             plan->huge_pages ? ", 1 GiB" : "");
        line(printer, "interrupts of devices: %s%s",
             plan->why_no_interrupts == NULL ? "remapped" : "not remapped: ",
             plan->why_no_interrupts == NULL ? "" : plan->why_no_interrupts);
    } else {
        line(printer, "IOMMU: off%s%s", plan->why_not != NULL ? ": " : "",
             plan->why_not != NULL ? plan->why_not : "");
    }
    for (uint32_t node = 0; node < printer->cluster->node_count; node++) {
        if (node_has_devices(printer->facts, printer->cluster, node)) {
            print_reach(printer, node);
        }
    }
}

/* Also what to write into nodeK.devices=. */
static void print_functions(const struct printer *printer)
{
    const struct machine_facts *facts = printer->facts;
    char owner[NAME_BYTES];
    if (facts->pci_count > 0) {
        line(printer, "PCI      vendor:product  class   owner");
    }
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *function = &facts->pci[i];
        uint16_t node = owner_of_function(printer->cluster, i);
        format_line(owner, sizeof(owner), node != NO_NODE ? "node %u" : "-", node);
        line(printer, "%02x:%02x.%x  %04x:%04x       %06x  %s", function->bus, function->device,
             function->function, function->vendor, function->product, function->class, owner);
    }
}

static void print_devices(const struct printer *printer)
{
    char what[NAME_BYTES], use[NAME_BYTES];
    bool any = false;
    for (uint32_t node = 0; node < printer->cluster->node_count; node++) {
        const struct node_plan *plan = &printer->cluster->node[node];
        if (!any && plan->device_count + plan->port_count > 0) {
            line(printer, "devices         from             to                    size  owner");
            any = true;
        }
        format_line(use, sizeof(use), "node %u", node);
        for (uint32_t i = 0; i < plan->device_count; i++) {
            row(printer, "memory", plan->device[i], use);
        }
        for (uint32_t i = 0; i < plan->port_count; i++) {
            format_line(what, sizeof(what), "0x%04x - 0x%04x", plan->port[i].first,
                        plan->port[i].last);
            line(printer, "  %-14s  %-31s  %10u  %s", "ports", what,
                 plan->port[i].last - plan->port[i].first + 1u, use);
        }
    }
}

/* --- images --- */

static void print_image(const struct printer *printer, uint32_t node)
{
    const struct node_plan *plan = &printer->cluster->node[node];
    char at[NAME_BYTES], size[SIZE_BYTES];
    char arguments[80];
    size_t length = 0;
    for (uint32_t i = 0; i + 1 < plan->argument_bytes && length < sizeof(arguments) - 1; i++) {
        char c = plan->arguments[i];
        arguments[length++] = c == '\0' ? ' ' : c >= ' ' && c <= '~' ? c : '?';
    }
    arguments[length] = '\0';
    line(printer, "%4u  %6u  0x%012lx - 0x%012lx  %10s  0x%012lx  %s", node, plan->module,
         (unsigned long)plan->image_vaddr, (unsigned long)(plan->image_vaddr + plan->image_bytes),
         show_size(plan->image_bytes, size), (unsigned long)plan->image_entry,
         plan->image_rwx ? "rwx" : "as its segments say");
    struct range loaded = {plan->image.start, plan->image.start + plan->image_bytes};
    line(printer, "              loaded at %s, arguments: %s", show_range(loaded, at), arguments);
    for (uint32_t i = 0; i < plan->data_count; i++) {
        vaddr_t address = plan->image_vaddr + plan->data[i].offset;
        line(printer, "%4u  %6u  0x%012lx - 0x%012lx  %10s  data %s", node, plan->data[i].module,
             (unsigned long)address, (unsigned long)(address + plan->data[i].bytes),
             show_size(plan->data[i].bytes, size), plan->data[i].name);
    }
    if (plan->profile != PROFILE_CLASSIC) {
        line(printer, "              api %s", profile_facts[plan->profile].word);
    }
}

static void print_images(const struct printer *printer)
{
    line(printer,
         "node  module  image from       to                    size  entry           permissions");
    for (uint32_t node = 0; node < printer->cluster->node_count; node++) {
        print_image(printer, node);
    }
}

static const char *on_off(bool setting)
{
    return setting ? "on" : "off";
}

void print_plan(const struct machine_facts *facts, const struct cluster *cluster,
                print_line_function *print, void *context)
{
    struct printer printer = {facts, cluster, print, context};
    line(&printer, "%u node%s, %u CPU%s, %u channel%s, balance %s, checks %s, fastpath %s",
         cluster->node_count, cluster->node_count == 1 ? "" : "s", cluster->cpu_count,
         cluster->cpu_count == 1 ? "" : "s", cluster->channel_count,
         cluster->channel_count == 1 ? "" : "s", on_off(cluster->balance), on_off(cluster->checks),
         on_off(cluster->fastpath));
    print_cpus(&printer);
    print_firmware_map(&printer);
    print_proximity(&printer);
    print_owners(&printer);
    print_nodes(&printer);
    print_life(&printer);
    print_functions(&printer);
    print_devices(&printer);
    print_iommu(&printer);
    print_images(&printer);
}
