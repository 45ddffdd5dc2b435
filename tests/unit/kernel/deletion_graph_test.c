/*
 * Deletion and revocation in random graphs of CNodes: nested, shared, in cycles, with capabilities
 * to themselves; TCBs and endpoints in them; preempted after any step, several deletions
 * interleaved, each taken up again by whoever comes next. A reference count model says which
 * capabilities must be left.
 */
#include "world.h"
#include <kernel/preemption.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>
#include <string.h>

enum {
    MAX_OBJECTS = 12,
    OUTSIDE_SLOTS = 32,
    MAX_SLOTS = OUTSIDE_SLOTS + MAX_OBJECTS * 8,
    MAX_COPIES = 48
};

struct object {
    unsigned type;
    struct slot *slots; /* of CNodes and TCBs */
    unsigned count;
    struct capability capability;
};

static struct object objects[MAX_OBJECTS];
static unsigned object_count;
static struct slot *slots[MAX_SLOTS]; /* every slot there is */
static int owner[MAX_SLOTS];          /* object in which it lies; -1: outside */
/* model: the object that its capability names; -1: empty */
static int names[MAX_SLOTS];
static unsigned slot_count;
static struct slot *outside; /* slots that no CNode of the graph holds */

static void add_slot(struct slot *slot, int in)
{
    slots[slot_count] = slot;
    owner[slot_count] = in;
    names[slot_count++] = -1;
}

static void make_object(paddr_t at)
{
    struct object *o = &objects[object_count];
    unsigned kind = random_below(8);

    if (kind < 5) {
        unsigned radix = 1 + random_below(3);
        *o = (struct object){CAP_CNODE, window(at), 1u << radix,
                             cnode_capability(window(at), radix, 0, 0)};
    } else if (kind < 7) {
        struct tcb *thread = window(at);
        thread_init(thread);
        *o = (struct object){CAP_TCB, thread->slots, TCB_SLOT_COUNT, tcb_capability(thread)};
    } else {
        *o = (struct object){CAP_ENDPOINT, NULL, 0, endpoint_capability(window(at), 0, RIGHTS_ALL)};
    }
    for (unsigned i = 0; i < o->count; i++) {
        if (o->type != CAP_TCB || i != TCB_REPLY) {
            add_slot(&o->slots[i], (int)object_count);
        }
    }
    object_count++;
}

static int random_slot(bool full)
{
    unsigned start = random_below(slot_count);

    for (unsigned i = 0; i < slot_count; i++) {
        unsigned s = (start + i) % slot_count;
        if ((names[s] >= 0) == full) {
            return (int)s;
        }
    }
    return -1;
}

/*
 * An untyped outside, all objects its children; their originals outside, then copies and moves at
 * random.
 */
static void make_graph(void)
{
    world_start();
    outside = new_cnode(5);
    slot_count = object_count = 0;
    for (int i = 1; i < OUTSIDE_SLOTS; i++) {
        add_slot(&outside[i], -1);
    }
    insert_root(untyped_capability(UNTYPED_BASE, 20, false, BIT(20)), &outside[0]);
    unsigned count = 2 + random_below(MAX_OBJECTS - 2);
    for (unsigned i = 0; i < count; i++) {
        make_object(UNTYPED_BASE + i * 4096);
        insert_new(objects[i].capability, &outside[0], slots[i]);
        names[i] = (int)i;
    }
    for (unsigned i = random_below(MAX_COPIES); i > 0; i--) {
        int from = random_slot(true);
        int to = random_slot(false);
        if (from < 0 || to < 0) {
            continue;
        }
        if (random_below(3) == 0) {
            move_capability(slots[from]->capability, slots[from], slots[to]);
            names[to] = names[from];
            names[from] = -1;
        } else {
            insert_derived(slots[from]->capability, slots[from], slots[to]);
            names[to] = names[from];
        }
    }
}

/* --- the model: an object whose last capability goes loses all that is in it --- */

static void model_delete(int slot)
{
    int o = names[slot];

    if (o < 0) {
        return;
    }
    names[slot] = -1;
    for (unsigned s = 0; s < slot_count; s++) {
        if (names[s] == o) {
            return;
        }
    }
    for (unsigned s = 0; s < slot_count; s++) {
        if (owner[s] == o) {
            model_delete((int)s);
        }
    }
}

static void compare_with_model(void)
{
    for (unsigned s = 0; s < slot_count; s++) {
        EXPECT(slot_is_empty(slots[s]) == (names[s] < 0));
        if (names[s] >= 0) {
            EXPECT(is_same_object(slots[s]->capability, objects[names[s]].capability));
        }
    }
}

/* --- what must hold after every step --- */

static bool zombie_of(const struct slot *slot, const struct object *o)
{
    return capability_type(slot->capability) == CAP_ZOMBIE &&
           zombie_capability_slots(slot->capability) == o->slots;
}

/*
 * An object that no capability names is empty; what a zombie counts as empty is; nobody names it
 * besides.
 */
static void check_object(const struct object *o)
{
    const struct slot *zombie = NULL;
    unsigned capabilities = 0;

    for (unsigned s = 0; s < slot_count; s++) {
        if (zombie_of(slots[s], o)) {
            EXPECT(zombie == NULL);
            zombie = slots[s];
        } else if (!slot_is_empty(slots[s]) &&
                   is_same_object(slots[s]->capability, o->capability)) {
            capabilities++;
        }
    }
    EXPECT(zombie == NULL || capabilities == 0);
    if (capabilities > 0) {
        return;
    }
    unsigned full = zombie == NULL ? 0 : (unsigned)zombie_capability_slots_left(zombie->capability);
    EXPECT(full <= o->count);
    for (unsigned i = full; i < o->count; i++) {
        EXPECT(slot_is_empty(&o->slots[i]));
    }
}

static void check_state(void)
{
    for (unsigned o = 0; o < object_count; o++) {
        if (objects[o].slots != NULL) {
            check_object(&objects[o]);
            check_links(objects[o].slots, objects[o].count);
        }
    }
    check_links(outside, OUTSIDE_SLOTS);
    for (unsigned s = 0; s < slot_count; s++) {
        if (!slot_is_empty(slots[s])) {
            EXPECT(parent_of(slots[s]) != NULL); /* the untyped, at least */
        }
    }
}

/* One kernel entry; preempted after `steps` polls. */
static enum outcome enter(enum outcome (*operation)(struct slot *), struct slot *slot, word_t steps)
{
    preemption_reset();
    host_interrupt_after = steps;
    enum outcome outcome = operation(slot);
    host_interrupt_after = HOST_NEVER;
    check_state();
    return outcome;
}

/* --- tests: each for many seeds --- */

static void for_seeds(void (*test)(unsigned seed), unsigned seeds)
{
    for (unsigned i = 0; i < seeds; i++) {
        test(i);
    }
}

/* Deletes all slots outside, one after the other, each entry preempted as early as possible. */
static void delete_with_preemption_everywhere(unsigned number)
{
    random_seed(number);
    make_graph();
    for (unsigned s = 0; s < slot_count; s++) {
        if (owner[s] >= 0) {
            continue;
        }
        unsigned tries = 0;
        while (enter(delete_slot, slots[s], 0) == PREEMPTED) {
            EXPECT(tries++ < 2000);
        }
        model_delete((int)s);
        compare_with_model();
    }
}

/*
 * The same deletion preempted once, after 0, 1, 2 ... steps, until it needs no more steps than
 * that.
 */
static void delete_preempted_once_at_each_point(unsigned number)
{
    for (word_t steps = 0;; steps++) {
        random_seed(number);
        make_graph();
        bool preempted = false;
        for (unsigned s = 0; s < slot_count; s++) {
            if (owner[s] >= 0) {
                continue;
            }
            if (enter(delete_slot, slots[s], steps) == PREEMPTED) {
                preempted = true;
                EXPECT(enter(delete_slot, slots[s], HOST_NEVER) == DONE);
            }
            model_delete((int)s);
            compare_with_model();
        }
        if (!preempted) {
            break;
        }
    }
}

/* Whatever is under way, revoking the untyped ends with everything gone. */
static void revoke_to_the_end(word_t steps)
{
    unsigned tries = 0;

    while (enter(revoke_slot, &outside[0], steps) == PREEMPTED) {
        EXPECT(tries++ < 5000);
    }
    for (unsigned s = 0; s < slot_count; s++) {
        EXPECT(slot_is_empty(slots[s]));
    }
    EXPECT(!has_children(&outside[0]));
}

static void revoke_with_preemption_everywhere(unsigned number)
{
    random_seed(number);
    make_graph();
    revoke_to_the_end(0);
}

/* Deletions of random slots, inside objects too, given up at random points; then the revocation. */
static void interleaved_deletions_then_revoke(unsigned number)
{
    random_seed(number);
    make_graph();
    for (unsigned i = random_below(60); i > 0; i--) {
        struct slot *slot = slots[random_below(slot_count)];
        enter(random_below(6) == 0 ? revoke_slot : delete_slot, slot, random_below(6));
        if (random_below(4) == 0) {
            struct slot *from = slots[random_below(slot_count)];
            struct slot *to = &outside[1 + random_below(OUTSIDE_SLOTS - 1)];
            /* Users move zombies like any other capability, out of CNodes that they still have. */
            if (from >= outside && from < outside + OUTSIDE_SLOTS && !slot_is_empty(from) &&
                slot_is_empty(to)) {
                move_capability(from->capability, from, to);
            }
        }
        check_state();
    }
    revoke_to_the_end(random_below(3));
}

/*
 * Three deletions take turns, each preempted as early as possible: none keeps another from getting
 * done.
 */
static void deletions_take_turns(unsigned number)
{
    enum { TURNS = 3 };
    struct slot *under_way[TURNS];
    bool done[TURNS] = {false};

    random_seed(number);
    make_graph();
    for (unsigned i = 0; i < TURNS; i++) {
        under_way[i] = slots[random_below(slot_count)];
    }
    for (unsigned tries = 0, finished = 0; finished < TURNS; tries++) {
        unsigned i = tries % TURNS;
        EXPECT(tries < 5000);
        if (!done[i] && enter(delete_slot, under_way[i], 0) == DONE) {
            done[i] = true;
            finished++;
        }
    }
    revoke_to_the_end(0);
}

START_TEST(test_delete_with_preemption_everywhere)
{
    for_seeds(delete_with_preemption_everywhere, 500);
}
END_TEST

START_TEST(test_delete_preempted_once_at_each_point)
{
    for_seeds(delete_preempted_once_at_each_point, 100);
}
END_TEST

START_TEST(test_revoke_with_preemption_everywhere)
{
    for_seeds(revoke_with_preemption_everywhere, 500);
}
END_TEST

START_TEST(test_interleaved_deletions_then_revoke)
{
    for_seeds(interleaved_deletions_then_revoke, 2000);
}
END_TEST

START_TEST(test_deletions_take_turns)
{
    for_seeds(deletions_take_turns, 2000);
}
END_TEST

Suite *deletion_graph_suite(void);
Suite *deletion_graph_suite(void)
{
    Suite *suite = suite_create("deletion in random graphs");
    TCase *tests = tcase_create("graphs");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_delete_with_preemption_everywhere);
    tcase_add_test(tests, test_delete_preempted_once_at_each_point);
    tcase_add_test(tests, test_revoke_with_preemption_everywhere);
    tcase_add_test(tests, test_interleaved_deletions_then_revoke);
    tcase_add_test(tests, test_deletions_take_turns);
    suite_add_tcase(suite, tests);
    return suite;
}
