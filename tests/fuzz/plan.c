/*
 * The planner: a machine, a command line and modules in, mistakes or a plan that keeps every rule
 * out. The input's first line is the command line; the second is the modules' strings, with '|'
 * between them, and "-" for none; what follows chooses the machine
 * (tests/unit/boot/random_machine.c). From the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -Itests/unit/boot -fsanitize=address,undefined \
 *       -fno-sanitize-recover=all -Wall -Wextra -Werror tests/fuzz/plan.c tests/fuzz/replay.c \
 *       tests/unit/boot/machine.c tests/unit/boot/random_machine.c tests/unit/boot/rules.c \
 *       tests/unit/boot/iommu_model.c boot/plan/[a-z]*.c cluster/cluster.c cluster/ranges.c \
 *       kernel/format.c \
 *       -o build/fuzz/plan
 *   build/fuzz/plan tests/fuzz/corpus/plan
 *
 * For a search: clang, -fsanitize=fuzzer,address,undefined, no replay.c, and
 * -dict=tests/fuzz/plan.dict.
 */
#include "fuzz.h"
#include "random_machine.h"
#include <string.h>

enum { LARGEST = 1 << 13 };

static unsigned lines;

static void check_line(const char *line)
{
    must(strlen(line) < 256 && strchr(line, '\n') == NULL, "a bad line: %s", line);
    for (const char *c = line; *c != '\0'; c++) {
        must(*c >= ' ' && *c <= '~', "a character that is none: %s", line);
    }
}

static void count_mistake(void *context, const char *line)
{
    (void)context;
    check_line(line);
    lines++;
}

static void ignore_line(void *context, const char *line)
{
    (void)context;
    check_line(line);
}

/* The next part of the input, up to `stop` or its end, as a string of its own. */
static char *next_part(const uint8_t **data, size_t *size, char stop)
{
    const uint8_t *found = memchr(*data, stop, *size);
    size_t length = found == NULL ? *size : (size_t)(found - *data);
    char *part = malloc(length + 1);
    must(part != NULL, "out of memory");
    memcpy(part, *data, length);
    part[length] = '\0';
    *data += found == NULL ? length : length + 1;
    *size -= found == NULL ? length : length + 1;
    return part;
}

static void plan_and_check(void)
{
    unsigned mistakes;
    lines = 0;
    mistakes = plan_cluster(&machine, &plan, count_mistake, NULL);
    must(mistakes == lines, "%u mistakes and %u lines", mistakes, lines);
    if (mistakes == 0) {
        const char *broken = broken_rule(&machine, &plan);
        must(broken == NULL, "%s", broken);
        print_plan(&machine, &plan, ignore_line, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char loader_qemu[] = "qemu", loader_grub[] = "GRUB";
    char *command_line, *texts;
    char *text[MAX_MODULES];
    uint32_t count = 0;
    const uint8_t *rest;
    size_t left;
    if (size > LARGEST) {
        return 0;
    }
    command_line = next_part(&data, &size, '\n');
    texts = next_part(&data, &size, '\n');
    choose_machine(&(struct choices){data, size, 0});
    machine.module_count = 0;
    rest = (const uint8_t *)texts;
    left = strcmp(texts, "-") == 0 ? 0 : strlen(texts) + 1;
    while (left > 0 && count < MAX_MODULES) {
        text[count] = next_part(&rest, &left, '|');
        add_good_module(text[count++]);
    }
    machine.command_line = command_line;
    machine.loader = size % 5 == 4 ? loader_qemu : loader_grub;
    plan_and_check();
    for (uint32_t i = 0; i < count; i++) {
        free(text[i]);
    }
    free(texts);
    free(command_line);
    return 0;
}
