"""
The workloads as programs for the simulation, from a profile (profile.py): the same steps that
tests/bench/scale takes, with the lengths that were measured for one CPU, two, and what each
further one adds.
"""
from analysis.engine import (Acquire, Come, Enter, Entry, Kernel, Plan, Release, Resource,
                             Simulation, Work)

# Which operations write: of how many one, and how far CPUs are apart in that. `kv` as in
# tests/bench/scale/store.c.
FAILED_TURN = 8  # instructions of a look at a lock that is taken
WRITES = {"kv": (5, 0), "kv100": (100, 1)}


def entry_of(step, cpus, plan=None):
    """An entry into a node of so many CPUs."""
    if cpus == 1:
        return Entry(0, 0, 0, plan or (lambda cpu, contended: Plan(step["one"])))
    return Entry(step["pre"], step["door"], step["post"], plan
                 or (lambda cpu, contended: Plan(held(step, cpus, contended))),
                 moved_pre=step["moved_pre"], moved_hold=step["moved_hold"],
                 moved_post=step["moved_post"])


def held(step, cpus, contended):
    """Instructions under the lock."""
    if cpus == 1:
        return step["one"]
    return step["contended" if contended else "free"] + step["per_cpu"] * (cpus - 2)


def constant(length):
    return lambda cpu, contended: Plan(length)


def interrupt_entry(profile):
    step = profile["interrupt"]
    return Entry(step["pre"], step["door"], step["post"], constant(step["hold"]),
                 moved_hold=step["moved_hold"])


def woken_entry(profile):
    step = profile["ring"]["woken"]
    return Entry(step["pre"], step["door"], step["post"], constant(step["hold"]),
                 moved_hold=step["moved_hold"])


def tick_entry(profile):
    step = profile["tick"]
    return Entry(step["pre"], step["door"], step["post"], constant(step["hold"]))


def new_kernel(profile, name):
    return Kernel(name, interrupt=interrupt_entry(profile), wake=woken_entry(profile),
                  tick=tick_entry(profile), come=Come(**profile["come"]))


# ---- Workloads whose CPUs meet only in the kernel
# --------------------------------------------------------------------

def compute(profile, cpus, think):
    del profile, cpus

    def program(cpu):
        while True:
            yield Work(1000, think)
            cpu.operations += 1
    return program


def unmap_plan(step, cpus):
    """All CPUs of the node run in the address space. Those in user mode must come to the door."""
    called = step["called"]

    def plan(cpu, contended):
        return Plan(held(step, cpus, contended), call=tuple(cpu.kernel.cpus),
                    call_at=called["before"], call_first=called["first"], call_more=called["each"])
    return plan


def in_turn(profile, name, cpus, think):
    """The steps of a workload, one after the other."""
    steps = profile["workloads"][name]
    entries = [
        entry_of(step, cpus,
                 unmap_plan(step, cpus) if "called" in step and cpus > 1 else None)
        for step in steps
    ]

    def program(cpu):
        while True:
            for number, (step, entry) in enumerate(zip(steps, entries)):
                yield Work(step["user"], think if number == 0 else 0)
                yield Enter(entry)
            cpu.operations += 1
    return program


class Ring:
    """One node's notifications."""

    def __init__(self, profile, cpus, think):
        self.steps, self.cpus, self.think = profile["ring"], cpus, think
        self.signalled = [False] * cpus
        self.blocked = [False] * cpus

    def signal(self, cpu, contended):
        step = self.steps["signal"]
        target = (self.place(cpu) + 1) % self.cpus
        if self.blocked[target]:
            extra = step["wake"] - step["contended"]

            def effect():
                self.blocked[target] = False

            return Plan(
                held(step, self.cpus, contended) + extra, wake=(cpu.kernel.cpus[target], ),
                effect=effect)

        def effect():
            self.signalled[target] = True
        return Plan(held(step, self.cpus, contended), effect=effect)

    def wait(self, cpu, contended):
        step, place = self.steps["wait"], self.place(cpu)
        hold = held(step, self.cpus, contended)
        if self.signalled[place]:
            self.signalled[place] = False
            return Plan(hold)
        self.blocked[place] = True
        return Plan(hold, block=True)

    def place(self, cpu):
        return cpu.kernel.cpus.index(cpu)

    def program(self, cpu):
        signal = entry_of(self.steps["signal"], self.cpus, self.signal)
        wait = entry_of(self.steps["wait"], self.cpus, self.wait)
        while True:
            yield Work(self.steps["signal"]["user"], self.think)
            yield Enter(signal)
            yield Work(self.steps["wait"]["user"])
            yield Enter(wait)
            cpu.operations += 1


# ---- The key-value store: all nodes together
# -------------------------------------------------------------------------

class Store:
    """The replicas, and the channels as lists of messages. Node 0 orders the writes."""

    def __init__(self, profile, nodes, cpus, think, machine, writes):
        self.write_every, self.apart = writes
        self.costs, self.nodes, self.cpus, self.think = profile["kv"], nodes, cpus, think
        self.machine = machine
        self.locks = [Resource(f"table of node {node}") for node in range(nodes)]
        self.requests = [[] for _ in range(nodes)]  # to node 0
        self.updates = [[] for _ in range(nodes)]   # from node 0
        self.written = {}                           # CPU number: writes that its node has applied
        many = "_many" if nodes > 1 else ""
        self.client = entry_of(self.costs["client" + many], cpus)
        self.server = entry_of(self.costs["server" + many], cpus)

    def order(self, writer):
        """Node 0 has sent a write to all."""
        for node in range(1, self.nodes):
            self.updates[node].append(writer)
        self.apply(0, writer)

    def apply(self, node, writer):
        if writer.number // self.cpus == node:
            self.written[writer.number] = self.written.get(writer.number, 0) + 1

    def message(self, node, other):
        """The cache line of a message from a node, or to it: its last reader still has the line."""
        return self.machine.transfer(other * self.cpus, node * self.cpus)

    def sending(self):
        """Node 0: a write to all others."""
        return sum(self.costs["send"] + self.message(other, 0) for other in range(1, self.nodes))

    def catch_up(self, node, look):
        """With the table's lock: takes what has come."""
        costs = self.costs
        if node != 0:
            yield Work(look)
            while self.updates[node]:
                writer = self.updates[node].pop(0)
                yield Work(costs["update"] + self.message(node, 0))
                self.apply(node, writer)
            return
        yield Work(costs["look"] * (self.nodes - 1))
        for other in range(1, self.nodes):
            while self.requests[other]:
                writer = self.requests[other].pop(0)
                yield Work(costs["take"] + self.message(0, other) + self.sending())
                self.order(writer)

    def read(self, node):
        lock = self.locks[node]
        yield Work(self.costs["read"])
        if lock.is_free():
            yield Acquire(lock)
            yield from self.catch_up(node, self.costs["look_elsewhere"])
            yield Release(lock)

    def write(self, cpu, node, number):
        lock, costs = self.locks[node], self.costs
        yield Acquire(lock)
        if node == 0:
            yield Work(costs["write"] + self.sending())
            self.order(cpu)
            yield Release(lock)
        else:
            yield Work(costs["request"] + self.message(node, 0))
            self.requests[node].append(cpu)
            yield Release(lock)
        # The loop that waits: part of each turn has the lock; without it, a turn is only a look.
        look = costs["look_elsewhere"] if node else costs["look"]
        while self.written.get(cpu.number, 0) < number:
            if lock.is_free():
                yield Acquire(lock)
                yield from self.catch_up(node, look)
                yield Release(lock)
                yield Work(max(1, costs["turn"] - look))
            else:
                yield Work(FAILED_TURN + self.machine.failed_look())

    def program(self, cpu):
        node = cpu.number // self.cpus
        writes = 0
        while True:
            yield Work(self.costs["client"]["user"], self.think)
            yield Enter(self.client)
            if (cpu.operations + cpu.number * self.apart) % self.write_every == 0:
                writes += 1
                yield from self.write(cpu, node, writes)
            else:
                yield from self.read(node)
            yield Enter(self.server)
            cpu.operations += 1


# ---- Runs
# ----------------------------------------------------------------------------------------------

def program_for(profile, name, nodes, cpus, think, machine):
    """A function that gives each CPU its program, for one node, or for the store for all."""
    if name == "compute":
        return compute(profile, cpus, think)
    if name == "ring":
        return Ring(profile, cpus, think).program
    if name in WRITES:
        return Store(profile, nodes, cpus, think, machine, WRITES[name]).program
    return in_turn(profile, name, cpus, think)


def is_one_machine(name):
    """Whether nodes meet; else one of them is like all."""
    return name in WRITES


def staggered(program, distance):
    """The same, but each CPU begins so much after the one before it."""
    def delayed(cpu):
        yield Work(distance * cpu.number)
        yield from program(cpu)
    return delayed if distance else program


def simulate(profile, name, nodes, cpus, machine, until, think=0, warm_up=0, stagger=0,
             record=False):
    """
    Runs a workload on a clustered kernel. Returns the simulation, and operations of all nodes
    per million instructions or cycles after the warm-up. Nodes that never meet are alike: then
    one is simulated and counts for all.
    """
    simulation = Simulation(machine, record)
    many = nodes if is_one_machine(name) else 1
    program = staggered(program_for(profile, name, nodes, cpus, think, machine), stagger)
    for node in range(many):
        kernel = new_kernel(profile, f"node {node}")
        for _ in range(cpus):
            simulation.add_cpu(kernel, program)
    simulation.run(warm_up)
    before = sum(cpu.operations for cpu in simulation.cpus)
    simulation.run(until)
    done = sum(cpu.operations for cpu in simulation.cpus) - before
    return simulation, done * (nodes // many) * 1e6 / (until - warm_up)
