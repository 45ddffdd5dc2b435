/*
 * What the initial thread finds: boot info, its extra chunks, its capabilities and its address
 * space (contract 9.4 to 9.8).
 */
#include "prober.h"
#include <api/cluster.h>
#include <string.h>

static void fixed_fields(void)
{
    CHECK_EQUAL(boot_info->nodeID, 0);
    CHECK(boot_info->numNodes >= 1 && boot_info->numNodes <= 64);
    CHECK_EQUAL(boot_info->numIOPTLevels, ~0ul);
    CHECK_EQUAL(boot_info->ioSpaceCaps.start, 0);
    CHECK_EQUAL(boot_info->ioSpaceCaps.end, 0);
    CHECK(boot_info->initThreadCNodeSizeBits >= 12);
    CHECK_EQUAL(boot_info->initThreadDomain, 0);
    CHECK_EQUAL(boot_info->empty.end, 1ul << boot_info->initThreadCNodeSizeBits);
    CHECK(boot_info->untyped.end - boot_info->untyped.start <= 230);
    CHECK(boot_info->untyped.end > boot_info->untyped.start);
}

static void slot_order(void)
{
    /* Paging structures, boot info's pages, image, untypeds; then CMK's own, then nothing. */
    CHECK_EQUAL(boot_info->userImagePaging.start, 16);
    CHECK_EQUAL(boot_info->extraBIPages.start, boot_info->userImagePaging.end);
    CHECK_EQUAL(boot_info->userImageFrames.start, boot_info->extraBIPages.end);
    CHECK_EQUAL(boot_info->untyped.start, boot_info->userImageFrames.end);
    CHECK(boot_info->empty.start >= boot_info->untyped.end);
    CHECK(boot_info->sharedFrames.start >= boot_info->untyped.end ||
          boot_info->sharedFrames.start == 0);
    CHECK(boot_info->sharedFrames.end <= boot_info->empty.start);
}

/* All slots of a region hold capabilities of one of two kinds. */
static void check_kinds(seL4_SlotRegion region, word one, word other)
{
    word wrong = 0;

    for (word slot = region.start; slot < region.end; slot++) {
        word tag = cap_tag(slot);

        wrong += tag != one && tag != other;
    }
    CHECK_EQUAL(wrong, 0);
}

static void slot_contents(void)
{
    word order = 0;
    word wrong = 0;

    need_debug_calls();
    check_kinds(boot_info->extraBIPages, TAG_FRAME, TAG_FRAME);
    check_kinds(boot_info->userImageFrames, TAG_FRAME, TAG_FRAME);
    check_kinds(boot_info->untyped, TAG_UNTYPED, TAG_UNTYPED);
    check_kinds(boot_info->sharedFrames, TAG_FRAME, TAG_FRAME);
    /* All PDPTs, then all page directories, then all page tables: their tags descend. */
    for (word slot = boot_info->userImagePaging.start; slot < boot_info->userImagePaging.end;
         slot++) {
        word tag = cap_tag(slot);

        wrong += tag != TAG_PDPT && tag != TAG_PAGE_DIRECTORY && tag != TAG_PAGE_TABLE;
        wrong += order != 0 && tag > order;
        order = tag;
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_TAG(boot_info->userImagePaging.start, TAG_PDPT);
    CHECK_TAG(boot_info->userImagePaging.end - 1, TAG_PAGE_TABLE);
}

static void empty_slots(void)
{
    word used = 0;

    for (word slot = new_slot(); slot < boot_info->empty.end; slot++) {
        used += !slot_is_empty(slot);
    }
    CHECK_EQUAL(used, 0);
    CHECK(boot_info->empty.end - boot_info->empty.start > 1000);
}

static void layout(void)
{
    /* Image, IPC buffer, boot info, and the extra chunks follow each other. */
    word image_end = (word)boot_info->ipcBuffer;
    word pages = boot_info->userImageFrames.end - boot_info->userImageFrames.start;
    word extra_pages = boot_info->extraBIPages.end - boot_info->extraBIPages.start;

    CHECK_EQUAL(image_end & 0xfff, 0);
    CHECK_EQUAL((word)boot_info, image_end + 4096);
    CHECK((word)fixed_fields >= image_end - pages * 4096 && (word)fixed_fields < image_end);
    CHECK_EQUAL(extra_pages & (extra_pages - 1), 0);
    CHECK(extra_pages * 4096 >= boot_info->extraLen);
    CHECK(extra_pages == 1 || (extra_pages / 2) * 4096 < boot_info->extraLen);
}

static word address_of(word frame)
{
    return invoke(frame, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS).mr[0];
}

static void image_is_contiguous(void)
{
    word wrong = 0;

    for (word slot = boot_info->userImageFrames.start + 1; slot < boot_info->userImageFrames.end;
         slot++) {
        wrong += address_of(slot) != address_of(slot - 1) + 4096;
    }
    for (word slot = boot_info->extraBIPages.start + 1; slot < boot_info->extraBIPages.end;
         slot++) {
        wrong += address_of(slot) != address_of(slot - 1) + 4096;
    }
    CHECK_EQUAL(wrong, 0);
}

static void frames_are_what_they_seem(void)
{
    /* Frame capabilities of the image, of the buffer and of boot info map to the same contents. */
    static volatile word mark = 0x600d;
    word copies[3] = {new_copy(image_frame((const void *)&mark), READ),
                      new_copy(seL4_CapInitThreadIPCBuffer, READ),
                      new_copy(seL4_CapBootInfoFrame, READ)};

    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 12);
    for (word i = 0; i < 3; i++) {
        CHECK_OK(map_frame(copies[i], seL4_CapInitThreadVSpace, TEST_ADDRESS + i * 4096, READ, 0));
    }
    CHECK_EQUAL(*(volatile word *)(TEST_ADDRESS + ((word)&mark & 0xfff)), 0x600d);
    main_buffer->userData = 0x7007;
    CHECK_EQUAL(((volatile seL4_IPCBuffer *)(TEST_ADDRESS + 4096))->userData, 0x7007);
    CHECK_EQUAL(((volatile seL4_BootInfo *)(TEST_ADDRESS + 8192))->empty.end, boot_info->empty.end);
}

static void image_permissions(void)
{
    /* Where seL4 maps everything for everything, CMK gives each page what its segments ask for. */
    struct criminal prober = new_prober(0);
    static word data;

    CHECK(can_read(prober, (word)image_permissions));
    CHECK(!can_write(prober, (word)image_permissions));
    CHECK(can_write(prober, (word)&data));
    CHECK(can_write(prober, (word)&main_buffer->msg[119]));
}

static void nothing_else_is_mapped(void)
{
    struct criminal prober = new_prober(0);
    word extra_pages = boot_info->extraBIPages.end - boot_info->extraBIPages.start;
    word end = (word)boot_info + 4096 + extra_pages * 4096;
    word pages = boot_info->userImageFrames.end - boot_info->userImageFrames.start;
    word start = (word)boot_info->ipcBuffer - pages * 4096;

    CHECK(can_read(prober, end - 8));
    CHECK(!can_read(prober, end));
    CHECK(can_read(prober, start));
    CHECK(!can_read(prober, start - 8));
    CHECK(!can_read(prober, 0));
}

/* ---- Extra chunks ---- */

struct chunk {
    word id;
    word bytes;
    const uint8_t *start;
};

/* The index-th chunk; its id is ~0 behind the last. */
static struct chunk chunk_at(word index)
{
    const uint8_t *at = (const uint8_t *)boot_info + 4096;
    const uint8_t *end = at + boot_info->extraLen;
    struct chunk chunk = {~0ul, 0, at};

    for (word i = 0; i <= index; i++) {
        if (at >= end) {
            return (struct chunk){~0ul, 0, at};
        }
        chunk.start = at;
        memcpy(&chunk.id, at, 8);
        memcpy(&chunk.bytes, at + 8, 8);
        if (chunk.bytes < 16 || at + chunk.bytes > end) {
            return (struct chunk){~0ul, ~0ul, at};
        }
        at += chunk.bytes;
    }
    return chunk;
}

static struct chunk chunk_of(word id)
{
    struct chunk chunk;

    for (word i = 0; (chunk = chunk_at(i)).id != ~0ul; i++) {
        if (chunk.id == id) {
            return chunk;
        }
    }
    REQUIRE(!"such a chunk");
    return chunk;
}

static void chunk_order(void)
{
    static const word order[] = {1, 3, 4, 2, 5, 0x434d4b};
    word place = 0;
    word bytes = 0;
    struct chunk chunk;

    for (word i = 0; (chunk = chunk_at(i)).id != ~0ul; i++) {
        while (place < COUNT_OF(order) && order[place] != chunk.id) {
            place++;
        }
        CHECK(place < COUNT_OF(order));
        bytes += chunk.bytes;
    }
    /* They fill the region without gaps, and CMK's is the last. */
    CHECK_EQUAL(chunk.bytes, 0);
    CHECK_EQUAL(bytes, boot_info->extraLen);
    CHECK_EQUAL(place, COUNT_OF(order) - 1);
}

static void root_pointer(void)
{
    struct chunk chunk = chunk_of(3);
    uint8_t sum = 0;

    CHECK_EQUAL(chunk.bytes, 52);
    CHECK_EQUAL(memcmp(chunk.start + 16, "RSD PTR ", 8), 0);
    for (word i = 0; i < 20; i++) {
        sum = (uint8_t)(sum + chunk.start[16 + i]);
    }
    CHECK_EQUAL(sum, 0);
}

static void memory_map(void)
{
    struct chunk chunk = chunk_of(2);
    uint32_t bytes;
    word memory = 0;

    CHECK_EQUAL(chunk.bytes, 1220);
    memcpy(&bytes, chunk.start + 16, 4);
    CHECK(bytes <= 1200 && bytes % 24 == 0);
    for (word i = 0; i < bytes / 24; i++) {
        const uint8_t *entry = chunk.start + 20 + 24 * i;
        uint32_t type;
        word length;

        memcpy(&length, entry + 12, 8);
        memcpy(&type, entry + 20, 4);
        memory += type == 1 ? length : 0;
    }
    /* With Multiboot 2 the map is left out. */
    CHECK(bytes == 0 || memory > 1ul << 20);
}

static void timer_frequency(void)
{
    struct chunk chunk = chunk_of(5);
    uint32_t megahertz;

    CHECK_EQUAL(chunk.bytes, 20);
    memcpy(&megahertz, chunk.start + 16, 4);
    CHECK(megahertz >= 1 && megahertz < 20000);
}

static void cluster(void)
{
    struct chunk chunk = chunk_of(0x434d4b);
    struct cmk_boot_info info;

    CHECK(chunk.bytes >= sizeof(info));
    memcpy(&info, chunk.start, sizeof(info));
    CHECK(info.node_id < info.node_count);
    CHECK(info.node_count >= 1 && info.node_count <= 64);
    CHECK_TAG(info.ipi_control_slot, 26);
    CHECK_TAG(info.node_control_slot, 30);
    for (word node = 0; node < info.node_count; node++) {
        CHECK_TAG(info.first_status_slot + node, TAG_FRAME);
    }
    CHECK_EQUAL(info.shared.slots, boot_info->sharedFrames.end - boot_info->sharedFrames.start);
    CHECK(info.shared.slots == 0 || info.shared.first_slot == boot_info->sharedFrames.start);
    CHECK_EQUAL(info.shared.bytes, info.shared.slots << 21);
    CHECK(info.nodes_offset + info.node_count * sizeof(struct cmk_boot_node) <= chunk.bytes);
    struct cmk_boot_node node;
    memcpy(&node, chunk.start + info.nodes_offset + info.node_id * sizeof(node), sizeof(node));
    CHECK_EQUAL(node.cpu_count, boot_info->numNodes);
    CHECK(node.first_cpu + node.cpu_count <= info.apic_id_count);
    CHECK_EQUAL(memcmp(chunk.start + info.arguments_offset, "node", 4), 0);
    CHECK(info.entry_tsc != 0 && info.entry_tsc < __builtin_ia32_rdtsc());
}

/* ---- The initial thread ---- */

static void initial_authority(void)
{
    /* Its maximum is 255, for itself and others. */
    word tcb = new_tcb();

    CHECK_OK(set_priority(tcb, 255));
    CHECK_OK(invoke(tcb, TCB_SET_MC_PRIORITY, ARGS(255), CAPS(seL4_CapInitThreadTCB)));
    CHECK_AFFINITY(seL4_CapInitThreadTCB, 0);
}

static void cnode_guard(void)
{
    /* A CPtr is a slot number: the guard is zero and takes all other bits. */
    word bits = boot_info->initThreadCNodeSizeBits;

    CHECK_REPLY(invoke(ROOT, CNODE_DELETE, ARGS(1ul << bits, DEPTH), NO_CAPS), seL4_FailedLookup, 0,
                seL4_GuardMismatch, 64, 0, 64 - bits);
    CHECK_REPLY(invoke(ROOT, CNODE_DELETE, ARGS(0, bits), NO_CAPS), seL4_FailedLookup, 0,
                seL4_GuardMismatch, bits, 0, 64 - bits);
}

static void own_buffer_frame(void)
{
    /* The TCB holds a copy of the buffer's frame: the slot's capability is the mapped one. */
    CHECK_REPLY(
        map_frame(seL4_CapInitThreadIPCBuffer, seL4_CapInitThreadVSpace, TEST_ADDRESS, 3, 0),
        seL4_InvalidArgument, 0);
    CHECK_OK(
        map_frame(seL4_CapInitThreadIPCBuffer, seL4_CapInitThreadVSpace, (word)main_buffer, 3, 0));
    CHECK_TAG(seL4_CapInitThreadIPCBuffer, TAG_FRAME);
}

static const struct test tests[] = {
    {"boot-fields", "boot info's plain fields", fixed_fields},
    {"boot-slots", "the order of slot regions", slot_order},
    {"boot-contents", "what the slot regions hold", slot_contents},
    {"boot-empty", "the empty slots are empty", empty_slots},
    {"boot-layout", "image, buffer and boot info follow each other", layout},
    {"boot-contiguous", "image and extra pages are contiguous memory", image_is_contiguous},
    {"boot-frames", "frame capabilities belong to the pages they should",
     frames_are_what_they_seem},
    {"boot-permissions", "pages have their segments' permissions", image_permissions},
    {"boot-mapped", "nothing else is mapped", nothing_else_is_mapped},
    {"boot-chunks", "extra chunks: order, no gaps", chunk_order},
    {"boot-acpi", "the ACPI root pointer", root_pointer},
    {"boot-memory-map", "the memory map", memory_map},
    {"boot-frequency", "the time stamp counter's frequency", timer_frequency},
    {"boot-cluster", "CMK's chunk", cluster},
    {"boot-authority", "the initial thread's maximum priority and CPU", initial_authority},
    {"boot-guard", "the initial CNode's guard", cnode_guard},
    {"boot-buffer", "the initial thread's buffer frame", own_buffer_frame},
};

SUBJECT(bootinfo, tests);
