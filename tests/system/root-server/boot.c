/*
 * What the kernel hands over: registers, boot info, the image as its program headers say,
 * capabilities, untypeds.
 */
#include "server.h"

struct file_header {
    uint8_t identification[16];
    uint16_t type, machine;
    uint32_t version;
    word_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_bytes, program_count;
};

struct program_header {
    uint32_t type, flags;
    word_t offset, vaddr, paddr, file_bytes, memory_bytes, alignment;
};

enum { TYPE_TLS = 7 };

extern const struct file_header __ehdr_start; /* the linker's name for the file header in memory */
extern word_t entry_registers[17];            /* start.asm */

word_t thread_pointer;

static const struct program_header *program_header(unsigned i)
{
    return (const struct program_header *)((word_t)&__ehdr_start + __ehdr_start.program_offset) + i;
}

static void image_span(word_t *start, word_t *end)
{
    *start = ~0ull;
    *end = 0;
    for (unsigned i = 0; i < __ehdr_start.program_count; i++) {
        const struct program_header *program = program_header(i);
        if (program->memory_bytes > 0) {
            *start = program->vaddr < *start ? program->vaddr : *start;
            *end = program->vaddr + program->memory_bytes > *end
                       ? program->vaddr + program->memory_bytes
                       : *end;
        }
    }
    *end = (*end + 0xfff) & ~0xfffull;
}

static void check_regions(void)
{
    const struct boot_info *info = boot_info;
    CHECK_EQUAL(info->image_paging.start, FIRST_DYNAMIC);
    CHECK_EQUAL(info->extra_pages.start, info->image_paging.end);
    CHECK_EQUAL(info->image_frames.start, info->extra_pages.end);
    CHECK_EQUAL(info->untyped.start, info->image_frames.end);
    CHECK(info->untyped.end - info->untyped.start <= 230);
    CHECK(info->empty.start >= info->untyped.end);
    CHECK_EQUAL(info->empty.end, 1ull << info->cnode_size_bits);
    CHECK_EQUAL(info->io_space_caps.start | info->io_space_caps.end, 0);
}

void test_boot(void)
{
    static word_t initialised = 0x5e14, zero[3];
    word_t start, image_end;
    for (unsigned i = 0; i < 16; i++) {
        /* rdi alone; rsp 0 like the rest */
        CHECK_EQUAL(entry_registers[i], i == 5 ? (word_t)boot_info : 0);
    }
    CHECK_EQUAL(entry_registers[16], 0x202);
    CHECK_EQUAL(*(volatile word_t *)&initialised, 0x5e14);
    CHECK_EQUAL(((volatile word_t *)zero)[1], 0);

    image_span(&start, &image_end);
    CHECK_EQUAL(boot_info->ipc_buffer, image_end);
    CHECK_EQUAL((word_t)boot_info, image_end + 0x1000);
    CHECK_EQUAL(boot_info->image_frames.end - boot_info->image_frames.start,
                (image_end - start) / 0x1000);
    CHECK_EQUAL(boot_info->node_id, 0);
    CHECK(boot_info->node_count >= 1);
    CHECK_EQUAL(boot_info->io_page_table_levels, ~0ull);
    CHECK_EQUAL(boot_info->domain, 0);
    check_regions();
    CHECK(find_chunk(CHUNK_RSDP) != NULL && find_chunk(CHUNK_RSDP)->length == 52);
    CHECK(find_chunk(CHUNK_MEMORY_MAP) != NULL && find_chunk(CHUNK_MEMORY_MAP)->length == 1220);
    CHECK(find_chunk(CHUNK_TSC) != NULL && find_chunk(CHUNK_TSC)->length == 20);
}

/*
 * --- thread-local data, set up as run-time libraries do it: out of the program headers in memory
 * ---
 */

static _Thread_local volatile word_t local_initialised = 0x7175;
static _Thread_local volatile word_t local_zero;

static word_t set_up_block(void)
{
    static _Alignas(64) uint8_t block[512];
    for (unsigned i = 0; i < __ehdr_start.program_count; i++) {
        const struct program_header *program = program_header(i);
        if (program->type != TYPE_TLS) {
            continue;
        }
        word_t bytes = (program->memory_bytes + program->alignment - 1) & ~(program->alignment - 1);
        word_t pointer = (word_t)block + 256;
        CHECK(bytes <= 256 && program->alignment <= 64);
        for (word_t at = 0; at < program->file_bytes; at++) {
            *(uint8_t *)(pointer - bytes + at) = *(const uint8_t *)(program->vaddr + at);
        }
        *(word_t *)pointer = pointer;
        return pointer;
    }
    CHECK(!"the image has thread-local data");
    return 0;
}

static word_t read_thread_pointer(void)
{
    word_t value;
    __asm__ volatile("movq %%fs:0, %0" : "=r"(value));
    return value;
}

void test_thread_local(void)
{
    thread_pointer = set_up_block();
    trap1(SET_TLS_BASE, thread_pointer, 0);
    CHECK_EQUAL(read_thread_pointer(), thread_pointer);
    CHECK_EQUAL(local_initialised, 0x7175);
    CHECK_EQUAL(local_zero, 0);
    local_zero = 1;

    /* Other libraries use the TCB's method, also for themselves. */
    static word_t elsewhere[8];
    elsewhere[0] = (word_t)elsewhere;
    CHECK_EQUAL(invoke(OWN_TCB, SET_TLS_BASE_OF, NONE, WORDS((word_t)elsewhere)).error, NO_ERROR);
    CHECK_EQUAL(read_thread_pointer(), (word_t)elsewhere);
    CHECK_EQUAL(invoke(OWN_TCB, SET_TLS_BASE_OF, NONE, WORDS(thread_pointer)).error, NO_ERROR);
    CHECK_EQUAL(local_initialised + local_zero, 0x7176);
}

/*
 * Root servers replace their CSpace: a new root with the old CNode in slot 0, so that old CPtrs
 * stay right and the other slots are room for more.
 */
void test_capabilities(void)
{
    enum { ROOT_BITS = 4, SECOND = 5 };
    word_t old_bits = boot_info->cnode_size_bits;
    word_t root = new_object(CNODE, ROOT_BITS), second = new_object(CNODE, old_bits);
    CHECK_EQUAL(
        invoke(root, MINT, CAPS(OWN_CNODE), WORDS(0, ROOT_BITS, OWN_CNODE, DEPTH, ALL_RIGHTS, 0))
            .error,
        NO_ERROR);
    CHECK_EQUAL(
        invoke(root, MINT, CAPS(OWN_CNODE), WORDS(SECOND, ROOT_BITS, second, DEPTH, ALL_RIGHTS, 0))
            .error,
        NO_ERROR);
    word_t guard = DEPTH - ROOT_BITS - old_bits;
    CHECK_EQUAL(invoke(OWN_TCB, SET_SPACE, CAPS(root, OWN_VSPACE), WORDS(0, guard, 0)).error,
                NO_ERROR);

    /* An old CPtr, then one through the other half. */
    word_t far = (word_t)SECOND << old_bits | 7;
    CHECK_EQUAL(invoke(root, COPY, CAPS(OWN_CNODE),
                       WORDS(far, ROOT_BITS + old_bits, OWN_TCB, DEPTH, ALL_RIGHTS))
                    .error,
                NO_ERROR);
    CHECK_EQUAL(invoke(far, SET_PRIORITY, CAPS(far), WORDS(255)).error, NO_ERROR);
    CHECK_EQUAL(invoke(root, DELETE, NONE, WORDS(far, ROOT_BITS + old_bits)).error, NO_ERROR);
}

void test_untypeds(void)
{
    word_t count = boot_info->untyped.end - boot_info->untyped.start, ram = 0;
    for (word_t i = 0; i < count; i++) {
        const struct untyped_description *untyped = &boot_info->untyped_list[i];
        CHECK(untyped->size_bits >= 4 && untyped->size_bits <= 47);
        CHECK(untyped->is_device <= 1);
        if (i > 0 && untyped->is_device && untyped[-1].is_device) {
            CHECK(untyped->paddr >= untyped[-1].paddr + (1ull << untyped[-1].size_bits));
        }
        CHECK(i == 0 || untyped->is_device <= untyped[-1].is_device);
        ram += untyped->is_device ? 0 : 1ull << untyped->size_bits;
    }
    CHECK(ram > 0x1000000);
    /* The rest of the list is empty. */
    for (word_t i = count; i < 230; i++) {
        CHECK_EQUAL(boot_info->untyped_list[i].paddr | boot_info->untyped_list[i].size_bits, 0);
    }
}
