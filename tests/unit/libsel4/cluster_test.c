/*
 * The cluster's description: a good chunk is understood, at any alignment; a bad one is refused and
 * nothing of it kept.
 */
#include "suites.h"

#include <cmk/cluster.h>
#include <stdlib.h>
#include <string.h>

/* A chunk for a node 1 of three with 2, 1 and 4 CPUs, one channel, and three arguments. */
struct chunk {
    struct cmk_boot_info info;
    struct cmk_boot_node nodes[3];
    uint64_t apic_ids[7];
    char arguments[24];
};

static struct chunk good_chunk(void)
{
    struct chunk chunk;
    memset(&chunk, 0, sizeof(chunk));
    chunk.info = (struct cmk_boot_info){
        .id = ABI_CMK_BOOT_INFO_ID,
        .bytes = sizeof(chunk),
        .node_id = 1,
        .node_count = 3,
        .ipi_control_slot = 100,
        .node_control_slot = 101,
        .first_status_slot = 102,
        .shared = {.paddr = 0x200000, .bytes = 0x400000, .first_slot = 105, .slots = 2},
        .channel_count = 1,
        .channel = {{.number = 3, .peer = 2, .region = {0x800000, 0x200000, 107, 1}}},
        .nodes_offset = offsetof(struct chunk, nodes),
        .apic_ids_offset = offsetof(struct chunk, apic_ids),
        .apic_id_count = 7,
        .arguments_offset = offsetof(struct chunk, arguments),
        .argument_count = 3,
        .entry_tsc = 0x123456789ab,
        .devices_are_confined = 1,
    };
    const struct cmk_boot_node nodes[3] = {{2, 0, 0}, {1, 2, 1}, {4, 3, 0}};
    memcpy(chunk.nodes, nodes, sizeof(nodes));
    for (uint64_t i = 0; i < 7; i++) {
        chunk.apic_ids[i] = 10 * i;
    }
    memcpy(chunk.arguments, "node1\0a=1\0\0not reached", 23);
    return chunk;
}

/*
 * Parses a copy in memory of exactly its size, so that the address sanitizer sees every read beyond
 * it.
 */
static bool parse(const void *chunk, size_t bytes, size_t misalignment, struct cmk_cluster *cluster)
{
    char *memory = malloc(bytes + misalignment);
    memcpy(memory + misalignment, chunk, bytes);
    memset(cluster, 0xee, sizeof(*cluster));
    bool good = cmk_parse_cluster(memory + misalignment, bytes, cluster);
    free(memory);
    return good;
}

static void check_good(const struct cmk_cluster *cluster)
{
    ck_assert(cluster->node_id == 1 && cluster->num_nodes == 3);
    ck_assert(cluster->ipi_control == 100 && cluster->node_control == 101);
    ck_assert(cluster->shared.paddr == 0x200000 && cluster->shared.bytes == 0x400000);
    ck_assert(cluster->shared.first_slot == 105 && cluster->shared.num_frames == 2);
    ck_assert(cluster->num_channels == 1 && cluster->channels[0].number == 3 &&
              cluster->channels[0].peer == 2);
    ck_assert(cluster->channels[0].region.first_slot == 107);
    ck_assert(cluster->nodes[0].num_cpus == 2 && cluster->nodes[1].num_cpus == 1 &&
              cluster->nodes[2].num_cpus == 4);
    ck_assert(cluster->nodes[0].num_missing_cpus == 0 && cluster->nodes[1].num_missing_cpus == 1);
    ck_assert(cluster->nodes[0].apic_ids[1] == 10 && cluster->nodes[2].apic_ids[3] == 60);
    ck_assert(cluster->nodes[0].status_frame == 102 && cluster->nodes[2].status_frame == 104);
    ck_assert_uint_eq(cluster->entry_tsc, 0x123456789ab);
    ck_assert(cluster->devices_are_confined);
    ck_assert_int_eq(cluster->argc, 3);
    ck_assert_str_eq(cluster->argv[0], "node1");
    ck_assert_str_eq(cluster->argv[1], "a=1");
    ck_assert_str_eq(cluster->argv[2], "");
    ck_assert_ptr_null(cluster->argv[3]);
}

START_TEST(good_chunk_at_every_alignment)
{
    struct chunk chunk = good_chunk();
    struct cmk_cluster cluster;
    for (size_t misalignment = 0; misalignment < 8; misalignment++) {
        ck_assert(parse(&chunk, sizeof(chunk), misalignment, &cluster));
        check_good(&cluster);
    }
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    struct chunk chunk = good_chunk();
    struct cmk_cluster cluster;
    for (size_t bytes = 0; bytes < sizeof(chunk); bytes++) {
        ck_assert(!parse(&chunk, bytes, 0, &cluster));
        ck_assert_uint_eq(cluster.num_nodes, 0);
    }
}
END_TEST

/* Truncated, and saying so: nothing but the rest of the arguments may be missing. */
START_TEST(every_shorter_length_is_refused)
{
    struct cmk_cluster cluster;
    for (size_t bytes = 0; bytes < sizeof(struct chunk); bytes++) {
        struct chunk chunk = good_chunk();
        chunk.info.bytes = bytes;
        bool good = parse(&chunk, bytes, 0, &cluster);
        ck_assert_int_eq(good, bytes >= offsetof(struct chunk, arguments) + sizeof("node1\0a=1\0"));
    }
}
END_TEST

/* Each word of the fixed part that must be believable, with values that are not. */
START_TEST(every_unbelievable_word_is_refused)
{
    static const struct {
        size_t offset;
        uint64_t value;
    } bad[] = {
        {offsetof(struct cmk_boot_info, id), 5},
        {offsetof(struct cmk_boot_info, bytes), sizeof(struct chunk) + 1},
        {offsetof(struct cmk_boot_info, bytes), ~0ul},
        {offsetof(struct cmk_boot_info, node_id), 3},
        {offsetof(struct cmk_boot_info, node_id), ~0ul},
        {offsetof(struct cmk_boot_info, node_count), 0},
        {offsetof(struct cmk_boot_info, node_count), 1},
        {offsetof(struct cmk_boot_info, node_count), 65},
        {offsetof(struct cmk_boot_info, node_count), ~0ul},
        {offsetof(struct cmk_boot_info, channel_count), 17},
        {offsetof(struct cmk_boot_info, channel_count), ~0ul},
        {offsetof(struct cmk_boot_info, channel[0].peer), 1},
        {offsetof(struct cmk_boot_info, channel[0].peer), 3},
        {offsetof(struct cmk_boot_info, nodes_offset), sizeof(struct chunk) - 47},
        {offsetof(struct cmk_boot_info, nodes_offset), ~0ul - 15},
        {offsetof(struct cmk_boot_info, apic_ids_offset), sizeof(struct chunk) - 55},
        {offsetof(struct cmk_boot_info, apic_ids_offset), ~0ul},
        {offsetof(struct cmk_boot_info, apic_id_count), 6},
        {offsetof(struct cmk_boot_info, apic_id_count), 257},
        {offsetof(struct cmk_boot_info, apic_id_count), 1ul << 61},
        {offsetof(struct cmk_boot_info, arguments_offset), sizeof(struct chunk) + 1},
        {offsetof(struct cmk_boot_info, arguments_offset), ~0ul},
        {offsetof(struct cmk_boot_info, argument_count), 33},
        {offsetof(struct cmk_boot_info, argument_count), ~0ul},
        {offsetof(struct chunk, nodes[1].cpu_count), 0},
        {offsetof(struct chunk, nodes[1].cpu_count), 6},
        {offsetof(struct chunk, nodes[1].cpu_count), 65},
        {offsetof(struct chunk, nodes[2].first_cpu), 4},
        {offsetof(struct chunk, nodes[2].first_cpu), ~0ul},
    };
    struct cmk_cluster cluster;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct chunk chunk = good_chunk();
        memcpy((char *)&chunk + bad[i].offset, &bad[i].value, sizeof(uint64_t));
        ck_assert_msg(!parse(&chunk, sizeof(chunk), i % 8, &cluster), "bad word %zu was believed",
                      i);
        ck_assert(cluster.num_nodes == 0 && cluster.argc == 0);
    }
}
END_TEST

START_TEST(arguments_without_an_end_are_refused)
{
    struct chunk chunk = good_chunk();
    struct cmk_cluster cluster;
    memset(chunk.arguments, 'x', sizeof(chunk.arguments));
    ck_assert(!parse(&chunk, sizeof(chunk), 0, &cluster));
}
END_TEST

/*
 * Random words in random places: whatever is accepted stays inside the limits, and nothing is read
 * outside the chunk.
 */
START_TEST(random_chunks)
{
    struct cmk_cluster cluster;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        struct chunk chunk = good_chunk();
        for (int changes = rand() % 4; changes >= 0; changes--) {
            uint64_t value = (uint64_t)rand() << (rand() % 40) >> (rand() % 30);
            memcpy((char *)&chunk + (size_t)rand() % (sizeof(chunk) - 7), &value, sizeof(value));
        }
        if (parse(&chunk, sizeof(chunk), 0, &cluster)) {
            ck_assert(cluster.num_nodes <= ABI_CMK_MAX_NODES &&
                      cluster.node_id < cluster.num_nodes);
            ck_assert(cluster.num_channels <= ABI_CMK_MAX_CHANNELS &&
                      cluster.argc <= ABI_CMK_MAX_ARGUMENTS);
        }
    }
}
END_TEST

/* The extra region: three chunks without padding, of 20, 16 and 27 bytes. */
static size_t make_extra(char *extra)
{
    const seL4_BootInfoHeader headers[] = {{5, 20}, {0, 16}, {77, 27}};
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        memcpy(extra + at, &headers[i], sizeof(headers[i]));
        at += headers[i].len;
    }
    return at;
}

START_TEST(chunks_are_found)
{
    char extra[63] = {0};
    size_t bytes = 0;
    ck_assert_uint_eq(make_extra(extra), sizeof(extra));
    ck_assert_ptr_eq(cmk_find_chunk(extra, sizeof(extra), 5, &bytes), extra);
    ck_assert_uint_eq(bytes, 20);
    ck_assert_ptr_eq(cmk_find_chunk(extra, sizeof(extra), 77, &bytes), extra + 36);
    ck_assert_uint_eq(bytes, 27);
    ck_assert_ptr_null(cmk_find_chunk(extra, sizeof(extra), 78, &bytes));
    ck_assert_ptr_null(cmk_find_chunk(extra, sizeof(extra) - 1, 77, &bytes));
    ck_assert_ptr_null(cmk_find_chunk(extra, 0, 5, &bytes));
}
END_TEST

START_TEST(bad_chunk_lengths_end_the_search)
{
    static const seL4_Word lengths[] = {0, 15, 64, ~0ul};
    size_t bytes;
    for (size_t i = 0; i < 4; i++) {
        char *extra = malloc(63);
        memset(extra, 0, 63);
        make_extra(extra);
        memcpy(extra + 8, &lengths[i], 8);
        ck_assert_ptr_null(cmk_find_chunk(extra, 63, 77, &bytes));
        ck_assert_ptr_null(cmk_find_chunk(extra, 63, 5, &bytes));
        free(extra);
    }
}
END_TEST

Suite *cluster_suite(void)
{
    const TTest *const tests[] = {
        good_chunk_at_every_alignment,
        every_truncation_is_refused,
        every_shorter_length_is_refused,
        every_unbelievable_word_is_refused,
        arguments_without_an_end_are_refused,
        random_chunks,
        chunks_are_found,
        bad_chunk_lengths_end_the_search,
    };
    return SUITE_OF("cluster", tests);
}
