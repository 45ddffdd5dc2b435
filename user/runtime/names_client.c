/*
 * <cmk/names.h>: what programs call. The service's answers are checked like anything that another
 * node wrote.
 */
#include "names.h"
#include "shared_layout.h"

#include <cmk/mesh.h>
#include <cmk/node_status.h>
#include <cmk/timer.h>
#include <string.h>

bool cmk_names_join(struct cmk_names *names, struct cmk_doorbell *bell)
{
    size_t bytes;
    const struct cmk_cluster *cluster = cmk_cluster();
    *names = (struct cmk_names){.bell = bell, .memory = cmk_shared_memory(&bytes)};
    if (!cluster || bytes < NAMES_BYTES || !bell || bell->irq != NAMES_CLIENT_IRQ) {
        return false;
    }
    struct cmk_channel_config config = {
        .geometry = {NAMES_LINK_LINES, 0},
        .side = 1,
        .peer_status = cmk_node_status(0),
        .bell = bell,
        .button = cmk_doorbell_button(0, CMK_NAMES_IRQ),
    };
    return config.button != 0 && config.peer_status &&
           cmk_channel_open(&names->link, names->memory + cluster->node_id * NAMES_LINK_BYTES,
                            &config);
}

static enum cmk_names_error ask(struct cmk_names *names, uint32_t method, const char *name,
                                struct cmk_channel_geometry geometry, struct names_answer *answer,
                                uint64_t moment)
{
    struct names_request request = {method, (uint32_t)names->bell->irq, geometry, {0}};
    size_t length;
    if (strlen(name) >= CMK_NAME_BYTES) {
        return CMK_NAMES_WRONG;
    }
    memcpy(request.name, name, strlen(name));
    enum cmk_channel_error error = cmk_channel_call_until(&names->link, &request, sizeof(request),
                                                          answer, sizeof(*answer), &length, moment);
    if (error == CMK_CHANNEL_DEAD) {
        return CMK_NAMES_GONE;
    }
    if (error == CMK_CHANNEL_TIMED_OUT) {
        return CMK_NAMES_TIMED_OUT;
    }
    return error == CMK_CHANNEL_OK && length == sizeof(*answer) && answer->error <= CMK_NAMES_WRONG
               ? (enum cmk_names_error)answer->error
               : CMK_NAMES_WRONG;
}

static enum cmk_names_error open_end(struct cmk_names *names, const struct names_answer *answer,
                                     unsigned side, struct cmk_channel_end *end)
{
    size_t bytes = cmk_channel_bytes(answer->geometry);
    if (bytes == 0 || answer->offset < NAMES_HEAP || answer->offset > NAMES_BYTES ||
        bytes > NAMES_BYTES - answer->offset) {
        return CMK_NAMES_WRONG;
    }
    struct cmk_channel_config config = {
        .geometry = answer->geometry,
        .side = side,
        .peer_status = cmk_node_status(answer->node),
        .bell = names->bell,
        .button = cmk_doorbell_button(answer->node, answer->irq),
    };
    return config.peer_status && config.button != 0 &&
                   cmk_channel_open(end, names->memory + answer->offset, &config)
               ? CMK_NAMES_OK
               : CMK_NAMES_WRONG;
}

enum cmk_names_error cmk_names_publish_until(struct cmk_names *names, const char *name,
                                             struct cmk_channel_geometry geometry, uint64_t moment)
{
    struct names_answer answer;
    return ask(names, NAMES_PUBLISH, name, geometry, &answer, moment);
}

enum cmk_names_error cmk_names_publish(struct cmk_names *names, const char *name,
                                       struct cmk_channel_geometry geometry)
{
    return cmk_names_publish_until(names, name, geometry, CMK_TIMER_NEVER);
}

enum cmk_names_error cmk_names_connect_until(struct cmk_names *names, const char *name,
                                             struct cmk_channel_end *end, uint64_t moment)
{
    struct names_answer answer;
    enum cmk_names_error error =
        ask(names, NAMES_CONNECT, name, (struct cmk_channel_geometry){0, 0}, &answer, moment);
    if (error == CMK_NAMES_OK) {
        error = open_end(names, &answer, 0, end);
    }
    if (error == CMK_NAMES_OK) {
        cmk_doorbell_ring(end->button);
    }
    return error;
}

enum cmk_names_error cmk_names_connect(struct cmk_names *names, const char *name,
                                       struct cmk_channel_end *end)
{
    return cmk_names_connect_until(names, name, end, CMK_TIMER_NEVER);
}

enum cmk_names_error cmk_names_accept_until(struct cmk_names *names, const char *name,
                                            struct cmk_channel_end *end, seL4_Word *node,
                                            uint64_t moment)
{
    struct names_answer answer;
    enum cmk_names_error error =
        ask(names, NAMES_ACCEPT, name, (struct cmk_channel_geometry){0, 0}, &answer, moment);
    if (error != CMK_NAMES_OK) {
        return error;
    }
    *node = answer.node;
    return open_end(names, &answer, 1, end);
}

enum cmk_names_error cmk_names_accept(struct cmk_names *names, const char *name,
                                      struct cmk_channel_end *end, seL4_Word *node)
{
    return cmk_names_accept_until(names, name, end, node, CMK_TIMER_NEVER);
}
