/* Boot information of both versions, as loaders give it and as no loader should. */
#include "memory_image.h"
#include "suites.h"
#include <boot/plan/multiboot.h>
#include <string.h>

enum {
    INFO = MEMORY_BASE,
    COMMAND_LINE = MEMORY_BASE + 0x200,
    LOADER = MEMORY_BASE + 0x300,
    MODULES = MEMORY_BASE + 0x400,
    STRINGS = MEMORY_BASE + 0x500,
    MAP = MEMORY_BASE + 0x600,
    VBE = MEMORY_BASE + 0x800,
    MODULE_DATA = MEMORY_BASE + 0x4000
};

static struct machine_facts facts;
static struct firmware_record firmware;
static const char *why;

static bool read_info(uint32_t magic)
{
    why = NULL;
    return multiboot_read(magic, INFO, map_image, NULL, &facts, &firmware, &why);
}

static void expect_failure(uint32_t magic, const char *reason)
{
    ck_assert(!read_info(magic));
    ck_assert_str_eq(why, reason);
}

/* --- version 1 --- */

static void put_map_entry(paddr_t address, uint32_t size, uint64_t base, uint64_t bytes,
                          uint32_t type)
{
    put32(address, size);
    put64(address + 4, base);
    put64(address + 12, bytes);
    put32(address + 20, type);
}

/* As QEMU gives it: flags 0x24f. */
static void make_info_1(void)
{
    memset(memory_image, 0, sizeof(memory_image));
    memset(&facts, 0xaa, sizeof(facts));
    put32(INFO, 0x24f);
    put32(INFO + 4, 639);
    put32(INFO + 8, 64 * 1024);
    put32(INFO + 16, COMMAND_LINE);
    put_text(COMMAND_LINE, "cmk.elf nodes=2");
    put32(INFO + 20, 2);
    put32(INFO + 24, MODULES);
    put32(MODULES, MODULE_DATA);
    put32(MODULES + 4, MODULE_DATA + 100);
    put32(MODULES + 8, STRINGS);
    put_text(STRINGS, "a.elf one");
    put32(MODULES + 16, MODULE_DATA + 0x1000);
    put32(MODULES + 20, MODULE_DATA + 0x1200);
    put32(INFO + 44, 3 * 24 + 4);
    put32(INFO + 48, MAP);
    put_map_entry(MAP, 20, 0, 0x9fc00, 1);
    put_map_entry(MAP + 24, 24, 0x9fc00, 0x400, 2); /* a longer entry */
    put_map_entry(MAP + 52, 20, 0x100000, 0x3ee0000, 1);
    put32(INFO + 64, LOADER);
    put_text(LOADER, "qemu");
}

START_TEST(version_1)
{
    make_info_1();
    ck_assert_msg(read_info(MULTIBOOT1_MAGIC), "%s", why);
    ck_assert_str_eq(facts.command_line, "cmk.elf nodes=2");
    ck_assert_str_eq(facts.loader, "qemu");
    ck_assert_uint_eq(facts.module_count, 2);
    ck_assert_str_eq(facts.module[0].text, "a.elf one");
    ck_assert_str_eq(facts.module[1].text, "");
    ck_assert_uint_eq(facts.module[1].range.end, MODULE_DATA + 0x1200);
    ck_assert_ptr_eq(facts.module[1].data, map_image(NULL, MODULE_DATA + 0x1000, 1));
    ck_assert_uint_eq(facts.memory_count, 3);
    ck_assert_uint_eq(facts.memory[1].type, 2);
    ck_assert_uint_eq(facts.memory[2].range.start, 0x100000);
    ck_assert_uint_eq(facts.memory[2].range.end, 0x3fe0000);
    ck_assert_uint_eq(firmware.mmap_length, 72);
    ck_assert_uint_eq(firmware.mmap[24], 20);
    ck_assert_mem_eq(firmware.mmap + 48, map_image(NULL, MAP + 52, 24), 24);
    ck_assert(!firmware.has_vbe && !firmware.has_framebuffer);
    /* All of it lies close together. */
    ck_assert_uint_eq(facts.busy_count, 1);
    ck_assert_uint_eq(facts.busy[0].start, INFO);
    ck_assert_uint_eq(facts.busy[0].end, MAP + 76);
}
END_TEST

/* A module over two ranges of the map, in either order; then beyond their end, or in a hole. */
START_TEST(modules_lie_in_memory)
{
    make_info_1();
    put_map_entry(MAP, 20, 0x4000000, 0x1000000, 2);
    put32(MODULES, 0x3ff0000);
    put32(MODULES + 4, 0x4010000);
    put32(INFO + 20, 1);
    put_map_entry(MAP + 52, 20, 0x100000, 0x3f00000, 1);
    ck_assert_msg(read_info(MULTIBOOT1_MAGIC), "%s", why);
    put32(MODULES + 4, 0x5000001);
    expect_failure(MULTIBOOT1_MAGIC, "the boot modules do not fit into the machine's RAM");
    put32(MODULES + 4, 0x4010000);
    put_map_entry(MAP + 52, 20, 0x100000, 0x3ee0000, 1);
    expect_failure(MULTIBOOT1_MAGIC, "the boot modules do not fit into the machine's RAM");
}
END_TEST

START_TEST(version_1_without_a_map)
{
    make_info_1();
    put32(INFO, 1);
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_str_eq(facts.command_line, "");
    ck_assert_str_eq(facts.loader, "");
    ck_assert_uint_eq(facts.module_count, 0);
    ck_assert_uint_eq(facts.memory_count, 2);
    ck_assert_uint_eq(facts.memory[0].range.end, 639 * 1024);
    ck_assert_uint_eq(facts.memory[1].range.end, 65 << 20);
    put32(INFO, 0);
    expect_failure(MULTIBOOT1_MAGIC, "the boot loader gave no memory map");
}
END_TEST

START_TEST(version_1_with_vbe)
{
    make_info_1();
    put32(INFO, 0x24f | 1 << 11);
    put32(INFO + 72, VBE);
    put32(INFO + 76, VBE + 512);
    put_text(VBE, "VESA");
    put_text(VBE + 512, "mode");
    for (unsigned i = 0; i < 4; i++) {
        put16(INFO + 80 + 2 * i, 0x1111 * (i + 1));
    }
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert(firmware.has_vbe);
    ck_assert_mem_eq(firmware.vbe, "VESA", 4);
    ck_assert_mem_eq(firmware.vbe + 512, "mode", 4);
    ck_assert_mem_eq(firmware.vbe + 768, "\x11\x11\0\0\x22\x22\0\0\x33\x33\0\0\x44\x44\0\0", 16);
    put32(INFO + 72, 0);
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert(!firmware.has_vbe);
}
END_TEST

START_TEST(version_1_damaged)
{
    make_info_1();
    put32(INFO + 16, MEMORY_BASE + MEMORY_BYTES - 3);
    memset(memory_image + MEMORY_BYTES - 3, 'x', 3);
    expect_failure(MULTIBOOT1_MAGIC, "the command line cannot be read");
    make_info_1();
    put32(INFO + 24, 0x20);
    expect_failure(MULTIBOOT1_MAGIC, "the list of boot modules cannot be read");
    make_info_1();
    put32(INFO + 20, 0xffffffff);
    expect_failure(MULTIBOOT1_MAGIC, "the list of boot modules cannot be read");
    make_info_1();
    put32(MODULES + 24, 5);
    expect_failure(MULTIBOOT1_MAGIC, "a boot module's string cannot be read");
    make_info_1();
    put32(INFO + 20, 65);
    put32(INFO + 24, MODULE_DATA + 0x2000);
    expect_failure(MULTIBOOT1_MAGIC, "there are more than 64 boot modules");
    make_info_1();
    put32(INFO + 44, 0x10000);
    expect_failure(MULTIBOOT1_MAGIC, "the memory map cannot be read");
    make_info_1();
    put32(MAP + 24, 0xfffffffc); /* four bytes more make zero in 32 bits */
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_uint_eq(facts.memory_count, 2);
    put32(MAP + 24, 16);
    expect_failure(MULTIBOOT1_MAGIC, "the memory map has an entry that is too short");
    make_info_1();
    put64(MAP + 12, UINT64_MAX);
    put64(MAP + 4, 0x1000);
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_uint_eq(facts.memory[0].range.end, UINT64_MAX);
    make_info_1();
    put32(MODULES + 4, MODULE_DATA - 1);
    put32(MODULES + 20, 0xffffffff);
    put64(MAP + 12, 0xffffffff);
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_ptr_null(facts.module[0].data);
    ck_assert_uint_eq(facts.module[0].range.end, facts.module[0].range.start);
    ck_assert_ptr_null(facts.module[1].data);
    ck_assert(!multiboot_read(MULTIBOOT1_MAGIC, 0, map_image, NULL, &facts, &firmware, &why));
    expect_failure(0x12345678, "not started by a multiboot loader");
}
END_TEST

START_TEST(the_map_has_a_limit)
{
    make_info_1();
    put32(INFO + 20, 0);
    put32(INFO + 48, MODULE_DATA);
    put32(INFO + 44, MAX_MEMORY_RANGES * 24);
    for (unsigned i = 0; i < MAX_MEMORY_RANGES + 1; i++) {
        put_map_entry(MODULE_DATA + 24 * i, 20, (uint64_t)i * 0x2000, 0x1000, 1);
    }
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_uint_eq(facts.memory_count, MAX_MEMORY_RANGES);
    ck_assert_uint_eq(firmware.mmap_length, 1200);
    put32(INFO + 44, (MAX_MEMORY_RANGES + 1) * 24);
    expect_failure(MULTIBOOT1_MAGIC, "the memory map has more than 1024 entries");
    put64(MODULE_DATA + 24 * MAX_MEMORY_RANGES + 4,
          (MAX_MEMORY_RANGES - 1) * 0x2000 + 0x1000); /* goes on where the last one ends */
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_uint_eq(facts.memory[MAX_MEMORY_RANGES - 1].range.end,
                      (MAX_MEMORY_RANGES - 1) * 0x2000 + 0x2000);
}
END_TEST

START_TEST(busy_memory_is_never_forgotten)
{
    make_info_1();
    put32(INFO + 20, 12);
    for (unsigned i = 0; i < 12; i++) {
        paddr_t string = MEMORY_BASE + 0x7f00 - i * 7;
        put32(MODULES + 16 * i + 8, i % 2 == 0 ? string : STRINGS + i);
    }
    ck_assert(read_info(MULTIBOOT1_MAGIC));
    ck_assert_uint_le(facts.busy_count, 8);
    for (unsigned i = 0; i < 12; i++) {
        paddr_t string = i % 2 == 0 ? MEMORY_BASE + 0x7f00 - i * 7 : STRINGS + i;
        bool busy = false;
        for (uint32_t j = 0; j < facts.busy_count; j++) {
            busy |= facts.busy[j].start <= string && string < facts.busy[j].end;
        }
        ck_assert(busy);
    }
}
END_TEST

/* --- version 2 --- */

static paddr_t next_tag;

static paddr_t add_tag(uint32_t type, uint32_t size)
{
    paddr_t tag = next_tag;
    put32(tag, type);
    put32(tag + 4, size);
    next_tag = (tag + size + 7) & ~7ull;
    put32(INFO, next_tag - INFO);
    return tag;
}

static void add_string_tag(uint32_t type, const char *text)
{
    put_text(add_tag(type, (uint32_t)(8 + strlen(text) + 1)) + 8, text);
}

static void add_module_tag(uint32_t start, uint32_t end, const char *text)
{
    paddr_t tag = add_tag(3, (uint32_t)(16 + strlen(text) + 1));
    put32(tag + 8, start);
    put32(tag + 12, end);
    put_text(tag + 16, text);
}

static void start_info_2(void)
{
    memset(memory_image, 0, sizeof(memory_image));
    memset(&facts, 0xaa, sizeof(facts));
    next_tag = INFO + 8;
}

static void add_map_tag(void)
{
    paddr_t tag = add_tag(6, 16 + 2 * 24);
    put32(tag + 8, 24);
    put64(tag + 16, 0);
    put64(tag + 24, 0xa0000);
    put32(tag + 32, 1);
    put64(tag + 40, 0x100000);
    put64(tag + 48, 0x700000);
    put32(tag + 56, 20);
}

START_TEST(version_2)
{
    start_info_2();
    add_string_tag(1, "nodes=2");
    add_string_tag(2, "GRUB 2.06-13");
    paddr_t rsdp_2 = add_tag(15, 8 + 36);
    put_text(rsdp_2 + 8, "RSD PTR new");
    memory_image[rsdp_2 + 8 + 15 - MEMORY_BASE] = 2;
    put_text(add_tag(14, 8 + 20) + 8, "RSD PTR old");
    add_module_tag(MODULE_DATA, MODULE_DATA + 50, "one two");
    add_module_tag(MODULE_DATA + 0x100, MODULE_DATA + 0x100, "");
    add_map_tag();
    paddr_t framebuffer = add_tag(8, 8 + 24);
    put64(framebuffer + 8, 0xfd000000);
    put32(framebuffer + 16, 4096);
    add_tag(21, 12);
    add_tag(0, 8);
    put_text(add_tag(1, 16) + 8, "behind");
    ck_assert_msg(read_info(MULTIBOOT2_MAGIC), "%s", why);
    ck_assert_str_eq(facts.command_line, "nodes=2");
    ck_assert_str_eq(facts.loader, "GRUB 2.06-13");
    ck_assert_mem_eq(firmware.rsdp, "RSD PTR new", 11);
    ck_assert_uint_eq(facts.module_count, 2);
    ck_assert_str_eq(facts.module[0].text, "one two");
    ck_assert_ptr_nonnull(facts.module[0].data);
    ck_assert_uint_eq(facts.memory_count, 2);
    ck_assert_uint_eq(facts.memory[1].type, 20);
    ck_assert_uint_eq(facts.memory[1].range.end, 0x800000);
    ck_assert_uint_eq(firmware.mmap_length, 0);
    ck_assert(firmware.has_framebuffer);
    ck_assert_mem_eq(firmware.framebuffer, map_image(NULL, framebuffer + 8, 22), 22);
    ck_assert_uint_eq(facts.busy_count, 1);
    ck_assert_uint_eq(facts.busy[0].end, next_tag);
}
END_TEST

START_TEST(version_2_damaged)
{
    start_info_2();
    add_tag(0, 8);
    expect_failure(MULTIBOOT2_MAGIC, "the boot loader gave no memory map");
    start_info_2();
    add_map_tag();
    put32(add_tag(1, 9) + 8, 'x');
    expect_failure(MULTIBOOT2_MAGIC, "the command line cannot be read");
    start_info_2();
    add_tag(3, 12);
    expect_failure(MULTIBOOT2_MAGIC, "a boot module's string cannot be read");
    start_info_2();
    put32(add_tag(6, 16 + 24) + 8, 16);
    expect_failure(MULTIBOOT2_MAGIC, "the memory map's entries are too short");
    start_info_2();
    add_tag(6, 8);
    expect_failure(MULTIBOOT2_MAGIC, "the memory map's entries are too short");
    start_info_2();
    put32(add_tag(9, 16) + 4, 4);
    expect_failure(MULTIBOOT2_MAGIC, "the boot information has a tag of impossible length");
    start_info_2();
    put32(add_tag(9, 16) + 4, 0xfffffff9);
    expect_failure(MULTIBOOT2_MAGIC, "the boot information has a tag of impossible length");
    start_info_2();
    put32(INFO, 0xffffffff);
    expect_failure(MULTIBOOT2_MAGIC, "the boot information cannot be read");
    put32(INFO, 4);
    expect_failure(MULTIBOOT2_MAGIC, "the boot information cannot be read");
}
END_TEST

Suite *multiboot_suite(void)
{
    Suite *suite = suite_create("multiboot");
    TCase *first = tcase_create("version 1");
    TCase *second = tcase_create("version 2");

    tcase_add_test(first, version_1);
    tcase_add_test(first, modules_lie_in_memory);
    tcase_add_test(first, version_1_without_a_map);
    tcase_add_test(first, version_1_with_vbe);
    tcase_add_test(first, version_1_damaged);
    tcase_add_test(first, the_map_has_a_limit);
    tcase_add_test(first, busy_memory_is_never_forgotten);
    suite_add_tcase(suite, first);
    tcase_add_test(second, version_2);
    tcase_add_test(second, version_2_damaged);
    suite_add_tcase(suite, second);
    return suite;
}
