#!/usr/bin/python3
"""
tests/system/run_chaos.py RUNS [--seed N] [--cpus N] [--kernel KIND] [--checks] [--operations N]:
the chaos test, RUNS times.
tests/system/run_chaos.py --kills N [--seed N] [--operations N]: until N nodes were killed, in all
settings by turns.

Each run boots 4 nodes of --cpus CPUs, which exchange numbered operations, and kills one to three
of them, each in a way and at a time that the seed decides. Every node that was not to be killed
must say that it survived, and nobody may say that something is wrong. A node's turn to die may
come after all is over; the last line counts how many were killed. The status is 0 if every run
was good.
"""
import argparse
import collections
import itertools
import os
import random
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
WAYS = {"debug": ["crash", "exit", "assert", "write", "neighbour", "text", "global", "flood"],
        "release": ["crash", "exit", "flood"]}  # release kernels cannot be told to fail
NODES = 4
PATIENCE = 180  # seconds of silence

Setting = collections.namedtuple("Setting", "kernel cpus checks")
ALL_SETTINGS = [Setting("debug", 1, False), Setting("debug", 1, True), Setting("release", 1, False),
                Setting("debug", 2, False), Setting("debug", 2, True), Setting("release", 2, False)]


def name_of(setting):
    return f"{setting.kernel}, {NODES}x{setting.cpus}{', checks=on' if setting.checks else ''}"


def verdict(text, victims):
    """What is wrong with a run, or nothing; and which nodes were killed."""
    killed = {int(node) for node in re.findall(r"^\[(\d)\] dying by", text, re.M)}
    survived = {int(node) for node in re.findall(r"^\[(\d)\] survived:", text, re.M)}
    if re.search(r"^\[\d\] (wrong|cannot|still)", text, re.M):
        return "a node says that something is wrong", killed
    missing = set(range(NODES)) - survived - killed
    if missing:
        return f"nodes {sorted(missing)} neither died nor survived", killed
    if killed - set(victims) or killed & survived:
        return "another node died than was to", killed
    return None, killed


def run_once(generator, setting, operations, number):
    """Whether it was good, and the ways in which nodes were killed."""
    victims = generator.sample(range(NODES), generator.randint(1, 3))
    plans = {
        node: (generator.choice(WAYS[setting.kernel]), generator.randint(0, operations * 2))
        for node in victims
    }
    words = [f"{node}:{way}:{after}" for node, (way, after) in plans.items()]
    image = f"build/system/programs/chaos.elf node=all {operations} {' '.join(words)}"
    config = f"nodes={NODES}" + (" checks=on" if setting.checks else "")
    done = subprocess.run([
        "tools/cmk", "run", "--direct", "--smp",
        str(NODES * setting.cpus), "--patience",
        str(PATIENCE), "--kernel", setting.kernel, "--config", config, image
    ], cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          check=False)
    mistake, killed = verdict(done.stdout.replace("\r", ""), victims)
    died = " ".join(word for word in words if int(word[0]) in killed)
    print(
        f"{'FAIL' if mistake else 'ok  '} run {number} ({name_of(setting)}): "
        f"{died or 'nobody died'}", flush=True)
    if mistake:
        log = os.path.join(TOP, "build", "system", f"chaos-{number}.log")
        with open(log, "w", encoding="utf-8") as file:
            file.write(f"{setting} {image}\n{done.stdout}{done.stderr}")
        print(f"     {mistake}; {log}", flush=True)
    return mistake is None, [plans[node][0] for node in killed if node in plans]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=int, nargs="?", default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--kernel", choices=sorted(WAYS), default="debug")
    parser.add_argument("--checks", action="store_true",
                        help="let debug kernels check their invariants")
    parser.add_argument("--operations", type=int, default=1000)
    options = parser.parse_args()
    os.makedirs(os.path.join(TOP, "build", "system"), exist_ok=True)
    generator = random.Random(options.seed)
    settings = itertools.cycle(
        ALL_SETTINGS if options.kills else [Setting(options.kernel, options.cpus, options.checks)])
    good = runs = 0
    ways, kills_in = collections.Counter(), collections.Counter()
    while runs < options.runs or sum(ways.values()) < options.kills:
        setting = next(settings)
        runs += 1
        is_good, killed = run_once(generator, setting, options.operations, runs)
        good += is_good
        ways.update(killed)
        kills_in[name_of(setting)] += len(killed)
    print("kills by " + ", ".join(f"{way} {count}" for way, count in sorted(ways.items())))
    print("kills in " + "; ".join(f"{name}: {count}" for name, count in sorted(kills_in.items())))
    print(f"{good} runs passed, {runs - good} failed, {sum(ways.values())} kills")
    return 0 if runs and good == runs and ways else 1


if __name__ == "__main__":
    sys.exit(main())
