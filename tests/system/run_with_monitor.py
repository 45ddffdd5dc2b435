#!/usr/bin/python3
"""
tests/system/run_with_monitor.py [--times N] --at TEXT COMMAND [--at ...] ARGUMENT...: tools/cmk
run ARGUMENT..., with its output passed on. When a line with TEXT first appears, QEMU's monitor
gets COMMAND, N times, 20 ms apart. The status is that of tools/cmk, or 1 if some TEXT never
appeared.
"""
import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PAUSE = 0.02
PROMPT = b"(qemu) "


def wait_for_prompt(monitor):
    """Reads until the monitor is ready for a command; False if the machine ended."""
    text = b""
    while not text.endswith(PROMPT):
        data = monitor.recv(4096)
        if not data:
            return False
        text += data
    return True


def send(path, command, times):
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(path)
        ready = wait_for_prompt(monitor)
        for _ in range(times):
            if ready:
                monitor.sendall(command.encode() + b"\n")
                ready = wait_for_prompt(monitor)
                time.sleep(PAUSE)


def follow(process, path, waiting, times):
    """Passes lines on and sends what belongs to them; what is left in `waiting` never appeared."""
    for line in process.stdout:
        print(line, end="", flush=True)
        for text, command in waiting:
            if text in line:
                waiting.remove([text, command])
                try:
                    send(path, command, times)
                except OSError as error:  # the machine may have ended meanwhile
                    print(f"monitor: {error}", flush=True)
                break


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--at", nargs=2, action="append", required=True,
                        metavar=("TEXT", "COMMAND"))
    options, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="cmk-monitor-") as folder:
        path = os.path.join(folder, "monitor")
        command = [
            os.path.join(TOP, "tools", "cmk"), "run",
            f"--qemu=-monitor unix:{path},server=on,wait=off"
        ] + arguments
        with subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, errors="backslashreplace") as process:
            follow(process, path, options.at, options.times)
            status = process.wait()
    for text, _ in options.at:
        print(f"'{text}' never appeared")
    sys.exit(1 if options.at else status)


if __name__ == "__main__":
    main()
