"""Boots one run of a .bench file and collects the samples that its programs print."""
import os
import re
import subprocess

from cmklib.bench.statistics import OFF, figures, tidy
from cmklib.places import BUILD, TOP, USER_BUILD, WrongUse, find_image

PROGRAM_FOLDERS = (os.path.join(BUILD, "bench",
                                "programs"), USER_BUILD, os.path.join(BUILD, "system", "programs"))
LOGS = os.path.join(BUILD, "bench", "logs")
# "[NODE] bench| NAME |OPERATIONS| VALUE*TIMES VALUE*TIMES ...", or with a unit of its own instead
# of OPERATIONS.
SAMPLES = re.compile(r"^\[(\d+)\] bench\| (.+) \|(?:(\d+)|([a-zA-Z]\w*))\|((?: \d+\*\d+)+)$")
# "[NODE] bench-note| NAME | TEXT": what should stand beside the figures of that name.
NOTE = re.compile(r"^\[(\d+)\] bench-note\| (.+) \| (.+)$")
# "[NODE] bench-calls| NAME | ORDINARY ordinary of ALL": system calls behind the figures of that
# name.
CALLS = re.compile(r"^\[(\d+)\] bench-calls\| (.+) \| (\d+) ordinary of (\d+)$")
CLUSTER = re.compile(r"^cmk: cluster of (\d+) nodes?, (\d+) CPUs?$")


def command_of(run):
    command = [
        os.path.join(TOP, "tools", "cmk"), "run", f"--{run.loader}", "--kernel", run.kernel,
        "--smp", run.smp, "--mem", run.mem, f"--config={run.config.strip()}", "--patience",
        str(run.patience)
    ]
    command += [f"--bochs-ips={run.ips}"] if run.ips else []
    return command + ([f"--qemu={run.qemu}"] if run.qemu else
                      []) + [find_image(text, PROGRAM_FOLDERS, "for-bench") for text in run.images]


def samples_of(lines):
    """{name: (operations, {value: how often})} of the console's lines, in the order in which they
    came.
    """
    samples = {}
    for match in filter(None, map(SAMPLES.match, lines)):
        _, counts = samples.setdefault(match[2], (int(match[3] or 1), {}))
        for pair in match[5].split():
            value, times = (int(number) for number in pair.split("*"))
            counts[value] = counts.get(value, 0) + times
    return samples


def units_of(lines):
    """{name: unit} of what is not measured in the run's own unit."""
    return {match[2]: match[4] for match in filter(None, map(SAMPLES.match, lines)) if match[4]}


def notes_of(lines):
    """{name: note}"""
    return {match[2]: match[3] for match in filter(None, map(NOTE.match, lines))}


def fast_path_percent_of(lines):
    """{name: how many of its system calls the kernel did not count as ordinary, in percent}"""
    return {
        match[2]: tidy(100 - 100 * int(match[3]) / int(match[4]))
        for match in filter(None, map(CALLS.match, lines))
    }


def shape(lines):
    """Nodes and CPUs of the cluster."""
    for match in filter(None, map(CLUSTER.match, lines)):
        return int(match[1]), int(match[2])
    raise WrongUse("the console does not say how large the cluster is")


def cpus_of_node(lines):
    """CPUs of a node: nodes here have equally many."""
    nodes, cpus = shape(lines)
    return cpus // nodes


def boot(run):
    """The console's lines."""
    os.makedirs(LOGS, exist_ok=True)
    log = os.path.join(LOGS, run.label.replace("/", "-").replace(" ", "-") + ".log")
    done = subprocess.run(command_of(run),
                          cwd=TOP,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True,
                          errors="backslashreplace",
                          check=False)
    with open(log, "w", encoding="utf-8") as file:
        file.write(done.stdout)
    lines = done.stdout.splitlines()
    if done.returncode != 0:
        raise WrongUse(
            f"{run.label}: {lines[-1] if lines else 'no output'} (console: {os.path.relpath(log)})")
    return lines


def measure(run):
    """The entries of bench.json that this run gives."""
    lines = boot(run)
    cpus = cpus_of_node(lines)
    samples = samples_of(lines)
    suffix = "" if run.fastpath == "on" else OFF
    units = units_of(lines)
    more = {"note": notes_of(lines), "fast_path_percent": fast_path_percent_of(lines)}
    entries = [{
        "name": name + suffix, "cpus": cpus, **figures(counts, operations), "unit": units.get(
            name, run.unit), "run": run.name, "samples": sum(counts.values()),
        **{key: of[name]
           for key, of in more.items() if name in of}
    } for name, (operations, counts) in samples.items()]
    if not entries:
        raise WrongUse(f"{run.label}: the run measured nothing")
    return entries
