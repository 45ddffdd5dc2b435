/*
 * Part "ipc": messages with sequence numbers, across CPUs.
 *
 * - A ring: thread i passes tokens on from endpoint i to endpoint i + 1; each token's hops are
 *   counted, and its words follow
 *   from token and hop.
 * - Clients call servers on other CPUs, with all SSE registers in use; each pair's calls have
 *   numbers.
 * - The servers have bound notifications. Clients signal them, each its own badge bit, and wait for
 *   the answer in memory:
 *   no signal may be lost, and none may come twice.
 * - Pairs play ping-pong with two notifications.
 */
#include "torture.h"

enum { MAX_SERVERS = 8, MAX_CLIENTS = 16, MAX_RING = 16, MAX_PAIRS = 8, MAX_WORDS = 120 };

#define SIGNAL_BADGE (1ul << 40) /* in every badge of a signal to a server */

struct floating_reply {
    uint64_t word;
    uint64_t changed;
};

struct floating_reply call_with_floating(seL4_CPtr endpoint, seL4_Word info, seL4_Word mr0,
                                         seL4_Word mr1, uint64_t pattern);

static struct server {
    seL4_CPtr endpoint, notification;
    seL4_CPtr badged[MAX_CLIENTS], signal[MAX_CLIENTS];
    uint64_t calls[MAX_CLIENTS]; /* counted by the server */
    _Atomic uint64_t signals[MAX_CLIENTS];
    uint64_t called[MAX_CLIENTS]; /* counted by the client */
    uint64_t signalled[MAX_CLIENTS];
} servers[MAX_SERVERS];

static seL4_CPtr ring[MAX_RING];
static _Atomic uint64_t hops[MAX_RING]; /* by token */
static seL4_CPtr ping[MAX_PAIRS], pong[MAX_PAIRS];
static _Atomic uint64_t pings[MAX_PAIRS], pongs[MAX_PAIRS];

static unsigned server_count, client_count, ring_count, token_count, pair_count;

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = a * 0x9e3779b97f4a7c15ull + b * 0xc2b2ae3d27d4eb4full + c;
    return (x ^ x >> 29) * 0x165667b19e3779f9ull;
}

/* --- ring --- */

static unsigned words_of(uint64_t token, uint64_t hop)
{
    return 2 + mix(token, hop, 1) % (hop % 4 == 0 ? MAX_WORDS - 1 : 4);
}

static void send_token(unsigned to, uint64_t token, uint64_t hop)
{
    unsigned words = words_of(token, hop);
    seL4_SetMR(0, token);
    seL4_SetMR(1, hop);
    for (unsigned i = 2; i < words; i++) {
        seL4_SetMR((int)i, mix(token, hop, i));
    }
    seL4_Send(ring[to], seL4_MessageInfo_new(hop & 0xfff, 0, 0, words));
}

static void pass_on(struct worker *worker)
{
    unsigned own = worker->index;
    if (atomic_load(&worker->rounds) == 0 && own < token_count) {
        send_token((own + 1) % ring_count, own, 1);
    }
    seL4_MessageInfo_t info = seL4_Recv(ring[own], NULL);
    uint64_t token = seL4_GetMR(0), hop = seL4_GetMR(1);
    if (token >= token_count || atomic_fetch_add(&hops[token], 1) + 1 != hop ||
        seL4_MessageInfo_get_length(info) != words_of(token, hop) ||
        seL4_MessageInfo_get_label(info) != (hop & 0xfff)) {
        violation(worker->part, "ring: token %lu came with hop %lu", token, hop);
        return;
    }
    for (unsigned i = 2; i < words_of(token, hop); i++) {
        if (seL4_GetMR((int)i) != mix(token, hop, i)) {
            violation(worker->part, "ring: token %lu, hop %lu: word %u is wrong", token, hop, i);
            return;
        }
    }
    send_token((own + 1) % ring_count, token, hop + 1);
}

/* --- calls and bound notifications --- */

static void count_signals(struct server *server, seL4_Word badge)
{
    for (unsigned i = 0; i < client_count; i++) {
        if (badge >> i & 1) {
            atomic_fetch_add(&server->signals[i], 1);
        }
    }
}

static void serve(struct worker *worker)
{
    struct server *server = &servers[worker->index - ring_count];
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(server->endpoint, &badge);
    for (;;) { /* at the end, too: then the clients' last calls must come back */
        if (badge & SIGNAL_BADGE) {
            count_signals(server, badge);
            info = seL4_Recv(server->endpoint, &badge);
            continue;
        }
        seL4_Word client = badge - 1, number = seL4_GetMR(0), check = seL4_GetMR(1);
        if (client >= client_count || seL4_MessageInfo_get_length(info) != 2 ||
            ++server->calls[client] != number ||
            check != mix(worker->index - ring_count, client, number)) {
            violation(worker->part, "server %u got call %lu from badge %lx",
                      worker->index - ring_count, number, badge);
            return;
        }
        atomic_fetch_add(&worker->rounds, 1);
        seL4_SetMR(0, mix(client, number, 2));
        info = seL4_ReplyRecv(server->endpoint, seL4_MessageInfo_new(0, 0, 0, 1), &badge);
    }
}

static void call(struct worker *worker, struct server *server, unsigned which, unsigned client)
{
    uint64_t number = ++server->called[client];
    struct floating_reply reply =
        call_with_floating(server->badged[client], seL4_MessageInfo_new(7, 0, 0, 2).words[0],
                           number, mix(which, client, number), random_next(&worker->random));
    if (reply.word != mix(client, number, 2) || reply.changed != 0) {
        violation(worker->part, "client %u, call %lu: answer %lx, %lu SSE registers changed",
                  client, number, reply.word, reply.changed);
    }
}

static void signal(struct worker *worker, struct server *server, unsigned client)
{
    uint64_t number = ++server->signalled[client];
    seL4_Signal(server->signal[client]);
    struct waiting waiting = begin_waiting();
    while (atomic_load(&server->signals[client]) < number) {
        seL4_Yield();
        if (is_too_long(&waiting, 30000)) {
            violation(worker->part, "a signal to a bound notification is lost");
            return;
        }
    }
    if (atomic_load(&server->signals[client]) > number) {
        violation(worker->part, "a signal came twice");
    }
}

static void be_client(struct worker *worker)
{
    unsigned client = worker->index - ring_count - server_count;
    unsigned which = (unsigned)random_below(&worker->random, server_count);
    if (random_below(&worker->random, 4) != 0) {
        call(worker, &servers[which], which, client);
    } else {
        signal(worker, &servers[which], client);
    }
    if (!balanced && random_below(&worker->random, 32) == 0) {
        (void)seL4_TCB_SetAffinity(worker->thread.tcb, random_below(&worker->random, cpu_count));
    }
}

/* --- ping-pong --- */

static void play_ping(struct worker *worker)
{
    unsigned pair = (worker->index - ring_count - server_count - client_count) / 2;
    atomic_fetch_add(&pings[pair], 1);
    seL4_Signal(ping[pair]);
    seL4_Wait(pong[pair], NULL);
    if (atomic_load(&pings[pair]) != atomic_load(&pongs[pair])) {
        violation(worker->part, "pair %u: a signal too many or too few", pair);
    }
}

static void play_pong(struct worker *worker)
{
    unsigned pair = (worker->index - ring_count - server_count - client_count) / 2;
    seL4_Wait(ping[pair], NULL);
    uint64_t number = atomic_fetch_add(&pongs[pair], 1) + 1;
    if (atomic_load(&pings[pair]) != number) {
        violation(worker->part, "pair %u: pong %lu does not follow ping %lu", pair, number,
                  atomic_load(&pings[pair]));
    }
    seL4_Signal(pong[pair]);
}

/* --- setting up --- */

static bool set_up_server(struct server *server)
{
    server->endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    server->notification = cmk_alloc_object(seL4_NotificationObject, 0);
    for (unsigned i = 0; i < client_count; i++) {
        server->badged[i] = cmk_alloc_slot();
        server->signal[i] = cmk_alloc_slot();
        if (slot_mint(server->badged[i], server->endpoint, i + 1) != seL4_NoError ||
            slot_mint(server->signal[i], server->notification, SIGNAL_BADGE | 1ul << i) !=
                seL4_NoError) {
            return false;
        }
    }
    return true;
}

static bool set_up_objects(void)
{
    for (unsigned i = 0; i < ring_count; i++) {
        ring[i] = cmk_alloc_object(seL4_EndpointObject, 0);
    }
    for (unsigned i = 0; i < server_count; i++) {
        if (!set_up_server(&servers[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < pair_count; i++) {
        ping[i] = cmk_alloc_object(seL4_NotificationObject, 0);
        pong[i] = cmk_alloc_object(seL4_NotificationObject, 0);
    }
    return pong[pair_count - 1] != 0;
}

static bool add_workers(const struct part *part, unsigned count, unsigned first_cpu,
                        void (*body)(struct worker *), enum worker_kind kind)
{
    for (unsigned i = 0; i < count; i++) {
        if (!add_worker(part, first_cpu + i, body, kind)) {
            return false;
        }
    }
    return true;
}

/* Servers run before their clients, and are bound before anybody signals. */
static bool prepare_servers(const struct part *part)
{
    for (unsigned i = 0; i < server_count; i++) {
        seL4_CPtr tcb = worker_of(part, ring_count + i)->thread.tcb;
        if (seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY + i % 2) !=
                seL4_NoError ||
            seL4_TCB_BindNotification(tcb, servers[i].notification) != seL4_NoError) {
            return false;
        }
    }
    return true;
}

static bool set_up(const struct part *part)
{
    server_count = cpu_count < MAX_SERVERS ? cpu_count : MAX_SERVERS;
    client_count = cpu_count < MAX_CLIENTS ? cpu_count : MAX_CLIENTS;
    ring_count = 2 * cpu_count < MAX_RING ? 2 * cpu_count : MAX_RING;
    token_count = ring_count / 2;
    pair_count = cpu_count < MAX_PAIRS ? cpu_count : MAX_PAIRS;
    if (!set_up_objects() || !add_workers(part, ring_count, 0, pass_on, BLOCKS) ||
        !add_workers(part, server_count, 1, serve, SERVES) || !prepare_servers(part) ||
        !add_workers(part, client_count, 0, be_client, RUNS)) {
        return false;
    }
    for (unsigned i = 0; i < pair_count; i++) {
        if (!add_worker(part, i, play_ping, BLOCKS) ||
            !add_worker(part, i + 1, play_pong, BLOCKS)) {
            return false;
        }
    }
    return true;
}

const struct part part_ipc = {
    .name = "ipc", .what = "lost, doubled and mixed messages", .set_up = set_up};
