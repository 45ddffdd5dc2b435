"""
`tests/bench/scale/run measure`: the workloads in real kernels, over shapes. Bochs: 1, 2, 4, 8
CPUs that advance together, one run each, which repeats to the instruction; throughput in
operations per million instructions of the common clock. QEMU with a host thread for each CPU:
shapes of as many CPUs as the host has, several repetitions, and only ratios within one
repetition.
"""
import json
import os
from statistics import median

from cmklib.places import BUILD
from analysis.boots import Shape, Useless, count, setup_for, shapes_of

RESULT = os.path.join(BUILD, "scale.json")
NAMES = ("compute", "ipc", "map", "pager", "notify", "ring", "kv")
RUNS = [name + ":0" for name in NAMES] + ["ipc:1000", "map:1000"]
CPU_COUNTS = (1, 2, 4, 8)
BOCHS_CYCLES, BOCHS_MARGIN, BOCHS_LIMIT = 1_500_000, 1_500_000, 400
QEMU_CYCLES, QEMU_MARGIN, QEMU_LIMIT = 1_000_000_000, 1_000_000_000, 120
REPETITIONS = 5


def total(counts):
    return sum(counts.values())


def on_bochs(say, cpu_counts=CPU_COUNTS):
    """{shape: {run: {"operations": sum, "least": of a worker, "most": of a worker}}} and the
    stretch.
    """
    result = {}
    arguments = [f"cycles={BOCHS_CYCLES}", f"margin={BOCHS_MARGIN}"] + RUNS
    for cpus in cpu_counts:
        for shape in shapes_of(cpus):
            counts = count(setup_for(shape, arguments, "bochs"), shape.nodes, BOCHS_LIMIT)
            result[str(shape)] = {
                run: {
                    "operations": total(of),
                    "least": min(of.values()),
                    "most": max(of.values())
                }
                for run, of in counts.items()
            }
            say(f"bochs {shape}: " + " ".join(f"{run} {total(of)}" for run, of in counts.items()))
    return {"cycles": BOCHS_CYCLES, "shapes": result}


def ratios(many, one):
    """Throughput of one shape against another, in each repetition, and what lies in the middle."""
    values = sorted(a / b for a, b in zip(many, one) if b)
    return {"least": values[0], "median": median(values), "most": values[-1]} if values else None


def count_patiently(setup, nodes):
    """On a busy host a worker may begin too late. Then once more, three times at most."""
    for attempt in range(3):
        try:
            return count(setup, nodes, QEMU_LIMIT)
        except Useless:
            if attempt == 2:
                raise
    return None


def on_qemu(say, repetitions=REPETITIONS):
    """
    The two extreme shapes of the host's CPUs and a single CPU, one after the other in each
    repetition. What is compared ran within seconds of each other, because the host's speed
    changes.
    """
    cpus = len(os.sched_getaffinity(0))
    shapes = [Shape(1, 1), Shape(1, cpus), Shape(cpus, 1)]
    arguments = [f"cycles={QEMU_CYCLES}", f"margin={QEMU_MARGIN}"] + [name + ":0" for name in NAMES]
    counts = {str(shape): {name + ":0": [] for name in NAMES} for shape in shapes}
    for repetition in range(repetitions):
        for shape in shapes:
            setup = setup_for(shape, arguments, "direct", qemu="-accel tcg,thread=multi")
            for run, of in count_patiently(setup, shape.nodes).items():
                counts[str(shape)][run].append(total(of))
        say(f"qemu: repetition {repetition + 1} of {repetitions}")
    one, whole, split = (counts[str(shape)] for shape in shapes)
    return {"cpus": cpus, "repetitions": repetitions, "operations": counts,
            "split_to_whole": {run: ratios(split[run], whole[run]) for run in one},
            "whole_to_one": {run: ratios(whole[run], one[run]) for run in one},
            "split_to_one": {run: ratios(split[run], one[run]) for run in one}}


def load(path=RESULT):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def store(result, path=RESULT):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
