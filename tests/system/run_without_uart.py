#!/usr/bin/python3
"""
tests/system/run_without_uart.py ff|zero: boots the program boot-log on a machine that has no
COM1, where the line status reads 0xff, or 0 so that a UART would never have room. The node's
console is COM2. What boot printed must be in its log, where `tools/cmk log` finds it after the
end; and boot must be quick: a UART that is missing and waited for costs 100,000 port reads for
each character. The clock counts instructions.
"""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
MOST_TICKS = 200_000_000  # a boot takes about 10 million; with such waiting, some thousand million


def main():
    with tempfile.TemporaryDirectory(prefix="cmk-uart-") as folder:
        return run(os.path.join(folder, "monitor"))


def run(monitor):
    zero = [
        "-chardev", "null,id=nothing", "-device",
        "isa-debugcon,iobase=0x3fd,chardev=nothing,readback=0"
    ]
    command = [
        "qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", "128M", "-nodefaults", "-vga",
        "none", "-display", "none", "-no-reboot", "-chardev", "stdio,id=com2", "-device",
        "isa-serial,iobase=0x2f8,irq=3,chardev=com2", "-monitor",
        f"unix:{monitor},server=on,wait=off", "-kernel", "build/debug/cmk.elf", "-icount",
        "shift=0", "-append", "node0.console=com2 power-off=off", "-initrd",
        "build/system/programs/boot-log.elf"
    ]
    command += zero if sys.argv[1] == "zero" else []
    with subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, errors="backslashreplace") as process:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if "exited with status" in line:
                log = subprocess.run(["tools/cmk", "log", "--monitor", monitor], cwd=TOP,
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                     check=False)
                process.kill()
                lines += ["outside: " + text for text in (log.stdout + log.stderr).splitlines()]
    print("\n".join(lines))
    wanted = [r"^outside: cmk: CMK boots$", r"^outside: cmk: cluster of 1 nodes, 1 CPUs$",
              r"^\[0\] log: cmk: CMK boots$", r"^\[0\] log: cmk: cluster of 1 nodes, 1 CPUs$",
              r"^cmk: node 0 exited with status 0$"]
    missing = [text for text in wanted if not any(re.search(text, line) for line in lines)]
    for text in missing:
        print(f"missing: {text}")
    ticks = re.search(r"(\d+) TSC ticks since kernel entry", "\n".join(lines))
    slow = ticks is not None and int(ticks[1]) > MOST_TICKS
    if slow:
        print(f"{ticks[1]} ticks, at most {MOST_TICKS} are expected")
    return 1 if missing or slow or not ticks else 0


sys.exit(main())
