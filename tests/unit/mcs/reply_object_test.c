/*
 * Reply objects and the scheduling contexts that are lent with them (kernel/reply_object.h),
 * against a model without links: every stack is an array, and cutting one makes two.
 */
#include <kernel/reply_object.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"
#include "suites.h"

enum { THREADS = 12, CONTEXTS = 5, REPLIES = 10, STACKS = 2 * REPLIES, NONE = -1 };

static struct tcb thread[THREADS];
static struct reply_object reply[REPLIES];
static struct sched_context context[CONTEXTS];

/* The model: numbers of the above. */
static int context_of[THREADS], user_of[REPLIES];
static struct stack {
    int context; /* NONE: what was cut off */
    unsigned count;
    int replies[REPLIES]; /* the newest first */
} stacks[STACKS];

static void begin(void)
{
    memset(thread, 0, sizeof(thread));
    memset(reply, 0, sizeof(reply));
    memset(context, 0, sizeof(context));
    memset(stacks, 0, sizeof(stacks));
    memset(context_of, 0xff, sizeof(context_of));
    memset(user_of, 0xff, sizeof(user_of));
    for (unsigned i = 0; i < THREADS; i++) {
        thread[i].state = THREAD_RUNNING;
    }
}

static int thread_of(int which)
{
    for (int i = 0; i < THREADS; i++) {
        if (context_of[i] == which) {
            return i;
        }
    }
    return NONE;
}

static struct stack *free_stack(void)
{
    struct stack *stack = stacks;
    while (stack->count != 0) {
        stack++;
    }
    return stack;
}

static struct stack *stack_of_context(int which)
{
    for (struct stack *stack = stacks; stack < stacks + STACKS; stack++) {
        if (stack->count != 0 && stack->context == which) {
            return stack;
        }
    }
    return NULL;
}

static struct stack *find(int which, unsigned *place)
{
    for (struct stack *stack = stacks; stack < stacks + STACKS; stack++) {
        for (*place = 0; *place < stack->count; ++*place) {
            if (stack->replies[*place] == which) {
                return stack;
            }
        }
    }
    return NULL;
}

static void model_move(int which, int to)
{
    int from = thread_of(which);
    if (from != NONE) {
        context_of[from] = NONE;
    }
    context_of[to] = which;
}

static void model_call(int with, int caller, int receiver, bool may_lend)
{
    int lent = context_of[caller];
    user_of[with] = caller;
    if (!may_lend || lent == NONE || context_of[receiver] != NONE) {
        return;
    }
    struct stack *stack = stack_of_context(lent);
    if (stack == NULL) {
        stack = free_stack();
        stack->context = lent;
    }
    memmove(stack->replies + 1, stack->replies, stack->count++ * sizeof(stack->replies[0]));
    stack->replies[0] = with;
    model_move(lent, receiver);
}

/* Takes a reply out; what is older loses the context, or inherits it. */
static void model_take_out(int which, bool inherit)
{
    unsigned place;
    struct stack *stack = find(which, &place);
    user_of[which] = NONE;
    if (stack == NULL) {
        return;
    }
    struct stack older = {inherit && place == 0 ? stack->context : NONE, 0, {0}};
    while (place + 1 + older.count < stack->count) {
        older.replies[older.count] = stack->replies[place + 1 + older.count];
        older.count++;
    }
    stack->count = place;
    if (older.count != 0) {
        *free_stack() = older;
    }
}

static bool is_first_of_context(int which)
{
    unsigned place;
    const struct stack *stack = find(which, &place);
    return stack != NULL && place == 0 && stack->context != NONE;
}

static void model_answer(int which)
{
    unsigned place;
    const struct stack *stack = find(which, &place);
    int caller = user_of[which], lent = is_first_of_context(which) ? stack->context : NONE;
    model_take_out(which, true);
    if (lent != NONE && context_of[caller] == NONE) {
        model_move(lent, caller);
    }
}

static struct reply_object *reply_at(const struct stack *stack, unsigned place)
{
    return place < stack->count ? &reply[stack->replies[place]] : NULL;
}

static void compare(void)
{
    for (int i = 0; i < THREADS; i++) {
        int has = context_of[i];
        MUST(thread[i].sched_context == (has != NONE ? &context[has] : NULL));
        MUST(thread[i].reply == NULL || thread[i].reply->thread == &thread[i]);
    }
    for (int i = 0; i < CONTEXTS; i++) {
        int by = thread_of(i);
        const struct stack *stack = stack_of_context(i);
        MUST(context[i].thread == (by != NONE ? &thread[by] : NULL));
        MUST(context[i].reply == (stack != NULL ? reply_at(stack, 0) : NULL));
    }
    for (int i = 0; i < REPLIES; i++) {
        unsigned place;
        const struct stack *stack = find(i, &place);
        bool is_first = is_first_of_context(i);
        MUST(reply[i].thread == (user_of[i] != NONE ? &thread[user_of[i]] : NULL));
        MUST(user_of[i] == NONE || thread[user_of[i]].reply == &reply[i]);
        MUST(reply[i].context == (is_first ? &context[stack->context] : NULL));
        MUST(reply[i].older == (stack != NULL ? reply_at(stack, place + 1) : NULL));
        MUST(reply[i].newer == (stack != NULL && place != 0 ? reply_at(stack, place - 1) : NULL));
    }
}

/* --- what may happen; the caller has found it possible --- */

static void call(int with, int caller, int receiver, bool may_lend)
{
    if (thread[receiver].state == THREAD_BLOCKED_ON_RECEIVE) {
        reply_object_forget(&thread[receiver]);
        thread[receiver].state = THREAD_RUNNING;
    }
    model_call(with, caller, receiver, may_lend);
    thread[caller].state = THREAD_BLOCKED_ON_REPLY;
    reply_object_call(&reply[with], &thread[caller], &thread[receiver], may_lend);
}

static void answer(int which)
{
    int user = user_of[which];
    bool waits = user != NONE && thread[user].state == THREAD_BLOCKED_ON_REPLY;
    struct tcb *woken = reply_object_answer(&reply[which]);
    MUST(woken == (waits ? &thread[user] : NULL));
    if (waits) {
        model_answer(which);
        woken->state = THREAD_RUNNING;
    }
}

static void finalise(int which)
{
    int user = user_of[which];
    struct tcb *woken = reply_object_finalise(&reply[which]);
    MUST(woken == (user != NONE ? &thread[user] : NULL));
    if (user == NONE) {
        return;
    }
    if (is_first_of_context(which) && context_of[user] == NONE) {
        model_answer(which);
    } else {
        model_take_out(which, false);
    }
    woken->state = THREAD_RUNNING;
}

static void stop_waiting(int who)
{
    int which = (int)(thread[who].reply - reply);
    if (thread[who].state == THREAD_BLOCKED_ON_REPLY) {
        reply_object_cancel(&thread[who]);
        model_take_out(which, false);
    } else if (thread[who].state == THREAD_BLOCKED_ON_RECEIVE) {
        reply_object_forget(&thread[who]);
        user_of[which] = NONE;
    }
    thread[who].state = THREAD_RUNNING;
}

static void release(int which)
{
    struct stack *stack = stack_of_context(which);
    int by = thread_of(which);
    sched_context_release(&context[which]);
    if (stack != NULL) {
        stack->context = NONE;
    }
    if (by != NONE) {
        context_of[by] = NONE;
    }
}

/* A call of `caller`, if a server can take it. */
static bool try_call(int with, int caller, int receiver, bool may_lend)
{
    if (caller == receiver || thread[caller].state != THREAD_RUNNING ||
        context_of[caller] == NONE || thread[receiver].state == THREAD_BLOCKED_ON_REPLY) {
        return false;
    }
    if (thread[receiver].state == THREAD_BLOCKED_ON_RECEIVE) {
        int named = (int)(thread[receiver].reply - reply);
        user_of[named] = NONE;
        call(named, caller, receiver, may_lend);
        return true;
    }
    if (user_of[with] == NONE) {
        call(with, caller, receiver, may_lend);
        return true;
    }
    return false;
}

START_TEST(random_histories)
{
    uint64_t state = random_start((unsigned)_i);
    unsigned deepest = 0, calls = 0;
    begin();
    for (unsigned step = 0; step < 30000; step++) {
        int who = (int)next_below(&state, THREADS), other = (int)next_below(&state, THREADS);
        int with = (int)next_below(&state, REPLIES), which = (int)next_below(&state, CONTEXTS);
        switch (next_below(&state, 24)) {
        case 0:
            stop_waiting(who);
            break;
        case 1:
            finalise(with);
            break;
        case 2:
            if (step % 4 == 0) {
                release(which);
            }
            break;
        case 3:
            sched_context_leave(&thread[who]);
            context_of[who] = NONE;
            break;
        case 4 ... 6:
            if (context_of[who] == NONE && thread_of(which) == NONE) {
                sched_context_move(&context[which], &thread[who]);
                context_of[who] = which;
            }
            break;
        case 7 ... 8:
            if (thread[who].state == THREAD_RUNNING && user_of[with] == NONE) {
                reply_object_name(&reply[with], &thread[who]);
                user_of[with] = who;
                thread[who].state = THREAD_BLOCKED_ON_RECEIVE;
            }
            break;
        case 9 ... 10:
            answer(with);
            break;
        default:
            calls += try_call(with, who, other, next_below(&state, 8) != 0);
        }
        compare();
        for (unsigned i = 0; i < STACKS; i++) {
            deepest = MAX(deepest, stacks[i].count);
        }
    }
    ck_assert_uint_gt(calls, 1000);
    ck_assert_uint_gt(deepest, 3);
}
END_TEST

/* As long as only answers come, in any order of calls, every context comes home. */
START_TEST(every_context_comes_home)
{
    uint64_t state = random_start((unsigned)_i);
    unsigned calls = 0;
    for (unsigned turn = 0; turn < 500; turn++) {
        begin();
        for (int i = 0; i < CONTEXTS; i++) {
            sched_context_move(&context[i], &thread[i]);
            context_of[i] = i;
        }
        for (unsigned step = 0; step < 40; step++) {
            calls += try_call((int)next_below(&state, REPLIES), (int)next_below(&state, THREADS),
                              (int)next_below(&state, THREADS), true);
            int which = (int)next_below(&state, CONTEXTS);
            if (next_below(&state, 4) == 0 && context[which].reply != NULL) {
                answer((int)(context[which].reply - reply)); /* by who runs on it */
            }
            compare();
        }
        for (unsigned more = 1; more != 0;) {
            more = 0;
            for (int i = 0; i < REPLIES; i++) { /* servers that still run answer what they have */
                bool is_buried = reply[i].newer != NULL;
                if (user_of[i] != NONE && !is_buried) {
                    answer(i);
                    compare();
                    more++;
                }
            }
        }
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(thread[i].state, THREAD_RUNNING);
            ck_assert_int_eq(context_of[i], i < CONTEXTS ? i : NONE);
        }
    }
    ck_assert_uint_gt(calls, 2000);
}
END_TEST

/* A caller that was given another context meanwhile keeps that one. */
START_TEST(another_context_meanwhile)
{
    begin();
    sched_context_move(&context[0], &thread[0]);
    context_of[0] = 0;
    call(0, 0, 1, true);
    ck_assert_ptr_eq(thread[1].sched_context, &context[0]);
    ck_assert_ptr_null(thread[0].sched_context);
    sched_context_move(&context[1], &thread[0]);
    context_of[0] = 1;
    compare();
    answer(0);
    compare();
    ck_assert_ptr_eq(thread[1].sched_context, &context[0]);
    ck_assert_ptr_eq(thread[0].sched_context, &context[1]);
}
END_TEST

Suite *reply_object_suite(void)
{
    Suite *suite = suite_create("reply objects");
    TCase *tests = tcase_create("reply objects");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, random_histories, 0, 8);
    tcase_add_loop_test(tests, every_context_comes_home, 0, 2);
    tcase_add_test(tests, another_context_meanwhile);
    suite_add_tcase(suite, tests);
    return suite;
}
