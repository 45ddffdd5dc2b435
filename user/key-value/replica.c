/* The nodes above 1: follow the writer's log, and answer reads. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

static struct table table;

/*
 * A read waits until the log has come as far as it asks: the writer sent that update before the
 * client knew of it.
 */
static bool answer(struct cmk_channel_end *client, struct cmk_channel_end *log, bool *stop)
{
    struct cmk_message message;
    struct request request;
    if (cmk_channel_try_receive(client, &message, &request, sizeof(request)) != CMK_CHANNEL_OK ||
        message.length != sizeof(request)) {
        return false;
    }
    while (request.method == READ && table.version < request.version) {
        if (!table_apply_next(&table, log)) {
            return false;
        }
    }
    struct reply reply = {request.key < KEYS ? table.values[request.key] : 0, table.version};
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
        if (last == 0 ? !table_apply_next(&table, &log) : !answer(&client, &log, &stop)) {
            return EXIT_FAILURE;
        }
    }
    printf("%lu updates applied\n", table.version);
    return EXIT_SUCCESS;
}
