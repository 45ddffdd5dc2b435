/*
 * Every method that is told a slot by root, index and depth, against every way in which that can go
 * wrong (contract 7.3): the slot that is to be filled or changed, and the slot that something is
 * taken from.
 */
#include "harness.h"

enum {
    SOURCE = 1,
    TARGET = 0,
    RADIX = 4,
    GUARD = 5,
    GUARD_SIZE = 3,
    USED = 3,
    MAX_ARGS = 8,
    INVOKED = -1
};

/* Where a method has root, index and depth among its arguments. */
struct method {
    const char *name;
    word service, label;
    int root;     /* number of the extra capability that is the root; INVOKED: what is invoked */
    size_t index; /* the depth follows */
    size_t arg_count;
    word args[MAX_ARGS];
    size_t cap_count;
    word caps[2];
    bool may_be_zero; /* depth 0 has a meaning of its own */
    bool wants_empty; /* the slot must be */
};

static struct reply try(const struct method *method, word root, word index, word depth)
{
    word args[MAX_ARGS], caps[2];

    for (size_t i = 0; i < MAX_ARGS; i++) {
        args[i] = method->args[i];
    }
    caps[0] = method->caps[0], caps[1] = method->caps[1];
    args[method->index] = index;
    args[method->index + 1] = depth;
    if (method->root != INVOKED) {
        caps[method->root] = root;
    }
    return invoke(method->root == INVOKED ? root : method->service, method->label, args,
                  method->arg_count, caps, method->cap_count);
}

/* 16 slots behind a guard, one of them used. */
static word new_guarded(void)
{
    word plain = new_cnode(RADIX);

    CHECK_OK(put_cap(plain, USED, RADIX, new_endpoint()));
    return new_minted(plain, ALL_RIGHTS, GUARD << 6 | GUARD_SIZE);
}

static void check_lookups(const struct method *method, word side)
{
    word root = new_guarded();

    CHECK_REPLY(try(method, root, GUARD << RADIX, 65), seL4_RangeError, 1, 64);
    if (!method->may_be_zero) {
        CHECK_REPLY(try(method, root, 0, 0), seL4_RangeError, 1, 64);
    }
    CHECK_REPLY(try(method, root, 4 << RADIX, 7), seL4_FailedLookup, side, seL4_GuardMismatch, 7,
                GUARD, GUARD_SIZE);
    CHECK_REPLY(try(method, root, 1, 1), seL4_FailedLookup, side, seL4_GuardMismatch, 1, GUARD,
                GUARD_SIZE);
    CHECK_REPLY(try(method, root, GUARD << 3, 6), seL4_FailedLookup, side, seL4_DepthMismatch, 6,
                7);
    CHECK_REPLY(try(method, root, (GUARD << RADIX | USED) << 2, 9), seL4_FailedLookup, side,
                seL4_DepthMismatch, 2, 0);
    if (method->root != INVOKED) {
        word other = new_endpoint();
        CHECK_REPLY(try(method, other, 0, 7), seL4_FailedLookup, side, seL4_InvalidRoot);
        /* before the depth */
        CHECK_REPLY(try(method, seL4_CapNull, 0, 65), seL4_FailedLookup, side, seL4_InvalidRoot);
    }
    if (method->wants_empty) {
        CHECK_REPLY(try(method, root, GUARD << RADIX | USED, 7), seL4_DeleteFirst);
    }
}

static void check_all(const struct method *methods, size_t count, word side)
{
    for (size_t i = 0; i < count; i++) {
        check_lookups(&methods[i], side);
    }
}

static void cnode_targets(void)
{
    word from = new_endpoint();
    const struct method methods[] = {
        {"Revoke", 0, CNODE_REVOKE, INVOKED, 0, 2, {0}, 0, {0}, false, false},
        {"Delete", 0, CNODE_DELETE, INVOKED, 0, 2, {0}, 0, {0}, false, false},
        {"CancelBadgedSends",
         0,
         CNODE_CANCEL_BADGED_SENDS,
         INVOKED,
         0,
         2,
         {0},
         0,
         {0},
         false,
         false},
        {"Copy",
         0,
         CNODE_COPY,
         INVOKED,
         0,
         5,
         {0, 0, from, DEPTH, ALL_RIGHTS},
         1,
         {ROOT},
         false,
         true},
        {"Mint",
         0,
         CNODE_MINT,
         INVOKED,
         0,
         6,
         {0, 0, from, DEPTH, ALL_RIGHTS, 1},
         1,
         {ROOT},
         false,
         true},
        {"Move", 0, CNODE_MOVE, INVOKED, 0, 4, {0, 0, from, DEPTH}, 1, {ROOT}, false, true},
        {"Mutate", 0, CNODE_MUTATE, INVOKED, 0, 5, {0, 0, from, DEPTH, 1}, 1, {ROOT}, false, true},
        {"Rotate",
         0,
         CNODE_ROTATE,
         INVOKED,
         0,
         8,
         {0, 0, 0, from, DEPTH, 0, from, DEPTH},
         2,
         {ROOT, ROOT},
         false,
         false},
        {"SaveCaller", 0, CNODE_SAVE_CALLER, INVOKED, 0, 2, {0}, 0, {0}, false, true},
    };

    check_all(methods, COUNT_OF(methods), TARGET);
    CHECK(slot_used(ROOT, from, DEPTH));
}

static void cnode_sources(void)
{
    word to = new_slot(), pivot = new_cnode(1);
    const struct method methods[] = {
        {"Copy", ROOT, CNODE_COPY, 0, 2, 5, {to, DEPTH, 0, 0, ALL_RIGHTS}, 1, {0}, false, false},
        {"Mint", ROOT, CNODE_MINT, 0, 2, 6, {to, DEPTH, 0, 0, ALL_RIGHTS, 1}, 1, {0}, false, false},
        {"Move", ROOT, CNODE_MOVE, 0, 2, 4, {to, DEPTH, 0, 0}, 1, {0}, false, false},
        {"Mutate", ROOT, CNODE_MUTATE, 0, 2, 5, {to, DEPTH, 0, 0, 1}, 1, {0}, false, false},
        {"Rotate's pivot",
         ROOT,
         CNODE_ROTATE,
         0,
         3,
         8,
         {to, DEPTH, 0, 0, 0, 0, pivot, DEPTH},
         2,
         {0, ROOT},
         false,
         false},
        {"Rotate's source",
         ROOT,
         CNODE_ROTATE,
         1,
         6,
         8,
         {to, DEPTH, 0, pivot, DEPTH, 0, 0, 0},
         2,
         {ROOT, 0},
         false,
         false},
    };

    check_all(methods, COUNT_OF(methods), SOURCE);
    /*
     * An empty slot on the source side is a failed lookup, too; Rotate names its pivot as the
     * target side.
     */
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        bool is_pivot = methods[i].label == CNODE_ROTATE && methods[i].root == 0;
        CHECK_REPLY(try(&methods[i], new_guarded(), GUARD << RADIX, 7), seL4_FailedLookup,
                    is_pivot ? TARGET : SOURCE, seL4_MissingCapability, 7);
    }
    CHECK(!slot_used(ROOT, to, DEPTH));
}

static void makers(void)
{
    word untyped = new_untyped(12), memory = new_untyped(12);
    const struct method methods[] = {
        {"Retype",
         untyped,
         UNTYPED_RETYPE,
         0,
         2,
         6,
         {seL4_EndpointObject, 0, 0, 0, 0, 1},
         1,
         {0},
         true,
         false},
        {"MakePool",
         seL4_CapASIDControl,
         ASID_CONTROL_MAKE_POOL,
         1,
         0,
         2,
         {0},
         2,
         {memory, 0},
         false,
         true},
        {"GetIOAPIC",
         seL4_CapIRQControl,
         IRQ_ISSUE_HANDLER_IOAPIC,
         0,
         0,
         7,
         {0, 0, 0, 1, 0, 0, 71},
         1,
         {0},
         false,
         true},
        {"GetMSI",
         seL4_CapIRQControl,
         IRQ_ISSUE_HANDLER_MSI,
         0,
         0,
         7,
         {0, 0, 0, 0, 0, 0, 72},
         1,
         {0},
         false,
         true},
    };

    check_all(methods, COUNT_OF(methods), TARGET);
    /* Retype's destination is a CNode: an empty slot and something else are missing ones. */
    CHECK_REPLY(try(&methods[0], new_guarded(), GUARD << RADIX, 7), seL4_FailedLookup, TARGET,
                seL4_MissingCapability, 7);
    CHECK_REPLY(try(&methods[0], new_guarded(), GUARD << RADIX | USED, 7), seL4_FailedLookup,
                TARGET, seL4_MissingCapability, 7);
}

/*
 * Ports that are not free are refused before the slot is looked at, and a node without devices has
 * no free ones.
 */
static void ports(void)
{
    word slot = new_slot();
    const struct method method = {"Issue",
                                  seL4_CapIOPortControl,
                                  IO_PORT_CONTROL_ISSUE,
                                  0,
                                  2,
                                  4,
                                  {0x2e8, 0x2e8, 0, 0},
                                  1,
                                  {0},
                                  false,
                                  true};

    if (try(&method, ROOT, slot, DEPTH).label == seL4_RevokeFirst) {
        skip("the node has no such port");
        return;
    }
    CHECK_OK(invoke(ROOT, CNODE_DELETE, ARGS(slot, DEPTH), NO_CAPS));
    check_lookups(&method, TARGET);
}

static const struct test tests[] = {
    {"slot-cnode-targets", "the slot that a CNode's method changes", cnode_targets},
    {"slot-cnode-sources", "the slot that a CNode's method takes from", cnode_sources},
    {"slot-makers", "where other methods put what they make", makers},
    {"slot-ports", "where I/O ports are put", ports},
};

SUBJECT(slots, tests);
