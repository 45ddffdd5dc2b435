/*
 * Shoot-down and generations on CPUs whose TLBs mark their entries with PCIDs and keep all they
 * may, which no emulator has: random exits, accesses, unmappings and deletions, and after each step
 * no CPU may be able to use an old translation. The code under test is arch/x86/machine/door.c,
 * arch/x86/include/target/pcid.h and load_root(). From the top of the tree:
 *
 *   gcc -std=gnu11 -g -DCMK_DEBUG -Wall -Wextra -Werror -Itests/unit/pcid/include \
 *       -Itests/unit/host/include -Iinclude -Iarch/x86/include -Iarch/x86/internal \
 *       -fsanitize=address,undefined -fno-sanitize-recover=undefined tests/unit/pcid/main.c \
 *       arch/x86/machine/door.c \
 *       -lcheck -lsubunit -lm -lrt -lpthread -o build/unit-pcid && build/unit-pcid
 */
#include <arch/door.h>
#include <x86/apic.h>
#include <x86/shoot_down.h>
#include <target/pcid.h>
#include <arch/switch.h>
#include <cluster/record.h>
#include <check.h>
#include <kernel/assert.h>
#include <stdlib.h>
#include <string.h>

enum { CPUS = 4, VSPACES = 3, PAGES = 4, STEPS = 10000, SEEDS = 10 };
#define NODE_ROOT 0x1000ull

/* --- the node --- */

static struct cpu cpus[CPUS];
struct cpu *this_cpu = cpus;
uint32_t node_cpu_count = CPUS, node_id;
bool balance_on;
struct global_state global_state;

/*
 * By ASID, from 1: the VSpace's PML4, 0 if nobody has the ASID, and what its page tables say of
 * each page, 0 for nothing.
 */
static paddr_t pml4[VSPACES + 1];
static word_t table[VSPACES + 1][PAGES];
static word_t last_number;

struct cpu *host_cpu_by_index(uint32_t index)
{
    return &cpus[index];
}

uint32_t host_cpu_number(const struct cpu *cpu)
{
    return (uint32_t)(cpu - cpus) + 1;
}

struct cpu *host_cpu_by_number(uint32_t number)
{
    return number != 0 ? &cpus[number - 1] : NULL;
}

_Noreturn void kernel_fail(const char *what, const char *file, unsigned line, const char *function)
{
    ck_abort_msg("%s:%u: %s: %s", file, line, function, what);
}

_Noreturn void kernel_stop(const char *format, ...)
{
    ck_abort_msg("the node stops: %s", format);
}

void save_live_state(struct cpu *cpu)
{
    (void)cpu;
}
struct user_context *fpu_switch(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    return (void)cpu, (void)from, &to->context;
}
struct user_context *live_state_switch(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    return (void)cpu, (void)from, &to->context;
}

/* --- the hardware --- */

static struct {
    word_t cr3;
    word_t tlb[VSPACES + 1][PAGES]; /* by PCID */
} hardware[CPUS];

uint64_t read_tsc(void)
{
    static uint64_t now;
    return ++now;
}

void write_cr3(word_t value)
{
    word_t pcid = pcid_of(value);
    ck_assert_uint_le(pcid, VSPACES);
    if (!(value & CR3_KEEP)) {
        memset(hardware[this_cpu->index].tlb[pcid], 0, sizeof(hardware[0].tlb[0]));
    }
    hardware[this_cpu->index].cr3 = value & ~CR3_KEEP;
}

void invalidate_page(word_t address)
{
    hardware[this_cpu->index].tlb[pcid_of(hardware[this_cpu->index].cr3)][address >> 12] = 0;
}

/* By each CPU. Every call here is for a shoot-down. And how many CPUs came that waited. */
static uint64_t calls[CPUS];
static uint64_t came_from_waiting;

/* Steps 4b and 4c: nothing is dropped, and loaded_root is still what it was. */
static void come_to_the_door(unsigned index)
{
    hardware[index].cr3 = NODE_ROOT;
    cpus[index].mark = CPU_DOOR;
}

/* The CPU comes at once. */
void apic_send(uint32_t apic_id, uint8_t vector)
{
    ck_assert_uint_eq(vector, VECTOR_DOOR);
    ck_assert_int_eq(cpus[apic_id].mark, CPU_USER);
    ck_assert_uint_eq(cpus[apic_id].lock.asked, 1);
    come_to_the_door(apic_id);
    calls[this_cpu->index]++;
}

/* The holder waits: those that it asked come. */
void spin_pause(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        if (cpus[i].mark == CPU_WAITS && cpus[i].lock.asked) {
            come_to_the_door(i);
            came_from_waiting++;
        }
    }
}

/* --- what happens --- */

static word_t root_of(unsigned asid)
{
    return pml4[asid] | (asid & this_cpu->arch.pcid_mask);
}

/*
 * A CPU gets the lock: from the door, from idle, or from user mode, whether or not it waited.
 * Others come from user mode and wait for it.
 */
static void enter(unsigned index)
{
    this_cpu = &cpus[index];
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert_uint_eq(cpus[i].lock.asked, 0);
        if (i != index && cpus[i].mark == CPU_USER && rand() % 3 == 0) {
            cpus[i].mark = CPU_WAITS;
        }
    }
    if (this_cpu->mark == CPU_DOOR) {
        this_cpu->arch.loaded_root = NODE_ROOT;
    }
    this_cpu->mark = CPU_USER; /* while it holds the lock nobody looks */
}

static void leave(void)
{
    unsigned asid = (unsigned)rand() % (VSPACES + 1);
    if (asid != 0 && pml4[asid] != 0) {
        load_root(this_cpu, root_of(asid));
    } else {
        load_root(this_cpu, NODE_ROOT);
        this_cpu->mark = rand() % 2 ? CPU_USER : CPU_IDLE;
    }
}

/* The CPU, in user mode or in the kernel, uses a page of what it has loaded. */
static void use(unsigned index)
{
    for (unsigned asid = 1; asid <= VSPACES; asid++) {
        if ((hardware[index].cr3 & ~MASK(PCID_BITS)) == pml4[asid] && pml4[asid] != 0) {
            unsigned page = (unsigned)rand() % PAGES;
            word_t *entry = &hardware[index].tlb[pcid_of(hardware[index].cr3)][page];
            *entry = *entry != 0 ? *entry : table[asid][page];
        }
    }
}

static void give_asid(unsigned asid)
{
    pml4[asid] = ++last_number << 16;
    begin_generation(asid & this_cpu->arch.pcid_mask, 0);
}

static void remove_vspace(unsigned asid)
{
    memset(table[asid], 0, sizeof(table[asid]));
    word_t root = root_of(asid);
    pml4[asid] = 0;
    shoot_down(stale_structure(root));
}

static void remove_pool(void)
{
    memset(table, 0, sizeof(table));
    memset(pml4, 0, sizeof(pml4));
    shoot_down_all((struct stale_pool){NULL});
}

static void operate(void)
{
    unsigned asid = 1 + (unsigned)rand() % VSPACES, page = (unsigned)rand() % PAGES;
    if (pml4[asid] == 0) {
        give_asid(asid);
        return;
    }
    switch (rand() % 20) {
    case 0:
        remove_vspace(asid);
        break;
    case 1:
        remove_pool();
        break;
    case 2: /* a page table */
        memset(table[asid], 0, sizeof(table[asid]));
        shoot_down(stale_structure(root_of(asid)));
        break;
    default:
        if (table[asid][page] == 0) {
            table[asid][page] = ++last_number;
        } else {
            table[asid][page] = rand() % 2 ? 0 : ++last_number;
            shoot_down(stale_page(root_of(asid), (vaddr_t)page << 12));
        }
    }
}

/*
 * What a CPU may use of its TLB, without any further check, is what the tables say, and no CPU has
 * a deleted PML4 loaded.
 */
static void check_translations(void)
{
    for (unsigned index = 0; index < CPUS; index++) {
        word_t root = hardware[index].cr3;
        if (root == NODE_ROOT) {
            continue;
        }
        unsigned asid = 1;
        while (asid <= VSPACES && pml4[asid] != (root & ~MASK(PCID_BITS))) {
            asid++;
        }
        ck_assert_msg(asid <= VSPACES, "CPU %u has a deleted VSpace loaded", index);
        for (unsigned page = 0; page < PAGES; page++) {
            word_t known = hardware[index].tlb[pcid_of(root)][page];
            ck_assert_msg(known == 0 || known == table[asid][page],
                          "CPU %u uses an old translation", index);
        }
    }
}

static unsigned kept_entries(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CPUS * (VSPACES + 1) * PAGES; i++) {
        unsigned cpu = i / ((VSPACES + 1) * PAGES), pcid = i / PAGES % (VSPACES + 1);
        count += pcid != pcid_of(hardware[cpu].cr3) && hardware[cpu].tlb[pcid][i % PAGES] != 0;
    }
    return count;
}

static void start(word_t pcid_mask)
{
    for (unsigned i = 0; i < CPUS; i++) {
        cpus[i].index = cpus[i].arch.apic_id = i;
        cpus[i].arch.node_root = cpus[i].arch.loaded_root = hardware[i].cr3 = NODE_ROOT;
        cpus[i].arch.pcid_mask = pcid_mask;
        cpus[i].mark = CPU_IDLE;
    }
    global_state.tsc_mhz = 1;
}

/*
 * Returns how many entries, in the average of a thousand steps, lay in TLBs while other page tables
 * were loaded.
 */
static unsigned run(void)
{
    unsigned long kept = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        enter((unsigned)rand() % CPUS);
        if (rand() % 3 == 0) {
            operate();
            check_translations();
        }
        leave();
        check_translations();
        for (unsigned i = 0; i < 2 * CPUS; i++) {
            use((unsigned)rand() % CPUS);
        }
        kept += kept_entries();
    }
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert_uint_gt(calls[i], 0);
        ck_assert_uint_eq(cpus[i].counts[CMK_COUNT_SHOOT_DOWN_IPIS], calls[i]);
    }
    ck_assert_uint_gt(came_from_waiting, 0);
    return (unsigned)(kept * 1000 / STEPS);
}

START_TEST(with_pcids)
{
    srand((unsigned)_i);
    start(MASK(PCID_BITS));
    ck_assert_uint_gt(run(), 1000); /* else nothing was kept, and nothing could have been wrong */
}
END_TEST

START_TEST(without_pcids)
{
    srand((unsigned)_i);
    start(0);
    run();
}
END_TEST

/*
 * Nothing unmapped: the first load drops, the others keep; and what one CPU has seen another has
 * not.
 */
START_TEST(first_load_drops)
{
    start(MASK(PCID_BITS));
    this_cpu = &cpus[0];
    give_asid(2);
    word_t root = root_of(2);
    ck_assert_uint_eq(cr3_of(&cpus[0], root), root);
    ck_assert_uint_eq(cr3_of(&cpus[0], root), root | CR3_KEEP);
    ck_assert_uint_eq(cr3_of(&cpus[1], root), root);
    ck_assert_uint_eq(cr3_of(&cpus[0], root), root | CR3_KEEP);
    begin_generation(2, BIT(1));
    ck_assert_uint_eq(cr3_of(&cpus[1], root), root | CR3_KEEP);
    ck_assert_uint_eq(cr3_of(&cpus[0], root), root);
    ck_assert_uint_eq(cr3_of(&cpus[0], NODE_ROOT), NODE_ROOT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("PCIDs");
    TCase *tests = tcase_create("generations");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, with_pcids, 0, SEEDS);
    tcase_add_loop_test(tests, without_pcids, 0, SEEDS);
    tcase_add_test(tests, first_load_drops);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
