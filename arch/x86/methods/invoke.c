/* Which method of x86's capabilities a system call invokes. */
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/io_port.h>
#include <x86/vspace.h>
#include <kernel/assert.h>

enum outcome arch_invoke(struct invocation *call, struct answer *answer)
{
    switch (target_capability_type(call->capability)) {
    case CAP_FRAME:
        return frame_invoke(call, answer);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        return structure_invoke(call, answer);
    case CAP_PML4:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    case CAP_ASID_CONTROL:
        return asid_control_invoke(call, answer);
    case CAP_ASID_POOL:
        return asid_pool_invoke(call, answer);
    case CAP_IO_PORT_CONTROL:
        return io_port_control_invoke(call, answer);
    case CAP_IO_PORT:
        return io_port_invoke(call, answer);
    }
    unreachable();
}
