"""What the lines are, the tables that people read, and the numbers of lines that are allowed."""
import os

from cmklib.bench.table import columns
from cmklib.cachelines.kernel import IN_C
from cmklib.cachelines.trace import CPU_BLOCK, LINE_BYTES, THREAD
from cmklib.places import TOP, WrongUse

KINDS = (("Call", "caller", "receiver"), ("ReplyRecv", "server", "caller")
         )  # name, who makes it, who runs afterwards
LIMITS = os.path.join(TOP, "tests", "bench", "cache-lines.txt")
CPU_COUNTS = (1, 4)


def read_limits(path=LIMITS):
    """(system call, CPUs) -> the most lines that it may touch."""
    limits = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            try:
                name, *numbers = (word.strip() for word in line.split("|"))
                one, four = (int(number) for number in numbers)
            except ValueError as error:
                raise WrongUse(f"{path}: {line.strip()}: {error}") from error
            limits[name, 1], limits[name, 4] = one, four
    if missing := {name for name, _, _ in KINDS} - {name for name, _ in limits}:
        raise WrongUse(f"{path} has no limit for {min(missing)}")
    return limits


class Places:
    """Names for lines of one call: `parts` are (begin, bytes, name)."""

    def __init__(self, call, kernel, who, other):
        registers = call.at(kernel.code.address(IN_C))
        if registers is None:
            raise WrongUse(f"a call did not come to {IN_C}()")
        offsets, block = kernel.offsets, registers[CPU_BLOCK]
        next_thread = call.last_pop() - offsets["CONTEXT_R15"] - offsets["TCB_CONTEXT"]
        self.variables = kernel.variables
        self.parts = [(registers[THREAD], kernel.tcb_bytes, f"{who}'s TCB"),
                      (next_thread, kernel.tcb_bytes, f"{other}'s TCB"),
                      (block, offsets["CPU_BLOCK_SIZE"] - offsets["CPU_STACK_BYTES"], "CPU block"),
                      (block - offsets["CPU_STACK_BYTES"], offsets["CPU_STACK_BYTES"],
                       "CPU's stack")]

    def name(self, line, kinds, offsets):
        for begin, size, name in self.parts:
            if begin <= line < begin + size:
                return f"{name}, {line - begin}..{line - begin + LINE_BYTES - 1}"
        variables = [self.variables.name(line + offset) for offset in sorted(offsets)]
        if None not in variables:
            return ", ".join(dict.fromkeys(variables))
        # Of the capability it was called with, a short path only reads the slot.
        return "endpoint" if "w" in kinds else "slot of its capability"


def rows_of(call, places):
    return [(places.name(line, kinds, offsets), " ".join(sorted(kinds)), f"{line:x}", " ".join(
        map(str, sorted(offsets)))) for line, (kinds, offsets) in sorted(call.lines().items())]


def table(call, places):
    return columns([("line", "", "address", "offsets in it")] + rows_of(call, places), "<<><")


def summary(name, calls):
    """One line about calls of one kind, of which the first is the one that needs most."""
    counts = [len(call.lines()) for call in calls]
    most = calls[0]
    alike = "all alike" if min(counts) == max(
        counts) else f"{counts.count(max(counts))} of them, others down to {min(counts)}"
    return (
        f"{name}: {max(counts)} lines, in {len(most.steps)} instructions of the kernel, "
        f"which lie in {most.text_lines()} "
        f"lines ({len(calls)} calls, {alike})")
