/*
 * A malicious driver. On the attacker's node it aims the DMA of QEMU's device edu
 * (docs/specs/edu.txt), as many as it finds, at memory that is not its node's; the other nodes
 * look after a page of their own. What became of memory is judged from outside
 * (tests/system/run_dma_attack.py), where all of this begins:
 *
 *   attacker=K          which node attacks
 *   pattern=HEX         what its devices write, in words of 8 bytes
 *   devices=A-B         the devices on bus 0 to look at, hexadecimal
 *   own=PAGE-PAGE,...   what its domain reaches: ranges of 4 KiB pages, hexadecimal
 *   border=PAGE,...     pages at whose beginning and end, and before which, to write
 *   random=N top=PAGE   so many random targets below this page
 *
 * Where a write is an interrupt message it does not write: tests/system/programs/drivers does.
 */
#include <cmk/cluster.h>
#include <cmk/dma.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <drivers/device_memory.h>
#include <drivers/pci.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EDU_VENDOR = 0x1234,
    EDU_DEVICE = 0x11e8,
    EDU_DMA_SOURCE = 0x80,
    EDU_DMA_DESTINATION = 0x88,
    EDU_DMA_BYTES = 0x90,
    EDU_DMA_COMMAND = 0x98,
    EDU_DMA_START = 1,
    EDU_DMA_TO_MEMORY = 2,
    EDU_BUFFER = 0x40000, /* in the device */
    EDU_REGISTERS = 0x100,
    MAX_EDUS = 64,
    MAX_RANGES = 64,
    PAGE_BITS = 12,
    PLACE_TO_READ = MAX_EDUS + 1,
    SHOT_BYTES = 64, /* written at each target */
    WORDS = SHOT_BYTES / sizeof(uint64_t)
};

#define MESSAGES_START 0xfee00000ul
#define MESSAGES_END   0xfef00000ul
#define FOUR_GIB       (1ul << 32)

/* In the first shared frame, zero at boot: the others' pages, and that the attack is over. */
struct board {
    atomic_ulong
        page[ABI_CMK_MAX_NODES]; /* physical; each written by its node, after the page itself */
    atomic_ulong over;
};

static const struct cmk_cluster *cluster;
static struct board *board;
static unsigned failures;

static struct pci_function edu[MAX_EDUS];
static volatile uint8_t *registers[MAX_EDUS];
static unsigned edu_count;
/* The pattern, then a place for each device, then one for what is read. */
static struct cmk_dma_memory own_page;
static uint64_t pattern;

static struct {
    seL4_Word start, end; /* pages */
} own[MAX_RANGES];
static unsigned own_count;
static unsigned long aimed;

static void check(const char *name, bool good)
{
    failures += !good;
    printf("%s %s\n", good ? "PASS" : "FAIL", name);
}

static const char *argument(const char *key)
{
    for (int i = 1; i < cluster->argc; i++) {
        if (strncmp(cluster->argv[i], key, strlen(key)) == 0) {
            return cluster->argv[i] + strlen(key);
        }
    }
    return "";
}

/* --- the devices --- */

static void start(unsigned i, seL4_Word from, seL4_Word to, seL4_Word direction)
{
    volatile uint8_t *device = registers[i];
    *(volatile uint64_t *)(device + EDU_DMA_SOURCE) = from;
    *(volatile uint64_t *)(device + EDU_DMA_DESTINATION) = to;
    *(volatile uint64_t *)(device + EDU_DMA_BYTES) = SHOT_BYTES;
    *(volatile uint64_t *)(device + EDU_DMA_COMMAND) = EDU_DMA_START | direction;
}

/* Bounded by the test's patience: the device takes 100 ms of its own clock. */
static void wait_for(unsigned i)
{
    while (*(volatile uint64_t *)(registers[i] + EDU_DMA_COMMAND) & EDU_DMA_START) {
        seL4_Yield();
    }
}

static void wait_for_all(void)
{
    for (unsigned i = 0; i < edu_count; i++) {
        wait_for(i);
    }
}

static void write_memory(unsigned i, seL4_Word target)
{
    start(i, EDU_BUFFER, target, EDU_DMA_TO_MEMORY);
}

static void read_memory(unsigned i, seL4_Word source)
{
    start(i, source, EDU_BUFFER, 0);
}

static void find_edus(void)
{
    char *end;
    unsigned long device = strtoul(argument("devices="), &end, 16);
    unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 16) : device;
    for (; device <= last; device++) {
        for (unsigned function = 0; function < 8 && edu_count < MAX_EDUS; function++) {
            char name[8] = "00:00.0";
            struct pci_function *found = &edu[edu_count];
            snprintf(name, sizeof(name), "00:%02x.%u", (unsigned)device & 31, function & 7);
            if (pci_open(found, name) && found->vendor == EDU_VENDOR &&
                found->device == EDU_DEVICE) {
                registers[edu_count] = pci_map_bar(found, 0, 0, EDU_REGISTERS);
                pci_enable_dma(found);
                edu_count += registers[edu_count] != NULL;
            }
        }
    }
}

/* --- where to aim --- */

static bool is_own(seL4_Word address)
{
    for (unsigned i = 0; i < own_count; i++) {
        if (address >> PAGE_BITS >= own[i].start && address >> PAGE_BITS < own[i].end) {
            return true;
        }
    }
    return false;
}

static void aim(seL4_Word target)
{
    bool is_message = target < MESSAGES_END && target + SHOT_BYTES > MESSAGES_START;
    if (is_own(target) || is_own(target + SHOT_BYTES - 1) || is_message) {
        return;
    }
    unsigned i = (unsigned)(aimed++ % edu_count);
    wait_for(i);
    write_memory(i, target);
}

static void read_own(void)
{
    const char *text = argument("own=");
    while (*text != '\0' && own_count < MAX_RANGES) {
        char *end;
        own[own_count].start = strtoul(text, &end, 16);
        own[own_count++].end = *end == '-' ? strtoul(end + 1, &end, 16) : 0;
        text = *end == ',' ? end + 1 : end;
    }
}

static void aim_at_borders(void)
{
    const char *text = argument("border=");
    while (*text != '\0') {
        char *end;
        seL4_Word page = strtoul(text, &end, 16) << PAGE_BITS;
        aim(page);
        aim(page + (1u << PAGE_BITS) - SHOT_BYTES);
        aim(page - SHOT_BYTES);
        text = *end == ',' ? end + 1 : end;
    }
}

/* Mostly RAM; one in eight at devices below 4 GiB, one in eight anywhere. */
static seL4_Word choose(uint64_t *state, seL4_Word top)
{
    *state ^= *state << 13; /* Marsaglia's xorshift */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    seL4_Word word = *state >> 3;
    switch (*state & 7) {
    case 0:
        word = 0xc0000000 + word % 0x40000000;
        break;
    case 1:
        word %= 1ul << 40;
        break;
    default:
        word %= top << PAGE_BITS;
        break;
    }
    return word & ~(seL4_Word)(SHOT_BYTES - 1);
}

static void aim_at_random(void)
{
    uint64_t state = pattern | 1;
    unsigned long count = strtoul(argument("random="), NULL, 0);
    seL4_Word top = strtoul(argument("top="), NULL, 16);
    while (count > 0) {
        unsigned long before = aimed;
        aim(choose(&state, top));
        count -= aimed - before;
    }
}

/* --- the attack --- */

/*
 * Loads the pattern into every device, from this node's memory; a device that returns it to another
 * place there has it.
 */
static bool load_pattern(void)
{
    volatile uint64_t *words = own_page.memory;
    bool good = true;
    for (unsigned i = 0; i < WORDS; i++) {
        words[i] = pattern + i;
    }
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned i = 0; i < edu_count; i++) {
        read_memory(i, own_page.address);
    }
    wait_for_all();
    for (unsigned i = 0; i < edu_count; i++) {
        write_memory(i, own_page.address + (i + 1) * SHOT_BYTES);
    }
    wait_for_all();
    for (unsigned i = 0; i < edu_count * WORDS; i++) {
        good = good && words[WORDS + i] == pattern + i % WORDS;
    }
    return good;
}

/* How many of the others' secrets a device can read. */
static unsigned steal(void)
{
    volatile uint64_t *words = own_page.memory;
    unsigned stolen = 0;
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        seL4_Word page = atomic_load(&board->page[node]);
        if (page == 0) {
            continue;
        }
        read_memory(0, page + (1u << PAGE_BITS) / 2);
        wait_for_all();
        write_memory(0, own_page.address + PLACE_TO_READ * SHOT_BYTES);
        wait_for_all();
        stolen += words[PLACE_TO_READ * WORDS] == ~page;
    }
    return stolen;
}

static void attack(void)
{
    pattern = strtoul(argument("pattern="), NULL, 16);
    read_own();
    find_edus();
    bool is_ready = edu_count > 0 && cmk_dma_alloc(&own_page, 2u << PAGE_BITS, 2u << PAGE_BITS);
    check("devices-are-there", is_ready);
    if (!is_ready) {
        return;
    }
    check("devices-reach-their-own-node", load_pattern());
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        while (node != cluster->node_id && atomic_load(&board->page[node]) == 0) {
            seL4_Yield();
        }
    }
    printf("devices are confined: %d\n", cluster->devices_are_confined);
    printf("secrets stolen: %u\n", steal());
    load_pattern(); /* that device has lost it */
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        if (node != cluster->node_id) {
            aim(atomic_load(&board->page[node]));
        }
    }
    aim_at_borders();
    aim_at_random();
    wait_for_all();
    check("devices-reach-their-own-node-still", load_pattern());
    printf("aimed at %lu targets with %u devices\n", aimed, edu_count);
    atomic_store(&board->over, 1);
}

/* A page whose words are the complement of its address. */
static void look_after_a_page(void)
{
    struct cmk_dma_memory memory;
    cmk_dma_alloc(&memory, 1u << PAGE_BITS, 1u << PAGE_BITS);
    volatile uint64_t *words = memory.memory;
    bool intact = words != NULL;
    for (unsigned i = 0; intact && i < (1u << PAGE_BITS) / sizeof(uint64_t); i++) {
        words[i] = ~memory.address;
    }
    atomic_store(&board->page[cluster->node_id], memory.address);
    while (atomic_load(&board->over) == 0) {
        seL4_Yield();
    }
    for (unsigned i = 0; intact && i < (1u << PAGE_BITS) / sizeof(uint64_t); i++) {
        intact = words[i] == ~memory.address;
    }
    printf("my page is %s\n", intact ? "intact" : "overwritten");
}

int main(void)
{
    cluster = cmk_cluster();
    board = cluster ? cmk_map_frames(cluster->shared.first_slot, 1, seL4_LargePageBits,
                                     seL4_ReadWrite, seL4_X86_Default_VMAttributes)
                    : NULL;
    if (!board) {
        return EXIT_FAILURE;
    }
    if (strtoul(argument("attacker="), NULL, 0) == cluster->node_id) {
        attack();
    } else {
        look_after_a_page();
    }
    printf("waiting\n");
    seL4_Wait(cmk_alloc_object(seL4_NotificationObject, 0), NULL);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
