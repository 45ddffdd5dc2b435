/* What goes away with a capability of x86's. */
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/io_port.h>
#include <x86/vspace.h>
#include <kernel/thread.h>

void arch_finalise(struct capability c, bool final)
{
    switch (target_capability_type(c)) {
    case CAP_FRAME: /* every capability has its own mapping, final or not */
        if (mapping_capability_is_mapped(c)) {
            vspace_unmap(c);
        }
        break;
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        if (final && mapping_capability_is_mapped(c)) {
            vspace_unmap(c);
        }
        break;
    case CAP_PML4:
        if (final && mapping_capability_is_mapped(c)) {
            asid_release(mapping_capability_asid(c), paging_capability_entries(c));
        }
        forget_thread_roots(); /* it may have been a thread's, final or not */
        break;
    case CAP_ASID_POOL:
        if (final) {
            asid_pool_release(capability_asid_pool(c), asid_pool_capability_first(c));
        }
        break;
    case CAP_IO_PORT:
        if (final) {
            io_ports_release(io_port_capability_first(c), io_port_capability_last(c));
        }
        break;
    case CAP_ASID_CONTROL:
    case CAP_IO_PORT_CONTROL:
        break; /* nothing to let go of */
    }
}
