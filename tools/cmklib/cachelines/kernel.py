"""What the tool has to know of a kernel file: instructions, functions, variables, and the offsets
that assembly uses.
"""
import bisect
import os
import re
import subprocess

from cmklib.cachelines.instruction import parse
from cmklib.places import TOP, WrongUse, program

HEADING = re.compile(r"^([0-9a-f]{16}) <(.+)>:$")
SYMBOL = re.compile(r"^([0-9a-f]{16}) (?:[0-9a-f]{16} )?([a-zA-Z]) (\S+)$")
OFFSET = re.compile(r"^%define (\w+) (-?\d+)$")
SYSCALL = re.compile(r"^SYSCALL\((\w+),\s*(-\d+)\)$")
TCB_BITS = re.compile(r"^#define ABI_TCB_BITS\s+(\d+)$", re.M)
NEEDED_OFFSETS = ("TCB_CONTEXT", "CONTEXT_R15", "CPU_BLOCK_SIZE", "CPU_STACK_BYTES")
DATA = "bBdDrR"
# The ways out of the short paths: what lies behind them is not followed.
BEYOND = frozenset(["syscall_ordinary", "syscall_at_door", "lock_waited_too_long", "kernel_stop"])
ENTRY_ONE, ENTRY_MANY, IN_C = "syscall_stub_one", "stub_", "syscall_entry"


def output_of(name, *arguments):
    done = subprocess.run([program(name, "binutils"), *arguments],
                          stdin=subprocess.DEVNULL,
                          capture_output=True,
                          text=True,
                          check=False)
    if done.returncode != 0:
        raise WrongUse(f"{name} failed: {done.stderr.strip()}")
    return done.stdout


class Code:
    """Disassembled functions. A label that objdump heads is a function here."""

    def __init__(self, lines):
        self.instructions = {}
        self.functions = []   # (address, name), ascending
        name = ""
        for line in lines:
            if match := HEADING.match(line):
                name = match[2]
                self.functions.append((int(match[1], 16), name))
            elif instruction := parse(line):
                instruction.function = name
                self.instructions[instruction.address] = instruction
        self.addresses = sorted(self.instructions)
        for address, after in zip(self.addresses, self.addresses[1:]):
            self.instructions[address].after = after
        self.starts = [address for address, _ in self.functions]

    def address(self, name):
        """Of the one function with this name."""
        found = [address for address, other in self.functions if other == name]
        if len(found) != 1:
            raise WrongUse(f"the kernel has {len(found)} functions called {name}")
        return found[0]

    def body(self, start):
        """The instructions of the function that begins there, without the padding behind them."""
        number = bisect.bisect_right(self.starts, start)
        end = self.starts[number] if number < len(self.starts) else self.addresses[-1] + 1
        first, last = bisect.bisect_left(self.addresses,
                                         start), bisect.bisect_left(self.addresses, end)
        body = [self.instructions[address] for address in self.addresses[first:last]]
        while body and ("nop" in body[-1].text or body[-1].text == "xchg   %ax,%ax"):
            body.pop()
        return body

    def function_of(self, address):
        """Where the function begins that this address lies in."""
        number = bisect.bisect_right(self.starts, address)
        if number == 0:
            raise WrongUse(f"{address:x} is in no function of the kernel")
        return self.starts[number - 1]

    def reachable(self, names, beyond=BEYOND):
        """Where the functions begin that jumps, calls and falling through lead to from these;
        nothing `beyond`.
        """
        forbidden = {self.address(name) for name in beyond}
        found, waiting = set(), [self.address(name) for name in names]
        while waiting:
            start = waiting.pop()
            if start in found or start in forbidden:
                continue
            found.add(start)
            body = self.body(start)
            targets = [instruction.target() for instruction in body]
            waiting += [
                self.function_of(target) for target in targets if target in self.instructions
            ]
            if body and body[-1].goes_on() and body[-1].after:
                waiting.append(self.function_of(body[-1].after))
        return sorted(found)

    def ranges(self, starts):
        """[(address, bytes)] that cover these functions' instructions."""
        bodies = filter(None, map(self.body, starts))
        return [(body[0].address, body[-1].after - body[0].address) for body in bodies]


class Variables:
    """Where the kernel's variables are, from the lines of `nm`."""

    def __init__(self, lines):
        matches = filter(None, map(SYMBOL.match, lines))
        self.symbols = sorted(
            (int(match[1], 16), match[3]) for match in matches if match[2] in DATA)
        self.starts = [address for address, _ in self.symbols]

    def name(self, address):
        """'name' or 'name + 8' of what lies there; None before the first variable, or behind the
        last one.
        """
        number = bisect.bisect_right(self.starts, address)
        if number in (0, len(self.starts)):
            return None
        start, name = self.symbols[number - 1]
        return name if address == start else f"{name} + {address - start}"


def read_offsets(path):
    try:
        with open(path, encoding="utf-8") as file:
            offsets = {match[1]: int(match[2]) for match in filter(None, map(OFFSET.match, file))}
    except OSError as error:
        raise WrongUse(f"{error}; it is made together with the kernel") from error
    if missing := [name for name in NEEDED_OFFSETS if name not in offsets]:
        raise WrongUse(f"{path} does not define {missing[0]}")
    return offsets


def read_tcb_bytes():
    with open(os.path.join(TOP, "include", "api", "limits.h"), encoding="utf-8") as file:
        match = TCB_BITS.search(file.read())
    if not match:
        raise WrongUse("include/api/limits.h does not define ABI_TCB_BITS")
    return 1 << int(match[1])


def read_numbers():
    """{name of a system call: what is in rdx}"""
    with open(os.path.join(TOP, "include", "api", "syscalls.def"), encoding="utf-8") as file:
        return {
            match[1]: int(match[2]) & (1 << 64) - 1
            for match in filter(None, map(SYSCALL.match, map(str.strip, file)))
        }


class Kernel:
    def __init__(self, path):
        self.path = path
        self.code = Code(output_of("objdump", "-d", "--no-show-raw-insn", path).splitlines())
        self.variables = Variables(output_of("nm", path).splitlines())
        self.offsets = read_offsets(os.path.join(os.path.dirname(path), "generated", "offsets.inc"))
        self.tcb_bytes = read_tcb_bytes()
        self.numbers = read_numbers()

    def entries(self, cpus):
        """The names of the stubs where system calls come in, on a node of so many CPUs."""
        return [ENTRY_ONE] if cpus == 1 else [f"{ENTRY_MANY}{number}" for number in range(cpus)]
