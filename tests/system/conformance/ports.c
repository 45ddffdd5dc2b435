/* I/O ports: issue, use, and give back (contract 4.10). */
#include "harness.h"
#include <cmk/cluster.h>

static struct reply issue(word first, word last, word slot)
{
    return invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(first, last, slot, DEPTH),
                  CAPS(ROOT));
}

static word ports(word first, word last)
{
    word slot = new_slot();

    REQUIRE(issue(first, last, slot).label == seL4_NoError);
    return slot;
}

static void need_ports(void)
{
    word slot = new_slot();
    struct reply reply = issue(0x80, 0x80, slot);

    if (reply.label != seL4_NoError) {
        skip("this node owns no ports");
    }
    delete_cap(slot);
}

static void issue_errors(void)
{
    word slot = new_slot();
    word held;

    need_ports();
    CHECK_REPLY(invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(1, 0, slot), CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(
        invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(1, 0, slot, DEPTH), NO_CAPS),
        seL4_TruncatedMessage);
    CHECK_REPLY(issue(0x81, 0x80, slot), seL4_InvalidArgument, 1);
    CHECK_REPLY(issue(0xffff, 0, slot), seL4_InvalidArgument, 1);
    held = ports(0x80, 0x8f);
    CHECK_REPLY(issue(0x80, 0x8f, slot), seL4_RevokeFirst);
    CHECK_REPLY(issue(0x8f, 0x90, slot), seL4_RevokeFirst);
    CHECK_REPLY(issue(0x70, 0x80, slot), seL4_RevokeFirst);
    CHECK_REPLY(issue(0x85, 0x85, slot), seL4_RevokeFirst);
    CHECK_REPLY(issue(0x60, 0x9f, slot), seL4_RevokeFirst);
    /* Arguments first, then ports, then the slot. */
    CHECK_REPLY(issue(0x85, 0x85, held), seL4_RevokeFirst);
    CHECK_REPLY(issue(0x90, 0x90, held), seL4_DeleteFirst);
    CHECK_REPLY(invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(0x90, 0x90, slot, 65),
                       CAPS(ROOT)),
                seL4_RangeError, 1, 64);
    CHECK_REPLY(invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(0x90, 0x90, slot, DEPTH),
                       CAPS(held)),
                seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_REPLY(invoke(seL4_CapIOPortControl, IO_PORT_IN8, ARGS(1), NO_CAPS),
                seL4_IllegalOperation);
    CHECK_OK(issue(0x90, 0x9f, slot));
    CHECK_TAG(slot, TAG_IO_PORT);
}

static void issue_masks(void)
{
    word slot = new_slot();

    need_ports();
    CHECK_OK(issue(0xabc0080, 0xfff0080, slot));
    CHECK_REPLY(issue(0x80, 0x80, new_slot()), seL4_RevokeFirst);
    CHECK_EQUAL(invoke(slot, IO_PORT_IN8, ARGS(0x7770080), NO_CAPS).label, seL4_NoError);
}

static void given_back(void)
{
    word slot = new_slot();
    word copy;

    need_ports();
    CHECK_OK(issue(0x80, 0x8f, slot));
    copy = new_copy(slot, 0);
    CHECK_OK(delete_cap(slot));
    CHECK_REPLY(issue(0x80, 0x80, slot), seL4_RevokeFirst);
    CHECK_OK(delete_cap(copy));
    CHECK_OK(issue(0x80, 0x80, slot));
    copy = new_copy(slot, 0);
    CHECK_OK(revoke_cap(slot));
    CHECK_TAG(copy, TAG_NULL);
    CHECK_TAG(slot, TAG_IO_PORT);
    /* The control capability is parent of them all. */
    word other = ports(0x90, 0x90);
    CHECK_OK(revoke_cap(seL4_CapIOPortControl));
    CHECK_TAG(slot, TAG_NULL);
    CHECK_TAG(other, TAG_NULL);
    CHECK_OK(issue(0x80, 0x90, slot));
}

static bool several_nodes(void)
{
    return cmk_cluster() != NULL && cmk_cluster()->num_nodes > 1;
}

static void every_port(void)
{
    word slot = new_slot();

    need_ports();
    if (issue(0, 0xffff, slot).label == seL4_RevokeFirst && several_nodes()) {
        skip("some ports belong to other nodes");
    }
    CHECK_OK(delete_cap(slot));
    CHECK_OK(issue(0, 0xffff, slot));
    CHECK_OK(delete_cap(slot));
    CHECK_OK(issue(0xffff, 0xffff, slot));
}

static void access_errors(void)
{
    word port;

    need_ports();
    port = ports(0x80, 0x83);
    for (word label = IO_PORT_IN8; label <= IO_PORT_IN32; label++) {
        word size = 1ul << (label - IO_PORT_IN8);

        CHECK_REPLY(invoke(port, label, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
        CHECK_REPLY(invoke(port, label, ARGS(0x7f), NO_CAPS), seL4_IllegalOperation);
        CHECK_REPLY(invoke(port, label, ARGS(0x84), NO_CAPS), seL4_IllegalOperation);
        CHECK_REPLY(invoke(port, label, ARGS(0x84 - size + 1), NO_CAPS), seL4_IllegalOperation);
        CHECK_EQUAL(invoke(port, label, ARGS(0x84 - size), NO_CAPS).label, seL4_NoError);
    }
    for (word label = IO_PORT_OUT8; label <= IO_PORT_OUT32; label++) {
        word size = 1ul << (label - IO_PORT_OUT8);

        CHECK_REPLY(invoke(port, label, ARGS(0x80), NO_CAPS), seL4_TruncatedMessage);
        CHECK_REPLY(invoke(port, label, ARGS(0x7f, 0), NO_CAPS), seL4_IllegalOperation);
        CHECK_REPLY(invoke(port, label, ARGS(0x84 - size + 1, 0), NO_CAPS), seL4_IllegalOperation);
        CHECK_OK(invoke(port, label, ARGS(0x84 - size, 0), NO_CAPS));
    }
    CHECK_REPLY(invoke(port, IO_PORT_CONTROL_ISSUE, ARGS(0, 0, 0, 0), CAPS(ROOT)),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(port, FIRST_UNUSED_LABEL, ARGS(0, 0), NO_CAPS), seL4_IllegalOperation);
}

static void last_port(void)
{
    /* An access that would run past the last port. */
    word port;

    need_ports();
    port = ports(0xfff0, 0xffff);
    CHECK_REPLY(invoke(port, IO_PORT_IN16, ARGS(0xffff), NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(port, IO_PORT_IN32, ARGS(0xfffd), NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(port, IO_PORT_IN32, ARGS(0x1fffd), NO_CAPS), seL4_IllegalOperation);
    CHECK_EQUAL(invoke(port, IO_PORT_IN32, ARGS(0xfffc), NO_CAPS).label, seL4_NoError);
}

static void clock_chip(void)
{
    /*
     * The real-time clock's first scratch byte: written, read back, restored. The answer is
     * zero-extended.
     */
    word port;
    word old;
    struct reply reply;

    need_ports();
    port = ports(0x70, 0x71);
    CHECK_OK(invoke(port, IO_PORT_OUT8, ARGS(0x70, 0x0f), NO_CAPS));
    reply = invoke(port, IO_PORT_IN8, ARGS(0x71), NO_CAPS);
    CHECK_EQUAL(reply.length, 1);
    old = reply.mr[0];
    CHECK(old <= 0xff);
    CHECK_OK(invoke(port, IO_PORT_OUT8, ARGS(0x70, 0x0f), NO_CAPS));
    CHECK_OK(invoke(port, IO_PORT_OUT8, ARGS(0x71, 0xffffffffffffff5a), NO_CAPS));
    CHECK_OK(invoke(port, IO_PORT_OUT8, ARGS(0x70, 0x0f), NO_CAPS));
    CHECK_REPLY(invoke(port, IO_PORT_IN8, ARGS(0x71), NO_CAPS), 0, 0x5a);
    CHECK_OK(invoke(port, IO_PORT_OUT8, ARGS(0x70, 0x0f), NO_CAPS));
    CHECK_OK(invoke(port, IO_PORT_OUT8, ARGS(0x71, old), NO_CAPS));
}

static void wide_accesses(void)
{
    /* PCI configuration mechanism 1: the address port is 32 bits wide and reads back. */
    word port;

    need_ports();
    port = ports(0xcf8, 0xcff);
    CHECK_OK(invoke(port, IO_PORT_OUT32, ARGS(0xcf8, 0x80000000), NO_CAPS));
    CHECK_REPLY(invoke(port, IO_PORT_IN32, ARGS(0xcf8), NO_CAPS), 0, 0x80000000);
    struct reply identity = invoke(port, IO_PORT_IN32, ARGS(0xcfc), NO_CAPS);
    CHECK(identity.mr[0] != 0 && identity.mr[0] <= 0xffffffff);
    CHECK_REPLY(invoke(port, IO_PORT_IN16, ARGS(0xcfe), NO_CAPS), 0, identity.mr[0] >> 16);
    CHECK_REPLY(invoke(port, IO_PORT_IN8, ARGS(0xcfd), NO_CAPS), 0, identity.mr[0] >> 8 & 0xff);
    CHECK_OK(invoke(port, IO_PORT_OUT32, ARGS(0xcf8, 0), NO_CAPS));
}

static const struct test tests[] = {
    {"port-issue-errors", "Issue's errors in their order", issue_errors},
    {"port-issue-mask", "port numbers have 16 bits", issue_masks},
    {"port-given-back", "a range can be issued again once its capability is gone", given_back},
    {"port-all", "all ports can be issued", every_port},
    {"port-access-errors", "accesses outside the range", access_errors},
    {"port-last", "accesses past the last port", last_port},
    {"port-clock", "reading and writing a byte", clock_chip},
    {"port-wide", "accesses of 8, 16 and 32 bits", wide_accesses},
};

SUBJECT(ports, tests);
