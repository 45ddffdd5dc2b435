/* The world's memory and stand-ins. */
#include "world.h"
#include <arch/door.h>
#include <arch/machine.h>
#include <target/pcid.h>
#include <x86/features.h>
#include <x86/io_apic.h>
#include <x86/port.h>
#include <x86/shoot_down.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/fastpath.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/notification.h>
#include <kernel/preemption.h>
#include <kernel/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

word_t host_window;
struct slot cnode[WORLD_SLOTS];
struct slot cnode_slot;
struct tcb caller;
struct answer answer;
struct shoot_down_record shoot_downs[MAX_SHOOT_DOWNS];
unsigned shoot_down_count, shoot_down_all_count;
bool has_huge_pages = true, has_no_execute = true;
unsigned io_apics = 1;
struct route_record route;
struct port_record port_access;
uint32_t port_value;
bool irq_active[128];
jmp_buf failure_jump;
bool failure_expected;

static struct cpu cpu;
struct cpu *this_cpu = &cpu;
static word_t buffer[128];
static unsigned pages_used;

/* --- stand-ins: other CPUs, hardware, the rest of the kernel --- */

void shoot_down(struct stale stale)
{
    ck_assert(is_anything_stale(stale));
    ck_assert_uint_lt(shoot_down_count, MAX_SHOOT_DOWNS);
    shoot_downs[shoot_down_count++] =
        (struct shoot_down_record){stale.root, stale.place, stale.place == STALE_STRUCTURE};
}

void shoot_down_all(struct stale_pool stale)
{
    ck_assert_ptr_nonnull(stale.pool);
    shoot_down_all_count++;
}

bool cpu_has_huge_pages(void)
{
    return has_huge_pages;
}
bool cpu_has_no_execute(void)
{
    return has_no_execute;
}

struct range kernel_text(void)
{
    return (struct range){0xffffffff80100000, 0xffffffff80102000};
}

unsigned io_apic_count(void)
{
    return io_apics;
}
unsigned io_apic_pins(unsigned index)
{
    return 24 + index;
}

void io_apic_route(unsigned index, unsigned pin, word_t irq, bool level, bool active_low)
{
    route = (struct route_record){route.count + 1, index, pin, irq, level, active_low};
}

static uint32_t port_read(uint16_t port, unsigned bytes)
{
    port_access = (struct port_record){bytes, false, port, 0};
    return port_value;
}

uint8_t port_read8(uint16_t port)
{
    return (uint8_t)port_read(port, 1);
}
uint16_t port_read16(uint16_t port)
{
    return (uint16_t)port_read(port, 2);
}
uint32_t port_read32(uint16_t port)
{
    return port_read(port, 4);
}
void port_write8(uint16_t port, uint8_t value)
{
    port_access = (struct port_record){1, true, port, value};
}
void port_write16(uint16_t port, uint16_t value)
{
    port_access = (struct port_record){2, true, port, value};
}
void port_write32(uint16_t port, uint32_t value)
{
    port_access = (struct port_record){4, true, port, value};
}

bool irq_is_active(word_t irq)
{
    return irq_active[irq];
}

void irq_issue(word_t irq, struct slot *control, struct slot *slot)
{
    irq_active[irq] = true;
    insert_new(irq_handler_capability(irq), control, slot);
}

struct slot irq_slots[IRQ_COUNT];
word_t generation_seen[BIT(PCID_BITS)];

void interrupt_disable(word_t irq)
{
    (void)irq;
}

void irq_retire(word_t irq)
{
    irq_active[irq] = false;
}

/* Frames of tests may have any address; memory that does not exist begins at 64 TiB. */
bool machine_is_private_memory(paddr_t base, word_t bytes)
{
    return base + bytes <= FIRST_DEVICE_ADDRESS;
}

bool preemption_point(void)
{
    return false;
}

_Noreturn void kernel_fail(const char *what, const char *file, unsigned line, const char *function)
{
    if (failure_expected) {
        failure_expected = false;
        longjmp(failure_jump, 1);
    }
    fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, what);
    abort();
}

/* The ordinary path is not taken in earnest: a fast path that gives up returns null. */
struct user_context *syscall_ordinary(word_t pointer, word_t info, word_t number, word_t place,
                                      struct tcb *thread, struct cpu *this_one)
{
    (void)pointer, (void)info, (void)number, (void)place, (void)thread, (void)this_one;
    return NULL;
}

/* What ends an entry in debug builds has nothing to check here. */
bool checks_on;
void check_exit_rules(const struct tcb *next)
{
    (void)next;
}
void preemption_end_entry(void)
{
}

/* No test deletes these. */
bool cancel_some(struct endpoint *endpoint)
{
    (void)endpoint;
    abort();
}
bool notification_finalise(struct notification *notification)
{
    (void)notification;
    abort();
}
void thread_finalise(struct tcb *thread)
{
    (void)thread;
    abort();
}

/* --- memory --- */

paddr_t new_page(void)
{
    ck_assert_uint_lt(pages_used, WORLD_PAGES);
    return WORLD_PHYSICAL_BASE + pages_used++ * 4096ull;
}

/*
 * A kernel half as boot makes it, in small: a window of one huge page, and two pages of text in an
 * otherwise empty image.
 */
static void make_node_root(void)
{
    node_root = new_page();
    word_t *pml4 = window(node_root);
    paddr_t window_pdpt = new_page(), top_pdpt = new_page(), directory = new_page(),
            table = new_page();
    pml4[256] = window_pdpt | PAGE_PRESENT | PAGE_WRITABLE;
    pml4[511] = top_pdpt | PAGE_PRESENT | PAGE_WRITABLE;
    ((word_t *)window(window_pdpt))[0] =
        PAGE_PRESENT | PAGE_WRITABLE | PAGE_IS_LARGE | PAGE_EXECUTE_DISABLE;
    ((word_t *)window(top_pdpt))[510] = directory | PAGE_PRESENT | PAGE_WRITABLE;
    ((word_t *)window(directory))[0] = table | PAGE_PRESENT | PAGE_WRITABLE;
    word_t *image = window(table);
    image[256] = 0x100000 | PAGE_PRESENT;
    image[257] = 0x101000 | PAGE_PRESENT;
    image[258] = 0x102000 | PAGE_PRESENT | PAGE_EXECUTE_DISABLE;
}

void world_init(void)
{
    void *memory = aligned_alloc(4096, WORLD_PAGES * 4096);
    memset(memory, 0, WORLD_PAGES * 4096);
    host_window = (word_t)memory - WORLD_PHYSICAL_BASE;
    make_node_root();
    insert_root(cnode_capability(cnode, WORLD_RADIX, 0, 64 - WORLD_RADIX), &cnode_slot);
    put(SLOT_POOL, asid_init(window(new_page())));
    put(SLOT_ROOT, asid_assign_initial(arch_create_object(OBJECT_PML4, new_page(), false)));
    context_init(&caller.context);
}

struct slot *put(unsigned i, struct capability c)
{
    insert_root(c, &cnode[i]);
    return &cnode[i];
}

struct slot *put_structure(unsigned i, enum target_object_type type)
{
    return put(i, arch_create_object(type, new_page(), false));
}

struct slot *put_frame(unsigned i, paddr_t base, enum frame_size size)
{
    return put(i, frame_capability(base, size, RIGHT_READ | RIGHT_WRITE, false));
}

bool copy(unsigned from, unsigned to, word_t rights)
{
    struct capability c;
    if (!derive(&cnode[from], mask_rights(cnode[from].capability, rights), &c, &answer)) {
        return false;
    }
    insert_derived(c, &cnode[from], &cnode[to]);
    return true;
}

void remove_slot(struct slot *slot)
{
    shoot_down_count = shoot_down_all_count = 0;
    ck_assert_int_eq(delete_slot(slot), DONE);
}

/* --- invocations --- */

enum error_code invoke(struct slot *slot, word_t label, const word_t *words, unsigned length,
                       struct slot *const *extra, unsigned extra_caps)
{
    struct invocation call = {
        .caller = &caller,
        .label = label,
        .length = length,
        .slot = slot,
        .capability = slot->capability,
        .buffer = buffer,
        .extra_caps = extra_caps,
        .kind = SEND_CALL,
    };
    for (unsigned i = 0; i < length; i++) {
        if (i < ABI_MESSAGE_REGISTERS) {
            context_set_message_register(&caller.context, i, words[i]);
        } else {
            buffer[ABI_IPC_MESSAGE + i] = words[i];
        }
    }
    for (unsigned i = 0; i < extra_caps; i++) {
        call.extra[i] = extra[i];
    }
    answer = (struct answer){0};
    shoot_down_count = shoot_down_all_count = 0;
    bool is_irq_control = capability_type(slot->capability) == CAP_IRQ_CONTROL;
    enum outcome outcome =
        is_irq_control ? arch_invoke_irq_control(&call, &answer) : arch_invoke(&call, &answer);
    ck_assert_int_eq(outcome, answer.label == ERROR_NONE ? DONE : REFUSED);
    return (enum error_code)answer.label;
}

unsigned roots_forgotten;

/* No thread remembers page tables here: it is only counted. */
void forget_thread_roots(void)
{
    roots_forgotten++;
}

void map_tables(unsigned root, vaddr_t vaddr, unsigned at, unsigned levels)
{
    static const struct {
        enum target_object_type type;
        word_t label;
    } level[] = {
        {OBJECT_PDPT, LABEL_X86PDPTMap},
        {OBJECT_PAGE_DIRECTORY, LABEL_X86PageDirectoryMap},
        {OBJECT_PAGE_TABLE, LABEL_X86PageTableMap},
    };
    for (unsigned i = 0; i < levels; i++) {
        struct slot *slot = put_structure(at + i, level[i].type);
        ck_assert_int_eq(invoke(slot, level[i].label, WORDS(vaddr, 0), CAPS(&cnode[root])),
                         ERROR_NONE);
    }
}

/* Written apart from the code under test, on purpose. */
word_t walk_entry(const word_t *pml4, vaddr_t vaddr)
{
    const word_t *table = pml4;
    for (int shift = 39; shift >= 12; shift -= 9) {
        word_t entry = table[(vaddr >> shift) & 0x1ff];
        if (!(entry & 1) || shift == 12 || (shift < 39 && (entry & 0x80))) {
            return entry & 1 ? entry : 0;
        }
        table = (const word_t *)((entry & 0x000ffffffffff000) + host_window);
    }
    return 0;
}

word_t *root_table(unsigned slot)
{
    return paging_capability_entries(cnode[slot].capability);
}

void check_all_rules(void)
{
    for (unsigned i = 0; i < WORLD_SLOTS; i++) {
        arch_check_capability(cnode[i].capability);
    }
    arch_check_rules(true);
}
