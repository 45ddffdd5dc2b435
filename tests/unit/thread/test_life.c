/* Cluster control, and the controls of other nodes that are made from it. */
#include "world.h"
#include <api/cluster.h>
#include <arch/life.h>
#include <kernel/derivation.h>

enum { CONTROL = FREE, OWN, NODE, AGAIN, COPY };

static struct tcb *self;

static void setup(void)
{
    world_start(1);
    self = new_running_thread(10, 0);
    insert_root(cluster_control_capability(), &root[CONTROL]);
    insert_root(capability_make(CAP_NODE_CONTROL, 0, 0), &root[OWN]);
}

static word_t get_node(word_t node, word_t slot)
{
    return invoke(self, CONTROL, LABEL_CMKClusterControlGetNode, WORDS(node, slot, 64), CAPS(ROOT));
}

static word_t ask(word_t pointer, word_t label)
{
    return invoke(self, pointer, label, NO_WORDS, NO_CAPS);
}

static word_t make_copy(void)
{
    return invoke(self, ROOT, LABEL_CNodeCopy, WORDS(COPY, 64, NODE, 64, RIGHTS_ALL), CAPS(ROOT));
}

START_TEST(get_node_refusals)
{
    ck_assert_uint_eq(
        invoke(self, CONTROL, LABEL_CMKClusterControlGetNode, WORDS(1, NODE), CAPS(ROOT)),
        ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(get_node(0, NODE), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(mr(self, 1), 1);
    ck_assert_uint_eq(get_node(2, NODE), ERROR_RANGE);
    ck_assert_uint_eq(get_node(~0ul, NODE), ERROR_RANGE);
    ck_assert_uint_eq(get_node(1, ROOT), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(ask(CONTROL, LABEL_CMKOtherNodeStop), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(ask(CONTROL, LABEL_CMKNodeControlExit), ERROR_ILLEGAL_OPERATION);
    ck_assert(slot_is_empty(&root[NODE]));
}
END_TEST

START_TEST(each_control_has_its_own_methods)
{
    ck_assert_uint_eq(get_node(1, NODE), ERROR_NONE);
    ck_assert_uint_eq(ask(OWN, LABEL_CMKOtherNodeStart), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(ask(OWN, LABEL_CMKOtherNodeStop), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(
        invoke(self, OWN, LABEL_CMKClusterControlGetNode, WORDS(1, COPY, 64), CAPS(ROOT)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(
        invoke(self, NODE, LABEL_CMKClusterControlGetNode, WORDS(1, COPY, 64), CAPS(ROOT)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(self, NODE, LABEL_CMKNodeControlExit, WORDS(0), NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert(slot_is_empty(&root[COPY]));
}
END_TEST

START_TEST(nodes_are_started_and_stopped)
{
    ck_assert_uint_eq(get_node(1, NODE), ERROR_NONE);
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeStart), ERROR_NONE);
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeLife), ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), CMK_LIFE_STARTED);
    ck_assert_uint_eq(mr(self, 1), 1);
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeStop), ERROR_NONE);
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeLife), ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), CMK_LIFE_OFF);
    ck_assert_uint_eq(mr(self, 1), 1);
}
END_TEST

START_TEST(start_refusals)
{
    ck_assert_uint_eq(get_node(1, NODE), ERROR_NONE);
    host_machine.life[1].outcome = START_IS_ON;
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeStart), ERROR_DELETE_FIRST);
    host_machine.life[1].outcome = START_IMPOSSIBLE;
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeStart), ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 0);
    host_machine.life[1].outcome = START_LAST_LIFE;
    ck_assert_uint_eq(ask(NODE, LABEL_CMKOtherNodeStart), ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(host_machine.life[1].generation, 0);
}
END_TEST

/* Two controls of one node are two families; cluster control is above both, and above no other. */
START_TEST(controls_are_revoked)
{
    ck_assert_uint_eq(get_node(1, NODE), ERROR_NONE);
    ck_assert_uint_eq(get_node(1, AGAIN), ERROR_NONE);
    ck_assert_uint_eq(make_copy(), ERROR_NONE);
    ck_assert(is_parent_of(&root[CONTROL], &root[NODE]));
    ck_assert(is_parent_of(&root[CONTROL], &root[COPY]));
    ck_assert(is_parent_of(&root[NODE], &root[COPY]));
    ck_assert(!is_parent_of(&root[NODE], &root[AGAIN]));
    ck_assert(!is_parent_of(&root[AGAIN], &root[NODE]));
    ck_assert(!is_parent_of(&root[NODE], &root[CONTROL]));
    ck_assert(!is_parent_of(&root[CONTROL], &root[OWN]));
    ck_assert(!is_parent_of(&root[OWN], &root[NODE]));
    ck_assert_uint_eq(invoke(self, ROOT, LABEL_CNodeRevoke, WORDS(NODE, 64), NO_CAPS), ERROR_NONE);
    ck_assert(slot_is_empty(&root[COPY]) && !slot_is_empty(&root[AGAIN]));
    ck_assert_uint_eq(make_copy(), ERROR_NONE);
    ck_assert_uint_eq(invoke(self, ROOT, LABEL_CNodeRevoke, WORDS(CONTROL, 64), NO_CAPS),
                      ERROR_NONE);
    ck_assert(slot_is_empty(&root[NODE]) && slot_is_empty(&root[AGAIN]));
    ck_assert(slot_is_empty(&root[COPY]) && !slot_is_empty(&root[CONTROL]));
    ck_assert(!slot_is_empty(&root[OWN]));
}
END_TEST

Suite *life_suite(void)
{
    Suite *suite = suite_create("life");
    TCase *t = tcase_create("life");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, get_node_refusals);
    tcase_add_test(t, each_control_has_its_own_methods);
    tcase_add_test(t, nodes_are_started_and_stopped);
    tcase_add_test(t, start_refusals);
    tcase_add_test(t, controls_are_revoked);
    suite_add_tcase(suite, t);
    return suite;
}
