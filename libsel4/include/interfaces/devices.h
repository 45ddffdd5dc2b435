/* Methods of interrupts and I/O ports (contract 4.7 and 4.10). */
#ifndef INTERFACES_DEVICES_H
#define INTERFACES_DEVICES_H

#include <sel4/invocation.h>
#include <sel4/sel4_arch/trap.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* The answers of the In methods: the value read, zero-extended. */
typedef struct seL4_X86_IOPort_In8 {
    int error;
    seL4_Uint8 result;
} seL4_X86_IOPort_In8_t;

typedef struct seL4_X86_IOPort_In16 {
    int error;
    seL4_Uint16 result;
} seL4_X86_IOPort_In16_t;

typedef struct seL4_X86_IOPort_In32 {
    int error;
    seL4_Uint32 result;
} seL4_X86_IOPort_In32_t;

/* With IOAPICs this always answers IllegalOperation: use GetIOAPIC or GetMSI. */
static inline seL4_Error seL4_IRQControl_Get(seL4_IRQControl _service, int irq, seL4_CNode root,
                                             seL4_Word index, seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {(seL4_Word)irq, index, depth}};
    seL4_SetCap(0, root);
    return sel4_x64_invoke(&trap, _service, IRQIssueIRQHandler, 1, 3);
}

/*
 * `level`: 0 edge, 1 level triggered. `polarity`: 0 active high, 1 active low. `vector`: 0 to 107.
 */
static inline seL4_Error seL4_IRQControl_GetIOAPIC(seL4_IRQControl _service, seL4_CNode root,
                                                   seL4_Word index, seL4_Uint8 depth,
                                                   seL4_Word ioapic, seL4_Word pin, seL4_Word level,
                                                   seL4_Word polarity, seL4_Word vector)
{
    struct sel4_x64_trap trap = {.mr = {index, depth, ioapic, pin}};
    seL4_SetCap(0, root);
    seL4_SetMR(4, level);
    seL4_SetMR(5, polarity);
    seL4_SetMR(6, vector);
    return sel4_x64_invoke(&trap, _service, X86IRQIssueIRQHandlerIOAPIC, 1, 7);
}

static inline seL4_Error seL4_IRQControl_GetMSI(seL4_IRQControl _service, seL4_CNode root,
                                                seL4_Word index, seL4_Uint8 depth,
                                                seL4_Word pci_bus, seL4_Word pci_dev,
                                                seL4_Word pci_func, seL4_Word handle,
                                                seL4_Word vector)
{
    struct sel4_x64_trap trap = {.mr = {index, depth, pci_bus, pci_dev}};
    seL4_SetCap(0, root);
    seL4_SetMR(4, pci_func);
    seL4_SetMR(5, handle);
    seL4_SetMR(6, vector);
    return sel4_x64_invoke(&trap, _service, X86IRQIssueIRQHandlerMSI, 1, 7);
}

static inline seL4_Error seL4_IRQHandler_Ack(seL4_IRQHandler _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, IRQAckIRQ, 0, 0);
}

static inline seL4_Error seL4_IRQHandler_SetNotification(seL4_IRQHandler _service,
                                                         seL4_CPtr notification)
{
    struct sel4_x64_trap trap = {0};
    seL4_SetCap(0, notification);
    return sel4_x64_invoke(&trap, _service, IRQSetIRQHandler, 1, 0);
}

static inline seL4_Error seL4_IRQHandler_Clear(seL4_IRQHandler _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, IRQClearIRQHandler, 0, 0);
}

static inline seL4_Error seL4_X86_IOPortControl_Issue(seL4_X86_IOPortControl _service,
                                                      seL4_Word first_port, seL4_Word last_port,
                                                      seL4_CNode root, seL4_Word index,
                                                      seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {first_port, last_port, index, depth}};
    seL4_SetCap(0, root);
    return sel4_x64_invoke(&trap, _service, X86IOPortControlIssue, 1, 4);
}

static inline seL4_X86_IOPort_In8_t seL4_X86_IOPort_In8(seL4_X86_IOPort _service, seL4_Uint16 port)
{
    struct sel4_x64_trap trap = {.mr = {port}};
    seL4_X86_IOPort_In8_t result = {.error =
                                        (int)sel4_x64_invoke(&trap, _service, X86IOPortIn8, 0, 1)};
    result.result = (seL4_Uint8)trap.mr[0];
    return result;
}

static inline seL4_X86_IOPort_In16_t seL4_X86_IOPort_In16(seL4_X86_IOPort _service,
                                                          seL4_Uint16 port)
{
    struct sel4_x64_trap trap = {.mr = {port}};
    seL4_X86_IOPort_In16_t result = {
        .error = (int)sel4_x64_invoke(&trap, _service, X86IOPortIn16, 0, 1)};
    result.result = (seL4_Uint16)trap.mr[0];
    return result;
}

static inline seL4_X86_IOPort_In32_t seL4_X86_IOPort_In32(seL4_X86_IOPort _service,
                                                          seL4_Uint16 port)
{
    struct sel4_x64_trap trap = {.mr = {port}};
    seL4_X86_IOPort_In32_t result = {
        .error = (int)sel4_x64_invoke(&trap, _service, X86IOPortIn32, 0, 1)};
    result.result = (seL4_Uint32)trap.mr[0];
    return result;
}

static inline seL4_Error seL4_X86_IOPort_Out8(seL4_X86_IOPort _service, seL4_Word port,
                                              seL4_Word data)
{
    struct sel4_x64_trap trap = {.mr = {port, data}};
    return sel4_x64_invoke(&trap, _service, X86IOPortOut8, 0, 2);
}

static inline seL4_Error seL4_X86_IOPort_Out16(seL4_X86_IOPort _service, seL4_Word port,
                                               seL4_Word data)
{
    struct sel4_x64_trap trap = {.mr = {port, data}};
    return sel4_x64_invoke(&trap, _service, X86IOPortOut16, 0, 2);
}

static inline seL4_Error seL4_X86_IOPort_Out32(seL4_X86_IOPort _service, seL4_Word port,
                                               seL4_Word data)
{
    struct sel4_x64_trap trap = {.mr = {port, data}};
    return sel4_x64_invoke(&trap, _service, X86IOPortOut32, 0, 2);
}

CMK_END_C

#endif
