#!/usr/bin/python3
"""
tests/system/run_idle_cpus.py ARGUMENT...: tools/cmk run ARGUMENT..., with a program that says "N
CPUs are idle". Then QEMU's monitor is asked: N CPUs must be halted, on a page table without any
entry in the user's half, and the others run on one that has some.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile

from run_with_monitor import PROMPT, TOP

USER_ENTRIES = 256  # of the 512 of a top-level page table


class Monitor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.answer()

    def answer(self):
        text = b""
        while not text.endswith(PROMPT):
            text += self.socket.recv(65536)
        return text.decode(errors="replace")

    def ask(self, command):
        self.socket.sendall(command.encode() + b"\n")
        return self.answer()


def look(monitor):
    """All CPUs, as (halted, page table, entries in its user's half)."""
    monitor.ask("stop")
    found = []
    for text in re.findall(r"CPU#\d+(.*?)(?=CPU#|\Z)", monitor.ask("info registers -a"), re.S):
        table = int(re.search(r"CR3=([0-9a-f]+)", text)[1], 16) & ~0xfff
        entries = re.findall(r"0x([0-9a-f]{16})", monitor.ask(f"xp /{USER_ENTRIES}gx {table:#x}"))
        found.append(("HLT=1" in text, table, sum(int(entry, 16) != 0 for entry in entries)))
    monitor.ask("cont")
    return found


def judge(path, expected):
    """
    What is wrong, or None. Threads that have said they end may still be on their way, so this
    looks again until CPUs enough are halted; what runs the test ends a hang.
    """
    monitor = Monitor(path)
    found = look(monitor)
    while sum(halted for halted, _, _ in found) != expected:
        found = look(monitor)
    wrong = None
    for number, (halted, table, used) in enumerate(found):
        print(
            f"CPU {number}: {'halted' if halted else 'runs'}, page table {table:#x}, "
            f"{used} entries for users",
            flush=True)
        if used != 0 if halted else used == 0:
            wrong = f"CPU {number} has the wrong page table"
    return wrong


def main():
    wrong = "no program said that CPUs are idle"
    with tempfile.TemporaryDirectory(prefix="cmk-monitor-") as folder:
        path = os.path.join(folder, "monitor")
        command = [
            os.path.join(TOP, "tools", "cmk"), "run",
            f"--qemu=-accel tcg,thread=single -monitor unix:{path},server=on,wait=off"
        ]
        with subprocess.Popen(command + sys.argv[1:], cwd=TOP, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True,
                              errors="backslashreplace") as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                said = re.search(r"(\d+) CPUs are idle", line)
                if said:
                    wrong = judge(path, int(said[1]))
                    process.terminate()
    if wrong:
        print(f"idle: {wrong}")
    sys.exit(1 if wrong else 0)


main()
