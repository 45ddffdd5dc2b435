#!/usr/bin/python3
"""
tests/system/run_chaos.py RUNS [--seed N] [--cpus N] [--kernel KIND] [--operations N] [--checks]: the chaos test, RUNS times.

Each run boots 4 nodes of --cpus CPUs, which exchange numbered operations, and kills one to three of them, each in a way and at a
time that the seed decides. Every node that was not to be killed must say that it survived, and nobody may say that
something is wrong. A node's turn to die may come after all is over; the last line counts how many were killed. The
status is 0 if every run was good.
"""
import argparse
import os
import random
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
WAYS = {"debug": ["crash", "exit", "assert", "write", "flood"], "release": ["crash", "exit", "flood"]}
NODES = 4


def verdict(text, victims):
    """What is wrong with a run, or nothing; and how many nodes were killed."""
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


def run_once(generator, options, number):
    victims = generator.sample(range(NODES), generator.randint(1, 3))
    plans = [f"{node}:{generator.choice(WAYS[options.kernel])}:{generator.randint(0, options.operations * 2)}" for node in victims]
    image = f"build/system/programs/chaos.elf node=all {options.operations} {' '.join(plans)}"
    done = subprocess.run(["tools/cmk", "run", "--direct", "--smp", str(NODES * options.cpus), "--timeout", "120",
                           "--kernel", options.kernel, "--config", f"nodes={NODES}" + (" checks=on" if options.checks else ""), image],
                          cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    mistake, killed = verdict(done.stdout.replace("\r", ""), victims)
    ways = [plan for plan in plans if int(plan[0]) in killed]
    print(f"{'FAIL' if mistake else 'ok  '} run {number}: {' '.join(ways) or 'nobody died'}", flush=True)
    if mistake:
        log = os.path.join(TOP, "build", "system", f"chaos-{number}.log")
        with open(log, "w", encoding="utf-8") as file:
            file.write(image + "\n" + done.stdout + done.stderr)
        print(f"     {mistake}; {log}", flush=True)
    return mistake is None, len(killed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--kernel", choices=sorted(WAYS), default="debug")
    parser.add_argument("--checks", action="store_true", help="let debug kernels check their invariants")
    parser.add_argument("--operations", type=int, default=1000)
    options = parser.parse_args()
    os.makedirs(os.path.join(TOP, "build", "system"), exist_ok=True)
    generator = random.Random(options.seed)
    results = [run_once(generator, options, number) for number in range(1, options.runs + 1)]
    good = sum(1 for ok, _ in results if ok)
    kills = sum(killed for _, killed in results)
    print(f"{good} runs passed, {len(results) - good} failed, {kills} kills")
    return 0 if results and good == len(results) and kills else 1


if __name__ == "__main__":
    sys.exit(main())
