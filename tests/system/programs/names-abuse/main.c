/*
 * The name service has a client that abuses it: the last node asks without ever taking an answer,
 * publishes as many names as it can, and connects as often as it can. The others publish and
 * connect all the same. The argument says which: "silent", "names" or "connections".
 */
#include <cmk/mesh.h>
#include <cmk/names.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the library's inner parts: what cmk_channel_call sends first. */
enum cmk_channel_error channel_put(struct cmk_channel_end *end, enum cmk_message_kind kind,
                                   uint64_t tag, const void *data, size_t length);

enum { REQUEST_BYTES = 48 };

static const struct cmk_channel_geometry geometry = {8, 0};
static struct cmk_names names;
static struct cmk_doorbell bell;
static int failures;

/* Behind the name service's part of the shared region; zero at first. */
static struct {
    atomic_ulong joined, published, abused, done;
} * board;

static void check(bool good, const char *name)
{
    printf("%s %s\n", good ? "PASS" : "FAIL", name);
    failures += !good;
}

static void wait_for(const atomic_ulong *word, unsigned long value)
{
    while (atomic_load(word) < value) { /* bounded by the test's time limit */
        seL4_Yield();
    }
}

/* Requests, as long as there is room for them, and for a while afterwards. */
static void ask_and_take_nothing(void)
{
    unsigned char request[REQUEST_BYTES] = {1, 0, 0, 0, 1};
    unsigned long asked = 0;
    for (unsigned long i = 0; i < 20000; i++) {
        asked +=
            channel_put(&names.link, CMK_REQUEST, i, request, sizeof(request)) == CMK_CHANNEL_OK;
        seL4_Yield();
    }
    printf("asked %lu times\n", asked);
}

static void abuse(const char *how)
{
    struct cmk_channel_end end;
    char name[CMK_NAME_BYTES] = "x00";
    unsigned long got = 0;
    if (strcmp(how, "silent") == 0) {
        ask_and_take_nothing();
        return;
    }
    bool connect = strcmp(how, "connections") == 0;
    for (unsigned i = 0; i < 200; i++) {
        name[1] = (char)('0' + i / 64);
        name[2] = (char)('0' + i % 64);
        got += (connect ? cmk_names_connect(&names, "service", &end)
                        : cmk_names_publish(&names, name, geometry)) == CMK_NAMES_OK;
    }
    printf("got %lu of 200\n", got);
    check(got > 0 && got < 60, "a-node-gets-its-part-and-no-more");
}

static void serve(void)
{
    struct cmk_channel_end end;
    struct cmk_message message;
    uint64_t value = 0;
    seL4_Word node = 99;
    check(cmk_names_publish(&names, "second", geometry) == CMK_NAMES_OK,
          "another-node-can-still-publish");
    atomic_store(&board->published, 2);
    enum cmk_names_error error;
    do {
        while ((error = cmk_names_accept(&names, "service", &end, &node)) == CMK_NAMES_NONE) {
            cmk_doorbell_sleep(&bell);
        }
    } while (error == CMK_NAMES_OK && node != 0);
    check(error == CMK_NAMES_OK &&
              cmk_channel_receive(&end, &message, &value, sizeof(value)) == CMK_CHANNEL_OK &&
              cmk_channel_reply(&end, &message, &value, sizeof(value)) == CMK_CHANNEL_OK,
          "and-be-reached");
}

static void use(void)
{
    struct cmk_channel_end end;
    uint64_t value = 5, answer = 0;
    size_t length;
    check(cmk_names_connect(&names, "service", &end) == CMK_NAMES_OK &&
              cmk_channel_call(&end, &value, sizeof(value), &answer, sizeof(answer), &length) ==
                  CMK_CHANNEL_OK &&
              answer == value,
          "a-third-can-still-connect");
}

int main(int argc, char **argv)
{
    size_t bytes;
    const struct cmk_cluster *cluster = cmk_cluster();
    board = cmk_shared_program_memory(&bytes);
    if (argc < 2 || !board || cluster->num_nodes != 3 || !cmk_doorbell_create(&bell, 1) ||
        !cmk_names_start() || !cmk_names_join(&names, &bell)) {
        return EXIT_FAILURE;
    }
    (void)seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB,
                               200); /* below the service, for it spins here */
    atomic_fetch_add(&board->joined, 1);
    wait_for(&board->joined, 3);
    if (cluster->node_id == 1) {
        check(cmk_names_publish(&names, "service", geometry) == CMK_NAMES_OK,
              "a-name-is-published");
        atomic_store(&board->published, 1);
        wait_for(&board->abused, 1);
        serve();
    } else if (cluster->node_id == 2) {
        wait_for(&board->published, 1);
        abuse(argv[1]);
        atomic_store(&board->abused, 1);
    } else {
        wait_for(&board->published, 2);
        use();
    }
    atomic_fetch_add(&board->done, 1);
    wait_for(&board->done, 3); /* node 0 has the service */
    return failures;
}
