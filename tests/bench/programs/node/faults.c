/*
 * A fault to its handler and back. The handler is in another address space. It answers an exception
 * with the address after the instruction, as a debugger or emulator does; a page fault by mapping
 * the page.
 */
#include "node.h"

#include <cmk/resources.h>

enum { UD2_BYTES = 2 };
#define FAULT_ADDRESS 0x0000600000000000ul

static struct samples there, back, round_trip;
static struct ordinary_calls ordinary;
static seL4_CPtr endpoint, frame;

static void exception_handler(void)
{
    seL4_Word ip;
    seL4_RecvWithMRs(endpoint, NULL, &ip, NULL, NULL, NULL);
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t end = stamp();
        there.end[i] = end;
        ip += UD2_BYTES;
        uint32_t begin = stamp();
        seL4_ReplyRecvWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 1), NULL, &ip, NULL, NULL,
                              NULL);
        back.begin[i] = begin;
    }
}

static void exception_faulter(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        if (i == WARM_UP) {
            counting_begin(&ordinary);
        }
        uint32_t begin = stamp();
        __asm__ volatile("ud2" : : : "memory");
        uint32_t end = stamp();
        there.begin[i] = round_trip.begin[i] = begin;
        back.end[i] = round_trip.end[i] = end;
    }
    counting_end(&ordinary); /* of the faults, and of the handler's replies */
}

static void map_page(void)
{
    OK(seL4_X86_Page_Map(frame, seL4_CapInitThreadVSpace, FAULT_ADDRESS, seL4_ReadWrite,
                         seL4_X86_Default_VMAttributes));
}

static void page_fault_handler(void)
{
    seL4_RecvWithMRs(endpoint, NULL, NULL, NULL, NULL, NULL);
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t end = stamp();
        there.end[i] = end;
        map_page();
        seL4_ReplyRecvWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL,
                              NULL);
    }
}

static void page_faulter(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        if (i == WARM_UP) {
            counting_begin(&ordinary);
        }
        uint32_t begin = stamp();
        (void)*(volatile seL4_Word *)FAULT_ADDRESS;
        uint32_t end = stamp();
        there.begin[i] = round_trip.begin[i] = begin;
        round_trip.end[i] = end;
        OK(seL4_X86_Page_Unmap(frame));
    }
    counting_end(&ordinary);
}

static void run(void (*faulter)(void), void (*handler)(void))
{
    endpoint = new_endpoint();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, handler);
    start_thread((struct thread_options){.priority = MIDDLE, .fault_endpoint = endpoint}, faulter);
    run_threads();
}

void measure_faults(void)
{
    run(exception_faulter, exception_handler);
    report("Fault to handler and back", &round_trip, ALL_ROUNDS, 1);
    report("Fault to handler", &there, ALL_ROUNDS, 1);
    report("Fault handler's reply", &back, ALL_ROUNDS - 1, 1);
    report_ordinary("Fault to handler", 0, &ordinary, CMK_COUNT_ORDINARY_FAULT, ROUNDS);
    report_ordinary("Fault handler's reply", 0, &ordinary, CMK_COUNT_ORDINARY_REPLY_RECV, ROUNDS);

    frame = new_object(seL4_X86_4K, 0);
    /* makes the tables */
    OK(cmk_map_frame(frame, FAULT_ADDRESS, seL4_ReadWrite, seL4_X86_Default_VMAttributes));
    OK(seL4_X86_Page_Unmap(frame));
    run(page_faulter, page_fault_handler);
    report("Page fault to handler", &there, ALL_ROUNDS, 1);
    report_ordinary("Page fault to handler", 0, &ordinary, CMK_COUNT_ORDINARY_FAULT, ROUNDS);
    report("Page fault, handler maps the page, and back", &round_trip, ALL_ROUNDS, 1);
}
