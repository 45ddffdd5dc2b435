/*
 * Boot information: the first byte chooses the version, the rest is memory from 4 KiB on, where the
 * information begins. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined -fno-sanitize-recover=all \
 *       -Wall -Wextra -Werror tests/fuzz/multiboot.c tests/fuzz/memory.c tests/fuzz/replay.c \
 *       boot/plan/multiboot.c \
 *       -o build/fuzz/multiboot
 *   build/fuzz/multiboot tests/fuzz/corpus/multiboot
 *
 * For a search: clang, -fsanitize=fuzzer,address,undefined, and no replay.c.
 */
#include "fuzz.h"
#include <boot/plan/multiboot.h>
#include <string.h>

enum { BASE = 0x1000, LARGEST = 1 << 14 };

static void check_facts(const struct machine_facts *facts, const struct firmware_record *firmware)
{
    must(facts->memory_count >= 1 && facts->memory_count <= MAX_MEMORY_RANGES, "memory count");
    must(facts->module_count <= MAX_MODULES && facts->busy_count <= 8, "counts");
    must(firmware->mmap_length <= sizeof(firmware->mmap) && firmware->mmap_length % 24 == 0,
         "map length");
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        must(facts->memory[i].range.start < facts->memory[i].range.end, "empty range");
    }
    for (uint32_t i = 0; i < facts->busy_count; i++) {
        must(facts->busy[i].start < facts->busy[i].end, "empty busy range");
    }
    /* Strings end within what was mapped; the sanitizer watches. */
    must(strlen(facts->command_line) + strlen(facts->loader) <= 2 * LARGEST, "long strings");
    for (uint32_t i = 0; i < facts->module_count; i++) {
        must(strlen(facts->module[i].text) <= LARGEST, "long string");
        must(facts->module[i].range.start <= facts->module[i].range.end, "backwards module");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine_facts facts;
    static struct firmware_record firmware;
    const char *why = NULL;
    if (size == 0 || size > LARGEST) {
        return 0;
    }
    set_memory(BASE, data + 1, size - 1);
    if (multiboot_read(data[0] & 1 ? MULTIBOOT2_MAGIC : MULTIBOOT1_MAGIC, BASE, map_memory, NULL,
                       &facts, &firmware, &why)) {
        check_facts(&facts, &firmware);
    } else {
        must(why != NULL, "no reason");
    }
    return 0;
}
