"""The tables of docs/scalability.md, as Markdown."""
import os

from analysis import measure, sweep
from analysis.boots import shapes_of


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(head), row(["---"] * len(head))] + [row(cells) for cells in rows])


def bochs_table(bochs):
    """Throughput of each shape, one CPU being 1."""
    shapes = bochs["shapes"]
    runs = [run for run in shapes["1x1"]]
    one = {run: shapes["1x1"][run]["operations"] for run in runs}
    rows = [
        [str(shape)] + [f"{shapes[str(shape)][run]['operations'] / one[run]:.2f}" for run in runs]
        for cpus in measure.CPU_COUNTS for shape in shapes_of(cpus) if str(shape) in shapes
    ]
    return table(["shape"] + [run.removesuffix(":0") for run in runs], rows)


def qemu_table(qemu):
    def cell(figures):
        if not figures:
            return "none"
        return f"{figures['median']:.2f} ({figures['least']:.2f}..{figures['most']:.2f})"

    cpus = qemu["cpus"]
    head = ["workload", f"1x{cpus} / 1x1", f"{cpus}x1 / 1x1", f"{cpus}x1 / 1x{cpus}"]
    keys = ("whole_to_one", "split_to_one", "split_to_whole")
    return table(head, [[run.removesuffix(":0")] + [cell(qemu[key][run]) for key in keys]
                        for run in qemu[keys[0]]])


def break_even_table(machines):
    rows = []
    for machine, workloads in machines.items():
        for name, sizes in workloads.items():
            rows.append([machine, name] +
                        ["none" if think is None else f"{think:,}" for think in sizes.values()])
    sizes = list(next(iter(next(iter(machines.values())).values())))
    return table(["machine", "workload"] + [f"{size} CPUs" for size in sizes], rows)


def best_table(results, cpus=64):
    """The best node size, and how fine-grained locks compare with it."""
    rows = []
    for result in results:
        if result["cpus"] == cpus:
            size = max(result["clustered"], key=result["clustered"].get)
            one = result["one"]
            rows.append([
                result["machine"], result["workload"], f"{result['think']:,}", size,
                f"{result['clustered'][size] / one:.1f}",
                f"{result['clustered'][str(cpus)] / one:.1f}", f"{result['fine_shared'] / one:.1f}",
                f"{result['fine_separate'] / one:.1f}"
            ])
    return table(["machine", "workload", "user work", "best node size", "throughput", "one node",
                  "fine-grained, one process", "fine-grained, separate"], rows)


def text():
    """What can be told from the results that are there."""
    parts = []
    measured = measure.load() if os.path.isfile(measure.RESULT) else {}
    if "bochs" in measured:
        parts += ["Bochs:", bochs_table(measured["bochs"])]
    if "qemu" in measured:
        parts += ["QEMU:", qemu_table(measured["qemu"])]
    if os.path.isfile(sweep.RESULT):
        simulated = sweep.load()
        parts += ["Break-even:", break_even_table(simulated["break_even"])]
        parts += ["64 CPUs:", best_table(simulated["results"])]
    return "\n\n".join(parts)
