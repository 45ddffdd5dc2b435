/* Starting CPUs: INIT, then SIPI (Intel SDM volume 3, 9.4.4). */
#include <x86/apic.h>
#include <x86/start_cpu.h>
#include <target/instructions.h>
#include <cluster/record.h>

void delay(uint32_t microseconds)
{
    uint64_t end = read_tsc() + (uint64_t)microseconds * global_state.tsc_mhz;
    while (read_tsc() < end) {
        spin_pause();
    }
}

static void send_startup(uint32_t apic_id)
{
    apic_send_startup(apic_id, (uint8_t)(global_state.cluster.trampoline >> ABI_PAGE_BITS));
}

void start_cpu(uint32_t apic_id)
{
    /*
     * What this CPU wrote for the other one must be visible before it runs. Stores and locked
     * operations are ordered on x86, but an x2APIC ICR write is not a memory operation and may
     * overtake them: hence the fence (SDM volume 3, 11.12.3).
     */
    full_fence();
    apic_send_init(apic_id);
    delay(10);
    send_startup(apic_id);
}

void start_cpu_again(uint32_t apic_id)
{
    full_fence();
    send_startup(apic_id);
}
