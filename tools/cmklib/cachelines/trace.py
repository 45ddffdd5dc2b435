"""
QEMU's log of instructions and registers, cut into system calls.

The log has the registers before each instruction of the functions that were asked for. A call
begins with a stub's first instruction and ends with SYSRET; each instruction between must be one
that the instruction before can lead to. Otherwise the call went through other functions meanwhile,
and what it did there is not known: it is not complete.
"""
import re
from dataclasses import dataclass, field

from cmklib.cachelines.instruction import MASK, accesses, base_of

TRACE = re.compile(r"^Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/")
VALUE = re.compile(r"\b(R\w+) *=([0-9a-f]{16})\b")
LINE_BYTES = 64
MESSAGE_INFO, NUMBER, THREAD, CPU_BLOCK = "RSI", "RDX", "R8", "R9"


@dataclass
class Step:
    instruction: object
    registers: dict


@dataclass
class Call:
    """One system call, from the stub to SYSRET. `left` names where it went out of sight, if it did.
    """
    steps: list = field(default_factory=list)
    left: str = ""

    def number(self):
        return self.steps[0].registers[NUMBER]

    def message_info(self):
        return self.steps[0].registers[MESSAGE_INFO]

    def changes_vspace(self):
        return any(step.instruction.operands[-1:] == ["%cr3"] for step in self.steps)

    def lines(self):
        """{line's address: (set of 'r' and 'w', set of offsets)} of what its instructions read and
        write.
        """
        lines = {}
        for step in self.steps:
            for address, kinds in accesses(step.instruction, step.registers):
                offset = address % LINE_BYTES
                all_kinds, offsets = lines.setdefault(address - offset, (set(), set()))
                all_kinds.update(kinds)
                offsets.add(offset)
        return lines

    def text_lines(self):
        """How many lines the instructions themselves lie in."""
        return len({step.instruction.address // LINE_BYTES for step in self.steps})

    def at(self, function):
        """The registers when it entered a function; None if it did not."""
        return next((step.registers for step in self.steps if step.instruction.address == function),
                    None)

    def last_pop(self):
        """From which address the last register of the next thread came."""
        return next(step.registers["RSP"] for step in reversed(self.steps)
                    if base_of(step.instruction.mnemonic) == "pop")


def read_steps(lines):
    """(CPU, address, registers) of each instruction in a log."""
    cpu = address = None
    registers = {}
    for line in lines:
        if line.startswith("Trace "):
            match = TRACE.match(line)
            cpu, address, registers = (int(match[1]), int(match[2], 16),
                                       {}) if match else (None, None, {})
        elif address is not None and line.startswith("R") and line[3:4] == "=":
            registers.update((name, int(value, 16)) for name, value in VALUE.findall(line))
            if line.startswith("RIP="):
                if registers["RIP"] == address:
                    yield cpu, address, registers
                address = None


def can_follow(before, address, returns):
    """Whether the instruction there can come after this one; `returns`: of the calls that are open,
    which it keeps.
    """
    if before.is_return():
        return bool(returns) and returns.pop() == address
    if before.is_call():
        returns.append(before.after)
    target = before.target()
    if target == address or (target is None and (before.is_jump() or before.is_call())):
        return True
    return address == before.after and before.goes_on() and not before.is_call()


class Cutter:
    """Puts the instructions of one CPU together; `entries`: the addresses of the stubs."""

    def __init__(self, code, entries):
        self.code, self.entries = code, entries
        self.call, self.returns = None, []

    def step(self, address, registers):
        """The call that ends here, complete or out of sight; None as long as none does."""
        instruction = self.code.instructions.get(address)
        ended = None
        if self.call is not None:
            before = self.call.steps[-1].instruction
            if instruction is None or not can_follow(before, address, self.returns):
                self.call.left = f"{before.function}: {before.text}"
                ended, self.call = self.call, None
        if instruction is None:
            return ended
        if address in self.entries:
            self.call, self.returns = Call(), []
        if self.call is None:
            return ended
        self.call.steps.append(Step(instruction, registers))
        if instruction.leaves_kernel():
            ended, self.call = self.call, None
        return ended


def calls(lines, code, entries):
    """The system calls in a log, in the order in which they end."""
    cutters = {}
    for cpu, address, registers in read_steps(lines):
        cutter = cutters.setdefault(cpu, Cutter(code, entries))
        ended = cutter.step(address & MASK, registers)
        if ended is not None:
            yield ended
