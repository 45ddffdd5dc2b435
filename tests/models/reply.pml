/*
 * Scheduling contexts that are lent with calls, on stacks of reply objects (docs/mcs.md): in
 * whatever order threads call, answer, give up, and objects end in the middle of a chain, no
 * context is lost or has two threads, links fit together, each thread that waits can still be
 * answered, and where calls were only answered, every context comes home.
 *
 * Models sched_context_move(), sched_context_leave(), sched_context_release(), reply_object_call(),
 * reply_object_answer(), reply_object_cancel() and reply_object_finalise() (reply_object.c). All of
 * it happens under the node's lock, so each is one step. Bounds: 4 threads, of which 2 have a
 * context of their own at first, 3 reply objects, any number of steps.
 *
 *   run
 *
 * Mutants, which must fail: -DNO_RETURN (an answer does not give the context back), -DGIVE_ALWAYS
 * (it does even to a caller that was given another), -DSTACK_STAYS (cutting leaves the context its
 * stack), -DOLDER_STAYS (cutting out a reply leaves the older one's link to it), -DNEWER_STAYS (and
 * the newer one's), -DNO_HEIR (the next older reply does not become the first), -DBOTH_RUN (who had
 * a context that moves keeps it)
 */

#define THREADS  4
#define REPLIES  3
#define CONTEXTS 2
#define NONE     7

byte context_of[THREADS] = NONE, reply_of[THREADS] = NONE;
bool waits[THREADS];

byte caller[REPLIES] = NONE, older[REPLIES] = NONE, newer[REPLIES] = NONE, stack_of[REPLIES] = NONE;

byte runs[CONTEXTS] = NONE, first[CONTEXTS] = NONE;

/* Only calls and answers so far, the latter to the newest calls; no context was left. */
bool is_clean = true, none_left = true;

inline move(c, to)
{
    assert(context_of[to] == NONE);
    if
    :: runs[c] != NONE ->
#ifndef BOTH_RUN
        context_of[runs[c]] = NONE
#endif
    :: else -> skip
    fi;
    runs[c] = to;
    context_of[to] = c
}

inline cut_stack(c)
{
    if
    :: first[c] != NONE ->
        stack_of[first[c]] = NONE;
#ifndef STACK_STAYS
        first[c] = NONE
#endif
    :: else -> skip
    fi
}

inline let_go(r)
{
    reply_of[caller[r]] = NONE;
    waits[caller[r]] = false;
    caller[r] = NONE
}

inline cut_out(r)
{
    c = stack_of[r];
    if
    :: c != NONE -> cut_stack(c)
    :: else -> skip
    fi;
    if
    :: newer[r] != NONE ->
#ifndef NEWER_STAYS
        older[newer[r]] = NONE;
#endif
        newer[r] = NONE
    :: else -> skip
    fi;
    if
    :: older[r] != NONE ->
#ifndef OLDER_STAYS
        newer[older[r]] = NONE;
#endif
        older[r] = NONE
    :: else -> skip
    fi
}

inline push(c, r)
{
    if
    :: first[c] != NONE ->
        stack_of[first[c]] = NONE;
        newer[first[c]] = r
    :: else -> skip
    fi;
    older[r] = first[c];
    stack_of[r] = c;
    first[c] = r
}

inline pop(c, r)
{
    first[c] = older[r];
    if
    :: older[r] != NONE ->
        newer[older[r]] = NONE;
#ifndef NO_HEIR
        stack_of[older[r]] = c
#endif
    :: else -> skip
    fi;
    older[r] = NONE;
    stack_of[r] = NONE
}

inline call(from, to, r)
{
    caller[r] = from;
    reply_of[from] = r;
    waits[from] = true;
    if
    :: context_of[to] == NONE ->
        c = context_of[from];
        push(c, r);
        move(c, to)
    :: else -> skip
    fi
}

inline answer(r)
{
    c = stack_of[r];
    if
    :: c != NONE ->
        pop(c, r);
#ifdef GIVE_ALWAYS
        move(c, caller[r])
#else
        if
#ifndef NO_RETURN
        :: context_of[caller[r]] == NONE -> move(c, caller[r])
#endif
        :: else -> skip
        fi
#endif
    :: else -> cut_out(r)
    fi;
    let_go(r)
}

inline finalise(r)
{
    if
    :: stack_of[r] != NONE && context_of[caller[r]] == NONE -> answer(r)
    :: else -> cut_out(r); let_go(r)
    fi
}

inline check()
{
    for (i : 0 .. THREADS - 1) {
        assert(context_of[i] == NONE || runs[context_of[i]] == i);
        assert(!waits[i] || (reply_of[i] != NONE && caller[reply_of[i]] == i))
    }
    for (i : 0 .. CONTEXTS - 1) {
        assert(runs[i] == NONE -> !none_left : context_of[runs[i]] == i);
        assert(first[i] == NONE || stack_of[first[i]] == i);
        assert(!is_clean || waits[0] || waits[1] || waits[2] || waits[3] || runs[i] == i)
    }
    for (i : 0 .. REPLIES - 1) {
        assert(older[i] == NONE || newer[older[i]] == i);
        assert(newer[i] == NONE || older[newer[i]] == i);
        assert(stack_of[i] == NONE || (first[stack_of[i]] == i && newer[i] == NONE));
        assert(caller[i] != NONE ||
               (older[i] == NONE && newer[i] == NONE && stack_of[i] == NONE))
    }
    i = 0
}

init
{
    byte i, c, a, b, r;
    atomic { move(0, 0); move(1, 1) }
    do
    :: atomic {
        select(a : 0 .. THREADS - 1);
        select(b : 0 .. THREADS - 1);
        select(r : 0 .. REPLIES - 1);
        c = 0;
        if
        :: a != b && !waits[a] && !waits[b] && context_of[a] != NONE && caller[r] == NONE ->
            call(a, b, r)
        :: caller[r] != NONE ->
            is_clean = is_clean && newer[r] == NONE;
            answer(r)
        :: waits[a] -> /* reply_object_cancel() */
            is_clean = false;
            r = reply_of[a];
            cut_out(r);
            let_go(r)
        :: caller[r] != NONE ->
            is_clean = false;
            finalise(r)
        :: context_of[a] != NONE -> /* sched_context_leave(), or sched_context_release() */
            is_clean = false;
            none_left = false;
            c = context_of[a];
            if
            :: cut_stack(c)
            :: skip
            fi;
            runs[c] = NONE;
            context_of[a] = NONE
        :: context_of[a] == NONE && runs[0] == NONE -> move(0, a)
        :: context_of[a] == NONE && runs[1] == NONE -> move(1, a)
        :: else -> skip
        fi;
        a = 0;
        b = 0;
        r = 0;
        c = 0;
        check()
    }
    od
}
