/*
 * Which boot module is which node's user image, with which arguments, or data for it, and where it
 * is loaded.
 */
#include <boot/plan/planning.h>
#include <kernel/format.h>
#include <kernel/string.h>

enum { OWN_NODE = 0x10000, ALL_NODES = 0x10001, TITLE_BYTES = SHOWN_BYTES + 32 };

/*
 * One module. Options come first in its string; from the first other word on, all words are
 * arguments.
 */
struct module_reader {
    struct planning *planning;
    uint32_t number;
    char title[TITLE_BYTES]; /* how messages name it */
    uint32_t node;           /* or one of the two above */
    bool node_given;
    bool rwx;
    bool is_data; /* data=, and then its name */
    char name[ABI_CMK_DATA_NAME_BYTES];
    const char *arguments; /* where they begin in the string */
    bool open_quote;       /* what it is for cannot be told */
    bool right;            /* no mistake in it so far */
};

/* "module 1 (hello.elf a b)" */
static void make_title(struct module_reader *reader, const char *text)
{
    char shown[SHOWN_BYTES];
    size_t length = 0;
    while (*text == ' ') {
        text++;
    }
    while (length < sizeof(shown) - 1 && text[length] != '\0') {
        shown[length] = text[length] >= ' ' && text[length] <= '~' ? text[length] : '?';
        length++;
    }
    if (length == sizeof(shown) - 1) {
        memcpy(shown + length - 3, "...", 3);
    }
    while (length > 0 && shown[length - 1] == ' ') {
        length--;
    }
    shown[length] = '\0';
    if (length == 0) {
        format_line(reader->title, sizeof(reader->title), "module %u", reader->number);
    } else {
        format_line(reader->title, sizeof(reader->title), "module %u (%s)", reader->number, shown);
    }
}

static void read_node_option(struct module_reader *reader, const struct word *word)
{
    struct complaints *complaints = &reader->planning->complaints;
    const char *value = text_after(word->text, "node=");
    char shown[SHOWN_BYTES];
    uint64_t node;
    if (reader->node_given) {
        mistake(complaints, "%s: %s: its node was said before", reader->title,
                show_word(word->raw, shown));
        reader->right = false;
        return;
    }
    reader->node_given = true;
    if (is_same_text(value, "all")) {
        reader->node = ALL_NODES;
    } else if (parse_number(value, strlen(value), &node) && node < ABI_CMK_MAX_NODES) {
        reader->node = (uint32_t)node;
    } else {
        mistake(complaints, "%s: %s: not a node from 0 to %d, or all", reader->title,
                show_word(word->raw, shown), ABI_CMK_MAX_NODES - 1);
        reader->right = false;
    }
}

/* A name is what a program can ask for: printable, without blanks. */
static bool is_name(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return length > 0 && length < ABI_CMK_DATA_NAME_BYTES;
}

static void read_data_option(struct module_reader *reader, const struct word *word)
{
    const char *name = text_after(word->text, "data=");
    char shown[SHOWN_BYTES];
    if (reader->is_data) {
        mistake(&reader->planning->complaints, "%s: %s: its name was said before", reader->title,
                show_word(word->raw, shown));
        reader->right = false;
    } else if (word->too_long || !is_name(name)) {
        mistake(&reader->planning->complaints,
                "%s: %s: not a name of 1 to %d characters without blanks", reader->title,
                show_word(word->raw, shown), ABI_CMK_DATA_NAME_BYTES - 1);
        reader->right = false;
    } else {
        memcpy(reader->name, name, strlen(name) + 1);
    }
    reader->is_data = true;
}

static void read_module(struct planning *planning, uint32_t number, struct module_reader *reader)
{
    const char *text = planning->facts->module[number].text;
    const char *cursor = skip_file_name(text, planning->facts->loader);
    char shown[SHOWN_BYTES];
    struct word word;
    reader->planning = planning;
    reader->number = number;
    reader->node = OWN_NODE;
    reader->node_given = false;
    reader->rwx = false;
    reader->is_data = false;
    reader->name[0] = '\0';
    reader->arguments = cursor;
    reader->open_quote = false;
    reader->right = true;
    make_title(reader, text);
    while (next_word(&cursor, &word)) {
        if (word.open_quote) {
            mistake(&planning->complaints, "%s: %s: a double quote is not closed", reader->title,
                    show_word(word.raw, shown));
            reader->open_quote = true;
            reader->right = false;
            break;
        } else if (is_same_text(word.text, "rwx")) {
            reader->rwx = true;
        } else if (text_after(word.text, "node=") != NULL) {
            read_node_option(reader, &word);
        } else if (text_after(word.text, "data=") != NULL) {
            read_data_option(reader, &word);
        } else {
            break;
        }
        reader->arguments = cursor;
    }
    cursor = reader->arguments;
    if (reader->is_data && reader->right && (reader->rwx || next_word(&cursor, &word))) {
        mistake(&planning->complaints, "%s: data has no rwx and no arguments", reader->title);
        reader->right = false;
    }
}

static void read_arguments(struct module_reader *reader, uint32_t node)
{
    struct complaints *complaints = &reader->planning->complaints;
    struct node_plan *plan = &reader->planning->cluster->node[node];
    const char *cursor = reader->arguments;
    char shown[SHOWN_BYTES];
    struct word word;
    plan->argument_bytes =
        (uint32_t)format_line(plan->arguments, sizeof(plan->arguments), "node%u", node) + 1;
    plan->argument_count = 1;
    while (reader->right && next_word(&cursor, &word)) {
        size_t bytes = strlen(word.text) + 1;
        if (word.open_quote) {
            mistake(complaints, "%s: %s: a double quote is not closed", reader->title,
                    show_word(word.raw, shown));
            reader->right = false;
        } else if (plan->argument_count == ABI_CMK_MAX_ARGUMENTS) {
            mistake(complaints, "%s: more than %d arguments", reader->title,
                    ABI_CMK_MAX_ARGUMENTS - 1);
            reader->right = false;
        } else if (word.too_long || bytes > sizeof(plan->arguments) - plan->argument_bytes) {
            mistake(complaints, "%s: its arguments take more than %d bytes", reader->title,
                    ABI_CMK_ARGUMENT_BYTES);
            reader->right = false;
        } else {
            memcpy(plan->arguments + plan->argument_bytes, word.text, bytes);
            plan->argument_bytes += (uint32_t)bytes;
            plan->argument_count++;
        }
    }
}

/* Whether the module is there at all. */
static bool check_bytes(const struct module_reader *reader)
{
    const struct module_fact *module = &reader->planning->facts->module[reader->number];
    if (range_bytes(module->range) == 0) {
        mistake(&reader->planning->complaints, "%s: it is empty", reader->title);
        return false;
    }
    if (module->data == NULL) {
        mistake(&reader->planning->complaints, "%s: the loader put it where there is no memory",
                reader->title);
        return false;
    }
    return true;
}

/* Checks the image itself. */
static bool check_image(struct module_reader *reader, struct elf_image *image)
{
    const struct module_fact *module = &reader->planning->facts->module[reader->number];
    struct complaints *complaints = &reader->planning->complaints;
    const char *wrong;
    bool writable, executable;
    if (!check_bytes(reader)) {
        return false;
    }
    wrong = elf_check(module->data, range_bytes(module->range), image);
    if (wrong != NULL) {
        mistake(complaints, "%s: %s", reader->title, wrong);
        return false;
    }
    image_page_permissions(&image->segments, ALIGN_DOWN(image->entry, ABI_PAGE_BITS), &writable,
                           &executable);
    if (!executable && !reader->rwx) {
        mistake(complaints,
                "%s: its entry point is on a page that is not executable (rwx makes all pages "
                "executable)",
                reader->title);
        return false;
    }
    return true;
}

/*
 * Makes the module the image of one node. `image` is null if it is no good; the node has one
 * nevertheless.
 */
static void give_image(struct module_reader *reader, uint32_t node, const struct elf_image *image,
                       uint16_t *module_of_node)
{
    struct node_plan *plan = &reader->planning->cluster->node[node];
    if (module_of_node[node] != 0) {
        mistake(&reader->planning->complaints, "%s: node %u has an image already, module %u",
                reader->title, node, module_of_node[node] - 1u);
        return;
    }
    module_of_node[node] = (uint16_t)(reader->number + 1);
    plan->module = reader->number;
    plan->image_rwx = reader->rwx;
    read_arguments(reader, node);
    if (image != NULL) {
        plan->image_bytes = image->end - image->start;
        plan->image_vaddr = image->start;
        plan->image_entry = image->entry;
    }
}

/* Adds the module to a node's data. Its offset is known once the image is. */
static void give_data(struct module_reader *reader, uint32_t node)
{
    struct complaints *complaints = &reader->planning->complaints;
    struct node_plan *plan = &reader->planning->cluster->node[node];
    for (uint32_t i = 0; i < plan->data_count; i++) {
        if (is_same_text(plan->data[i].name, reader->name)) {
            mistake(complaints, "%s: node %u has data %s already, module %u", reader->title, node,
                    reader->name, plan->data[i].module);
            return;
        }
    }
    if (plan->data_count == ABI_CMK_MAX_DATA) {
        mistake(complaints, "%s: node %u has %d data modules already", reader->title, node,
                ABI_CMK_MAX_DATA);
        return;
    }
    struct data_plan *data = &plan->data[plan->data_count++];
    data->module = reader->number;
    data->bytes = range_bytes(reader->planning->facts->module[reader->number].range);
    memcpy(data->name, reader->name, sizeof(data->name));
}

/* The image and then each data module, in whole pages. */
static void lay_out(struct planning *planning, uint32_t node)
{
    struct node_plan *plan = &planning->cluster->node[node];
    uint64_t end = plan->image_bytes;
    for (uint32_t i = 0; i < plan->data_count; i++) {
        plan->data[i].offset = end;
        end += ALIGN_UP(plan->data[i].bytes, ABI_PAGE_BITS);
    }
    plan->image = (struct range){0, end};
    if (plan->image_bytes > 0 && plan->data_count > 0 && end > ELF_IMAGE_END - plan->image_vaddr) {
        mistake(&planning->complaints, "node %u: its data does not fit above its image", node);
    }
}

void plan_images(struct planning *planning)
{
    uint32_t nodes = planning->cluster->node_count;
    uint16_t module_of_node[ABI_CMK_MAX_NODES] = {0}; /* module's number plus 1; 0: none yet */
    struct module_reader reader;
    struct elf_image image;
    bool unclear =
        false; /* a module's node is not known, so another node's image may not be missing */
    uint32_t images = 0;
    if (planning->configuration->module_count != 0 &&
        planning->configuration->module_count != planning->facts->module_count) {
        uint32_t count = planning->facts->module_count;
        char shown[SHOWN_BYTES];
        mistake(&planning->complaints, "%s: the boot loader passed %u module%s",
                show_word(planning->configuration->modules_word, shown), count,
                count == 1 ? "" : "s");
        unclear = true; /* whatever is missing is missing for that reason */
    }
    for (uint32_t number = 0; number < planning->facts->module_count; number++) {
        uint32_t first, last;
        bool good;
        read_module(planning, number, &reader);
        if (reader.open_quote) {
            good = false;
        } else if (reader.is_data) {
            good = check_bytes(&reader);
            reader.node = reader.node == OWN_NODE ? ALL_NODES : reader.node;
        } else {
            good = check_image(&reader, &image);
        }
        first = reader.node == OWN_NODE ? images : reader.node;
        last = first;
        images += !reader.is_data;
        if (reader.node == ALL_NODES) {
            first = 0;
            last = nodes - 1;
        }
        if (!reader.right || nodes == 0) {
            unclear = unclear || !reader.is_data || reader.open_quote;
            continue;
        }
        if (last >= nodes) {
            mistake(&planning->complaints, "%s: there is no node %u (%u node%s)", reader.title,
                    last, nodes, nodes == 1 ? "" : "s");
            continue;
        }
        for (uint32_t node = first; node <= last && reader.is_data && good; node++) {
            give_data(&reader, node);
        }
        for (uint32_t node = first; node <= last && !reader.is_data; node++) {
            give_image(&reader, node, good ? &image : NULL, module_of_node);
        }
    }
    for (uint32_t node = 0; node < nodes; node++) {
        lay_out(planning, node);
    }
    for (uint32_t node = 0; !unclear && node < nodes; node++) {
        if (module_of_node[node] == 0) {
            mistake(&planning->complaints, "node %u has no image: no boot module is for it", node);
        }
    }
}

/* The lowest place in one of the node's ranges where nothing lies that is still needed. */
static bool find_place(const struct machine_facts *facts, const struct node_plan *plan,
                       uint64_t bytes, paddr_t *place)
{
    for (uint32_t i = 0; i < plan->region_count; i++) {
        struct range region = plan->region[i];
        struct range obstacle;
        paddr_t start = region.start;
        while (start < region.end && bytes <= region.end - start) {
            if (!find_obstacle(facts, (struct range){start, start + bytes}, &obstacle)) {
                *place = start;
                return true;
            }
            /* Ends: each round passes an obstacle, and there are at most 1 + 8 + 64. */
            start = obstacle.end > region.end ? region.end : ALIGN_UP(obstacle.end, ABI_PAGE_BITS);
        }
    }
    return false;
}

void place_images(struct planning *planning)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        struct node_plan *plan = &planning->cluster->node[node];
        uint64_t bytes = range_bytes(plan->image);
        char shown[SIZE_BYTES];
        paddr_t place;
        if (find_place(planning->facts, plan, bytes, &place)) {
            plan->image = (struct range){place, place + bytes};
        } else {
            mistake(&planning->complaints,
                    "node %u: no room for its image and data, %s in one piece beside the boot "
                    "modules",
                    node, show_size(bytes, shown));
        }
    }
}
