/*
 * A hostile peer: node 2 is a correct peer for a while, and then fills the region that it shares
 * with node 0 with random words, also with nearly correct ones, while it and node 0 go on sending
 * and receiving there, messages and bulk. Node 0 exchanges numbered messages with node 1 in another
 * region. Node 0 gets errors on the first, loses nothing on the second, and never faults. Needs
 * channel=0-1,2M channel=0-2,2M. Argument: how many channels it opens one after the other in the
 * hostile region; 100.
 */
#include <cmk/channel.h>
#include <cmk/cluster.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 3000
#define STEPS    20000 /* with each, unless it breaks before */

/*
 * Behind the hostile channel: counted up by node 0 when it has opened its end anew, read by node 2.
 */
#define SHARED_OFFSET 0x100000
struct shared {
    _Atomic uint64_t generation;
};

static const struct cmk_channel_geometry geometry = {16, 4096};
static const struct cmk_cluster *cluster;
static struct cmk_doorbell bell;
static unsigned long channels = 100;

static uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252ul;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static unsigned char *map_channel(seL4_Word peer)
{
    for (seL4_Word i = 0; i < cluster->num_channels; i++) {
        const struct cmk_channel *channel = &cluster->channels[i];
        if (channel->peer == peer) {
            return cmk_map_frames(channel->region.first_slot, 1, seL4_LargePageBits, seL4_ReadWrite,
                                  seL4_X86_Default_VMAttributes);
        }
    }
    return NULL;
}

static bool open_end(struct cmk_channel_end *end, unsigned char *memory, seL4_Word peer)
{
    struct cmk_channel_config config = {
        .geometry = geometry,
        .side = cluster->node_id > peer,
        .peer_status = cmk_node_status(peer),
        .bell = &bell,
        .button = cmk_doorbell_button(peer, 1),
    };
    return memory && cmk_channel_open(end, memory, &config);
}

/* Node 1: sends numbers, in messages of all lengths and in bulk. */
static int send_numbers(void)
{
    struct cmk_channel_end end;
    unsigned char data[500];
    if (!open_end(&end, map_channel(0), 0)) {
        return 2;
    }
    for (uint64_t i = 0; i < MESSAGES; i++) {
        enum cmk_channel_error error;
        memset(data, (int)(i & 0xff), sizeof(data));
        if (i % 3 == 0) {
            void *room = cmk_channel_bulk_wait(&end, sizeof(data));
            if (!room) {
                return 3;
            }
            memcpy(room, data, sizeof(data));
            error = cmk_channel_bulk_send(&end, i);
        } else {
            error = cmk_channel_send(&end, i, data, i % sizeof(data));
        }
        if (error != CMK_CHANNEL_OK) {
            return 4;
        }
    }
    struct cmk_message message;
    return cmk_channel_receive(&end, &message, data, sizeof(data)) == CMK_CHANNEL_OK ? 0 : 5;
}

/* Any word of the region, or what looks like a header, or a position. */
static void scribble(_Atomic uint64_t *words, size_t count)
{
    uint64_t random = next_random();
    size_t at = random % 3 == 0 ? 32 + random / 3 % (2 * geometry.lines) * 8 : random / 3 % count;
    uint64_t value = next_random();
    if (random % 5 != 0) {
        value = value % 24 | (value >> 20) % 1000 << 32 | (value >> 40) % 6 << 56;
    }
    atomic_store_explicit(&words[at], value, memory_order_relaxed);
}

/* One step of use, with any lengths. OK also means that there was nothing to do. */
static enum cmk_channel_error use(struct cmk_channel_end *end)
{
    unsigned char buffer[200] = {0};
    struct cmk_message message;
    enum cmk_channel_error error;
    switch (next_random() % 4) {
    case 0:
        return cmk_channel_try_send(end, 1, buffer, next_random() % sizeof(buffer));
    case 1: {
        void *room = end->sent - end->sent_taken < geometry.lines / 2
                         ? cmk_channel_bulk_reserve(end, 150)
                         : NULL;
        if (!room) {
            return cmk_channel_state(end);
        }
        memset(room, 1, 150);
        return cmk_channel_bulk_send(end, 2); /* there is room in the ring: it does not wait */
    }
    default:
        error = cmk_channel_try_receive(end, &message, buffer, sizeof(buffer));
        return error == CMK_CHANNEL_OK && message.kind == CMK_BULK
                   ? cmk_channel_bulk_copy(end, &message, buffer, sizeof(buffer))
                   : error;
    }
}

/*
 * Node 2: a correct peer for some steps of each channel, then one that scribbles more and more.
 * Ends with node 0.
 */
static int misbehave(void)
{
    unsigned char *memory = map_channel(0);
    struct shared *shared = (struct shared *)(memory + SHARED_OFFSET);
    const struct cmk_status_page *status = cmk_node_status(0);
    struct cmk_channel_end end = {0};
    uint64_t seen = 0, correct_steps = 0;
    while (!cmk_node_has_ended(status)) {
        uint64_t generation = atomic_load_explicit(&shared->generation, memory_order_acquire);
        if (generation == 0) {
            seL4_Yield(); /* node 0 has not begun */
        } else if (generation != seen) {
            seen = generation;
            correct_steps = next_random() % 400;
            if (!cmk_channel_open(&end, memory,
                                  &(struct cmk_channel_config){.geometry = geometry, .side = 1})) {
                return 6;
            }
        } else if (correct_steps > 0) {
            correct_steps--;
            (void)use(&end);
        } else if (next_random() % 8 == 0) {
            scribble((_Atomic uint64_t *)memory, cmk_channel_bytes(geometry) / sizeof(uint64_t));
        } else {
            (void)use(&end);
        }
    }
    return 0;
}

/* False if a number from node 1 is not the next one. */
static bool take_number(struct cmk_channel_end *end, uint64_t *number)
{
    unsigned char data[500];
    struct cmk_message message;
    enum cmk_channel_error error = cmk_channel_try_receive(end, &message, data, sizeof(data));
    if (error == CMK_CHANNEL_EMPTY) {
        return true;
    }
    if (error == CMK_CHANNEL_OK && message.kind == CMK_BULK) {
        error = cmk_channel_bulk_copy(end, &message, data, sizeof(data));
    }
    bool good = error == CMK_CHANNEL_OK && message.tag == *number &&
                message.length == (*number % 3 == 0 ? sizeof(data) : *number % sizeof(data));
    for (size_t i = 0; good && i < message.length; i++) {
        good = data[i] == (*number & 0xff);
    }
    (*number)++;
    return good;
}

static int withstand(void)
{
    static struct cmk_channel_end good_end, bad_end;
    unsigned char *bad_memory = map_channel(2);
    struct shared *shared = (struct shared *)(bad_memory + SHARED_OFFSET);
    uint64_t number = 0;
    unsigned broken = 0;
    unsigned counts[CMK_CHANNEL_DEAD + 1] = {0};
    if (!open_end(&good_end, map_channel(1), 1)) {
        return 2;
    }
    /* On a busy host the hostile peer may run seldom: it gets as many channels as it needs. */
    for (unsigned i = 0; i < channels || number < MESSAGES || broken <= channels / 10; i++) {
        memset(bad_memory, 0, cmk_channel_bytes(geometry));
        if (!open_end(&bad_end, bad_memory, 2)) {
            return 3;
        }
        atomic_fetch_add(&shared->generation, 1);
        for (unsigned j = 0; j < STEPS && cmk_channel_state(&bad_end) == CMK_CHANNEL_OK; j++) {
            counts[use(&bad_end)]++;
            if (number < MESSAGES && !take_number(&good_end, &number)) {
                printf("a good peer's message %lu is wrong\n", number - 1);
                return 4;
            }
        }
        broken += cmk_channel_state(&bad_end) == CMK_CHANNEL_BROKEN;
        seL4_CNode_Delete(seL4_CapInitThreadCNode, bad_end.button, seL4_WordBits);
        cmk_free_slot(bad_end.button);
    }
    for (unsigned i = 0; i <= CMK_CHANNEL_DEAD; i++) {
        printf("answers of kind %u: %u\n", i, counts[i]);
    }
    printf("%u channels were broken by the hostile peer; %lu messages of the good one arrived\n",
           broken, number);
    return cmk_channel_send(&good_end, 0, NULL, 0) == CMK_CHANNEL_OK ? 0 : 5;
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    if (!cluster || cluster->num_nodes != 3 || !cmk_doorbell_create(&bell, 1)) {
        return 1;
    }
    if (argc > 1) {
        channels = strtoul(argv[1], NULL, 10);
    }
    return cluster->node_id == 0   ? withstand()
           : cluster->node_id == 1 ? send_numbers()
                                   : misbehave();
}
