/*
 * A node that is stopped and started again by node 0 while CPUs of its own may be late, hang, or
 * run wild (docs/life.md).
 *
 * Node 0's kernel alone writes the life word: what the node is, and its generation. Stop says that
 * the node is being stopped, sends INIT to its CPUs, waits until signals that were under way have
 * landed, and sends INIT again, because a CPU of the node may have started another one in between.
 * Start clears the status page, since an earlier life may have written what a later one would,
 * names a new generation, and starts the first CPU. A CPU that comes in looks at the life word
 * before anything else and parks unless the node is started; the first one then claims the status
 * page for its generation, builds the node in its memory and starts the second.
 *
 * Models life_stop() and life_start() (arch/x86/machine/life.c), start_cpu() (start_cpu.c),
 * cpu_arrival: (arrival.asm), cpu_arrived(), boot_node() and join_node() (boot_node.c) and
 * status_page_claim() (status.c). Messages and their generations are what programs do. Assumed: a
 * signal between CPUs arrives within the time that Stop waits, and INIT takes effect; every CPU may
 * otherwise be as slow as it likes. Sequentially consistent: start_cpu() and life_start() have the
 * fence.
 *
 *   run
 *   run -DWILD
 *
 * WILD: a first life that does what it likes with its memory, its status page and its CPUs.
 *
 * Mutants, which must fail: -DNOT_ANNOUNCED (Stop does not say so before it sends INIT),
 * -DONE_PASS (it sends INIT once), -DNO_WAIT (it does not wait in between), -DLIFE_NOT_READ (a CPU
 * that comes in goes on whatever the life word says), -DSTATUS_KEPT (Start does not clear the
 * status page; the wild life shows it), -DGENERATION_IGNORED (a peer believes a status page of any
 * generation), -DGENERATION_KEPT (Start names the old generation again),
 * -DGENERATION_OF_MESSAGE_IGNORED (the node takes a message that was for an earlier life).
 */

#define LIVES 3
#define FIRST 0 /* the node's CPUs */
#define SECOND 1

mtype = { OFF, STARTED, STOPPING };
mtype life = OFF;
byte generation;

/* The status page: generation and whether the node runs. 0: cleared. */
byte status_generation;
bool status_runs;

/* Of the node's memory: for which life it was built last. */
byte built;
bool joined;      /* the second CPU has come */
bool ran[LIVES + 1];

byte lives;       /* how often node 0 has started the node: only to judge by */

/* A message to the node: which generation it is for; 0: there is none. */
byte message;
byte message_life; /* only to judge by: the life that its sender saw */

/* Hardware: a CPU that waits for SIPI does nothing. */
mtype = { WAITS, COMES, KNOWS, BUILDS, CALLS, CALLED, RUNS, PARKED };
mtype cpu[2] = WAITS;
byte seen[2];     /* the generation that the CPU read when it came */
bool init_under_way[2], sipi_under_way[2];

#ifdef WILD
#define IS_WILD(c) (seen[c] == 1)
#define WAS_WILD(g) (g == 1)
#else
#define IS_WILD(c) false
#define WAS_WILD(g) false
#endif

/* INIT is accepted at any time, SIPI by a CPU that waits for it. */
active [2] proctype hardware()
{
    byte c = _pid;
end:
    do
    :: atomic { init_under_way[c] -> init_under_way[c] = false; cpu[c] = WAITS; seen[c] = 0 }
    :: atomic { sipi_under_way[c] && !init_under_way[c] ->
        sipi_under_way[c] = false;
        if
        :: cpu[c] == WAITS -> cpu[c] = COMES
        :: else -> skip
        fi }
    od
}

/* What a CPU may do only in the life that it belongs to, and while that is not over. */
#define IN_ITS_LIFE(c) (life != OFF && seen[c] == generation)

/* The node's CPUs: each step is one access, and INIT may come before any. */
active [2] proctype software()
{
    byte c = _pid - 2;
end:
    do
    :: atomic { cpu[c] == COMES ->
        seen[c] = generation;
        if
#ifdef LIFE_NOT_READ
        :: true -> cpu[c] = KNOWS
#else
        :: life == STARTED -> cpu[c] = KNOWS
        :: life != STARTED -> cpu[c] = PARKED
#endif
        fi }

    /* The first one: boot_node. */
    :: atomic { c == FIRST && cpu[c] == KNOWS ->
        assert(IN_ITS_LIFE(c));
        if
        :: status_generation == seen[c] -> cpu[c] = PARKED /* claimed: this one is late */
        :: else -> status_generation = seen[c]; status_runs = false; cpu[c] = BUILDS
        fi }
    :: atomic { c == FIRST && cpu[c] == BUILDS ->
        assert(IN_ITS_LIFE(c));
        assert(cpu[SECOND] != RUNS || IS_WILD(c)); /* its memory would change under it */
        built = seen[c]; joined = false; cpu[c] = CALLS }
    :: atomic { c == FIRST && cpu[c] == CALLS && !init_under_way[SECOND] ->
        init_under_way[SECOND] = true; cpu[c] = CALLED }
    :: atomic { c == FIRST && cpu[c] == CALLED && !init_under_way[SECOND] && !joined ->
        sipi_under_way[SECOND] = true }  /* perhaps more than once */
    :: atomic { c == FIRST && cpu[c] == CALLED && joined ->
        assert(IN_ITS_LIFE(c));
        status_runs = true; ran[seen[c]] = true; cpu[c] = RUNS }
    :: atomic { c == FIRST && cpu[c] == RUNS && !IS_WILD(c) && message != 0 ->
        if
#ifndef GENERATION_OF_MESSAGE_IGNORED
        :: message != seen[c] -> skip /* for an earlier life: dropped */
#endif
        :: else -> assert(message_life == lives)
        fi;
        message = 0; message_life = 0 }

    /* The second: join_node loads a page table that the first has built. */
    :: atomic { c == SECOND && cpu[c] == KNOWS ->
        assert(IN_ITS_LIFE(c));
        assert(built == seen[c] || IS_WILD(c));
        joined = true; cpu[c] = RUNS }

#ifdef WILD
    :: atomic { cpu[c] == RUNS && IS_WILD(c) ->
        if
        :: status_generation = 0
        :: status_generation = 2; status_runs = true
        :: built = 0
        :: init_under_way[1 - c] = true
        :: sipi_under_way[1 - c] = true
        fi }
#endif
    od
}

/* Node 0's kernel, asked for anything at any time. */
active proctype manager()
{
    do
    :: life == OFF && lives < LIVES ->
        init_under_way[FIRST] = true;
        !init_under_way[FIRST];
#ifndef STATUS_KEPT
        d_step { status_generation = 0; status_runs = false };
#endif
        d_step {
#ifdef GENERATION_KEPT
            generation = 1;
#else
            generation++;
#endif
            life = STARTED; lives++
        };
        sipi_under_way[FIRST] = true
    :: life == STARTED ->
#ifndef NOT_ANNOUNCED
        life = STOPPING;
#endif
        init_under_way[FIRST] = true;
        init_under_way[SECOND] = true;
        !init_under_way[FIRST] && !init_under_way[SECOND];
#ifndef NO_WAIT
        !sipi_under_way[FIRST] && !sipi_under_way[SECOND];
#endif
#ifndef ONE_PASS
        init_under_way[FIRST] = true;
        init_under_way[SECOND] = true;
        !init_under_way[FIRST] && !init_under_way[SECOND];
#endif
        life = OFF
    :: lives == LIVES -> break
    od
}

/* Another node: the life word first, then the status page, then a message to the life it saw. */
active proctype peer()
{
    byte g, life_seen;
    bool is_it;
end:
    do
    :: atomic { life == STARTED -> g = generation; life_seen = lives };
        d_step {
#ifdef GENERATION_IGNORED
            is_it = status_runs
#else
            is_it = status_runs && status_generation == g
#endif
        };
        assert(!is_it || ran[g] || WAS_WILD(g));
        if
        :: atomic { is_it && message == 0 -> message = g; message_life = life_seen }
        :: skip
        fi;
        g = 0; is_it = false; life_seen = 0
    od
}
