/*
 * The node's lock: an MCS queue lock, instruction by instruction.
 *
 * Models enter_many:, holding:, door: (linking and waiting) and release: of
 * arch/x86/entry/entry_lock.asm, and is_any_cpu_at_the_door() (arch/x86/machine/door.c). What a CPU
 * stores for its user goes through the same buffer: x86_tso.inc.
 *
 * Shown: one holder at a time; nobody waits for ever (every CPU may stay away from the lock for
 * ever, so a lost hand-over is a deadlock) and, as a formula, CPU 0 gets the lock whenever it asks;
 * the order of the exchanges is the order of the holders; a holder reads what the holders before it
 * stored, with plain loads and stores; the holder knows whether somebody waits.
 *
 *   run live
 *   run live -DCPUS=3
 *
 * Mutants: -DWAIT_AFTER_LINK (wait = 1 after the exchange and the link; between the two it would
 * do, because the predecessor clears it only when it sees the link, and stores keep their order),
 * -DNEXT_AFTER_EXCHANGE (next = 0 after the exchange), -DEXCHANGE_WITHOUT_FENCE (an exchange that
 * does not wait for earlier stores, as on weaker machines), -DEXCHANGE_NOT_LOCKED (a load and a
 * store), -DRELEASE_WITHOUT_COMPARE (a plain store of null to the tail if `next` is null),
 * -DRELEASE_WITHOUT_LINK (after a failed compare-exchange, not waiting for the link),
 * -DRELEASE_TO_SELF (clears the own `wait`), -DSTORE_AFTER_RELEASE (shared state still touched on
 * the way out), -DCOUNT_OUTSIDE (a counter of the node incremented without the lock),
 * -DINTERRUPT_WHILE_QUEUEING (an interrupt between preparing the lock node and the exchange, whose
 * entry uses the same lock node).
 */
#ifndef CPUS
#define CPUS 2
#endif
#define BUFFER 6

#define TAIL 0 /* CPU + 1, or 0 */
#define DATA 1
#define COUNTER 2
#define NEXT(cpu) 3 + (cpu) /* CPU + 1, or 0 */
#define WAIT(cpu) 3 + CPUS + (cpu)
#define WORDS (3 + 2 * CPUS)
#define MODULUS 3

#define drained(cpu, address, value) skip
#include "x86_tso.inc"

byte holders;
byte data;                        /* what DATA should be */
byte counter;                     /* what COUNTER should be */
chan queue = [CPUS] of { byte };  /* the order of the exchanges */
bool waiting[CPUS];

inline count()
{
    load(self, COUNTER, value, rest, a, v);
    assert(value == counter);
    atomic { counter = (value + 1) % MODULUS; store(self, COUNTER, counter) }
}

/* Loads and stores of shared state. */
inline critical_section()
{
    assert(holders == 1);
    load(self, DATA, value, rest, a, v);
    assert(value == data);
    atomic {
        data = (value + 1) % MODULUS;
#ifndef STORE_AFTER_RELEASE
        store(self, DATA, data)
#endif
    };
#ifndef COUNT_OUTSIDE
    count();
    assert(holders == 1);
#endif
    value = 0
}

inline exchange()
{
#ifdef EXCHANGE_NOT_LOCKED
    load(self, TAIL, previous, rest, a, v);
    atomic { store(self, TAIL, self + 1); queue ! self }
#else
    atomic {
#ifndef EXCHANGE_WITHOUT_FENCE
        fenced(self);
#endif
        previous = memory[TAIL];
        memory[TAIL] = self + 1;
        queue ! self
    }
#endif
}

inline enter()
{
    waiting[self] = true;
#ifndef NEXT_AFTER_EXCHANGE
    store(self, NEXT(self), 0);
#endif
#ifndef WAIT_AFTER_LINK
    store(self, WAIT(self), 1);
#endif
#ifdef INTERRUPT_WHILE_QUEUEING
    if
    :: interrupted_entry()
    :: skip
    fi;
#endif
    exchange();
#ifdef NEXT_AFTER_EXCHANGE
    store(self, NEXT(self), 0);
#endif
    if
    :: previous != 0 ->
        store(self, NEXT(previous - 1), self + 1);
#ifdef WAIT_AFTER_LINK
        store(self, WAIT(self), 1);
#endif
        previous = 0;
        reads_zero(self, WAIT(self))
    :: else
    fi;
    atomic {
        holders++;
        waiting[self] = false;
        assert(queue ? [eval(self)]);
        queue ? _
    }
}

/*
 * is_any_cpu_at_the_door(): a plain load of the tail. False is right at some time since the load;
 * true is right for good.
 */
inline ask_for_waiters()
{
    load(self, TAIL, value, rest, a, v);
    assert(value == self + 1 || nempty(queue));
    value = 0
}

inline release()
{
    load(self, NEXT(self), next, rest, a, v);
    if
    :: next != 0
    :: else ->
#ifdef RELEASE_WITHOUT_COMPARE
        atomic { store(self, TAIL, 0); holders--; goto released }
#else
        atomic {
            fenced(self);
            if
            :: memory[TAIL] == self + 1 -> memory[TAIL] = 0; holders--; goto released
            :: else
            fi
        };
#ifdef RELEASE_WITHOUT_LINK
        holders--;
        goto released;
#else
        memory[NEXT(self)] != 0; /* no own store to it is waiting: the exchange was a fence */
        next = memory[NEXT(self)];
#endif
#endif
    fi;
#ifdef RELEASE_TO_SELF
    atomic { store(self, WAIT(self), 0); holders-- }
#else
    atomic { store(self, WAIT(next - 1), 0); holders-- }
#endif
released:
    next = 0
}

#ifdef INTERRUPT_WHILE_QUEUEING
/* Uses the words of the interrupted entry; what it does with the lock held does not matter. */
inline interrupted_entry()
{
    store(self, NEXT(self), 0);
    store(self, WAIT(self), 1);
    atomic { fenced(self); previous = memory[TAIL]; memory[TAIL] = self + 1 };
    if
    :: previous != 0 ->
        store(self, NEXT(previous - 1), self + 1);
        previous = 0;
        reads_zero(self, WAIT(self))
    :: else
    fi;
    atomic {
        fenced(self);
        if
        :: memory[TAIL] == self + 1 -> memory[TAIL] = 0
        :: else -> memory[NEXT(self)] != 0 -> store(self, WAIT(memory[NEXT(self)] - 1), 0)
        fi
    }
}
#endif

active [CPUS] proctype cpu()
{
    byte previous, next, value, rest, a, v;
    do
    :: enter();
        critical_section();
        ask_for_waiters();
        release();
#ifdef STORE_AFTER_RELEASE
        store(self, DATA, data);
#endif
#ifdef COUNT_OUTSIDE
        count();
        value = 0
#endif
    :: break /* stays in user mode for ever */
    od
}

ltl first_gets_it { [] (waiting[0] -> <> !waiting[0]) }
