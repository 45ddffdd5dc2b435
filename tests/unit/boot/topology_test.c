/*
 * Which CPUs share what (boot/plan/topology.h), from CPUID leaves as CPUs of several makers have.
 */
#include "suites.h"
#include <boot/plan/topology.h>

/* One answer; subleaf -1: of every subleaf. */
struct row {
    uint32_t leaf;
    int subleaf;
    struct cpuid_leaf answer;
};

static const struct row *rows;

/* What a CPU does not have is 0, but for the leaves that repeat the highest one: none is asked. */
static struct cpuid_leaf ask(uint32_t leaf, uint32_t subleaf)
{
    for (const struct row *row = rows; row->leaf != ~0u; row++) {
        if (row->leaf == leaf && (row->subleaf == -1 || (uint32_t)row->subleaf == subleaf)) {
            return row->answer;
        }
    }
    return (struct cpuid_leaf){0, 0, 0, 0};
}

#define END                                                                                        \
    {                                                                                              \
        ~0u, 0,                                                                                    \
        {                                                                                          \
            0, 0, 0, 0                                                                             \
        }                                                                                          \
    }
#define CACHE(kind, level, ids)                                                                    \
    {                                                                                              \
        (kind) | (level) << 5 | ((ids)-1) << 14, 0, 0, 0                                           \
    }

/* 8 cores with 2 threads, one L3 for all, 16 APIC ids. */
static const struct row desktop[] = {
    {0, -1, {0xb, 0, 0, 0}},     {4, 0, CACHE(1, 1, 2)},
    {4, 1, CACHE(2, 1, 2)},      {4, 2, CACHE(3, 2, 2)},
    {4, 3, CACHE(3, 3, 16)},     {0xb, 0, {1, 2, 0x100, 0}},
    {0xb, 1, {4, 16, 0x201, 0}}, END,
};

/* Tiles below the package: leaf 0x1f has more levels than 0xb. */
static const struct row server[] = {
    {0, -1, {0x1f, 0, 0, 0}},     {4, 0, CACHE(3, 2, 2)},        {4, 1, CACHE(3, 3, 128)},
    {0xb, 0, {1, 2, 0x100, 0}},   {0xb, 1, {6, 64, 0x201, 0}},   {0x1f, 0, {1, 2, 0x100, 0}},
    {0x1f, 1, {5, 32, 0x201, 0}}, {0x1f, 2, {7, 128, 0x502, 0}}, END,
};

/* The other maker: no leaf 4, caches in an extended leaf, 16 ids to an L3 and 128 to a package. */
static const struct row chiplets[] = {
    {0, -1, {0x10, 0, 0, 0}},
    {0x80000000, -1, {0x8000001f, 0, 0, 0}},
    {0x80000001, -1, {0, 0, 1u << 22, 0}},
    {0x8000001d, 0, CACHE(1, 1, 2)},
    {0x8000001d, 1, CACHE(2, 1, 2)},
    {0x8000001d, 2, CACHE(3, 2, 2)},
    {0x8000001d, 3, CACHE(3, 3, 16)},
    {0xb, 0, {1, 2, 0x100, 0}},
    {0xb, 1, {7, 128, 0x201, 0}},
    END,
};

/* Before all these leaves; 6 logical CPUs take 8 APIC ids. */
static const struct row old[] = {{0, -1, {1, 0, 0, 0}}, {1, -1, {0, 6u << 16, 0, 1u << 28}}, END};
static const struct row oldest[] = {{0, -1, {1, 0, 0, 0}}, END};

/* Endless lists end. */
static const struct row mad[] = {{0, -1, {0xffffffff, 0, 0, 0}},
                                 {4, -1, CACHE(1, 1, 4096)},
                                 {0x1f, -1, {0xffffffff, 1, 0x900, 0}},
                                 END};

static const struct {
    const struct row *rows;
    struct topology expected;
} cpus[] = {
    {desktop, {1, 4, 4}},
    {server, {1, 7, 7}},
    {chiplets, {1, 4, 7}},
    {old, {0, TOPOLOGY_UNKNOWN, 3}},
    {oldest, {0, TOPOLOGY_UNKNOWN, 0}},
    {mad, {0, 12, 31}},
};

START_TEST(sharing_is_read)
{
    rows = cpus[_i].rows;
    struct topology found = read_topology(ask);
    ck_assert_uint_eq(found.core, cpus[_i].expected.core);
    ck_assert_uint_eq(found.last_level_cache, cpus[_i].expected.last_level_cache);
    ck_assert_uint_eq(found.package, cpus[_i].expected.package);
}
END_TEST

Suite *topology_suite(void)
{
    Suite *suite = suite_create("topology");
    TCase *tests = tcase_create("leaves");
    tcase_add_loop_test(tests, sharing_is_read, 0, sizeof(cpus) / sizeof(cpus[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
