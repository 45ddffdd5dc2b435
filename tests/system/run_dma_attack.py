#!/usr/bin/python3
"""
Devices against memory: tests/system/programs/dma-attack on all nodes; on node ATTACKER it aims the
DMA of up to 64 of QEMU's device edu at what is not its node's. Afterwards the whole memory is read
from outside, and searched for what the devices wrote.

    run_dma_attack.py [--kernel KIND] [--iommu OPTIONS] [--random N] [--edus DEVICES]
                      [--loader KIND] [--low SIZE] SMP MEM CONFIG ATTACKER

With an IOMMU (OPTIONS are those of QEMU's intel-iommu; "none": a machine without) the targets are
every border in the plan, the other nodes' pages, IOMMU, IOAPIC, and N random ones, and nothing
outside the attacker's domain may have changed. Without it, or with iommu=off, the targets are the
other nodes' pages alone, and each must be overwritten, as the plan said.
"""
import argparse
import os
import re
import secrets
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tools"))

from cmklib.image import Image  # noqa: E402
from cmklib.machine import Machine, Setup, mebibytes  # noqa: E402
from cmklib.monitor import Monitor  # noqa: E402
from cmklib.places import kernel_file  # noqa: E402

PROGRAM = os.path.join(TOP, "build", "system", "programs", "dma-attack.elf")
FIRST_EDU = 3
ALL_BITS = (1 << 64) - 1
FUNCTIONS = 8
PAGE = 4096
HANG_SECONDS = 600  # for what must come; only a hang takes so long
MOST_BORDERS = 100  # as many as fit into a program's arguments
RANGE = re.compile(r"cmk: plan:   RAM +0x([0-9a-f]+) - 0x([0-9a-f]+) .*(?:iB|bytes)  (.*)")
FIXED = [0xfec00000, 0xfed00000, 0xfed90000, 0xfed91000, 0xfffff000]  # IOAPIC, HPET, IOMMU, end
problems = []


def expect(good, what):
    print(f"{'ok   ' if good else 'WRONG'} {what}", flush=True)
    if not good:
        problems.append(what)


def edu_options(devices):
    """One device of QEMU is one function; a device with several says so in its first."""
    words = []
    for device in range(FIRST_EDU, FIRST_EDU + devices):
        for function in range(FUNCTIONS):
            more = ",multifunction=on" if function == 0 else ""
            words.append(f"-device edu,addr={device:02x}.{function},dma_mask={ALL_BITS:#x}{more}")
    return " ".join(words)


class Plan:
    """Who owns which memory, from the plan's own lines, which the unit tests check."""

    def __init__(self, lines):
        self.ranges, self.text = [], "\n".join(lines)
        for line in lines:
            if found := RANGE.match(line):
                self.ranges.append((int(found[1], 16), int(found[2], 16), found[3]))

    def domain(self, node):
        """What the node's devices may reach."""
        channel = re.compile(rf"channel \d+, nodes (?:{node} and \d+|\d+ and {node})$")
        return [(start, end) for start, end, owner in self.ranges
                if owner in (f"node {node}", "shared by all nodes") or channel.match(owner)]

    def borders(self):
        return sorted({border for start, end, _ in self.ranges for border in (start, end)})

    def top(self):
        return max(end for _, end, _ in self.ranges)


def setup_for(options, config, images):
    iommu = "" if options.iommu == "none" else f"-device intel-iommu,{options.iommu} "
    qemu = (f"-M max-ram-below-4g={options.low} {iommu}{edu_options(options.edus)} "
            f"-monitor unix:{options.monitor},server=on,wait=off")
    return Setup(kernel_file(options.kernel), images, config, loader=options.loader,
                 smp=options.smp, mem=options.mem, qemu=qemu)


def lines_of(machine, done):
    """Passes lines on until done() is true; the deadline only ends hangs."""
    lines = []
    deadline = time.monotonic() + HANG_SECONDS
    while not done(lines):
        line = machine.line(deadline)
        if line is None:
            raise RuntimeError(f"the machine hangs or has ended: {machine.messages()}")
        print(line, flush=True)
        lines.append(line)
    return lines


def read_plan(options):
    images = [Image.parse(f"{PROGRAM} node=all")]
    with Machine(setup_for(options, options.config + " plan=only", images)) as machine:
        lines = lines_of(machine, lambda lines: bool(lines) and "stopping" in lines[-1])
    return Plan(lines)


def as_pages(ranges):
    return ",".join(f"{start // PAGE:x}-{end // PAGE:x}" for start, end in ranges)


def memory_bytes(monitor, folder, options):
    """RAM as QEMU has it: (physical address, bytes), below and above the hole."""
    total = mebibytes(options.mem) << 20
    low = min(total, mebibytes(options.low) << 20)
    pieces = [(0, low)] + ([(1 << 32, total - low)] if total > low else [])
    for start, size in pieces:
        path = os.path.join(folder, "ram")
        monitor.command(f'pmemsave {start:#x} {size:#x} "{path}"')
        with open(path, "rb") as file:
            yield start, file.read()
        os.unlink(path)


def places_of(monitor, folder, options, pattern):
    """Every physical address where a word of the pattern is."""
    found = set()
    for start, data in memory_bytes(monitor, folder, options):
        for number in range(8):
            word = ((pattern + number) & (1 << 64) - 1).to_bytes(8, "little")
            at = data.find(word)
            while at >= 0:
                found.add(start + at)
                at = data.find(word, at + 1)
    return sorted(found)


def registers(monitor):
    """Of the IOMMU: version to root table without the fault status; of the IOAPIC, all."""
    return monitor.command("xp /10wx 0xfed90000") + monitor.command("info pic")


def attack(options, plan, confined, folder):
    pattern = secrets.randbits(64) | 1 << 63
    domain = plan.domain(options.attacker)
    words = [f"attacker={options.attacker}", f"pattern={pattern:x}", f"own={as_pages(domain)}",
             f"devices={FIRST_EDU:x}-{FIRST_EDU + options.edus - 1:x}"]
    if confined:
        borders = (plan.borders() + FIXED)[:MOST_BORDERS]
        words += [f"border={','.join(f'{border // PAGE:x}' for border in borders)}",
                  f"random={options.random}", f"top={plan.top() // PAGE:x}",]
    else:
        words += ["random=0"]  # the others' pages alone: more would end their kernels
    images = [Image.parse(f"{PROGRAM} node=all {' '.join(words)}")]
    nodes = int(re.search(r"cmk: plan: (\d+) node", plan.text)[1])
    with Machine(setup_for(options, options.config, images)) as machine:
        lines = lines_of(machine, lambda lines: bool(lines) and "reach-their-own" in lines[-1])
        monitor = Monitor(options.monitor)
        before = registers(monitor)
        lines += lines_of(machine, lambda lines: sum("waiting" in line for line in lines) == nodes)
        monitor.command("stop")
        after = registers(monitor)
        places = places_of(monitor, folder, options, pattern)
    judge(lines, confined, nodes, places, domain, before == after)


def judge(lines, confined, nodes, places, domain, registers_same):
    text = "\n".join(lines)
    outside = [place for place in places if not any(start <= place < end for start, end in domain)]
    expect(len(places) > len(outside), "the devices' pattern is in their own node's memory")
    expect("FAIL" not in text and text.count("PASS") == 3, "the attacker could do what it wanted")
    stolen = int(re.search(r"secrets stolen: (\d+)", text)[1])
    expect(f"devices are confined: {int(confined)}" in text, "boot info says what devices reach")
    aimed, = re.findall(r"aimed at (\d+) targets", text)
    intact, lost = text.count("my page is intact"), text.count("my page is overwritten")
    print(f"{aimed} targets, {len(places)} words of the pattern in memory, "
          f"{len(outside)} of them outside; {stolen} secrets stolen, "
          f"{lost} pages overwritten", flush=True)
    if confined:
        expect(not outside, "nothing outside has changed"
               + "".join(f" {place:#x}" for place in outside[:8]))
        expect(stolen == 0 and lost == 0 and intact == nodes - 1,
               "the other nodes' pages are intact and secret")
        expect(registers_same, "the registers of IOMMU and IOAPIC are what they were")
    else:
        expect(len(outside) >= 8 * (nodes - 1), "memory of every other node has changed")
        expect(stolen == nodes - 1 and lost == nodes - 1,
               "every other node's page was read and overwritten")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", default="debug")
    parser.add_argument("--iommu", default="intremap=on")
    parser.add_argument("--random", type=int, default=500)
    parser.add_argument("--edus", type=int, default=8, help="devices of eight functions")
    parser.add_argument("--loader", default="direct")
    parser.add_argument("--low", default="1G", help="so much memory, at most, is below 4 GiB")
    parser.add_argument("smp")
    parser.add_argument("mem")
    parser.add_argument("config")
    parser.add_argument("attacker", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cmk-dma-") as folder:
        options.monitor = os.path.join(folder, "monitor")
        plan = read_plan(options)
        confined = options.iommu != "none" and "iommu=off" not in options.config
        said = f"cmk: plan: node {options.attacker}: its devices reach "
        said += ("this node's memory, no other node's" if confined
                 else "all memory: every other node trusts it")
        expect(said in plan.text, f"the plan says '{said}'")
        attack(options, plan, confined, folder)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
