"""
What Bochs's debugger prints while it traces instructions and memory: as kernel entries, cut
where the node's lock is taken and released.

An entry has five parts, in instructions: `user`, what ran in user mode before it; `pre`, from
the kernel's first instruction to the exchange at the end of the lock's queue; `door`, what a CPU
does before it waits; `hold`, under the lock, the release included; `post`, from there to user
mode or to idling. Without a lock (nodes of one CPU) all of the kernel is `hold`.
"""
import re
from dataclasses import dataclass, field

INSTRUCTION = re.compile(
    r"\((\d+)\)\.\[(\d+)\] \[0x[0-9a-f]+\] [0-9a-f]{4}:([0-9a-f]{16}) \(.*?\): (.*?)\s*;")
ACCESS = re.compile(r"\[CPU(\d+) (RD|WR|RW)\]: LIN 0x([0-9a-f]+) PHY 0x([0-9a-f]+) \(len=(\d+)")
KERNEL_HALF = 1 << 63
LINE = 64


@dataclass
class Instruction:
    cpu: int
    tick: int
    address: int
    text: str
    accesses: list = field(default_factory=list)  # (write, linear address, physical address)

    def is_kernel(self):
        return self.address >= KERNEL_HALF


@dataclass
class Entry:
    """One kernel entry of one CPU; `begin` and `end` are Bochs's ticks, `lines` (physical line,
    written) by part.
    """
    cpu: int
    begin: int
    cause: str = "interrupt"  # or syscall
    site: int = 0             # the user instruction that called
    from_idle: bool = False
    to_idle: bool = False
    user: int = 0
    pre: int = 0
    door: int = 0
    spins: int = 0            # instructions of the waiting loop
    sent: list = field(default_factory=list)  # ticks at which IPIs left
    waited_for_others: bool = False
    ipi_wait: int = 0         # of `hold`: the loops that wait for other CPUs
    hold: int = 0
    post: int = 0
    acquired: int = 0         # ticks
    released: int = 0
    end: int = 0
    contended: bool = False
    came: bool = False        # to the door, that is, to the node's own page table
    lines: dict = field(default_factory=dict)
    # of functions to watch, in user mode before the entry
    calls: dict = field(default_factory=dict)


@dataclass
class Layout:
    """Where the kernel under test has what tells the parts (Layout.of_kernel in profile.py)."""
    lock_tail: int
    cpu_blocks: int
    cpu_block_size: int
    lock_wait: int  # offset in a CPU block

    def wait_word(self, cpu_index):
        return self.cpu_blocks + cpu_index * self.cpu_block_size + self.lock_wait

    def is_wait_word(self, address):
        offset = address - self.cpu_blocks
        return (0 <= offset < 256 * self.cpu_block_size
                and offset % self.cpu_block_size == self.lock_wait)


def instructions(lines):
    """The trace as instructions, each with its memory accesses, which Bochs prints behind it."""
    latest = {}
    for line in lines:
        if line.startswith("[CPU"):
            match = ACCESS.match(line)
            if match and int(match[1]) in latest:
                accesses = latest[int(match[1])].accesses
                if match[2] != "WR":
                    accesses.append((False, int(match[3], 16), int(match[4], 16)))
                if match[2] != "RD":
                    accesses.append((True, int(match[3], 16), int(match[4], 16)))
            continue
        match = INSTRUCTION.match(line)
        if match:
            instruction = Instruction(int(match[1]), int(match[2]), int(match[3], 16), match[4])
            complete = latest.get(instruction.cpu)
            latest[instruction.cpu] = instruction
            if complete is not None:
                yield complete


class _Cutter:
    """Cuts one CPU's instructions into entries."""

    def __init__(self, cpu, layout, watch):
        self.cpu, self.layout, self.watch, self.calls = cpu, layout, watch, {}
        self.entry, self.part = None, None
        self.user, self.last_user, self.last_text = 0, 0, ""
        self.idle, self.paused_at, self.must_end, self.left_table = False, None, False, False
        self.entries = []

    def see(self, instruction):
        if not instruction.is_kernel():
            self._finish(instruction.tick, to_idle=False)
            self.user += 1
            if instruction.address in self.watch:
                name = self.watch[instruction.address]
                self.calls[name] = self.calls.get(name, 0) + 1
            self.last_user, self.last_text = instruction.address, instruction.text
            return
        if self.entry is not None and self.part == "post" and self.last_text.startswith("hlt"):
            self._finish(instruction.tick, to_idle=True)
        if self.entry is None:
            self._begin(instruction)
        self._count(instruction)
        self.last_text = instruction.text

    def _begin(self, instruction):
        self.entry = Entry(self.cpu, instruction.tick, from_idle=self.idle, user=self.user,
                           calls=self.calls)
        self.calls = {}
        if self.last_text.startswith("syscall"):
            self.entry.cause, self.entry.site = "syscall", self.last_user
        self.must_end = self.entry.cause == "interrupt"
        self.part, self.idle, self.paused_at, self.left_table = "pre", False, None, False

    def _finish(self, tick, to_idle):
        if self.entry is not None:
            if self.part == "pre":  # no lock was taken: a node of one CPU
                self.entry.hold, self.entry.pre = self.entry.pre, 0
                self.entry.lines["hold"] = self.entry.lines.pop("pre", [])
            self.entry.end, self.entry.to_idle = tick, to_idle
            self.entries.append(self.entry)
            self.user = 0
        self.entry, self.idle = None, to_idle

    def _count(self, instruction):
        entry, text = self.entry, instruction.text
        part = self.part
        words = [linear for _, linear, _ in instruction.accesses]
        written = [linear for write, linear, _ in instruction.accesses if write]
        if (self.part == "pre" and self.layout.lock_tail in words and "xchg" in text
                and "cmpxchg" not in text):
            self.part = "hold"
            entry.acquired = instruction.tick
        elif self.part == "hold" and self._is_waiting(instruction):
            self._waits(instruction)
            part = "door"
        elif self.part == "hold" and (self._is_hand_over(written)
                                      or "cmpxchg" in text and self.layout.lock_tail in words):
            self.part = "post"
            entry.released = instruction.tick
        setattr(entry, part, getattr(entry, part) + 1)
        self.left_table = self.left_table or "mov cr3" in text
        if part == "hold":
            self._look_for_ipis(instruction)
        # An instruction that reads and writes a word fetches its line once, to write.
        lines = {}
        for write, _, physical in instruction.accesses:
            lines[physical // LINE] = lines.get(physical // LINE, False) or write
        entry.lines.setdefault(part, []).extend(lines.items())

    def _look_for_ipis(self, instruction):
        """x2APIC ends an interrupt and sends by WRMSR; a holder has a PAUSE only where it waits for
        other CPUs.
        """
        entry = self.entry
        if instruction.text.startswith("wrmsr") and not self.must_end:
            entry.sent.append(instruction.tick)
            self.paused_at = None
        if instruction.text.startswith("wrmsr"):
            self.must_end = False
        if instruction.text.startswith("pause"):
            entry.waited_for_others = True
            if self.paused_at is not None:
                entry.ipi_wait += entry.hold - self.paused_at
            self.paused_at = entry.hold

    def _is_waiting(self, instruction):
        return any(not write and linear == self.layout.wait_word(self.cpu)
                   for write, linear, _ in instruction.accesses)

    def _waits(self, instruction):
        """A look at the own waiting word: all since the exchange was the door; more looks are the
        loop.
        """
        entry = self.entry
        if not entry.contended:
            entry.contended = True
            entry.door, entry.hold = entry.hold, 0
            entry.lines["door"] = entry.lines.pop("hold", [])
        else:
            entry.spins += entry.hold + 1
            entry.hold = 0
            entry.door -= 1
        entry.came = entry.came or self.left_table
        entry.acquired, entry.ipi_wait, self.paused_at = instruction.tick, 0, None
        entry.waited_for_others = False

    def _is_hand_over(self, written):
        own = self.layout.wait_word(self.cpu)
        return any(self.layout.is_wait_word(address) and address != own for address in written)


def entries_of(lines, layout, watch=None):
    """
    All complete entries of each CPU: {cpu: [Entry]}, in order. The first of each may be cut off,
    and is left out. `watch` names functions by their addresses.
    """
    cutters = {}
    for instruction in instructions(lines):
        cutter = cutters.setdefault(instruction.cpu, _Cutter(instruction.cpu, layout, watch or {}))
        cutter.see(instruction)
    return {cpu: cutter.entries[1:] for cpu, cutter in cutters.items()}


def transfers(entries):
    """
    Lines that had to come from another CPU, by part, over all entries of all CPUs in their order
    of time: a read of a line that another CPU wrote last, or a write to one that another CPU
    has. Caches without limit, MESI. Returns a list parallel to the entries in order of time:
    (entry, {part: transfers}).
    """
    sharers, result = {}, []
    for entry in sorted((e for cpu in entries.values() for e in cpu),
                        key=lambda e: e.acquired or e.begin):
        moved = {}
        for part, accesses in entry.lines.items():
            count = 0
            for line, write in accesses:
                have = sharers.setdefault(line, set())
                if entry.cpu not in have and have or write and have - {entry.cpu}:
                    count += 1
                if write:
                    have.clear()
                have.add(entry.cpu)
            moved[part] = count
        result.append((entry, moved))
    return result
