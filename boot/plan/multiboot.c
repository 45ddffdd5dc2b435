/*
 * Multiboot 1 and 2 boot information. Nothing in it is trusted: every address goes through `map`,
 * every length is checked.
 */
#include <boot/plan/multiboot.h>
#include <boot/plan/bytes.h>
#include <kernel/string.h>

enum {
    MAX_STRING_BYTES = 1 << 18,
    MMAP_ENTRY_BYTES = 24,
    MMAP_MAX_ENTRIES = 50, /* that boot info passes on (contract 9.8) */
    RAM = 1
};

struct reader {
    map_function *map;
    void *context;
    struct machine_facts *facts;
    struct firmware_record *firmware;
    const char *why;
};

static bool fail(struct reader *reader, const char *why)
{
    reader->why = why;
    return false;
}

/* --- what both versions share --- */

static uint64_t gap(struct range a, struct range b)
{
    if (a.end < b.start) {
        return b.start - a.end;
    }
    return b.end < a.start ? a.start - b.end : 0;
}

/*
 * Notes memory that is still needed. Ranges that are near one another become one: there are few
 * places for them.
 */
static void add_busy(struct machine_facts *facts, paddr_t start, uint64_t bytes)
{
    struct range range = {start, start + bytes};
    uint32_t nearest = 0;
    if (bytes == 0) {
        return;
    }
    for (uint32_t i = 1; i < facts->busy_count; i++) {
        if (gap(facts->busy[i], range) < gap(facts->busy[nearest], range)) {
            nearest = i;
        }
    }
    if (facts->busy_count > 0 && (gap(facts->busy[nearest], range) <= BIT(ABI_PAGE_BITS) ||
                                  facts->busy_count == ARRAY_LENGTH(facts->busy))) {
        facts->busy[nearest].start = MIN(facts->busy[nearest].start, range.start);
        facts->busy[nearest].end = MAX(facts->busy[nearest].end, range.end);
        return;
    }
    facts->busy[facts->busy_count++] = range;
}

static bool add_memory(struct reader *reader, uint64_t base, uint64_t bytes, uint32_t type)
{
    struct machine_facts *facts = reader->facts;
    uint64_t end;
    if (__builtin_add_overflow(base, bytes, &end)) {
        end = UINT64_MAX;
    }
    if (base == end) {
        return true;
    }
    if (facts->memory_count > 0) {
        struct memory_fact *last = &facts->memory[facts->memory_count - 1];
        if (last->type == type && last->range.end == base) {
            last->range.end = end;
            return true;
        }
    }
    if (facts->memory_count == MAX_MEMORY_RANGES) {
        return fail(reader, "the memory map has more than 1024 entries");
    }
    facts->memory[facts->memory_count++] = (struct memory_fact){{base, end}, type};
    return true;
}

static bool add_module(struct reader *reader, uint64_t start, uint64_t end, const char *text)
{
    struct machine_facts *facts = reader->facts;
    struct module_fact *module;
    if (facts->module_count == MAX_MODULES) {
        return fail(reader, "there are more than 64 boot modules");
    }
    module = &facts->module[facts->module_count++];
    module->range = (struct range){start, MAX(start, end)};
    module->data = start < end ? reader->map(reader->context, start, end - start) : NULL;
    module->text = text;
    return true;
}

/* --- version 1 --- */

/* A zero-terminated string anywhere in memory; "" for address 0. It becomes busy. */
static const char *read_string(struct reader *reader, paddr_t address)
{
    if (address == 0) {
        return "";
    }
    for (uint64_t length = 1; length <= MAX_STRING_BYTES; length++) {
        const uint8_t *bytes = reader->map(reader->context, address, length);
        if (bytes == NULL) {
            return NULL;
        }
        if (bytes[length - 1] == '\0') {
            add_busy(reader->facts, address, length);
            return (const char *)bytes;
        }
    }
    return NULL;
}

static bool read_mmap_1(struct reader *reader, paddr_t address, uint32_t bytes)
{
    const uint8_t *map = reader->map(reader->context, address, bytes);
    uint64_t at = 0;
    if (map == NULL) {
        return fail(reader, "the memory map cannot be read");
    }
    add_busy(reader->facts, address, bytes);
    while (at < bytes) {
        struct firmware_record *firmware = reader->firmware;
        uint64_t size;
        /* An entry's size does not count its own four bytes. */
        if (bytes - at < MMAP_ENTRY_BYTES) {
            break;
        }
        size = get32(map + at) + UINT64_C(4);
        if (size < MMAP_ENTRY_BYTES) {
            return fail(reader, "the memory map has an entry that is too short");
        }
        if (!add_memory(reader, get64(map + at + 4), get64(map + at + 12), get32(map + at + 20))) {
            return false;
        }
        if (firmware->mmap_length < sizeof(firmware->mmap)) {
            uint8_t *copy = firmware->mmap + firmware->mmap_length;
            /* Copies are of one size, not of the original's. */
            memcpy(copy, map + at, MMAP_ENTRY_BYTES);
            memcpy(copy, (const uint8_t[4]){MMAP_ENTRY_BYTES - 4, 0, 0, 0}, 4);
            firmware->mmap_length += MMAP_ENTRY_BYTES;
        }
        at += size;
    }
    return true;
}

static bool read_modules_1(struct reader *reader, paddr_t address, uint32_t count)
{
    enum { ENTRY_BYTES = 16 };
    uint64_t bytes = (uint64_t)count * ENTRY_BYTES;
    const uint8_t *list = count == 0 ? NULL : reader->map(reader->context, address, bytes);
    if (count == 0) {
        return true;
    }
    if (list == NULL) {
        return fail(reader, "the list of boot modules cannot be read");
    }
    add_busy(reader->facts, address, bytes);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = list + (uint64_t)i * ENTRY_BYTES;
        const char *text = read_string(reader, get32(entry + 8));
        if (text == NULL) {
            return fail(reader, "a boot module's string cannot be read");
        }
        if (!add_module(reader, get32(entry), get32(entry + 4), text)) {
            return false;
        }
    }
    return true;
}

/*
 * VBE's two blocks and four numbers, as contract 9.8 lays them out. Without a console of ours it is
 * a mere courtesy.
 */
static void read_vbe_1(struct reader *reader, const uint8_t *info)
{
    enum { CONTROL_BYTES = 512, MODE_BYTES = 256 };
    const uint8_t *control = reader->map(reader->context, get32(info + 72), CONTROL_BYTES);
    const uint8_t *mode = reader->map(reader->context, get32(info + 76), MODE_BYTES);
    uint8_t *record = reader->firmware->vbe;
    if (control == NULL || mode == NULL) {
        return;
    }
    memset(record, 0, sizeof(reader->firmware->vbe));
    memcpy(record, control, CONTROL_BYTES);
    memcpy(record + CONTROL_BYTES, mode, MODE_BYTES);
    for (unsigned i = 0; i < 4; i++) {
        memcpy(record + CONTROL_BYTES + MODE_BYTES + 4 * i, info + 80 + 2 * i, 2);
    }
    reader->firmware->has_vbe = true;
}

static bool read_1(struct reader *reader, paddr_t address)
{
    enum {
        HAS_MEMORY = 1 << 0,
        HAS_COMMAND_LINE = 1 << 2,
        HAS_MODULES = 1 << 3,
        HAS_MMAP = 1 << 6,
        HAS_LOADER = 1 << 9,
        HAS_VBE = 1 << 11,
        INFO_BYTES = 88
    };
    const uint8_t *info = reader->map(reader->context, address, INFO_BYTES);
    uint32_t flags;
    if (info == NULL) {
        return fail(reader, "the boot information cannot be read");
    }
    add_busy(reader->facts, address, INFO_BYTES);
    flags = get32(info);
    if (flags & HAS_COMMAND_LINE) {
        reader->facts->command_line = read_string(reader, get32(info + 16));
    }
    if (flags & HAS_LOADER) {
        reader->facts->loader = read_string(reader, get32(info + 64));
    }
    if (reader->facts->command_line == NULL || reader->facts->loader == NULL) {
        return fail(reader, "the command line cannot be read");
    }
    if ((flags & HAS_MODULES) && !read_modules_1(reader, get32(info + 24), get32(info + 20))) {
        return false;
    }
    if (flags & HAS_VBE) {
        read_vbe_1(reader, info);
    }
    if (flags & HAS_MMAP) {
        return read_mmap_1(reader, get32(info + 48), get32(info + 44));
    }
    if (flags & HAS_MEMORY) {
        return add_memory(reader, 0, (uint64_t)get32(info + 4) << 10, RAM) &&
               add_memory(reader, 1 << 20, (uint64_t)get32(info + 8) << 10, RAM);
    }
    return true;
}

/* --- version 2 --- */

enum tag_type {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_LOADER = 2,
    TAG_MODULE = 3,
    TAG_MMAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_RSDP_1 = 14,
    TAG_RSDP_2 = 15
};

static bool read_mmap_2(struct reader *reader, const uint8_t *tag, uint32_t size)
{
    uint32_t entry_bytes = size >= 16 ? get32(tag + 8) : 0;
    if (entry_bytes < 20) {
        return fail(reader, "the memory map's entries are too short");
    }
    for (uint64_t at = 16; at + entry_bytes <= size; at += entry_bytes) {
        if (!add_memory(reader, get64(tag + at), get64(tag + at + 8), get32(tag + at + 16))) {
            return false;
        }
    }
    return true;
}

/* A string from `offset` to the end of its tag, with its terminating zero. */
static const char *tag_string(const uint8_t *tag, uint32_t size, uint32_t offset)
{
    for (uint32_t i = offset; i < size; i++) {
        if (tag[i] == '\0') {
            return (const char *)tag + offset;
        }
    }
    return NULL;
}

static void read_rsdp_2(struct reader *reader, uint32_t type, const uint8_t *tag, uint32_t size)
{
    uint8_t *rsdp = reader->firmware->rsdp;
    /* The longer one wins, in either order. */
    if (type == TAG_RSDP_2 && size >= 8 + 36) {
        memcpy(rsdp, tag + 8, 36);
    } else if (type == TAG_RSDP_1 && size >= 8 + 20 && rsdp[15] < 2) {
        memset(rsdp, 0, sizeof(reader->firmware->rsdp));
        memcpy(rsdp, tag + 8, 20);
    }
}

static void read_framebuffer_2(struct reader *reader, const uint8_t *tag, uint32_t size)
{
    struct firmware_record *firmware = reader->firmware;
    if (size >= 8 + sizeof(firmware->framebuffer) && get64(tag + 8) != 0) {
        memcpy(firmware->framebuffer, tag + 8, sizeof(firmware->framebuffer));
        firmware->has_framebuffer = true;
    }
}

static bool read_tag(struct reader *reader, uint32_t type, const uint8_t *tag, uint32_t size)
{
    const char *text;
    switch (type) {
    case TAG_COMMAND_LINE:
    case TAG_LOADER:
        text = tag_string(tag, size, 8);
        if (text == NULL) {
            return fail(reader, "the command line cannot be read");
        }
        if (type == TAG_COMMAND_LINE) {
            reader->facts->command_line = text;
        } else {
            reader->facts->loader = text;
        }
        return true;
    case TAG_MODULE:
        text = tag_string(tag, size, 16);
        if (text == NULL) {
            return fail(reader, "a boot module's string cannot be read");
        }
        return add_module(reader, get32(tag + 8), get32(tag + 12), text);
    case TAG_MMAP:
        return read_mmap_2(reader, tag, size);
    case TAG_RSDP_1:
    case TAG_RSDP_2:
        read_rsdp_2(reader, type, tag, size);
        return true;
    case TAG_FRAMEBUFFER:
        read_framebuffer_2(reader, tag, size);
        return true;
    default:
        return true;
    }
}

static bool read_2(struct reader *reader, paddr_t address)
{
    const uint8_t *info = reader->map(reader->context, address, 8);
    uint32_t total = info != NULL ? get32(info) : 0;
    info = total >= 8 ? reader->map(reader->context, address, total) : NULL;
    if (info == NULL) {
        return fail(reader, "the boot information cannot be read");
    }
    add_busy(reader->facts, address, total);
    for (uint64_t at = 8; at + 8 <= total;) {
        const uint8_t *tag = info + at;
        uint32_t size = get32(tag + 4);
        if (get32(tag) == TAG_END) {
            return true;
        }
        if (size < 8 || size > total - at) {
            return fail(reader, "the boot information has a tag of impossible length");
        }
        if (!read_tag(reader, get32(tag), tag, size)) {
            return false;
        }
        at += ALIGN_UP((uint64_t)size, 3);
    }
    return true;
}

/* --- what was read, as a whole --- */

/* In memory that the map has, of whatever kind. Each round passes an entry of the map. */
static bool is_mapped(const struct machine_facts *facts, struct range range)
{
    paddr_t at = range.start;
    for (uint32_t i = 0; i < facts->memory_count && at < range.end;) {
        struct range memory = facts->memory[i].range;
        bool holds = memory.start <= at && at < memory.end;
        at = holds ? memory.end : at;
        i = holds ? 0 : i + 1;
    }
    return at >= range.end;
}

/* QEMU's own loader writes modules also where no RAM is, over and beyond its end. */
static bool check_modules(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->facts->module_count; i++) {
        if (!is_mapped(reader->facts, reader->facts->module[i].range)) {
            return fail(reader, "the boot modules do not fit into the machine's RAM");
        }
    }
    return true;
}

bool multiboot_read(uint32_t magic, paddr_t info, map_function *map, void *context,
                    struct machine_facts *facts, struct firmware_record *firmware, const char **why)
{
    struct reader reader = {.map = map, .context = context, .facts = facts, .firmware = firmware};
    bool good;
    memset(firmware, 0, sizeof(*firmware));
    facts->memory_count = 0;
    facts->module_count = 0;
    facts->busy_count = 0;
    facts->command_line = "";
    facts->loader = "";
    if (magic == MULTIBOOT1_MAGIC) {
        good = read_1(&reader, info);
    } else if (magic == MULTIBOOT2_MAGIC) {
        good = read_2(&reader, info);
    } else {
        good = fail(&reader, "not started by a multiboot loader");
    }
    if (good && facts->memory_count == 0) {
        good = fail(&reader, "the boot loader gave no memory map");
    }
    good = good && check_modules(&reader);
    *why = reader.why;
    return good;
}
