/*
 * Map and Unmap the short way (arch_invoke_quickly()) do what they do the ordinary way. Random
 * calls, with whatever the short way has to look at varied: what the capabilities are, where they
 * are mapped, which tables exist, the IPC buffer, the message. Each call that the short way takes
 * is made again the ordinary way, and all memory compared; each that it does not take must have
 * changed nothing.
 */
#include "../host/random.h"
#include "world.h"
#include <kernel/ipc.h>
#include <kernel/profile.h>
#include <string.h>

enum { CALLS = 10000, SEEDS = 10, TABLES = 10, FRAMES = 30, VSPACES = 50 };
enum { RW = RIGHT_READ | RIGHT_WRITE, COMMON_FRAMES = 3 };
#define VADDR 0x7f1234567000ull

static word_t random_state;
static struct cpu cpu_block;

/* What is called and sent; the first VSpace and the first buffer are as they should be. */
static unsigned frames, vspaces;
static struct capability buffers[6];
static paddr_t buffer_page;

enum { MAPS, REMAPS, UNMAPS, KINDS };
static unsigned taken[KINDS];

static unsigned below(unsigned bound)
{
    return next_below(&random_state, bound);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* --- the world at a moment --- */

enum { MEMORY_BYTES = 32 * 4096 };

struct image {
    unsigned char memory[MEMORY_BYTES];
    struct slot cnode[WORLD_SLOTS];
    struct tcb caller;
    struct shoot_down_record shoot_down; /* one at most */
    unsigned shoot_downs;
};

static struct image before, after, now;

static void take_image(struct image *image)
{
    memcpy(image->memory, window(WORLD_PHYSICAL_BASE), MEMORY_BYTES);
    memcpy(image->cnode, cnode, sizeof(cnode));
    image->caller = caller;
    image->shoot_downs = shoot_down_count;
    image->shoot_down = shoot_down_count > 0 ? shoot_downs[0] : (struct shoot_down_record){0};
}

static void restore(const struct image *image)
{
    memcpy(window(WORLD_PHYSICAL_BASE), image->memory, MEMORY_BYTES);
    memcpy(cnode, image->cnode, sizeof(cnode));
    caller = image->caller;
}

static void compare_with(const struct image *image, const char *what)
{
    take_image(&now);
    ck_assert_msg(memcmp(now.memory, image->memory, MEMORY_BYTES) == 0, "%s: memory differs", what);
    ck_assert_msg(memcmp(now.cnode, image->cnode, sizeof(cnode)) == 0, "%s: capabilities differ",
                  what);
    ck_assert_msg(memcmp(&now.caller, &image->caller, sizeof(caller)) == 0,
                  "%s: the caller differs", what);
    ck_assert_msg(now.shoot_downs == image->shoot_downs &&
                      now.shoot_down.root == image->shoot_down.root &&
                      now.shoot_down.vaddr == image->shoot_down.vaddr &&
                      now.shoot_down.structures == image->shoot_down.structures,
                  "%s: other shoot-downs", what);
}

/* --- calls --- */

struct call {
    struct slot *slot;
    word_t label, words[ABI_MESSAGE_REGISTERS], extra_pointer;
    unsigned length, extra_caps;
};

static enum profile profile;

/* Random labels are said as they are: what they mean in the profile is never Map or Unmap. */
static word_t label_as_said(word_t label)
{
    bool is_known = label == LABEL_X86PageMap || label == LABEL_X86PageUnmap;
    return is_known ? label_said(profile, (enum invocation_label)label) : label;
}

static bool quickly(const struct call *call)
{
    word_t label = label_as_said(call->label);
    word_t info = message_info(label, below(8), call->extra_caps, call->length);
    for (unsigned i = 0; i < ABI_MESSAGE_REGISTERS; i++) {
        context_set_message_register(&caller.context, i, call->words[i]);
    }
    context_set_message_info(&caller.context, info);
    /* the same register as the capability's */
    context_set_badge(&caller.context, (word_t)(call->slot - cnode));
    shoot_down_count = 0;
    take_image(&before);
    return arch_invoke_quickly(call->slot, info, &caller, &cpu_block) == &caller.context;
}

static enum error_code ordinarily(const struct call *call)
{
    struct slot *extra[] = {&cnode[call->extra_pointer % WORLD_SLOTS]};
    unsigned length = MIN(call->length, (unsigned)ABI_MESSAGE_REGISTERS);
    return invoke(call->slot, call->label, call->words, length, extra, MIN(call->extra_caps, 1u));
}

/* Written apart from the code under test, whose two ways have some checks in common. */
static void check_all_is_right(const struct call *call)
{
    const word_t *buffer = arch_ipc_buffer(&caller, false);
    ck_assert_ptr_nonnull(buffer);
    ck_assert_uint_eq(buffer[ABI_IPC_CAPS_OR_BADGES], call->extra_pointer);
    ck_assert_uint_lt(call->extra_pointer, WORLD_SLOTS);
    ck_assert_uint_eq(call->extra_caps, 1);
    ck_assert_uint_ge(call->length, 3);
    ck_assert_uint_le(call->words[0], 0x7fffffffe000);
    struct capability root = cnode[call->extra_pointer].capability;
    ck_assert_int_eq(capability_type(root), CAP_PML4);
    word_t asid = root.word[1] & 0xfff;
    ck_assert(asid == 1 || asid == 2); /* there are no others */
    ck_assert_ptr_eq(paging_capability_entries(root), root_table(VSPACES + asid - 1));
}

static void repeat_ordinarily(const struct call *call)
{
    if (call->label == LABEL_X86PageMap) {
        check_all_is_right(call);
    }
    ck_assert_int_eq(ordinarily(call), ERROR_NONE);
    ck_assert_uint_eq(answer.length, 0);
    context_set_badge(&caller.context, 0);
    context_set_message_info(&caller.context, 0);
}

static void make_call(const struct call *call)
{
    if (!quickly(call)) {
        compare_with(&before, "given up, but changed");
        ordinarily(call);
        return;
    }
    take_image(&after);
    restore(&before);
    repeat_ordinarily(call);
    compare_with(&after, "the two ways");
    taken[call->label == LABEL_X86PageUnmap ? UNMAPS : after.shoot_downs > 0 ? REMAPS : MAPS]++;
}

/*
 * Places in the table that exists, or a mapped frame's own, and sometimes whatever else may be
 * tried.
 */
static vaddr_t some_place(struct capability c)
{
    static const vaddr_t others[] = {
        0,         0x7fffffffe000,  0x7ffffffff000,  0x800000000000,  ~0ull << 12,
        VADDR + 8, VADDR + BIT(21), VADDR + BIT(30), VADDR + BIT(39), VADDR + BIT(48)};
    if (one_in(6)) {
        return others[below(ARRAY_LENGTH(others))];
    }
    return mapping_capability_is_mapped(c) ? mapping_capability_vaddr(c) + one_in(16)
                                           : VADDR + below(3) * 0x1000;
}

static void choose_buffer(word_t extra_pointer)
{
    word_t at = below(4) * 0x400;
    caller.slots[TCB_IPC_BUFFER].capability = buffers[one_in(6) ? below(ARRAY_LENGTH(buffers)) : 0];
    caller.ipc_buffer = (buffer_page & MASK(ABI_LARGE_PAGE_BITS)) + at;
    ((word_t *)window(buffer_page + at))[ABI_IPC_CAPS_OR_BADGES] = extra_pointer;
}

static void make_any_call(void)
{
    struct slot *slot = &cnode[FRAMES + below(one_in(4) ? frames : COMMON_FRAMES)];
    bool is_map = !one_in(3);
    struct call call = {
        .slot = slot,
        .label = is_map ? LABEL_X86PageMap : LABEL_X86PageUnmap,
        .words = {some_place(slot->capability), one_in(4) ? below(16) : RW,
                  one_in(2) ? 0 : below(20), below(1000)},
        .extra_pointer = VSPACES + (one_in(6) ? below(vspaces) : 0),
        .length = one_in(10) ? below(8) : 3,
        .extra_caps = one_in(20) ? below(4) : is_map,
    };
    if (one_in(20)) {
        call.label = LABEL_X86PageMap + below(4) + (one_in(2) ? BIT(40) : 0);
    }
    if (one_in(30)) {
        call.extra_pointer += BIT(8 + below(56)); /* no slot of this CNode */
    }
    choose_buffer(call.extra_pointer);
    make_call(&call);
}

/* --- the world --- */

static void add_frame(paddr_t base, enum frame_size size, word_t rights, bool device)
{
    put(FRAMES + frames++, frame_capability(base, size, rights, device));
}

static void add_vspace(struct capability c)
{
    put(VSPACES + vspaces++, c);
}

static void add_frames(void)
{
    for (unsigned i = 0; i < COMMON_FRAMES; i++) {
        add_frame(0x12340000000 + i * 0x1000, FRAME_SMALL, RW, false);
    }
    add_frame(0x12340003000, FRAME_SMALL, RIGHT_READ, false);
    add_frame(0x12340004000, FRAME_SMALL, 0, false);
    add_frame(FIRST_DEVICE_ADDRESS, FRAME_SMALL, RW, true);
    put(FRAMES + frames++, shared_frame_capability(FIRST_DEVICE_ADDRESS + 0x1000, FRAME_SMALL, RW));
    add_frame(0x12340200000, FRAME_LARGE, RW, false);
    put(FRAMES + frames++, cnode[TABLES].capability); /* a PDPT: its methods have other labels */
}

/*
 * One as it should be; one of somebody else; without ASID, or with one that is not, or not any
 * more, its own; no VSpace.
 */
static void add_vspaces(void)
{
    struct capability own = cnode[SLOT_ROOT].capability;
    struct capability other = arch_create_object(OBJECT_PML4, new_page(), false);
    add_vspace(own);
    add_vspace(other);
    ck_assert_int_eq(
        invoke(&cnode[SLOT_POOL], LABEL_X86ASIDPoolAssign, NOTHING, CAPS(&cnode[VSPACES + 1])),
        ERROR_NONE);
    add_vspace(other);
    add_vspace(mapping_capability_with_mapping(own, 7, 0));
    add_vspace(mapping_capability_with_mapping(other, 1, 0));
    add_vspace(mapping_capability_with_mapping(own, BIT(ABI_ASID_POOL_INDEX_BITS) + 1, 0));
    add_vspace(mapping_capability_with_mapping(cnode[TABLES].capability, 1, 0));
    vspaces++; /* an empty slot */
}

START_TEST(both_ways)
{
    profile = _i % 2 == 0 ? PROFILE_CLASSIC : PROFILE_CLASSIC_UP;
    arch_use_profile(profile);
    random_state = random_start((unsigned)_i);
    map_tables(SLOT_ROOT, VADDR, TABLES, 3);
    map_tables(SLOT_ROOT, 0x7fffffffe000, TABLES + 3, 3);
    add_frames();
    add_vspaces();
    buffer_page = new_page();
    buffers[0] = frame_capability(buffer_page, FRAME_SMALL, RW, false);
    buffers[1] = frame_capability(buffer_page, FRAME_SMALL, RIGHT_READ, false);
    buffers[2] = frame_capability(buffer_page, FRAME_SMALL, 0, false);
    buffers[3] = frame_capability(buffer_page, FRAME_SMALL, RW, true);
    buffers[4] =
        frame_capability(ALIGN_DOWN(buffer_page, ABI_LARGE_PAGE_BITS), FRAME_LARGE, RW, false);
    caller.slots[TCB_CSPACE].capability = cnode_slot.capability;
    ck_assert_uint_le(new_page(), WORLD_PHYSICAL_BASE + MEMORY_BYTES);
    for (unsigned i = 0; i < CALLS; i++) {
        make_any_call();
    }
    for (unsigned i = 0; i < KINDS; i++) {
        ck_assert_msg(taken[i] > CALLS / 100, "seed %d: kind %u taken %u times only", _i, i,
                      taken[i]);
    }
}
END_TEST

Suite *quickly_suite(void)
{
    Suite *suite = suite_create("calls of frames, the short way");
    TCase *tests = tcase_create("both ways");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, world_init, NULL);
    tcase_add_loop_test(tests, both_ways, 0, SEEDS);
    suite_add_tcase(suite, tests);
    return suite;
}
