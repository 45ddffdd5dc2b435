/* Waits for the other node that end when a moment has come. */
#include "timers.h"

#include <cmk/mesh.h>
#include <cmk/names.h>
#include <cmk/node_status.h>
#include <stdlib.h>

enum { MESSAGES = 50 };

static const struct cmk_channel_geometry geometry = {16, 0};

/* Node 1 sends after it has slept; node 0 gives up again and again until it comes. */
static void test_receive(struct cmk_channel_end *end)
{
    struct cmk_message message;
    uint64_t data = 0;
    bool good = true;
    if (cluster->node_id == 1) {
        for (uint64_t i = 0; i < MESSAGES; i++) {
            uint64_t asked;
            good = good && cmk_channel_receive(end, &message, &asked, 8) == CMK_CHANNEL_OK;
            cmk_sleep(i % 5 * 400000);
            good = good && cmk_channel_send(end, i, &i, 8) == CMK_CHANNEL_OK;
        }
        check(good, "the-sender-sleeps-before-it-sends");
        return;
    }
    unsigned timed_out = 0;
    uint64_t moment = cmk_moment_in(2000000);
    good = cmk_channel_receive_until(end, &message, &data, 8, moment) == CMK_CHANNEL_TIMED_OUT &&
           cmk_now() >= moment;
    check(good, "a-receiver-gives-up-when-the-moment-has-come");
    for (uint64_t i = 0; i < MESSAGES; i++) {
        good = good && cmk_channel_send(end, i, &i, 8) == CMK_CHANNEL_OK;
        enum cmk_channel_error error;
        while ((error = cmk_channel_receive_until(
                    end, &message, &data, 8, cmk_moment_in(300000))) == CMK_CHANNEL_TIMED_OUT) {
            timed_out++;
        }
        good = good && error == CMK_CHANNEL_OK && message.tag == i && data == i;
    }
    check(good && timed_out > 0, "no-message-is-lost-to-one-that-gives-up");
}

static void test_names(struct cmk_doorbell *bell)
{
    struct cmk_names names;
    struct cmk_channel_end end;
    seL4_Word node;
    bool good = cmk_names_join(&names, bell);
    uint64_t moment = cmk_moment_in(60000000000);
    if (cluster->node_id == 0) {
        good = good && cmk_names_publish_until(&names, "timed", geometry, moment) == CMK_NAMES_OK;
        enum cmk_names_error error;
        while ((error = cmk_names_accept_until(&names, "timed", &end, &node, moment)) ==
               CMK_NAMES_NONE) {
            cmk_sleep(500000);
        }
        good = good && error == CMK_NAMES_OK && node == 1;
    } else {
        enum cmk_names_error error;
        while ((error = cmk_names_connect_until(&names, "timed", &end, moment)) == CMK_NAMES_NONE) {
            cmk_sleep(500000);
        }
        good = good && error == CMK_NAMES_OK;
    }
    check(good, "names-are-found-in-time");
}

/* The last thing: a mesh whose barrier timed out cannot go on. */
static void test_mesh(struct cmk_mesh *mesh)
{
    bool good = cmk_mesh_barrier_until(mesh, cmk_moment_in(60000000000)) == CMK_CHANNEL_OK;
    uint64_t word = cluster->node_id == 0 ? 77 : 0;
    good =
        good &&
        cmk_mesh_broadcast_until(mesh, 0, &word, 8, cmk_moment_in(60000000000)) == CMK_CHANNEL_OK &&
        word == 77;
    check(good, "barrier-and-broadcast-in-time");
    if (cluster->node_id == 1) {
        uint64_t moment = cmk_moment_in(3000000);
        check(cmk_mesh_barrier_until(mesh, moment) == CMK_CHANNEL_TIMED_OUT && cmk_now() >= moment,
              "a-barrier-to-which-a-node-does-not-come-ends");
    } else {
        (void)cmk_channel_receive(&mesh->end[1], &(struct cmk_message){0}, NULL, 0);
        while (cmk_node_has_ended(cmk_node_status(1)) == false) {
            cmk_sleep(1000000);
        }
    }
}

void test_between_nodes(void)
{
    static struct cmk_doorbell bell;
    static struct cmk_mesh mesh;
    size_t bytes;
    if (!cmk_names_start() || !cmk_doorbell_create(&bell, 1) ||
        !cmk_mesh_open(&mesh, cmk_shared_program_memory(&bytes), geometry, &bell)) {
        exit(2);
    }
    test_receive(&mesh.end[1 - cluster->node_id]);
    test_names(&bell);
    test_mesh(&mesh);
}
