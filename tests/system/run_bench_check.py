#!/usr/bin/python3
"""Runs a small part of the benchmarks twice: the figures must be whole, sensible, and the same to the instruction."""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
PART = ["node/wake-ups", "--fastpath", "on"]
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


def main():
    with tempfile.TemporaryDirectory() as folder:
        first, entries, _ = measure(folder, "first.json")
        _, again, text = measure(folder, "again.json", "--base", first)
        found = list(problems(entries))
        if entries != again:
            found.append("two runs of the same differ")
        if "nothing changed" not in text:
            found.append("tools/bench does not say that nothing changed")
    for problem in found:
        print(f"bench check: {problem}")
    return 1 if found else 0


sys.exit(main())
