/* User images: ELF64 (System V ABI, chapter 4; AMD64 supplement), loaded as contract 9.3 says. */
#include <api/limits.h>
#include <boot/plan/elf.h>
#include <kernel/string.h>

enum {
    TYPE_EXECUTABLE = 2,
    TYPE_DYNAMIC = 3,
    SEGMENT_LOAD = 1,
    SEGMENT_INTERPRETER = 3,
    CLASS_64 = 2,
    LITTLE_ENDIAN_DATA = 1,
    MACHINE_X86_64 = 62,
    FLAG_EXECUTE = 1,
    FLAG_WRITE = 2
};

/* The last user page can never be mapped. */
#define USER_END (ABI_USER_TOP + 1 - BIT(ABI_PAGE_BITS))

struct file_header {
    uint8_t magic[4];
    uint8_t class, data, version, abi, abi_version, padding[7];
    uint16_t type, machine;
    uint32_t object_version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_entry_bytes, program_count;
    uint16_t section_entry_bytes, section_count, section_names;
};
_Static_assert(sizeof(struct file_header) == 64, "the file's layout");

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_bytes, memory_bytes, alignment;
};
_Static_assert(sizeof(struct program_header) == 56, "the file's layout");

static const char *check_file_header(const struct file_header *header, uint64_t size)
{
    uint64_t table = (uint64_t)header->program_count * sizeof(struct program_header);
    if (header->class != CLASS_64 || header->data != LITTLE_ENDIAN_DATA) {
        return "not an ELF64 file (64 bits, little endian)";
    }
    if (header->machine != MACHINE_X86_64) {
        return "not for x86-64";
    }
    if (header->type == TYPE_DYNAMIC) {
        return "ET_DYN, a shared library or position-independent: link with -static -no-pie";
    }
    if (header->type != TYPE_EXECUTABLE) {
        return "no executable (its type is not ET_EXEC)";
    }
    if (header->program_count == 0) {
        return "it has no program headers";
    }
    if (header->program_entry_bytes != sizeof(struct program_header)) {
        return "its program headers have the wrong size";
    }
    if (header->program_offset > size || table > size - header->program_offset) {
        return "truncated: its program headers lie beyond the end of the file";
    }
    return NULL;
}

static const char *check_segment(const struct program_header *program, uint64_t size)
{
    if (program->file_bytes > program->memory_bytes) {
        return "a segment has more bytes in the file than in memory";
    }
    if (program->file_bytes > 0 &&
        (program->offset > size || program->file_bytes > size - program->offset)) {
        return "truncated: a segment lies beyond the end of the file";
    }
    if (program->vaddr > ABI_USER_TOP) {
        return "a segment is in the kernel's half of the address space";
    }
    if (program->memory_bytes > USER_END - MIN(program->vaddr, USER_END)) {
        return "a segment reaches beyond the user half of the address space";
    }
    return NULL;
}

static const char *check_span(struct elf_image *image)
{
    if (image->segments.count == 0) {
        return "it has no PT_LOAD segment with memory";
    }
    if (!IS_ALIGNED(image->start, ABI_PAGE_BITS)) {
        return "misaligned: its lowest segment does not start at a 4 KiB boundary";
    }
    if (image->entry < image->start || image->entry >= image->end) {
        return "its entry point is outside its segments";
    }
    image->end = ALIGN_UP(image->end, ABI_PAGE_BITS);
    if (image->end > ELF_IMAGE_END) {
        return "it leaves no room for IPC buffer and boot info above it in the user half";
    }
    return NULL;
}

const char *elf_check(const uint8_t *data, uint64_t size, struct elf_image *image)
{
    struct file_header header;
    const char *wrong;
    if (size < sizeof(header.magic) || memcmp(data,
                                              "\x7f"
                                              "ELF",
                                              sizeof(header.magic)) != 0) {
        return "not an ELF file";
    }
    if (size < sizeof(header)) {
        return "truncated: shorter than an ELF header";
    }
    memcpy(&header, data, sizeof(header));
    wrong = check_file_header(&header, size);
    if (wrong != NULL) {
        return wrong;
    }

    *image = (struct elf_image){.start = UINT64_MAX, .end = 0, .entry = header.entry};
    for (unsigned i = 0; i < header.program_count; i++) {
        struct program_header program;
        memcpy(&program, data + header.program_offset + i * sizeof(program), sizeof(program));
        if (program.type == SEGMENT_INTERPRETER) {
            return "dynamically linked (it has a PT_INTERP): link with -static";
        }
        if (program.type != SEGMENT_LOAD || program.memory_bytes == 0) {
            continue;
        }
        wrong = check_segment(&program, size);
        if (wrong != NULL) {
            return wrong;
        }
        uint32_t number = image->segments.count;
        if (number == MAX_IMAGE_SEGMENTS) {
            return "it has more than 64 segments";
        }
        image->segments.segment[number] =
            (struct image_segment){.start = program.vaddr,
                                   .end = program.vaddr + program.memory_bytes,
                                   .writable = (program.flags & FLAG_WRITE) != 0,
                                   .executable = (program.flags & FLAG_EXECUTE) != 0};
        image->file_offset[number] = program.offset;
        image->file_bytes[number] = program.file_bytes;
        image->segments.count++;
        image->start = MIN(image->start, program.vaddr);
        image->end = MAX(image->end, program.vaddr + program.memory_bytes);
    }
    return check_span(image);
}

void elf_load(const uint8_t *data, const struct elf_image *image, uint8_t *destination)
{
    memset(destination, 0, image->end - image->start);
    for (unsigned i = 0; i < image->segments.count; i++) {
        /* Without bytes in the file, its offset may be anything. */
        if (image->file_bytes[i] > 0) {
            memcpy(destination + (image->segments.segment[i].start - image->start),
                   data + image->file_offset[i], image->file_bytes[i]);
        }
    }
}
