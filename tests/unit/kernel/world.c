#include "world.h"
#include "../host/random.h"
#include <arch/object.h>
#include <kernel/cnode.h>
#include <kernel/preemption.h>
#include <kernel/thread.h>
#include <kernel/untyped.h>
#include <string.h>

struct slot *root;
struct tcb *caller;
word_t buffer[128];
unsigned entries;
unsigned current_seed;

static paddr_t next_object = HOST_MEMORY_BASE;

void *new_object(unsigned bits)
{
    paddr_t at = ALIGN_UP(next_object, bits);

    next_object = at + BIT(bits);
    EXPECT(next_object <= UNTYPED_BASE);
    return window(at);
}

struct slot *new_cnode(unsigned radix)
{
    return new_object(radix + ABI_SLOT_BITS);
}

void world_start(void)
{
    host_start(1);
    memset(window(HOST_MEMORY_BASE), 0, next_object - HOST_MEMORY_BASE);
    memset(window(UNTYPED_BASE), 0, UNTYPED_TEST_BYTES);
    next_object = HOST_MEMORY_BASE;
    all_threads = NULL;
    root = new_cnode(ROOT_RADIX);
    insert_root(cnode_capability(root, ROOT_RADIX, 0, WORD_BITS - ROOT_RADIX), &root[SLOT_ROOT]);
    caller = new_object(ABI_TCB_BITS);
    thread_init(caller);
    insert_root(tcb_capability(caller), &root[SLOT_CALLER]);
    insert_derived(root[SLOT_ROOT].capability, &root[SLOT_ROOT], &caller->slots[TCB_CSPACE]);
    caller->state = 1; /* THREAD_RUNNING */
    this_cpu->current = caller;
    this_cpu->mark = CPU_USER;
}

void put_untyped(unsigned index, word_t offset, unsigned bits, word_t watermark, bool device)
{
    insert_root(untyped_capability(UNTYPED_BASE + offset, bits, device, watermark), &root[index]);
}

enum outcome invoke_once(const struct call *call, struct answer *answer)
{
    struct invocation i = {.caller = caller,
                           .label = call->label,
                           .length = call->length,
                           .slot = call->slot,
                           .capability = call->slot->capability,
                           .buffer = buffer,
                           .extra_caps = call->extra_caps,
                           .kind = SEND_CALL};

    for (unsigned w = 0; w < call->length; w++) {
        if (w < ABI_MESSAGE_REGISTERS) {
            context_set_message_register(&caller->context, w, call->words[w]);
        } else {
            buffer[ABI_IPC_MESSAGE + w] = call->words[w];
        }
    }
    memcpy(i.extra, call->extra, sizeof(i.extra));
    *answer = (struct answer){0};
    preemption_reset();
    switch (capability_type(i.capability)) {
    case CAP_CNODE:
        return cnode_invoke(&i, answer);
    case CAP_UNTYPED:
        return untyped_invoke(&i, answer);
    default:
        return arch_invoke(&i, answer);
    }
}

enum outcome invoke(const struct call *call, struct answer *answer)
{
    enum outcome outcome;

    entries = 0;
    do {
        EXPECT(entries < 1000000);
        outcome = invoke_once(call, answer);
        entries++;
    } while (outcome == PREEMPTED);
    EXPECT((outcome == REFUSED) == (answer->label != ERROR_NONE));
    return outcome;
}

static word_t do_call(const struct call *call)
{
    struct answer answer;

    invoke(call, &answer);
    return answer.label;
}

word_t do_copy(unsigned destination, unsigned source)
{
    return do_call(&(struct call){&root[SLOT_ROOT],
                                  LABEL_CNodeCopy,
                                  {destination, 64, source, 64, RIGHTS_ALL},
                                  5,
                                  {&root[SLOT_ROOT]},
                                  1});
}

word_t do_mint(unsigned destination, unsigned source, word_t rights, word_t data)
{
    return do_call(&(struct call){&root[SLOT_ROOT],
                                  LABEL_CNodeMint,
                                  {destination, 64, source, 64, rights, data},
                                  6,
                                  {&root[SLOT_ROOT]},
                                  1});
}

word_t do_move(unsigned destination, unsigned source)
{
    return do_call(&(struct call){&root[SLOT_ROOT],
                                  LABEL_CNodeMove,
                                  {destination, 64, source, 64},
                                  4,
                                  {&root[SLOT_ROOT]},
                                  1});
}

word_t do_delete(unsigned slot)
{
    return do_call(&(struct call){&root[SLOT_ROOT], LABEL_CNodeDelete, {slot, 64}, 2, {0}, 0});
}

word_t do_revoke(unsigned slot)
{
    return do_call(&(struct call){&root[SLOT_ROOT], LABEL_CNodeRevoke, {slot, 64}, 2, {0}, 0});
}

word_t do_retype(unsigned untyped, word_t type, word_t size, unsigned first, unsigned count)
{
    return do_call(&(struct call){&root[untyped],
                                  LABEL_UntypedRetype,
                                  {type, size, 0, 0, first, count},
                                  6,
                                  {&root[SLOT_ROOT]},
                                  1});
}

struct capability at(unsigned index)
{
    return root[index].capability;
}

void check_links(const struct slot *slots, word_t count)
{
    static const struct slot zero;

    for (const struct slot *s = slots; s < slots + count; s++) {
        if (slot_is_empty(s)) {
            EXPECT(memcmp(s, &zero, sizeof(zero)) == 0);
            continue;
        }
        const struct slot *next = slot_next(s);
        EXPECT(s->previous == NULL || slot_next(s->previous) == s);
        EXPECT(next == NULL || next->previous == s);
        EXPECT(s->previous == NULL || !slot_is_empty(s->previous));
        EXPECT(next == NULL || !slot_is_empty(next));
        unsigned length = 0;
        for (const struct slot *p = s->previous; p != NULL; p = p->previous) {
            EXPECT(length++ < 100000);
        }
    }
}

/*
 * Descendants follow directly: `slot` is one of `ancestor` only if everything between them is, too.
 */
static bool is_descendant(const struct slot *ancestor, const struct slot *slot)
{
    if (!is_parent_of(ancestor, slot)) {
        return false;
    }
    for (const struct slot *s = slot_next(ancestor); s != slot; s = slot_next(s)) {
        if (!is_parent_of(ancestor, s)) {
            return false;
        }
    }
    return true;
}

const struct slot *parent_of(const struct slot *slot)
{
    for (const struct slot *s = slot->previous; s != NULL; s = s->previous) {
        if (is_descendant(s, slot)) {
            return s;
        }
    }
    return NULL;
}

/* xorshift64: enough for tests, the same everywhere. */
static word_t random_state = 1;

void random_seed(unsigned seed)
{
    current_seed = seed;
    random_state = random_start(seed);
}

word_t random_word(void)
{
    return next_random(&random_state);
}

unsigned random_below(unsigned bound)
{
    return next_below(&random_state, bound);
}
