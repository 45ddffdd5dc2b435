/* iommu=: whether VT-d's units are used, and which requester ids belong to which node. */
#include <boot/plan/iommu.h>
#include <boot/plan/planning.h>
#include <kernel/string.h>

/* Too large for the stack. Boot plans once, on one CPU. */
static struct iommu_plan last;

const struct iommu_plan *iommu_plan(void)
{
    return &last;
}

/* --- what units can do --- */

enum {
    DOMAINS_MASK = 7, /* the capability's lowest bits: 2^(4 + 2 * ND) domains */
    LEVELS_SHIFT = 8, /* bit 9: tables of 3 levels, bit 10: of 4 */
    LARGE_PAGES_SHIFT = 34
};

unsigned iommu_levels(uint64_t capability)
{
    for (unsigned levels = IOMMU_MOST_LEVELS; levels >= IOMMU_LEAST_LEVELS; levels--) {
        if (capability >> (LEVELS_SHIFT + levels - 2) & 1) {
            return levels;
        }
    }
    return 0;
}

/* Domains that a unit tells apart; 0 is none of ours, node K's is K + 1. */
static uint32_t iommu_domains(uint64_t capability)
{
    return 1u << (4 + 2 * MIN(capability & DOMAINS_MASK, 6));
}

/* Units of other segments serve no function that boot knows: they only block. */
static const char *check_units(const struct dmar_facts *dmar)
{
    uint64_t common = UINT64_MAX;
    for (uint32_t i = 0; i < dmar->unit_count; i++) {
        const struct dmar_unit *unit = &dmar->unit[i];
        unsigned levels = iommu_levels(unit->capability);
        if (unit->registers.end > FOUR_GIB) {
            return "an IOMMU's registers are above 4 GiB";
        }
        if (unit->capability == 0 || unit->capability == UINT64_MAX) {
            return "an IOMMU does not answer";
        }
        if (levels == 0) {
            return "an IOMMU has no tables of three or four levels";
        }
        last.uses_levels[levels - IOMMU_LEAST_LEVELS] = true;
        common &= unit->capability;
    }
    last.large_pages = common >> LARGE_PAGES_SHIFT & 1;
    last.huge_pages = last.large_pages && (common >> (LARGE_PAGES_SHIFT + 1) & 1);
    return NULL;
}

/* --- scopes --- */

static const struct pci_fact *find_bridge(const struct machine_facts *facts, uint8_t bus,
                                          uint8_t place)
{
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *f = &facts->pci[i];
        if (f->bridge != PCI_NO_BRIDGE && f->bus == bus &&
            (f->device << 3 | f->function) == place) {
            return f;
        }
    }
    return NULL;
}

/* The bus on which the last step of the path is; false: a bridge on the way is not there. */
static bool follow_path(const struct machine_facts *facts, const struct dmar_scope *scope,
                        uint8_t *bus)
{
    *bus = scope->start_bus;
    for (unsigned i = 0; i + 1 < scope->path_length; i++) {
        const struct pci_fact *bridge = find_bridge(facts, *bus, scope->path[i]);
        if (bridge == NULL) {
            return false;
        }
        *bus = bridge->secondary_bus;
    }
    return true;
}

static bool names(const struct machine_facts *facts, const struct dmar_scope *scope,
                  const struct pci_fact *function)
{
    uint8_t bus;
    uint8_t place = scope->path[scope->path_length - 1];
    const struct pci_fact *bridge;
    if (!follow_path(facts, scope, &bus)) {
        return false;
    }
    if (function->bus == bus && (function->device << 3 | function->function) == place) {
        return scope->kind == DMAR_ENDPOINT || scope->kind == DMAR_BRIDGE;
    }
    bridge = scope->kind == DMAR_BRIDGE ? find_bridge(facts, bus, place) : NULL;
    return bridge != NULL && bridge->secondary_bus <= function->bus &&
           function->bus <= bridge->subordinate_bus;
}

bool io_apic_requester(const struct machine_facts *facts, uint32_t io_apic, uint16_t *requester)
{
    const struct dmar_facts *dmar = &facts->dmar;
    for (uint32_t i = 0; i < dmar->scope_count; i++) {
        const struct dmar_scope *scope = &dmar->scope[i];
        uint8_t bus;
        if (scope->kind == DMAR_IO_APIC && scope->id == facts->io_apic[io_apic].id &&
            follow_path(facts, scope, &bus)) {
            *requester = (uint16_t)(bus << 8 | scope->path[scope->path_length - 1]);
            return true;
        }
    }
    return false;
}

static bool any_names(const struct machine_facts *facts, struct dmar_scopes scopes,
                      const struct pci_fact *function)
{
    for (uint32_t i = 0; i < scopes.count; i++) {
        if (names(facts, &facts->dmar.scope[scopes.first + i], function)) {
            return true;
        }
    }
    return false;
}

static bool is_served(const struct machine_facts *facts, const struct pci_fact *function)
{
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        const struct dmar_unit *unit = &facts->dmar.unit[i];
        if (unit->segment == 0 && (unit->all_others || any_names(facts, unit->scopes, function))) {
            return true;
        }
    }
    return false;
}

const struct pci_fact *iommu_unserved(const struct machine_facts *facts,
                                      const struct cluster *cluster, uint32_t node)
{
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        const struct pci_fact *function = &facts->pci[i];
        if (function->bridge == PCI_NO_BRIDGE && owner_of_function(cluster, i) == node &&
            !is_served(facts, function)) {
            return function;
        }
    }
    return NULL;
}

bool iommu_region_is_for(const struct machine_facts *facts, const struct cluster *cluster,
                         const struct dmar_region *region, uint32_t node)
{
    for (uint32_t i = 0; i < facts->pci_count && region->segment == 0; i++) {
        if (owner_of_function(cluster, i) == node &&
            any_names(facts, region->scopes, &facts->pci[i])) {
            return true;
        }
    }
    return false;
}

/* What firmware reserves becomes reachable for devices of one node: no one else may own it. */
static const char *check_regions(const struct planning *planning)
{
    const struct machine_facts *facts = planning->facts;
    const struct cluster *cluster = planning->cluster;
    for (uint32_t i = 0; i < facts->dmar.region_count; i++) {
        const struct dmar_region *region = &facts->dmar.region[i];
        if (region->range.end > IOMMU_LIMIT) {
            return "firmware reserves memory above 512 GiB for devices";
        }
        if (not_for_devices(facts, region->range) != NULL) {
            return "memory that firmware reserves for devices is not theirs alone";
        }
        for (uint32_t node = 0; node < cluster->node_count; node++) {
            for (uint32_t j = 0; j < cluster->node[node].device_count; j++) {
                if (ranges_meet(region->range, cluster->node[node].device[j])) {
                    return "memory that firmware reserves for devices meets a device's registers";
                }
            }
        }
    }
    return NULL;
}

/* --- requester ids --- */

static const struct pci_fact *bridge_to(const struct machine_facts *facts, unsigned bus)
{
    for (uint32_t i = 0; i < facts->pci_count && bus != 0; i++) {
        if (facts->pci[i].bridge != PCI_NO_BRIDGE && facts->pci[i].secondary_bus == bus) {
            return &facts->pci[i];
        }
    }
    return NULL;
}

static void add_requester(struct planning *planning, unsigned id, uint16_t node,
                          const struct pci_fact *function)
{
    for (uint32_t i = 0; i < last.requester_count; i++) {
        const struct requester *other = &last.requester[i];
        if (other->id != id) {
            continue;
        }
        if (other->node != node) {
            mistake(&planning->complaints,
                    "iommu: %02x:%02x.%x of node %u and a function of node %u are one to the "
                    "IOMMU, by a bridge: one node has both, or iommu=off",
                    function->bus, function->device, function->function, node, other->node);
        }
        return;
    }
    if (last.requester_count == MAX_REQUESTERS) {
        last.why_not = "there are too many PCI functions and bridges";
        return;
    }
    last.requester[last.requester_count++] = (struct requester){(uint16_t)id, node};
    last.domains |= BIT(node);
}

static uint16_t own_id(const struct pci_fact *function)
{
    return (uint16_t)(function->bus << 8 | function->device << 3 | function->function);
}

/* A way up from a function to the host bridge. */
struct way {
    unsigned bus;  /* on which the requests are */
    unsigned left; /* bridges may be numbered in a circle */
    uint16_t id;   /* what they have become */
};

static struct way way_from(const struct pci_fact *function)
{
    enum { MOST_BRIDGES = 256 }; /* as many as there are buses */
    return (struct way){function->bus, MOST_BRIDGES, own_id(function)};
}

/* Through the next bridge that changes the id; false: there is none. */
static bool next_id(const struct machine_facts *facts, struct way *way)
{
    const struct pci_fact *bridge;
    while (way->left-- > 0 && (bridge = bridge_to(facts, way->bus)) != NULL) {
        unsigned secondary = way->bus;
        way->bus = bridge->bus;
        if (bridge->bridge != PCI_PORT) {
            way->id =
                bridge->bridge == PCI_TO_CONVENTIONAL ? (uint16_t)(secondary << 8) : own_id(bridge);
            return true;
        }
    }
    return false;
}

uint16_t requester_of(const struct machine_facts *facts, const struct pci_fact *function)
{
    struct way way = way_from(function);
    while (next_id(facts, &way)) {}
    return way.id;
}

/* Its own id, and those that bridges on its way give it. Bridges send nothing of their own. */
static void add_requesters(struct planning *planning, const struct pci_fact *function,
                           uint16_t node)
{
    struct way way = way_from(function);
    do {
        add_requester(planning, way.id, node, function);
    } while (next_id(planning->facts, &way));
}

static const char *check_domains(const struct machine_facts *facts)
{
    for (uint32_t i = 0; i < facts->dmar.unit_count; i++) {
        uint32_t known = iommu_domains(facts->dmar.unit[i].capability);
        for (uint32_t node = 0; node < ABI_CMK_MAX_NODES; node++) {
            if ((last.domains >> node & 1) && node + 1 >= known) {
                return "an IOMMU tells too few domains apart";
            }
        }
    }
    return NULL;
}

static const char *find_reason_against(struct planning *planning)
{
    const struct machine_facts *facts = planning->facts;
    const char *why_not = facts->dmar.defect;
    if (why_not == NULL && facts->dmar.unit_count == 0) {
        why_not = facts->iommu_count > 0 ? "this machine's is not Intel's" : "there is none";
    }
    why_not = why_not != NULL ? why_not : check_units(&facts->dmar);
    why_not = why_not != NULL ? why_not : check_regions(planning);
    if (why_not != NULL) {
        return why_not;
    }
    for (uint32_t i = 0; i < facts->pci_count; i++) {
        uint16_t node = owner_of_function(planning->cluster, i);
        if (node != NO_NODE && facts->pci[i].bridge == PCI_NO_BRIDGE) {
            add_requesters(planning, &facts->pci[i], node);
        }
    }
    return last.why_not != NULL ? last.why_not : check_domains(facts);
}

static void require_all_served(struct planning *planning, const char *word)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct pci_fact *function = iommu_unserved(planning->facts, planning->cluster, node);
        if (function != NULL) {
            mistake(&planning->complaints, "%s: %02x:%02x.%x of node %u is under no IOMMU", word,
                    function->bus, function->device, function->function, node);
        }
    }
}

void plan_iommu(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    char shown[SHOWN_BYTES];
    memset(&last, 0, sizeof(last));
    if (configuration->iommu == IOMMU_OFF) {
        return;
    }
    last.why_not = find_reason_against(planning);
    last.on = last.why_not == NULL;
    if (last.on) {
        last.why_no_interrupts = configuration->intremap
                                     ? plan_interrupts(planning->facts, planning->cluster)
                                     : "intremap=off";
    }
    if (configuration->iommu == IOMMU_REQUIRED) {
        show_word(configuration->iommu_word, shown);
        if (!last.on) {
            mistake(&planning->complaints, "%s: no IOMMU can be used: %s", shown, last.why_not);
        } else {
            require_all_served(planning, shown);
        }
    }
}
