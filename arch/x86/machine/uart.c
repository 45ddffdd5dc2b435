/* 16550 UARTs (National Semiconductor PC16550D data sheet). */
#include <x86/port.h>
#include <x86/uart.h>

enum {
    UART_DATA = 0,             /* with the divisor latch open: divisor, low byte */
    UART_INTERRUPT_ENABLE = 1, /* with the divisor latch open: divisor, high byte */
    UART_FIFO_CONTROL = 2,
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,
    UART_SCRATCH = 7
};

enum {
    LINE_CONTROL_8N1 = 0x03,
    LINE_CONTROL_DIVISOR = 0x80,
    FIFO_ENABLE_AND_CLEAR = 0x07,
    MODEM_DTR_RTS = 0x03,
    STATUS_ROOM = 0x20,
    DIVISOR_115200 = 1,
    STATUS_READS = 100000 /* a port read takes about 1 us, a character 87 us */
};

static bool is_there(uint16_t port)
{
    /*
     * A missing UART reads 0xff or 0; the scratch register of one that is there keeps what was
     * written.
     */
    static const uint8_t patterns[] = {0x5a, 0xa5};
    for (unsigned i = 0; i < sizeof(patterns); i++) {
        port_write8(port + UART_SCRATCH, patterns[i]);
        if (port_read8(port + UART_SCRATCH) != patterns[i]) {
            return false;
        }
    }
    return true;
}

bool uart_init(uint16_t port)
{
    if (!is_there(port)) {
        return false;
    }
    port_write8(port + UART_INTERRUPT_ENABLE, 0);
    port_write8(port + UART_LINE_CONTROL, LINE_CONTROL_DIVISOR);
    port_write8(port + UART_DATA, DIVISOR_115200);
    port_write8(port + UART_INTERRUPT_ENABLE, 0);
    port_write8(port + UART_LINE_CONTROL, LINE_CONTROL_8N1);
    port_write8(port + UART_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    port_write8(port + UART_MODEM_CONTROL, MODEM_DTR_RTS);
    return true;
}

void uart_write(uint16_t port, char c)
{
    /* Bounded by STATUS_READS. */
    for (unsigned reads = 0;
         reads < STATUS_READS && !(port_read8(port + UART_LINE_STATUS) & STATUS_ROOM); reads++) {}
    port_write8(port + UART_DATA, (uint8_t)c);
}
