/* Which I/O ports are issued, and which a node may not use at all. */
#include <x86/io_port.h>

enum {
    UART_PORTS = 8,
    PCI_CONFIGURATION_FIRST = 0xcf8, /* PCI Local Bus specification 3.0, 3.2.2.3.2 */
    PCI_CONFIGURATION_LAST = 0xcff
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

/*
 * Words between the first and the last are covered whole: all 65536 ports at once must not take
 * long.
 */

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

bool io_ports_are_free(word_t first, word_t last)
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
 * The UART of another node's console is refused, even to a node that was given the ports: its
 * programs could forge the other's lines, or silence it. The node with all devices may drive its
 * own console's UART where the configuration says so, though others share it.
 */
static bool is_console_of_others(const struct node_plan *own, const struct node_plan *other)
{
    bool own_console =
        own->all_devices && own->console_ports && other->console_port == own->console_port;
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

void io_ports_take(word_t first, word_t last)
{
    set_range(first, last, true);
}

void io_ports_release(word_t first, word_t last)
{
    set_range(first, last, false);
}
