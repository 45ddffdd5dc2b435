#!/usr/bin/python3
"""
Runs a small part of the benchmarks twice: the figures must be whole, sensible, and the same to the instruction. A third
time without fast paths: the kernel must count every call as ordinary, and before it must have counted none.
"""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
PART = ["node/wake-ups"]
FAST, ORDINARY = ["--fastpath", "on"], ["--fastpath", "off", "--cpus", "1"]
OPERATIONS = {"Send to a higher-priority receiver", "Signal to a waiting higher-priority thread",
              "Signal to a lower-priority thread", "Yield to a thread of the same priority"}


def measure(folder, name, *more):
    out = os.path.join(folder, name)
    done = subprocess.run([os.path.join(TOP, "tools", "bench"), *PART, "--out", out, *more], stdout=subprocess.PIPE, text=True,
                          check=True)
    with open(out, encoding="utf-8") as file:
        return out, json.load(file), done.stdout


def problems(entries):
    if {(entry["name"], entry["cpus"]) for entry in entries} != {(name, cpus) for name in OPERATIONS for cpus in (1, 4)}:
        yield "not exactly the operations that were asked for"
    for entry in entries:
        # A system call and a switch cost more than their two instructions, and never millions.
        if not 20 < entry["min"] <= entry["median"] <= entry["p99"] <= entry["max"] < 1000000:
            yield f"no sensible figures: {entry}"


def wrong_shares(entries, percent):
    """A time slice that ends meanwhile may make one call of a thousand another."""
    for entry in entries:
        if abs(entry["fast_path_percent"] - percent) > 0.1:
            yield f"not {percent} % of the calls took a fast path: {entry}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        first, entries, _ = measure(folder, "first.json", *FAST)
        _, again, text = measure(folder, "again.json", *FAST, "--base", first)
        _, ordinary, _ = measure(folder, "ordinary.json", *ORDINARY)
        found = list(problems(entries)) + list(wrong_shares(entries, 100)) + list(wrong_shares(ordinary, 0))
        if entries != again:
            found.append("two runs of the same differ")
        if "nothing changed" not in text:
            found.append("tools/bench does not say that nothing changed")
    for problem in found:
        print(f"bench check: {problem}")
    return 1 if found else 0


sys.exit(main())
