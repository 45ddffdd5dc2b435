/* Paging structures: map, unmap, copies, deletion, and every error (contract 4.9). */
#include "prober.h"

enum { VSPACE = seL4_CapInitThreadVSpace };

struct level {
    word type, map, unmap, span_bits;
};

static const struct level pdpt = {seL4_X86_PDPTObject, PDPT_MAP, PDPT_UNMAP, 39};
static const struct level directory = {seL4_X86_PageDirectoryObject, PAGE_DIRECTORY_MAP,
                                       PAGE_DIRECTORY_UNMAP, 30};
static const struct level page_table = {seL4_X86_PageTableObject, PAGE_TABLE_MAP, PAGE_TABLE_UNMAP,
                                        21};
static const struct level *const levels[] = {&pdpt, &directory, &page_table};

static word new_table(const struct level *level)
{
    return new_object(level->type, 0);
}

static struct reply map(const struct level *level, word table, word vspace, word address)
{
    return invoke(table, level->map, ARGS(address, 0), CAPS(vspace));
}

static struct reply unmap(const struct level *level, word table)
{
    return invoke(table, level->unmap, NO_ARGS, NO_CAPS);
}

/* A new table of this level, mapped. */
static word mapped_table(const struct level *level, word address)
{
    word table = new_table(level);

    CHECK_OK(map(level, table, VSPACE, address));
    return table;
}

static void errors_of_all(void)
{
    word no_asid = new_object(seL4_X64_PML4Object, 0);

    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        word table = new_table(levels[i]);

        CHECK_REPLY(invoke(table, levels[i]->map, ARGS(TEST_ADDRESS), CAPS(VSPACE)),
                    seL4_TruncatedMessage);
        CHECK_REPLY(invoke(table, levels[i]->map, ARGS(TEST_ADDRESS, 0), NO_CAPS),
                    seL4_TruncatedMessage);
        CHECK_REPLY(map(levels[i], table, new_endpoint(), TEST_ADDRESS), seL4_InvalidCapability, 1);
        CHECK_REPLY(map(levels[i], table, no_asid, TEST_ADDRESS), seL4_InvalidCapability, 1);
        CHECK_REPLY(map(levels[i], table, no_asid, ~0ul), seL4_InvalidCapability, 1);
        CHECK_REPLY(map(levels[i], table, VSPACE, 0x0000800000000000), seL4_InvalidArgument, 0);
        CHECK_REPLY(map(levels[i], table, VSPACE, 0xffffffff80000000), seL4_InvalidArgument, 0);
        CHECK_REPLY(map(levels[i], table, VSPACE, ~0ul), seL4_InvalidArgument, 0);
        /* The labels of the other levels are not its own. */
        CHECK_REPLY(invoke(table, levels[(i + 1) % 3]->map, ARGS(TEST_ADDRESS, 0), CAPS(VSPACE)),
                    seL4_IllegalOperation);
        CHECK_REPLY(invoke(table, levels[(i + 2) % 3]->unmap, NO_ARGS, NO_CAPS),
                    seL4_IllegalOperation);
        CHECK_REPLY(invoke(table, PAGE_GET_ADDRESS, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
        CHECK_REPLY(invoke(table, FIRST_UNUSED_LABEL, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
        /* Unmapping what is not mapped. */
        CHECK_OK(unmap(levels[i], table));
    }
}

static void missing_levels(void)
{
    word pd = new_table(&directory);
    word pt = new_table(&page_table);

    CHECK_REPLY(map(&directory, pd, VSPACE, TEST_ADDRESS), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    CHECK_REPLY(map(&page_table, pt, VSPACE, TEST_ADDRESS), seL4_FailedLookup, 0,
                seL4_MissingCapability, 39);
    mapped_table(&pdpt, TEST_ADDRESS);
    CHECK_REPLY(map(&page_table, pt, VSPACE, TEST_ADDRESS), seL4_FailedLookup, 0,
                seL4_MissingCapability, 30);
    CHECK_OK(map(&directory, pd, VSPACE, TEST_ADDRESS));
    CHECK_OK(map(&page_table, pt, VSPACE, TEST_ADDRESS));
}

static void occupied(void)
{
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        word table = mapped_table(levels[i], TEST_ADDRESS);

        CHECK_REPLY(map(levels[i], new_table(levels[i]), VSPACE, TEST_ADDRESS), seL4_DeleteFirst);
        /* Mapped already, whatever else is wrong. */
        CHECK_REPLY(map(levels[i], table, VSPACE, TEST_ADDRESS + (1ul << levels[i]->span_bits)),
                    seL4_InvalidCapability, 0);
        CHECK_REPLY(map(levels[i], table, new_endpoint(), ~0ul), seL4_InvalidCapability, 0);
    }
}

static void table_over_large_page(void)
{
    mapped_table(&pdpt, TEST_ADDRESS);
    mapped_table(&directory, TEST_ADDRESS);
    CHECK_OK(map_frame(new_object(seL4_X86_LargePageObject, 0), VSPACE, TEST_ADDRESS, 3, 0));
    CHECK_REPLY(map(&page_table, new_table(&page_table), VSPACE, TEST_ADDRESS), seL4_DeleteFirst);
    CHECK_OK(map(&page_table, new_table(&page_table), VSPACE, TEST_ADDRESS + (1ul << 21)));
}

static void addresses_are_masked(void)
{
    struct criminal prober = new_prober(0);

    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        mapped_table(levels[i], TEST_ADDRESS + (1ul << levels[i]->span_bits) - 1);
    }
    CHECK_OK(map_frame(new_frame(), VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK(can_write(prober, TEST_ADDRESS));
}

static void unmap_and_map_again(void)
{
    struct criminal prober = new_prober(0);

    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        word tables[3];
        word frame = new_frame();

        for (size_t l = 0; l < 3; l++) {
            tables[l] = mapped_table(levels[l], TEST_ADDRESS);
        }
        CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
        CHECK(can_write(prober, TEST_ADDRESS));
        CHECK_OK(unmap(levels[i], tables[i]));
        CHECK(!can_read(prober, TEST_ADDRESS));
        /* The table was emptied: mapped again, it holds nothing. */
        CHECK_OK(map(levels[i], tables[i], VSPACE, TEST_ADDRESS));
        CHECK(!can_read(prober, TEST_ADDRESS));
        CHECK_OK(invoke(frame, PAGE_UNMAP, NO_ARGS, NO_CAPS));
        for (size_t l = 0; l < 3; l++) {
            CHECK_OK(delete_cap(tables[l]));
        }
    }
}

static void not_final(void)
{
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        word table = mapped_table(levels[i], TEST_ADDRESS);
        word copy = new_copy(table, ALL_RIGHTS);

        CHECK_REPLY(unmap(levels[i], table), seL4_RevokeFirst);
        CHECK_REPLY(unmap(levels[i], copy), seL4_RevokeFirst);
        CHECK_REPLY(map(levels[i], copy, VSPACE, TEST_ADDRESS), seL4_InvalidCapability, 0);
        CHECK_OK(delete_cap(copy));
        CHECK_OK(unmap(levels[i], table));
        CHECK_OK(map(levels[i], table, VSPACE, TEST_ADDRESS));
    }
}

static void deletion_unmaps(void)
{
    struct criminal prober = new_prober(0);

    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        word tables[3];
        word copy;

        for (size_t l = 0; l < 3; l++) {
            tables[l] = mapped_table(levels[l], TEST_ADDRESS);
        }
        CHECK_OK(map_frame(new_frame(), VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
        copy = new_copy(tables[i], ALL_RIGHTS);
        CHECK_OK(delete_cap(tables[i]));
        CHECK(can_write(prober, TEST_ADDRESS));
        CHECK_OK(delete_cap(copy));
        CHECK(!can_read(prober, TEST_ADDRESS));
        for (size_t l = 0; l < 3; l++) {
            CHECK_OK(delete_cap(tables[l]));
        }
    }
}

static void stale_mappings(void)
{
    /* What was mapped below a table that has gone does not take away what took its place. */
    struct criminal prober = new_prober(0);
    word old_directory;
    word old_table;
    word old_frame = new_frame();
    word frame = new_frame();

    mapped_table(&pdpt, TEST_ADDRESS);
    old_directory = mapped_table(&directory, TEST_ADDRESS);
    old_table = mapped_table(&page_table, TEST_ADDRESS);
    CHECK_OK(map_frame(old_frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_OK(unmap(&directory, old_directory));
    mapped_table(&directory, TEST_ADDRESS);
    mapped_table(&page_table, TEST_ADDRESS);
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    *(volatile word *)TEST_ADDRESS = 9;
    CHECK_OK(invoke(old_frame, PAGE_UNMAP, NO_ARGS, NO_CAPS));
    CHECK_OK(unmap(&page_table, old_table));
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS), 9);
    CHECK_OK(delete_cap(old_table));
    CHECK_OK(delete_cap(old_directory));
    CHECK_EQUAL(read_word(prober, TEST_ADDRESS), 9);
    /* A capability that was mapped once is free for another place, after its Unmap. */
    CHECK_OK(map_frame(old_frame, VSPACE, TEST_ADDRESS + 0x1000, ALL_RIGHTS, 0));
}

static void stale_frame_capability(void)
{
    /* Its table has gone, but the capability still counts as mapped where it was. */
    word table;
    word frame = new_frame();

    mapped_table(&pdpt, TEST_ADDRESS);
    mapped_table(&directory, TEST_ADDRESS);
    table = mapped_table(&page_table, TEST_ADDRESS);
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK_OK(unmap(&page_table, table));
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS + 0x1000, 3, 0), seL4_InvalidArgument, 0);
    CHECK_REPLY(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0), seL4_FailedLookup, 0,
                seL4_MissingCapability, 21);
    CHECK_OK(map(&page_table, table, VSPACE, TEST_ADDRESS));
    CHECK_OK(map_frame(frame, VSPACE, TEST_ADDRESS, 3, 0));
    *(volatile word *)TEST_ADDRESS = 1;
}

static void attributes(void)
{
    struct criminal prober = new_prober(0);

    for (word value = 0; value < 8; value++) {
        word tables[3];

        for (size_t l = 0; l < 3; l++) {
            tables[l] = new_table(levels[l]);
            CHECK_OK(invoke(tables[l], levels[l]->map, ARGS(TEST_ADDRESS, value), CAPS(VSPACE)));
        }
        CHECK_OK(map_frame(new_frame(), VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
        CHECK(can_write(prober, TEST_ADDRESS));
        for (size_t l = 0; l < 3; l++) {
            CHECK_OK(delete_cap(tables[2 - l]));
        }
    }
}

static void untyped_of_mapped_tables(void)
{
    /* Everything of one untyped, in use: revoked all at once, in whatever order. */
    struct criminal prober = new_prober(0);
    word untyped = new_untyped(16);
    word slots = new_slots(4);

    for (size_t l = 0; l < 3; l++) {
        CHECK_OK(retype(untyped, levels[l]->type, 0, slots + l, 1));
        CHECK_OK(map(levels[l], slots + l, VSPACE, TEST_ADDRESS));
    }
    CHECK_OK(retype(untyped, seL4_X86_4K, 0, slots + 3, 1));
    CHECK_OK(map_frame(slots + 3, VSPACE, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK(can_write(prober, TEST_ADDRESS));
    CHECK_OK(revoke_cap(untyped));
    CHECK(!can_read(prober, TEST_ADDRESS));
    for (size_t l = 0; l < 3; l++) {
        CHECK_OK(retype(untyped, levels[l]->type, 0, slots + l, 1));
        CHECK_OK(map(levels[l], slots + l, VSPACE, TEST_ADDRESS));
    }
    CHECK(!can_read(prober, TEST_ADDRESS));
}

static const struct test tests[] = {
    {"table-errors", "errors common to all levels", errors_of_all},
    {"table-missing", "which level is missing", missing_levels},
    {"table-occupied", "a table in the way, or the table already mapped", occupied},
    {"table-over-page", "a page table over a 2 MiB page", table_over_large_page},
    {"table-masked", "a table's address is rounded down", addresses_are_masked},
    {"table-unmap", "unmapping hides and empties", unmap_and_map_again},
    {"table-not-final", "a table with copies is not unmapped", not_final},
    {"table-delete", "the last capability's deletion unmaps", deletion_unmaps},
    {"table-stale", "stale capabilities do no harm to what came later", stale_mappings},
    {"table-stale-frame", "a frame whose table has gone", stale_frame_capability},
    {"table-attributes", "attributes of tables", attributes},
    {"table-revoke", "revoking the memory of mapped tables", untyped_of_mapped_tables},
};

SUBJECT(tables, tests);
