/*
 * A channel that outlives one of its nodes: node 0 sends numbers to node 1, which sends them back
 * with its generation; node 0 stops node 1 in the middle, COUNT times at ever other places, starts
 * it again, and opens its end anew, sometimes before node 1 has. Both sleep. Arguments: COUNT.
 */
#include <cmk/channel.h>
#include <cmk/cluster.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <cmk/timer.h>
#include <stdio.h>
#include <stdlib.h>

enum { IRQ = 1, SHORTEST_MICROSECONDS = 2000, LONGEST_MICROSECONDS = 14000, AT_LEAST = 20 };

struct note {
    uint64_t number, life; /* of node 1, as the sender knows it */
};

static const struct cmk_cluster *cluster;
static struct cmk_doorbell bell;
static struct cmk_channel_end end;

static void must(bool good, const char *what)
{
    if (!good) {
        printf("reopens: FAILED: %s\n", what);
        exit(1);
    }
}

static void open_end(void)
{
    static void *memory;
    seL4_Word self = cluster->node_id;
    const struct cmk_region *region = &cluster->channels[0].region;
    struct cmk_channel_config config = {.geometry = {8, 0},
                                        .side = (unsigned)self,
                                        .peer_status = cmk_node_status(1 - self),
                                        .own_status = cmk_node_status(self),
                                        .bell = &bell,
                                        .button = cmk_doorbell_button(1 - self, IRQ)};
    if (!memory) {
        memory = cmk_map_frames(region->first_slot, 1, seL4_LargePageBits, seL4_AllRights,
                                seL4_X86_Default_VMAttributes);
        must(memory != NULL && cmk_doorbell_create(&bell, IRQ), "map the channel");
    }
    must(config.button != 0 && cmk_channel_open(&end, memory, &config), "open an end");
    end.spins = 20;
}

static int send_back(void)
{
    uint64_t life = cmk_node_status(1)->generation;
    open_end();
    for (;;) {
        struct cmk_message message;
        struct note note;
        enum cmk_channel_error error = cmk_channel_receive(&end, &message, &note, sizeof(note));
        must(error == CMK_CHANNEL_OK && message.length == sizeof(note), "receive a number");
        must(note.life == life, "what is received is for this life");
        if (note.number == 0) {
            return 0;
        }
        /* Node 0 may have given up waiting for the last one, sent its 0, and ended. */
        error = cmk_channel_send(&end, 0, &note, sizeof(note));
        must(error == CMK_CHANNEL_OK || cmk_node_has_ended(cmk_node_status(0)), "send it back");
    }
}

/* Until the moment, or node 1's end. Returns how many came back. */
static unsigned long exchange_until(uint64_t moment, uint64_t life)
{
    unsigned long back = 0;
    for (uint64_t number = 1;; number++) {
        struct note note = {number, life};
        struct cmk_message message;
        enum cmk_channel_error error = cmk_channel_send_until(&end, 0, &note, sizeof(note), moment);
        if (error == CMK_CHANNEL_OK) {
            error = cmk_channel_receive_until(&end, &message, &note, sizeof(note), moment);
        }
        if (error == CMK_CHANNEL_TIMED_OUT || cmk_now() >= moment) {
            return back;
        }
        must(error == CMK_CHANNEL_OK, "exchange a number");
        must(note.number == number && note.life == life, "what comes back is of this life");
        back++;
    }
}

/* How long the life is used, in nanoseconds from its beginning: always another time. */
static uint64_t window_of(uint64_t life)
{
    return 1000 *
           (SHORTEST_MICROSECONDS + life * 137 % (LONGEST_MICROSECONDS - SHORTEST_MICROSECONDS));
}

static void wait_for_generation(uint64_t life)
{
    while (cmk_node_generation(cmk_node_status(1)) != life) {
        cmk_sleep(10000);
    }
}

static int exchange(unsigned long count)
{
    seL4_CPtr control = cmk_other_node(1);
    unsigned long back = 0;
    must(control != 0, "get node 1's control");
    must(cmk_clock_start(0, seL4_MaxPrio), "start the clock");
    for (uint64_t life = 1; life <= count; life++) {
        wait_for_generation(life);
        if (life % 2 == 0) {
            cmk_sleep(300000); /* it opens first */
        }
        open_end();
        back += exchange_until(cmk_moment_in(window_of(life)), life);
        must(cmk_OtherNode_Stop(control) == seL4_NoError, "stop node 1");
        must(cmk_channel_state(&end) == CMK_CHANNEL_DEAD, "the end is dead");
        must(cmk_OtherNode_Start(control) == seL4_NoError, "start node 1");
    }
    wait_for_generation(count + 1);
    open_end();
    must(exchange_until(cmk_moment_in(200000000), count + 1) >= AT_LEAST, "the last life answers");
    struct note last = {0, count + 1};
    must(cmk_channel_send(&end, 0, &last, sizeof(last)) == CMK_CHANNEL_OK, "end node 1");
    must(back >= count, "there was something to cut");
    printf("%lu numbers came back from %lu lives that were cut\n", back, count);
    return 0;
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    must(cluster != NULL && argc == 2 && cluster->num_channels == 1, "there is a channel");
    return cluster->node_id == 0 ? exchange(strtoul(argv[1], NULL, 0)) : send_back();
}
