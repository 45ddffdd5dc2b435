/* The nodes above 1: follow the writer's log, and answer reads. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t values[KEYS];
static uint64_t version;

/* The next update of the log. False if there is none to come, or it is not the next one. */
static bool apply_next(struct cmk_channel_end *log)
{
    struct cmk_message message;
    struct update update;
    if (cmk_channel_receive(log, &message, &update, sizeof(update)) != CMK_CHANNEL_OK ||
        message.length != sizeof(update) || update.version != version + 1 || update.key >= KEYS) {
        return false;
    }
    values[update.key] = update.value;
    version = update.version;
    return true;
}

/* A read waits until the log has come as far as it asks: the writer sent that update before the client knew of it. */
static bool answer(struct cmk_channel_end *client, struct cmk_channel_end *log, bool *stop)
{
    struct cmk_message message;
    struct request request;
    if (cmk_channel_try_receive(client, &message, &request, sizeof(request)) != CMK_CHANNEL_OK ||
        message.length != sizeof(request)) {
        return false;
    }
    while (request.method == READ && version < request.version) {
        if (!apply_next(log)) {
            return false;
        }
    }
    struct reply reply = {request.key < KEYS ? values[request.key] : 0, version};
    *stop = request.method == STOP;
    return cmk_channel_reply(client, &message, &reply, sizeof(reply)) == CMK_CHANNEL_OK;
}

int serve_reads(seL4_Word node)
{
    static struct cmk_channel_end log, client;
    struct cmk_channel_end *const both[] = {&log, &client};
    char name[CMK_NAME_BYTES];
    seL4_Word peer;
    snprintf(name, sizeof(name), "reads of %lu", node);
    if (!connect_to("log", &log) || !publish(name) || !accept_one(name, &client, &peer)) {
        return EXIT_FAILURE;
    }
    size_t last = 0;
    for (bool stop = false; !stop;) {
        last = cmk_channel_wait_any(both, 2, last);
        if (last == 0 ? !apply_next(&log) : !answer(&client, &log, &stop)) {
            return EXIT_FAILURE;
        }
    }
    printf("%lu updates applied\n", version);
    return EXIT_SUCCESS;
}
