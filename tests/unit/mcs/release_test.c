/*
 * The release queue (kernel/release.h): random operations against a search through all, and the
 * bounds that its leading comment promises.
 */
#include <kernel/release.h>
#include <stdlib.h>
#include "random.h"
#include "suites.h"

enum { NODES = 1000 };

static struct release_node node[NODES];
static struct release_queue queue;

static unsigned log2_up(unsigned n)
{
    unsigned log = 0;
    while ((1u << log) < n) {
        log++;
    }
    return log;
}

/* Every rule of the tree; returns the number of nodes. */
static unsigned check_below(const struct release_node *at, const struct release_node *parent)
{
    if (at == NULL) {
        return 0;
    }
    unsigned left = at->left != NULL ? at->left->rank : 0;
    unsigned right = at->right != NULL ? at->right->rank : 0;
    MUST(at->parent == (parent));
    MUST(parent == NULL || parent->time < at->time ||
         (parent->time == at->time && parent->order < at->order));
    MUST(left >= right);
    MUST(at->rank == right + 1);
    unsigned nodes = check_below(at->left, at) + check_below(at->right, at) + 1;
    MUST(at->rank <= log2_up(nodes + 1));
    return nodes;
}

static const struct release_node *earliest(void)
{
    const struct release_node *first = NULL;
    for (unsigned i = 0; i < NODES; i++) {
        if (is_in_release_queue(&node[i]) &&
            (first == NULL || node[i].time < first->time ||
             (node[i].time == first->time && node[i].order < first->order))) {
            first = &node[i];
        }
    }
    return first;
}

/* How many nodes above are settled: those whose rank changes, and one. */
static void remove_in_few_steps(unsigned which, unsigned count)
{
    static const struct release_node *above[NODES];
    static uint8_t rank[NODES];
    unsigned height = 0, changed = 0;
    for (const struct release_node *at = node[which].parent; at != NULL; at = at->parent) {
        above[height] = at;
        rank[height++] = at->rank;
    }
    release_remove(&queue, &node[which]);
    for (unsigned i = 0; i < height; i++) {
        changed += above[i]->rank != rank[i];
    }
    MUST(changed <= log2_up(count + 1));
}

START_TEST(random_operations)
{
    uint64_t state = random_start((unsigned)_i);
    unsigned count = 0, target = 0, most = 0;
    queue = (struct release_queue){0};
    for (unsigned step = 0; step < 10000; step++) {
        if (step % 2000 == 0) {
            target = next_below(&state, NODES);
        }
        unsigned which = next_below(&state, NODES);
        if (is_in_release_queue(&node[which])) {
            if (count > target || next_below(&state, 2) == 0) {
                remove_in_few_steps(which, count);
                count--;
            }
        } else if (count <= target) {
            release_insert(&queue, &node[which], next_below(&state, _i % 2 == 0 ? 20 : 1u << 30));
            count++;
        }
        most = MAX(most, count);
        MUST(queue.first == (earliest()));
        if (step % 8 == 0) {
            MUST(check_below(queue.first, NULL) == count);
        }
    }
    ck_assert_uint_gt(most, 300);
    while (queue.first != NULL) {
        MUST(queue.first == (earliest()));
        remove_in_few_steps((unsigned)(queue.first - node), count--);
    }
    MUST(count == 0);
}
END_TEST

/* In order, against it, and all at once: first in, first out. */
START_TEST(orders)
{
    queue = (struct release_queue){0};
    for (unsigned i = 0; i < NODES; i++) {
        release_insert(&queue, &node[i], _i == 0 ? i : _i == 1 ? NODES - i : 7);
    }
    MUST(check_below(queue.first, NULL) == NODES);
    for (unsigned i = 0; i < NODES; i++) {
        unsigned expected = _i == 1 ? NODES - 1 - i : i;
        MUST(queue.first == (&node[expected]));
        release_remove(&queue, queue.first);
        MUST(!is_in_release_queue(&node[expected]));
    }
    MUST(queue.first == NULL);
}
END_TEST

Suite *release_suite(void)
{
    Suite *suite = suite_create("release queue");
    TCase *tests = tcase_create("release queue");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, random_operations, 0, 4);
    tcase_add_loop_test(tests, orders, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
