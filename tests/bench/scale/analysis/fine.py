"""
The same workloads on a kernel that does not exist: one for the whole machine, with a lock for
each object and a ready queue for each CPU. It is CMK's path of a one-CPU node, and

  - LOCKS locks for each entry, which nobody else wants: so many locked instructions, and
    LOCK_INSTRUCTIONS around
  each; - a line that each entry changes for a short while, because all threads share the
  capability table: its lock,
  or a reference
    count. It is one CPU's at a time. Without it (shared=False: a process for each CPU, or a
    table read without locks)
    CPUs meet nowhere in the kernel: the best that can be;
  - for `map`, the address space's own lock around MAP_INSTRUCTIONS, and for unmap an interrupt
    to all CPUs that use
  it, which
    they take wherever they are;
  - for `ring`, REMOTE_LINES lines of the other CPU's queue and thread, and an IPI to wake it.

These are assumptions about code that was not written: no kernel's figures.
"""
from analysis.engine import (Acquire, Enter, Entry, Interrupt, Kernel, Plan, Release, Resource,
                             Simulation, Work)
from analysis.programs import WRITES

LOCKS, LOCK_INSTRUCTIONS = 3, 10
TABLE_INSTRUCTIONS = 20
MAP_INSTRUCTIONS = 150
INTERRUPT_INSTRUCTIONS = 150
REMOTE_LINES = 3


class Fine:
    """The kernel: makes the steps of an entry."""

    def __init__(self, profile, machine, shared):
        self.profile, self.machine = profile, machine
        self.table = Resource("capability table") if shared else None
        self.space = Resource("address space")

    def length(self, step):
        return step["one"] + LOCKS * (LOCK_INSTRUCTIONS +
                                      2 * self.machine.atomic()) + self.machine.entry()

    def lookup(self):
        """The shared line, if there is one."""
        if self.table is not None:
            yield Acquire(self.table)
            yield Work(TABLE_INSTRUCTIONS + self.machine.atomic())
            yield Release(self.table)

    def enter(self, step):
        yield from self.lookup()
        yield Work(self.length(step))


def in_turn(fine, name, think, cpus):
    steps = fine.profile["workloads"][name]

    def program(cpu):
        while True:
            for number, step in enumerate(steps):
                yield Work(step["user"], think if number == 0 else 0)
                if name != "map":
                    yield from fine.enter(step)
                    continue
                yield from fine.lookup()
                yield Acquire(fine.space)
                yield Work(MAP_INSTRUCTIONS)
                yield Release(fine.space)
                yield Work(fine.length(step) - MAP_INSTRUCTIONS)
                if "called" in step:
                    yield Interrupt([other for other in cpus if other is not cpu],
                                    INTERRUPT_INSTRUCTIONS + fine.machine.entry())
            cpu.operations += 1
    return program


def ring(fine, think, cpus):
    """Blocking and waking go through a kernel without a lock: one for each CPU."""
    steps, waiting, signalled = fine.profile["ring"], {}, {}

    def signal(cpu, _):
        target = cpus[(cpu.number + 1) % len(cpus)]
        lines = REMOTE_LINES * fine.machine.transfer(cpu.number, target.number)
        if waiting.pop(target.number, False):
            return Plan(fine.length(steps["signal"]) + lines, wake=(target,))
        signalled[target.number] = True
        return Plan(fine.length(steps["signal"]) + lines)

    def wait(cpu, _):
        if signalled.pop(cpu.number, False):
            return Plan(fine.length(steps["wait"]))
        waiting[cpu.number] = True
        return Plan(fine.length(steps["wait"]), block=True)

    def program(cpu):
        while True:
            yield Work(steps["signal"]["user"], think)
            yield from fine.lookup()
            yield Enter(Entry(0, 0, 0, signal))
            yield Work(steps["wait"]["user"])
            yield from fine.lookup()
            yield Enter(Entry(0, 0, 0, wait))
            cpu.operations += 1
    return program


def store(fine, think, writes):
    """One table for all; writes take its lock."""
    costs, lock = fine.profile["kv"], Resource("table")
    write_every, apart = writes

    def program(cpu):
        while True:
            yield Work(costs["client"]["user"], think)
            yield from fine.enter(costs["client"])
            if (cpu.operations + cpu.number * apart) % write_every == 0:
                yield Acquire(lock)
                yield Work(costs["write"])
                yield Release(lock)
            else:
                yield Work(costs["read"])
            yield from fine.enter(costs["server"])
            cpu.operations += 1
    return program


def simulate(profile, name, cpus, machine, until, think=0, warm_up=0, shared=True):
    """Operations per million cycles, as programs.simulate gives them."""
    simulation = Simulation(machine)
    fine = Fine(profile, machine, shared)

    def compute(cpu):
        while True:
            yield Work(1000, think)
            cpu.operations += 1

    programs = {"compute": lambda: compute, "ring": lambda: ring(fine, think, simulation.cpus),
                **{store_name: lambda: store(fine, think, WRITES[name]) for store_name in WRITES}}
    program = programs.get(name, lambda: in_turn(fine, name, think, simulation.cpus))()
    woken = profile["ring"]["woken"]
    for number in range(cpus):
        wake = Entry(
            0, 0, 0,
            lambda cpu, _: Plan(woken["hold"] + woken["pre"] + woken["post"] + machine.entry()))
        simulation.add_cpu(Kernel(f"cpu {number}", wake=wake), program)
    simulation.run(warm_up)
    before = sum(cpu.operations for cpu in simulation.cpus)
    simulation.run(until)
    return simulation, (sum(cpu.operations
                            for cpu in simulation.cpus) - before) * 1e6 / (until - warm_up)
