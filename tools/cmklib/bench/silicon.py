"""
tools/bench silicon: parts of CMK natively, on two CPUs of this machine, beside yardsticks of the
same run.
"""
import collections
import json
import os
import re
import subprocess

from cmklib.bench.statistics import figures, tidy
from cmklib.bench.table import columns
from cmklib.gcc_comment import DoesNotBuild, build
from cmklib.places import BUILD, TOP, WrongUse, make, program

NAME, TITLE = "silicon", "Parts of CMK on two CPUs of this machine (docs/silicon.md)"
REPETITIONS = 7
FOLDER = "build/bench/silicon"
OFFSETS = "build/release/generated"
INCLUDED = ("include", "arch/x86/internal", "arch/x86/include", "arch/x86/entry", OFFSETS)
SAMPLES = re.compile(r"^sample\| (.+) \| (\d+) \| (\d+) \|((?: -?[\d.]+)+)$")
ONE_LINE = 48  # bytes of a message whose channel line is one cache line

# What a figure does not have in it, by the first words of its name: what needs privileges, or
# another node.
LEFT_OUT = {
    "channel": "doorbells: IPI, system calls",
    "bulk": "doorbells: IPI, system calls",
    "lock": "swapgs, syscall, sysret, CR3, FPU state; iretq is in it",
}


def samples_of(lines):
    """{(name, bytes): {repetition: [nanoseconds]}} in the order of the lines."""
    samples = {}
    for match in filter(None, map(SAMPLES.match, lines)):
        repetitions = samples.setdefault((match[1], int(match[2])), {})
        repetitions[int(match[3])] = [float(word) for word in match[4].split()]
    return samples


def yardsticks_of(name, size):
    """The (name, bytes) that a figure is compared with."""
    what, _, how = name.partition(": ")
    if what in ("channel", "bulk"):
        is_one_line = what == "channel" and how != "stream" and size <= ONE_LINE
        line = [("cache line: " + how, 8)] if is_one_line else []
        return line + [("mailbox: " + how, size), ("pipe: " + how, size)]
    if name.startswith(("memcpy", "memset", "clearing")):
        host = ("memcpy" if name.startswith("memcpy") else "memset") + " of the host"
        return [] if name == host else [(host, size)]
    return {"lock: hand-over": [("cache line: one way", 8)],
            "lock: entry and exit, two CPUs": [("cache line: round trip", 8)],
            "lock: entry and exit, free": [("exchange in the CPU's own cache", 8)]}.get(name, [])


def all_figures(values):
    return figures(collections.Counter(values))


def median(values):
    return all_figures(values)["median"]


def medians(repetitions):
    return [median(values) for values in repetitions.values()]


def ratio(measured, yardstick):
    """
    {"ratio": ...}, or {"refused": why}. Both are {repetition: samples}. The machine's noise is how
    far the medians of the yardstick's repetitions lie apart: a smaller difference may be noise.
    """
    of_yardstick = medians(yardstick)
    middle, base = median(medians(measured)), median(of_yardstick)
    noise, difference = max(of_yardstick) - min(of_yardstick), abs(middle - base)
    if len(of_yardstick) < 3:
        return {"refused": "fewer than three repetitions say nothing about noise"}
    if base <= 0 or middle <= 0:
        return {"refused": "no time is negative: the CPUs' time stamp counters differ"}
    if noise >= difference:
        return {"refused": f"noise {tidy(noise)} ns, difference {tidy(difference)} ns"}
    return {"ratio": round(middle / base, 2)}


def entries_of(samples):
    """What build/bench.json gets."""
    entries = []
    for (name, size), repetitions in samples.items():
        values = [value for repetition in repetitions.values() for value in repetition]
        ratios = [{"to": to, **ratio(repetitions, samples[to, of])}
                  for to, of in yardsticks_of(name, size) if (to, of) in samples]
        entry = {"name": name + (f", {size} bytes" if size else ""), "cpus": 2,
                 **all_figures(values), "unit": "ns", "run": NAME, "samples": len(values),
                 "ratios": ratios}
        left_out = LEFT_OUT.get(name.partition(":")[0])
        entries.append({**entry, "left_out": left_out} if left_out else entry)
    return entries


def ratio_text(one):
    if "ratio" in one:
        return f"{one['ratio']} of {one['to']}"
    return f"no ratio to {one['to']} ({one['refused']})"


def table(entries):
    rows = [("operation, ns", "min", "median", "p99", "ratio to the yardstick", "not in it")]
    rows += [(entry["name"], *(f"{entry[key]}" for key in ("min", "median", "p99")),
              "; ".join(map(ratio_text, entry["ratios"])), entry.get("left_out", ""))
             for entry in entries]
    return columns(rows, "<>>><<")


def markdown(entries):
    lines = ["| operation | min, ns | median | p99 | ratio to the yardstick | not in it |",
             "| --- | ---: | ---: | ---: | --- | --- |"]
    for entry in entries:
        cells = [entry["name"], *(f"{entry[key]}" for key in ("min", "median", "p99")),
                 "; ".join(map(ratio_text, entry["ratios"])), entry.get("left_out", "")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def two_cpus(text):
    """The CPUs of --on A,B; without it the first allowed one and the first that is no sibling."""
    allowed = sorted(os.sched_getaffinity(0))
    if text:
        chosen = [int(word) for word in text.split(",") if word.isdigit()]
        if len(chosen) != 2 or chosen[0] == chosen[1] or not set(chosen) <= set(allowed):
            raise WrongUse(f"--on wants two different CPUs of {','.join(map(str, allowed))}")
        return chosen
    if len(allowed) < 2:
        raise WrongUse("silicon needs two CPUs")
    others = [cpu for cpu in allowed[1:] if core_of(cpu) != core_of(allowed[0])]
    return [allowed[0], (others or allowed[1:])[0]]


def core_of(cpu):
    """The CPUs of its core, or itself where the host does not say."""
    try:
        path = f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return str(cpu)


def build_program():
    make(OFFSETS + "/offsets.inc")
    os.makedirs(os.path.join(TOP, FOLDER), exist_ok=True)
    for source in ("arch/x86/entry/entry_lock.asm", "tests/bench/silicon/enter.asm"):
        target = os.path.join(FOLDER, os.path.basename(source).replace(".asm", ".o"))
        command = [program("nasm", "nasm"), "-f", "elf64"]
        for folder in INCLUDED:
            command += ["-I", folder + "/"]
        done = subprocess.run([*command, "-o", target, source], cwd=TOP, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise WrongUse(f"{source} does not assemble: {done.stderr.strip()}")
    try:
        return build("tests/bench/silicon/main.c", FOLDER + "/run")
    except DoesNotBuild as error:
        raise WrongUse(str(error)) from error


def bench(options):
    """Builds and runs it, prints the table, writes the figures."""
    cpus = two_cpus(options.on)
    command = [build_program(), *map(str, cpus), str(REPETITIONS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WrongUse(f"silicon: status {done.returncode}: {done.stderr.strip()}")
    entries = entries_of(samples_of(done.stdout.splitlines()))
    out = options.out or os.path.join(BUILD, "bench-silicon.json")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
        file.write("\n")
    refused = sum("refused" in one for entry in entries for one in entry["ratios"])
    all_ratios = sum(len(entry["ratios"]) for entry in entries)
    print("\n".join((markdown if options.markdown else table)(entries)))
    print(f"CPUs {cpus[0]} and {cpus[1]}, {REPETITIONS} repetitions; {len(entries)} figures in "
          f"{os.path.relpath(out)}; {refused} of {all_ratios} ratios refused as noise")
    return 0
