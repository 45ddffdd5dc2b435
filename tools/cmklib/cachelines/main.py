"""The command line of tools/cache-lines, and the run that it watches."""
import argparse
import io
import os
import select
import sys
import tempfile
import time

from cmklib.bench.execution import PROGRAM_FOLDERS
from cmklib.cachelines.instruction import NotUnderstood
from cmklib.cachelines.kernel import Kernel
from cmklib.cachelines.report import CPU_COUNTS, KINDS, Places, read_limits, summary, table
from cmklib.cachelines.trace import calls
from cmklib.image import Image
from cmklib.machine import Machine, Setup
from cmklib.places import WrongUse, find_image, kernel_file, make
from cmklib.verdict import Verdict

ABOUT = """\
Boots the benchmark image under QEMU, which logs every instruction of the kernel's
short paths with its registers, and tells which 64-byte lines of kernel memory a Call and a
ReplyRecv read and write: to another VSpace, without words, on nodes of 1 and of 4 CPUs. Page
tables, descriptors and text are not among them. 'make for-bench' builds what is needed.

Exit status: 0; 1 if a system call needs more lines than tests/bench/cache-lines.txt allows; 2 if
nothing could be counted: no complete call was seen, or an instruction was not understood."""
PROGRAM = "node.elf ipc"
WANTED = 100  # calls of each kind
TIME_LIMIT = 60  # seconds for one machine; it needs about ten
CHUNK = 1 << 20
TOO_MANY, NOT_COUNTED = 1, 2


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/cache-lines", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpus", type=int, choices=CPU_COUNTS, help="only a node of so many CPUs")
    parser.add_argument("--kernel",
                        metavar="KIND",
                        default="release",
                        help="release (default), or a kernel file")
    return parser.parse_args(arguments)


def qemu_options(ranges, log):
    """-singlestep: a block for each instruction, else the log had the registers before the first of
    several only.
    """
    filters = ",".join(f"{begin:#x}+{size:#x}" for begin, size in ranges)
    return f"-icount shift=0,sleep=off -singlestep -d exec,cpu,nochain -D {log} -dfilter {filters}"


class Log(io.RawIOBase):
    """
    What QEMU writes to a FIFO, until the program or QEMU has ended, or time is up. The console is
    emptied meanwhile: a full one would stop QEMU.
    """

    def __init__(self, path, machine, seconds):
        super().__init__()
        self.descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.machine, self.verdict, self.deadline = machine, Verdict(), time.monotonic() + seconds

    def readable(self):
        return True

    def watch_console(self):
        while (line := self.machine.line(time.monotonic())) is not None:
            self.verdict.see_line(line)
        if self.machine.status is not None:
            self.verdict.machine_ended(self.machine.status, self.machine.messages())

    def readinto(self, buffer):
        while time.monotonic() < self.deadline:
            self.watch_console()
            if select.select([self.descriptor], [], [], 0.2)[0]:
                data = os.read(self.descriptor, len(buffer))
                buffer[:len(data)] = data
                return len(data)
            if self.verdict.status is not None:
                return 0
        self.verdict.time_is_up(TIME_LIMIT)
        return 0

    def close(self):
        if not self.closed:
            os.close(self.descriptor)
        super().close()


class Collection:
    """The calls that count, by name, and where others of the same kind went out of sight."""

    def __init__(self, numbers):
        self.names = {numbers[name]: name for name, _, _ in KINDS}
        self.complete = {name: [] for name, _, _ in KINDS}
        self.left = {name: "" for name, _, _ in KINDS}

    def add(self, call):
        name = self.names.get(call.number())
        if name is None or call.message_info() != 0:
            return
        if call.left:
            self.left[name] = call.left
        elif call.changes_vspace() and len(self.complete[name]) < WANTED:
            self.complete[name].append(call)

    def is_full(self):
        return all(len(found) == WANTED for found in self.complete.values())

    def check(self, end):
        """`end`: how the run ended."""
        for name, found in self.complete.items():
            if not found:
                where = f"; some went out of sight in {self.left[name]}" if self.left[name] else ""
                raise WrongUse(
                    f"no complete {name} to another VSpace was seen until the end ({end}){where}")


def watch(kernel, cpus):
    """The calls that a node of so many CPUs made."""
    entries = kernel.entries(cpus)
    collection = Collection(kernel.numbers)
    with tempfile.TemporaryDirectory(prefix="cmk-lines-") as folder:
        fifo = os.path.join(folder, "log")
        os.mkfifo(fifo)
        setup = Setup(kernel=kernel.path,
                      images=[Image.parse(find_image(PROGRAM, PROGRAM_FOLDERS, "for-bench"))],
                      smp=cpus,
                      qemu=qemu_options(kernel.code.ranges(kernel.code.reachable(entries)), fifo))
        with Machine(setup) as machine, Log(fifo, machine, TIME_LIMIT) as log:
            lines = io.TextIOWrapper(io.BufferedReader(log, CHUNK),
                                     encoding="ascii",
                                     errors="replace")
            for call in calls(lines, kernel.code, {kernel.code.address(name) for name in entries}):
                collection.add(call)
                if collection.is_full():
                    break
            collection.check(log.verdict.reason or "enough calls were seen")
    return collection.complete


def show(kernel, cpus, limits):
    """Prints what a node of so many CPUs needs; returns what is too much, as texts."""
    found = watch(kernel, cpus)
    node = "node of 1 CPU" if cpus == 1 else f"node of {cpus} CPUs"
    problems = []
    for name, who, other in KINDS:
        worst_first = sorted(found[name], key=lambda call: -len(call.lines()))
        count, limit = len(worst_first[0].lines()), limits[name, cpus]
        print(f"{name}, {node}\n")
        print("\n".join(
            "    " + line
            for line in table(worst_first[0], Places(worst_first[0], kernel, who, other))))
        print(f"\n{summary(name, worst_first)}\n", flush=True)
        if count > limit:
            problems.append(f"{name}, {node}: {count} lines, and {limit} are allowed")
    return problems


def main(arguments):
    options = parse(arguments)
    try:
        make("bench-programs")
        kernel, limits = Kernel(kernel_file(options.kernel)), read_limits()
        problems = [
            text for cpus in CPU_COUNTS if options.cpus in (None, cpus)
            for text in show(kernel, cpus, limits)
        ]
    except (WrongUse, NotUnderstood, OSError) as error:
        print(f"tools/cache-lines: {error}", file=sys.stderr)
        return NOT_COUNTED
    for problem in problems:
        print(f"tools/cache-lines: {problem}", file=sys.stderr)
    return TOO_MANY if problems else 0
