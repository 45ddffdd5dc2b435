"""
Discrete events: CPUs that run programs in user mode and enter kernels; a kernel's lock, a queue
in which each waits its turn (MCS); IPIs; marks, as docs/locking.md has them. Time is in
instructions, or cycles where a machine's costs are added.

A program is a generator. It runs in user mode and yields what its CPU does next:

    Work(n)             n instructions in user mode; interrupts may come in between
    Enter(entry)        a kernel entry (class Entry)
    Acquire(resource), Release(resource)
    a lock of user mode, or a line that one CPU has at a time; waits in order
    Interrupt(cpus, work)
    interrupts other CPUs for so much work each, and waits until all have done it: what a kernel
                            without a common lock does, whose CPUs take interrupts wherever they
                            are

What it does between two yields happens at once. A CPU is in one place at a time: everything it
does goes through _spend(), which can keep a record of it.
"""
import heapq
import random
from collections import deque
from dataclasses import dataclass
from typing import Callable, Optional

USER, WAITS, DOOR, IDLE = "user", "waits", "door", "idle"
UNASKED_WAITS = 16  # arch/x86/include/target/cpu.h


@dataclass
class Work:
    amount: float
    think: float = 0  # further work, whose length varies where the machine says so


@dataclass
class Acquire:
    resource: "Resource"


@dataclass
class Release:
    resource: "Resource"


@dataclass
class Interrupt:
    cpus: list
    work: float


@dataclass
class Plan:
    """What a kernel entry does under the lock, decided when it has it: nothing can change
    meanwhile.
    """
    hold: float                     # instructions under the lock
    # CPUs that must come to the door before it goes on, if they are in user mode then
    call: tuple = ()
    call_at: float = 0              # instructions before that
    call_first: float = 0           # further instructions for the first of them, and for each other
    call_more: float = 0
    wake: tuple = ()                # CPUs that get an IPI, and are not waited for
    effect: Optional[Callable] = None  # what is changed, just before the release
    block: bool = False             # the CPU has nothing to run then


@dataclass
class Entry:
    """
    The lengths of one kind of kernel entry; `door` is what a CPU does before it waits for the lock.
    plan(cpu, contended) is asked once it has the lock.
    `moved` are cache lines that come from another CPU when the last one in this kernel was
    another: before, and under the lock.
    """
    pre: float
    door: float
    post: float
    plan: Callable
    moved_pre: float = 0
    moved_hold: float = 0
    moved_post: float = 0


@dataclass
class Come:
    """To the door, for a CPU that waits for the lock: before, and what it adds under the lock."""
    door: float
    hold: float


@dataclass
class Enter:
    entry: Entry


class Machine:
    """
    Costs beside instructions. This one has none but for what the emulator has: time for a
    hand-over of the lock and for an IPI. hardware.py has those with caches.
    """

    def __init__(self, hand_over=0, ipi=0, tick=0):
        self.hand_over_instructions, self.ipi_latency = hand_over, ipi
        self.vary = 0     # by what share at most
        self.tick = tick  # from one timer interrupt of a CPU to the next; 0: none

    def transfer(self, source, target):
        """A cache line from one CPU's cache to another's."""
        del source, target
        return 0

    def hand_over(self, source, target):
        return self.hand_over_instructions + self.transfer(source, target)

    def ipi(self, source, target):
        del source, target
        return self.ipi_latency

    def entry(self):
        """The processor's own work for one way in and out."""
        return 0

    def failed_look(self):
        """A look at a lock of user mode that another CPU has."""
        return 0

    def reload(self):
        """After the door: the address space must be loaded again."""
        return 0


class Resource:
    """What one CPU has at a time, in the order of asking. `last` had it before."""

    def __init__(self, name=""):
        self.name, self.owner, self.last, self.queue = name, None, None, deque()

    def is_free(self):
        return self.owner is None


class Kernel:
    """One node: its CPUs, and its lock unless it has one CPU."""

    def __init__(self, name, interrupt=None, wake=None, tick=None, come=Come(0, 0)):
        self.name, self.cpus, self.lock, self.come = name, [], None, come
        self.interrupt, self.wake = interrupt, wake  # entries by an IPI, in user mode and when idle
        self.tick = tick                             # by the timer, or null

    def add(self, cpu):
        self.cpus.append(cpu)
        cpu.kernel = self
        if len(self.cpus) > 1:
            self.lock = self.lock or Resource(f"lock of {self.name}")


class Cpu:
    """A CPU. `number` is its place in the machine."""

    def __init__(self, number):
        self.number, self.kernel, self.program = number, None, None
        self.mark = USER
        self.pending = None         # an interrupt's entry that came while interrupts were off
        self.resume = None          # how to go on in user mode
        self.working_until = None   # while in Work
        self.work_began = 0
        self.token = 0              # of the event that ends Work
        self.waiting = None         # (resource, since) while it waits for a resource
        self.idle_since = None
        self.on_door = None         # a holder that waits for this CPU
        self.come = None            # how to come to the door, while the CPU waits for the lock
        self.unasked = 0            # how many more times it comes without being asked
        self.operations = 0
        self.spent = {}


class Simulation:
    """Time, events, and the rules of the kernel's door."""

    def __init__(self, machine=None, record=False):
        self.machine = machine or Machine()
        self.now, self.events, self.order = 0, [], 0
        self.random = random.Random(1)
        self.cpus = []
        self.record = [] if record else None  # (cpu, begin, end, what)
        self.ipis = 0

    def add_cpu(self, kernel, program):
        """program(cpu) is the generator."""
        cpu = Cpu(len(self.cpus))
        self.cpus.append(cpu)
        kernel.add(cpu)
        cpu.program = program(cpu)
        self._at(0, lambda: self._go_on(cpu))
        if self.machine.tick and kernel.tick is not None:
            # The CPUs' timers were started one after the other: they are out of step.
            self._at(self.machine.tick * (cpu.number * 0.618 % 1), lambda: self._tick(cpu))
        return cpu

    def run(self, until):
        while self.events and self.events[0][0] <= until:
            self.now, _, action = heapq.heappop(self.events)
            action()
        self.now = until

    # ---- Events
    # ------------------------------------------------------------------------------------------

    def _at(self, time, action):
        self.order += 1
        heapq.heappush(self.events, (time, self.order, action))

    def _spend(self, cpu, what, amount, then):
        """The CPU does one thing for so long, then goes on."""
        cpu.spent[what] = cpu.spent.get(what, 0) + amount
        if self.record is not None and amount > 0:
            self.record.append((cpu.number, self.now, self.now + amount, what))
        self._at(self.now + amount, then)

    # ---- User mode
    # ------------------------------------------------------------------------------------------

    def _go_on(self, cpu):
        """In user mode: a pending IPI comes first, then what was interrupted, then the program's
        next step.
        """
        cpu.mark = USER
        if cpu.pending is not None:
            entry, cpu.pending = cpu.pending, None
            self._interrupt(cpu, entry)
        elif cpu.resume is not None:
            resume, cpu.resume = cpu.resume, None
            resume()
        else:
            self._step(cpu)

    def _step(self, cpu):
        step = next(cpu.program, None)
        if step is None:
            self._idle(cpu)
        elif isinstance(step, Work):
            self._work(cpu, step.amount + self._varied(step.think))
        elif isinstance(step, Enter):
            self._enter(cpu, step.entry)
        elif isinstance(step, Acquire):
            self._acquire(cpu, step.resource)
        elif isinstance(step, Release):
            self._release(cpu, step.resource)
            self._step(cpu)
        else:
            self._interrupt_others(cpu, step)

    def _varied(self, think):
        """Where CPUs do the same all the time, equal lengths keep them in step for ever, in each
        other's way or not.
        """
        return think * (1 + self.machine.vary * (2 * self.random.random() - 1)) if think else 0

    def _work(self, cpu, amount):
        cpu.token += 1
        token = cpu.token
        cpu.work_began, cpu.working_until = self.now, self.now + amount

        def end():
            if cpu.token == token:
                cpu.working_until = None
                self._note(cpu, "work", cpu.work_began)
                self._go_on(cpu)

        self._at(cpu.working_until, end)

    def _note(self, cpu, what, begin):
        """What the CPU has done since then, up to now."""
        cpu.spent[what] = cpu.spent.get(what, 0) + self.now - begin
        if self.record is not None and self.now > begin:
            self.record.append((cpu.number, begin, self.now, what))

    def _interrupt(self, cpu, entry):
        """In user mode, interrupts on. Who waits for a resource asks again later."""
        if cpu.working_until is not None:
            left = cpu.working_until - self.now
            cpu.token += 1
            cpu.working_until = None
            self._note(cpu, "work", cpu.work_began)
            cpu.resume = lambda: self._work(cpu, left)
        elif cpu.waiting is not None:
            resource, since = cpu.waiting
            resource.queue.remove(cpu)
            cpu.waiting = None
            self._note(cpu, "wait", since)
            cpu.resume = lambda: self._acquire(cpu, resource)
        self._enter(cpu, entry)

    def _interrupt_others(self, cpu, step):
        begin, missing = self.now, set()

        def done(other):
            missing.discard(other)
            if not missing:
                self._note(cpu, "wait", begin)
                self._go_on(cpu)

        for other in step.cpus:
            self.ipis += 1
            missing.add(other)
            arrival = self.now + self.machine.ipi(cpu.number, other.number)
            self._at(arrival, lambda other=other: self._steal(other, step.work, done))
        if not missing:
            self._at(self.now, lambda: self._go_on(cpu))

    def _steal(self, cpu, amount, done):
        """An interrupt: what the CPU works on takes that much longer. One that waits for others
        loses nothing by it.
        """
        self._at(self.now + amount, lambda: done(cpu))
        if cpu.working_until is not None:
            left = cpu.working_until - self.now
            self._note(cpu, "work", cpu.work_began)
            self._work(cpu, left + amount)

    def _acquire(self, cpu, resource):
        if resource.owner is None:
            self._own(cpu, resource)
        else:
            cpu.waiting = (resource, self.now)
            resource.queue.append(cpu)

    def _own(self, cpu, resource):
        resource.owner = cpu
        moved = 0 if resource.last in (None, cpu) else self.machine.transfer(
            resource.last.number, cpu.number)
        self._spend(cpu, "transfer", moved, lambda: self._step(cpu))

    def _release(self, cpu, resource):
        assert resource.owner is cpu
        resource.owner, resource.last = None, cpu
        if resource.queue:
            waiter = resource.queue.popleft()
            self._note(waiter, "wait", waiter.waiting[1])
            waiter.waiting = None
            self._own(waiter, resource)

    # ---- Into the kernel
    # ------------------------------------------------------------------------------------------

    def _moved(self, cpu, lines):
        """Time for cache lines that the last CPU in this kernel has."""
        lock = cpu.kernel.lock
        if lock is None or lines == 0 or lock.last in (None, cpu):
            return 0
        return lines * self.machine.transfer(lock.last.number, cpu.number)

    def _enter(self, cpu, entry):
        pre = entry.pre + self.machine.entry() + self._moved(cpu, entry.moved_pre)
        self._spend(cpu, "pre", pre, lambda: self._at_the_lock(cpu, entry))

    def _at_the_lock(self, cpu, entry):
        lock = cpu.kernel.lock
        if lock is None or lock.owner is None:
            if lock is not None:
                lock.owner = cpu
            self._hold(cpu, entry, contended=False)
            return
        # The third: since when it waits, once it is marked. The last: its user's state is gone.
        place = [cpu, entry, None, False]
        lock.queue.append(place)
        come = cpu.kernel.come

        def marked(mark):
            cpu.mark = mark
            place[2] = self.now
            if mark == WAITS and cpu.on_door is not None:
                ask()
            elif lock.owner is cpu:  # handed over meanwhile
                self._handed_over(place)
            elif mark == WAITS:
                cpu.come = ask

        def ask():
            cpu.come, cpu.unasked = None, UNASKED_WAITS
            self._spend(cpu, "door", come.door, at_the_door)

        def at_the_door():
            place[3] = True
            if cpu.on_door is not None:
                came, cpu.on_door = cpu.on_door, None
                came()
            marked(DOOR)

        if cpu.mark == IDLE:
            self._spend(cpu, "door", entry.door, lambda: marked(DOOR))
        elif cpu.unasked > 0:
            cpu.unasked -= 1
            self._spend(cpu, "door", entry.door + come.door, at_the_door)
        else:
            self._spend(cpu, "door", entry.door, lambda: marked(WAITS))

    def _handed_over(self, place):
        cpu, entry, since, came = place
        lock = cpu.kernel.lock
        cpu.come = None
        self._note(cpu, "wait", since)
        self._spend(cpu, "hand-over", self.machine.hand_over(lock.last.number, cpu.number),
                    lambda: self._hold(cpu, entry, contended=True, came=came))

    def _hold(self, cpu, entry, contended, came=False):
        plan = entry.plan(cpu, contended)
        extra = self._moved(cpu, entry.moved_hold)
        if came:
            extra += cpu.kernel.come.hold + self.machine.reload()
        if plan.call:
            self._spend(cpu, "hold", plan.call_at + extra, lambda: self._call(cpu, entry, plan))
        else:
            self._spend(cpu, "hold", plan.hold + extra, lambda: self._leave(cpu, entry, plan))

    def _call(self, cpu, entry, plan):
        """The holder sends IPIs to those of its node that are in user mode, asks those that wait
        for the lock, and waits until each is at the door.
        """
        called = [other for other in plan.call
                  if other.mark in (USER, WAITS) and other is not cpu]
        rest = plan.hold - plan.call_at
        if called:
            rest += plan.call_first
        missing = set()

        def finish():
            self._spend(cpu, "hold", rest, lambda: self._leave(cpu, entry, plan))

        def sent():
            begin = self.now

            def came(other):
                missing.discard(other.number)
                if not missing:
                    self._note(cpu, "wait", begin)
                    finish()

            for other in called:
                if other.mark == USER:
                    self._send(cpu, other)
                if other.mark in (USER, WAITS):
                    missing.add(other.number)
                    other.on_door = lambda other=other: came(other)
                if other.come is not None:
                    come, other.come = other.come, None
                    self._at(self.now + self.machine.transfer(cpu.number, other.number), come)
            if not missing:
                finish()

        self._spend(cpu, "hold", plan.call_more * max(0, len(called) - 1), sent)

    def _leave(self, cpu, entry, plan):
        if plan.effect is not None:
            plan.effect()
        for other in plan.wake:
            self._send(cpu, other)
        cpu.mark = IDLE if plan.block else USER
        lock = cpu.kernel.lock
        if lock is not None:
            lock.last, lock.owner = cpu, None
            if lock.queue:
                place = lock.queue.popleft()
                lock.owner = place[0]
                if place[2] is not None:
                    self._handed_over(place)
        post = entry.post + self._moved(cpu, entry.moved_post)
        self._spend(cpu, "post", post, lambda: self._idle(cpu) if plan.block else self._go_on(cpu))

    # ---- Interrupts and idling
    # ------------------------------------------------------------------------------------------

    def _send(self, source, target):
        self.ipis += 1
        self._at(self.now + self.machine.ipi(source.number, target.number),
                 lambda: self._arrive(target))

    def _arrive(self, cpu):
        if cpu.mark == IDLE and cpu.idle_since is not None:
            self._wake(cpu)
        elif cpu.mark == USER and (cpu.working_until is not None or cpu.waiting is not None):
            self._interrupt(cpu, cpu.kernel.interrupt)
        else:
            cpu.pending = cpu.kernel.interrupt

    def _tick(self, cpu):
        """Idle CPUs sleep through their ticks."""
        self._at(self.now + self.machine.tick, lambda: self._tick(cpu))
        if cpu.mark == USER and (cpu.working_until is not None or cpu.waiting is not None):
            self._interrupt(cpu, cpu.kernel.tick)
        elif cpu.idle_since is None and cpu.pending is None:
            cpu.pending = cpu.kernel.tick

    def _idle(self, cpu):
        cpu.mark, cpu.idle_since = IDLE, self.now
        if cpu.pending is not None:
            cpu.pending = None
            self._wake(cpu)

    def _wake(self, cpu):
        self._note(cpu, "idle", cpu.idle_since)
        cpu.idle_since = None
        self._enter(cpu, cpu.kernel.wake)
