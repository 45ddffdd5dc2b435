/* Breaks checks_before_changes.cocci: a call that is refused has changed something. */
#include <x86/vspace.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>

enum outcome change_then_check(struct invocation *call, struct slot *slot, struct answer *answer)
{
    slot->capability = capability_null();
    if (call->length > 7) {
        return refuse(answer, ERROR_RANGE); /* breach */
    }
    return DONE;
}

enum outcome insert_then_check(struct invocation *call, struct slot *slot, word_t *entry,
                               struct answer *answer)
{
    insert_new(call->capability, call->slot, slot);
    entry_write(entry, PAGE_PRESENT);
    return call->length > 7 ? refuse_argument(answer, 0) : DONE; /* breach */
}

enum outcome right(struct invocation *call, struct slot *slot, struct answer *answer)
{
    if (call->length > 7) {
        return refuse(answer, ERROR_RANGE);
    }
    slot->capability = capability_null();
    return DONE;
}
