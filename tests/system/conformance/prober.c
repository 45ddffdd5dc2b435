/*
 * Touching memory without harm: each probe ends in a fault, either of the access itself or of the
 * instruction behind it.
 */
#include "prober.h"

__asm__(".pushsection .text\n"
        ".global probe_read\nprobe_read: movq (%rdi), %rax\nhlt\n"
        ".global probe_write\nprobe_write: movq %rdi, (%rdi)\nhlt\n"
        ".global probe_execute\nprobe_execute: callq *%rdi\nhlt\n"
        ".popsection");
extern const char probe_read[], probe_write[], probe_execute[];

struct criminal new_prober(word vspace)
{
    struct criminal prober = {NULL, new_endpoint(), 0x4321};

    prober.worker = make_worker((struct worker_options){
        .priority = MIDDLE,
        .vspace = vspace,
        .fault_endpoint = new_minted(prober.faults, ALL_RIGHTS, prober.badge)});
    return prober;
}

static bool succeeds(struct criminal prober, const char *probe, word address)
{
    return commit(prober, probe, address).label == USER_EXCEPTION;
}

bool can_read(struct criminal prober, word address)
{
    return succeeds(prober, probe_read, address);
}

bool can_write(struct criminal prober, word address)
{
    return succeeds(prober, probe_write, address);
}

word read_word(struct criminal prober, word address)
{
    seL4_UserContext context;

    REQUIRE(can_read(prober, address));
    REQUIRE(read_registers(prober.worker->tcb, false, &context).label == seL4_NoError);
    return context.rax;
}

bool can_execute(struct criminal prober, word address)
{
    seL4_UserContext context;

    if (!succeeds(prober, probe_execute, address)) {
        return false;
    }
    REQUIRE(read_registers(prober.worker->tcb, false, &context).label == seL4_NoError);
    return context.rax == 0x1234;
}

void put_code(word address)
{
    static const uint8_t code[] = {0xb8, 0x34, 0x12, 0, 0, 0xc3}; /* mov eax, 0x1234; ret */

    for (size_t i = 0; i < sizeof(code); i++) {
        ((volatile uint8_t *)address)[i] = code[i];
    }
}
