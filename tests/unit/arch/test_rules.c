/*
 * The rule checks catch what they are for; and random sequences of operations keep the rules, and
 * never change an entry that a CPU may have cached without asking for it to be dropped.
 */
#include "world.h"
#include <kernel/cpu.h>
#include <stdlib.h>

enum { TABLES = 10, FRAME = 20 };

static word_t *kernel_entry(unsigned pml4_index, unsigned depth, const unsigned *path)
{
    word_t *table = window(node_root);
    word_t *entry = &table[pml4_index];
    for (unsigned i = 0; i < depth; i++) {
        table = window(*entry & PAGE_ADDRESS);
        entry = &table[path[i]];
    }
    return entry;
}

/* Each mutant changes one bit of a kernel that passes. */
START_TEST(mutants_of_the_kernel_half)
{
    static const unsigned text[] = {510, 0, 256}, data[] = {510, 0, 258}, region[] = {0};
    check_all_rules();
    ck_assert(!FAILS(check_all_rules()));
    const struct {
        word_t *entry, change;
    } mutants[] = {
        {kernel_entry(511, 3, text), PAGE_WRITABLE},
        {kernel_entry(511, 3, text), PAGE_USER},
        {kernel_entry(511, 3, data), PAGE_EXECUTE_DISABLE},
        {kernel_entry(256, 1, region), PAGE_EXECUTE_DISABLE},
        {kernel_entry(256, 1, region), PAGE_USER},
        {kernel_entry(256, 0, NULL), PAGE_USER},
        {kernel_entry(0, 0, NULL), PAGE_PRESENT},    /* the node's own table maps user addresses */
        {&root_table(SLOT_ROOT)[300], PAGE_PRESENT}, /* a VSpace's kernel half is not the node's */
        {&root_table(SLOT_ROOT)[256], PAGE_PRESENT},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(mutants); i++) {
        *mutants[i].entry ^= mutants[i].change;
        ck_assert_msg(FAILS(check_all_rules()), "mutant %u", i);
        *mutants[i].entry ^= mutants[i].change;
        ck_assert(!FAILS(check_all_rules()));
    }
    root_table(SLOT_ROOT)[256] |= PAGE_ACCESSED; /* the CPU may do that */
    ck_assert(!FAILS(check_all_rules()));
}
END_TEST

START_TEST(mutants_of_mappings)
{
    map_tables(SLOT_ROOT, 0x1000, TABLES, 3);
    put_frame(FRAME, 0x5000, FRAME_SMALL);
    ck_assert_int_eq(
        invoke(&cnode[FRAME], LABEL_X86PageMap, WORDS(0x1000, 3, 0), CAPS(&cnode[SLOT_ROOT])),
        ERROR_NONE);
    check_all_rules();
    /* Pages and tables without a capability, or with one that says another thing. */
    for (unsigned i = 0; i < 4; i++) {
        struct capability *c = &cnode[i < 3 ? TABLES + i : FRAME].capability, saved = *c;
        struct capability wrong[] = {
            capability_null(),
            mapping_capability_with_mapping(saved, 0, 0),
            mapping_capability_with_mapping(saved, 2, mapping_capability_vaddr(saved)),
            mapping_capability_with_mapping(saved, 1, mapping_capability_vaddr(saved) ^ BIT(40)),
        };
        for (unsigned j = 0; j < ARRAY_LENGTH(wrong); j++) {
            *c = wrong[j];
            ck_assert_msg(FAILS(check_all_rules()), "capability %u, mutant %u", i, j);
            *c = saved;
            check_all_rules();
        }
    }
    word_t *entry = &paging_capability_entries(cnode[TABLES + 2].capability)[1];
    *entry += 0x1000; /* another frame than the capability's */
    ck_assert(FAILS(check_all_rules()));
    *entry -= 0x1000;
    *entry &= ~(word_t)PAGE_USER; /* kernel-only and writable */
    ck_assert(FAILS(check_all_rules()));
}
END_TEST

START_TEST(mutants_of_places)
{
    const struct capability wrong[] = {
        frame_capability(FIRST_DEVICE_ADDRESS, FRAME_SMALL, 3, false),
        frame_capability(FIRST_DEVICE_ADDRESS - BIT(20), FRAME_LARGE, 3, false), /* over the end */
        frame_capability(FIRST_DEVICE_ADDRESS - BIT(12), FRAME_SMALL, 3, true),
        shared_frame_capability(0x400000, FRAME_LARGE, 3),
        paging_capability(CAP_PML4, window(FIRST_DEVICE_ADDRESS)),
        paging_capability(CAP_PAGE_TABLE, window(FIRST_DEVICE_ADDRESS)),
        asid_pool_capability(window(FIRST_DEVICE_ADDRESS), 512),
    };
    put(FRAME, frame_capability(FIRST_DEVICE_ADDRESS, FRAME_SMALL, 3, true));
    check_all_rules();
    for (unsigned i = 0; i < ARRAY_LENGTH(wrong); i++) {
        cnode[FRAME].capability = wrong[i];
        ck_assert_msg(FAILS(check_all_rules()), "mutant %u", i);
    }
}
END_TEST

START_TEST(check_at_every_exit)
{
    static struct tcb thread;
    arch_check_rules(false);
    this_cpu->current = &thread;
    thread.slots[TCB_VSPACE].capability = cnode[SLOT_ROOT].capability;
    arch_check_rules(false);
    root_table(SLOT_ROOT)[511] = 0;
    ck_assert(FAILS(arch_check_rules(false)));
}
END_TEST

/* --- random sequences --- */

enum {
    ROOTS = 3,
    FRAMES = 8,
    STRUCTURES = 9,
    FIRST_ROOT = 30,
    FIRST_FRAME = 40,
    FIRST_STRUCTURE = 60,
    FIRST_COPY = 80,
    COPIES = 20,
    MAX_MAPPINGS = 4096
};

static struct mapping {
    const word_t *pml4;
    vaddr_t vaddr;
    word_t entry;
} before[MAX_MAPPINGS];
static unsigned before_count;

/* Every place that the sequences can map something at. */
static vaddr_t place(unsigned i)
{
    static const vaddr_t far[] = {0, BIT(12), BIT(21), BIT(30), BIT(39)};
    return far[i % 5] + (i / 5 % 2 ? BIT(21) : 0) + (i / 10 % 2 ? BIT(12) : 0);
}

static const word_t *roots[ROOTS];

static void note_mappings(void)
{
    before_count = 0;
    for (unsigned r = 0; r < ROOTS; r++) {
        bool live = false;
        for (word_t asid = 1; asid < 512; asid++) {
            live = live || asid_root(asid) == roots[r];
        }
        for (unsigned p = 0; live && p < 20; p++) {
            before[before_count++] =
                (struct mapping){roots[r], place(p), walk_entry(roots[r], place(p))};
        }
    }
}

static bool was_shot_down(const word_t *pml4, vaddr_t vaddr)
{
    if (shoot_down_all_count != 0) {
        return true;
    }
    for (unsigned i = 0; i < shoot_down_count; i++) {
        vaddr_t page = shoot_downs[i].vaddr;
        if (shoot_downs[i].root == window_to_physical(pml4) &&
            (shoot_downs[i].structures || page == ALIGN_DOWN(vaddr, 12) ||
             page == ALIGN_DOWN(vaddr, 21) || page == ALIGN_DOWN(vaddr, 30))) {
            return true;
        }
    }
    return false;
}

/* Whatever was present and is not the same now must have been dropped from the CPUs' caches. */
static void check_caches(void)
{
    for (unsigned i = 0; i < before_count; i++) {
        word_t now = 0;
        for (word_t asid = 1; asid < 512; asid++) {
            if (asid_root(asid) == before[i].pml4) {
                now = walk_entry(before[i].pml4, before[i].vaddr);
            }
        }
        bool changed = before[i].entry != 0 && now != before[i].entry;
        ck_assert_msg(!changed || was_shot_down(before[i].pml4, before[i].vaddr), "%#lx",
                      (unsigned long)before[i].vaddr);
    }
}

static unsigned below(unsigned n)
{
    return (unsigned)rand() % n;
}

static void make_objects(void)
{
    for (unsigned i = 0; i < ROOTS; i++) {
        put_structure(FIRST_ROOT + i, OBJECT_PML4);
        roots[i] = root_table(FIRST_ROOT + i);
        ck_assert_int_eq(invoke(&cnode[SLOT_POOL], LABEL_X86ASIDPoolAssign, NOTHING,
                                CAPS(&cnode[FIRST_ROOT + i])),
                         ERROR_NONE);
    }
    for (unsigned i = 0; i < FRAMES; i++) {
        enum frame_size size = i < 5 ? FRAME_SMALL : i < 7 ? FRAME_LARGE : FRAME_HUGE;
        put_frame(FIRST_FRAME + i, (paddr_t)(i + 1) << 30, size);
    }
    for (unsigned i = 0; i < STRUCTURES; i++) {
        put_structure(FIRST_STRUCTURE + i, i % 3 == 0   ? OBJECT_PDPT
                                           : i % 3 == 1 ? OBJECT_PAGE_DIRECTORY
                                                        : OBJECT_PAGE_TABLE);
    }
}

static void random_invocation(struct slot *slot)
{
    struct slot *root = &cnode[FIRST_ROOT + below(ROOTS)];
    word_t vaddr = place(below(20));
    switch (target_capability_type(slot->capability)) {
    case CAP_FRAME:
        if (below(3) > 0) {
            invoke(slot, LABEL_X86PageMap, WORDS(vaddr, below(4), below(8)), CAPS(root));
        } else {
            invoke(slot, LABEL_X86PageUnmap, NOTHING, NOTHING);
        }
        break;
    case CAP_PDPT:
    case CAP_PAGE_DIRECTORY:
    case CAP_PAGE_TABLE: {
        unsigned level = structure_entry_bits(target_capability_type(slot->capability));
        word_t map = level == 39   ? LABEL_X86PDPTMap
                     : level == 30 ? LABEL_X86PageDirectoryMap
                                   : LABEL_X86PageTableMap;
        if (below(5) > 0) {
            invoke(slot, map, WORDS(vaddr, below(8)), CAPS(root));
        } else {
            invoke(slot, map + 1, NOTHING, NOTHING);
        }
        break;
    }
    default:
        break;
    }
}

static bool is_listed(unsigned slot)
{
    return slot >= FIRST_FRAME && slot < FIRST_COPY + COPIES && !slot_is_empty(&cnode[slot]);
}

/*
 * A random one of the slots that hold frames, structures and copies; some are copied or deleted on
 * the way.
 */
static void random_step(void)
{
    unsigned from = FIRST_FRAME + below(FIRST_COPY + COPIES - FIRST_FRAME),
             to = FIRST_COPY + below(COPIES);
    if (!is_listed(from)) {
        return;
    }
    unsigned what = below(20);
    if (what == 0 && slot_is_empty(&cnode[to])) {
        copy(from, to, below(16));
    } else if (what == 1 && from >= FIRST_COPY) {
        remove_slot(&cnode[from]);
    } else {
        random_invocation(&cnode[from]);
    }
}

START_TEST(random_sequences)
{
    srand((unsigned)_i + 1);
    make_objects();
    for (unsigned step = 0; step < 2000; step++) {
        note_mappings();
        shoot_down_count = shoot_down_all_count = 0;
        random_step();
        check_caches();
        check_all_rules();
        if (step == 1500) {
            note_mappings();
            remove_slot(&cnode[FIRST_ROOT]);
            check_caches();
            check_all_rules();
        }
    }
    note_mappings();
    remove_slot(&cnode[SLOT_POOL]);
    check_caches();
    check_all_rules();
}
END_TEST

Suite *rules_suite(void)
{
    Suite *suite = suite_create("rules");
    TCase *tests = tcase_create("rules");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, world_init, NULL);
    tcase_add_test(tests, mutants_of_the_kernel_half);
    tcase_add_test(tests, mutants_of_mappings);
    tcase_add_test(tests, mutants_of_places);
    tcase_add_test(tests, check_at_every_exit);
    tcase_add_loop_test(tests, random_sequences, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
