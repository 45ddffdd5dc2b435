/* Packet channels: who gets what, and that no client sends in another's name. */
#include "world.h"

#include <channel_memory.h>
#include <drivers/wire.h>
#include <net_echo.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 7, OTHER_PORT = 8 };

static struct server server;
static struct client table[2];
static struct client *clients[2] = {&table[0], &table[1]};
static struct cmk_channel_end peers[2]; /* the clients' own ends */
static unsigned char frame[ETHERNET_MAX_FRAME];

static void open_world(void)
{
    server = (struct server){.net.address = {2, 0, 0, 0, 0, 2}, .ipv4 = SERVER_IPV4};
    for (int i = 0; i < 2; i++) {
        struct cmk_channel_config config = {.geometry = {.lines = 64}, .side = 0};
        size_t bytes = cmk_channel_bytes(config.geometry);
        void *memory = aligned_alloc(CMK_CHANNEL_LINE, bytes);
        memset(memory, 0, bytes);
        table[i] = (struct client){.node = (seL4_Word)i};
        ck_assert(cmk_channel_open(&table[i].end, memory, &config));
        config.side = 1;
        ck_assert(cmk_channel_open(&peers[i], memory, &config));
    }
    reset_sent();
}

static bool serve(int i)
{
    return serve_client(&server, clients, 2, clients[i]);
}

/* A client's request, as cmk_channel_call makes it; calls need two threads. */
static uint8_t open_port(int i, uint16_t port)
{
    struct cmk_channel_end *end = &peers[i];
    struct packet_open request = {port};
    struct packet_opened opened;
    struct cmk_message message;
    ck_assert_int_eq(channel_put(end, CMK_REQUEST, 1, &request, sizeof(request)), CMK_CHANNEL_OK);
    ck_assert(serve(i));
    ck_assert_int_eq(cmk_channel_try_receive(end, &message, &opened, sizeof(opened)),
                     CMK_CHANNEL_OK);
    ck_assert_int_eq(message.kind, CMK_REPLY);
    ck_assert_uint_eq(message.length, sizeof(opened));
    return opened.granted;
}

/* A datagram as client `i` may send it from `port`, once it was granted. */
static size_t outgoing(uint16_t port)
{
    size_t length = make_datagram(frame, port, 1000, 30);
    memcpy(frame + ETHERNET_SOURCE, server.net.address, 6);
    wire_put32(frame, IPV4_SOURCE, SERVER_IPV4);
    wire_put32(frame, IPV4_TARGET, OTHER_IPV4);
    return length; /* the header's checksum is the same: addresses changed places */
}

static bool send_from(int i, size_t length)
{
    unsigned before = sent_frames;
    ck_assert_int_eq(cmk_channel_try_send(&peers[i], 0, frame, length), CMK_CHANNEL_OK);
    ck_assert(serve(i));
    return sent_frames > before;
}

START_TEST(ports_belong_to_one)
{
    open_world();
    ck_assert(!open_port(0, 0));
    ck_assert(open_port(0, PORT));
    ck_assert(!open_port(0, OTHER_PORT)); /* one for each client */
    ck_assert(!open_port(1, PORT));
    ck_assert(open_port(1, OTHER_PORT));
}
END_TEST

START_TEST(datagrams_reach_their_port)
{
    struct cmk_message message;
    unsigned char got[ETHERNET_MAX_FRAME];
    open_world();
    size_t length = make_datagram(frame, 1000, PORT, 30);
    ck_assert(!forward_frame(&server, clients, 2, frame, length)); /* nobody has it */
    ck_assert(open_port(1, PORT));
    ck_assert(forward_frame(&server, clients, 2, frame, length));
    ck_assert_int_eq(cmk_channel_try_receive(&peers[0], &message, got, sizeof(got)),
                     CMK_CHANNEL_EMPTY);
    ck_assert_int_eq(cmk_channel_try_receive(&peers[1], &message, got, sizeof(got)),
                     CMK_CHANNEL_OK);
    ck_assert_uint_eq(message.length, length);
    ck_assert_mem_eq(got, frame, length);
    for (int i = 0; i < 100; i++) { /* a client that takes nothing loses, and nobody waits */
        (void)forward_frame(&server, clients, 2, frame, length);
    }
    ck_assert(!forward_frame(&server, clients, 2, frame, length));
}
END_TEST

START_TEST(clients_cannot_cheat)
{
    open_world();
    ck_assert(!send_from(0, outgoing(PORT))); /* no port yet */
    ck_assert(open_port(0, PORT));
    ck_assert(open_port(1, OTHER_PORT));
    ck_assert(send_from(0, outgoing(PORT)));
    ck_assert_uint_eq(sent_length, UDP_PAYLOAD + 30);
    ck_assert(!send_from(0, outgoing(OTHER_PORT)));
    size_t length = outgoing(PORT);
    frame[ETHERNET_SOURCE] ^= 4;
    ck_assert(!send_from(0, length));
    length = outgoing(PORT);
    wire_put32(frame, IPV4_SOURCE, OTHER_IPV4);
    wire_put32(frame, IPV4_TARGET, SERVER_IPV4); /* a correct checksum */
    ck_assert(!send_from(0, length));
    length = outgoing(PORT);
    frame[IPV4_PROTOCOL] = PROTOCOL_ICMP;
    ck_assert(!send_from(0, length));
    ck_assert(!send_from(0, 0));
    ck_assert(!send_from(0, 20));
    ck_assert_uint_eq(sent_frames, 1);
    ck_assert_uint_eq(server.statistics.refused, 7);
}
END_TEST

/* A frame longer than any, and a broken channel: the client is given up, the other one stays. */
START_TEST(wrong_clients_are_dropped)
{
    static unsigned char big[ETHERNET_MAX_FRAME + 1];
    open_world();
    ck_assert(open_port(1, OTHER_PORT));
    ck_assert_int_eq(cmk_channel_try_send(&peers[0], 0, big, sizeof(big)), CMK_CHANNEL_OK);
    ck_assert(!serve(0));
    ck_assert(serve(1));
    open_world();
    atomic_store(&table[0].end.in->word[0], make_header(0, 0x77, MAX_LENGTH));
    ck_assert(!serve(0));
}
END_TEST

/*
 * A client that asks and asks and takes no answer is dropped once there is no room for one; nobody
 * waits for it.
 */
START_TEST(answers_that_nobody_takes)
{
    open_world();
    struct packet_open request = {PORT};
    unsigned answered = 0;
    bool served = true;
    while (served && answered < 1000) {
        ck_assert_int_eq(channel_put(&peers[0], CMK_REQUEST, 1, &request, sizeof(request)),
                         CMK_CHANNEL_OK);
        served = serve(0);
        answered += served;
    }
    ck_assert_uint_eq(answered, 64);
    ck_assert(open_port(1, OTHER_PORT));
}
END_TEST

/* Random bytes in the channel's memory between the steps: errors, and no access out of bounds. */
START_TEST(random_peer)
{
    uint64_t seed = 9;
    unsigned dropped = 0;
    for (int round = 0; round < 3000; round++) {
        open_world();
        for (int step = 0; step < 20; step++) {
            unsigned char *line =
                (unsigned char *)table[0].end.in + next_random(&seed) % 4 * CMK_CHANNEL_LINE;
            line[next_random(&seed) % CMK_CHANNEL_LINE] = (unsigned char)next_random(&seed);
            line[0] = (unsigned char)(table[0].end.received + 1);
            if (!serve(0)) {
                dropped++;
                break;
            }
        }
        free(table[0].end.mine);
        free(table[1].end.mine);
    }
    ck_assert_uint_gt(dropped, 100);
}
END_TEST

Suite *clients_suite(void)
{
    Suite *suite = suite_create("clients");
    TCase *cases = tcase_create("clients");
    tcase_add_test(cases, ports_belong_to_one);
    tcase_add_test(cases, datagrams_reach_their_port);
    tcase_add_test(cases, clients_cannot_cheat);
    tcase_add_test(cases, wrong_clients_are_dropped);
    tcase_add_test(cases, answers_that_nobody_takes);
    tcase_add_test(cases, random_peer);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
