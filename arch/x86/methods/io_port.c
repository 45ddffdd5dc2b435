/* I/O ports: Issue, In and Out (contract 4.10). */
#include <arch/x86/io_port.h>
#include <arch/x86/port.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>

enum {
    UART_PORTS = 8,
    PCI_CONFIGURATION_FIRST = 0xcf8, /* PCI Local Bus specification 3.0, 3.2.2.3.2 */
    PCI_CONFIGURATION_LAST = 0xcff,
    LAST_PORT = IO_PORT_COUNT - 1
};

/* One bit per port: issued, or not for this node. */
static word_t taken[IO_PORT_COUNT / WORD_BITS];

/* The bits of [first, last] that lie in word `i` of the map. */
static word_t range_bits(word_t i, word_t first, word_t last)
{
    word_t low = i * WORD_BITS, high = low + WORD_BITS - 1;
    if (last < low || first > high) {
        return 0;
    }
    word_t from = first > low ? first - low : 0;
    word_t to = last < high ? last - low : WORD_BITS - 1;
    return (~(word_t)0 << from) & (~(word_t)0 >> (WORD_BITS - 1 - to));
}

/* Words between the first and the last are covered whole: all 65536 ports at once must not take long. */

static void set_word(word_t i, word_t bits, bool is_taken)
{
    taken[i] = is_taken ? taken[i] | bits : taken[i] & ~bits;
}

static void set_range(word_t first, word_t last, bool is_taken)
{
    word_t i = first / WORD_BITS, end = last / WORD_BITS;
    set_word(end, range_bits(end, first, last), is_taken);
    set_word(i, range_bits(i, first, last), is_taken);
    for (i++; i < end; i++) {
        taken[i] = is_taken ? ~(word_t)0 : 0;
    }
}

static bool is_range_free(word_t first, word_t last)
{
    word_t i = first / WORD_BITS, end = last / WORD_BITS;
    if ((taken[i] & range_bits(i, first, last)) || (taken[end] & range_bits(end, first, last))) {
        return false;
    }
    for (i++; i < end; i++) {
        if (taken[i] != 0) {
            return false;
        }
    }
    return true;
}

static void set_listed_ports(const struct node_plan *plan, bool is_taken)
{
    for (uint32_t i = 0; i < plan->port_count; i++) {
        set_range(plan->port[i].first, plan->port[i].last, is_taken);
    }
}

/*
 * The UART of another node's console is refused, even to a node that was given the ports. But the node with all devices
 * may drive its own console's UART, also if others share it: programs made for seL4 expect that, and CAVEATS.md says what
 * it costs the others.
 */
static bool is_console_of_others(const struct node_plan *own, const struct node_plan *other)
{
    bool own_console = own->all_devices && other->console_port == own->console_port;
    return other->console_port != CONSOLE_NONE && !own_console;
}

void io_port_init(const struct cluster *cluster, uint32_t node)
{
    const struct node_plan *own = &cluster->node[node];
    set_range(0, LAST_PORT, !own->all_devices);
    if (!own->all_devices) {
        set_listed_ports(own, false);
        set_range(PCI_CONFIGURATION_FIRST, PCI_CONFIGURATION_LAST, true);
    }
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct node_plan *other = &cluster->node[i];
        if (i == node) {
            continue;
        }
        if (own->all_devices) {
            set_listed_ports(other, true);
        }
        if (is_console_of_others(own, other)) {
            set_range(other->console_port, other->console_port + UART_PORTS - 1u, true);
        }
    }
}

void io_port_release(word_t first, word_t last)
{
    set_range(first, last, false);
}

static enum outcome issue(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t first = message_word(call, 0) & LAST_PORT;
    word_t last = message_word(call, 1) & LAST_PORT;
    word_t index = message_word(call, 2);
    word_t depth = message_word(call, 3);
    if (last < first) {
        return refuse_argument(answer, 1);
    }
    if (!is_range_free(first, last)) {
        return refuse(answer, ERROR_REVOKE_FIRST);
    }
    struct slot *slot;
    if (!lookup_empty_slot(extra_capability(call, 0), index, depth, &slot, answer)) {
        return REFUSED;
    }

    set_range(first, last, true);
    insert_new(io_port_capability(first, last), call->slot, slot);
    return DONE;
}

enum outcome io_port_control_invoke(struct invocation *call, struct answer *answer)
{
    return call->label == LABEL_X86IOPortControlIssue ? issue(call, answer) : refuse(answer, ERROR_ILLEGAL_OPERATION);
}

static word_t read_port(enum invocation_label label, uint16_t port)
{
    return label == LABEL_X86IOPortIn8 ? port_read8(port) : label == LABEL_X86IOPortIn16 ? port_read16(port)
                                                                                        : port_read32(port);
}

static void write_port(enum invocation_label label, uint16_t port, word_t value)
{
    if (label == LABEL_X86IOPortOut8) {
        port_write8(port, (uint8_t)value);
    } else if (label == LABEL_X86IOPortOut16) {
        port_write16(port, (uint16_t)value);
    } else {
        port_write32(port, (uint32_t)value);
    }
}

/* Bytes that a method moves; 0: not a method of I/O ports. */
static word_t access_bytes(word_t label)
{
    switch (label) {
    case LABEL_X86IOPortIn8: case LABEL_X86IOPortOut8: return 1;
    case LABEL_X86IOPortIn16: case LABEL_X86IOPortOut16: return 2;
    case LABEL_X86IOPortIn32: case LABEL_X86IOPortOut32: return 4;
    default: return 0;
    }
}

enum outcome io_port_invoke(struct invocation *call, struct answer *answer)
{
    word_t bytes = access_bytes(call->label);
    if (bytes == 0) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t port = message_word(call, 0) & LAST_PORT;
    if (port < io_port_capability_first(call->capability) ||
        port + bytes - 1 > io_port_capability_last(call->capability)) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    enum invocation_label label = (enum invocation_label)call->label;
    if (label <= LABEL_X86IOPortIn32) {
        return answer_word(answer, read_port(label, (uint16_t)port));
    }
    write_port(label, (uint16_t)port, message_word(call, 1));
    return DONE;
}
