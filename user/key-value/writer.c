/* Node 1: orders the writes, and sends each to every replica before it answers. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

/* A replica that ended is left out from then on. */
static void send_update(struct cmk_channel_end logs[], seL4_Word replicas,
                        const struct update *update)
{
    for (seL4_Word i = 0; i < replicas; i++) {
        log_send(&logs[i], update);
    }
}

int serve_writes(seL4_Word replicas)
{
    static struct cmk_channel_end client, logs[MAX_PEERS];
    uint64_t version = 0;
    seL4_Word node;
    if (!publish("log") || !publish("writer")) {
        return EXIT_FAILURE;
    }
    for (seL4_Word i = 0; i < replicas; i++) {
        if (!accept_one("log", &logs[i], &node)) {
            return EXIT_FAILURE;
        }
    }
    if (!accept_one("writer", &client, &node)) {
        return EXIT_FAILURE;
    }
    for (;;) {
        struct cmk_message message;
        struct request request;
        enum cmk_channel_error error =
            cmk_channel_receive(&client, &message, &request, sizeof(request));
        if (error != CMK_CHANNEL_OK || message.length != sizeof(request)) {
            return EXIT_FAILURE;
        }
        if (request.method == WRITE && request.key < KEYS) {
            send_update(logs, replicas, &(struct update){++version, request.key, request.value});
        }
        struct reply reply = {request.value, version};
        error = cmk_channel_reply(&client, &message, &reply, sizeof(reply));
        if (error != CMK_CHANNEL_OK || request.method == STOP) {
            return error == CMK_CHANNEL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
}
