/*
 * Start-up: arguments, constructors, boot info, stack, floating point, thread-local data, console.
 */
#include "checks.h"

#include <cmk/cluster.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int constructed;

static __attribute__((constructor(201))) void second_constructor(void)
{
    constructed = constructed == 1 ? 2 : -1;
}

static __attribute__((constructor(200))) void first_constructor(void)
{
    constructed = constructed == 0 ? 1 : -1;
}

static __attribute__((constructor)) void last_constructor(void)
{
    constructed = constructed == 2 ? 3 : -1;
}

/* runtime.test gives: a b=c */
static bool arguments_arrived(int argc, char **argv)
{
    char name[16];
    snprintf(name, sizeof(name), "node%lu", cmk_cluster()->node_id);
    return argc == 3 && strcmp(argv[0], name) == 0 && strcmp(argv[1], "a") == 0 &&
           strcmp(argv[2], "b=c") == 0 && argv[3] == NULL;
}

void check_start(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    volatile _Alignas(64) char aligned[64];
    volatile double tenth = 0.1;

    check(arguments_arrived(argc, argv), "start/arguments");
    check(constructed == 3, "start/constructors-in-order");
    check(boot_info->numNodes == cluster->nodes[cluster->node_id].num_cpus, "start/boot-info");
    check(boot_info->ipcBuffer == seL4_GetIPCBuffer(), "start/ipc-buffer");
    check((uintptr_t)aligned % 64 == 0 && (uintptr_t)__builtin_frame_address(0) % 16 == 0,
          "start/aligned-stack");
    check(tenth * 10 > 0.99 && tenth * 10 < 1.01, "start/floating-point");
    check(seL4_DebugCapIdentify(cluster->node_control) == 30 &&
              seL4_DebugCapIdentify(cluster->ipi_control) == 26,
          "start/capabilities-of-the-cluster");
}

static __thread int initialised = 42;
static __thread int zeroed[100];
static __thread _Alignas(128) char aligned_text[] = "thread";

bool thread_local_data_is_fresh(void)
{
    bool fresh = initialised == 42 && strcmp(aligned_text, "thread") == 0 &&
                 (uintptr_t)aligned_text % 128 == 0;
    for (int i = 0; i < 100; i++) {
        fresh = fresh && zeroed[i] == 0;
        zeroed[i] = i + 1;
    }
    initialised++;
    aligned_text[0] = 'T';
    return fresh;
}

void check_thread_local_data(void)
{
    check(thread_local_data_is_fresh(), "thread-local/initial-thread");
    check(initialised == 43 && zeroed[99] == 100, "thread-local/can-be-written");
}

void check_output(void)
{
    const char *text =
        "a line through node control, longer than what fits in four message registers\n";

    for (int i = 0; i < seL4_MsgMaxLength; i++) {
        seL4_SetMR(i, (seL4_Word)i);
    }
    int count = printf("%s %d %#lx %-5s|%5.2s|\n", "formatted", -5, 0xabcul, "ab", "cde");
    bool kept = true;
    for (int i = 0; i < seL4_MsgMaxLength; i++) {
        kept = kept && seL4_GetMR(i) == (seL4_Word)i;
    }
    check(count == 32, "output/count");
    check(kept, "output/message-registers-are-kept");
    check(cmk_NodeControl_Write(cmk_cluster()->node_control, text, strlen(text)) == seL4_NoError,
          "output/node-control-write");
    char decimals[64];
    snprintf(decimals, sizeof(decimals), "%.2f %d %f %.0f", 2.675, 3, -0.1, 2.5);
    check(strcmp(decimals, "2.67 3 -0.100000 2") == 0, "output/floating-point");
    puts("put by puts");
    fputs("put by ", stderr);
    fwrite("fwrite\n", 1, 7, stdout);
}
