/*
 * ACPI's fixed hardware (ACPI specification 6.4, 4.8.3.2): a sleep type and "sleep" written to the
 * control registers. Boot found both in firmware's tables. Several kernels may do this at the same
 * time: all write the same.
 */
#include <target/instructions.h>
#include <x86/port.h>
#include <x86/power_off.h>
#include <cluster/record.h>

enum {
    CONTROL_ACPI_ON = 1 << 0, /* SCI_EN */
    CONTROL_TYPE_SHIFT = 10,
    CONTROL_TYPE = 7 << CONTROL_TYPE_SHIFT,
    CONTROL_SLEEP = 1 << 13,
    LAST_CHARACTERS_MILLISECONDS = 10, /* 16 in a UART, at 115200 baud */
    MOST_MILLISECONDS = 1000
};

/* When the TSC will have gone on so far: what bounds every wait here, a second at most. */
static uint64_t tsc_in(uint64_t milliseconds)
{
    return read_tsc() + milliseconds * 1000 * global_state.tsc_mhz;
}

static void wait_until(uint64_t tsc)
{
    while (read_tsc() < tsc) {
        spin_pause();
    }
}

/* Firmware keeps its own rules for the registers until it is told that ACPI is used. Bounded. */
static void enable_acpi(const struct power_off *off)
{
    if (off->enable_port == 0 || off->enable_value == 0 ||
        (port_read16(off->control_port[0]) & CONTROL_ACPI_ON)) {
        return;
    }
    port_write8(off->enable_port, off->enable_value);
    uint64_t end = tsc_in(MOST_MILLISECONDS);
    while (!(port_read16(off->control_port[0]) & CONTROL_ACPI_ON) && read_tsc() < end) {
        spin_pause();
    }
}

static void write_control(uint16_t port, uint8_t type)
{
    if (port != 0) {
        unsigned control = port_read16(port) & ~(unsigned)(CONTROL_TYPE | CONTROL_SLEEP);
        control |= (unsigned)type << CONTROL_TYPE_SHIFT;
        port_write16(port, (uint16_t)control);
        port_write16(port, (uint16_t)(control | CONTROL_SLEEP));
    }
}

bool power_off_is_wanted(void)
{
    return global_state.cluster.power_off;
}

void power_off(void)
{
    const struct power_off *off = &global_state.power_off;
    if (off->control_port[0] == 0) {
        return;
    }
    wait_until(tsc_in(LAST_CHARACTERS_MILLISECONDS));
    enable_acpi(off);
    for (unsigned i = 0; i < 2; i++) {
        write_control(off->control_port[i], off->sleep_type[i]);
    }
    wait_until(tsc_in(MOST_MILLISECONDS));
}
