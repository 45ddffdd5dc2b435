#!/usr/bin/python3
"""
tests/system/run_data_modules.py: boots two nodes with a file of this tree as data for node 0, and
another one for both, and compares what the program `data` reads with the files.
"""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def expected(node, name, path):
    with open(os.path.join(TOP, path), "rb") as file:
        data = file.read()
    return f"[{node}] {name}: {len(data)} bytes at 0, sum {sum(data)}, then 0"


def main():
    command = ["tools/cmk", "run", "--smp", "2", "--config", "nodes=2", "LICENSE data=one node=0",
               "build/system/programs/data.elf node=all one two", "README.md data=two"]
    done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    print(done.stdout, end="")
    wanted = [expected(0, "one", "LICENSE"), expected(0, "two", "README.md"),
              expected(1, "two", "README.md"), "[1] one: none, 0 bytes"]
    lines = done.stdout.splitlines()
    missing = [text for text in wanted if text not in lines]
    for text in missing:
        print(f"missing: {text}")
    return 1 if missing or done.returncode != 0 else 0


sys.exit(main())
