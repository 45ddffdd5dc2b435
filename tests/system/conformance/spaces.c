/* Address spaces, device frames and time for the tests. */
#include "harness.h"

struct reply map_frame(word frame, word vspace, word address, word rights, word attributes)
{
    return invoke(frame, PAGE_MAP, ARGS(address, rights, attributes), CAPS(vspace));
}

/* Maps a table, or finds that one is there already. */
static void map_table(word vspace, word address, word type, word label)
{
    word label_of_reply = invoke(new_object(type, 0), label, ARGS(address, 0), CAPS(vspace)).label;

    REQUIRE(label_of_reply == seL4_NoError || label_of_reply == seL4_DeleteFirst);
}

void map_tables(word vspace, word address, word page_bits)
{
    map_table(vspace, address, seL4_X86_PDPTObject, PDPT_MAP);
    if (page_bits < 30) {
        map_table(vspace, address, seL4_X86_PageDirectoryObject, PAGE_DIRECTORY_MAP);
    }
    if (page_bits < 21) {
        map_table(vspace, address, seL4_X86_PageTableObject, PAGE_TABLE_MAP);
    }
}

word new_mapped_frame(word address)
{
    word frame = new_frame();

    map_tables(seL4_CapInitThreadVSpace, address, 12);
    REQUIRE(map_frame(frame, seL4_CapInitThreadVSpace, address, ALL_RIGHTS, 0).label ==
            seL4_NoError);
    return frame;
}

word new_vspace(void)
{
    word vspace = new_object(seL4_X64_PML4Object, 0);

    REQUIRE(invoke(seL4_CapInitThreadASIDPool, ASID_POOL_ASSIGN, NO_ARGS, CAPS(vspace)).label ==
            seL4_NoError);
    return vspace;
}

word clone_vspace(void)
{
    word vspace = new_vspace();
    word image_end = (word)boot_info->ipcBuffer;
    word pages = boot_info->userImageFrames.end - boot_info->userImageFrames.start;
    word start = image_end - pages * 4096;

    for (word i = 0; i < pages; i++) {
        word address = start + i * 4096;

        if (i == 0 || (address & ((1ul << 21) - 1)) == 0) {
            map_tables(vspace, address, 12);
        }
        word frame = new_copy(boot_info->userImageFrames.start + i, ALL_RIGHTS);
        REQUIRE(map_frame(frame, vspace, address, ALL_RIGHTS, 0).label == seL4_NoError);
    }
    return vspace;
}

/* ---- Device memory ---- */

/* Moves a device untyped's watermark forward to `offset` by making untypeds of it. */
static void use_up(word untyped, word offset)
{
    for (word done = 0; done < offset;) {
        word bits = 12;

        while (bits < 46 && (done & ((2ul << bits) - 1)) == 0 && done + (2ul << bits) <= offset) {
            bits++;
        }
        REQUIRE(retype(untyped, seL4_UntypedObject, bits, new_slot(), 1).label == seL4_NoError);
        done += 1ul << bits;
    }
}

word device_frame(word paddr)
{
    word count = boot_info->untyped.end - boot_info->untyped.start;

    for (word i = 0; i < count; i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        word slot = boot_info->untyped.start + i;

        if (untyped->isDevice && paddr >= untyped->paddr &&
            paddr - untyped->paddr < 1ul << untyped->sizeBits) {
            word frame;

            use_up(slot, paddr - untyped->paddr);
            frame = new_slot();
            REQUIRE(retype(slot, seL4_X86_4K, 0, frame, 1).label == seL4_NoError);
            return frame;
        }
    }
    return 0;
}

/* ---- Time ---- */

word time_stamp(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (word)high << 32 | low;
}

word ticks_per_millisecond(void)
{
    const char *chunk = (const char *)boot_info + 4096;
    const char *end = chunk + boot_info->extraLen;

    /* The chunks are packed: their words are not aligned (contract 9.8). */
    while (chunk < end) {
        word header[2];

        __builtin_memcpy(header, chunk, sizeof(header));
        if (header[0] == 5) {
            uint32_t megahertz;

            __builtin_memcpy(&megahertz, chunk + 16, sizeof(megahertz));
            return megahertz * 1000ul;
        }
        chunk += header[1];
    }
    return 1000000;
}

bool time_is_emulated;

void need_emulated_time(void)
{
    if (!time_is_emulated) {
        skip("time is the host's here");
    }
}

word poll_for(word notification, word milliseconds)
{
    word end = time_stamp() + milliseconds * ticks_per_millisecond();
    word badges = 0;

    while (badges == 0 && time_stamp() < end) {
        badges = poll_word(notification);
    }
    return badges;
}

bool wait_for_value(const volatile word *where, word value, word milliseconds)
{
    word end = time_stamp() + milliseconds * ticks_per_millisecond();

    while (*where != value && time_stamp() < end) {
        __asm__ volatile("pause");
    }
    return *where == value;
}

bool wait_for_change(const volatile word *where, word value, word milliseconds)
{
    word end = time_stamp() + milliseconds * ticks_per_millisecond();

    while (*where == value && time_stamp() < end) {
        __asm__ volatile("pause");
    }
    return *where != value;
}
