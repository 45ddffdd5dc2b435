"""
The checker of proofs/BootTrace.v on recorded boots: QEMU with proofs/ties/recorder.c writes down
which memory each CPU reads and writes, from boot_sys() until it enters its kernel.

What is put in the checker's hands: a CPU's program is what it recorded, in its order; between a
fence and the next, and between starts, order says nothing to the checker, so there what was read
and what was written are one event each. A start counts from the fence that is the last one before
its INIT, not from its SIPI: what the starter does in between then counts as done beside the
started CPU, which asks for more. A CPU's record ends where it says that it has joined and waits for
its node (start.pml's subject), a node's first CPU's where it enters its kernel, whose lock is
lock.pml's. Flag words: the states of status pages, each node's cpus_ready, and the console's words
(tests/models/start.pml, console.pml).
"""
import bisect
import os
import re
import shutil
import subprocess
import sys

from cmklib.places import TOP
from cmklib.ties.oracle import PLACE, TIME_LIMIT, Broken, build_oracle, call

PROGRAM = "build/user/hello-cluster.elf node=all"
STATUS_PAGE, CONSOLE_PAGE, PAGE = 0xffffffffd0100000, 0xffffffffd0101000, 4096
MESSAGES_OF_A_START = 2  # INIT and SIPI; a second start would be one more
SHAPES = [ # kernel, CPUs, memory, configuration
    ("release", "1", "128M", ""),
    ("release", "2", "128M", "nodes=1"),
    ("release", "4", "256M", "nodes=1"),
    ("release", "2", "256M", "nodes=2"),
    ("release", "4", "256M", "nodes=2 channel=0-1,2M"),
    ("release", "4", "512M", "nodes=percpu shared=4M"),
    ("release", "8", "1G", "nodes=4 channel=0-3,2M"),
    ("release", "8", "512M", "nodes=2"),
    ("release", "6", "512M", "nodes=2 node0.cpus=0,1 node1.cpus=2-5"),
    ("release", "16", "1G", "nodes=2"),
    ("release", "4", "256M", "nodes=2 balance=on"),
    ("release", "4", "256M", "nodes=2 manager=on"),
    ("debug", "4", "256M", "nodes=2 checks=on"),
    ("debug", "3", "256M", "nodes=3 channel=0-2,2M"),
]
BROKEN_SHAPE = ("4", "256M", "nodes=2")
# What stands in the kernel, what stands there instead, and what the checker must say.
MUTANTS = [
    ("arch/x86/machine/start_cpu.c", "    full_fence();\n    apic_send_init(apic_id);",
     "    apic_send_init(apic_id);", "without a fence"),
    ("arch/x86/machine/start_cpu.c", "    full_fence();\n    apic_send_init(apic_id);",
     "    apic_send_init(apic_id);\n    full_fence();", "without a fence"),
    ("boot/machine/boot_sys.c", "    start_nodes(&state->cluster);\n",
     "    start_nodes(&state->cluster);\n    state->entry_tsc = entry_tsc;\n", "another writes"),
    ("node/boot_node.c", "        start_cpu(apic_id);\n",
     "        start_cpu(apic_id);\n"
     "        (void)*(volatile uint32_t *)&cpu_by_index(i)->index;\n", "another writes"),
]


def symbols(kernel):
    done = subprocess.run(["nm", kernel], capture_output=True, text=True, check=True)
    return {name: int(value, 16) for value, _, name in map(str.split, done.stdout.splitlines())}


def record(recorder, kernel, shape, out):
    """Boots; the CPUs of each node, first ones first."""
    cpus, memory, configuration = shape
    names = symbols(kernel)
    flags = [(STATUS_PAGE, STATUS_PAGE + 8), (CONSOLE_PAGE, CONSOLE_PAGE + PAGE),
             (names["cpus_ready"], names["cpus_ready"] + 4)]
    plugin = f"{recorder},begin={names['boot_sys']},wait={names['wait_for_node']}," \
        f"end={names['cpu_enter_first']},out={out}"
    plugin += "".join(f",flag={start}-{end}" for start, end in flags)
    # Time is what the CPUs execute: however slow the host is, nobody is started twice.
    status, output = call([sys.executable, os.path.join(TOP, "tools", "cmk"), "run", "--kernel",
                           kernel, "--smp", cpus, "--mem", memory, "--config", configuration,
                           f"--qemu=-icount shift=0,sleep=off -plugin {plugin}", PROGRAM])
    nodes = re.findall(r"^\[(\d+)\] I am node .*\(APIC ids ([\d ]+)\)", output, re.M)
    if status != 0 or not nodes:
        raise Broken(f"the cluster to be recorded ends with status {status}:\n{output[-800:]}")
    return {int(node): [int(cpu) for cpu in cpus.split()] for node, cpus in nodes}


def merged(ranges):
    """The same bytes in as few ranges as possible."""
    result = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1]:
            result[-1][1] = max(end, result[-1][1])
        else:
            result.append([start, end])
    return result


class Trace:
    """What was recorded: of each CPU a list of (kind, range), and the flag words."""

    def __init__(self, path):
        self.events, self.flags = {}, []
        with open(path, encoding="ascii") as file:
            for line in file:
                cpu, kind, *numbers = line.split()
                place = tuple(int(number) for number in numbers)
                if kind == "?":
                    raise Broken(f"CPU {cpu} used memory without a physical address")
                if kind == "L":
                    self.flags.append(place)
                else:
                    self.events.setdefault(int(cpu), []).append((kind, place))
        self.flags = merged(self.flags)
        for cpu, events in self.events.items():
            if events[-1][0] != "D":
                raise Broken(f"CPU {cpu} did not come to the end of boot")

    def program(self, cpu, children):
        """The CPU's events for the oracle: (kind, ranges), or ("S", CPU, program)."""
        events = self.events[cpu]
        sent = [at for at, (kind, _) in enumerate(events) if kind == "I"]
        started = children.get(cpu, [])
        if len(sent) != MESSAGES_OF_A_START * len(started):
            raise Broken(f"CPU {cpu} sent {len(sent)} messages to start {len(started)} CPUs")
        fences = [at for at, (kind, _) in enumerate(events) if kind == "F"]
        program, begin = [], 0
        for child, init in zip(started, sent[::MESSAGES_OF_A_START]):
            last = bisect.bisect(fences, init) - 1
            # Without a fence since the start before: the start stands where its message is.
            fence = fences[last] if last >= 0 and fences[last] >= begin else None
            end = init if fence is None else fence
            program += accesses(events[begin:end])
            program += [("F", None)] if fence is not None else []
            program.append(("S", (child, self.program(child, children))))
            begin = end + 1
        return program + accesses(events[begin:])


def accesses(events):
    """One event for all reads, and one for all writes."""
    return [(wanted, merged([place for kind, place in events if kind == wanted]))
            for wanted in "RW"]


def as_text(program):
    words = [str(len(program))]
    for kind, what in program:
        words.append(kind)
        if kind == "S":
            words += [str(what[0]), as_text(what[1])]
        elif kind != "F":
            words += [ranges_text(what)]
    return " ".join(words)


def ranges_text(ranges):
    return " ".join([str(len(ranges))] + [f"{start} {end}" for start, end in ranges])


def children_of(nodes):
    """Who starts whom, in order: the boot CPU the nodes' first CPUs, these their nodes' others."""
    children = {cpus[0]: list(cpus[1:]) for cpus in nodes.values()}
    boot_cpu = nodes[0][0]
    children[boot_cpu] = [nodes[node][0] for node in sorted(nodes) if node] + children[boot_cpu]
    return boot_cpu, children


def compare(oracle, recorder, kernel, shape):
    """Status and output of the oracle on one boot."""
    out = os.path.join(PLACE, "boot", "trace")
    boot_cpu, children = children_of(record(recorder, kernel, shape, out))
    trace = Trace(out)
    text = ranges_text(trace.flags) + " " + as_text(trace.program(boot_cpu, children))
    done = subprocess.run([oracle], input=text, capture_output=True, text=True,
                          timeout=TIME_LIMIT, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def build_recorder():
    """The plugin's path."""
    path = os.path.join(PLACE, "boot", "recorder.so")
    status, output = call(["gcc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden",
                           "-Wall", "-Wextra", "-Werror", "-o", path, "proofs/ties/recorder.c"])
    if status != 0:
        raise Broken(f"proofs/ties/recorder.c does not build:\n{output[-2000:]}")
    return path


def build_mutant(file, old, new):
    """A release kernel with one text replaced, from a copy of the tree; its path."""
    place = os.path.join(PLACE, "boot", "mutant")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    for name in ("Makefile", "linker.ld", "arch", "boot", "cluster", "include", "kernel", "node",
                 "tools", "user", "libsel4", "tests", "build/release", "build/generated",
                 "build/packages"):
        source, target = os.path.join(TOP, name), os.path.join(place, name)
        if os.path.isdir(source):
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
    path = os.path.join(place, file)
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if text.count(old) != 1:
        raise Broken(f"{file} does not have '{old.strip()}' once")
    with open(path, "w", encoding="utf-8") as source:
        source.write(text.replace(old, new))
    status, output = call(["make", "-s", "build/release/cmk.elf"], place)
    if status != 0:
        raise Broken(f"the broken kernel does not build:\n{output[-2000:]}")
    return os.path.join(place, "build", "release", "cmk.elf")


def check(_options):
    """(name, good, text) of each shape and each broken kernel."""
    oracle, recorder = build_oracle("boot"), build_recorder()
    for kind, *shape in SHAPES:
        kernel = os.path.join(TOP, "build", kind, "cmk.elf")
        status, output = compare(oracle, recorder, kernel, shape)
        yield f"boot, {kind}, {shape[0]} CPUs, {shape[1]}, '{shape[2]}'", status == 0, output
    for file, old, new, wanted in MUTANTS:
        kernel = build_mutant(file, old, new)
        status, output = compare(oracle, recorder, kernel, BROKEN_SHAPE)
        name = " ".join(new.split())
        yield (f"boot, with '{name}' in {os.path.basename(file)}", status == 1 and wanted in output,
               output)
