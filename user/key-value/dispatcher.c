/*
 * Node 0: runs a client's operations against the writer and the replicas, and checks what they
 * answer.
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

#define OPERATIONS 3000

static struct cmk_channel_end writer, replica[MAX_PEERS];
static bool replica_is_dead[MAX_PEERS];
static uint64_t reads_of[MAX_PEERS];

static enum cmk_channel_error call(struct cmk_channel_end *end, struct request request,
                                   struct reply *reply)
{
    size_t length = 0;
    enum cmk_channel_error error =
        cmk_channel_call(end, &request, sizeof(request), reply, sizeof(*reply), &length);
    return error == CMK_CHANNEL_OK && length != sizeof(*reply) ? CMK_CHANNEL_BROKEN : error;
}

/* The replicas take turns; one that died is left out. False when none is left. */
static bool read_somewhere(struct request request, seL4_Word replicas, seL4_Word *turn,
                           struct reply *reply)
{
    for (seL4_Word tries = 0; tries < replicas; tries++) {
        seL4_Word which = (*turn)++ % replicas;
        if (replica_is_dead[which]) {
            continue;
        }
        enum cmk_channel_error error = call(&replica[which], request, reply);
        if (error == CMK_CHANNEL_OK) {
            reads_of[which]++;
            return true;
        }
        printf("the replica on node %lu is out (error %d)\n", WRITER + 1 + which, error);
        replica_is_dead[which] = true;
    }
    return false;
}

static int run(seL4_Word replicas)
{
    static uint64_t expected[KEYS];
    uint64_t version = 0, mistakes = 0, writes = 0;
    seL4_Word turn = 0;
    struct reply reply;
    for (uint64_t i = 0; i < OPERATIONS; i++) {
        uint64_t key = i * 7919 % KEYS;
        if (i % 5 == 0) {
            if (call(&writer, (struct request){WRITE, key, i + 1, 0}, &reply) != CMK_CHANNEL_OK) {
                return EXIT_FAILURE;
            }
            expected[key] = i + 1;
            version = reply.version;
            writes++;
        } else {
            if (!read_somewhere((struct request){READ, key, 0, version}, replicas, &turn, &reply)) {
                return EXIT_FAILURE;
            }
            mistakes += reply.value != expected[key] || reply.version < version;
        }
    }
    for (seL4_Word i = 0; i < replicas; i++) {
        printf("%lu reads from node %lu\n", reads_of[i], WRITER + 1 + i);
        (void)call(&replica[i], (struct request){STOP, 0, 0, 0}, &reply);
    }
    (void)call(&writer, (struct request){STOP, 0, 0, 0}, &reply);
    printf("%d operations, %lu of them writes, %lu wrong answers\n", OPERATIONS, writes, mistakes);
    return mistakes == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int dispatch(seL4_Word replicas)
{
    char name[CMK_NAME_BYTES];
    if (!connect_to("writer", &writer)) {
        return EXIT_FAILURE;
    }
    for (seL4_Word i = 0; i < replicas; i++) {
        snprintf(name, sizeof(name), "reads of %lu", WRITER + 1 + i);
        if (!connect_to(name, &replica[i])) {
            return EXIT_FAILURE;
        }
    }
    return run(replicas);
}
