/* <drivers/uart16550.h> */
#include <cmk/resources.h>
#include <drivers/uart16550.h>

enum {
    DATA = 0, /* and the divisor's low byte while the latch is open */
    INTERRUPT_ENABLE = 1,
    INTERRUPT_IDENTIFICATION = 2,
    FIFO_CONTROL = 2,
    LINE_CONTROL = 3,
    MODEM_CONTROL = 4,
    LINE_STATUS = 5,
    SCRATCH = 7,

    ENABLE_RECEIVED = 1,
    ENABLE_ROOM = 2,
    NO_INTERRUPT = 1,
    FIFO_ON_AND_CLEAR = 0x07,
    EIGHT_BITS = 0x03,
    DIVISOR_LATCH = 0x80,
    DIVISOR_115200 = 1,
    MODEM_READY = 0x03,
    MODEM_INTERRUPT_GATE = 0x08, /* OUT2: on a PC the interrupt passes only if it is set */
    STATUS_RECEIVED = 0x01,
    STATUS_ROOM = 0x20,
};

static uint8_t read_register(struct uart16550 *uart, unsigned offset)
{
    return seL4_X86_IOPort_In8(uart->ports, (seL4_Uint16)(uart->base + offset)).result;
}

static void write_register(struct uart16550 *uart, unsigned offset, uint8_t value)
{
    (void)seL4_X86_IOPort_Out8(uart->ports, uart->base + offset, value);
}

/* A port that is not there reads as 0xff everywhere. */
static bool is_there(struct uart16550 *uart)
{
    write_register(uart, SCRATCH, 0x5a);
    bool first = read_register(uart, SCRATCH) == 0x5a;
    write_register(uart, SCRATCH, 0xa5);
    return first && read_register(uart, SCRATCH) == 0xa5;
}

const char *uart_open(struct uart16550 *uart, uint16_t base, bool interrupts)
{
    *uart = (struct uart16550){cmk_alloc_slot(), base, 0};
    if (uart->ports == 0 ||
        seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, base, base + UART_PORTS - 1,
                                     seL4_CapInitThreadCNode, uart->ports,
                                     seL4_WordBits) != seL4_NoError) {
        return "this node was not given its ports, or another node's console is there";
    }
    if (!is_there(uart)) {
        return "nothing is there";
    }
    write_register(uart, INTERRUPT_ENABLE, 0);
    write_register(uart, LINE_CONTROL, DIVISOR_LATCH);
    write_register(uart, DATA, DIVISOR_115200);
    write_register(uart, INTERRUPT_ENABLE, 0); /* the divisor's high byte */
    write_register(uart, LINE_CONTROL, EIGHT_BITS);
    write_register(uart, FIFO_CONTROL, FIFO_ON_AND_CLEAR);
    write_register(uart, MODEM_CONTROL, MODEM_READY | (interrupts ? MODEM_INTERRUPT_GATE : 0));
    uart->interrupts = interrupts ? ENABLE_RECEIVED : 0;
    write_register(uart, INTERRUPT_ENABLE, uart->interrupts);
    return NULL;
}

int uart_read(struct uart16550 *uart)
{
    return read_register(uart, LINE_STATUS) & STATUS_RECEIVED ? read_register(uart, DATA) : -1;
}

bool uart_has_room(struct uart16550 *uart)
{
    return read_register(uart, LINE_STATUS) & STATUS_ROOM;
}

void uart_write(struct uart16550 *uart, uint8_t byte)
{
    write_register(uart, DATA, byte);
}

void uart_announce_room(struct uart16550 *uart, bool on)
{
    uint8_t wanted = on ? uart->interrupts | ENABLE_ROOM : uart->interrupts & (uint8_t)~ENABLE_ROOM;
    if (wanted != uart->interrupts) {
        uart->interrupts = wanted;
        write_register(uart, INTERRUPT_ENABLE, wanted);
    }
}

bool uart_is_interrupting(struct uart16550 *uart)
{
    return !(read_register(uart, INTERRUPT_IDENTIFICATION) & NO_INTERRUPT);
}
