/*
 * Generations of VSpaces: with PCIDs a TLB keeps translations while other page tables are loaded,
 * and still nobody uses what was unmapped, or what belonged to another VSpace with the same PCID.
 *
 * Models cr3_of() and begin_generation() (arch/x86/include/target/pcid.h), shoot_down() and
 * shoot_down_all() (arch/x86/machine/door.c), the giving and releasing of ASIDs
 * (arch/x86/memory/asid.c), load_root(), the exits, and the door (4b to 4d). The lock is reduced to
 * one word; lock.pml shows that it is one, and shootdown.pml has what is shown without PCIDs.
 *
 * One PCID, which one VSpace after another has, each with one page at most. Roots and pages that
 * follow one another have numbers 1 and 2 in turn, so that an old one can be told. CPUs run in the
 * VSpace or with the node's own page table. Each CPU's page walker runs at any time while the
 * VSpace is in CR3, in the kernel, too; what it found stays in the TLB under the PCID until it is
 * dropped: by INVLPG, or by a load of CR3 with the PCID that does not keep. Loading the node's page
 * table drops nothing. A page goes as a page does, or together with the structure that leads to it;
 * shootdown.pml tells the two apart.
 *
 * Shown: what a CPU may use of its TLB is what exists, no CPU has a deleted root loaded, and no CPU
 * waits for ever.
 *
 *   run
 *   run long bitstate -DCPUS=3
 *
 * Mutants: -DNO_GENERATION (unmapping begins none), -DONLY_THE_CALLED (begins it for the CPUs that
 * came to the door, not for those that had left before), -DOWN_KEPT (for all but its own CPU, which
 * does not use the VSpace), -DOWN_KEPT_FOR_STRUCTURE (the same when it leaves it),
 * -DNO_GENERATION_FOR_NEW (giving a PCID begins none), -DDOOR_KEEPS_TABLE, -DIDLE_KEEPS_TABLE,
 * -DNO_WAIT, -DNO_LOCAL_INVALIDATION, -DWAITS_IS_ENOUGH (a CPU that waits
 * for the lock is not asked), -DIDLE_WAITS (a woken CPU is not at the door at once).
 */
#ifndef CPUS
#define CPUS 2
#endif
#define BUFFER 12

#define LOCK 0
#define ENTRY 1 /* the page's number, or 0 */
#define MARK(cpu) 2 + (cpu)
#define ROOT(cpu) 2 + CPUS + (cpu)     /* loaded_root */
#define SEEN(cpu) 2 + 2 * CPUS + (cpu) /* the CPU's bit in generation_seen */
#define ASKED(cpu) 2 + 3 * CPUS + (cpu) /* by the holder, to come to the door */
#define WORDS (2 + 4 * CPUS)

#define IDLE 0
#define USER 1
#define DOOR 2
#define WAITS 3

#define NODE 0

#define drained(cpu, address, value) skip
#include "x86_tso.inc"

/*
 * The hardware of each CPU. `cr3` is NODE or the root's number; the rest is what it keeps under the
 * PCID.
 */
byte cr3[CPUS];
byte translated[CPUS];
bool ipi[CPUS];

/* What exists, by number; 0: none. And the last number given, so that the next one differs. */
byte root = 1, page;
byte last_root = 1, last_page = 1;

#define walker_self (_pid - 2 * CPUS)

inline load_node_root()
{
    atomic { fenced(self); cr3[self] = NODE }
}

/* --- the holder --- */

/*
 * `loaded_root` of another CPU does not change while this one has the lock, so that both words are
 * read in one step.
 */
#ifdef WAITS_IS_ENOUGH
#define holds_user_state(other) (memory[MARK(other)] == USER)
#else
#define holds_user_state(other) (memory[MARK(other)] == USER || memory[MARK(other)] == WAITS)
#endif
#define is_concerned(other, all) \
    ((all || (root != 0 && memory[ROOT(other)] == root)) && holds_user_state(other))

inline call(other, all)
{
    atomic {
        if
        :: is_concerned(other, all) ->
            store(self, ASKED(other), 1);
            if
            :: memory[MARK(other)] == USER -> ipi[other] = true
            :: else
            fi
        :: else
        fi
    }
}

/* A CPU that was not asked has nothing to be taken back, but the store does no harm. */
inline wait_for(other, all)
{
    atomic { !is_concerned(other, all) -> store(self, ASKED(other), 0) }
}

inline bring_to_the_door(all)
{
    call((self + 1) % CPUS, all);
#if CPUS == 3
    call((self + 2) % CPUS, all);
#endif
#ifndef NO_WAIT
    wait_for((self + 1) % CPUS, all);
#if CPUS == 3
    wait_for((self + 2) % CPUS, all);
#endif
#endif
}

/* The bit of another CPU goes. */
inline begin_for(other)
{
#ifdef NO_GENERATION
    skip
#else
#ifdef ONLY_THE_CALLED
    if
    :: memory[ROOT(other)] == root -> store(self, SEEN(other), 0)
    :: else
    fi
#else
    store(self, SEEN(other), 0)
#endif
#endif
}

inline begin_for_others()
{
    begin_for((self + 1) % CPUS);
#if CPUS == 3
    begin_for((self + 2) % CPUS)
#endif
}

inline leave_address_space()
{
    load_node_root();
    loaded = NODE;
    store(self, ROOT(self), NODE)
}

inline shoot_down(structures)
{
    bring_to_the_door(false);
    begin_for_others();
    if
    :: loaded == root && !structures ->
#ifndef NO_LOCAL_INVALIDATION
        atomic { fenced(self); translated[self] = 0 }
#endif
    :: loaded == root && structures ->
#ifndef OWN_KEPT_FOR_STRUCTURE
        store(self, SEEN(self), 0);
#endif
        leave_address_space()
    :: loaded != root ->
#if !defined(OWN_KEPT) && !defined(NO_GENERATION)
        store(self, SEEN(self), 0)
#endif
    fi
}

/* What has a number is free from here on: no CPU may use it. */
#define cannot_use_page(c) (cr3[c] == NODE || translated[c] != page)
#if CPUS == 2
#define everybody(condition) (condition(0) && condition(1))
#else
#define everybody(condition) (condition(0) && condition(1) && condition(2))
#endif
#define has_left_root(c) (cr3[c] != root)

inline free_page()
{
    atomic { assert(page == 0 || everybody(cannot_use_page)); page = 0 }
}

inline unmap_page(with_structure)
{
    store(self, ENTRY, 0);
    shoot_down(with_structure);
    free_page()
}

/*
 * The VSpace alone: its ASID is nobody's at once, and a generation begins. Or its pool: then none
 * begins.
 */
inline delete_root(with_pool)
{
    if
    :: with_pool ->
        bring_to_the_door(true);
        leave_address_space()
    :: else -> shoot_down(true)
    fi;
    atomic { assert(everybody(has_left_root)); root = 0 };
    free_page()
}

/* Another VSpace, whose tables are empty, gets the PCID. */
inline new_root()
{
    store(self, ENTRY, 0);
#ifndef NO_GENERATION_FOR_NEW
    store(self, SEEN(0), 0);
    store(self, SEEN(1), 0);
#if CPUS == 3
    store(self, SEEN(2), 0);
#endif
#endif
    atomic { last_root = 3 - last_root; root = last_root }
}

inline operate()
{
    if
    :: page != 0 -> unmap_page(false)
    :: page != 0 -> unmap_page(true)
    :: root != 0 -> delete_root(false)
    :: root != 0 -> delete_root(true)
    :: root == 0 -> new_root()
    :: root != 0 && page == 0 ->
        atomic { last_page = 3 - last_page; page = last_page };
        store(self, ENTRY, page)
    :: skip
    fi
}

/* --- every CPU --- */

/*
 * Own stores to SEEN are in memory or not: the newest value, as load() of x86_tso.inc would give
 * it, is in `keep`.
 */
inline load_root(new)
{
    if
    :: new != loaded && new == NODE ->
        load_node_root(); loaded = NODE; store(self, ROOT(self), NODE)
    :: new != loaded && new != NODE ->
        load(self, SEEN(self), keep, rest, spare_address, spare_value);
        atomic {
            fenced(self);
            cr3[self] = new;
            if
            :: keep == 0 -> translated[self] = 0
            :: else
            fi
        };
        loaded = new;
        store(self, SEEN(self), 1);
        keep = 0;
        store(self, ROOT(self), new)
    :: else
    fi
}

inline release(mark)
{
    store(self, MARK(self), mark);
    store(self, LOCK, 0);
}

/* 4b and 4c, for a holder that asked. */
inline come_to_the_door()
{
#ifndef DOOR_KEEPS_TABLE
    if
    :: loaded != NODE -> load_node_root(); loaded = NODE
    :: else
    fi;
#endif
    store(self, MARK(self), DOOR);
    came = true
}

/* Idle had nothing to give up. */
inline wait_at_the_door()
{
    if
#ifndef IDLE_WAITS
    :: was_idle -> store(self, MARK(self), DOOR); came = true
#endif
    :: else -> store(self, MARK(self), WAITS)
    fi;
    do
    :: atomic { memory[LOCK] == 0 -> memory[LOCK] = 1 };
        break
    :: !came && memory[ASKED(self)] == 1 -> come_to_the_door()
    od;
    if
    :: came -> store(self, ROOT(self), loaded); came = false
    :: else
    fi
}

active [CPUS] proctype cpu()
{
    byte loaded; /* what this CPU last wrote to its loaded_root; nobody else writes it */
    byte keep, rest, spare_address, spare_value;
    bool came; /* to the door, in this wait for the lock */
    bool was_idle = true; /* or comes from boot */

kernel:
    if
    :: atomic { fenced(self) && memory[LOCK] == 0 -> memory[LOCK] = 1 }
    :: atomic { fenced(self) && memory[LOCK] == 1 -> skip };
        wait_at_the_door()
    fi;
    was_idle = false;
    operate();
    if
    :: root != 0 -> load_root(root)
    :: load_root(NODE)
    :: goto idle
    fi;
    release(USER);
    /* User mode: enters for a call, or when it likes, or never by itself. */
    if
    :: goto kernel
    :: skip
    fi;
end_user:
    atomic { ipi[self] -> ipi[self] = false };
    goto kernel;

idle:
#ifndef IDLE_KEEPS_TABLE
    load_root(NODE);
#endif
    release(IDLE);
    was_idle = true;
    if
    :: goto kernel
    :: skip
    fi;
end_idle:
    atomic { ipi[self] -> ipi[self] = false };
    goto kernel
}

/* The page walker, and whoever uses what it found. */
active [CPUS] proctype walker()
{
end:
    do
    :: atomic { cr3[walker_self] != NODE && translated[walker_self] == 0 && memory[ENTRY] != 0 ->
        assert(cr3[walker_self] == root);
        translated[walker_self] = memory[ENTRY] }
    :: atomic { cr3[walker_self] != NODE && translated[walker_self] != 0 &&
                translated[walker_self] != page -> assert(false) }
    od
}
