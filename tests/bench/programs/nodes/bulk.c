/*
 * 4 KiB from private memory to private memory of the other node: two copies, through the channel's
 * pool.
 */
#include "nodes.h"

#include <string.h>

enum { BYTES = 4096 };

static struct samples there, own;
static unsigned char data[BYTES];

static void send_bulk(uint32_t begin)
{
    memcpy(data, &begin, sizeof(begin));
    void *room = cmk_channel_bulk_wait(peer(), BYTES);
    must(room != NULL, "room for bulk data");
    memcpy(room, data, BYTES);
    must(cmk_channel_bulk_send(peer(), 0) == CMK_CHANNEL_OK, "bulk data can be sent");
}

static void ask(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t begin = stamp();
        send_bulk(begin);
        uint32_t end = stamp();
        own.begin[i] = begin;
        own.end[i] = end;
        meet();
    }
    report("Bulk transfer of 4 KiB: the sender's part", &own, ALL_ROUNDS, 1);
}

static void answer(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        struct cmk_message message;
        must(cmk_channel_receive(peer(), &message, NULL, 0) == CMK_CHANNEL_OK, "bulk data comes");
        uint32_t begin = stamp();
        must(cmk_channel_bulk_copy(peer(), &message, data, BYTES) == CMK_CHANNEL_OK,
             "bulk data can be copied");
        uint32_t end = stamp();
        memcpy(&there.begin[i], data, sizeof(there.begin[i]));
        own.begin[i] = begin;
        there.end[i] = own.end[i] = end;
        meet();
    }
    report("Bulk transfer of 4 KiB: one way", &there, ALL_ROUNDS, 1);
    report("Bulk transfer of 4 KiB: the receiver's copy", &own, ALL_ROUNDS, 1);
}

void measure_bulk(void)
{
    meet();
    if (asks()) {
        ask();
    } else {
        answer();
    }
}
