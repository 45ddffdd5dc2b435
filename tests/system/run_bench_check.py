#!/usr/bin/python3
"""
Runs a small part of the benchmarks twice: the figures must be whole, sensible, and the same to
the instruction. A third time without fast paths: the kernel must count every call as ordinary,
and before it must have counted none. And a boot: on each node the first user instruction must
come soon after what the kernel says last, by the same clock.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
PART = ["node/wake-ups"]
BOOT, BOOT_LOG = ["boot/2-nodes", "--cpus",
                  "2"], "build/bench/logs/boot-2-nodes-smp=2-fastpath=on.log"
CONSOLE_TICKS = 200000  # for four lines of the kernels, 350 a character
FAST, ORDINARY = ["--fastpath", "on"], ["--fastpath", "off", "--cpus", "1"]
OPERATIONS = {"Send to a higher-priority receiver", "Signal to a waiting higher-priority thread",
              "Signal to a lower-priority thread", "Yield to a thread of the same priority",
              "Signal and Wait, two threads in turn", "Recv that blocks, endpoint",
              "Poll without a signal", "SetPriority of the own thread"}
WITHOUT_FAST_PATH = {"SetPriority of the own thread"}


def measure(folder, name, *what):
    out = os.path.join(folder, name)
    done = subprocess.run([os.path.join(TOP, "tools", "bench"), *what, "--out", out],
                          stdout=subprocess.PIPE, text=True, check=True)
    with open(out, encoding="utf-8") as file:
        return out, json.load(file), done.stdout


def problems(entries):
    if {(entry["name"], entry["cpus"])
            for entry in entries} != {(name, cpus)
                                      for name in OPERATIONS for cpus in (1, 4)}:
        yield "not exactly the operations that were asked for"
    for entry in entries:
        # A system call and a switch cost more than their two instructions, and never millions.
        if not 20 < entry["min"] <= entry["median"] <= entry["p99"] <= entry["max"] < 1000000:
            yield f"no sensible figures: {entry}"


def wrong_shares(entries, percent):
    """A time slice that ends meanwhile may make one call of a thousand another."""
    for entry in entries:
        expected = 0 if entry["name"] in WITHOUT_FAST_PATH else percent
        if abs(entry["fast_path_percent"] - expected) > 0.1:
            yield f"not {expected} % of the calls took a fast path: {entry}"


def wrong_boots(entries):
    with open(os.path.join(TOP, BOOT_LOG), encoding="utf-8") as file:
        text = file.read()
    ready = dict(re.findall(r"^cmk: node (\d+): (\d+) TSC ticks since kernel entry$", text, re.M))
    first = dict(re.findall(r"^\[(\d+)\] bench\| Boot .+\|1\| (\d+)\*1$", text, re.M))
    if [entry["samples"]
            for entry in entries] != [2] or set(ready) != {"0", "1"} or set(first) != {"0", "1"}:
        yield f"not a boot of two nodes: {entries}"
        return
    for node, ticks in first.items():
        if not 0 < int(ticks) - int(ready[node]) < CONSOLE_TICKS:
            yield (f"node {node} is ready after {ready[node]} ticks, "
                   f"and its program's first instruction is at {ticks}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        first, entries, _ = measure(folder, "first.json", *PART, *FAST)
        _, again, text = measure(folder, "again.json", *PART, *FAST, "--base", first)
        _, ordinary, _ = measure(folder, "ordinary.json", *PART, *ORDINARY)
        _, boots, _ = measure(folder, "boot.json", *BOOT)
        found = list(problems(entries)) + list(wrong_shares(entries, 100)) + list(
            wrong_shares(ordinary, 0))
        found += list(wrong_boots(boots))
        if entries != again:
            found.append("two runs of the same differ")
        if "nothing changed" not in text:
            found.append("tools/bench does not say that nothing changed")
    for problem in found:
        print(f"bench check: {problem}")
    return 1 if found else 0


sys.exit(main())
