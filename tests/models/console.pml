/*
 * Whose turn it is at a UART that several nodes' kernels use.
 *
 * Models choose(), comes_before(), wait_for() and console_turn_wait() of
 * arch/x86/machine/console_turn.c, and line_begin() and line_end() of arch/x86/machine/console.c.
 *
 * Each node writes some lines, one after the other, and may stop for ever at any step: before it
 * has chosen, while it chooses or waits, in the middle of a line. The words are seen in one order
 * by all, as sequentially consistent accesses are.
 *
 * Assumed: a node that stands still for CONSOLE_STILL_MILLISECONDS has stopped.
 *
 * Shown: of nodes that have not stopped, one writes at a time; no node that lives is overtaken by
 * one that began to choose after it had chosen; every node that does not stop writes all its lines,
 * whoever stops.
 *
 *   run
 *   run -DNODES=2 -DLINES=3
 *
 * Mutants: -DNO_CHOOSING (a node that is looking for its number is not waited for), -DBOTH_FIRST
 * (of equal numbers, the node's own number does not decide), -DFORCE (a node that waits may take
 * the turn of one that lives), -DSTOPPED_IS_AWAITED (also a node that has stopped), -DSAME_NUMBER
 * (each takes the number 1, so lower nodes always go first), -DKEEPS_NUMBER (after its line a node
 * does not let go).
 */
#ifndef NODES
#define NODES 3
#endif
#ifndef LINES
#define LINES 1
#endif

byte number[NODES];
bool choosing[NODES];
bool stopped[NODES];
byte lines[NODES];     /* that the node has written */
bool has_chosen[NODES]; /* and not written yet */
byte living_writers;

/*
 * Node `me` began to choose when `other` had chosen: other goes first. Row `me` is written by node
 * me alone.
 */
typedef row { bool first[NODES] };
row comes[NODES];

#define COMES_BEFORE(other, me) \
    (number[other] != 0 && (number[other] < own || (number[other] == own && other < me)))

inline may_stop()
{
    if
    :: stopped[me] = true; goto end
    :: skip
    fi
}

active [NODES] proctype node()
{
    byte me = _pid, own = 0, i;

    do
    :: lines[me] == LINES -> break
    :: else ->
        d_step {
            i = 0;
            do
            :: i < NODES -> comes[me].first[i] = has_chosen[i]; i++
            :: else -> break
            od;
            i = 0
        }
        choosing[me] = true;
        may_stop();
        own = 0;
        i = 0;
        do
        :: i < NODES ->
            if
            :: number[i] > own -> own = number[i]
            :: else
            fi;
            i++
        :: else -> break
        od;
#ifdef SAME_NUMBER
        own = 1;
#else
        own++;
#endif
        may_stop();
        number[me] = own;
        d_step { choosing[me] = false; has_chosen[me] = true }
        may_stop();
        i = 0;
        do
        :: i < NODES && i == me -> i++
        :: i < NODES && i != me ->
            /* Each look is a step; a node that stands still is passed. */
#ifndef NO_CHOOSING
            if
            :: !choosing[i]
#ifndef STOPPED_IS_AWAITED
            :: stopped[i]
#endif
            fi;
#endif
            if
#ifdef BOTH_FIRST
            :: !(number[i] != 0 && number[i] < own)
#else
            :: !COMES_BEFORE(i, me)
#endif
#ifndef STOPPED_IS_AWAITED
            :: stopped[i]
#endif
#ifdef FORCE
            :: true
#endif
            fi;
            i++
        :: else -> break
        od;
        skip; /* no jump may end in a d_step */
        d_step {
            living_writers++;
            assert(living_writers == 1);
            i = 0;
            do
            :: i < NODES ->
                assert(!comes[me].first[i] || !has_chosen[i] || stopped[i]);
                i++
            :: else -> break
            od;
            i = 0
        }
        if
        :: atomic { stopped[me] = true; living_writers--; goto end }
        :: skip
        fi;
        skip;
        d_step {
            living_writers--; lines[me]++; has_chosen[me] = false;
            i = 0;
            do /* it has written what it came for: whoever waited for that waits no more */
            :: i < NODES -> comes[i].first[me] = false; i++
            :: else -> break
            od;
            i = 0
        }
#ifndef KEEPS_NUMBER
        number[me] = 0
#endif
    od;
end:
    skip
}
