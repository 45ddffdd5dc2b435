/*
 * <cmk/names.h>: the service, a thread of node 0. It remembers names and connections that wait to
 * be accepted; memory of connections is handed out once and never again. A client that breaks its
 * channel, or takes no replies, is not served any more, and each node has a part of everything that
 * the others cannot take: so no client keeps the others from being served.
 */
#include "names.h"
#include "shared_layout.h"

#include <cmk/mesh.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <string.h>

#define PRIORITY 254

struct entry {
    char name[CMK_NAME_BYTES];
    seL4_Word node;
    uint32_t irq;
    struct cmk_channel_geometry geometry;
};

struct connection {
    const struct entry *entry; /* null: free */
    seL4_Word client;
    uint32_t irq;
    uint64_t offset;
    uint64_t number; /* the smallest is accepted first */
};

static struct {
    struct cmk_thread thread;
    struct cmk_doorbell bell;
    struct cmk_channel_end end[ABI_CMK_MAX_NODES];
    struct entry entries[CMK_NAMES_MAX];
    size_t entry_count;
    struct connection pending[CMK_NAMES_PENDING];
    uint64_t connections;
    uint64_t next_offset;
    /*
     * What each node has: names, connections that it made and nobody accepted yet, and the memory
     * of all it made.
     */
    uint64_t names_of[ABI_CMK_MAX_NODES], pending_of[ABI_CMK_MAX_NODES],
        bytes_of[ABI_CMK_MAX_NODES];
} service;

/*
 * Whether `node` can have `amount` more of something of which there is `all`, and every node has
 * used[]. Half of all is divided evenly and kept for each node; the rest is for whoever asks first.
 */
static bool can_have(uint64_t all, const uint64_t used[], seL4_Word node, uint64_t amount)
{
    seL4_Word nodes = cmk_cluster()->num_nodes;
    uint64_t part = all / 2 / nodes;
    uint64_t left = all;
    for (seL4_Word other = 0; other < nodes; other++) {
        left -= other == node || used[other] > part ? used[other] : part;
    }
    return amount <= left;
}

static struct entry *find_entry(const char *name)
{
    for (size_t i = 0; i < service.entry_count; i++) {
        if (memcmp(service.entries[i].name, name, CMK_NAME_BYTES) == 0) {
            return &service.entries[i];
        }
    }
    return NULL;
}

static uint32_t publish(seL4_Word node, const struct names_request *request)
{
    struct entry *old = find_entry(request->name);
    if (old && !cmk_node_has_ended(service.end[old->node].peer_status)) {
        return CMK_NAMES_TAKEN;
    }
    if (cmk_channel_bytes(request->geometry) == 0) {
        return CMK_NAMES_WRONG;
    }
    if (!can_have(CMK_NAMES_MAX, service.names_of, node, 1)) {
        return CMK_NAMES_FULL;
    }
    if (old) {
        service.names_of[old->node]--;
    }
    service.names_of[node]++;
    struct entry *entry = old ? old : &service.entries[service.entry_count++];
    *entry = (struct entry){.node = node, .irq = request->irq, .geometry = request->geometry};
    memcpy(entry->name, request->name, CMK_NAME_BYTES);
    return CMK_NAMES_OK;
}

static uint32_t connect(seL4_Word node, const struct names_request *request,
                        struct names_answer *answer)
{
    const struct entry *entry = find_entry(request->name);
    if (!entry || cmk_node_has_ended(service.end[entry->node].peer_status)) {
        return CMK_NAMES_NONE;
    }
    struct connection *connection = NULL;
    for (size_t i = 0; i < CMK_NAMES_PENDING && !connection; i++) {
        connection = service.pending[i].entry ? NULL : &service.pending[i];
    }
    size_t bytes = cmk_channel_bytes(entry->geometry);
    if (!connection || !can_have(CMK_NAMES_PENDING, service.pending_of, node, 1) ||
        !can_have(NAMES_BYTES - NAMES_HEAP, service.bytes_of, node, bytes)) {
        return CMK_NAMES_FULL;
    }
    service.pending_of[node]++;
    service.bytes_of[node] += bytes;
    *connection =
        (struct connection){entry, node, request->irq, service.next_offset, service.connections++};
    service.next_offset += bytes;
    *answer =
        (struct names_answer){0, entry->irq, entry->node, connection->offset, entry->geometry};
    return CMK_NAMES_OK;
}

static uint32_t accept(seL4_Word node, const struct names_request *request,
                       struct names_answer *answer)
{
    struct connection *first = NULL;
    const struct entry *entry = find_entry(request->name);
    if (!entry || entry->node != node) {
        return CMK_NAMES_WRONG;
    }
    for (size_t i = 0; i < CMK_NAMES_PENDING; i++) {
        struct connection *connection = &service.pending[i];
        if (connection->entry == entry && (!first || connection->number < first->number)) {
            first = connection;
        }
    }
    if (!first) {
        return CMK_NAMES_NONE;
    }
    *answer = (struct names_answer){0, first->irq, first->client, first->offset, entry->geometry};
    service.pending_of[first->client]--;
    first->entry = NULL;
    return CMK_NAMES_OK;
}

static uint32_t answer_request(seL4_Word node, const struct names_request *request,
                               struct names_answer *answer)
{
    switch (request->method) {
    case NAMES_PUBLISH:
        return publish(node, request);
    case NAMES_CONNECT:
        return connect(node, request, answer);
    case NAMES_ACCEPT:
        return accept(node, request, answer);
    default:
        return CMK_NAMES_WRONG;
    }
}

/* False when the client is gone for good. */
static bool serve_client(seL4_Word node)
{
    struct names_request request;
    struct cmk_message message;
    enum cmk_channel_error error =
        cmk_channel_try_receive(&service.end[node], &message, &request, sizeof(request));
    if (error == CMK_CHANNEL_EMPTY) {
        return true;
    }
    if (error != CMK_CHANNEL_OK || message.kind != CMK_REQUEST ||
        message.length != sizeof(request)) {
        return false;
    }
    struct names_answer answer = {0};
    answer.error = answer_request(node, &request, &answer);
    return cmk_channel_try_reply(&service.end[node], &message, &answer, sizeof(answer)) ==
           CMK_CHANNEL_OK;
}

static void serve(void *argument)
{
    struct cmk_channel_end *clients[ABI_CMK_MAX_NODES];
    size_t count = cmk_cluster()->num_nodes;
    size_t last = 0;
    (void)argument;
    for (size_t i = 0; i < count; i++) {
        clients[i] = &service.end[i];
    }
    while (count > 0) {
        last = cmk_channel_wait_any(clients, count, last % count);
        if (!serve_client((seL4_Word)(clients[last] - service.end))) {
            clients[last] = clients[--count];
        }
    }
}

bool cmk_names_start(void)
{
    size_t bytes;
    const struct cmk_cluster *cluster = cmk_cluster();
    unsigned char *memory = cmk_shared_memory(&bytes);
    if (!cluster || bytes < NAMES_BYTES) {
        return false;
    }
    if (cluster->node_id != 0) {
        return true;
    }
    if (!cmk_doorbell_create(&service.bell, CMK_NAMES_IRQ)) {
        return false;
    }
    service.next_offset = NAMES_HEAP;
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        struct cmk_channel_config config = {
            .geometry = {NAMES_LINK_LINES, 0},
            .side = 0,
            .peer_status = cmk_node_status(node),
            .bell = &service.bell,
            .button = cmk_doorbell_button(node, NAMES_CLIENT_IRQ),
        };
        if (!cmk_channel_open(&service.end[node], memory + node * NAMES_LINK_BYTES, &config)) {
            return false;
        }
        /* whoever spins at this priority keeps its clients from running */
        service.end[node].spins = 1;
    }
    return cmk_create_thread(&service.thread, 0, PRIORITY, serve, NULL);
}
