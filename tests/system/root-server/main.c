/*
 * A root server as others build it: no CMK header, no CMK library, the system linker's own script.
 * It does what root servers in the wild do, and says line by line how it went. It never ends; the
 * last line is what a harness waits for.
 */
#include "server.h"

static void test(const char *name, void (*function)(void))
{
    begin(name);
    function();
    end();
}

/* Called from start.asm with the boot info's address. */
void root_server(const struct boot_info *info)
{
    boot_info = info;
    use_ipc_buffer(info->ipc_buffer);
    test("boot", test_boot);
    test("thread-local-data", test_thread_local);
    test("capability-space", test_capabilities);
    test("untypeds", test_untypeds);
    test("serial-ports", test_serial);
    test("identify-often", test_identify_often);
    test("acpi-tables", test_acpi);
    test("hpet", test_hpet);
    test("huge-page", test_huge_page);
    test("asid-pools", test_address_space_pools);
    test("process", test_process);
    test("faults", test_faults);
    test("priorities", test_priorities);
    test("round-robin", test_round_robin);
    test("other-cpus", test_other_cpus);
    put_text(all_passed() ? "root server: everything passed\n" : "root server: something failed\n");
    for (;;) {
        invoke(OWN_TCB, SUSPEND, NONE, NONE);
    }
}
