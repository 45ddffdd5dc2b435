"""
One instruction as objdump writes it (AT&T syntax): which memory it reads and writes, and where it
may go.

Only what the kernel's short paths consist of is known. Anything else that could touch memory is an
error, not a guess. An access counts by the address of its first byte: the kernel's fields do not
lie across lines.
"""
import re
from dataclasses import dataclass, field

MASK = (1 << 64) - 1
REGISTERS = frozenset(["RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP"] +
                      [f"R{number}" for number in range(8, 16)])
LINE = re.compile(r"^ *([0-9a-f]+):\t(.*)$")
MEMORY = re.compile(r"(-?0x[0-9a-f]+|-?[0-9]+)?\((%\w+)?(?:,(%\w+),([1248]))?\)")
NUMBER = re.compile(r"-?0x[0-9a-f]+")
TARGET = re.compile(r"([0-9a-f]+) <[^>]+>")
PREFIXES = ("lock",)

MOVES = frozenset(
    "mov movb movw movl movq movabs movzbl movzwl movzbw movzbq movzwq movslq movsbl movswl movsbq "
    "movswq"
    .split())
READ_ALL = frozenset("cmp test bt".split())
CHANGE_LAST = frozenset(
    "add sub and or xor adc sbb inc dec neg not shl shr sar bts btr btc".split())
CHANGE_BOTH = frozenset("xchg xadd".split())
WITHOUT_ACCESS = frozenset("lea nop nopl nopw".split())
WITHOUT_OPERANDS = frozenset(
    "ret sysretq pause cli sti cltq cqto cwtl stac clac mfence lfence sfence".split())
SIZES = "bwlq"


class NotUnderstood(Exception):
    """An instruction whose accesses to memory are not known; the text has the instruction."""


@dataclass
class Instruction:
    address: int
    mnemonic: str = ""
    operands: list = field(default_factory=list)
    text: str = ""
    after: int = 0    # the address behind it
    function: str = ""

    def is_jump(self):
        return self.mnemonic.startswith("j")

    def is_call(self):
        return base_of(self.mnemonic) == "call"

    def is_return(self):
        return base_of(self.mnemonic) == "ret"

    def leaves_kernel(self):
        return self.mnemonic.startswith(("sysret", "iret"))

    def goes_on(self):
        """Whether the instruction behind it can be the next one; for a call, after the return."""
        return not (self.mnemonic.startswith(
            ("jmp", "ud2")) or self.is_return() or self.leaves_kernel())

    def target(self):
        """Where a direct jump or call goes; None for other instructions."""
        if not (self.is_jump() or self.is_call()) or not self.operands:
            return None
        match = TARGET.fullmatch(self.operands[0])
        return int(match[1], 16) if match else None

    def fail(self, why):
        raise NotUnderstood(f"{why}: {self.address:x} in {self.function or '?'}: {self.text}")


def base_of(mnemonic):
    """Without the letter for the operand's size: 'andq' is 'and'. Names that end so by themselves
    stay.
    """
    known = MOVES | READ_ALL | CHANGE_LAST | CHANGE_BOTH | WITHOUT_OPERANDS | {
        "push", "pop", "call", "cmpxchg"
    }
    return mnemonic[:-1] if mnemonic not in known and mnemonic[
        -1:] in SIZES and mnemonic[:-1] in known else mnemonic


def split_operands(text):
    """At the commas that are in no parentheses."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def parse(line):
    """A line of `objdump -d --no-show-raw-insn`; None if there is no instruction on it."""
    match = LINE.match(line)
    if not match:
        return None
    text = match[2].partition("#")[0].strip()
    words = text.split(None, 1)
    while len(words) == 2 and words[0] in PREFIXES:
        words = words[1].split(None, 1)
    operands = split_operands(words[1]) if len(words) == 2 else []
    return Instruction(int(match[1], 16), words[0] if words else "", operands, text)


def is_memory(operand):
    return not operand.startswith(("$", "%")) or "(" in operand or ":" in operand


def register(instruction, name, registers):
    key = name[1:].upper()
    if key == "RIP":
        return instruction.after
    if key not in REGISTERS:
        instruction.fail(f"no base or index register is called {name}")
    if key not in registers:
        instruction.fail(f"the log has no value of {name}")
    return registers[key]


def address_of(instruction, operand, registers):
    """The address that a memory operand means."""
    if NUMBER.fullmatch(operand):
        return int(operand, 16) & MASK
    match = MEMORY.fullmatch(operand)
    if not match or not (match[2] or match[3]):
        instruction.fail(f"'{operand}' is no operand that is understood")
    address = int(match[1], 0) if match[1] else 0
    if match[2]:
        address += register(instruction, match[2], registers)
    if match[3]:
        address += register(instruction, match[3], registers) * int(match[4])
    return address & MASK


def kinds_of(instruction):
    """For each operand how it is used if it lies in memory: '', 'r', 'w' or 'rw'."""
    name, count = base_of(instruction.mnemonic), len(instruction.operands)
    if name in WITHOUT_ACCESS:
        return [""] * count
    if name in READ_ALL or name == "push" or name.startswith("j") or name == "call":
        return ["r"] * count
    if name in MOVES and count == 2:
        return ["r", "w"]
    if name.startswith("cmov") and count == 2:
        return ["r", ""]
    if name in CHANGE_LAST and count:
        return ["r"] * (count - 1) + ["rw"]
    if name in CHANGE_BOTH and count == 2:
        return ["rw", "rw"]
    if name == "cmpxchg" and count == 2:
        return ["r", "rw"]
    if (name == "pop" or name.startswith("set")) and count == 1:
        return ["w"]
    return None


def stack_accesses(instruction, registers):
    name = base_of(instruction.mnemonic)
    if name in ("push", "call"):
        return [((register(instruction, "%rsp", registers) - 8) & MASK, "w")]
    if name in ("pop", "ret"):
        return [(register(instruction, "%rsp", registers), "r")]
    return []


def accesses(instruction, registers):
    """[(address, 'r', 'w' or 'rw')] of the memory that it touches, with the registers' values
    before it.
    """
    operands = instruction.operands
    if instruction.mnemonic.startswith("rep") or not instruction.mnemonic:
        instruction.fail("this instruction is not understood")
    if not operands and base_of(instruction.mnemonic) not in WITHOUT_OPERANDS | WITHOUT_ACCESS:
        instruction.fail("this instruction is not understood")
    if instruction.target() is not None:
        return stack_accesses(instruction, registers)
    kinds = kinds_of(instruction)
    result = stack_accesses(instruction, registers)
    for number, operand in enumerate(operands):
        through_pointer = operand.startswith("*")
        operand = operand.lstrip("*")
        if not is_memory(operand):
            continue
        if kinds is None:
            instruction.fail("this use of memory is not understood")
        if instruction.mnemonic.startswith("j") and not through_pointer:
            instruction.fail("this target is not understood")
        if kinds[number]:
            result.append((address_of(instruction, operand, registers), kinds[number]))
    return result
