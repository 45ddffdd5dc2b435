/* Sporadic servers: what a scheduling context may use, and when it comes back (docs/mcs.md). */
#include <kernel/assert.h>
#include <kernel/refill.h>

uint64_t least_budget;

/* `place` 0 is the earliest; at most `count`, the place after the last one. */
static struct refill *refill_at(struct refills *refills, unsigned place)
{
    unsigned index = refills->head + place;
    return &refills->ring[index < refills->most ? index : index - refills->most];
}

static struct refill take_first(struct refills *refills)
{
    assert(refills->count != 0);
    struct refill first = *first_refill(refills);
    refills->head = (uint16_t)(refills->head + 1);
    if (refills->head == refills->most) {
        refills->head = 0;
    }
    refills->count--;
    return first;
}

/*
 * `refill` begins after all in the list. Without a gap before it, it lengthens the last one;
 * without room, the last one waits until both can be used in one piece.
 */
static void append(struct refills *refills, struct refill refill)
{
    if (refills->count != 0) {
        struct refill *last = refill_at(refills, refills->count - 1u);
        if (last->time + last->amount >= refill.time) {
            last->amount += refill.amount;
            return;
        }
        if (refills->count == refills->most) {
            last->time = refill.time - last->amount;
            last->amount += refill.amount;
            return;
        }
    }
    *refill_at(refills, refills->count) = refill;
    refills->count++;
}

/* What is too little to be used waits for the next one. */
static void join_small(struct refills *refills)
{
    while (first_refill(refills)->amount < least_budget && refills->count > 1) {
        uint64_t amount = take_first(refills).amount;
        first_refill(refills)->time -= amount;
        first_refill(refills)->amount += amount;
    }
}

static void set_parameters(struct refills *refills, uint64_t budget, uint64_t period,
                           uint64_t extra, struct refill first)
{
    assert(budget >= least_budget && period <= REFILL_LONGEST_PERIOD);
    refills->budget = budget;
    refills->period = period > budget ? period : 0;
    refills->most = (uint16_t)(MIN(extra, (uint64_t)REFILLS_MOST - REFILLS_LEAST) + REFILLS_LEAST);
    refills->head = 0;
    refills->count = 1;
    refills->ring[0] = first;
}

void refills_start(struct refills *refills, uint64_t budget, uint64_t period, uint64_t extra,
                   uint64_t now)
{
    set_parameters(refills, budget, period, extra, (struct refill){now, budget});
}

void refills_change(struct refills *refills, uint64_t budget, uint64_t period, uint64_t extra,
                    uint64_t now)
{
    struct refill first = *first_refill(refills);
    first.time = MAX(first.time, now);
    first.amount = MIN(first.amount, budget);
    set_parameters(refills, budget, period, extra, first);
    if (is_round_robin(refills)) {
        *first_refill(refills) = (struct refill){now, budget};
        return;
    }
    if (first.amount < budget) {
        append(refills, (struct refill){first.time + period, budget - first.amount});
        join_small(refills);
    }
}

/* At most the budget. Each refill is moved at most once. */
static void use(struct refills *refills, uint64_t used)
{
    while (used >= first_refill(refills)->amount) {
        struct refill first = take_first(refills);
        used -= first.amount;
        first.time += refills->period;
        append(refills, first);
    }
    if (used != 0) {
        struct refill *first = first_refill(refills);
        struct refill back = {first->time + refills->period, used};
        first->time += used;
        first->amount -= used;
        append(refills, back);
    }
}

/*
 * The same for any multiple of the budget, `times`: a whole budget puts every refill off by one
 * period, if the last one ends at most a period after the first begins.
 */
static void use_whole_budgets(struct refills *refills, uint64_t times)
{
    uint64_t first = first_refill(refills)->time;
    uint64_t room = first < REFILL_LATEST ? (REFILL_LATEST - first) / refills->period : 0;
    uint64_t delay = MIN(times, room) * refills->period;
    for (unsigned i = 0; i < refills->count; i++) {
        refill_at(refills, i)->time += delay;
    }
}

static void charge_round_robin(struct refills *refills, uint64_t used)
{
    struct refill *slice = first_refill(refills);
    slice->amount = refill_lasts(refills, used) ? slice->amount - used : refills->budget;
}

void refills_charge(struct refills *refills, uint64_t used)
{
    if (is_round_robin(refills)) {
        charge_round_robin(refills, used);
        return;
    }
    if (used > refills->budget) {
        use(refills, refills->budget);
        used -= refills->budget;
        use_whole_budgets(refills, used / refills->budget);
        used %= refills->budget;
    }
    use(refills, used);
    join_small(refills);
}

void refills_end_slice(struct refills *refills)
{
    refills_charge(refills, first_refill(refills)->amount);
}

void refills_advance(struct refills *refills, uint64_t now)
{
    if (is_round_robin(refills) || !refill_is_due(refills, now)) {
        return;
    }
    struct refill first = take_first(refills);
    first.time = now;
    while (refills->count != 0 && first_refill(refills)->time <= first.time + first.amount) {
        first.amount += take_first(refills).amount;
    }
    refills->head = (uint16_t)((refills->head != 0 ? refills->head : refills->most) - 1);
    refills->count++;
    *first_refill(refills) = first;
}
