/*
 * The derivation tree against a model: random Retype, Copy, Mint, Move, Rotate, Delete and Revoke
 * in one CNode. The model keeps for every capability its parent, as a plain tree; the kernel keeps
 * a list, and computes who is whose parent.
 */
#include "world.h"
#include <kernel/objects.h>

enum { SLOTS = 64, OPERATIONS = 400 }; /* root slots 64..127 */

enum { BASE = 64 };

struct node {
    bool used;
    unsigned type;
    word_t badge; /* of endpoints and notifications */
    bool original;
    int parent; /* -1: none */
};

static struct node model[SLOTS];

/* --- the model --- */

static bool is_below(int node, int ancestor)
{
    for (int p = model[node].parent; p >= 0; p = model[p].parent) {
        if (p == ancestor) {
            return true;
        }
    }
    return false;
}

static bool has_model_children(int node)
{
    for (int i = 0; i < SLOTS; i++) {
        if (model[i].used && model[i].parent == node) {
            return true;
        }
    }
    return false;
}

static void reparent(int from, int to)
{
    for (int i = 0; i < SLOTS; i++) {
        if (model[i].used && model[i].parent == from) {
            model[i].parent = to;
        }
    }
}

static void model_delete(int node)
{
    reparent(node, model[node].parent);
    model[node] = (struct node){0};
}

static void model_copy(int to, int from, word_t badge)
{
    bool badged = badge != model[from].badge;

    model[to] = model[from];
    model[to].badge = badge;
    model[to].original = badged || model[from].type == CAP_UNTYPED;
    model[to].parent = model[from].original ? from : model[from].parent;
}

static void model_move(int to, int from)
{
    model[to] = model[from];
    model[from] = (struct node){0};
    reparent(from, to);
}

static void model_revoke(int node)
{
    bool below[SLOTS];

    for (int i = 0; i < SLOTS; i++) {
        below[i] = model[i].used && is_below(i, node);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (below[i]) {
            model[i] = (struct node){0};
        }
    }
}

static void compare(void)
{
    for (int i = 0; i < SLOTS; i++) {
        const struct slot *slot = &root[BASE + i];
        EXPECT(slot_is_empty(slot) == !model[i].used);
        if (!model[i].used) {
            continue;
        }
        EXPECT(capability_type(slot->capability) == model[i].type);
        EXPECT(slot_is_original(slot) == model[i].original);
        EXPECT(parent_of(slot) == (model[i].parent < 0 ? NULL : &root[BASE + model[i].parent]));
        EXPECT(has_children(slot) == has_model_children(i));
    }
    check_links(&root[BASE], SLOTS);
}

/* --- random operations --- */

static int pick(bool used)
{
    unsigned start = random_below(SLOTS);

    for (unsigned i = 0; i < SLOTS; i++) {
        if (model[(start + i) % SLOTS].used == used) {
            return (int)((start + i) % SLOTS);
        }
    }
    return -1;
}

static bool has_badge(unsigned type)
{
    return type == CAP_ENDPOINT || type == CAP_NOTIFICATION;
}

static void retype(int from, int to)
{
    static const struct {
        unsigned object;
        unsigned type;
    } kinds[] = {{OBJECT_ENDPOINT, CAP_ENDPOINT}, {OBJECT_NOTIFICATION, CAP_NOTIFICATION},
                 {OBJECT_UNTYPED, CAP_UNTYPED},   {OBJECT_CNODE, CAP_CNODE},
                 {OBJECT_SMALL_PAGE, CAP_FRAME},  {OBJECT_TCB, CAP_TCB}};
    unsigned k = random_below(ARRAY_LENGTH(kinds));

    if (model[from].type != CAP_UNTYPED) {
        return;
    }
    word_t size = kinds[k].object == OBJECT_CNODE ? 1 : 4 + random_below(9);
    if (do_retype((unsigned)(BASE + from), kinds[k].object, size, (unsigned)(BASE + to), 1) ==
        ERROR_NONE) {
        model[to] = (struct node){true, kinds[k].type, 0, true, from};
    }
}

static void copy(int from, int to)
{
    bool refused = model[from].type == CAP_UNTYPED && has_model_children(from);

    EXPECT(do_copy((unsigned)(BASE + to), (unsigned)(BASE + from)) ==
           (refused ? ERROR_REVOKE_FIRST : ERROR_NONE));
    if (!refused) {
        model_copy(to, from, model[from].badge);
    }
}

static void mint(int from, int to)
{
    word_t badge = random_below(4); /* few, so that families with equal badges meet */
    bool refused = !has_badge(model[from].type) || model[from].badge != 0;

    if (has_badge(model[from].type)) {
        word_t error = do_mint((unsigned)(BASE + to), (unsigned)(BASE + from), RIGHTS_ALL, badge);
        EXPECT(error == (refused ? ERROR_ILLEGAL_OPERATION : ERROR_NONE));
    }
    if (!refused) {
        model_copy(to, from, badge);
    }
}

/* Swaps two capabilities that may be swapped. */
static void rotate(int a)
{
    struct answer answer;
    int b = pick(true);

    if (b == a || has_badge(model[a].type) || has_badge(model[b].type)) {
        return;
    }
    word_t first = (word_t)(BASE + a), second = (word_t)(BASE + b);
    struct call call = {&root[SLOT_ROOT],
                        LABEL_CNodeRotate,
                        {first, 64, 0, second, 64, 0, first, 64},
                        8,
                        {&root[SLOT_ROOT], &root[SLOT_ROOT]},
                        2};
    EXPECT(invoke(&call, &answer) == DONE);
    struct node n = model[a];
    model[a] = model[b];
    model[b] = n;
    for (int i = 0; i < SLOTS; i++) {
        if (model[i].used && (model[i].parent == a || model[i].parent == b)) {
            model[i].parent = a + b - model[i].parent;
        }
    }
}

static void one_operation(void)
{
    int from = pick(true);
    int to = pick(false);

    if (from < 0 || to < 0) {
        return;
    }
    switch (random_below(12)) {
    case 0:
    case 1:
    case 2:
        retype(from, to);
        break;
    case 3:
    case 4:
    case 5:
        copy(from, to);
        break;
    case 6:
    case 7:
        mint(from, to);
        break;
    case 8:
        EXPECT(do_move((unsigned)(BASE + to), (unsigned)(BASE + from)) == ERROR_NONE);
        model_move(to, from);
        break;
    case 9:
        rotate(from);
        break;
    case 10:
        if (random_below(4) == 0) {
            EXPECT(do_revoke((unsigned)(BASE + from)) == ERROR_NONE);
            model_revoke(from);
        }
        break;
    default:
        if (model[from].parent >= 0) { /* keep the first one, or soon nothing is left */
            EXPECT(do_delete((unsigned)(BASE + from)) == ERROR_NONE);
            model_delete(from);
        }
        break;
    }
}

START_TEST(random_operations)
{
    for (unsigned seed = 0; seed < 150; seed++) {
        random_seed(seed);
        world_start();
        for (int i = 0; i < SLOTS; i++) {
            model[i] = (struct node){0};
        }
        put_untyped(BASE, 0, 17, 0, false);
        model[0] = (struct node){true, CAP_UNTYPED, 0, true, -1};
        host_interrupt_after = seed % 2 == 0 ? 0 : HOST_NEVER;
        for (unsigned i = 0; i < OPERATIONS; i++) {
            one_operation();
            compare();
        }
    }
}
END_TEST

/* --- regions, one pair after the other --- */

START_TEST(untypeds_contain)
{
    struct slot u = {0}, child = {0};

    insert_root(untyped_capability(UNTYPED_BASE + 0x10000, 12, false, 0), &u);
    struct capability inside[] = {
        untyped_capability(UNTYPED_BASE + 0x10000, 12, false, 0),
        untyped_capability(UNTYPED_BASE + 0x10ff0, 4, false, 0),
        endpoint_capability(window(UNTYPED_BASE + 0x10ff0), 3, 0),
        notification_capability(window(UNTYPED_BASE + 0x10fe0), 0, 3),
        tcb_capability(window(UNTYPED_BASE + 0x10800)),
        cnode_capability(window(UNTYPED_BASE + 0x10000), 7, 0, 0),
        zombie_capability((word_t)window(UNTYPED_BASE + 0x10000), 7, 3),
        zombie_capability((word_t)window(UNTYPED_BASE + 0x10800), ZOMBIE_TCB, 3),
        frame_capability(UNTYPED_BASE + 0x10000, FRAME_SMALL, 3, false)};
    struct capability outside[] = {
        untyped_capability(UNTYPED_BASE + 0x10000, 13, false, 0),
        untyped_capability(UNTYPED_BASE + 0x11000, 12, false, 0),
        endpoint_capability(window(UNTYPED_BASE + 0x11000), 0, 15),
        endpoint_capability(window(UNTYPED_BASE + 0xfff0), 0, 15),
        cnode_capability(window(UNTYPED_BASE + 0x10000), 8, 0, 0),
        zombie_capability((word_t)window(UNTYPED_BASE + 0x10000), 8, 3),
        zombie_capability((word_t)window(UNTYPED_BASE + 0x11000), ZOMBIE_TCB, 3),
        frame_capability(UNTYPED_BASE, FRAME_LARGE, 3, false),
        frame_capability(0, FRAME_SMALL, 3, false),
        reply_capability(window(UNTYPED_BASE + 0x10800), false, 0), /* not memory of its own */
        irq_handler_capability(UNTYPED_BASE + 0x10000),
        io_port_capability(0, 0xffff),
        capability_make(CAP_DOMAIN, 0, 0),
        capability_null(),
        capability_make(CAP_IRQ_CONTROL, 0, 0)};
    for (unsigned i = 0; i < ARRAY_LENGTH(inside); i++) {
        child.capability = inside[i];
        ck_assert_msg(is_parent_of(&u, &child), "%u is inside", i);
        u.next_and_marks &= ~(word_t)SLOT_ORIGINAL;
        ck_assert(!is_parent_of(&u, &child)); /* no original, no parent */
        u.next_and_marks |= SLOT_ORIGINAL;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(outside); i++) {
        child.capability = outside[i];
        ck_assert_msg(!is_parent_of(&u, &child), "%u is outside", i);
    }
}
END_TEST

/* The greatest untyped there can be: sizes and sums do not wrap. */
START_TEST(greatest_untyped)
{
    struct slot u = {0}, child = {0};

    insert_root(untyped_capability(0, 47, true, 0), &u);
    child.capability = frame_capability(BIT(47) - BIT(30), FRAME_HUGE, 3, true);
    ck_assert(is_parent_of(&u, &child));
    child.capability = untyped_capability(BIT(46), 47, true, 0);
    ck_assert(!is_parent_of(&u, &child));
    /* contract 9.9: aligned to 2^39 only */
    u.capability = untyped_capability(BIT(39), 46, true, 0);
    child.capability = frame_capability(BIT(39) + BIT(46) - BIT(12), FRAME_SMALL, 3, true);
    ck_assert(is_parent_of(&u, &child));
    child.capability = frame_capability(BIT(39) + BIT(46), FRAME_SMALL, 3, true);
    ck_assert(!is_parent_of(&u, &child));
}
END_TEST

START_TEST(same_objects)
{
    struct capability all[] = {endpoint_capability(window(UNTYPED_BASE), 0, 15),
                               endpoint_capability(window(UNTYPED_BASE + 16), 0, 15),
                               notification_capability(window(UNTYPED_BASE), 0, 3),
                               tcb_capability(caller),
                               reply_capability(caller, true, 0),
                               cnode_capability(root, 8, 0, 0),
                               zombie_capability((word_t)root, 8, 256),
                               irq_handler_capability(1),
                               irq_handler_capability(2),
                               ipi_signal_capability(1, 2),
                               ipi_signal_capability(2, 1),
                               ipi_signal_capability(1, 1),
                               capability_make(CAP_DOMAIN, 0, 0),
                               capability_make(CAP_IRQ_CONTROL, 0, 0),
                               capability_make(CAP_IPI_CONTROL, 0, 0),
                               capability_make(CAP_NODE_CONTROL, 0, 0),
                               cluster_control_capability(),
                               other_node_capability(1),
                               other_node_capability(2),
                               capability_make(CAP_ASID_CONTROL, 0, 0),
                               untyped_capability(UNTYPED_BASE, 12, false, 0),
                               untyped_capability(UNTYPED_BASE, 13, false, 0),
                               frame_capability(UNTYPED_BASE, FRAME_SMALL, 3, false),
                               io_port_capability(1, 2)};

    for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
        for (unsigned j = 0; j < ARRAY_LENGTH(all); j++) {
            ck_assert_msg(is_same_object(all[i], all[j]) == (i == j), "%u and %u", i, j);
        }
    }
    ck_assert(!is_same_object(capability_null(), capability_null()));
    ck_assert(is_same_object(endpoint_capability(window(UNTYPED_BASE), 5, 1), all[0]));
    ck_assert(is_same_object(update_data(all[5], 1 << 6 | 3, false), all[5]));
}
END_TEST

/*
 * A row of objects comes into the tree as if its objects had come one after another, before older
 * children.
 */
START_TEST(rows)
{
    enum { COUNT = 5 };
    static struct slot parent[2], older[2], row[2][COUNT];
    struct capability first = endpoint_capability(window(UNTYPED_BASE), 0, RIGHTS_ALL);
    for (unsigned way = 0; way < 2; way++) {
        insert_root(untyped_capability(UNTYPED_BASE, 12, false, BIT(12)), &parent[way]);
        insert_new(capability_moved(first, 1024), &parent[way], &older[way]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        insert_new(capability_moved(first, i * BIT(ABI_ENDPOINT_BITS)), &parent[0], &row[0][i]);
    }
    insert_new_row(first, BIT(ABI_ENDPOINT_BITS), row[1], COUNT, &parent[1]);

    const struct slot *before = &parent[1];
    for (unsigned i = COUNT; i-- > 0; before = &row[1][i]) {
        ck_assert_ptr_eq(slot_next(before), &row[1][i]);
        ck_assert_ptr_eq(row[1][i].previous, before);
        ck_assert_mem_eq(&row[1][i].capability, &row[0][i].capability, sizeof(struct capability));
        ck_assert_uint_eq(row[1][i].next_and_marks & SLOT_MARKS,
                          row[0][i].next_and_marks & SLOT_MARKS);
        ck_assert(is_parent_of(&parent[1], &row[1][i]));
    }
    ck_assert_ptr_eq(slot_next(before), &older[1]);
    ck_assert_ptr_eq(older[1].previous, before);
}
END_TEST

Suite *tree_suite(void);
Suite *tree_suite(void)
{
    Suite *suite = suite_create("derivation tree");
    TCase *tests = tcase_create("tree");

    tcase_add_checked_fixture(tests, world_start, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, random_operations);
    tcase_add_test(tests, untypeds_contain);
    tcase_add_test(tests, greatest_untyped);
    tcase_add_test(tests, same_objects);
    tcase_add_test(tests, rows);
    suite_add_tcase(suite, tests);
    return suite;
}
