/*
 * A program's way from the first instruction to main and to its end, by the system calls it makes:
 * on CMK, and on a kernel that is not CMK and gives no description of a cluster.
 */
#include "pretend_kernel.h"
#include "suites.h"

#include <cmk/cluster.h>
#include <runtime.h>
#include <stdlib.h>
#include <string.h>

/*
 * The program, under names of its own. Its constructor, main and at-exit function show themselves
 * by a DebugPutChar.
 */
#define main                  program_main
#define exit                  program_exit
#define _Exit                 program_Exit
#define abort                 program_abort
#define atexit                program_atexit
#define __assert_fail         program_assert_fail
#define __preinit_array_start program_preinit_start
#define __preinit_array_end   program_preinit_end
#define __init_array_start    program_init_start
#define __init_array_end      program_init_end
#define __fini_array_start    program_fini_start
#define __fini_array_end      program_fini_end
_Noreturn void program_exit(int status);
#include "../../../user/runtime/start.c"
#define function_t exit_function_t
#define at_exit    exit_functions
#include "../../../user/runtime/exit.c"
#undef exit
#undef abort

#define TLS_BASE 0x7000

/*
 * Before a call that does not return, the address sanitizer would make system calls of its own; not
 * in a traced child.
 */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
}

char __initial_tls[1];
const function_t program_preinit_start[1], program_init_start[1], program_fini_start[1];

/*
 * Without a linker script the ends of these arrays are their starts: the program has no
 * constructors.
 */
__asm__(".globl program_preinit_end, program_init_end, program_fini_end\n"
        ".set program_preinit_end, program_preinit_start\n"
        ".set program_init_end, program_init_start\n"
        ".set program_fini_end, program_fini_start\n");

seL4_Word tls_block_init(void *block)
{
    (void)block;
    return TLS_BASE;
}

static void show(char c)
{
    seL4_DebugPutChar(c);
}

static void show_end(void)
{
    show('e');
}

int program_main(int argc, char **argv)
{
    program_atexit(show_end);
    show((char)('0' + argc));
    show(argv[0][4]); /* of nodeK */
    show(argv[argc] == NULL ? 'n' : '?');
    return 5;
}

/* Boot info with one extra chunk: the cluster's, or the TSC's frequency. */
static _Alignas(4096) struct {
    char boot_info[4096];
    union {
        struct {
            struct cmk_boot_info info;
            struct cmk_boot_node node[2];
            uint64_t apic_ids[2];
            char arguments[16];
        } cluster;
        seL4_BootInfoHeader header;
    } extra;
} memory;

static seL4_BootInfo *make_boot_info(void)
{
    static seL4_IPCBuffer buffer;
    seL4_BootInfo *boot_info = (seL4_BootInfo *)memory.boot_info;
    boot_info->ipcBuffer = &buffer;
    return boot_info;
}

static void start_on_cmk(void)
{
    seL4_BootInfo *boot_info = make_boot_info();
    memory.extra.cluster.info = (struct cmk_boot_info){
        .id = ABI_CMK_BOOT_INFO_ID,
        .bytes = sizeof(memory.extra.cluster),
        .node_id = 1,
        .node_count = 2,
        .node_control_slot = 0x99,
        .nodes_offset = sizeof(struct cmk_boot_info),
        .apic_ids_offset = sizeof(struct cmk_boot_info) + sizeof(memory.extra.cluster.node),
        .apic_id_count = 2,
        .arguments_offset = sizeof(memory.extra.cluster) - 16,
        .argument_count = 2,
    };
    memory.extra.cluster.node[0] = (struct cmk_boot_node){1, 0, 0};
    memory.extra.cluster.node[1] = (struct cmk_boot_node){1, 1, 0};
    memcpy(memory.extra.cluster.arguments, "node1\0word", 11);
    boot_info->extraLen = sizeof(memory.extra.cluster);
    runtime_start(boot_info);
}

static void start_elsewhere(void)
{
    seL4_BootInfo *boot_info = make_boot_info();
    memory.extra.header = (seL4_BootInfoHeader){SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, 20};
    boot_info->extraLen = 20;
    runtime_start(boot_info);
}

static void check_shown(const struct pretend_call *calls, const char *text)
{
    for (size_t i = 0; text[i]; i++) {
        ck_assert((long)calls[i].number == -9 && calls[i].rdi == (seL4_Word)text[i]);
    }
}

START_TEST(start_and_end_on_cmk)
{
    struct pretend_call calls[6];
    ck_assert_uint_eq(pretend_many(start_on_cmk, calls, 6), 6);
    ck_assert((long)calls[0].number == -30 && calls[0].rdi == TLS_BASE);
    check_shown(calls + 1, "21ne");
    ck_assert((long)calls[5].number == -1 && calls[5].rdi == 0x99);
    ck_assert(calls[5].info == (0x1010 << 12 | 1) && calls[5].mr0 == 5);
}
END_TEST

START_TEST(start_and_end_elsewhere)
{
    struct pretend_call calls[7];
    ck_assert_uint_eq(pretend_many(start_elsewhere, calls, 7), 7);
    ck_assert((long)calls[0].number == -1 && calls[0].rdi == seL4_CapInitThreadTCB);
    ck_assert(calls[0].info == (16 << 12 | 1) && calls[0].mr0 == TLS_BASE);
    check_shown(calls + 1, "10ne");
    ck_assert((long)calls[5].number == -1 && calls[5].rdi == seL4_CapInitThreadTCB &&
              calls[5].info == 11 << 12);
    ck_assert_int_eq((long)calls[6].number, -7);
}
END_TEST

Suite *start_suite(void)
{
    const TTest *const tests[] = {start_and_end_on_cmk, start_and_end_elsewhere};
    return SUITE_OF("start", tests);
}
