/* nodeK.devices= and nodeK.console=: PCI functions' address registers and ports, node by node. */
#include <boot/plan/planning.h>
#include <kernel/format.h>
#include <kernel/string.h>

/* Reading one node's list. */
struct list_reader {
    struct planning *planning;
    uint32_t node;
    char shown[SHOWN_BYTES]; /* the word for messages */
    bool malformed;          /* an element is none: what follows it is not looked at */
    bool full;               /* has complained about too many ports */
};

/*
 * The node that lists a function, or NO_NODE: of the last plan. Boot plans once, on one CPU.
 */
static uint16_t lister[MAX_PCI_FUNCTIONS];
static bool is_added[MAX_PCI_FUNCTIONS]; /* its node has its registers */

uint16_t owner_of_function(const struct cluster *cluster, uint32_t function)
{
    uint16_t owner = lister[function];
    for (uint32_t node = 0; owner == NO_NODE && node < cluster->node_count; node++) {
        owner = cluster->node[node].all_devices ? (uint16_t)node : NO_NODE;
    }
    return owner;
}

bool node_has_devices(const struct machine_facts *facts, const struct cluster *cluster,
                      uint32_t node)
{
    const struct node_plan *plan = &cluster->node[node];
    bool has = plan->all_devices || plan->device_count + plan->port_count > 0;
    for (uint32_t i = 0; !has && i < facts->pci_count; i++) {
        has = owner_of_function(cluster, i) == node;
    }
    return has;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* BB:DD.F, all hexadecimal. */
static bool parse_function(const char *text, size_t length, struct pci_fact *name)
{
    if (length != 7 || !is_hex(text[0]) || !is_hex(text[1]) || text[2] != ':' || !is_hex(text[3]) ||
        !is_hex(text[4]) || text[5] != '.' || text[6] < '0' || text[6] > '7') {
        return false;
    }
    name->bus = (uint8_t)(hex_value(text[0]) << 4 | hex_value(text[1]));
    name->device = (uint8_t)(hex_value(text[3]) << 4 | hex_value(text[4]));
    name->function = (uint8_t)(text[6] - '0');
    return name->device < 32;
}

static bool same_function(const struct pci_fact *a, const struct pci_fact *b)
{
    return a->bus == b->bus && a->device == b->device && a->function == b->function;
}

/* --- address ranges --- */

/*
 * Adds a device range to the node's, in ascending order; one that begins or ends where another does
 * joins it.
 */
static void add_device(struct list_reader *reader, struct range range)
{
    struct node_plan *plan = &reader->planning->cluster->node[reader->node];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->device_count; i++) {
        struct range here = plan->device[i];
        if (here.start <= range.end && range.start <= here.end) {
            range = (struct range){MIN(here.start, range.start), MAX(here.end, range.end)};
        } else {
            plan->device[kept++] = here;
        }
    }
    plan->device_count = kept;
    if (kept == MAX_NODE_DEVICES) {
        mistake(&reader->planning->complaints, "%s: more than %d separate address ranges",
                reader->shown, MAX_NODE_DEVICES);
        return;
    }
    while (kept > 0 && plan->device[kept - 1].start > range.start) {
        plan->device[kept] = plan->device[kept - 1];
        kept--;
    }
    plan->device[kept] = range;
    plan->device_count++;
}

const char *not_for_devices(const struct machine_facts *facts, struct range range)
{
    if (ranges_meet(range, (struct range){APIC_START, APIC_END})) {
        return "where stores are interrupts";
    }
    if (ranges_meet(range, (struct range){LAST_BYTES, FOUR_GIB})) {
        return "at the last bytes below 4 GiB";
    }
    if (ranges_meet(range, page_range(facts->kernel_image))) {
        return "in the kernel";
    }
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        if (facts->memory[i].type == 1 && ranges_meet(range, facts->memory[i].range)) {
            return "in RAM";
        }
    }
    for (uint32_t i = 0; i < facts->io_apic_count; i++) {
        struct range page = {facts->io_apic[i].base, facts->io_apic[i].base + 1};
        if (ranges_meet(range, page_range(page))) {
            return "on an IOAPIC";
        }
    }
    for (uint32_t i = 0; i < facts->iommu_count; i++) {
        if (ranges_meet(range, page_range(facts->iommu[i]))) {
            return "on an IOMMU";
        }
    }
    return NULL;
}

static const char *forbidden(const struct planning *planning, struct range range)
{
    return range.start < LOW_MEMORY ? "below 1 MiB" : not_for_devices(planning->facts, range);
}

/* True if the other function's registers, or the pages they lie on, meet `range`. */
static bool function_meets(const struct pci_fact *function, struct range range)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(function->bar); i++) {
        const struct pci_bar_fact *bar = &function->bar[i];
        if (!bar->is_port && bar->size > 0 && bar->base < DEVICE_LIMIT &&
            bar->size <= DEVICE_LIMIT &&
            ranges_meet(range, page_range((struct range){bar->base, bar->base + bar->size}))) {
            return true;
        }
    }
    return false;
}

/* Functions that the same node has anyway may share a page with one another. */
static bool shares_with_stranger(const struct list_reader *reader, const struct pci_fact *function,
                                 struct range range, const struct pci_fact **stranger)
{
    const struct machine_facts *facts = reader->planning->facts;
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *other = &facts->pci[i];
        if (other != function && lister[i] != reader->node && function_meets(other, range)) {
            *stranger = other;
            return true;
        }
    }
    return false;
}

static void add_memory_bar(struct list_reader *reader, const struct pci_fact *function,
                           unsigned number)
{
    const struct pci_bar_fact *bar = &function->bar[number];
    struct complaints *complaints = &reader->planning->complaints;
    const struct pci_fact *stranger;
    struct range range;
    const char *where;
    char name[32];
    format_line(name, sizeof(name), "%02x:%02x.%x, address register %u", function->bus,
                function->device, function->function, number);
    if (bar->base == 0) {
        mistake(complaints, "%s: %s: the firmware gave it no address", reader->shown, name);
        return;
    }
    if ((bar->size & (bar->size - 1)) != 0 || bar->size > DEVICE_LIMIT ||
        bar->base > DEVICE_LIMIT - bar->size || (bar->base & (bar->size - 1)) != 0) {
        mistake(complaints, "%s: %s: 0x%lx with %lu bytes makes no sense", reader->shown, name,
                (unsigned long)bar->base, (unsigned long)bar->size);
        return;
    }
    range = page_range((struct range){bar->base, bar->base + bar->size});
    where = forbidden(reader->planning, range);
    if (where != NULL) {
        mistake(complaints, "%s: %s: 0x%lx is %s", reader->shown, name, (unsigned long)bar->base,
                where);
        return;
    }
    if (shares_with_stranger(reader, function, range, &stranger)) {
        mistake(complaints, "%s: %s: shares a page with %02x:%02x.%x", reader->shown, name,
                stranger->bus, stranger->device, stranger->function);
        return;
    }
    add_device(reader, range);
}

/* --- ports --- */

enum { UART_PORTS = 8, PCI_CONFIGURATION_FIRST = 0xcf8, PCI_CONFIGURATION_LAST = 0xcff };

static bool ports_meet(struct port_range a, struct port_range b)
{
    return a.first <= b.last && b.first <= a.last;
}

/* Whose the ports are already, by a list or as a console; false: no node has them. */
static bool find_port_owner(const struct list_reader *reader, struct port_range range,
                            uint32_t *owner, struct port_range *owned)
{
    const struct cluster *cluster = reader->planning->cluster;
    for (*owner = 0; *owner < cluster->node_count; (*owner)++) {
        const struct node_plan *plan = &cluster->node[*owner];
        for (uint32_t i = 0; i < plan->port_count; i++) {
            *owned = plan->port[i];
            if (ports_meet(*owned, range)) {
                return true;
            }
        }
        uint16_t console = plan->console_port;
        *owned = (struct port_range){console, (uint16_t)(console + UART_PORTS - 1)};
        if (*owner != reader->node && console != CONSOLE_NONE && ports_meet(*owned, range)) {
            return true;
        }
    }
    return false;
}

/* What is listed is granted; and no kernel gives programs another node's console, for instance. */
static void add_ports(struct list_reader *reader, struct port_range range)
{
    struct node_plan *plan = &reader->planning->cluster->node[reader->node];
    struct complaints *complaints = &reader->planning->complaints;
    struct port_range owned;
    uint32_t owner;
    if (ports_meet(range, (struct port_range){PCI_CONFIGURATION_FIRST, PCI_CONFIGURATION_LAST})) {
        mistake(complaints,
                "%s: ports 0x%x-0x%x: 0x%x-0x%x, PCI configuration, belong to the node with all "
                "devices",
                reader->shown, range.first, range.last, PCI_CONFIGURATION_FIRST,
                PCI_CONFIGURATION_LAST);
    } else if (find_port_owner(reader, range, &owner, &owned)) {
        mistake(complaints, "%s: ports 0x%x-0x%x: node %u has 0x%x-0x%x already", reader->shown,
                range.first, range.last, owner, owned.first, owned.last);
    } else if (plan->port_count == MAX_NODE_PORT_RANGES) {
        if (!reader->full) {
            mistake(complaints, "%s: more than %d port ranges", reader->shown,
                    MAX_NODE_PORT_RANGES);
        }
        reader->full = true;
    } else {
        plan->port[plan->port_count++] = range;
    }
}

static void add_port_bar(struct list_reader *reader, const struct pci_fact *function,
                         unsigned number)
{
    const struct pci_bar_fact *bar = &function->bar[number];
    if (bar->base == 0 || bar->size > 0x10000 || bar->base > 0x10000 - bar->size) {
        mistake(&reader->planning->complaints,
                "%s: %02x:%02x.%x, address register %u: port 0x%lx with %lu ports makes no sense",
                reader->shown, function->bus, function->device, function->function, number,
                (unsigned long)bar->base, (unsigned long)bar->size);
        return;
    }
    add_ports(reader,
              (struct port_range){(uint16_t)bar->base, (uint16_t)(bar->base + bar->size - 1)});
}

/* --- lists --- */

static uint32_t find_function(const struct machine_facts *facts, const struct pci_fact *name)
{
    uint32_t i = 0;
    while (i < facts->pci_count && !same_function(&facts->pci[i], name)) {
        i++;
    }
    return i;
}

/* Checks one element's form, and notes who owns the function. */
static void claim_element(struct list_reader *reader, const char *text, size_t length)
{
    struct complaints *complaints = &reader->planning->complaints;
    const struct machine_facts *facts = reader->planning->facts;
    struct pci_fact name;
    uint32_t i;
    if (length >= 5 && memcmp(text, "port:", 5) == 0) {
        return;
    }
    if (!parse_function(text, length, &name)) {
        reader->malformed = true;
        mistake(
            complaints,
            "%s: not all, none, or a list of functions and ports such as 00:1f.2,port:0x60-0x64",
            reader->shown);
        return;
    }
    i = find_function(facts, &name);
    if (i == facts->pci_count) {
        mistake(complaints, "%s: there is no PCI function %02x:%02x.%x", reader->shown, name.bus,
                name.device, name.function);
    } else if (lister[i] == reader->node) {
        mistake(complaints, "%s: %02x:%02x.%x is named twice", reader->shown, name.bus, name.device,
                name.function);
    } else if (lister[i] != NO_NODE) {
        mistake(complaints, "%s: %02x:%02x.%x is in node %u already", reader->shown, name.bus,
                name.device, name.function, lister[i]);
    } else {
        lister[i] = (uint16_t)reader->node;
    }
}

/* port:X-Y or port:X; `text` is what follows the colon. */
static void add_port_element(struct list_reader *reader, const char *text, size_t length)
{
    size_t first_length = 0;
    uint64_t first, last;
    bool good;
    while (first_length < length && text[first_length] != '-') {
        first_length++;
    }
    good = parse_number(text, first_length, &first);
    last = first;
    if (good && first_length < length) {
        good = parse_number(text + first_length + 1, length - first_length - 1, &last);
    }
    if (!good || first > last || last > 0xffff) {
        mistake(&reader->planning->complaints,
                "%s: not ports from 0 to 0xffff such as port:0x60-0x64", reader->shown);
        return;
    }
    add_ports(reader, (struct port_range){(uint16_t)first, (uint16_t)last});
}

/* The registers of a function, and with MCFG its configuration page. */
static void add_function(struct list_reader *reader, const struct pci_fact *function)
{
    const struct machine_facts *facts = reader->planning->facts;
    for (unsigned i = 0; i < ARRAY_LENGTH(function->bar); i++) {
        if (function->bar[i].size == 0) {
            continue;
        }
        if (function->bar[i].is_port) {
            add_port_bar(reader, function, i);
        } else {
            add_memory_bar(reader, function, i);
        }
    }
    if (facts->mcfg_base != 0 && function->bus >= facts->mcfg_first_bus &&
        function->bus <= facts->mcfg_last_bus) {
        paddr_t page =
            facts->mcfg_base + ((uint64_t)function->bus << 20 | (uint64_t)function->device << 15 |
                                (uint64_t)function->function << 12);
        struct range range = {page, page + BIT(ABI_PAGE_BITS)};
        const char *where =
            page < DEVICE_LIMIT ? forbidden(reader->planning, range) : "out of reach";
        if (where != NULL) {
            mistake(&reader->planning->complaints,
                    "%s: %02x:%02x.%x: its configuration page at 0x%lx is %s", reader->shown,
                    function->bus, function->device, function->function, (unsigned long)page,
                    where);
        } else {
            add_device(reader, range);
        }
    }
}

/* Calls claim_element (`claiming`) or adds what the element stands for. */
static void read_list(struct list_reader *reader, bool claiming)
{
    const char *cursor = reader->planning->configuration->node[reader->node].devices_word;
    struct pci_fact name;
    struct word word;
    const char *text;
    next_word(&cursor, &word);
    text = word.text;
    while (*text != '=') {
        text++;
    }
    do {
        size_t length = 0;
        text++;
        while (text[length] != '\0' && text[length] != ',') {
            length++;
        }
        if (claiming) {
            claim_element(reader, text, length);
        } else if (length >= 5 && memcmp(text, "port:", 5) == 0) {
            add_port_element(reader, text + 5, length - 5);
        } else if (parse_function(text, length, &name)) {
            uint32_t i = find_function(reader->planning->facts, &name);
            if (i < reader->planning->facts->pci_count && lister[i] == reader->node &&
                !is_added[i]) {
                is_added[i] = true;
                add_function(reader, &reader->planning->facts->pci[i]);
            }
        }
        text += length;
    } while (*text == ',' && !reader->malformed);
}

static void read_lists(struct planning *planning, bool claiming)
{
    struct list_reader reader = {.planning = planning};
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct node_configuration *configuration = &planning->configuration->node[node];
        if (configuration->devices == DEVICES_LIST) {
            reader = (struct list_reader){.planning = planning, .node = node};
            show_word(configuration->devices_word, reader.shown);
            read_list(&reader, claiming);
        }
    }
}

/* At most one node has all devices: node 0, unless something else is said. */
static void choose_all(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    struct cluster *cluster = planning->cluster;
    uint32_t owner = NO_NODE;
    char shown[SHOWN_BYTES];
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        if (configuration->node[node].devices != DEVICES_ALL) {
            continue;
        }
        if (owner != NO_NODE) {
            mistake(&planning->complaints, "%s: node %u has all devices already",
                    show_word(configuration->node[node].devices_word, shown), owner);
        } else {
            owner = node;
        }
    }
    if (owner == NO_NODE && configuration->node[0].devices == DEVICES_DEFAULT) {
        owner = 0;
    }
    if (owner != NO_NODE) {
        cluster->node[owner].all_devices = true;
        cluster->node[owner].console_ports = configuration->node[owner].console_ports;
    }
}

void plan_devices(struct planning *planning)
{
    for (uint32_t i = 0; i < MAX_PCI_FUNCTIONS; i++) {
        lister[i] = NO_NODE;
        is_added[i] = false;
    }
    choose_all(planning);
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        planning->cluster->node[node].console_port =
            planning->configuration->node[node].console_port;
    }
    /* All claims first: whose page a register shares depends on who owns the neighbour. */
    read_lists(planning, true);
    read_lists(planning, false);
}
