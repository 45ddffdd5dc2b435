/*
 * The conformance suite: what the seL4 ABI promises inside a node, test by test. With an image argument, the tests of that
 * name or subject only. Ends the node with status 0 if every check passed, 1 otherwise.
 */
#include "suite.h"

#define SUBJECTS(one) \
    one(bootinfo) one(lookup) one(cnode) one(derivation) one(untyped) one(ipc) one(transfer) one(notification) one(reply) one(tcb) \
    one(registers) one(faults) one(unknown) one(scheduling) one(convention) \
    one(floating) one(bases) one(frames) one(tables) one(asid) one(ports) one(interrupts) \
    one(devices) one(library) one(domains) one(debugging) \
    one(preemption) one(cpus) one(robust)

#define DECLARE(name) extern const struct subject name##_subject;
#define LIST(name) &name##_subject,

SUBJECTS(DECLARE)

static const struct subject *const subjects[] = { SUBJECTS(LIST) };

int main(int argc, char **argv)
{
    boot_info = seL4_GetBootInfo();
    main_buffer = boot_info->ipcBuffer;
    return run_suite(subjects, COUNT_OF(subjects), argc > 1 ? argv[1] : NULL);
}
