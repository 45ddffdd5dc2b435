/*
 * The kernel's command line, word by word. What words mean together is the planner's business
 * (plan.c).
 */
#include <boot/plan/configuration.h>
#include <kernel/string.h>

/* Larger sizes are certainly mistakes, and sums of some hundred such sizes cannot overflow. */
#define MAX_SIZE BIT(47)

struct reader {
    const struct machine_facts *facts;
    struct configuration *configuration;
    struct complaints *complaints;
    const char *raw;         /* the word at hand, as the loader passed it */
    char shown[SHOWN_BYTES]; /* the same for messages */
};

/* Length of the part of `text` before `stop` or before its end. */
static size_t length_before(const char *text, char stop)
{
    size_t length = 0;
    while (text[length] != '\0' && text[length] != stop) {
        length++;
    }
    return length;
}

/* Each thing may be said once. Returns false, with a mistake, the second time. */
static bool first_time(struct reader *reader, const char **word)
{
    char earlier[SHOWN_BYTES];
    if (*word != NULL) {
        mistake(reader->complaints, "%s: said before, as %s", reader->shown,
                show_word(*word, earlier));
        return false;
    }
    *word = reader->raw;
    return true;
}

/* --- words about the whole cluster --- */

/* nodes= with a word instead of a number. */
static bool read_nodes_kind(const char *value, enum nodes_kind *kind)
{
    static const struct {
        const char *word;
        enum nodes_kind kind;
    } kinds[] = {{"percpu", NODES_PER_CPU},
                 {"numa", NODES_NUMA},
                 {"llc", NODES_LLC},
                 {"package", NODES_PACKAGE}};
    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (is_same_text(value, kinds[i].word)) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static void read_nodes(struct reader *reader, const char *value)
{
    struct configuration *configuration = reader->configuration;
    uint64_t count;
    if (!first_time(reader, &configuration->nodes_word) ||
        read_nodes_kind(value, &configuration->nodes_kind)) {
        return;
    }
    if (!parse_number(value, strlen(value), &count)) {
        mistake(reader->complaints, "%s: not a number of nodes, percpu, numa, llc or package",
                reader->shown);
        configuration->nodes_bad = true;
    } else if (count < 1 || count > ABI_CMK_MAX_NODES) {
        mistake(reader->complaints, "%s: there can be 1 to %d nodes", reader->shown,
                ABI_CMK_MAX_NODES);
        configuration->nodes_bad = true;
    } else {
        configuration->node_count = (uint32_t)count;
    }
}

/* A size of at least `least` bytes, in `length` bytes of text. */
static bool read_size_in(struct reader *reader, const char *text, size_t length, uint64_t least,
                         uint64_t *bytes)
{
    if (!parse_size(text, length, bytes)) {
        mistake(reader->complaints, "%s: not a size such as 2097152, 64M or 0x80000K",
                reader->shown);
        return false;
    }
    if (*bytes < least) {
        mistake(reader->complaints, "%s: the size is 0", reader->shown);
        return false;
    }
    if (*bytes > MAX_SIZE) {
        mistake(reader->complaints, "%s: more memory than any machine has", reader->shown);
        return false;
    }
    return true;
}

static bool read_size(struct reader *reader, const char *text, uint64_t least, uint64_t *bytes)
{
    return read_size_in(reader, text, strlen(text), least, bytes);
}

static void read_shared(struct reader *reader, const char *value)
{
    uint64_t bytes;
    if (first_time(reader, &reader->configuration->shared_word) &&
        read_size(reader, value, 0, &bytes)) {
        reader->configuration->shared_bytes = bytes;
    }
}

static void read_channel(struct reader *reader, const char *value)
{
    struct configuration *configuration = reader->configuration;
    size_t pair = length_before(value, ',');
    size_t first = length_before(value, '-');
    uint64_t a, b, bytes;
    if (value[pair] != ',' || first >= pair || !parse_number(value, first, &a) ||
        !parse_number(value + first + 1, pair - first - 1, &b)) {
        mistake(reader->complaints, "%s: not two nodes and a size such as channel=0-1,2M",
                reader->shown);
        return;
    }
    if (a >= ABI_CMK_MAX_NODES || b >= ABI_CMK_MAX_NODES) {
        mistake(reader->complaints, "%s: nodes are numbered from 0 to %d", reader->shown,
                ABI_CMK_MAX_NODES - 1);
        return;
    }
    if (a == b) {
        mistake(reader->complaints, "%s: a channel joins two different nodes", reader->shown);
        return;
    }
    if (!read_size(reader, value + pair + 1, 1, &bytes)) {
        return;
    }
    if (configuration->channel_count == ABI_CMK_MAX_CHANNELS) {
        mistake(reader->complaints, "%s: there can be at most %d channels", reader->shown,
                ABI_CMK_MAX_CHANNELS);
        return;
    }
    configuration->channel[configuration->channel_count++] = (struct channel_configuration){
        reader->raw, {(uint16_t)MIN(a, b), (uint16_t)MAX(a, b)}, bytes};
}

static void read_switch(struct reader *reader, const char *value, const char **word, bool *setting)
{
    if (!first_time(reader, word)) {
        return;
    }
    if (is_same_text(value, "on")) {
        *setting = true;
    } else if (is_same_text(value, "off")) {
        *setting = false;
    } else {
        mistake(reader->complaints, "%s: can be on or off", reader->shown);
    }
}

static void read_missing_cpus(struct reader *reader, const char *value)
{
    if (!first_time(reader, &reader->configuration->missing_cpus_word)) {
        return;
    }
    if (is_same_text(value, "go-on")) {
        reader->configuration->missing_cpus_go_on = true;
    } else if (!is_same_text(value, "stop")) {
        mistake(reader->complaints, "%s: can be stop or go-on", reader->shown);
    }
}

static void read_modules(struct reader *reader, const char *value)
{
    uint64_t count;
    if (!first_time(reader, &reader->configuration->modules_word)) {
        return;
    }
    if (parse_number(value, strlen(value), &count) && count >= 1 && count <= MAX_MODULES) {
        reader->configuration->module_count = (uint32_t)count;
    } else {
        mistake(reader->complaints, "%s: not a number of boot modules from 1 to %d", reader->shown,
                MAX_MODULES);
    }
}

static void read_fpu(struct reader *reader, const char *value)
{
    if (!first_time(reader, &reader->configuration->fpu_word)) {
        return;
    }
    if (is_same_text(value, "avx") || is_same_text(value, "sse")) {
        reader->configuration->avx = is_same_text(value, "avx");
    } else {
        mistake(reader->complaints, "%s: can be avx or sse", reader->shown);
    }
}

static void read_plan(struct reader *reader, const char *value)
{
    if (!first_time(reader, &reader->configuration->plan_word)) {
        return;
    }
    if (is_same_text(value, "only")) {
        reader->configuration->plan_only = true;
    } else {
        mistake(reader->complaints, "%s: can only be plan=only", reader->shown);
    }
}

/* 1 to 16 hexadecimal digits, not 0. */
static bool read_hexadecimal(const char *text, uint64_t *value)
{
    *value = 0;
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c >= '0' && c <= '9') {
            *value = *value << 4 | (uint64_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            *value = *value << 4 | (uint64_t)(c - 'a' + 10);
        } else {
            return false;
        }
    }
    return length <= 16 && *value != 0;
}

static void read_console_mark(struct reader *reader, const char *value)
{
    if (first_time(reader, &reader->configuration->console_mark_word) &&
        !read_hexadecimal(value, &reader->configuration->console_mark)) {
        mistake(reader->complaints, "%s: not 1 to 16 digits 0-9, a-f", reader->shown);
    }
}

static void read_iommu(struct reader *reader, const char *value)
{
    if (!first_time(reader, &reader->configuration->iommu_word)) {
        return;
    }
    if (is_same_text(value, "on")) {
        reader->configuration->iommu = IOMMU_ON;
    } else if (is_same_text(value, "off")) {
        reader->configuration->iommu = IOMMU_OFF;
    } else if (is_same_text(value, "require")) {
        reader->configuration->iommu = IOMMU_REQUIRED;
    } else {
        mistake(reader->complaints, "%s: can be on, off or require", reader->shown);
    }
}

/* --- words about one node --- */

static bool add_cpu(struct reader *reader, uint64_t cpu, struct node_configuration *node)
{
    uint32_t count = reader->facts->cpu_count;
    if (cpu >= count) {
        if (count == 1) {
            mistake(reader->complaints, "%s: there is no CPU %lu (1 CPU: 0)", reader->shown,
                    (unsigned long)cpu);
        } else {
            mistake(reader->complaints, "%s: there is no CPU %lu (%u CPUs: 0-%u)", reader->shown,
                    (unsigned long)cpu, count, count - 1);
        }
        return false;
    }
    if (node->cpus[cpu / 64] & BIT(cpu % 64)) {
        mistake(reader->complaints, "%s: CPU %lu is named twice", reader->shown,
                (unsigned long)cpu);
        return false;
    }
    node->cpus[cpu / 64] |= BIT(cpu % 64);
    return true;
}

/* One element of a CPU set: a number or a range. */
static bool read_cpus_element(struct reader *reader, const char *text, size_t length,
                              struct node_configuration *node)
{
    size_t first_length = MIN(length_before(text, '-'), length);
    uint64_t first, last;
    if (!parse_number(text, first_length, &first)) {
        mistake(reader->complaints, "%s: not a set of CPUs such as 0-3,8", reader->shown);
        return false;
    }
    last = first;
    if (first_length < length &&
        !parse_number(text + first_length + 1, length - first_length - 1, &last)) {
        mistake(reader->complaints, "%s: not a set of CPUs such as 0-3,8", reader->shown);
        return false;
    }
    if (last < first) {
        mistake(reader->complaints, "%s: the range %lu-%lu runs backwards", reader->shown,
                (unsigned long)first, (unsigned long)last);
        return false;
    }
    /* The last one first: it tells at once, and once, that a range goes too far. */
    if (last >= reader->facts->cpu_count) {
        return add_cpu(reader, last, node);
    }
    for (uint64_t cpu = first; cpu <= last; cpu++) {
        if (!add_cpu(reader, cpu, node)) {
            return false;
        }
    }
    return true;
}

static void read_cpus(struct reader *reader, const char *value, struct node_configuration *node)
{
    if (!first_time(reader, &node->cpus_word)) {
        return;
    }
    for (;;) {
        size_t length = length_before(value, ',');
        if (!read_cpus_element(reader, value, length, node)) {
            reader->configuration->cpus_bad = true;
            return;
        }
        if (value[length] == '\0') {
            return;
        }
        value += length + 1;
    }
}

/* SIZE@ADDRESS: whole large pages, because no two nodes have a part of one. */
static bool read_place(struct reader *reader, const char *value, struct node_configuration *node)
{
    size_t size = length_before(value, '@');
    const char *address = value + size + 1;
    uint64_t bytes, start;
    if (!read_size_in(reader, value, size, 1, &bytes)) {
        return false;
    }
    if (!parse_size(address, strlen(address), &start) || start > MAX_SIZE) {
        mistake(reader->complaints, "%s: not a size and an address such as 64M@1G", reader->shown);
        return false;
    }
    if (!IS_ALIGNED(bytes | start, ABI_LARGE_PAGE_BITS)) {
        mistake(reader->complaints, "%s: size and address must be multiples of 2 MiB",
                reader->shown);
        return false;
    }
    node->mem_bytes = bytes;
    node->mem_address = start;
    node->mem_is_placed = true;
    return true;
}

static void read_mem(struct reader *reader, const char *value, struct node_configuration *node)
{
    bool is_placed = value[length_before(value, '@')] == '@';
    if (!first_time(reader, &node->mem_word)) {
        return;
    }
    if (is_placed ? !read_place(reader, value, node)
                  : !read_size(reader, value, 1, &node->mem_bytes)) {
        node->mem_word = NULL; /* planned on as if nothing had been said */
        node->mem_bytes = 0;
    }
}

static void read_cnode(struct reader *reader, const char *value, struct node_configuration *node)
{
    uint64_t bits;
    if (!first_time(reader, &node->cnode_word)) {
        return;
    }
    if (parse_number(value, strlen(value), &bits) && bits >= LEAST_CNODE_BITS &&
        bits <= GREATEST_CNODE_BITS) {
        node->cnode_bits = (uint8_t)bits;
    } else {
        mistake(reader->complaints, "%s: not a number of bits from %d to %d", reader->shown,
                LEAST_CNODE_BITS, GREATEST_CNODE_BITS);
    }
}

const struct profile_fact profile_facts[] = {
#define PROFILE(name, word, one_cpu, runs) {word, one_cpu, runs},
#include <api/profiles.def>
#undef PROFILE
};

static void read_profile(struct reader *reader, const char *value, const char **word,
                         enum profile *profile)
{
    if (!first_time(reader, word)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(profile_facts); i++) {
        if (is_same_text(value, profile_facts[i].word)) {
            *profile = (enum profile)i;
            if (!profile_facts[i].runs) {
                mistake(reader->complaints, "%s: no node runs programs for MCS yet", reader->shown);
            }
            return;
        }
    }
    mistake(reader->complaints, "%s: can be classic or classic-up", reader->shown);
}

static void read_api(struct reader *reader, const char *value, struct node_configuration *node)
{
    read_profile(reader, value, &node->profile_word, &node->profile);
}

static void read_console(struct reader *reader, const char *value, struct node_configuration *node)
{
    const char *number = text_after(value, "com");
    if (!first_time(reader, &node->console_word)) {
        return;
    }
    if (is_same_text(value, "none")) {
        node->console_port = CONSOLE_NONE;
    } else if (number != NULL && strlen(number) == 1 && *number >= '1' && *number <= '4') {
        node->console_port = console_ports[*number - '1'];
    } else {
        mistake(reader->complaints, "%s: can be com1, com2, com3, com4 or none", reader->shown);
    }
}

static void read_devices(struct reader *reader, const char *value, struct node_configuration *node)
{
    if (!first_time(reader, &node->devices_word)) {
        return;
    }
    if (is_same_text(value, "all") || is_same_text(value, "all,console")) {
        node->devices = DEVICES_ALL;
        node->console_ports = value[3] != '\0';
    } else if (is_same_text(value, "none")) {
        node->devices = DEVICES_NONE;
    } else {
        node->devices =
            DEVICES_LIST; /* plan_devices.c reads the list, when it knows the functions */
    }
}

static void read_start(struct reader *reader, const char *value, struct node_configuration *node)
{
    bool starts = true;
    read_switch(reader, value, &node->start_word, &starts);
    node->starts_off = !starts;
}

static void read_store(struct reader *reader, const char *value, struct node_configuration *node)
{
    if (first_time(reader, &node->store_word) && !read_size(reader, value, 1, &node->store_bytes)) {
        node->store_word = NULL; /* planned on as if nothing had been said */
        node->store_bytes = 0;
    }
}

/* The K of nodeK: as it is written everywhere, in decimal and without zeros before it. */
static bool parse_index(const char *text, size_t length, uint64_t *number)
{
    bool plain = length == 1 || (length > 1 && text[0] != '0');
    return plain && parse_number(text, length, number);
}

/* nodeK.KEY=VALUE; `text` is what follows "node". False: it is no such word. */
static bool read_node_word(struct reader *reader, const char *text)
{
    static const struct {
        const char *key;
        void (*read)(struct reader *reader, const char *value, struct node_configuration *node);
    } keys[] = {{"cpus=", read_cpus},       {"mem=", read_mem},         {"cnode=", read_cnode},
                {"api=", read_api},         {"console=", read_console}, {"start=", read_start},
                {"devices=", read_devices}, {"store=", read_store}};
    size_t digits = length_before(text, '.');
    uint64_t number;
    if (text[digits] != '.' || !parse_index(text, digits, &number)) {
        return false;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(keys); i++) {
        const char *value = text_after(text + digits + 1, keys[i].key);
        if (value == NULL) {
            continue;
        }
        if (number >= ABI_CMK_MAX_NODES) {
            mistake(reader->complaints, "%s: nodes are numbered from 0 to %d", reader->shown,
                    ABI_CMK_MAX_NODES - 1);
        } else {
            keys[i].read(reader, value, &reader->configuration->node[number]);
        }
        return true;
    }
    return false;
}

/* --- all words --- */

static void read_word(struct reader *reader, const char *text)
{
    struct configuration *configuration = reader->configuration;
    const char *value;
    if ((value = text_after(text, "nodes=")) != NULL) {
        read_nodes(reader, value);
    } else if ((value = text_after(text, "shared=")) != NULL) {
        read_shared(reader, value);
    } else if ((value = text_after(text, "channel=")) != NULL) {
        read_channel(reader, value);
    } else if ((value = text_after(text, "plan=")) != NULL) {
        read_plan(reader, value);
    } else if ((value = text_after(text, "checks=")) != NULL) {
        read_switch(reader, value, &configuration->checks_word, &configuration->checks);
    } else if ((value = text_after(text, "balance=")) != NULL) {
        read_switch(reader, value, &configuration->balance_word, &configuration->balance);
    } else if ((value = text_after(text, "api=")) != NULL) {
        read_profile(reader, value, &configuration->profile_word, &configuration->profile);
    } else if ((value = text_after(text, "fpu=")) != NULL) {
        read_fpu(reader, value);
    } else if ((value = text_after(text, "intremap=")) != NULL) {
        read_switch(reader, value, &configuration->intremap_word, &configuration->intremap);
    } else if ((value = text_after(text, "iommu=")) != NULL) {
        read_iommu(reader, value);
    } else if ((value = text_after(text, "modules=")) != NULL) {
        read_modules(reader, value);
    } else if ((value = text_after(text, "console-mark=")) != NULL) {
        read_console_mark(reader, value);
    } else if ((value = text_after(text, "power-off=")) != NULL) {
        read_switch(reader, value, &configuration->power_off_word, &configuration->power_off);
    } else if ((value = text_after(text, "manager=")) != NULL) {
        read_switch(reader, value, &configuration->manager_word, &configuration->manager);
    } else if ((value = text_after(text, "missing-cpus=")) != NULL) {
        read_missing_cpus(reader, value);
    } else if ((value = text_after(text, "fastpath=")) != NULL) {
        read_switch(reader, value, &configuration->fastpath_word, &configuration->fastpath);
    } else if ((value = text_after(text, "node")) == NULL || !read_node_word(reader, value)) {
        mistake(reader->complaints, "%s: unknown word", reader->shown);
    }
}

void read_configuration(const struct machine_facts *facts, struct configuration *configuration,
                        struct complaints *complaints)
{
    struct reader reader = {
        .facts = facts, .configuration = configuration, .complaints = complaints};
    const char *cursor = skip_file_name(facts->command_line, facts->loader);
    struct word word;
    memset(configuration, 0, sizeof(*configuration));
    configuration->node_count = 1;
    configuration->shared_bytes = BIT(ABI_LARGE_PAGE_BITS);
    configuration->fastpath = true;
    configuration->power_off = true;
    configuration->avx = true;
    configuration->intremap = true;
    for (unsigned i = 0; i < ABI_CMK_MAX_NODES; i++) {
        configuration->node[i].console_port = console_ports[0];
    }
    while (next_word(&cursor, &word)) {
        reader.raw = word.raw;
        show_word(word.raw, reader.shown);
        if (word.open_quote) {
            mistake(complaints, "%s: a double quote is not closed", reader.shown);
        } else if (word.too_long) {
            mistake(complaints, "%s: longer than %d characters", reader.shown, WORD_BYTES - 1);
        } else {
            read_word(&reader, word.text);
        }
    }
}
