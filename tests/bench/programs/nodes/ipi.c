/* SendIPI to the thread that waits for it on the other node. The stamp lies in shared memory. */
#include "nodes.h"

#include <stdatomic.h>

enum { IRQ = 2 };

static struct samples there, own;

/*
 * In the last line of the shared memory, which the mesh does not reach. Written by node 0 and node
 * 1 respectively.
 */
struct board {
    _Alignas(64) atomic_uint begin;
    _Alignas(64) atomic_uint taken;
};

static struct board *board(void)
{
    size_t bytes;
    char *memory = cmk_shared_program_memory(&bytes);
    return (struct board *)(memory + bytes - sizeof(struct board));
}

static void ring(seL4_CPtr button)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        delay(UNTIL_ASLEEP);
        uint32_t begin = stamp();
        board()->begin = begin;
        begin = stamp();
        seL4_Signal(button);
        uint32_t end = stamp();
        own.begin[i] = begin;
        own.end[i] = end;
        while (board()->taken <= i) { /* ends: an IPI is never lost */
            __builtin_ia32_pause();
        }
    }
    report("SendIPI: until it returns", &own, ALL_ROUNDS, 1);
}

static void wait_for_rings(struct cmk_doorbell *own_bell)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        seL4_Wait(own_bell->notification, NULL);
        uint32_t end = stamp();
        there.begin[i] = board()->begin;
        there.end[i] = end;
        board()->taken = i + 1;
    }
    report("SendIPI to a waiting thread of another node", &there, ALL_ROUNDS, 1);
}

void measure_ipi(void)
{
    static struct cmk_doorbell second;
    must(cmk_doorbell_create(&second, IRQ), "another doorbell");
    seL4_CPtr button = cmk_doorbell_button(1 - mesh.self, IRQ);
    must(button != 0, "its button");
    meet();
    if (asks()) {
        ring(button);
    } else {
        wait_for_rings(&second);
    }
}
