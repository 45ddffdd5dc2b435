/*
 * Device memory: what boot info offers, what can be made of it, and what it never covers (contract
 * 7.7, 9.9).
 */
#include "prober.h"
#include <cmk/cluster.h>

static word untyped_count(void)
{
    return boot_info->untyped.end - boot_info->untyped.start;
}

/* Slot of the first device untyped of at least this size, 0 if there is none. */
static word device_untyped(word bits)
{
    for (word i = 0; i < untyped_count(); i++) {
        if (boot_info->untypedList[i].isDevice && boot_info->untypedList[i].sizeBits >= bits) {
            return boot_info->untyped.start + i;
        }
    }
    return 0;
}

static word need_device_untyped(word bits)
{
    word untyped = device_untyped(bits);

    if (untyped == 0) {
        skip("this node owns no device memory");
    }
    return untyped;
}

static const seL4_UntypedDesc *description(word untyped)
{
    return &boot_info->untypedList[untyped - boot_info->untyped.start];
}

static void only_frames_and_untypeds(void)
{
    static const word forbidden[] = {seL4_TCBObject,
                                     seL4_EndpointObject,
                                     seL4_NotificationObject,
                                     seL4_X86_PDPTObject,
                                     seL4_X64_PML4Object,
                                     seL4_X86_PageTableObject,
                                     seL4_X86_PageDirectoryObject};
    word untyped = need_device_untyped(13);
    word inner = new_slot();

    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        CHECK_REPLY(retype(untyped, forbidden[i], 0, new_slot(), 1), seL4_InvalidArgument, 1);
    }
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 4, new_slot(), 1), seL4_InvalidArgument, 1);
    CHECK_OK(retype(untyped, seL4_UntypedObject, 12, inner, 1));
    /* What comes from a device untyped is one, too. */
    CHECK_REPLY(retype(inner, seL4_EndpointObject, 0, new_slot(), 1), seL4_InvalidArgument, 1);
    CHECK_REPLY(invoke(seL4_CapASIDControl, ASID_CONTROL_MAKE_POOL, ARGS(new_slot(), DEPTH),
                       CAPS(inner, ROOT)),
                seL4_InvalidCapability, 1);
    CHECK_OK(retype(inner, seL4_X86_4K, 0, new_slot(), 1));
    CHECK_OK(revoke_cap(untyped));
}

static void check_order(void)
{
    /* That there is not enough memory is noticed before that the type is wrong. */
    word untyped = need_device_untyped(12);
    word bits = description(untyped)->sizeBits;

    if (bits < 47) {
        CHECK_REPLY(retype(untyped, seL4_CapTableObject, bits - 4, new_slot(), 1),
                    seL4_NotEnoughMemory, 1ul << bits);
    }
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 4, seL4_CapInitThreadTCB, 1),
                seL4_DeleteFirst);
}

static void frame_addresses(void)
{
    word untyped = need_device_untyped(14);
    word frames = new_slots(3);

    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frames, 3));
    for (word i = 0; i < 3; i++) {
        CHECK_REPLY(invoke(frames + i, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS), 0,
                    description(untyped)->paddr + i * 4096);
    }
    /* Freed, it starts from the beginning again. */
    CHECK_OK(revoke_cap(untyped));
    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frames, 1));
    CHECK_REPLY(invoke(frames, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS), 0, description(untyped)->paddr);
    CHECK_OK(revoke_cap(untyped));
}

static void no_buffers_of_devices(void)
{
    word untyped = need_device_untyped(12);
    word frame = new_slot();
    word tcb = new_tcb();

    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frame, 1));
    CHECK_REPLY(invoke(tcb, TCB_SET_IPC_BUFFER, ARGS(0x1000), CAPS(frame)), seL4_IllegalOperation);
    CHECK_REPLY(invoke(tcb, TCB_SET_IPC_BUFFER, ARGS(0x1001), CAPS(frame)), seL4_IllegalOperation);
    CHECK_REPLY(invoke(tcb, TCB_CONFIGURE, ARGS(0, 0, 0, 0x1000),
                       CAPS(ROOT, seL4_CapInitThreadVSpace, frame)),
                seL4_IllegalOperation);
    CHECK_OK(revoke_cap(untyped));
}

/* From the copy of the root pointer in boot info; BIOSes of the usual machines have 0. */
static uint8_t root_pointer_revision(void)
{
    size_t bytes;
    const uint8_t *chunk = cmk_find_boot_info(3, &bytes);

    return chunk != NULL ? chunk[16 + 15] : 0;
}

static void acpi_signature(void)
{
    /* As root servers look for the ACPI tables: the hole below 1 MiB, page by page. */
    volatile const char *page = (volatile const char *)TEST_ADDRESS;
    struct criminal prober = new_prober(0);
    word found = 0;

    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 12);
    for (word paddr = 0xe0000; paddr < 0x100000; paddr += 4096) {
        word frame = device_frame(paddr);

        if (frame == 0) {
            skip("this node does not own the BIOS area");
        }
        CHECK_OK(map_frame(frame, seL4_CapInitThreadVSpace, TEST_ADDRESS, READ, 0));
        for (word i = 0; i < 4096; i += 16) {
            static const char signature[] = "RSD PTR ";
            word same = 0;

            while (same < 8 && page[i + same] == signature[same]) {
                same++;
            }
            found += same == 8;
        }
        CHECK(!can_write(prober, TEST_ADDRESS));
        CHECK_OK(delete_cap(frame));
        for (word i = 0; i < untyped_count(); i++) {
            if (boot_info->untypedList[i].isDevice) {
                revoke_cap(boot_info->untyped.start + i);
            }
        }
    }
    if (found == 0 && root_pointer_revision() >= 2) {
        skip("UEFI firmware leaves no root pointer below 1 MiB");
    }
    CHECK(found >= 1);
}

static bool covered(word paddr)
{
    for (word i = 0; i < untyped_count(); i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];

        if (paddr >= untyped->paddr && paddr - untyped->paddr < 1ul << untyped->sizeBits) {
            return true;
        }
    }
    return false;
}

static void never_covered(void)
{
    /* Interrupt messages are stores to this range; and the IOAPIC is the kernel's. */
    for (word paddr = 0xfee00000; paddr < 0xfeef0000; paddr += 0x1000) {
        if (covered(paddr)) {
            CHECK_EQUAL(paddr, 0);
        }
    }
    CHECK(!covered(0xfee00000));
    CHECK(!covered(0xfeeffff0));
    CHECK(!covered(0xfec00000));
    /* The kernel's image. */
    CHECK(!covered(0x100000));
}

static void list_is_well_formed(void)
{
    word window = 1ul << 39;
    bool memory_seen = false;
    word previous_end = 0;

    for (word i = 0; i < untyped_count(); i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        word size = 1ul << untyped->sizeBits;

        CHECK(untyped->sizeBits >= 4 && untyped->sizeBits <= 47);
        CHECK(untyped->isDevice <= 1);
        /* Devices first, each part ascending; sizes are aligned as the kernel window sees them. */
        CHECK(!(memory_seen && untyped->isDevice));
        if (!untyped->isDevice && !memory_seen) {
            memory_seen = true;
            previous_end = 0;
        }
        CHECK(untyped->paddr >= previous_end);
        CHECK_EQUAL((untyped->paddr - window) & (size - 1), 0);
        CHECK(untyped->paddr < 1ul << 47 && untyped->paddr + size <= 1ul << 47);
        CHECK_TAG(boot_info->untyped.start + i, TAG_UNTYPED);
        previous_end = untyped->paddr + size;
        for (word b = 0; b < 6; b++) {
            CHECK_EQUAL(untyped->padding[b], 0);
        }
    }
    CHECK(memory_seen);
}

static void no_overlaps(void)
{
    word overlaps = 0;

    for (word i = 0; i < untyped_count(); i++) {
        const seL4_UntypedDesc *one = &boot_info->untypedList[i];

        for (word j = i + 1; j < untyped_count(); j++) {
            const seL4_UntypedDesc *two = &boot_info->untypedList[j];

            overlaps += one->paddr < two->paddr + (1ul << two->sizeBits) &&
                        two->paddr < one->paddr + (1ul << one->sizeBits);
        }
    }
    CHECK_EQUAL(overlaps, 0);
}

static const struct test tests[] = {
    {"device-types", "device untypeds give frames and untypeds only", only_frames_and_untypeds},
    {"device-order", "the order of the last checks of Retype", check_order},
    {"device-addresses", "frames lie where boot info says", frame_addresses},
    {"device-no-buffer", "device frames are no IPC buffers", no_buffers_of_devices},
    {"device-acpi", "the ACPI root pointer is found below 1 MiB", acpi_signature},
    {"device-never", "what no untyped ever covers", never_covered},
    {"untyped-list", "the list of untypeds is in order and aligned", list_is_well_formed},
    {"untyped-overlap", "no two untypeds overlap", no_overlaps},
};

SUBJECT(devices, tests);
