/*
 * Shoot-down: after an unmap nobody can use the old mapping, and after a paging structure or a
 * whole VSpace is freed no page walker touches its memory.
 *
 * Models shoot_down() and its callees (arch/x86/machine/door.c), vspace_unmap()
 * (arch/x86/memory/vspace.c), structure_unmap() (paging.c), asid_release() (asid.c), load_root()
 * (arch/x86/include/target/switch.h), leave_to_thread() and leave_to_idle()
 * (arch/x86/calls/leave.c), and the door of entry_lock.asm (4b to 4d). The lock is reduced to one
 * word; lock.pml shows that it is one.
 *
 * One VSpace R whose root leads to one structure, which leads to one page. Threads use R, or
 * another VSpace Q, or none. Each CPU has what the architecture allows it to have: a page walker
 * that runs at any time while R is in CR3, in the kernel too, reads the root and the structure from
 * memory in two steps, and keeps what it found in a paging-structure cache and a TLB until these
 * are flushed. Stores go through x86_tso.inc. An interrupt message may arrive before stores made
 * earlier.
 *
 * Shown: the above, and that no CPU waits for ever, although users may compute for ever.
 *
 *   run
 *   run -DCPUS=3 -DONE_OPERATES -DNO_VSPACE_DELETION
 *   run long -DCPUS=3 -DONE_OPERATES
 *   run long bitstate -DCPUS=3
 *
 * Mutants: -DNO_SHOOT_DOWN, -DNO_WAIT, -DNO_IPI, -DWAIT_FOR_FIRST_ONLY, -DNO_LOCAL_INVALIDATION,
 * -DSTRUCTURE_AS_PAGE (invalidates the page instead of leaving the table), -DENTRY_CLEARED_LAST
 * (after the shoot-down), -DFREED_BEFORE_WAIT, -DNO_SWITCH_AT_DOOR, -DMARK_BEFORE_SWITCH,
 * -DROOT_NOTED_EARLY (loaded_root written at the door before CR3 is), -DIDLE_KEEPS_TABLE,
 * -DUSER_AFTER_RELEASE, -DROOT_AFTER_RELEASE (mark or loaded_root written after the release),
 * -DFREED_VSPACE_FOUND (a deleted VSpace can still be loaded), -DWAITS_IS_ENOUGH (a CPU that waits
 * for the lock is not asked), -DASK_IGNORED.
 */
#ifndef CPUS
#define CPUS 2
#endif
#define BUFFER 8

#define LOCK 0
#define UPPER 1 /* root's entry: leads to the structure, or not present */
#define LEAF 2  /* structure's entry: maps the page, or not present */
#define MARK(cpu) 3 + (cpu)
#define ROOT(cpu) 3 + CPUS + (cpu) /* loaded_root */
#define ASKED(cpu) 3 + 2 * CPUS + (cpu) /* by the holder, to come to the door */
#define WORDS (3 + 3 * CPUS)

#define IDLE 0
#define USER 1
#define DOOR 2
#define WAITS 3

#define NODE 0
#define R 1
#define Q 2

#define drained(cpu, address, value) skip
#include "x86_tso.inc"

/* The hardware of each CPU. */
byte cr3[CPUS];
bool upper_cached[CPUS]; /* paging-structure cache: the structure */
/* The walker has read the root's entry and is about to read the structure's. */
bool walking[CPUS];
bool translated[CPUS];   /* TLB: the page */
bool ipi[CPUS];

/* What memory is used for: false if it is somebody else's by now. */
bool root_exists = true;
bool structure_exists;
bool page_exists;
bool root_found = true; /* by its ASID */

/* A CPU's first process is cpu(), its second the walker. */
#define walker_self (_pid - 2 * CPUS)

inline flush(c)
{
    upper_cached[c] = false;
    walking[c] = false;
    translated[c] = false
}

inline load_cr3(root)
{
    atomic { fenced(self); cr3[self] = root; flush(self) }
}

inline invalidate_page()
{
    atomic { fenced(self); flush(self) } /* drops all of the paging-structure cache, too */
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
#define is_concerned(other) (memory[ROOT(other)] == R && holds_user_state(other))

inline call(other)
{
    atomic {
        if
        :: is_concerned(other) ->
            store(self, ASKED(other), 1);
#ifndef NO_IPI
            if
            :: memory[MARK(other)] == USER -> ipi[other] = true
            :: else
            fi
#endif
        :: else
        fi
    }
}

/* A CPU that was not asked has nothing to be taken back, but the store does no harm. */
inline wait_for(other)
{
    atomic { !is_concerned(other) -> store(self, ASKED(other), 0) }
}

inline shoot_down(structures)
{
    call((self + 1) % CPUS);
#if CPUS == 3
    call((self + 2) % CPUS);
#endif
#ifndef NO_WAIT
    wait_for((self + 1) % CPUS);
#if CPUS == 3 && !defined(WAIT_FOR_FIRST_ONLY)
    wait_for((self + 2) % CPUS);
#endif
#endif
#ifndef NO_LOCAL_INVALIDATION
    if
    :: loaded == R ->
        if
        :: structures ->
#ifdef STRUCTURE_AS_PAGE
            /* The structure also maps other pages. */
            atomic { fenced(self); upper_cached[self] = false; walking[self] = false }
#else
            load_cr3(NODE);
            loaded = NODE;
            store(self, ROOT(self), NODE)
#endif
        :: else -> invalidate_page()
        fi
    :: else
    fi
#else
    skip
#endif
}

/* What must hold when memory gets another use, and as long as it has it. */
#define leaves_root(cpu) (cr3[cpu] != R)
#define leaves_structure(cpu) (!upper_cached[cpu] && !walking[cpu])
#define leaves_page(cpu) (!translated[cpu])
#if CPUS == 2
#define everybody(leaves) (leaves(0) && leaves(1))
#else
#define everybody(leaves) (leaves(0) && leaves(1) && leaves(2))
#endif

inline free_page()
{
    atomic { page_exists = false; assert(everybody(leaves_page)) }
}

inline free_structure()
{
    free_page();
    atomic { structure_exists = false; assert(everybody(leaves_structure)) }
}

inline free_root()
{
    free_structure();
    atomic { root_exists = false; assert(everybody(leaves_root)) }
}

inline unmap_page()
{
#ifndef ENTRY_CLEARED_LAST
    store(self, LEAF, 0);
#endif
#ifdef FREED_BEFORE_WAIT
    free_page();
#endif
#ifndef NO_SHOOT_DOWN
    shoot_down(false);
#endif
#ifdef ENTRY_CLEARED_LAST
    store(self, LEAF, 0);
#endif
    free_page()
}

inline unmap_structure()
{
    store(self, UPPER, 0);
    shoot_down(true);
    free_structure()
}

inline delete_root()
{
#ifndef FREED_VSPACE_FOUND
    root_found = false;
#endif
    shoot_down(true);
    free_root()
}

inline operate()
{
    if
    :: page_exists -> unmap_page()
    :: structure_exists -> unmap_structure()
#ifndef NO_VSPACE_DELETION
    :: root_exists -> delete_root()
    :: !root_exists -> atomic { store(self, UPPER, 0); root_exists = true; root_found = true }
#endif
    :: root_exists && !structure_exists -> /* mapped empty */
        store(self, LEAF, 0);
        structure_exists = true;
        store(self, UPPER, 1)
    :: structure_exists && !page_exists -> page_exists = true; store(self, LEAF, 1)
    :: skip
    fi
}

/* --- every CPU --- */

inline set_root(root)
{
    if
    :: loaded != root ->
        load_cr3(root);
        loaded = root;
#ifndef ROOT_AFTER_RELEASE
        store(self, ROOT(self), root)
#endif
    :: else
    fi
}

inline release(mark)
{
#ifdef USER_AFTER_RELEASE
    store(self, LOCK, 0);
    store(self, MARK(self), mark);
#else
    store(self, MARK(self), mark);
    store(self, LOCK, 0);
#endif
#ifdef ROOT_AFTER_RELEASE
    store(self, ROOT(self), loaded);
#endif
}

/* 4b and 4c, for a holder that asked. */
inline come_to_the_door()
{
#ifdef ROOT_NOTED_EARLY
    store(self, ROOT(self), NODE);
#endif
#ifdef MARK_BEFORE_SWITCH
    store(self, MARK(self), DOOR);
#endif
#ifndef NO_SWITCH_AT_DOOR
    if
    :: loaded != NODE -> load_cr3(NODE); loaded = NODE
    :: else
    fi;
#endif
#ifndef MARK_BEFORE_SWITCH
    store(self, MARK(self), DOOR);
#endif
    came = true
}

/* Idle had nothing to give up. */
inline wait_at_the_door()
{
    if
    :: was_idle -> store(self, MARK(self), DOOR); came = true
    :: else -> store(self, MARK(self), WAITS)
    fi;
    do
    :: atomic { memory[LOCK] == 0 -> memory[LOCK] = 1 };
        break
#ifndef ASK_IGNORED
    :: !came && memory[ASKED(self)] == 1 -> come_to_the_door()
#endif
    od;
    if
    :: came -> store(self, ROOT(self), loaded); came = false
    :: else
    fi
}

active [CPUS] proctype cpu()
{
    byte loaded; /* what this CPU last wrote to its loaded_root; nobody else writes it */
    byte root;
    bool came; /* to the door, in this wait for the lock */
    bool was_idle = true; /* or comes from boot */

kernel:
    if
    :: atomic { fenced(self) && memory[LOCK] == 0 -> memory[LOCK] = 1 }
    :: atomic { fenced(self) && memory[LOCK] == 1 -> skip };
        wait_at_the_door()
    fi;
    was_idle = false;
#ifdef ONE_OPERATES
    if
    :: self == 0 -> operate()
    :: else
    fi;
#else
    operate();
#endif
    if
    :: root_found -> root = R
#ifndef ONE_OPERATES
    :: root = Q
#endif
    :: root = NODE
    :: goto idle
    fi;
    set_root(root);
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
    set_root(NODE);
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

/* The page walker of a CPU. A walk that has reached the structure may take its time to read it. */
active [CPUS] proctype walker()
{
end:
    do
    :: atomic { cr3[walker_self] == R && !walking[walker_self] && !translated[walker_self] &&
                (upper_cached[walker_self] || memory[UPPER]) ->
        assert(root_exists);
        upper_cached[walker_self] = true;
        walking[walker_self] = true }
    :: atomic { walking[walker_self] && memory[LEAF] ->
        assert(structure_exists && page_exists);
        translated[walker_self] = true;
        walking[walker_self] = false }
    od
}
