/* When the rules are checked, and for what (see check.h). */
#include <arch/object.h>
#include <kernel/check.h>
#include <kernel/check_parts.h>
#include <kernel/cpu.h>

enum { EXITS_BETWEEN_WALKS = 256, TOUCHED_MAX = 16 };

bool checks_on;

/* Threads whose state this entry changed; more than fit go unchecked until the next walk. */
static const struct tcb *touched[TOUCHED_MAX];
static unsigned touched_count;
static unsigned exits;

void check_remember(const struct tcb *thread)
{
    if (touched_count < TOUCHED_MAX &&
        (touched_count == 0 || touched[touched_count - 1] != thread)) {
        touched[touched_count++] = thread;
    }
}

void check_drop(const struct tcb *thread)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < touched_count; i++) {
        if (touched[i] != thread) {
            touched[kept++] = touched[i];
        }
    }
    touched_count = kept;
}

static void walk(const struct tcb *next)
{
    check_all_threads(next);
    if (check_all_capabilities()) {
        check_each_capability(arch_check_capability);
        arch_check_rules(true);
    }
}

static void check_touched(const struct tcb *next)
{
    if (next != NULL) {
        check_remember(next);
        check_learn_initial_thread(next);
    }
    for (unsigned i = 0; i < touched_count; i++) {
        check_thread(touched[i], next);
        for (unsigned slot = 0; slot < TCB_SLOT_COUNT; slot++) {
            check_slot(&touched[i]->slots[slot]);
        }
    }
    touched_count = 0;
    arch_check_rules(false);
}

void check_entry_rules(void)
{
    check_note_running();
}

void check_exit_rules(const struct tcb *next)
{
    check_running(next);
    check_idle_cpus();
    check_touched(next);
    if (++exits % EXITS_BETWEEN_WALKS == 0) {
        walk(next);
    }
}

void check_all_rules(void)
{
    walk(this_cpu->current);
}
