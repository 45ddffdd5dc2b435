/*
 * What CMK adds to the seL4 API: IPIs between nodes and control of the own node.
 * The capabilities are named by cmk_cluster() (<cmk/cluster.h>). An IPI signal capability is used
 * with seL4_Signal.
 */
#ifndef CMK_CMK_H
#define CMK_CMK_H

#include <api/debug.h>
#include <sel4/sel4.h>
#include <cmk/language.h>

CMK_BEGIN_C

typedef seL4_CPtr cmk_IPIControl;
typedef seL4_CPtr cmk_IPISignal;
typedef seL4_CPtr cmk_NodeControl;
typedef seL4_CPtr cmk_ClusterControl;
typedef seL4_CPtr cmk_OtherNode;

/* The most bytes that one Write takes. Without an IPC buffer: 24. */
#define CMK_WRITE_MAX ABI_CMK_WRITE_BYTES

/*
 * Makes the capability to signal IPI `irq` (1 to ABI_CMK_IPI_IRQS) of node `node`, in the empty
 * slot `index` at `depth` below `root`. Node and irq are checked here, once, and cannot be changed
 * later. irq 15 means "some node's status page changed".
 */
static inline seL4_Error cmk_IPIControl_SendIPI(cmk_IPIControl _service, seL4_Word node,
                                                seL4_Word irq, seL4_CNode root, seL4_Word index,
                                                seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {node, irq, index, depth}};
    seL4_SetCap(0, root);
    return sel4_x64_invoke(&trap, _service, CMKIPIControlSendIPI, 1, 4);
}

/*
 * Makes the IRQ handler capability for IPIs that arrive here as `irq`; then it is used like any
 * other IRQ handler.
 */
static inline seL4_Error cmk_IPIControl_GetHandler(cmk_IPIControl _service, seL4_Word irq,
                                                   seL4_CNode root, seL4_Word index,
                                                   seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {irq, index, depth}};
    seL4_SetCap(0, root);
    return sel4_x64_invoke(&trap, _service, CMKIPIControlGetHandler, 1, 3);
}

/*
 * Makes the IRQ handler capability for the timer of CPU `cpu` of this node (0 to
 * cmk_cluster()->nodes[...].num_cpus - 1): used like any other, and armed by cmk_Timer_Arm. Errors:
 * seL4_RangeError, no such CPU; seL4_RevokeFirst, it has a handler; those of the slot.
 */
static inline seL4_Error cmk_IPIControl_GetTimer(cmk_IPIControl _service, seL4_Word cpu,
                                                 seL4_CNode root, seL4_Word index, seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {cpu, index, depth}};
    seL4_SetCap(0, root);
    return sel4_x64_invoke(&trap, _service, CMKIPIControlGetTimer, 1, 3);
}

/* As a moment: the timer waits for nothing. */
#define CMK_TIMER_NEVER (~0ul)

/*
 * The timer's handler gets one interrupt, when the time stamp counter of the timer's CPU has
 * reached `moment`; at once if it has already. An earlier call whose moment has not come is
 * forgotten. No acknowledgement is needed. seL4_IllegalOperation: not a timer's handler.
 */
static inline seL4_Error cmk_Timer_Arm(seL4_IRQHandler _service, seL4_Word moment)
{
    struct sel4_x64_trap trap = {.mr = {moment}};
    return sel4_x64_invoke(&trap, _service, CMKTimerArm, 0, 1);
}

/*
 * Ends this node's program with `status`; 0 means success. Does not return unless the capability is
 * wrong.
 */
static inline seL4_Error cmk_NodeControl_Exit(cmk_NodeControl _service, seL4_Word status)
{
    struct sel4_x64_trap trap = {.mr = {status}};
    return sel4_x64_invoke(&trap, _service, CMKNodeControlExit, 0, 1);
}

/*
 * One Write: up to CMK_WRITE_MAX bytes to this node's console, as one piece. `*bytes` becomes the
 * number of bytes that were taken. Overwrites message registers from 4 up. The bytes travel eight
 * to a word, the first in the lowest byte.
 */
static inline seL4_Error cmk_NodeControl_WritePiece(cmk_NodeControl _service, const char *text,
                                                    seL4_Word *bytes)
{
    struct sel4_x64_trap trap = {0};
    seL4_Word count = *bytes < CMK_WRITE_MAX ? *bytes : CMK_WRITE_MAX;
    seL4_Word words = (count + sizeof(seL4_Word) - 1) / sizeof(seL4_Word);

    trap.mr[0] = count;
    for (seL4_Word i = 0; i < words; i++) {
        seL4_Word word = 0;
        for (seL4_Word j = 0; j < sizeof(seL4_Word) && i * sizeof(seL4_Word) + j < count; j++) {
            word |= (seL4_Word)(unsigned char)text[i * sizeof(seL4_Word) + j] << (8 * j);
        }
        if (i + 1 < ABI_MESSAGE_REGISTERS) {
            trap.mr[i + 1] = word;
        } else {
            seL4_SetMR((int)i + 1, word);
        }
    }
    seL4_Error error = sel4_x64_invoke(&trap, _service, CMKNodeControlWrite, 0, words + 1);
    *bytes = error != seL4_NoError ? 0 : trap.mr[0] < count ? trap.mr[0] : count;
    return error;
}

/*
 * Writes any number of bytes in pieces of up to CMK_WRITE_MAX; a piece ends with a line where it
 * can, so that what other threads write meanwhile comes between lines, if these are not longer.
 */
static inline seL4_Error cmk_NodeControl_Write(cmk_NodeControl _service, const char *text,
                                               seL4_Word bytes)
{
    seL4_Error error = seL4_NoError;
    do {
        seL4_Word piece = bytes < CMK_WRITE_MAX ? bytes : CMK_WRITE_MAX;
        for (seL4_Word end = piece; piece < bytes && end > 0; end--) {
            if (text[end - 1] == '\n') {
                piece = end;
                break;
            }
        }
        error = cmk_NodeControl_WritePiece(_service, text, &piece);
        text += piece;
        bytes -= piece;
        if (piece == 0) {
            break;
        }
    } while (error == seL4_NoError && bytes > 0);
    return error;
}

/*
 * What CPU `cpu` of this node, counted from 0, has counted: `*value` becomes the CMK_COUNT_* `what`
 * (api/cluster.h). It is not changed if there is no such count or CPU.
 */
static inline seL4_Error cmk_NodeControl_Count(cmk_NodeControl _service, seL4_Word what,
                                               seL4_Word cpu, seL4_Word *value)
{
    struct sel4_x64_trap trap = {.mr = {what, cpu}};
    seL4_Error error = sel4_x64_invoke(&trap, _service, CMKNodeControlCount, 0, 2);
    if (error == seL4_NoError) {
        *value = trap.mr[0];
    }
    return error;
}

/*
 * What PCI function `function` (bus << 8 | device << 3 | function) stores where so that an
 * interrupt arrives: use <cmk/msi.h>. *address and *data are not changed if the answer is an error:
 * InvalidArgument 0 if interrupts are remapped and the function is not this node's, 1 if there is
 * no such vector, 2 if messages cannot reach the CPU.
 */
static inline seL4_Error cmk_NodeControl_Message(cmk_NodeControl _service, seL4_Word function,
                                                 seL4_Word vector, seL4_Word cpu,
                                                 seL4_Word *address, seL4_Word *data)
{
    struct sel4_x64_trap trap = {.mr = {function, vector, cpu}};
    seL4_Error error = sel4_x64_invoke(&trap, _service, CMKNodeControlMessage, 0, 3);
    if (error == seL4_NoError) {
        *address = trap.mr[0];
        *data = trap.mr[1];
    }
    return error;
}

/*
 * Debug kernels, for tests: makes the node's kernel fail in the way CMK_TRIGGER_* names
 * (api/debug.h). Invoked with CMK_TRIGGER_LONGEST_STRETCH it answers with a word instead, which
 * this function does not give.
 */
static inline seL4_Error cmk_NodeControl_Trigger(cmk_NodeControl _service, seL4_Word what,
                                                 seL4_Word argument)
{
    struct sel4_x64_trap trap = {.mr = {what, argument}};
    return sel4_x64_invoke(&trap, _service, CMKNodeControlTrigger, 0, 2);
}

/*
 * Cluster control: node 0 has it with manager=on (cmk_cluster()->cluster_control), and it cannot be
 * copied. Makes the control of another node in an empty slot, which can be copied and minted, and
 * revoked with cluster control. Errors: seL4_RangeError, there is no such other node; those of the
 * slot.
 */
static inline seL4_Error cmk_ClusterControl_GetNode(cmk_ClusterControl _service, seL4_Word node,
                                                    seL4_CNode root, seL4_Word index,
                                                    seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {node, index, depth}};
    seL4_SetCap(0, root);
    return sel4_x64_invoke(&trap, _service, CMKClusterControlGetNode, 1, 3);
}

/*
 * Starts the node, if it is off: its image and data as they were at boot, everything else new. Does
 * not wait: its status page says how far it has come. If its first CPU does not come in, the same
 * call wakes it once more. Errors: seL4_DeleteFirst, it is on; seL4_InvalidArgument, it was started
 * once and has devices.
 */
static inline seL4_Error cmk_OtherNode_Start(cmk_OtherNode _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, CMKOtherNodeStart, 0, 0);
}

/* Afterwards none of the node's CPUs runs, whatever they did. No effect on a node that is off. */
static inline seL4_Error cmk_OtherNode_Stop(cmk_OtherNode _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, CMKOtherNodeStop, 0, 0);
}

/* Whether it is on, CMK_LIFE_OFF or CMK_LIFE_STARTED, and how often it has been started. */
static inline seL4_Error cmk_OtherNode_Life(cmk_OtherNode _service, seL4_Word *state,
                                            seL4_Word *generation)
{
    struct sel4_x64_trap trap = {0};
    seL4_Error error = sel4_x64_invoke(&trap, _service, CMKOtherNodeLife, 0, 0);
    if (error == seL4_NoError) {
        *state = trap.mr[0];
        *generation = trap.mr[1];
    }
    return error;
}

CMK_END_C

#endif
