/*
 * Pages: map, change the rights, unmap, one after the other in the own address space, whose tables
 * exist.
 */
#include "node.h"

#include <cmk/resources.h>

enum { PAGE = 4096, MOST_PAGES = 4096, FRAMES_BITS = 24 };
#define MAP_ADDRESS 0x0000610000000000ul

static struct measured {
    struct samples samples;
    struct ordinary_calls ordinary;
} mapping, protecting, unmapping;
static seL4_CPtr frames;

static void map(unsigned pages, seL4_CapRights_t rights)
{
    for (unsigned i = 0; i < pages; i++) {
        OK(seL4_X86_Page_Map(frames + i, seL4_CapInitThreadVSpace, MAP_ADDRESS + i * PAGE, rights,
                             seL4_X86_Default_VMAttributes));
    }
}

static void unmap(unsigned pages)
{
    for (unsigned i = 0; i < pages; i++) {
        OK(seL4_X86_Page_Unmap(frames + i));
    }
}

/* One round, also of those that are not reported: each page is one Call. */
#define MEASURE_AND_COUNT(measured, round, operation)                                              \
    do {                                                                                           \
        counting_begin(&(measured).ordinary);                                                      \
        MEASURE((measured).samples, round, operation);                                             \
        counting_end(&(measured).ordinary);                                                        \
    } while (0)

static void report_measured(const char *name, unsigned pages, struct measured *measured,
                            unsigned rounds)
{
    report_counted(name, pages, &measured->samples, rounds);
    report_ordinary(name, pages, &measured->ordinary, CMK_COUNT_ORDINARY_CALL, rounds * pages);
}

static void measure_pages(unsigned pages)
{
    unsigned rounds = rounds_for(pages);
    for (unsigned i = 0; i < rounds; i++) {
        MEASURE_AND_COUNT(mapping, i, map(pages, seL4_ReadWrite));
        *(volatile char *)(MAP_ADDRESS + (pages - 1) * PAGE) = 1;
        MEASURE_AND_COUNT(protecting, i, map(pages, seL4_CanRead));
        MEASURE_AND_COUNT(unmapping, i, unmap(pages));
    }
    report_measured("Page map, %u pages", pages, &mapping, rounds);
    report_measured("Page protect (remap), %u pages", pages, &protecting, rounds);
    report_measured("Page unmap, %u pages", pages, &unmapping, rounds);
}

void measure_memory(void)
{
    seL4_CPtr untyped = new_object(seL4_UntypedObject, FRAMES_BITS);
    frames = object_slots();
    retype_all(untyped, seL4_X86_4K, 0, frames, MOST_PAGES);
    /* Everything once, which makes the tables. */
    for (unsigned i = 0; i < MOST_PAGES; i++) {
        OK(cmk_map_frame(frames + i, MAP_ADDRESS + i * PAGE, seL4_ReadWrite,
                         seL4_X86_Default_VMAttributes));
    }
    unmap(MOST_PAGES);
    measure_pages(1);
    measure_pages(16);
    measure_pages(256);
    measure_pages(2048);
    measure_pages(4096);
    OK(seL4_CNode_Revoke(ROOT, untyped, DEPTH));
}
