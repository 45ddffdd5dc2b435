/*
 * Every way out of ring 3 that the manuals have, tried on the last CPU of the node: each gives the
 * fault that it should, or does nothing. A suite: one line PASS or FAIL for each way. The argument,
 * 65536 if there is none, limits the ports and selectors that are tried.
 */
#include "ring_3.h"

#include <cmk/resources.h>
#include <sel4/sel4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXT_WORDS = sizeof(seL4_UserContext) / sizeof(seL4_Word) };
enum {
    EXCEPTION_DEBUG = 1,
    EXCEPTION_BREAKPOINT = 3,
    EXCEPTION_INVALID = 6,
    EXCEPTION_STACK = 12,
    EXCEPTION_PROTECTION = 13
};
enum { REPLY_REGISTERS = 3 }; /* of an exception: instruction pointer, stack pointer, flags */

static seL4_CPtr endpoint;
/* Below 4 GiB: QEMU cuts the stack pointer of a far call to 32 bits. */
static _Alignas(16) char stack[8192];
static struct cmk_thread thread;

struct fault {
    seL4_Word label, ip, exception, address;
};

static struct fault fault_of(seL4_MessageInfo_t info)
{
    struct fault fault = {.label = seL4_MessageInfo_get_label(info)};
    if (fault.label == seL4_Fault_UserException) {
        fault.ip = seL4_GetMR(seL4_UserException_FaultIP);
        fault.exception = seL4_GetMR(seL4_UserException_Number);
    } else if (fault.label == seL4_Fault_VMFault) {
        fault.ip = seL4_GetMR(seL4_VMFault_IP);
        fault.address = seL4_GetMR(seL4_VMFault_Addr);
    }
    return fault;
}

static struct fault next_fault(void)
{
    return fault_of(seL4_Recv(endpoint, NULL));
}

static bool start_at(const char *address, seL4_Word limit)
{
    seL4_UserContext context;
    memset(&context, 0, sizeof(context));
    context.rip = (seL4_Word)address;
    context.rsp = (seL4_Word)stack + sizeof(stack) / 2;
    context.rflags = 0x202;
    context.r13 = limit;
    return seL4_TCB_Suspend(thread.tcb) == seL4_NoError &&
           seL4_TCB_WriteRegisters(thread.tcb, 1, 0, CONTEXT_WORDS, &context) == seL4_NoError;
}

static seL4_Word count_of_completed(void)
{
    seL4_UserContext context;
    memset(&context, 0, sizeof(context));
    bool read = seL4_TCB_ReadRegisters(thread.tcb, 1, 0, CONTEXT_WORDS, &context) == seL4_NoError;
    return read ? context.r15 : ~0ul;
}

static unsigned end_of(const struct piece *piece, struct fault fault)
{
    switch (fault.label) {
    case seL4_Fault_VMFault:
        return PAGE;
    case seL4_Fault_UnknownSyscall:
        return UNKNOWN_CALL;
    case seL4_Fault_UserException:
        if (fault.exception == EXCEPTION_INVALID) {
            return fault.ip == (seL4_Word)piece->end ? COMPLETED : INVALID;
        }
        return fault.exception == EXCEPTION_PROTECTION   ? PROTECTION
               : fault.exception == EXCEPTION_DEBUG      ? DEBUG
               : fault.exception == EXCEPTION_BREAKPOINT ? BREAKPOINT
                                                         : OTHER;
    }
    return OTHER;
}

static void run_piece(const struct piece *piece, const char *suffix)
{
    if (!start_at(piece->start, 0)) {
        printf("FAIL %s%s: cannot start\n", piece->name, suffix);
        return;
    }
    struct fault fault = next_fault();
    unsigned end = end_of(piece, fault);
    if (end & piece->expected) {
        printf("PASS %s%s\n", piece->name, suffix);
    } else {
        printf("FAIL %s%s: label %lu, exception %lu at +%ld\n", piece->name, suffix, fault.label,
               fault.exception, (long)(fault.ip - (seL4_Word)piece->start));
    }
}

static void run_loop(const struct loop *loop, seL4_Word limit)
{
    seL4_Word rounds = (limit + loop->step - 1) / loop->step;
    seL4_Word expected = loop->kind == ANSWERS ? 0 : rounds - loop->completed;
    seL4_Word faults = 0;
    struct fault fault = {.label = 0};
    if (start_at(loop->start, limit)) {
        fault = next_fault();
        /* Stack faults are protection faults of SS. */
        while (fault.label == seL4_Fault_UserException && fault.ip == (seL4_Word)loop->faulting &&
               (fault.exception == EXCEPTION_PROTECTION || fault.exception == EXCEPTION_STACK)) {
            faults++;
            seL4_SetMR(seL4_UserException_FaultIP, (seL4_Word)loop->next);
            fault = fault_of(
                seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, REPLY_REGISTERS), NULL));
        }
    }
    seL4_Word completed = count_of_completed();
    bool ended = fault.label == seL4_Fault_UserException && fault.exception == EXCEPTION_INVALID &&
                 fault.ip == (seL4_Word)loop->end;
    if (ended && faults == expected && completed == loop->completed) {
        printf("PASS %s\n", loop->name);
    } else {
        printf("FAIL %s: %lu faults, %lu completed; then label %lu, exception %lu, address 0x%lx, "
               "at +%ld\n",
               loop->name, faults, completed, fault.label, fault.exception, fault.address,
               (long)(fault.ip - (seL4_Word)loop->start));
    }
}

static void wait_for_ever(void *unused)
{
    (void)unused;
    for (;;) {
        __asm__ volatile("pause");
    }
}

int main(int argc, char **argv)
{
    seL4_Word cpus = seL4_GetBootInfo()->numNodes;
    endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    if (endpoint == 0 || !cmk_create_thread(&thread, cpus - 1, 100, wait_for_ever, NULL) ||
        seL4_TCB_SetSpace(thread.tcb, endpoint, seL4_CapInitThreadCNode, 0,
                          seL4_CapInitThreadVSpace, 0) != seL4_NoError) {
        printf("FAIL ring-3: no thread to try with\n");
        return 1;
    }
    for (const struct piece *piece = all_pieces(); piece->name != NULL; piece++) {
        run_piece(piece, "");
    }
    const struct piece *interrupt = software_interrupts();
    for (unsigned number = 0; interrupt[number].name != NULL; number++) {
        char suffix[8];
        snprintf(suffix, sizeof(suffix), "-%u", number);
        run_piece(&interrupt[number], suffix);
    }
    seL4_Word limit = argc > 1 ? (seL4_Word)atoi(argv[1]) : 65536;
    for (const struct loop *loop = all_loops(); loop->name != NULL; loop++) {
        if (loop->kind == STACK_FAULTS && far_stack_is_broken()) {
            printf("SKIP %s: QEMU uses the stack with the kernel's rights, which SMAP refuses\n",
                   loop->name);
        } else {
            run_loop(loop, limit);
        }
    }
    return 0;
}
