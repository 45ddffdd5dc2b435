/*
 * How a CPU is started, and started again when it does not answer (Intel SDM volume 3, 9.4): it is
 * sent INIT once, and a second start is a SIPI alone. Every CPU may be as slow as it likes, so that
 * its answer may come at any time, also after it was given up. With missing-cpus=go-on the boot
 * CPU first starts those that are not their node's first, to see that they are there; they halt,
 * and are started again by their nodes. One that did not answer is in no node.
 *
 * Models start_cpu(), start_cpu_again() (start_cpu.c), start_nodes() (boot_sys.c), boot_node(),
 * start_other_cpus(), wait_for_node() and join_node() (boot_node.c), status_page_claim() and
 * status_page_stop() (status.c), join_or_halt() (stop.c), call_roll() (roll_call.c),
 * answer_roll_call: (answer_roll_call.asm) and cpu_arrival: (arrival.asm): the boot CPU starts
 * node 1's first CPU, and that one starts the node's second. Sequentially consistent: the order
 * of stores is boot.pml's subject.
 *
 *   run
 *
 * Mutants, which must fail: -DSECOND_INIT (a second start sends INIT again, so that a CPU that has
 * answered late is reset while it holds its node's lock), -DPLAIN_CLAIM (the first CPU stores
 * BOOTING, whoever owns the page), -DNO_CLAIM (boot gives a node up without claiming its page),
 * -DNO_HALT (a CPU that answers after its node stopped goes on), -DMISSING_IN_TABLE (a CPU that was
 * left out still finds its place), -DMISSING_STARTED (the node starts a CPU that was left out),
 * -DRUNS_AT_ONCE (a CPU that has joined does not wait until the node is up: its program could end
 * the node before).
 */

mtype = { OFF, BOOTING, RUNNING, STOPPED };
mtype status = OFF;     /* node 1's status page */
bool boot_owns_page, node_owns_page;

bool roll_call;         /* where CPUs go when they come in: arrival_code */
bool present;           /* CPU 2 has answered */
bool in_table = true;   /* it is in the arrival table, and in its node's plan */

byte ready;             /* CPUs that have joined */
bool up;                /* node_is_up */
bool stopping;          /* node_stopping */
byte lock;              /* CPU + 1 that holds the node's lock */

/* The two started CPUs as hardware: CPU 1 is the node's first, CPU 2 its second. */
bool waits[3];          /* for a SIPI: INIT has come */
byte step[3];           /* 0: halted; PARKED: answered the roll call, and halts */
#define PARKED 20
bool reset_while_up[3]; /* INIT hit it after its first step */

inline send_init(cpu)
{
    atomic {
        reset_while_up[cpu] = reset_while_up[cpu] || (step[cpu] > 0 && step[cpu] != PARKED);
        waits[cpu] = true;
        step[cpu] = 0
    }
}

inline send_sipi(cpu)
{
    atomic {
        if
        :: waits[cpu] -> waits[cpu] = false; step[cpu] = 1
        :: else -> skip /* it runs: a SIPI is ignored */
        fi
    }
}

inline start_again(cpu)
{
#ifdef SECOND_INIT
    send_init(cpu);
#endif
    send_sipi(cpu)
}

/* Whoever finds OFF owns the page. */
inline claim(owner)
{
    atomic {
        if
        :: status == OFF -> status = BOOTING; owner = true
        :: else -> skip
        fi
    }
}

/* start_nodes. The looks may find nothing although the CPU is on its way: time is free. */
active proctype boot_cpu()
{
    if
    :: in_table = false; /* the arrival table is empty so far */
        roll_call = true; /* missing-cpus=go-on */
        send_init(2);
        send_sipi(2);
        if
        :: present -> skip
        :: !present -> start_again(2)
        fi;
        roll_call = false;
        in_table = present
    :: skip
    fi;
    send_init(1);
    send_sipi(1);
    if
    :: status != OFF -> goto done
    :: status == OFF -> start_again(1)
    fi;
    if
    :: status != OFF -> goto done
    :: skip
    fi;
#ifdef NO_CLAIM
    status = STOPPED; boot_owns_page = true;
#else
    claim(boot_owns_page);
    if
    :: boot_owns_page -> status = STOPPED
    :: else
    fi;
#endif
done:
    skip
}

/* The node's first CPU: boot_node. A step can be cut by INIT at any point: each is guarded. */
active proctype first_cpu()
{
end:
    do
    :: atomic { step[1] == 1 ->
#ifdef PLAIN_CLAIM
        status = BOOTING; node_owns_page = true; step[1] = 2
#else
        if
        :: status == OFF -> status = BOOTING; node_owns_page = true; step[1] = 2
        :: else -> step[1] = 9 /* too late: halts */
        fi
#endif
        }
#ifdef MISSING_STARTED
    :: atomic { step[1] == 2 -> send_init(2); step[1] = 3 }
#else
    :: atomic { step[1] == 2 && in_table -> send_init(2); step[1] = 3 }
    :: atomic { step[1] == 2 && !in_table -> step[1] = 6 }
#endif
    :: atomic { step[1] == 3 -> send_sipi(2); step[1] = 4 }
    :: atomic { step[1] == 4 && ready > 0 -> step[1] = 6 }
    :: atomic { step[1] == 4 && ready == 0 -> step[1] = 5 } /* 10 ms */
    :: step[1] == 5 -> start_again(2); step[1] = 7
    :: atomic { step[1] == 7 && ready > 0 -> step[1] = 6 }
    :: atomic { step[1] == 7 && ready == 0 ->               /* 1 s more: kernel_stop */
        stopping = true; status = STOPPED; step[1] = 9 }
    :: atomic { step[1] == 6 -> status = RUNNING; step[1] = 12 }
    :: atomic { step[1] == 12 -> up = true; step[1] = 13 }
    :: atomic { step[1] == 13 && lock == 0 -> lock = 2; step[1] = 8 }
    :: atomic { step[1] == 8 -> lock = 0; step[1] = 9 }
    od
}

/* The node's second CPU: answer_roll_call or cpu_arrival, then join_node. */
active proctype second_cpu()
{
end:
    do
    :: atomic { step[2] == 1 && roll_call -> step[2] = 10 }
    :: atomic { step[2] == 1 && !roll_call -> step[2] = 11 }
    :: atomic { step[2] == 10 -> present = true; step[2] = PARKED }
#ifdef MISSING_IN_TABLE
    :: atomic { step[2] == 11 -> step[2] = 2 }
#else
    :: atomic { step[2] == 11 && in_table -> step[2] = 2 }
    :: atomic { step[2] == 11 && !in_table -> step[2] = 9 } /* in no node: halts */
#endif
    :: atomic { step[2] == 2 ->
        if
#ifndef NO_HALT
        :: stopping -> step[2] = 9
#endif
        :: else -> ready++; step[2] = 3
        fi }
#ifdef RUNS_AT_ONCE
    :: atomic { step[2] == 3 && lock == 0 -> lock = 3; step[2] = 4 }
#else
    :: atomic { step[2] == 3 && up && lock == 0 -> lock = 3; step[2] = 4 }
#endif
    :: atomic { step[2] == 4 ->
        assert(status == RUNNING && !stopping);
        lock = 0; step[2] = 5 }
    od
}

/* At the end, when nothing moves any more. */
active proctype judge()
{
    timeout;
    assert(!reset_while_up[1] && !reset_while_up[2]);
    assert(!(boot_owns_page && node_owns_page));
    assert(!boot_owns_page || status == STOPPED);
    assert(lock == 0);
    assert(status == RUNNING || status == STOPPED);
    assert(!stopping || ready == 0);
    assert(ready == 0 || step[2] == 5);
    assert(in_table || ready == 0)
}
