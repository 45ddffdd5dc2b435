"""Boots tests/bench/scale in an emulator and gives back what its workers counted, or what Bochs
traced.
"""
import os
import re
import shutil
import time

from cmklib.image import Image
from cmklib.machine import BOCHS_COMMANDS, Machine, Setup
from cmklib.places import BUILD, WrongUse, kernel_file

PROGRAM = os.path.join(BUILD, "system", "programs", "scale.elf")
COUNT = re.compile(r"\[(\d+)\] scale (\w+):(\d+) cpu (\d+) operations (\d+)(.*)")
END = re.compile(r"\[(\d+)\] scale cycles (\d+) (.*)")
# a tick of the kernel is 100,000 instructions; at 4 million it would be 8,000
BOCHS_IPS = 50_000_000


class Useless(WrongUse):
    """Figures that mean nothing: a worker began late, or failed."""


class Shape:
    """N nodes of C CPUs each: "NxC"."""

    def __init__(self, nodes, cpus):
        self.nodes, self.cpus = nodes, cpus

    def __str__(self):
        return f"{self.nodes}x{self.cpus}"

    def __eq__(self, other):
        return (self.nodes, self.cpus) == (other.nodes, other.cpus)

    def __hash__(self):
        return hash((self.nodes, self.cpus))

    @property
    def all_cpus(self):
        return self.nodes * self.cpus

    @classmethod
    def parse(cls, text):
        nodes, cpus = text.split("x")
        return cls(int(nodes), int(cpus))


def shapes_of(cpus):
    """All shapes of so many CPUs with nodes of equal size, one node first."""
    return [Shape(nodes, cpus // nodes) for nodes in range(1, cpus + 1) if cpus % nodes == 0]


def setup_for(shape, arguments, loader, kernel="release", commands=BOCHS_COMMANDS, qemu="",
              extra_cpus=0):
    if not os.path.isfile(PROGRAM):
        raise WrongUse(f"there is no {PROGRAM}; run 'make scale' or 'make for-system'")
    image = Image(PROGRAM, "node=all " + " ".join(arguments))
    return Setup(kernel_file(kernel), [image], config=f"nodes={shape.nodes} shared=4M",
                 loader=loader, smp=shape.all_cpus + extra_cpus, bochs_ips=BOCHS_IPS,
                 bochs_commands=commands, qemu=qemu)


def count(setup, nodes, limit):
    """
    The operations of each worker: {"NAME:THINK": {(node, cpu): operations}}. Raises if a worker
    was late or failed, or if the run did not end well.
    """
    counts, ended, deadline = {}, 0, time.monotonic() + limit
    with Machine(setup) as machine:
        while ended < nodes:
            line = machine.line(deadline)
            if line is None:
                raise WrongUse(f"the run did not end: {machine.messages()}")
            if match := COUNT.match(line):
                if match[6]:
                    raise Useless(f"useless figures: {line}")
                counts.setdefault(f"{match[2]}:{match[3]}", {})[int(match[1]),
                                                                int(match[4])] = int(match[5])
            elif match := END.match(line):
                if match[3] != "ok":
                    raise WrongUse(f"the workloads failed: {line}")
                ended += 1
            elif "stopped:" in line or "refused" in line:
                raise WrongUse(line)
    return counts


def trace_commands(cpus, stretches):
    """For Bochs's debugger: traces some CPUs in each stretch, which begins and ends at a magic
    break; then quits.
    """
    commands = []
    for on in (True, False) * stretches:
        commands.append("c")
        for cpu in cpus:
            commands += [f"set $cpu={cpu}"
                         ] + [f"{what} {'on' if on else 'off'}" for what in ("trace", "trace-mem")]
    return commands + ["q"]


def trace(setup, result, limit):
    """Runs until Bochs quits; its output goes to the file `result`."""
    deadline = time.monotonic() + limit
    with Machine(setup) as machine:
        while machine.line(deadline) is not None:
            pass
        if machine.status is None:
            raise WrongUse("Bochs did not come to the last break")
        shutil.copyfile(os.path.join(machine.folder.name, "messages"), result)
