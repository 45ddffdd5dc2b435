/* From the first instruction to main, and from main's return to the end of the node. */
#include "runtime.h"

#include <cmk/cluster.h>
#include <stdlib.h>

int main(int argc, char **argv);
_Noreturn void runtime_start(seL4_BootInfo *boot_info);

typedef void (*function_t)(void);

/* From user.ld. */
extern char __initial_tls[];
extern const function_t __preinit_array_start[], __preinit_array_end[];
extern const function_t __init_array_start[], __init_array_end[];

/*
 * On CMK, the system call that every build has. Builds of seL4 either have it or let users write FS
 * base themselves, but all of them have the invocation. No error can be reported here: reporting
 * needs thread-local data.
 */
static void set_tls_base(seL4_Word base)
{
    if (cmk_cluster()) {
        seL4_SetTLSBase(base);
        return;
    }
    struct sel4_x64_trap trap = {
        .rdi = seL4_CapInitThreadTCB,
        .info = seL4_MessageInfo_new(TCBSetTLSBase, 0, 0, 1),
        .mr = {base},
    };
    sel4_x64_enter(seL4_SysCall, &trap);
}

static void run_constructors(void)
{
    for (const function_t *f = __preinit_array_start; f < __preinit_array_end; f++) {
        (*f)();
    }
    for (const function_t *f = __init_array_start; f < __init_array_end; f++) {
        (*f)();
    }
}

/*
 * A function of its own, so that the compiler computes no thread-local address before FS base is
 * set.
 */
static __attribute__((noinline)) int run_program(seL4_BootInfo *boot_info)
{
    static char *no_arguments[] = {"node0", NULL};
    struct cmk_cluster *cluster = (struct cmk_cluster *)cmk_cluster();

    seL4_SetIPCBuffer(boot_info->ipcBuffer);
    run_constructors();
    return cluster && cluster->argc > 0 ? main(cluster->argc, cluster->argv)
                                        : main(1, no_arguments);
}

_Noreturn void runtime_start(seL4_BootInfo *boot_info)
{
    string_choose();
    keep_boot_info(boot_info);
    set_tls_base(tls_block_init(__initial_tls));
    exit(run_program(boot_info));
}
