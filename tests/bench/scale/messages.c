/*
 * IPC pairs: on each CPU a client calls a server, which answers. An operation is a call and its
 * reply, of one word.
 */
#include "scale.h"

struct server {
    _Alignas(64) seL4_CPtr endpoint;
    struct cmk_thread thread;
};

static struct server servers[MAX_WORKERS];

static void serve(void *argument)
{
    struct server *server = argument;
    seL4_Word word = 0, badge;
    seL4_MessageInfo_t info = seL4_RecvWithMRs(server->endpoint, &badge, &word, NULL, NULL, NULL);
    for (;;) {
        word++;
        info = seL4_ReplyRecvWithMRs(server->endpoint, info, &badge, &word, NULL, NULL, NULL);
    }
}

static bool prepare(struct worker *worker)
{
    struct server *server = &servers[worker->cpu];
    server->endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    return server->endpoint != 0 &&
           cmk_create_thread(&server->thread, worker->cpu, WORKER_PRIORITY, serve, server);
}

static void run(struct worker *worker)
{
    seL4_CPtr endpoint = servers[worker->cpu].endpoint;
    while (!is_over(worker)) {
        seL4_Word word = worker->operations;
        seL4_CallWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 1), &word, NULL, NULL, NULL);
        worker->failed |= word != worker->operations + 1;
        worker->operations++;
        think(worker->think);
    }
}

const struct workload ipc = {"ipc", "call and reply between two threads of a CPU", prepare, run,
                             NULL};
