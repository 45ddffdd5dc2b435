/* A 1 GiB frame, and all the address spaces that ASID pools allow. */
#include "server.h"

enum { HUGE_BITS = 30 };

static bool has_huge_pages(void)
{
    uint32_t eax = 0x80000001, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return edx >> 26 & 1;
}

void test_huge_page(void)
{
    word_t vaddr = 0x200000000000;
    if (!has_huge_pages()) {
        skip("the CPU has no pages of 1 GiB");
        return;
    }
    word_t frame = new_object(HUGE_PAGE, 0);
    if (frame == 0) {
        skip("no untyped of 1 GiB");
        return;
    }
    CHECK(map_frame(OWN_VSPACE, frame, vaddr, CACHED));
    volatile word_t *first = (volatile word_t *)vaddr,
                    *last = (volatile word_t *)(vaddr + (1ull << HUGE_BITS) - 8);
    CHECK_EQUAL(*first | *last, 0);
    *first = 1, *last = 2;
    CHECK_EQUAL(*first + *last, 3);
    struct answer answer = invoke(frame, GET_ADDRESS, NONE, NONE);
    CHECK_EQUAL(answer.length, 1);
    CHECK_EQUAL(answer.mr[0] % (1ull << HUGE_BITS), 0);
    CHECK_EQUAL(invoke(frame, PAGE_UNMAP, NONE, NONE).error, NO_ERROR);
}

void test_address_space_pools(void)
{
    word_t pools[9], count = 0, error = NO_ERROR;
    while (count < 9 && error == NO_ERROR) {
        pools[count] = new_slot();
        error = invoke(ASID_CONTROL, MAKE_POOL, CAPS(new_object(UNTYPED, 12), OWN_CNODE),
                       WORDS(pools[count], DEPTH))
                    .error;
        count += error == NO_ERROR;
    }
    CHECK_EQUAL(count, 7);
    CHECK_EQUAL(error, DELETE_FIRST);
    CHECK_EQUAL(invoke(pools[6], ASSIGN, CAPS(new_object(PML4, 0)), NONE).error, NO_ERROR);
    while (count > 0) {
        CHECK_EQUAL(invoke(OWN_CNODE, DELETE, NONE, WORDS(pools[--count], DEPTH)).error, NO_ERROR);
    }
}
