/*
 * Status pages, the name service, barrier and broadcast, and a sleeping reader whose peer dies. All
 * nodes run it; the last node dies on the way, by the argument's way: "exit", "assert" or "crash".
 */
#include "tests.h"

#include <cmk/names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmk_cluster *cluster;
struct cmk_mesh mesh;
static struct cmk_doorbell bell;
static struct cmk_names names;
static int failures;

void check(bool good, const char *name)
{
    char word[128];
    size_t i = 0;
    for (; name[i] && i + 1 < sizeof(word); i++) {
        word[i] = name[i] == ' ' ? '-' : name[i];
    }
    word[i] = '\0';
    printf("%s %s\n", good ? "PASS" : "FAIL", word); /* a test's name is one word */
    failures += !good;
}

static void test_mesh(void)
{
    bool good = true;
    for (int i = 0; i < 50; i++) {
        good = good && cmk_mesh_barrier(&mesh) == CMK_CHANNEL_OK;
    }
    check(good, "fifty barriers");
    char text[200];
    for (uint64_t i = 0; i < 60; i++) {
        seL4_Word root = i % mesh.num_nodes;
        memset(text, mesh.self == root ? (int)(i + 1) : 0, sizeof(text));
        good = good && cmk_mesh_broadcast(&mesh, root, text, 1 + i * 3) == CMK_CHANNEL_OK;
        for (uint64_t j = 0; j < 1 + i * 3; j++) {
            good = good && text[j] == (char)(i + 1);
        }
    }
    check(good, "broadcasts of many lengths from every node");
    check(cmk_mesh_broadcast(&mesh, mesh.num_nodes, text, 1) == CMK_CHANNEL_UNEXPECTED,
          "no broadcast from nobody");
}

static void test_names(void)
{
    static struct cmk_channel_end end;
    static const struct cmk_channel_geometry geometry = {8, 0};
    seL4_Word node;
    uint64_t value = 5, answer = 0;
    size_t length;
    struct cmk_message message;
    check(cmk_names_connect(&names, "nobody", &end) == CMK_NAMES_NONE,
          "an unknown name is not found");
    check(cmk_names_publish(&names, "a name that is much longer than names can be", geometry) ==
              CMK_NAMES_WRONG,
          "a name that is too long is refused");
    check(cmk_names_publish(&names, "bad", (struct cmk_channel_geometry){3, 0}) == CMK_NAMES_WRONG,
          "an impossible geometry is refused");
    if (mesh.self == 1) {
        check(cmk_names_publish(&names, "echo", geometry) == CMK_NAMES_OK, "a name is published");
    }
    cmk_mesh_barrier(&mesh);
    check(cmk_names_publish(&names, "echo", geometry) == CMK_NAMES_TAKEN,
          "and belongs to who came first");
    cmk_mesh_barrier(&mesh);
    if (mesh.self == 0) {
        check(cmk_names_accept(&names, "echo", &end, &node) == CMK_NAMES_WRONG,
              "only its owner accepts connections");
        check(cmk_names_connect(&names, "echo", &end) == CMK_NAMES_OK &&
                  cmk_channel_call(&end, &value, sizeof(value), &answer, sizeof(answer), &length) ==
                      CMK_CHANNEL_OK &&
                  answer == 6,
              "a call through a channel that the name service made");
    } else if (mesh.self == 1) {
        enum cmk_names_error error;
        while ((error = cmk_names_accept(&names, "echo", &end, &node)) == CMK_NAMES_NONE) {
            cmk_doorbell_sleep(&bell);
        }
        check(error == CMK_NAMES_OK && node == 0 &&
                  cmk_channel_receive(&end, &message, &value, sizeof(value)) == CMK_CHANNEL_OK,
              "its owner accepts the connection and gets the call");
        value++;
        check(cmk_channel_reply(&end, &message, &value, sizeof(value)) == CMK_CHANNEL_OK,
              "and answers it");
    }
    cmk_mesh_barrier(&mesh);
}

static void die(const char *how)
{
    /* Time for the others to fall asleep. */
    uint64_t ticks = cmk_node_ticks(cmk_node_status(mesh.self));
    while (cmk_node_ticks(cmk_node_status(mesh.self)) < ticks + 50) {
        seL4_Yield();
    }
    if (strcmp(how, "assert") == 0) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_ASSERT, 0);
    } else if (strcmp(how, "crash") == 0) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    }
    exit(5);
}

/* irq 15 wakes the sleeper; then its channel says why. */
static void test_dead_peer(seL4_Word victim, const char *how)
{
    struct cmk_message message;
    struct cmk_channel_end *end = &mesh.end[victim];
    const struct cmk_status_page *page = cmk_node_status(victim);
    uint64_t naps = end->naps;
    end->spins = 1;
    check(cmk_channel_receive(end, &message, NULL, 0) == CMK_CHANNEL_DEAD && end->naps > naps,
          "a sleeping reader wakes up when its peer's node ends");
    check(cmk_channel_send(end, 0, NULL, 0) == CMK_CHANNEL_DEAD &&
              cmk_channel_call(end, NULL, 0, NULL, 0, &(size_t){0}) == CMK_CHANNEL_DEAD,
          "nothing can be sent to it any more");
    if (strcmp(how, "assert") == 0) {
        check(page->state == CMK_STATUS_STOPPED && strstr(page->reason, "asked to fail") != NULL,
              "its status page says that it stopped, and why");
    } else {
        check(page->state == CMK_STATUS_EXITED &&
                  page->exit_status == (strcmp(how, "crash") == 0 ? CMK_FAULT_STATUS : 5),
              "its status page says with what status it ended");
    }
    check(cmk_mesh_barrier(&mesh) == CMK_CHANNEL_OK, "barriers go on without it");
}

int main(int argc, char **argv)
{
    size_t bytes;
    cluster = cmk_cluster();
    void *memory = cmk_shared_program_memory(&bytes);
    if (argc < 2 || !memory || cluster->num_nodes < 3 || !cmk_doorbell_create(&bell, 1) ||
        !cmk_mesh_open(&mesh, memory, (struct cmk_channel_geometry){16, 0}, &bell) ||
        !cmk_names_start() || !cmk_names_join(&names, &bell)) {
        printf("cannot start\n");
        return 99;
    }
    cmk_mesh_barrier(&mesh);
    test_status_pages();
    test_foreign_channel();
    test_mesh();
    test_names();
    cmk_mesh_barrier(&mesh);
    seL4_Word victim = mesh.num_nodes - 1;
    if (mesh.self == victim) {
        die(argv[1]);
    }
    test_dead_peer(victim, argv[1]);
    return failures;
}
