/* Queues ordered by priority (kernel/wait_queue.h), against an array that is sorted. */
#include <kernel/ipc.h>
#include <kernel/wait_queue.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"
#include "suites.h"

enum { THREADS = 200 };

static struct tcb thread[THREADS];
static struct thread_queue queue;
static struct tcb *expected[THREADS];
static unsigned count;

static void insert(struct tcb *who, unsigned priority)
{
    unsigned at = count;
    who->priority = (uint8_t)priority;
    while (at > 0 && expected[at - 1]->priority < priority) {
        expected[at] = expected[at - 1];
        at--;
    }
    expected[at] = who;
    count++;
    wait_queue_insert(&queue, who);
}

static void take_out(unsigned at)
{
    struct tcb *who = expected[at];
    memmove(&expected[at], &expected[at + 1], (--count - at) * sizeof(expected[0]));
    wait_queue_remove(&queue, who);
    MUST(who->queue_next == NULL);
    MUST(who->queue_previous == NULL);
    MUST(who->leader_next == NULL);
    MUST(who->leader_previous == NULL);
}

static void compare(void)
{
    struct tcb *leader = queue.head, *before = NULL;
    MUST(queue.head == (count != 0 ? expected[0] : NULL));
    MUST(queue.tail == (count != 0 ? expected[count - 1] : NULL));
    for (unsigned i = 0; i < count; i++) {
        MUST(expected[i]->queue_previous == (i != 0 ? expected[i - 1] : NULL));
        MUST(expected[i]->queue_next == (i + 1 < count ? expected[i + 1] : NULL));
        if (i == 0 || expected[i]->priority != expected[i - 1]->priority) {
            MUST(leader == (expected[i]));
            MUST(leader->leader_previous == (before));
            before = leader;
            leader = leader->leader_next;
        } else {
            MUST(expected[i]->leader_next == NULL);
            MUST(expected[i]->leader_previous == NULL);
        }
    }
    MUST(leader == NULL);
}

START_TEST(random_queues)
{
    uint64_t state = random_start((unsigned)_i);
    static const unsigned priorities[] = {1, 3, 40, ABI_PRIORITIES};
    unsigned most = 0;
    memset(thread, 0, sizeof(thread));
    queue = (struct thread_queue){NULL, NULL};
    count = 0;
    for (unsigned step = 0; step < 4000; step++) {
        struct tcb *who = &thread[next_below(&state, THREADS)];
        unsigned priority = next_below(&state, priorities[_i % 4]);
        unsigned at = 0;
        while (at < count && expected[at] != who) {
            at++;
        }
        switch (next_below(&state, 5)) {
        case 0:
            if (count != 0) {
                take_out(0);
            }
            break;
        case 1:
            if (at < count) {
                take_out(at);
                insert(who, priority); /* its priority changes */
            }
            break;
        default:
            if (at == count) {
                insert(who, priority);
            } else if (step % 1000 > 600) {
                take_out(at);
            }
        }
        most = MAX(most, count);
        compare();
    }
    ck_assert_uint_gt(most, 50);
}
END_TEST

Suite *wait_queue_suite(void)
{
    Suite *suite = suite_create("wait queues");
    TCase *tests = tcase_create("wait queues");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, random_queues, 0, 8);
    suite_add_tcase(suite, tests);
    return suite;
}
