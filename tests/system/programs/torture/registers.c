/*
 * Part "registers": victims that check their own registers (victim.asm), and workers on all CPUs
 * that suspend, resume, read, rewrite, copy, delete and move them at random, with no lock (victims
 * of all) or one at a time (the others, of which more can be said then: a suspended thread stands
 * still, and what is read is what it had).
 */
#include "../../vector_registers.h"
#include "torture.h"

#include <string.h>

enum { MAX_VICTIMS = 24, CELLS = 4 };

/* victim.asm knows the first words. */
struct victim {
    volatile uint64_t counter;
    volatile uint64_t found;
    uint64_t use_fpu; /* 2: with the YMM registers */
    uint32_t mxcsr, padding;
    uint64_t control;
    volatile uint64_t scratch;
    uint64_t magic;
    volatile uint64_t saved;
    volatile uint64_t upper[2]; /* half of a YMM register */
    uint64_t cell[CELLS];       /* each the magic: where the bases may point */

    /* For the workers. */
    /* suspended and resumed by anybody at any time; never deleted or read suspended */
    bool of_all;
    atomic_bool owned;
    uint64_t base;     /* changed by the owner only */
    seL4_CPtr untyped; /* the TCB's memory */
    seL4_CPtr tcb;
    seL4_CPtr scratch_tcb; /* never runs: for CopyRegisters */
    seL4_CPtr buffer_frame;
    seL4_Word buffer;
} __attribute__((aligned(64)));

extern const char victim_start[], victim_end[];

static struct victim victims[MAX_VICTIMS];
static unsigned victim_count;

static seL4_UserContext registers_of(const struct victim *victim)
{
    return (seL4_UserContext){
        .rip = (seL4_Word)victim_start,
        .rflags = 0x202,
        .rbp = victim->base,
        .r15 = (seL4_Word)victim,
        .fs_base = (seL4_Word)&victim->cell[0],
        .gs_base = (seL4_Word)&victim->cell[1],
    };
}

static seL4_Error configure(struct victim *victim)
{
    return seL4_TCB_Configure(victim->tcb, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace,
                              0, victim->buffer, victim->buffer_frame);
}

static bool start_victim(struct victim *victim, unsigned cpu)
{
    seL4_UserContext context = registers_of(victim);
    return retype_into(victim->untyped, seL4_TCBObject, 0, victim->tcb) == seL4_NoError &&
           configure(victim) == seL4_NoError &&
           seL4_TCB_SetSchedParams(victim->tcb, seL4_CapInitThreadTCB, 0, WORKER_PRIORITY) ==
               seL4_NoError &&
           (balanced || seL4_TCB_SetAffinity(victim->tcb, cpu) == seL4_NoError) &&
           seL4_TCB_WriteRegisters(victim->tcb, true, 0, 20, &context) == seL4_NoError;
}

static void new_base(struct victim *victim, uint64_t random)
{
    victim->base = random << 16 & 0x0fffffffffff0000;
}

/* --- what workers do; `of_all`: somebody else may do something to the same victim meanwhile --- */

static void expect(const struct victim *victim, seL4_Error error, const char *what)
{
    if (error != seL4_NoError) {
        violation(&part_registers, "%s of victim %u: error %lu", what, (unsigned)(victim - victims),
                  error);
    }
}

/* Registers that a victim can have. `whole`: at one moment, while nobody rewrites them. */
static void check_context(const struct victim *victim, const seL4_UserContext *context,
                          const char *what)
{
    seL4_Word rip = context->rip, first = (seL4_Word)victim_start, end = (seL4_Word)victim_end;
    unsigned number = (unsigned)(victim - victims);
    if (rip < first || rip >= end || context->r15 != (seL4_Word)victim ||
        context->rbp != victim->base) {
        violation(&part_registers, "%s: victim %u has rip %lx, r15 %lx, rbp %lx instead of %lx",
                  what, number, rip, context->r15, context->rbp, victim->base);
    } else if (context->r14 != 0 &&
               (context->r14 != victim->base + 14 || context->rsp != victim->base + 7 ||
                context->r11 != victim->base + 11)) {
        violation(&part_registers, "%s: victim %u with base %lx has r14 %lx, rsp %lx, r11 %lx",
                  what, number, victim->base, context->r14, context->rsp, context->r11);
    }
}

static void stand_still_and_rewrite(struct worker *worker, struct victim *victim)
{
    expect(victim, seL4_TCB_Suspend(victim->tcb), "Suspend");
    uint64_t counter = victim->counter;
    seL4_UserContext context;
    if (random_below(&worker->random, 2)) {
        seL4_Yield();
    }
    expect(victim, seL4_TCB_ReadRegisters(victim->tcb, false, 0, 20, &context), "ReadRegisters");
    check_context(victim, &context, "read while suspended");
    for (unsigned i = 0; i < 100; i++) {
        __asm__ volatile("pause");
    }
    if (victim->counter != counter) {
        violation(&part_registers, "a suspended victim goes on");
    }
    if (random_below(&worker->random, 2)) {
        new_base(victim, random_next(&worker->random));
        context = registers_of(victim);
        expect(victim, seL4_TCB_WriteRegisters(victim->tcb, true, 0, 20, &context),
               "WriteRegisters");
    } else {
        expect(victim, seL4_TCB_Resume(victim->tcb), "Resume");
    }
}

/* Rewritten while it runs; its registers read back while it runs, and suspended by the read. */
static void rewrite_running(struct worker *worker, struct victim *victim)
{
    new_base(victim, random_next(&worker->random));
    seL4_UserContext context = registers_of(victim);
    expect(victim, seL4_TCB_WriteRegisters(victim->tcb, true, 0, 20, &context), "WriteRegisters");
    expect(victim, seL4_TCB_ReadRegisters(victim->tcb, true, 0, 20, &context), "ReadRegisters");
    check_context(victim, &context, "read and suspended");
    expect(victim, seL4_TCB_Resume(victim->tcb), "Resume");
}

static void copy_out(struct worker *worker, struct victim *victim)
{
    bool suspend = random_below(&worker->random, 2);
    seL4_UserContext context;
    expect(victim,
           seL4_TCB_CopyRegisters(victim->scratch_tcb, victim->tcb, suspend, false, true, true, 0),
           "CopyRegisters");
    expect(victim, seL4_TCB_ReadRegisters(victim->scratch_tcb, false, 0, 20, &context),
           "ReadRegisters");
    check_context(victim, &context, "copied");
    if (suspend) {
        expect(victim, seL4_TCB_Resume(victim->tcb), "Resume");
    }
}

static void move(struct worker *worker, struct victim *victim)
{
    if (!balanced) {
        expect(victim, seL4_TCB_SetAffinity(victim->tcb, random_below(&worker->random, cpu_count)),
               "SetAffinity");
    }
}

static void set_bases(struct worker *worker, struct victim *victim)
{
    seL4_Word base = (seL4_Word)&victim->cell[random_below(&worker->random, CELLS)];
    expect(victim, seL4_TCB_SetTLSBase(victim->tcb, base), "SetTLSBase");
}

static void set_priority(struct worker *worker, struct victim *victim)
{
    seL4_Word priority = WORKER_PRIORITY - (random_below(&worker->random, 8) == 0);
    expect(victim, seL4_TCB_SetPriority(victim->tcb, seL4_CapInitThreadTCB, priority),
           "SetPriority");
}

static void set_spaces(struct worker *worker, struct victim *victim)
{
    if (random_below(&worker->random, 2)) {
        expect(victim,
               seL4_TCB_SetSpace(victim->tcb, 0, seL4_CapInitThreadCNode, 0,
                                 seL4_CapInitThreadVSpace, 0),
               "SetSpace");
    } else {
        expect(victim, seL4_TCB_SetIPCBuffer(victim->tcb, victim->buffer, victim->buffer_frame),
               "SetIPCBuffer");
    }
}

static void make_anew(struct worker *worker, struct victim *victim)
{
    seL4_CPtr gone = random_below(&worker->random, 2) ? victim->tcb : victim->untyped;
    expect(victim, gone == victim->tcb ? slot_delete(gone) : slot_revoke(gone), "deletion");
    uint64_t counter = victim->counter;
    for (unsigned i = 0; i < 100; i++) {
        __asm__ volatile("pause");
    }
    if (victim->counter != counter) {
        violation(&part_registers, "a deleted victim goes on");
    }
    new_base(victim, random_next(&worker->random));
    if (!start_victim(victim, (unsigned)random_below(&worker->random, cpu_count))) {
        violation(&part_registers, "a victim cannot be made anew");
    }
}

typedef void operation(struct worker *, struct victim *);

static void attack_owned(struct worker *worker, struct victim *victim)
{
    static operation *const operations[] = {
        stand_still_and_rewrite,
        rewrite_running,
        copy_out,
        move,
        set_bases,
        set_priority,
        set_spaces,
        make_anew,
    };
    if (try_lock(&victim->owned)) {
        operations[random_below(&worker->random, sizeof(operations) / sizeof(operations[0]))](
            worker, victim);
        unlock(&victim->owned);
    }
}

static void attack_of_all(struct worker *worker, struct victim *victim)
{
    seL4_UserContext context;
    switch (random_below(&worker->random, 9)) {
    case 0:
        expect(victim, seL4_TCB_Suspend(victim->tcb), "Suspend");
        break;
    case 1:
    case 2:
        expect(victim, seL4_TCB_Resume(victim->tcb), "Resume");
        break;
    case 3:
        move(worker, victim);
        break;
    case 4:
        set_bases(worker, victim);
        break;
    case 5:
        set_priority(worker, victim);
        break;
    case 6:
        set_spaces(worker, victim);
        break;
    case 7: /* whoever is in between: the copy is that of some moment */
        expect(
            victim,
            seL4_TCB_ReadRegisters(victim->tcb, random_below(&worker->random, 2), 0, 20, &context),
            "ReadRegisters");
        check_context(victim, &context, "read while running");
        break;
    case 8:
        context = registers_of(victim);
        expect(
            victim,
            seL4_TCB_WriteRegisters(victim->tcb, random_below(&worker->random, 2), 0, 20, &context),
            "WriteRegisters");
        break;
    }
}

static void attack(struct worker *worker)
{
    struct victim *victim = &victims[random_below(&worker->random, victim_count)];
    (victim->of_all ? attack_of_all : attack_owned)(worker, victim);
    if (victim->found != 0) {
        violation(&part_registers, "victim %u with base %lx: check %lu found %lx",
                  (unsigned)(victim - victims), victim->base, victim->found, victim->saved);
    }
    if (random_below(&worker->random, 64) == 0) {
        seL4_Yield(); /* the victims' turn */
    }
}

/* --- setting up, and the end --- */

static bool set_up_victim(unsigned index, uint64_t random)
{
    struct victim *victim = &victims[index];
    victim->use_fpu = index % 4 == 3 ? 0 : has_ymm_registers() ? 2 : 1;
    victim->mxcsr = 0x1f80 | (index & 3) << 13;
    victim->control = 0x37f | (index & 3) << 10;
    victim->magic = 0x1234567 + index;
    for (unsigned i = 0; i < CELLS; i++) {
        victim->cell[i] = victim->magic;
    }
    victim->of_all = index % 3 == 0;
    new_base(victim, random);
    victim->untyped = cmk_alloc_object(seL4_UntypedObject, seL4_TCBBits);
    victim->tcb = cmk_alloc_slot();
    victim->scratch_tcb = cmk_alloc_object(seL4_TCBObject, 0);
    victim->buffer_frame = cmk_alloc_object(seL4_X86_4K, 0);
    if (victim->untyped == 0 || victim->tcb == 0 || victim->scratch_tcb == 0 ||
        victim->buffer_frame == 0) {
        return false;
    }
    victim->buffer = (seL4_Word)cmk_map_frames(victim->buffer_frame, 1, seL4_PageBits,
                                               seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    return victim->buffer != 0 && start_victim(victim, index % cpu_count);
}

static bool set_up(const struct part *part)
{
    victim_count = 2 * cpu_count + 2 < MAX_VICTIMS ? 2 * cpu_count + 2 : MAX_VICTIMS;
    for (unsigned i = 0; i < victim_count; i++) {
        uint64_t random = new_seed();
        if (!set_up_victim(i, random_next(&random))) {
            return false;
        }
    }
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        if (!add_worker(part, cpu, attack, RUNS)) {
            return false;
        }
    }
    return true;
}

/* All are resumed with their usual priority: each must still live, and go on. */
static bool check_end(void)
{
    for (unsigned i = 0; i < victim_count; i++) {
        struct victim *victim = &victims[i];
        struct waiting waiting = begin_waiting();
        uint64_t counter = victim->counter;
        expect(victim, seL4_TCB_SetPriority(victim->tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY),
               "SetPriority");
        expect(victim, seL4_TCB_Resume(victim->tcb), "Resume");
        while (victim->counter == counter && victim->found == 0) {
            if (is_too_long(&waiting, 20000)) {
                say("victim %u does not go on", i);
                return false;
            }
            seL4_Yield();
        }
        expect(victim, seL4_TCB_Suspend(victim->tcb), "Suspend");
        if (victim->found != 0) {
            say("victim %u: check %lu found %lx", i, victim->found, victim->saved);
            return false;
        }
    }
    return true;
}

const struct part part_registers = {
    .name = "registers",
    .what = "threads that others rewrite",
    .set_up = set_up,
    .check_end = check_end,
};
