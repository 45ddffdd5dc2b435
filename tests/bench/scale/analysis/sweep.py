"""
`tests/bench/scale/run simulate`: the workloads on machines of up to 256 CPUs with caches, in
every shape whose node size is a power of two, and beside it on the kernel with fine-grained
locks. CMK itself has at most 64 nodes, and 64 CPUs in a node.
"""
import json
import os

from cmklib.places import BUILD
from analysis import fine, hardware
from analysis.programs import WRITES, simulate

RESULT = os.path.join(BUILD, "scale", "simulated.json")
# pager is like map without calls to the door
NAMES = ("ipc", "map", "notify", "ring", "kv", "kv100")
MACHINES = ("milan", "icelake")
THINKS = (0, 2000, 20000)  # instructions in user mode that come to each operation
# Each node of the store looks at all others: too long to simulate for more, and more nodes than CMK
# has.
MOST_CPUS = {"kv": 64, "kv100": 64}
OPERATION = 2500  # cycles of a rough operation under the lock
SHARE = 0.9
THINK_STEPS = (0,) + tuple(250 * 2**step for step in range(14))
RING_STARTS = (0, 10000)


def sizes(cpus):
    size, result = 1, []
    while size <= cpus:
        result.append(size)
        size *= 2
    return result


def stretch(name, cpus, think):
    """Long enough that each CPU of a saturated node finishes some operations; and its beginning,
    which is left out.
    """
    # that a CPU should see: few CPUs must count more, or a rate has few digits
    rounds = max(12, 400 // cpus)
    until = rounds * (OPERATION * cpus + think + 5000)
    if name in WRITES:  # all nodes are simulated, so many CPUs that fewer rounds do
        until = max(600_000, 12 * (1000 * cpus + think))
    return until, until / 4


def rate(profile, name, nodes, cpus, machine, think):
    until, warm_up = stretch(name, cpus, think)
    starts = RING_STARTS if name == "ring" and cpus > 1 else (0,)
    rates = [
        simulate(profile, name, nodes, cpus, machine, until, think, warm_up, stagger=start)[1]
        for start in starts
    ]
    return sum(rates) / len(rates)


def clustered(profile, machine, name, cpus, think, known):
    """By node size. `known` keeps what one node does that never meets others, for other numbers of
    them.
    """
    result = {}
    for size in sizes(cpus):
        if name in WRITES:
            result[str(size)] = rate(profile, name, cpus // size, size, machine, think)
            continue
        if (name, size, think) not in known:
            known[name, size, think] = rate(profile, name, 1, size, machine, think)
        result[str(size)] = known[name, size, think] * (cpus // size)
    return result


def fine_grained(profile, machine, name, cpus, think, shared):
    # Operations do not wait for one lock, but for a line or an address space that all share.
    until, warm_up = stretch(name, max(8, cpus // 4), think)
    return fine.simulate(profile, name, cpus, machine, until, think, warm_up, shared)[1]


def sweep(profile, say, cpu_counts=(64, 256), machines=MACHINES, thinks=THINKS, names=NAMES):
    """A list of results: throughput by node size, that of fine-grained locks, of one CPU; all per
    million cycles.
    """
    results = []
    for machine_name in machines:
        machine, known = hardware.load(machine_name, profile["hand_over"]), {}
        for name in names:
            for think in thinks:
                one = rate(profile, name, 1, 1, machine, think)
                for cpus in cpu_counts:
                    if cpus > MOST_CPUS.get(name, cpus):
                        continue
                    results.append({
                        "machine": machine_name,
                        "workload": name,
                        "think": think,
                        "cpus": cpus,
                        "one": one,
                        "clustered": clustered(profile, machine, name, cpus, think, known),
                        "fine_shared": fine_grained(profile, machine, name, cpus, think, True),
                        "fine_separate": fine_grained(profile, machine, name, cpus, think, False)
                    })
                    say(summary(results[-1]))
    return results


def summary(result):
    one = result["one"]
    text = " ".join(f"{size}:{value / one:.1f}" for size, value in result["clustered"].items())
    return (
        f"{result['machine']} {result['workload']}+{result['think']} {result['cpus']} CPUs: {text}"
        f" fine {result['fine_shared'] / one:.1f}..{result['fine_separate'] / one:.1f}")


def break_even(profile, machine, name, cpus, share=SHARE):
    """
    The fewest instructions in user mode per operation, of THINK_STEPS, with which a node of so
    many CPUs does at least this share of what as many nodes of one CPU do; null if none is
    enough.
    """
    low, high = 0, len(THINK_STEPS)
    while low < high:
        middle = (low + high) // 2
        think = THINK_STEPS[middle]
        if rate(profile, name, 1, cpus, machine,
                think) >= share * cpus * rate(profile, name, 1, 1, machine, think):
            high = middle
        else:
            low = middle + 1
    return THINK_STEPS[low] if low < len(THINK_STEPS) else None


def break_evens(profile, say, machines=MACHINES, sizes_of_nodes=(2, 4, 8, 16, 32, 64)):
    """
    For the workloads whose CPUs meet in the kernel only: {machine: {workload: {node size:
    instructions}}}. Not for `ring`, whose workers wait for each other in larger nodes, and for
    themselves in nodes of one CPU.
    """
    results = {}
    for machine_name in machines:
        machine = hardware.load(machine_name, profile["hand_over"])
        results[machine_name] = {
            name: {str(size): break_even(profile, machine, name, size) for size in sizes_of_nodes}
            for name in ("ipc", "map", "notify")}
        say(f"{machine_name}: {results[machine_name]}")
    return results


def store(results, path=RESULT):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


def load(path=RESULT):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
