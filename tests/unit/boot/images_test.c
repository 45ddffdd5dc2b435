/* Boot modules that must be refused, each with its own lines; and the ELF parser by itself. */
#include "machine.h"
#include "suites.h"
#include <cluster/ranges.h>
#include <stdio.h>
#include <string.h>

#define USER_END UINT64_C(0x7ffffffff000)

static uint8_t file[IMAGE_ROOM];

static const struct {
    struct image_shape shape;
    const char *wrong;
} bad[] = {
    {{.file_size = 3}, "not an ELF file"},
    {{.file_size = 4}, "truncated: shorter than an ELF header"},
    {{.file_size = 63}, "truncated: shorter than an ELF header"},
    {{.file_size = 64}, "truncated: its program headers lie beyond the end of the file"},
    {{.file_size = 119}, "truncated: its program headers lie beyond the end of the file"},
    {{.file_size = 8192}, "truncated: a segment lies beyond the end of the file"},
    {{.file_size = IMAGE_ROOM - 1}, "truncated: a segment lies beyond the end of the file"},
    {{.offset = UINT64_MAX - 100}, "truncated: a segment lies beyond the end of the file"},
    {{.file_bytes = UINT64_MAX, .memory_bytes = UINT64_MAX},
     "truncated: a segment lies beyond the end of the file"},
    {{.file_bytes = 4096, .memory_bytes = 4095},
     "a segment has more bytes in the file than in memory"},
    {{.vaddr = 0x400010, .entry = 0x400010},
     "misaligned: its lowest segment does not start at a 4 KiB boundary"},
    {{.vaddr = 0xffffffff80000000}, "a segment is in the kernel's half of the address space"},
    {{.vaddr = 0x800000000000}, "a segment is in the kernel's half of the address space"},
    {{.vaddr = USER_END}, "a segment reaches beyond the user half of the address space"},
    {{.memory_bytes = UINT64_MAX}, "a segment reaches beyond the user half of the address space"},
    {{.memory_bytes = UINT64_C(1) << 47},
     "a segment reaches beyond the user half of the address space"},
    {{.vaddr = USER_END - 4096},
     "it leaves no room for IPC buffer and boot info above it in the user half"},
    {{.vaddr = USER_END - 6 * 4096},
     "it leaves no room for IPC buffer and boot info above it in the user half"},
    {{.entry = 0x3fffff}, "its entry point is outside its segments"},
    {{.entry = 0x401000}, "its entry point is outside its segments"},
    {{.copies = 65, .file_bytes = 1, .memory_bytes = 1}, "it has more than 64 segments"},
    {{.flags = 6},
     "its entry point is on a page that is not executable (rwx makes all pages executable)"},
};

/* Bytes of the file to change. */
static const struct {
    unsigned at;
    uint8_t value;
    const char *wrong;
} damage[] = {
    {0, 0x7e, "not an ELF file"},
    {3, 'f', "not an ELF file"},
    {4, 1, "not an ELF64 file (64 bits, little endian)"},
    {5, 2, "not an ELF64 file (64 bits, little endian)"},
    {18, 183, "not for x86-64"},
    {18, 3, "not for x86-64"},
    {33, 0x40, "truncated: its program headers lie beyond the end of the file"},
    {39, 0xff, "truncated: its program headers lie beyond the end of the file"},
    {54, 32, "its program headers have the wrong size"},
    {56, 0, "it has no program headers"},
    {16, 3, "ET_DYN, a shared library or position-independent: link with -static -no-pie"},
    {16, 1, "no executable (its type is not ET_EXEC)"},
    {64, 3, "dynamically linked (it has a PT_INTERP): link with -static"},
};

static void expect(const char *command_line, const char *lines)
{
    unsigned mistakes = plan_with_modules(command_line);
    ck_assert_msg(strcmp(plan_lines, lines) == 0, "expected\n%sgot\n%s", lines, plan_lines);
    ck_assert_int_eq(mistakes > 0, lines[0] != '\0');
}

START_TEST(bad_image)
{
    char lines[200];
    make_machine(1, MIB(64));
    add_module(file, make_image(file, bad[_i].shape), "x.elf a");
    snprintf(lines, sizeof(lines), "module 0 (x.elf a): %s\n", bad[_i].wrong);
    expect("", lines);
}
END_TEST

START_TEST(damaged_image)
{
    uint64_t size = make_image(file, (struct image_shape){0});
    char lines[200];
    make_machine(1, MIB(64));
    file[damage[_i].at] = damage[_i].value;
    add_module(file, size, "");
    snprintf(lines, sizeof(lines), "module 0: %s\n", damage[_i].wrong);
    expect("", lines);
}
END_TEST

START_TEST(no_memory_in_any_segment)
{
    uint64_t size = make_image(file, (struct image_shape){0});
    make_machine(1, MIB(64));
    memset(file + 64 + 40, 0, 8);
    add_module(file, size, "");
    expect("", "module 0: it has no PT_LOAD segment with memory\n");
}
END_TEST

START_TEST(image_larger_than_its_node)
{
    make_machine(2, MIB(64));
    add_module(file, make_image(file, (struct image_shape){.memory_bytes = MIB(20)}), "node=all");
    expect("nodes=2 node1.mem=16M",
           "node1.mem=16M: node 1 has 16 MiB of memory, 5.5 MiB too little: "
           "its kernel needs 1.5 MiB, its image 20 MiB\n");
    expect("nodes=2", "");
}
END_TEST

START_TEST(image_larger_than_any_piece)
{
    make_machine(1, MIB(64));
    machine.memory[3].range.end = MIB(20);
    machine.memory[6] = (struct memory_fact){{MIB(32), MIB(52)}, 1};
    machine.memory_count = 7;
    add_module(file, make_image(file, (struct image_shape){.memory_bytes = MIB(22)}), "");
    expect("", "node 0: no room for its image and data, 22 MiB in one piece beside the boot "
               "modules\n");
}
END_TEST

START_TEST(cnodes_grow)
{
    static const struct {
        uint64_t memory_bytes;
        unsigned bits;
    } sizes[] = {{MIB(1), 13}, {MIB(14), 13}, {MIB(16), 14}, {MIB(32), 14}, {MIB(200), 16}};
    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
        make_machine(1, GIB(1));
        add_module(file,
                   make_image(file, (struct image_shape){.memory_bytes = sizes[i].memory_bytes}),
                   "");
        expect("", "");
        ck_assert_uint_eq(plan.node[0].cnode_bits, sizes[i].bits);
        ck_assert_ptr_null(broken_rule(&machine, &plan));
    }
    expect("node0.cnode=20", "");
    ck_assert_uint_eq(plan.node[0].cnode_bits, 20);
    expect("node0.cnode=15",
           "node0.cnode=15: node 0: 51200 image and data pages, 1 shared frames and 365 others do "
           "not fit into a root CNode of 32768 slots\n");
    machine.module_count = 0;
    make_machine(2, GIB(64));
    add_good_module("node=all");
    expect("nodes=2 shared=15G channel=0-1,1G", "");
    ck_assert_uint_eq(plan.node[1].cnode_bits, 14);
    ck_assert_uint_eq(plan.node[0].cnode_bits, 14);
}
END_TEST

/* --- whose image --- */

START_TEST(images_missing_and_left_over)
{
    make_machine(4, MIB(64));
    expect("", "node 0 has no image: no boot module is for it\n");
    expect("nodes=2", "node 0 has no image: no boot module is for it\nnode 1 has no image: no boot "
                      "module is for it\n");
    add_good_module("a");
    expect("nodes=2", "node 1 has no image: no boot module is for it\n");
    add_good_module("b c");
    expect("", "module 1 (b c): there is no node 1 (1 node)\n");
    add_good_module("node=2");
    expect("nodes=2", "module 2 (node=2): there is no node 2 (2 nodes)\n");
    machine.module_count = 1;
    add_good_module("node=0");
    expect("nodes=2", "module 1 (node=0): node 0 has an image already, module 0\n"
                      "node 1 has no image: no boot module is for it\n");
    machine.module_count = 1;
    add_good_module("node=all");
    expect("nodes=2", "module 1 (node=all): node 0 has an image already, module 0\n");
}
END_TEST

START_TEST(bad_module_strings)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"node=", "module 0 (node=): node=: not a node from 0 to 63, or all\n"},
        {"node=64", "module 0 (node=64): node=64: not a node from 0 to 63, or all\n"},
        {"node=every", "module 0 (node=every): node=every: not a node from 0 to 63, or all\n"},
        {"node=0 node=0", "module 0 (node=0 node=0): node=0: its node was said before\n"},
        {"rwx \"node=1", "module 0 (rwx \"node=1): \"node=1: a double quote is not closed\n"},
        {"a \"b c", "module 0 (a \"b c): \"b c: a double quote is not closed\n"},
        {"0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1",
         "module 0 (0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 ...): more than 31 "
         "arguments\n"},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        make_machine(1, MIB(64));
        add_good_module(cases[i].text);
        expect("", cases[i].line);
    }
}
END_TEST

START_TEST(arguments_have_a_limit)
{
    char text[1100];
    make_machine(1, MIB(64));
    memset(text, 'a', sizeof(text));
    text[1017] = '\0';
    add_good_module(text);
    expect("", "");
    ck_assert_uint_eq(plan.node[0].argument_bytes, ABI_CMK_ARGUMENT_BYTES);
    text[1017] = 'a';
    text[1018] = '\0';
    expect("", "module 0 (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...): its "
               "arguments take more than "
               "1024 bytes\n");
    text[1018] = 'a';
    text[1099] = '\0';
    expect("", "module 0 (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...): its "
               "arguments take more than "
               "1024 bytes\n");
}
END_TEST

START_TEST(modules_that_are_not_there)
{
    make_machine(1, MIB(64));
    add_module(file, 0, "x");
    expect("", "module 0 (x): it is empty\n");
    machine.module_count = 0;
    add_module(NULL, 4096, "x");
    expect("", "module 0 (x): the loader put it where there is no memory\n");
}
END_TEST

START_TEST(rwx_makes_data_executable)
{
    make_machine(1, MIB(64));
    add_module(file, make_image(file, (struct image_shape){.flags = 6}), "rwx");
    expect("", "");
    ck_assert(plan.node[0].image_rwx);
}
END_TEST

/* --- data --- */

START_TEST(data_lies_after_the_image)
{
    static const uint8_t bytes[5000];
    make_machine(2, MIB(64));
    add_module(bytes, sizeof(bytes), "data=a.txt node=1");
    add_good_module("first");
    add_module(bytes, 4096, "node=all data=b");
    add_good_module("second");      /* the second image, and so node 1's */
    add_module(bytes, 1, "data=c"); /* for all */
    expect("nodes=2", "");
    const struct node_plan *node = plan.node;
    ck_assert_uint_eq(node[0].module, 1);
    ck_assert_uint_eq(node[1].module, 3);
    ck_assert(node[0].data_count == 2 && node[1].data_count == 3);
    ck_assert_str_eq(node[0].data[0].name, "b");
    ck_assert_str_eq(node[1].data[0].name, "a.txt");
    ck_assert(node[1].image_bytes == 4096 && range_bytes(node[1].image) == 5 * 4096);
    ck_assert(node[1].data[0].offset == 4096 && node[1].data[0].bytes == 5000);
    ck_assert(node[1].data[1].offset == 3 * 4096 && node[1].data[1].bytes == 4096);
    ck_assert(node[1].data[2].offset == 4 * 4096 && node[1].data[2].bytes == 1);
    ck_assert(node[1].data[0].module == 0 && node[1].data[2].module == 4);
    ck_assert_ptr_null(broken_rule(&machine, &plan));
}
END_TEST

START_TEST(bad_data_modules)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"data=", "module 1 (data=): data=: not a name of 1 to 47 characters without blanks\n"},
        {"\"data=a b\"", "module 1 (\"data=a b\"): \"data=a b\": not a name of 1 to 47 characters "
                         "without blanks\n"},
        {"data=a data=b", "module 1 (data=a data=b): data=b: its name was said before\n"},
        {"data=a x", "module 1 (data=a x): data has no rwx and no arguments\n"},
        {"rwx data=a", "module 1 (rwx data=a): data has no rwx and no arguments\n"},
        {"\"data=a", "module 1 (\"data=a): \"data=a: a double quote is not closed\n"},
        {"data=a \"b", "module 1 (data=a \"b): \"b: a double quote is not closed\n"},
        {"data=a node=1", "module 1 (data=a node=1): there is no node 1 (1 node)\n"},
        {"data=a node=0 node=0", "module 1 (data=a node=0 node=0): node=0: its node was said "
                                 "before\n"},
        {"data=twice", "module 2 (data=twice): node 0 has data twice already, module 1\n"},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        make_machine(1, MIB(64));
        add_good_module("");
        add_module(file, 100, cases[i].text);
        if (strcmp(cases[i].text, "data=twice") == 0) {
            add_module(file, 100, cases[i].text);
        }
        expect("", cases[i].line);
    }
    make_machine(1, MIB(64));
    add_good_module("");
    add_module(file, 0, "data=a");
    expect("", "module 1 (data=a): it is empty\n");
    make_machine(1, MIB(64));
    add_module(file, 100, "data=a");
    expect("", "node 0 has no image: no boot module is for it\n");
}
END_TEST

START_TEST(a_node_has_some_data_modules)
{
    static char text[ABI_CMK_MAX_DATA][16];
    make_machine(1, MIB(64));
    add_good_module("");
    for (unsigned i = 0; i < ABI_CMK_MAX_DATA; i++) {
        snprintf(text[i], sizeof(text[i]), "data=%u", i);
        add_module(file, 100, text[i]);
    }
    expect("", "");
    add_module(file, 100, "data=x");
    expect("", "module 17 (data=x): node 0 has 16 data modules already\n");
}
END_TEST

/* --- the parser alone --- */

static void put_segment(unsigned number, uint32_t flags, uint64_t offset, uint64_t vaddr,
                        uint64_t file_bytes, uint64_t memory_bytes)
{
    const uint64_t fields[] = {
        1 | (uint64_t)flags << 32, offset, vaddr, 0, file_bytes, memory_bytes, 1};
    memcpy(file + 64 + 56 * number, fields, sizeof(fields));
    if (file[56] < number + 1) {
        file[56] = (uint8_t)(number + 1);
    }
}

START_TEST(segments_are_loaded_and_the_rest_is_zero)
{
    static uint8_t memory[4 * 4096];
    struct elf_image image;
    make_image(file, (struct image_shape){0});
    memset(file + 4096, 'A', 4096);
    memset(file + 8192, 'B', 4096);
    put_segment(0, 5, 4096, 0x400000, 100, 100);
    put_segment(1, 6, 8192, 0x402800, 16, 3000);
    put_segment(2, 4, 8192 + 16, 0x402808, 4, 2000); /* inside the one before */
    put_segment(3, 6, 0, 0, 0, 0);
    ck_assert_ptr_null(elf_check(file, IMAGE_ROOM, &image));
    ck_assert_uint_eq(image.segments.count, 3);
    ck_assert_uint_eq(image.start, 0x400000);
    ck_assert_uint_eq(image.end, 0x404000);
    memset(memory, 0xee, sizeof(memory));
    elf_load(file, &image, memory);
    for (unsigned i = 0; i < sizeof(memory); i++) {
        uint8_t expected = i < 100 ? 'A' : i >= 0x2800 && i < 0x2810 ? 'B' : 0;
        ck_assert_msg(memory[i] == expected, "byte 0x%x is 0x%x", i, memory[i]);
    }
}
END_TEST

/* A stack's size, and thread-local memory that the thread's own code makes. */
START_TEST(only_pt_load_is_loaded)
{
    struct elf_image image;
    make_image(file, (struct image_shape){0});
    put_segment(1, 6, 0, 0, 0, MIB(1));
    memcpy(file + 64 + 56, (uint8_t[]){0x51, 0xe5, 0x74, 0x64}, 4); /* PT_GNU_STACK */
    put_segment(2, 4, 4096, 0x500000, 100, 8192);
    file[64 + 56 * 2] = 7; /* PT_TLS */
    ck_assert_ptr_null(elf_check(file, IMAGE_ROOM, &image));
    ck_assert_uint_eq(image.segments.count, 1);
    ck_assert_uint_eq(image.start, 0x400000);
    ck_assert_uint_eq(image.end, 0x401000);
}
END_TEST

START_TEST(pages_get_the_union_of_permissions)
{
    struct elf_image image;
    bool writable, executable;
    make_image(file, (struct image_shape){0});
    put_segment(0, 5, 4096, 0x400000, 0x1800, 0x1800);
    put_segment(1, 6, 8192, 0x401900, 16, 0x1700);
    ck_assert_ptr_null(elf_check(file, IMAGE_ROOM, &image));
    image_page_permissions(&image.segments, 0x400000, &writable, &executable);
    ck_assert(!writable && executable);
    image_page_permissions(&image.segments, 0x401000, &writable, &executable);
    ck_assert(writable && executable);
    image_page_permissions(&image.segments, 0x402000, &writable, &executable);
    ck_assert(writable && !executable);
    image_page_permissions(&image.segments, 0x403000, &writable, &executable);
    ck_assert(!writable && !executable);
}
END_TEST

START_TEST(the_last_place_that_works)
{
    struct elf_image image;
    make_image(file, (struct image_shape){.vaddr = USER_END - 7 * 4096});
    ck_assert_ptr_null(elf_check(file, IMAGE_ROOM, &image));
    ck_assert_uint_eq(image.end, USER_END - 6 * 4096);
    make_image(file, (struct image_shape){.entry = 0x400fff});
    ck_assert_ptr_null(elf_check(file, IMAGE_ROOM, &image));
    make_image(file, (struct image_shape){.copies = 64, .file_bytes = 1, .memory_bytes = 1});
    ck_assert_ptr_null(elf_check(file, IMAGE_ROOM, &image));
    ck_assert_uint_eq(image.segments.count, 64);
}
END_TEST

Suite *bad_images_suite(void)
{
    Suite *suite = suite_create("bad images");
    TCase *images = tcase_create("images");
    TCase *modules = tcase_create("modules");

    tcase_add_loop_test(images, bad_image, 0, ARRAY_LENGTH(bad));
    tcase_add_loop_test(images, damaged_image, 0, ARRAY_LENGTH(damage));
    tcase_add_test(images, no_memory_in_any_segment);
    tcase_add_test(images, image_larger_than_its_node);
    tcase_add_test(images, image_larger_than_any_piece);
    tcase_add_test(images, cnodes_grow);
    suite_add_tcase(suite, images);
    tcase_add_test(modules, images_missing_and_left_over);
    tcase_add_test(modules, bad_module_strings);
    tcase_add_test(modules, arguments_have_a_limit);
    tcase_add_test(modules, modules_that_are_not_there);
    tcase_add_test(modules, data_lies_after_the_image);
    tcase_add_test(modules, bad_data_modules);
    tcase_add_test(modules, a_node_has_some_data_modules);
    tcase_add_test(modules, rwx_makes_data_executable);
    suite_add_tcase(suite, modules);
    return suite;
}

Suite *elf_suite(void)
{
    Suite *suite = suite_create("ELF");
    TCase *tests = tcase_create("good images");

    tcase_add_test(tests, segments_are_loaded_and_the_rest_is_zero);
    tcase_add_test(tests, pages_get_the_union_of_permissions);
    tcase_add_test(tests, only_pt_load_is_loaded);
    tcase_add_test(tests, the_last_place_that_works);
    suite_add_tcase(suite, tests);
    return suite;
}
