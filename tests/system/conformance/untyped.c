/*
 * Untyped_Retype: arguments, watermark, reset, limits (contract 3, 4.4, 7.7). Device memory is in
 * devices.c.
 */
#include "harness.h"

static struct reply retype_args(word untyped, word type, word bits, word index, word depth,
                                word offset, word count)
{
    return invoke(untyped, UNTYPED_RETYPE, ARGS(type, bits, index, depth, offset, count),
                  CAPS(ROOT));
}

static word address_of(word frame)
{
    struct reply reply = invoke(frame, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS);

    REQUIRE(reply.label == seL4_NoError && reply.length == 1);
    return reply.mr[0];
}

static void every_type(void)
{
    static const struct {
        word type, bits, tag;
    } kinds[] = {
        {seL4_UntypedObject, 4, TAG_UNTYPED},
        {seL4_UntypedObject, 20, TAG_UNTYPED},
        {seL4_TCBObject, 0, TAG_TCB},
        {seL4_EndpointObject, 0, TAG_ENDPOINT},
        {seL4_NotificationObject, 0, TAG_NOTIFICATION},
        {seL4_CapTableObject, 1, TAG_CNODE},
        {seL4_CapTableObject, 12, TAG_CNODE},
        {seL4_X86_PDPTObject, 0, TAG_PDPT},
        {seL4_X64_PML4Object, 0, TAG_PML4},
        {seL4_X86_4K, 0, TAG_FRAME},
        {seL4_X86_LargePageObject, 0, TAG_FRAME},
        {seL4_X86_PageTableObject, 0, TAG_PAGE_TABLE},
        {seL4_X86_PageDirectoryObject, 0, TAG_PAGE_DIRECTORY},
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        CHECK_TAG(new_object(kinds[i].type, kinds[i].bits), kinds[i].tag);
    }
}

static void size_bits_ignored(void)
{
    /* For objects of one size the argument only has to be below 64. */
    word untyped = new_untyped(16);

    CHECK_OK(retype(untyped, seL4_EndpointObject, 63, new_slot(), 1));
    CHECK_OK(retype(untyped, seL4_X86_4K, 17, new_slot(), 1));
    CHECK_REPLY(retype(untyped, seL4_EndpointObject, 64, new_slot(), 1), seL4_RangeError, 0, 47);
    CHECK_REPLY(retype(untyped, seL4_TCBObject, ~0ul, new_slot(), 1), seL4_RangeError, 0, 47);
}

/* The size of each object shows in how many of them an untyped of 2^bits bytes holds. */
static void object_sizes(void)
{
    static const struct {
        word type, bits, size;
    } kinds[] = {
        {seL4_TCBObject, 0, 11},
        {seL4_EndpointObject, 0, 4},
        {seL4_NotificationObject, 0, 5},
        {seL4_CapTableObject, 3, 8},
        {seL4_X86_PDPTObject, 0, 12},
        {seL4_X64_PML4Object, 0, 12},
        {seL4_X86_4K, 0, 12},
        {seL4_X86_PageTableObject, 0, 12},
        {seL4_X86_PageDirectoryObject, 0, 12},
        {seL4_UntypedObject, 6, 6},
        {seL4_X86_LargePageObject, 0, 21},
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        word untyped = new_untyped(kinds[i].size + 1);
        word slots = new_slots(3);

        CHECK_REPLY(retype(untyped, kinds[i].type, kinds[i].bits, slots, 3), seL4_NotEnoughMemory,
                    2ul << kinds[i].size);
        CHECK_OK(retype(untyped, kinds[i].type, kinds[i].bits, slots, 2));
        CHECK_REPLY(retype(untyped, kinds[i].type, kinds[i].bits, slots + 2, 1),
                    seL4_NotEnoughMemory, 0);
    }
}

static void truncated(void)
{
    word untyped = new_untyped(12);
    word slot = new_slot();

    CHECK_REPLY(invoke(untyped, UNTYPED_RETYPE, ARGS(99, 99, 0, 0, slot), CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(untyped, UNTYPED_RETYPE, ARGS(99, 99, 0, 0, slot, 1), NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(untyped, UNTYPED_RETYPE, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
}

static void wrong_labels(void)
{
    word untyped = new_untyped(12);

    CHECK_REPLY(invoke(untyped, 0, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(untyped, TCB_READ_REGISTERS, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(untyped, FIRST_UNUSED_LABEL, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
}

static void bad_types(void)
{
    word untyped = new_untyped(12);
    static const word wrong[] = {12, 13, 0xffffff, 0xfffffe, 0xfffffffe, ~0ul};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_REPLY(retype(untyped, wrong[i], 64, new_slot(), 1), seL4_InvalidArgument, 0);
    }
}

static void bad_sizes(void)
{
    word untyped = new_untyped(12);

    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 48, 0, 0), seL4_RangeError, 0, 47);
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 63, 0, 0), seL4_RangeError, 0, 47);
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 64, 0, 0), seL4_RangeError, 0, 47);
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 43, 0, 0), seL4_RangeError, 0, 47);
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 63, 0, 0), seL4_RangeError, 0, 47);
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 0, 0, 0), seL4_InvalidArgument, 1);
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 0, 0, 0), seL4_InvalidArgument, 1);
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 3, 0, 0), seL4_InvalidArgument, 1);
    /* 47 bits are not too many in themselves. */
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 47, new_slot(), 1), seL4_NotEnoughMemory, 4096);
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 42, new_slot(), 1), seL4_NotEnoughMemory,
                4096);
}

static void destination_lookup(void)
{
    word untyped = new_untyped(12);
    word cnode = new_cnode(2);
    word endpoint = new_endpoint();

    CHECK_OK(retype_args(untyped, seL4_EndpointObject, 0, cnode, DEPTH, 1, 1));
    CHECK(slot_used(cnode, 1, 2));
    CHECK_REPLY(retype_args(untyped, seL4_EndpointObject, 0, endpoint, DEPTH, 0, 1),
                seL4_FailedLookup, 0, seL4_MissingCapability, DEPTH);
    CHECK_REPLY(retype_args(untyped, seL4_EndpointObject, 0, new_slot(), DEPTH, 0, 1),
                seL4_FailedLookup, 0, seL4_MissingCapability, DEPTH);
    CHECK_REPLY(retype_args(untyped, seL4_EndpointObject, 0, 1ul << 40, DEPTH, 0, 1),
                seL4_FailedLookup, 0, seL4_GuardMismatch, 64, 0,
                64 - boot_info->initThreadCNodeSizeBits);
    CHECK_REPLY(retype_args(untyped, seL4_EndpointObject, 0, 0, 65, 0, 1), seL4_RangeError, 1, 64);
    /* Depth 0 takes the root itself, whatever the index. */
    word slot = new_slot();
    CHECK_OK(retype_args(untyped, seL4_EndpointObject, 0, 0x1234567, 0, slot, 1));
    CHECK_TAG(slot, TAG_ENDPOINT);
}

static struct reply into(word cnode, word untyped, word offset, word count)
{
    return invoke(untyped, UNTYPED_RETYPE, ARGS(seL4_EndpointObject, 0, 0, 0, offset, count),
                  CAPS(cnode));
}

static void destination_window(void)
{
    word untyped = new_untyped(16);
    word cnode = new_cnode(9);

    CHECK_REPLY(into(cnode, untyped, 512, 1), seL4_RangeError, 0, 511);
    CHECK_REPLY(into(cnode, untyped, ~0ul, 1), seL4_RangeError, 0, 511);
    CHECK_REPLY(into(cnode, untyped, 0, 0), seL4_RangeError, 1, 256);
    CHECK_REPLY(into(cnode, untyped, 0, 257), seL4_RangeError, 1, 256);
    CHECK_REPLY(into(cnode, untyped, 0, ~0ul), seL4_RangeError, 1, 256);
    CHECK_REPLY(into(cnode, untyped, 510, 3), seL4_RangeError, 1, 2);
    CHECK_REPLY(into(cnode, untyped, 511, 2), seL4_RangeError, 1, 1);
    CHECK_OK(into(cnode, untyped, 5, 1));
    CHECK_REPLY(into(cnode, untyped, 3, 4), seL4_DeleteFirst);
    CHECK(!slot_used(cnode, 3, 9));
    CHECK_OK(into(cnode, untyped, 6, 256));
    CHECK(slot_used(cnode, 6, 9));
    CHECK(slot_used(cnode, 261, 9));
    CHECK(!slot_used(cnode, 262, 9));
    CHECK_OK(into(cnode, untyped, 511, 1));
}

static void order_of_checks(void)
{
    /* Each call is wrong in all that follows its first mistake, too. */
    word untyped = new_untyped(4);
    word occupied = new_endpoint();

    CHECK_REPLY(retype_args(untyped, 12, 64, 0, 65, ~0ul, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 64, 0, 65, ~0ul, 0), seL4_RangeError, 0,
                47);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 2, 0, 65, ~0ul, 0), seL4_InvalidArgument,
                1);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 12, 0, 65, ~0ul, 0), seL4_RangeError, 1,
                64);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 12, 0, 0, ~0ul, 0), seL4_RangeError, 0,
                (1ul << boot_info->initThreadCNodeSizeBits) - 1);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 12, 0, 0, occupied, 0), seL4_RangeError, 1,
                256);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 12, 0, 0, occupied, 1), seL4_DeleteFirst);
    CHECK_REPLY(retype_args(untyped, seL4_UntypedObject, 12, 0, 0, new_slot(), 1),
                seL4_NotEnoughMemory, 16);
}

static void ascending_and_contiguous(void)
{
    word untyped = new_untyped(16);
    word frames = new_slots(16);

    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frames, 16));
    for (word i = 1; i < 16; i++) {
        CHECK_EQUAL(address_of(frames + i), address_of(frames) + i * 4096);
    }
    CHECK_EQUAL(address_of(frames) & 0xffff, 0);
}

static void watermark_is_aligned(void)
{
    word untyped = new_untyped(14);
    word slots = new_slots(4);
    word first;

    /* 16 bytes used, then a page: three pages are left, and the hole below the first is lost. */
    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, slots, 1));
    CHECK_REPLY(retype(untyped, seL4_X86_4K, 0, slots + 1, 4), seL4_NotEnoughMemory,
                (1ul << 14) - 16);
    CHECK_OK(retype(untyped, seL4_X86_4K, 0, slots + 1, 3));
    first = address_of(slots + 1);
    CHECK_EQUAL(first & 0x3fff, 0x1000);
    CHECK_REPLY(retype(untyped, seL4_EndpointObject, 0, new_slot(), 1), seL4_NotEnoughMemory, 0);
}

static void free_bytes_before_alignment(void)
{
    word untyped = new_untyped(13);

    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, new_slot(), 1));
    CHECK_OK(retype(untyped, seL4_TCBObject, 0, new_slot(), 1));
    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, new_slot(), 1));
    /* 16, to 2048, a TCB, a notification: 4128 bytes are used, 4064 remain. */
    CHECK_REPLY(retype(untyped, seL4_X86_4K, 0, new_slot(), 1), seL4_NotEnoughMemory, 4064);
    CHECK_OK(retype(untyped, seL4_TCBObject, 0, new_slot(), 1));
}

static void no_reuse_with_children(void)
{
    word untyped = new_untyped(12);
    word slots = new_slots(4);

    CHECK_OK(retype(untyped, seL4_TCBObject, 0, slots, 2));
    CHECK_OK(delete_cap(slots));
    CHECK_REPLY(retype(untyped, seL4_TCBObject, 0, slots + 2, 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(delete_cap(slots + 1));
    CHECK_OK(retype(untyped, seL4_TCBObject, 0, slots + 2, 2));
}

static void copy_counts_as_child(void)
{
    word untyped = new_untyped(14);
    word object = new_slot();
    word copy = new_copy(untyped, ALL_RIGHTS);

    CHECK_REPLY(retype(untyped, seL4_EndpointObject, 0, object, 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(retype(copy, seL4_EndpointObject, 0, object, 1));
    CHECK_OK(delete_cap(object));
    CHECK_OK(delete_cap(copy));
    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, object, 1));
    CHECK_TAG(object, TAG_ENDPOINT);
}

static void revoke_frees_all(void)
{
    word untyped = new_untyped(14);
    word slots = new_slots(4);

    for (int round = 0; round < 3; round++) {
        CHECK_OK(retype(untyped, seL4_X86_4K, 0, slots, 4));
        CHECK_OK(revoke_cap(untyped));
        CHECK_TAG(slots, TAG_NULL);
    }
    CHECK_OK(retype(untyped, seL4_CapTableObject, 9, slots, 1));
    CHECK_TAG(slots, TAG_CNODE);
}

static void memory_is_cleared(void)
{
    word untyped = new_untyped(13);
    word frames = new_slots(2);
    volatile word *page = (volatile word *)TEST_ADDRESS;
    word sum = 0;

    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 12);
    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frames, 2));
    for (word f = 0; f < 2; f++) {
        CHECK_OK(map_frame(frames + f, seL4_CapInitThreadVSpace, TEST_ADDRESS + f * 4096,
                           ALL_RIGHTS, 0));
    }
    for (word i = 0; i < 1024; i++) {
        page[i] = ~0ul;
    }
    CHECK_OK(revoke_cap(untyped));
    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frames, 2));
    for (word f = 0; f < 2; f++) {
        CHECK_OK(map_frame(frames + f, seL4_CapInitThreadVSpace, TEST_ADDRESS + f * 4096,
                           ALL_RIGHTS, 0));
    }
    for (word i = 0; i < 1024; i++) {
        sum |= page[i];
    }
    CHECK_EQUAL(sum, 0);
    /* A CNode made of memory that held something has empty slots. */
    page[0] = ~0ul;
    CHECK_OK(revoke_cap(untyped));
    CHECK_OK(retype(untyped, seL4_CapTableObject, 8, frames, 1));
    CHECK(!slot_used(frames, 0, 8));
    CHECK(!slot_used(frames, 255, 8));
}

static void new_cnode_is_empty(void)
{
    word cnode = new_cnode(1);

    CHECK(!slot_used(cnode, 0, 1));
    CHECK(!slot_used(cnode, 1, 1));
    CHECK_OK(put_cap(cnode, 0, 1, cnode));
    CHECK_OK(put_cap(cnode, 1, 1, cnode));
    CHECK(slot_used(cnode, 1, 1));
}

static void untyped_in_untyped(void)
{
    word untyped = new_untyped(12);
    word inner = new_slot();
    word innermost = new_slots(2);

    CHECK_OK(retype(untyped, seL4_UntypedObject, 12, inner, 1));
    CHECK_REPLY(retype(untyped, seL4_EndpointObject, 0, innermost, 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(retype(inner, seL4_UntypedObject, 4, innermost, 2));
    CHECK_OK(retype(innermost, seL4_EndpointObject, 0, new_slot(), 1));
    CHECK_REPLY(retype(innermost + 1, seL4_NotificationObject, 0, new_slot(), 1),
                seL4_NotEnoughMemory, 16);
}

static void huge_page(void)
{
    word untyped = spare_untyped(30);
    word frame = new_slot();

    if (untyped != 0) {
        CHECK_OK(retype(untyped, seL4_X64_HugePageObject, 0, frame, 1));
        CHECK_TAG(frame, TAG_FRAME);
        CHECK_EQUAL(address_of(frame) & ((1ul << 30) - 1), 0);
    }
    CHECK_REPLY(retype(new_untyped(12), seL4_X64_HugePageObject, 0, new_slot(), 1),
                seL4_NotEnoughMemory, 4096);
}

static const struct test tests[] = {
    {"retype-every-type", "one of each object", every_type},
    {"retype-size-ignored", "size_bits is ignored for fixed sizes unless 64 or more",
     size_bits_ignored},
    {"retype-object-sizes", "two of each object fill an untyped of twice the size", object_sizes},
    {"retype-truncated", "too few words or capabilities", truncated},
    {"retype-wrong-labels", "an untyped knows one method", wrong_labels},
    {"retype-bad-types", "unknown object types", bad_types},
    {"retype-bad-sizes", "sizes out of range", bad_sizes},
    {"retype-destination", "lookup of the destination CNode", destination_lookup},
    {"retype-window", "offset and count within the destination", destination_window},
    {"retype-check-order", "the first mistake is the one reported", order_of_checks},
    {"retype-ascending", "objects are contiguous and ascending", ascending_and_contiguous},
    {"retype-alignment", "objects start at multiples of their size", watermark_is_aligned},
    {"retype-free-bytes", "NotEnoughMemory tells the free bytes", free_bytes_before_alignment},
    {"retype-no-reuse", "memory comes back when the last child is gone", no_reuse_with_children},
    {"retype-copy-is-child", "a copied untyped is frozen until the copy is gone",
     copy_counts_as_child},
    {"retype-after-revoke", "revoking frees everything", revoke_frees_all},
    {"retype-cleared", "memory is zero when it is used again", memory_is_cleared},
    {"retype-empty-cnode", "a new CNode is empty, and has its size", new_cnode_is_empty},
    {"retype-nested", "untypeds within untypeds", untyped_in_untyped},
    {"retype-huge-page", "1 GiB frames where memory allows", huge_page},
};

SUBJECT(untyped, tests);
