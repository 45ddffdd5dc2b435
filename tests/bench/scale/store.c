/*
 * The replicated key-value store of user/key-value, with the machine as its configuration: each
 * node holds one replica, which a server thread on each of its CPUs serves to the worker of that
 * CPU by IPC. Node 0 orders all writes and sends them to the other nodes as a log. Nobody has a
 * thread for that: whichever server has the node's lock for the table takes what has come over the
 * channels. Of five operations four read and one writes; a write is answered when the node's own
 * replica has it.
 */
#include "scale.h"

#include "../../../user/key-value/table.h"
#include <stdio.h>

#define WRITE_EVERY 5
#define ORDERER     0 /* the node that orders the writes */

struct server {
    _Alignas(128) seL4_CPtr endpoint;
    struct cmk_thread thread;
    seL4_Word cpu;
    uint64_t writes; /* asked for by this CPU's worker */
    /* of these, applied on this node; under the table's lock, read by the server */
    _Atomic uint64_t written;
};

/*
 * Of this node. Written under `locked`; values are also read without it: a reader may see the next
 * write, or not.
 */
static struct {
    _Alignas(128) _Atomic bool locked;
    _Alignas(128) struct table table;
    seL4_Word stopped; /* node 0: other nodes whose workers are done */
    bool ended;        /* other nodes: the log has come to its end */
    bool failed;
} store;

static struct server servers[MAX_WORKERS];

static bool try_lock(void)
{
    return !atomic_load_explicit(&store.locked, memory_order_relaxed) &&
           !atomic_exchange_explicit(&store.locked, true, memory_order_acquire);
}

/*
 * Bounded by what the servers of the node's other CPUs do with the lock: none waits for anything
 * but room in a ring.
 */
static void lock(void)
{
    while (!try_lock()) {
        __builtin_ia32_pause();
    }
}

static void unlock(void)
{
    atomic_store_explicit(&store.locked, false, memory_order_release);
}

/* Who wrote a value: so that its node knows whom to answer. */
static uint64_t value_of(const struct server *server)
{
    return mesh.self << 32 | server->cpu << 24 | (server->writes & 0xffffff);
}

static void apply(const struct update *update)
{
    if (!table_apply(&store.table, update)) {
        store.failed = true;
        return;
    }
    if (update->value >> 32 == mesh.self) {
        struct server *writer = &servers[(update->value >> 24 & 0xff) % MAX_WORKERS];
        atomic_store_explicit(&writer->written, writer->written + 1, memory_order_release);
    }
}

/* Node 0. */
static void order(uint64_t key, uint64_t value)
{
    struct update update = {store.table.version + 1, key, value};
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        if (node != mesh.self) {
            log_send(&mesh.end[node], &update);
        }
    }
    apply(&update);
}

/* Node 0: the requests of one other node that have come. */
static void take_requests(seL4_Word node)
{
    struct cmk_message message;
    struct request request;
    while (cmk_channel_try_receive(&mesh.end[node], &message, &request, sizeof(request)) ==
           CMK_CHANNEL_OK) {
        if (request.method == STOP) {
            store.stopped++;
            return;
        }
        order(request.key, request.value);
    }
}

/* Other nodes: the part of the log that has come. */
static void take_updates(void)
{
    struct cmk_message message;
    struct update update;
    struct cmk_channel_end *log = &mesh.end[ORDERER];
    while (!store.ended &&
           cmk_channel_try_receive(log, &message, &update, sizeof(update)) == CMK_CHANNEL_OK) {
        if (update.key == KEYS) {
            store.ended = true;
        } else {
            apply(&update);
        }
    }
}

/* With the lock. */
static void catch_up(void)
{
    if (mesh.self != ORDERER) {
        take_updates();
        return;
    }
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        if (node != ORDERER) {
            take_requests(node);
        }
    }
}

/*
 * Returns when this node's replica has the write. Bounded by node 0's servers, which take requests
 * at each turn.
 */
static void write(struct server *server, uint64_t key)
{
    uint64_t value = value_of(server);
    server->writes++;
    lock();
    if (mesh.self == ORDERER) {
        order(key, value);
    } else {
        struct request request = {WRITE, key, value, 0};
        store.failed |=
            cmk_channel_send(&mesh.end[ORDERER], 0, &request, sizeof(request)) != CMK_CHANNEL_OK;
    }
    unlock();
    while (atomic_load_explicit(&server->written, memory_order_acquire) != server->writes &&
           !store.failed) {
        if (try_lock()) {
            catch_up();
            unlock();
        }
        __builtin_ia32_pause();
    }
}

static uint64_t read(uint64_t key)
{
    if (try_lock()) {
        catch_up();
        unlock();
    }
    return __atomic_load_n(&store.table.values[key], __ATOMIC_RELAXED);
}

static void serve(void *argument)
{
    struct server *server = argument;
    seL4_Word method = 0, key = 0, badge;
    seL4_MessageInfo_t info = seL4_RecvWithMRs(server->endpoint, &badge, &method, &key, NULL, NULL);
    for (;;) {
        key %= KEYS;
        if (method == WRITE) {
            write(server, key);
        } else {
            key = read(key);
        }
        info = seL4_ReplyRecvWithMRs(server->endpoint, info, &badge, &method, &key, NULL, NULL);
    }
}

static bool prepare(struct worker *worker)
{
    struct server *server = &servers[worker->cpu];
    server->cpu = worker->cpu;
    server->endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    return server->endpoint != 0 &&
           cmk_create_thread(&server->thread, worker->cpu, WORKER_PRIORITY, serve, server);
}

static void run(struct worker *worker)
{
    seL4_CPtr endpoint = servers[worker->cpu].endpoint;
    uint64_t random = 1 + worker->cpu + (mesh.self << 8);
    while (!is_over(worker)) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        seL4_Word method = worker->operations % WRITE_EVERY == 0 ? WRITE : READ, key = random >> 33;
        seL4_CallWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 2), &method, &key, NULL, NULL);
        worker->operations++;
        think(worker->think);
    }
}

/* Node 0 goes on taking requests until all have stopped; then its word ends the log. */
static void end_the_log(void)
{
    while (store.stopped != mesh.num_nodes - 1) {
        lock();
        catch_up();
        unlock();
        cmk_doorbell_relax(1);
    }
    store.stopped = 0;
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        if (node != ORDERER) {
            log_send(&mesh.end[node], &(struct update){0, KEYS, 0});
        }
    }
}

static void follow_the_log(void)
{
    struct request request = {STOP, 0, 0, 0};
    store.failed |=
        cmk_channel_send(&mesh.end[ORDERER], 0, &request, sizeof(request)) != CMK_CHANNEL_OK;
    while (!store.ended) {
        lock();
        catch_up();
        unlock();
        cmk_doorbell_relax(1);
    }
    store.ended = false;
}

/* All replicas must be alike now, and have all writes. The barrier is one for all nodes. */
static bool replicas_agree(uint64_t sum, uint64_t writes)
{
    shared->replica[mesh.self].version = store.table.version;
    shared->replica[mesh.self].sum = sum;
    shared->replica[mesh.self].writes = writes;
    bool good = cmk_mesh_barrier(&mesh) == CMK_CHANNEL_OK;
    uint64_t all_writes = 0;
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        good &= shared->replica[node].version == store.table.version &&
                shared->replica[node].sum == sum;
        all_writes += shared->replica[node].writes;
    }
    return good && all_writes == store.table.version;
}

static bool finish(void)
{
    if (mesh.self == ORDERER) {
        end_the_log();
    } else {
        follow_the_log();
    }
    uint64_t writes = 0, written = 0, sum = 0;
    for (seL4_Word cpu = 0; cpu < num_workers; cpu++) {
        writes += servers[cpu].writes;
        written += servers[cpu].written;
    }
    for (unsigned key = 0; key < KEYS; key++) {
        sum = sum * 31 + store.table.values[key];
    }
    bool good = replicas_agree(sum, writes) && writes == written && !store.failed;
    printf("scale kv replica version %lu sum %lx writes %lu%s\n", store.table.version, sum, writes,
           good ? "" : " WRONG");
    return good;
}

const struct workload key_value = {"kv", "replicated key-value store, one write in five", prepare,
                                   run, finish};
