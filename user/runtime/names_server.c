/*
 * <cmk/names.h>: the service, a thread of node 0. It remembers names and connections that wait to be accepted; memory
 * of connections is handed out once and never again. A client that breaks its channel is not served any more.
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
} service;

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
    if (!old && service.entry_count == CMK_NAMES_MAX) {
        return CMK_NAMES_FULL;
    }
    struct entry *entry = old ? old : &service.entries[service.entry_count++];
    *entry = (struct entry){.node = node, .irq = request->irq, .geometry = request->geometry};
    memcpy(entry->name, request->name, CMK_NAME_BYTES);
    return CMK_NAMES_OK;
}

static uint32_t connect(seL4_Word node, const struct names_request *request, struct names_answer *answer)
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
    if (!connection || bytes > NAMES_BYTES - service.next_offset) {
        return CMK_NAMES_FULL;
    }
    *connection = (struct connection){entry, node, request->irq, service.next_offset, service.connections++};
    service.next_offset += bytes;
    *answer = (struct names_answer){0, entry->irq, entry->node, connection->offset, entry->geometry};
    return CMK_NAMES_OK;
}

static uint32_t accept(seL4_Word node, const struct names_request *request, struct names_answer *answer)
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
    first->entry = NULL;
    return CMK_NAMES_OK;
}

static uint32_t answer_request(seL4_Word node, const struct names_request *request, struct names_answer *answer)
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
    if (error != CMK_CHANNEL_OK || message.kind != CMK_REQUEST || message.length != sizeof(request)) {
        return false;
    }
    struct names_answer answer = {0};
    answer.error = answer_request(node, &request, &answer);
    return cmk_channel_reply(&service.end[node], &message, &answer, sizeof(answer)) == CMK_CHANNEL_OK;
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
        service.end[node].spins = 1; /* whoever spins at this priority keeps its clients from running */
    }
    return cmk_create_thread(&service.thread, 0, PRIORITY, serve, NULL);
}
