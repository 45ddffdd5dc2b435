/*
 * The workloads, one after the other, on all CPUs of all nodes. Arguments, in any order:
 *
 *   NAME[:THINK]
 *   a workload, with so many rounds of work in user mode per operation; all of them if none is
 *   named
 *   cycles=N       the stretch, in cycles of the time stamp counter
 *   margin=N       how long before it all workers are called
 *   active=N       only the first N CPUs of each node work
 *   stagger=N      how many cycles each worker of a node begins after the one before it (0)
 *   mark=1
 *   node 0's first worker stops Bochs's debugger at the beginning and at the end of each stretch
 *
 * Prints a line for each worker: "scale NAME:THINK cpu C operations N", and LATE behind it if the
 * worker did not begin in time, so that the figures are worthless. Status 1 if a call failed, or
 * counters that must agree do not.
 */
#include "scale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct workload *const all[] = {&compute, &ipc,  &map,      &pager,
                                             &notify,  &ring, &key_value};
#define NUM_WORKLOADS (sizeof(all) / sizeof(all[0]))

struct run {
    const struct workload *workload;
    uint64_t think;
};

struct worker workers[MAX_WORKERS];
seL4_Word num_workers;
struct cmk_mesh mesh;
struct shared *shared;

static struct cmk_doorbell bell;
static seL4_CPtr done; /* notification; each worker signals when it is */
static _Atomic seL4_Word num_done;
static const struct workload *current;

static struct run runs[MAX_RUNS];
static unsigned num_runs;
static uint64_t cycles = 2000000, margin = 1000000, stagger;
static seL4_Word active = MAX_WORKERS;
static bool mark;

static bool add_run(const char *name)
{
    size_t length = strcspn(name, ":");
    for (unsigned i = 0; i < NUM_WORKLOADS; i++) {
        if (strlen(all[i]->name) == length && strncmp(all[i]->name, name, length) == 0 &&
            num_runs < MAX_RUNS) {
            runs[num_runs++] =
                (struct run){all[i], name[length] ? strtoul(name + length + 1, NULL, 0) : 0};
            return true;
        }
    }
    return false;
}

static bool parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        uint64_t number = value ? strtoul(value + 1, NULL, 0) : 0;
        if (strncmp(argv[i], "cycles=", 7) == 0) {
            cycles = number;
        } else if (strncmp(argv[i], "margin=", 7) == 0) {
            margin = number;
        } else if (strncmp(argv[i], "active=", 7) == 0) {
            active = number;
        } else if (strncmp(argv[i], "stagger=", 8) == 0) {
            stagger = number;
        } else if (strncmp(argv[i], "mark=", 5) == 0) {
            mark = number != 0;
        } else if (!add_run(argv[i])) {
            printf("what is '%s'?\n", argv[i]);
            return false;
        }
    }
    for (unsigned i = 0; num_runs == 0 && i < NUM_WORKLOADS; i++) {
        runs[i] = (struct run){all[i], 0};
    }
    num_runs = num_runs ? num_runs : NUM_WORKLOADS;
    return true;
}

/* Bochs's magic break: does nothing elsewhere. */
static void stop_debugger(const struct worker *worker)
{
    if (mark && mesh.self == 0 && worker->cpu == 0) {
        __asm__ volatile("xchg %bx, %bx");
    }
}

static void work(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        seL4_Wait(worker->go, NULL);
        worker->late = time_stamp() >= worker->start;
        while (time_stamp() < worker->start + stagger * worker->cpu) {
            __builtin_ia32_pause();
        }
        stop_debugger(worker);
        current->run(worker);
        stop_debugger(worker);
        atomic_fetch_add(&num_done, 1);
        seL4_Signal(done);
    }
}

static bool start_workers(void)
{
    seL4_Word cpus = cmk_cluster()->nodes[mesh.self].num_cpus;
    num_workers = active < cpus ? active : cpus;
    done = cmk_alloc_object(seL4_NotificationObject, 0);
    for (seL4_Word cpu = 0; cpu < num_workers; cpu++) {
        struct worker *worker = &workers[cpu];
        worker->cpu = cpu;
        worker->go = cmk_alloc_object(seL4_NotificationObject, 0);
        if (worker->go == 0 ||
            !cmk_create_thread(&worker->thread, cpu, WORKER_PRIORITY, work, worker)) {
            return false;
        }
    }
    return done != 0 && num_workers > 0;
}

/* Once for each workload that is run, however often. */
static bool prepare_all(void)
{
    for (unsigned i = 0; i < num_runs; i++) {
        bool known = false;
        for (unsigned j = 0; j < i; j++) {
            known |= runs[j].workload == runs[i].workload;
        }
        for (seL4_Word cpu = 0; cpu < num_workers && !known; cpu++) {
            if (!runs[i].workload->prepare(&workers[cpu])) {
                printf("cannot prepare %s\n", runs[i].workload->name);
                return false;
            }
        }
    }
    return true;
}

/*
 * When all nodes have come, node 0 says when it starts; behind the second barrier the others read
 * it.
 */
static bool agree(unsigned number, uint64_t *start)
{
    if (cmk_mesh_barrier(&mesh) != CMK_CHANNEL_OK) {
        return false;
    }
    if (mesh.self == 0) {
        atomic_store_explicit(&shared->start[number], time_stamp() + margin, memory_order_release);
    }
    if (cmk_mesh_barrier(&mesh) != CMK_CHANNEL_OK) {
        return false;
    }
    *start = atomic_load_explicit(&shared->start[number], memory_order_acquire);
    return true;
}

static bool report(const struct run *run)
{
    bool good = true;
    for (seL4_Word cpu = 0; cpu < num_workers; cpu++) {
        const struct worker *worker = &workers[cpu];
        printf("scale %s:%lu cpu %lu operations %lu%s%s\n", run->workload->name, run->think, cpu,
               worker->operations, worker->late ? " LATE" : "", worker->failed ? " FAILED" : "");
        good &= !worker->failed;
    }
    return good;
}

static bool carry_out(unsigned number)
{
    const struct run *run = &runs[number];
    uint64_t start;
    if (!agree(number, &start)) {
        return false;
    }
    current = run->workload;
    num_done = 0;
    for (seL4_Word cpu = num_workers; cpu-- > 0;) {
        workers[cpu].start = start;
        workers[cpu].end = start + cycles;
        workers[cpu].think = run->think;
        workers[cpu].operations = 0;
        workers[cpu].failed = false;
        seL4_Signal(workers[cpu].go);
    }
    while (num_done < num_workers) {
        seL4_Wait(done, NULL);
    }
    bool good = !run->workload->finish || run->workload->finish();
    return report(run) && good;
}

int main(int argc, char **argv)
{
    static const struct cmk_channel_geometry geometry = {64, 0};
    size_t bytes;
    unsigned char *memory = cmk_shared_program_memory(&bytes);
    if (!parse(argc, argv) || !memory || !cmk_doorbell_create(&bell, 1) ||
        sizeof(*shared) + cmk_mesh_bytes(cmk_cluster()->num_nodes, geometry) > bytes ||
        !cmk_mesh_open(&mesh, memory + sizeof(*shared) / 64 * 64 + 64, geometry, &bell)) {
        printf("this needs shared memory, and arguments that make sense\n");
        return EXIT_FAILURE;
    }
    shared = (struct shared *)memory;
    if (!start_workers() || !prepare_all()) {
        printf("something is used up\n");
        return EXIT_FAILURE;
    }
    bool good = true;
    for (unsigned i = 0; i < num_runs; i++) {
        good &= carry_out(i);
    }
    printf("scale cycles %lu %s\n", cycles, good ? "ok" : "NOT OK");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
