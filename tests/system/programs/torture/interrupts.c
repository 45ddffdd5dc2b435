/*
 * Part "interrupts": the timer chip's channel 0, through the IOAPIC, fires once for each time it is
 * set; IPIs from this node to itself, on irqs of all its CPUs. Each must arrive, and none may
 * arrive again, while the other parts fight for the lock.
 */
#include "torture.h"

enum {
    TIMER_PIN = 2,
    TIMER_VECTOR = 5,
    CHANNEL_0 = 0x40,
    COMMAND = 0x43,
    ONE_SHOT = 0x30,
    MAX_IPIS = 8,
    WARM_UP = 3
};

static seL4_CPtr ports, timer, timer_fired;

static struct ipi {
    seL4_CPtr signal, handler, notification;
} ipis[MAX_IPIS];
static unsigned ipi_count;

static void expect(seL4_Error error, const char *what)
{
    if (error != seL4_NoError) {
        violation(&part_interrupts, "%s: error %lu", what, error);
    }
}

/* Nothing must be there that nobody asked for. */
static void expect_nothing(seL4_CPtr notification, const char *what)
{
    seL4_Word badge = 0;
    seL4_Poll(notification, &badge);
    if (badge != 0) {
        violation(&part_interrupts, "%s came twice", what);
    }
}

/* One interrupt, `count` times 838 ns from now. */
static void set_timer(seL4_Word count)
{
    expect(seL4_X86_IOPort_Out8(ports, COMMAND, ONE_SHOT), "Out8");
    expect(seL4_X86_IOPort_Out8(ports, CHANNEL_0, count & 0xff), "Out8");
    expect(seL4_X86_IOPort_Out8(ports, CHANNEL_0, count >> 8), "Out8");
}

static void fire_timer(struct worker *worker)
{
    seL4_Word badge = 0;
    if (atomic_load(&worker->rounds) < WARM_UP) {
        /* a loaded emulator may deliver what the firmware left very late */
        seL4_Poll(timer_fired, &badge);
    } else {
        expect_nothing(timer_fired, "a timer interrupt");
    }
    set_timer(200 + random_below(&worker->random, 3000));
    seL4_Wait(timer_fired, &badge);
    if (badge != 0x42) {
        violation(worker->part, "the timer's badge is %lx", badge);
    }
    expect(seL4_IRQHandler_Ack(timer), "Ack");
}

static void send_ipi(struct worker *worker)
{
    struct ipi *ipi = &ipis[worker->index - 1];
    seL4_Word badge = 0;
    expect_nothing(ipi->notification, "an IPI");
    seL4_Signal(ipi->signal);
    seL4_Wait(ipi->notification, &badge);
    if (badge != worker->index) {
        violation(worker->part, "an IPI's badge is %lx", badge);
    }
    expect(seL4_IRQHandler_Ack(ipi->handler), "Ack");
}

static bool set_up_timer(void)
{
    seL4_CPtr badged = cmk_alloc_slot();
    ports = cmk_alloc_slot();
    timer = cmk_alloc_slot();
    timer_fired = cmk_alloc_object(seL4_NotificationObject, 0);
    if (seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, CHANNEL_0, COMMAND,
                                     seL4_CapInitThreadCNode, ports,
                                     seL4_WordBits) != seL4_NoError) {
        return false;
    }
    /* The firmware left it ticking; what comes of that must be over before anybody listens. */
    set_timer(1);
    for (uint64_t start = cycles(); cycles_since(start) < 100 * cycles_per_millisecond();) {
        seL4_Yield();
    }
    return seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, timer,
                                     seL4_WordBits, 0, TIMER_PIN, 0, 0,
                                     TIMER_VECTOR) == seL4_NoError &&
           slot_mint(badged, timer_fired, 0x42) == seL4_NoError &&
           seL4_IRQHandler_SetNotification(timer, badged) == seL4_NoError;
}

static bool set_up_ipi(unsigned irq)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    struct ipi *ipi = &ipis[irq - 1];
    seL4_CPtr badged = cmk_alloc_slot();
    ipi->signal = cmk_alloc_slot();
    ipi->handler = cmk_alloc_slot();
    ipi->notification = cmk_alloc_object(seL4_NotificationObject, 0);
    return cmk_IPIControl_SendIPI(cluster->ipi_control, cluster->node_id, irq,
                                  seL4_CapInitThreadCNode, ipi->signal,
                                  seL4_WordBits) == seL4_NoError &&
           cmk_IPIControl_GetHandler(cluster->ipi_control, irq, seL4_CapInitThreadCNode,
                                     ipi->handler, seL4_WordBits) == seL4_NoError &&
           slot_mint(badged, ipi->notification, irq) == seL4_NoError &&
           seL4_IRQHandler_SetNotification(ipi->handler, badged) == seL4_NoError;
}

static bool set_up(const struct part *part)
{
    ipi_count = 2 * cpu_count < MAX_IPIS ? 2 * cpu_count : MAX_IPIS;
    if (cmk_cluster() == NULL || !set_up_timer() ||
        !add_worker(part, cpu_count - 1, fire_timer, RUNS)) {
        return false;
    }
    for (unsigned irq = 1; irq <= ipi_count; irq++) {
        if (!set_up_ipi(irq) || !add_worker(part, irq / 2, send_ipi, RUNS)) {
            return false;
        }
    }
    return true;
}

const struct part part_interrupts = {
    .name = "interrupts", .what = "lost and doubled interrupts", .set_up = set_up};
