/*
 * Ping-pong between nodes 0 and 1, with latency figures: the time of a round trip of one-line
 * messages when both sides spin, when both sleep and are woken by IPIs, and of calls. Figures from
 * an emulator say nothing about hardware.
 */
#include <cmk/mesh.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS     1000
#define WARM_UP    50
#define NEVER_NAPS 0x7fffffff

static struct cmk_mesh mesh;
static struct cmk_doorbell bell;

static uint64_t tsc_per_microsecond(void)
{
    uint32_t megahertz = 0;
    size_t bytes;
    const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
    if (chunk && bytes >= sizeof(seL4_BootInfoHeader) + sizeof(megahertz)) {
        memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    return megahertz ? megahertz : 1;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, uint64_t *times)
{
    uint64_t rate = tsc_per_microsecond();
    qsort(times, ROUNDS, sizeof(times[0]), compare);
    printf("%s: round trip least %lu, median %lu, 99th percentile %lu cycles (%lu.%02lu us at the "
           "median)\n",
           what, times[0], times[ROUNDS / 2], times[ROUNDS * 99 / 100], times[ROUNDS / 2] / rate,
           times[ROUNDS / 2] % rate * 100 / rate);
}

static bool ping(struct cmk_channel_end *end, const char *what, bool call)
{
    static uint64_t times[ROUNDS];
    for (int i = -WARM_UP; i < ROUNDS; i++) {
        struct cmk_message message;
        uint64_t number = (uint64_t)i, answer = 0;
        size_t length;
        uint64_t start = __builtin_ia32_rdtsc();
        enum cmk_channel_error error;
        if (call) {
            error =
                cmk_channel_call(end, &number, sizeof(number), &answer, sizeof(answer), &length);
        } else {
            error = cmk_channel_send(end, 0, &number, sizeof(number));
            error = error ? error : cmk_channel_receive(end, &message, &answer, sizeof(answer));
        }
        if (error != CMK_CHANNEL_OK || answer != number) {
            printf("%s: error %d\n", what, error);
            return false;
        }
        times[i < 0 ? 0 : i] = __builtin_ia32_rdtsc() - start;
    }
    print_times(what, times);
    return true;
}

static bool pong(struct cmk_channel_end *end, bool call)
{
    for (int i = -WARM_UP; i < ROUNDS; i++) {
        struct cmk_message message;
        uint64_t number;
        enum cmk_channel_error error = cmk_channel_receive(end, &message, &number, sizeof(number));
        if (error == CMK_CHANNEL_OK) {
            error = call ? cmk_channel_reply(end, &message, &number, sizeof(number))
                         : cmk_channel_send(end, 0, &number, sizeof(number));
        }
        if (error != CMK_CHANNEL_OK) {
            printf("error %d\n", error);
            return false;
        }
    }
    return true;
}

int main(void)
{
    size_t bytes;
    void *memory = cmk_shared_program_memory(&bytes);
    if (!memory || cmk_cluster()->num_nodes < 2 || !cmk_doorbell_create(&bell, 1) ||
        !cmk_mesh_open(&mesh, memory, (struct cmk_channel_geometry){16, 0}, &bell)) {
        printf("this needs two nodes and shared memory\n");
        return EXIT_FAILURE;
    }
    if (mesh.self > 1) {
        return EXIT_SUCCESS;
    }
    struct cmk_channel_end *end = &mesh.end[1 - mesh.self];
    static const struct {
        const char *name;
        unsigned spins;
        bool call;
    } parts[] = {{"spinning", NEVER_NAPS, false},
                 {"sleeping", 1, false},
                 {"calls, spinning", NEVER_NAPS, true}};
    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        end->spins = parts[i].spins;
        if (mesh.self == 0 ? !ping(end, parts[i].name, parts[i].call) : !pong(end, parts[i].call)) {
            return EXIT_FAILURE;
        }
    }
    printf("slept %lu times, rang %lu times\n", end->naps, end->rings);
    return EXIT_SUCCESS;
}
