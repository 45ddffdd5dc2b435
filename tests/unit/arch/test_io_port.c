/* I/O ports: which a node may have, Issue, In and Out. */
#include "world.h"
#include <x86/io_port.h>
#include <stdlib.h>

enum { CONTROL = 10, PORTS = 20 };

static struct cluster cluster;

static void ports_init(void)
{
    world_init();
    put(CONTROL, capability_make(CAP_IO_PORT_CONTROL, 0, 0));
    cluster.node_count = 3;
    cluster.node[0] = (struct node_plan){.all_devices = true, .console_port = 0x3f8};
    cluster.node[1] = (struct node_plan){
        .port_count = 2, .port = {{0xc000, 0xc03f}, {0xcf0, 0xd00}}, .console_port = 0x2f8};
    cluster.node[2] = (struct node_plan){.console_port = CONSOLE_NONE};
}

static enum error_code issue(word_t first, word_t last, unsigned to)
{
    return invoke(&cnode[CONTROL], LABEL_X86IOPortControlIssue, WORDS(first, last, to, 64),
                  CAPS(&cnode_slot));
}

/* True if `port` can be issued; leaves everything as it was. */
static bool is_free(word_t port)
{
    enum error_code error = issue(port, port, PORTS);
    if (error == ERROR_NONE) {
        remove_slot(&cnode[PORTS]);
    } else {
        ck_assert_int_eq(error, ERROR_REVOKE_FIRST);
    }
    return error == ERROR_NONE;
}

/* Every port where something begins or ends, and a sample of the others. */
static word_t port_after(word_t port)
{
    bool dense = (port >= 0x2f0 && port < 0x410) || (port >= 0xce8 && port < 0xd10) ||
                 (port >= 0xbff8 && port < 0xc048);
    return port + (dense ? 1 : 8);
}

static bool is_between(word_t port, word_t first, word_t last)
{
    return port >= first && port <= last;
}

START_TEST(all_devices)
{
    io_port_init(&cluster, 0);
    for (word_t port = 0; port < 0x10000; port = port_after(port)) {
        bool others = is_between(port, 0xc000, 0xc03f) || is_between(port, 0xcf0, 0xd00) ||
                      is_between(port, 0x2f8, 0x2ff);
        ck_assert_msg(is_free(port) == !others, "port %#lx", (unsigned long)port);
    }
}
END_TEST

START_TEST(listed_ports)
{
    cluster.node[0].console_port = 0xc008; /* inside what node 1 lists: a console is its node's */
    io_port_init(&cluster, 1);
    for (word_t port = 0; port < 0x10000; port = port_after(port)) {
        bool own = is_between(port, 0xc000, 0xc007) || is_between(port, 0xc010, 0xc03f) ||
                   is_between(port, 0xcf0, 0xcf7) || port == 0xd00;
        ck_assert_msg(is_free(port) == own, "port %#lx", (unsigned long)port);
    }
}
END_TEST

/*
 * Nodes share a UART: only the node with all devices may drive it, if it is its own console and the
 * configuration says so.
 */
START_TEST(shared_console)
{
    cluster.node[1].console_port = cluster.node[2].console_port = 0x3f8;
    cluster.node[1].port[1] = (struct port_range){0x3f8, 0x3ff};
    io_port_init(&cluster, 1);
    ck_assert(!is_free(0x3f8) && !is_free(0x3ff) && is_free(0xc000));

    cluster.node[1].port_count = 0;
    io_port_init(&cluster, 0);
    ck_assert(is_free(0x3f7) && !is_free(0x3f8) && !is_free(0x3ff) && is_free(0x400));
    cluster.node[0].console_ports = true;
    io_port_init(&cluster, 0);
    ck_assert(is_free(0x3f8) && is_free(0x3ff));

    cluster.node[0].console_port = 0x2f8;
    io_port_init(&cluster, 0);
    ck_assert(is_free(0x3f7) && !is_free(0x3f8) && !is_free(0x3ff) && is_free(0x400));
}
END_TEST

START_TEST(no_devices)
{
    io_port_init(&cluster, 2);
    for (word_t port = 0; port < 0x10000; port = port_after(port)) {
        ck_assert_msg(!is_free(port), "port %#lx", (unsigned long)port);
    }
}
END_TEST

START_TEST(alone)
{
    cluster.node_count = 1;
    io_port_init(&cluster, 0);
    ck_assert_int_eq(issue(0, 0xffff, PORTS), ERROR_NONE);
    ck_assert_int_eq(issue(5, 5, PORTS + 1), ERROR_REVOKE_FIRST);
    remove_slot(&cnode[PORTS]);
    ck_assert_int_eq(issue(5, 5, PORTS + 1), ERROR_NONE);
}
END_TEST

START_TEST(issue_checks)
{
    io_port_init(&cluster, 0);
    const word_t label = LABEL_X86IOPortControlIssue;
    ck_assert_int_eq(invoke(&cnode[CONTROL], label, WORDS(1, 2, 3), CAPS(&cnode_slot)),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(&cnode[CONTROL], label, WORDS(1, 2, 3, 64), NOTHING),
                     ERROR_TRUNCATED_MESSAGE);
    ck_assert_int_eq(invoke(&cnode[CONTROL], LABEL_X86IOPortIn8, WORDS(1), NOTHING),
                     ERROR_ILLEGAL_OPERATION);
    ck_assert_int_eq(issue(0x61, 0x60, PORTS), ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(answer.words[0], 1);
    ck_assert_int_eq(issue(0x60, 0x61, SLOT_ROOT), ERROR_DELETE_FIRST);
    ck_assert_int_eq(invoke(&cnode[CONTROL], label, WORDS(0x60, 0x61, 0, 0), CAPS(&cnode_slot)),
                     ERROR_RANGE);
    ck_assert_int_eq(invoke(&cnode[CONTROL], label, WORDS(0x60, 0x61, 0, 9), CAPS(&cnode[99])),
                     ERROR_FAILED_LOOKUP);
    /* both masked to 16 bits */
    ck_assert_int_eq(issue(0x50060, ~0xfffeull | 0x60, PORTS), ERROR_NONE);
    ck_assert_uint_eq(io_port_capability_first(cnode[PORTS].capability), 0x60);
    ck_assert_uint_eq(io_port_capability_last(cnode[PORTS].capability), 0x61);
    ck_assert_int_eq(issue(0x40, 0x60, 300), ERROR_REVOKE_FIRST); /* before the slot is looked at */
    ck_assert(is_parent_of(&cnode[CONTROL], &cnode[PORTS]));
    ck_assert(copy(PORTS, PORTS + 1, 0));
    remove_slot(&cnode[PORTS]);
    ck_assert_int_eq(issue(0x61, 0x61, PORTS), ERROR_REVOKE_FIRST); /* the copy holds them */
    remove_slot(&cnode[PORTS + 1]);
    ck_assert_int_eq(issue(0x61, 0x61, PORTS), ERROR_NONE);
    struct capability derived;
    ck_assert(arch_derive(cnode[CONTROL].capability, &derived, &answer) &&
              capability_is_null(derived));
    ck_assert_int_eq(revoke_slot(&cnode[CONTROL]), DONE);
    ck_assert(is_free(0x61));
}
END_TEST

START_TEST(in_and_out)
{
    static const word_t in[] = {LABEL_X86IOPortIn8, LABEL_X86IOPortIn16, LABEL_X86IOPortIn32};
    static const word_t out[] = {LABEL_X86IOPortOut8, LABEL_X86IOPortOut16, LABEL_X86IOPortOut32};
    io_port_init(&cluster, 0);
    ck_assert_int_eq(issue(0x100, 0x107, PORTS), ERROR_NONE);
    struct slot *slot = &cnode[PORTS];
    port_value = 0xdeadbeef;
    for (unsigned i = 0; i < 3; i++) {
        unsigned bytes = 1u << i;
        word_t mask = MASK(8 * bytes);
        ck_assert_int_eq(invoke(slot, in[i], NOTHING, NOTHING), ERROR_TRUNCATED_MESSAGE);
        ck_assert_int_eq(invoke(slot, out[i], WORDS(0x100), NOTHING), ERROR_TRUNCATED_MESSAGE);
        for (word_t port = 0xf8; port < 0x110; port++) {
            bool inside = port >= 0x100 && port + bytes - 1 <= 0x107;
            port_access = (struct port_record){0};
            ck_assert_int_eq(invoke(slot, in[i], WORDS(port | 0xabc0000), NOTHING),
                             inside ? ERROR_NONE : ERROR_ILLEGAL_OPERATION);
            ck_assert_uint_eq(port_access.bytes, inside ? bytes : 0);
            if (inside) {
                ck_assert_uint_eq(port_access.port, port);
                ck_assert_uint_eq(answer.length, 1);
                ck_assert_uint_eq(answer.words[0], port_value & mask);
            }
            port_access = (struct port_record){0};
            ck_assert_int_eq(invoke(slot, out[i], WORDS(port, 0x1122334455667788), NOTHING),
                             inside ? ERROR_NONE : ERROR_ILLEGAL_OPERATION);
            ck_assert_uint_eq(port_access.bytes, inside ? bytes : 0);
            if (inside) {
                ck_assert_uint_eq(port_access.value, 0x55667788 & mask);
                ck_assert(port_access.is_write);
                ck_assert_uint_eq(answer.length, 0);
            }
        }
    }
    ck_assert_int_eq(
        invoke(slot, LABEL_X86IOPortControlIssue, WORDS(0, 0, 0, 0), CAPS(&cnode_slot)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_int_eq(invoke(slot, LABEL_X86IOPortIn8 | 1ull << 32, WORDS(0x100), NOTHING),
                     ERROR_ILLEGAL_OPERATION);
    /* Accesses do not run over the last port. */
    ck_assert_int_eq(issue(0xfff0, 0xffff, PORTS + 1), ERROR_NONE);
    ck_assert_int_eq(invoke(&cnode[PORTS + 1], in[1], WORDS(0xffff), NOTHING),
                     ERROR_ILLEGAL_OPERATION);
    ck_assert_int_eq(invoke(&cnode[PORTS + 1], in[2], WORDS(0xfffc), NOTHING), ERROR_NONE);
}
END_TEST

/* Against a plain array: random ranges issued and deleted. */
START_TEST(random_ranges)
{
    enum { RANGES = 40 };
    static bool model[0x10000];
    srand(1);
    cluster.node_count = 1;
    io_port_init(&cluster, 0);
    for (unsigned step = 0; step < 3000; step++) {
        struct slot *slot = &cnode[PORTS + (unsigned)rand() % RANGES];
        if (!slot_is_empty(slot)) {
            for (word_t p = io_port_capability_first(slot->capability);
                 p <= io_port_capability_last(slot->capability); p++) {
                model[p] = false;
            }
            remove_slot(slot);
            continue;
        }
        word_t first = (word_t)rand() & 0xffff,
               last = first + ((word_t)rand() & (rand() % 2 ? 0x7f : 0x1fff));
        last = last > 0xffff ? 0xffff : last;
        bool free = true;
        for (word_t p = first; p <= last; p++) {
            free = free && !model[p];
        }
        ck_assert_int_eq(issue(first, last, (unsigned)(slot - cnode)),
                         free ? ERROR_NONE : ERROR_REVOKE_FIRST);
        for (word_t p = first; free && p <= last; p++) {
            model[p] = true;
        }
    }
}
END_TEST

Suite *io_port_suite(void)
{
    Suite *suite = suite_create("I/O ports");
    TCase *tests = tcase_create("I/O ports");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, ports_init, NULL);
    tcase_add_test(tests, all_devices);
    tcase_add_test(tests, listed_ports);
    tcase_add_test(tests, no_devices);
    tcase_add_test(tests, shared_console);
    tcase_add_test(tests, alone);
    tcase_add_test(tests, issue_checks);
    tcase_add_test(tests, in_and_out);
    tcase_add_test(tests, random_ranges);
    suite_add_tcase(suite, tests);
    return suite;
}
