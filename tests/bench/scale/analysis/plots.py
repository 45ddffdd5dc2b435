"""The figures of docs/scalability.md."""
import os

from analysis import check, hardware, measure, profile, sweep
from analysis.boots import Shape, shapes_of
from analysis.svg import Panel, figure

NAMES = ("ipc", "map", "pager", "notify", "ring", "kv")
SIMULATED = ("ipc", "map", "notify", "ring", "kv", "kv100")
SHARED, SEPARATE = "fine-grained locks, one process", "fine-grained locks, one process per CPU"


def measured_panel(bochs, simulated, name):
    """One workload in Bochs: throughput by CPUs in a node, for 2, 4 and 8 CPUs; the simulation
    dashed.
    """
    one = bochs["shapes"]["1x1"][f"{name}:0"]["operations"]
    series = []
    for number, cpus in enumerate((2, 4, 8)):
        for what, dashed in (("measured", False), ("simulated", True)):
            source = bochs["shapes"] if what == "measured" else simulated
            points = [(shape.cpus, source[str(shape)][f"{name}:0"]["operations"] / one)
                      for shape in shapes_of(cpus) if str(shape) in source]
            series.append((f"{cpus} CPUs, {what}", sorted(points), dashed, number))
    return Panel(name, "CPUs per node", "throughput, one CPU = 1", series, (1, 2, 4, 8), 0.5, 16)


def measured_figure(bochs, used):
    simulated = {}
    for shape, runs in bochs["shapes"].items():
        simulated[shape] = {}
        for run in runs:
            if run.partition(":")[0] != "compute":
                low, high = check.simulated_range(used, run, Shape.parse(shape), bochs["cycles"])
                simulated[shape][run] = {"operations": (low + high) / 2}
    return figure([measured_panel(bochs, simulated, name) for name in NAMES], 3)


def by_size(results, machine, name, cpus):
    """One workload on a large machine: throughput by node size, for each amount of work in user
    mode.
    """
    series = []
    for result in results:
        if (result["machine"], result["workload"], result["cpus"]) == (machine, name, cpus):
            points = [(int(size), rate / result["one"])
                      for size, rate in result["clustered"].items()]
            series.append(
                (f"{result['think']} instructions of user work", points, False, len(series)))
    sizes = sorted({x for _, points, _, _ in series for x, _ in points})
    return Panel(f"{name}, {cpus} CPUs", "CPUs per node", "throughput, one CPU = 1", series, sizes,
                 None, cpus)


def sizes_figure(results, machine, cpus):
    return figure([by_size(results, machine, name, min(cpus, sweep.MOST_CPUS.get(name, cpus)))
                   for name in SIMULATED], 3)


def compared_panel(results, machine, name, think, cpus):
    """Clusters against fine-grained locks."""
    wanted = (machine, name, think, cpus)
    result = next(
        r for r in results if (r["machine"], r["workload"], r["think"], r["cpus"]) == wanted)
    points = [(int(size), rate / result["one"]) for size, rate in result["clustered"].items()]
    ends = (points[0][0], points[-1][0])
    series = [("clustered", points, False, 0)]
    for label, key in ((SHARED, "fine_shared"), (SEPARATE, "fine_separate")):
        series.append((label, [(x, result[key] / result["one"]) for x in ends], True, len(series)))
    return Panel(f"{name}", "CPUs per node", "throughput, one CPU = 1", series,
                 [x for x, _ in points], None, cpus)


def compared_figure(results, machine, think, cpus):
    return figure([compared_panel(results, machine, name, think, cpus) for name in SIMULATED], 3)


def draw_all(folder):
    """Writes what can be drawn from the results that are there; gives the paths."""
    os.makedirs(folder, exist_ok=True)
    figures = {}
    if os.path.isfile(measure.RESULT):
        bochs = measure.load().get("bochs")
        own = os.path.join(os.path.dirname(sweep.RESULT), "operations.json")
        if bochs:
            figures["measured.svg"] = measured_figure(
                bochs, profile.load(own if os.path.isfile(own) else profile.FILE))
    if os.path.isfile(sweep.RESULT):
        results = sweep.load()["results"]
        for machine in hardware.titles():
            figures[f"sizes-{machine}.svg"] = sizes_figure(results, machine, 256)
        figures["fine-grained.svg"] = compared_figure(results, "milan", 2000, 64)
    paths = []
    for name, content in figures.items():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(content)
    return paths
