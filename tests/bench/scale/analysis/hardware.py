"""Machines with caches, from tests/bench/scale/machines.json, which names its sources. Time is in
cycles.
"""
import json
import os

from cmklib.places import TOP
from analysis.engine import Machine

VARY = 0.5  # user work lasts from half to one and a half times what is asked for
TICK_SECONDS = 0.002  # ABI_TICK_MILLISECONDS
FILE = os.path.join(TOP, "tests", "bench", "scale", "machines.json")


class Hardware(Machine):
    """CPUs in groups of groups; a line costs what the smallest group costs that has both."""

    def __init__(self, levels, cpu, hand_over=0):
        super().__init__(hand_over, tick=TICK_SECONDS * cpu["ghz"] * 1e9)
        self.levels = [(size, nanoseconds * cpu["ghz"]) for size, nanoseconds in levels]
        self.cpu, self.vary = cpu, VARY

    def transfer(self, source, target):
        if source == target:
            return 0
        for size, cycles in self.levels:
            if source // size == target // size:
                return cycles
        return self.levels[-1][1]

    def ipi(self, source, target):
        return self.cpu["ipi_ns"] * self.cpu["ghz"]

    def entry(self):
        return self.cpu["entry_cycles"]

    def failed_look(self):
        return self.levels[0][1]  # the line has just been written by whoever took the lock

    def reload(self):
        return self.cpu["reload_cycles"]

    def atomic(self):
        return self.cpu["atomic_cycles"]


class Uncached(Machine):
    """Bochs: instructions and nothing else."""

    def atomic(self):
        return 1


def load(name, hand_over=0, path=FILE):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    return Hardware(data[name]["levels"], data["cpu"], hand_over)


def titles(path=FILE):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    return {
        name: entry["title"]
        for name, entry in data.items() if isinstance(entry, dict) and "levels" in entry
    }
