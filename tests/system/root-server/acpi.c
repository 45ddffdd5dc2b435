/*
 * ACPI tables by device memory: the root pointer below 1 MiB, the tables wherever the firmware put
 * them.
 */
#include "server.h"

enum { AREA = 0xe0000, AREA_END = 0x100000, POINTER_BYTES = 20, TABLE_HEADER = 36 };

word_t hpet_address;

static uint32_t word32(volatile const uint8_t *at)
{
    return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool is(volatile const uint8_t *at, const char *text)
{
    for (; *text != '\0'; at++, text++) {
        if (*at != (uint8_t)*text) {
            return false;
        }
    }
    return true;
}

static bool adds_up(volatile const uint8_t *at, word_t bytes)
{
    uint8_t sum = 0;
    for (word_t i = 0; i < bytes; i++) {
        sum += at[i];
    }
    return sum == 0;
}

/* A whole table: its length is in its header. */
static volatile uint8_t *map_table(word_t paddr)
{
    volatile uint8_t *header = map_device(paddr, TABLE_HEADER);
    return header == NULL ? NULL : map_device(paddr, word32(header + 4));
}

static volatile uint8_t *find_root_pointer(void)
{
    volatile uint8_t *area = map_device(AREA, AREA_END - AREA);
    CHECK(area != NULL);
    for (word_t at = 0; area != NULL && at < AREA_END - AREA; at += 16) {
        if (is(area + at, "RSD PTR ") && adds_up(area + at, POINTER_BYTES)) {
            return area + at;
        }
    }
    return NULL;
}

/* Entries of type 0 are local APICs; those of type 1 are IOAPICs, whose pages no user may have. */
static void check_madt(volatile const uint8_t *madt)
{
    word_t cpus = 0, io_apics = 0;
    for (word_t at = 44; at < word32(madt + 4); at += madt[at + 1]) {
        cpus += madt[at] == 0 && (madt[at + 4] & 1);
        if (madt[at] == 1) {
            io_apics++;
            CHECK_EQUAL(device_frame(word32(madt + at + 4) & ~0xfffu), 0);
        }
    }
    CHECK(cpus >= boot_info->node_count);
    CHECK(io_apics >= 1);
    CHECK_EQUAL(device_frame(word32(madt + 36) & ~0xfffu), 0); /* the local APIC's page neither */
}

void test_acpi(void)
{
    volatile uint8_t *pointer = find_root_pointer();
    const struct chunk *chunk = find_chunk(CHUNK_RSDP);
    CHECK(pointer != NULL);
    if (pointer == NULL) {
        return;
    }
    for (unsigned i = 0; i < POINTER_BYTES; i++) {
        CHECK_EQUAL(((const uint8_t *)(chunk + 1))[i], pointer[i]);
    }
    volatile uint8_t *root = map_table(word32(pointer + 16));
    CHECK(root != NULL && is(root, "RSDT") && adds_up(root, word32(root + 4)));
    bool has_madt = false;
    for (word_t at = TABLE_HEADER; root != NULL && at < word32(root + 4); at += 4) {
        volatile uint8_t *table = map_table(word32(root + at));
        CHECK(table != NULL && adds_up(table, word32(table + 4)));
        if (table != NULL && is(table, "APIC")) {
            has_madt = true;
            check_madt(table);
        } else if (table != NULL && is(table, "HPET")) {
            hpet_address = word32(table + 44);
        }
    }
    CHECK(has_madt);
}
