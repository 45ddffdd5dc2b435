/* The DMAR table's entries. */
#include <boot/plan/bytes.h>
#include <boot/plan/dmar.h>

enum {
    ENTRY_UNIT = 0,
    ENTRY_REGION = 1,
    UNIT_BYTES = 16,
    REGION_BYTES = 24,
    UNIT_ALL_OTHERS = 1,
    SCOPE_BYTES = 6,
    STEP_BYTES = 2, /* of a scope's path: device and function */
    PAGE_BITS = 12
};

/* The first defect is the one that is told. */
static void note(struct dmar_facts *facts, const char *defect)
{
    if (facts->defect == NULL) {
        facts->defect = defect;
    }
}

static bool is_known_kind(uint8_t kind)
{
    return kind >= DMAR_ENDPOINT && kind <= DMAR_HPET;
}

static void add_scope(struct dmar_facts *facts, const uint8_t *bytes, unsigned steps)
{
    if (steps == 0 || steps > MAX_DMAR_PATH || facts->scope_count == MAX_DMAR_SCOPES) {
        note(facts, steps == 0 ? "the DMAR names a device without a path"
                               : "the DMAR names too many devices, or one too many bridges away");
        return;
    }
    struct dmar_scope scope = {
        .kind = bytes[0], .id = bytes[4], .start_bus = bytes[5], .path_length = (uint8_t)steps};
    for (unsigned i = 0; i < steps; i++) {
        const uint8_t *step = bytes + SCOPE_BYTES + STEP_BYTES * i;
        if (step[0] > 31 || step[1] > 7) {
            note(facts, "the DMAR names an impossible device");
            return;
        }
        scope.path[i] = (uint8_t)(step[0] << 3 | step[1]);
    }
    facts->scope[facts->scope_count++] = scope;
}

static struct dmar_scopes read_scopes(struct dmar_facts *facts, const uint8_t *bytes, uint64_t size)
{
    struct dmar_scopes scopes = {(uint16_t)facts->scope_count, 0};
    for (uint64_t at = 0; at < size;) {
        uint64_t length = size - at >= SCOPE_BYTES ? bytes[at + 1] : 0;
        if (length < SCOPE_BYTES || length > size - at || length % STEP_BYTES != 0) {
            note(facts, "the DMAR has a device scope of impossible length");
            break;
        }
        if (is_known_kind(bytes[at])) {
            add_scope(facts, bytes + at, (unsigned)(length - SCOPE_BYTES) / STEP_BYTES);
        }
        at += length;
    }
    scopes.count = (uint16_t)(facts->scope_count - scopes.first);
    return scopes;
}

/* Bits 3:0 of the size field: log2 of the unit's register pages. */
static bool add_unit(struct dmar_facts *facts, const uint8_t *entry, uint64_t bytes)
{
    struct dmar_unit unit = {.segment = get16(entry + 6),
                             .all_others = (entry[4] & UNIT_ALL_OTHERS) != 0};
    unit.registers.start = get64(entry + 8);
    if (unit.registers.start == 0 || !IS_ALIGNED(unit.registers.start, PAGE_BITS) ||
        __builtin_add_overflow(unit.registers.start, BIT(PAGE_BITS + (entry[5] & 15)),
                               &unit.registers.end)) {
        note(facts, "an IOMMU's registers are at no page");
    }
    unit.scopes = read_scopes(facts, entry + UNIT_BYTES, bytes - UNIT_BYTES);
    if (facts->unit_count == MAX_DMAR_UNITS) {
        return false;
    }
    facts->unit[facts->unit_count++] = unit;
    return true;
}

/* The second address is that of the last byte. */
static void add_region(struct dmar_facts *facts, const uint8_t *entry, uint64_t bytes)
{
    struct dmar_region region = {.segment = get16(entry + 6)};
    paddr_t last = get64(entry + 16);
    region.range = (struct range){get64(entry + 8), last + 1};
    if (region.range.end <= region.range.start || !IS_ALIGNED(region.range.start, PAGE_BITS) ||
        !IS_ALIGNED(region.range.end, PAGE_BITS)) {
        note(facts, "the DMAR reserves memory that is no whole pages");
        return;
    }
    region.scopes = read_scopes(facts, entry + REGION_BYTES, bytes - REGION_BYTES);
    if (facts->region_count == MAX_DMAR_REGIONS) {
        note(facts, "the DMAR reserves too many regions");
        return;
    }
    facts->region[facts->region_count++] = region;
}

bool dmar_read_entry(struct dmar_facts *facts, const uint8_t *entry, uint64_t bytes)
{
    unsigned type = get16(entry);
    if (type == ENTRY_UNIT && bytes < UNIT_BYTES) {
        note(facts, "the DMAR has an IOMMU of impossible length");
    } else if (type == ENTRY_UNIT) {
        return add_unit(facts, entry, bytes);
    } else if (type == ENTRY_REGION && bytes < REGION_BYTES) {
        note(facts, "the DMAR reserves memory in an entry of impossible length");
    } else if (type == ENTRY_REGION) {
        add_region(facts, entry, bytes);
    }
    return true;
}
