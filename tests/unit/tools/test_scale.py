#!/usr/bin/python3
"""tests/bench/scale/run: the simulation where the answer is known without it, and the reading of
Bochs's traces.
"""
import os
import sys
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..")
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tests", "bench", "scale")]

from analysis import fine, hardware, profile, programs, report, sweep  # noqa: E402
from analysis.boots import Shape, shapes_of, trace_commands  # noqa: E402
from analysis.check import deviation_of  # noqa: E402
# noqa: E402
from analysis.engine import (DOOR, Acquire, Enter, Entry, Interrupt, Kernel, Machine, Plan, Release,
                                 Resource, Simulation, Work)
from analysis.svg import Panel, figure  # noqa: E402
from analysis.trace import Layout, entries_of, transfers  # noqa: E402

PROFILE = profile.load()


def loop(user, entry):
    def program(cpu):
        while True:
            yield Work(user)
            yield Enter(entry)
            cpu.operations += 1
    return program


def operations(simulation):
    return sum(cpu.operations for cpu in simulation.cpus)


def run_loop(cpus, user, hold, until, machine=None, pre=10, door=5, post=7):
    simulation, kernel = Simulation(machine, record=True), Kernel("node")
    entry = Entry(pre, door, post, lambda cpu, contended: Plan(hold))
    for _ in range(cpus):
        simulation.add_cpu(kernel, loop(user, entry))
    simulation.run(until)
    return simulation


class Distant(Machine):
    """Every other CPU is far away."""

    def transfer(self, source, target):
        return 0 if source == target else 100


class LockTest(unittest.TestCase):
    def test_one_cpu_takes_the_sum_of_its_parts(self):
        self.assertEqual(operations(run_loop(1, user=100, hold=50, until=167 * 600)), 600)

    def test_few_cpus_do_not_wait_for_long(self):
        # They collide once, when all begin, and are out of each other's way from then on.
        self.assertAlmostEqual(operations(run_loop(3, user=100, hold=50, until=167 * 600)), 3 * 600,
                               delta=3)

    def test_saturated_lock_serves_one_operation_per_hold(self):
        for cpus in (4, 8, 64):
            self.assertAlmostEqual(operations(run_loop(cpus, user=0, hold=50, until=50 * 1000)),
                                   1000, delta=cpus + 1)

    def test_hand_over_counts_as_hold(self):
        simulation = run_loop(16, user=0, hold=50, until=60 * 1000, machine=Machine(hand_over=10))
        self.assertAlmostEqual(operations(simulation), 1000, delta=17)

    def test_lines_that_move_lengthen_the_hold(self):
        simulation, kernel = Simulation(Distant()), Kernel("node")
        entry = Entry(0, 0, 0, lambda cpu, contended: Plan(50), moved_hold=3)
        for _ in range(16):
            simulation.add_cpu(kernel, loop(0, entry))
        simulation.run(450 * 1000)  # hold 50, three lines, one line for the hand-over
        self.assertAlmostEqual(operations(simulation), 1000, delta=17)

    def test_the_lock_is_fair(self):
        counts = [cpu.operations for cpu in run_loop(8, user=30, hold=50, until=400 * 1000).cpus]
        self.assertLessEqual(max(counts) - min(counts), 1)

    def test_nobody_is_in_two_places_at_a_time(self):
        for cpus in (1, 2, 7):
            last = {}
            for cpu, begin, end, what in sorted(
                    run_loop(cpus, user=33, hold=50, until=20000).record):
                self.assertGreaterEqual(begin, last.get(cpu, 0), what)
                last[cpu] = end

    def test_one_holder_at_a_time(self):
        end_of_last = 0
        for begin, end in sorted(
                r[1:3] for r in run_loop(5, 33, 50, 20000).record if r[3] == "hold"):
            self.assertGreaterEqual(begin, end_of_last)
            end_of_last = end
        self.assertGreater(end_of_last, 19000)

    def test_no_time_is_lost(self):
        simulation = run_loop(6, user=33, hold=50, until=100000)
        for cpu in simulation.cpus:
            self.assertAlmostEqual(sum(cpu.spent.values()), 100000, delta=300)


class DoorTest(unittest.TestCase):
    def called(self, user_of_others):
        """CPU 0 calls all others to the door, once; the others work in user mode."""
        interrupt = Entry(10, 5, 7, lambda cpu, contended: Plan(20))
        simulation, kernel = Simulation(Machine(ipi=3), record=True), Kernel(
            "node", interrupt=interrupt)
        marks = []

        def plan(cpu, contended):
            return Plan(100, call=tuple(kernel.cpus), call_at=40, call_first=2, call_more=4,
                        effect=lambda: marks.extend(other.mark for other in kernel.cpus[1:]))

        def caller(cpu):
            yield Work(50)
            yield Enter(Entry(10, 5, 7, plan))
            cpu.operations += 1
            yield Work(1000)

        def worker(cpu):
            yield Work(user_of_others)
            cpu.operations += 1

        simulation.add_cpu(kernel, caller)
        simulation.add_cpu(kernel, worker)
        simulation.add_cpu(kernel, worker)
        simulation.run(5000)
        return simulation, marks

    def test_those_in_user_mode_come_and_go_on(self):
        simulation, marks = self.called(user_of_others=1000)
        self.assertEqual(marks, [DOOR, DOOR])
        self.assertEqual(simulation.ipis, 2)
        self.assertEqual([cpu.operations for cpu in simulation.cpus], [1, 1, 1])
        self.assertEqual([cpu.spent["work"] for cpu in simulation.cpus], [1050, 1000, 1000])
        # Until the call 50 + 10 + 40, one more IPI 4, delivery 3, stub 10, door 5; then the rest of
        # the hold.
        hold = [(begin, end) for cpu, begin, end, what in simulation.record
                if cpu == 0 and what == "hold"]
        self.assertEqual(hold[-1], (122, 122 + 60 + 2))

    def test_idle_cpus_are_left_alone(self):
        simulation, _ = self.called(user_of_others=10)
        self.assertEqual(simulation.ipis, 0)


class ResourceTest(unittest.TestCase):
    def test_a_shared_line_is_one_cpus_at_a_time(self):
        simulation, line = Simulation(Distant()), Resource()

        def program(cpu):
            while True:
                yield Acquire(line)
                yield Work(20)
                yield Release(line)
                cpu.operations += 1

        for number in range(10):
            simulation.add_cpu(Kernel(f"cpu {number}"), program)
        simulation.run(120 * 1000)
        self.assertAlmostEqual(operations(simulation), 1000, delta=11)

    def test_interrupts_lengthen_what_others_do(self):
        simulation = Simulation(Machine(ipi=3))

        def caller(cpu):
            yield Work(10)
            yield Interrupt([simulation.cpus[1]], 30)
            self.assertEqual(simulation.now, 43)
            cpu.operations += 1

        def worker(cpu):
            yield Work(100)
            self.assertEqual(simulation.now, 130)
            cpu.operations += 1

        simulation.add_cpu(Kernel("0"), caller)
        simulation.add_cpu(Kernel("1"), worker)
        simulation.run(1000)
        self.assertEqual(operations(simulation), 2)


class WorkloadTest(unittest.TestCase):
    def rate(self, name, nodes, cpus, machine=None, **more):
        return programs.simulate(PROFILE, name, nodes, cpus, machine or hardware.Uncached(), 300000,
                                 **more)[1]

    def test_nodes_of_one_cpu_scale_without_limit(self):
        for name in ("compute", "ipc", "map", "pager", "notify", "ring"):
            self.assertAlmostEqual(self.rate(name, 64, 1), 64 * self.rate(name, 1, 1))

    def test_one_cpu_needs_what_its_steps_need(self):
        for name in ("ipc", "map", "pager", "notify"):
            length = sum(step["user"] + step["one"] for step in PROFILE["workloads"][name])
            self.assertAlmostEqual(self.rate(name, 1, 1), 1e6 / length, delta=5)

    def test_a_full_node_serves_one_entry_per_hold(self):
        for name in ("ipc", "notify"):
            hold = sum(
                step["contended"] + 14 * step["per_cpu"] for step in PROFILE["workloads"][name])
            self.assertAlmostEqual(self.rate(name, 1, 16) * hold / 1e6, 1, delta=0.05)

    def test_the_store_has_every_write_on_every_node(self):
        for nodes, cpus in ((1, 1), (3, 1), (2, 3)):
            simulation, rate = programs.simulate(PROFILE, "kv", nodes, cpus, hardware.Uncached(),
                                                 300000)
            self.assertGreater(rate, 0)
            self.assertTrue(all(cpu.operations > 0 for cpu in simulation.cpus), (nodes, cpus))

    def test_caches_only_cost(self):
        machine = hardware.load("milan")
        for name in ("ipc", "map", "kv"):
            self.assertLess(self.rate(name, 1, 8, machine), self.rate(name, 1, 8))

    def test_fine_grained_without_sharing_scales(self):
        machine = hardware.load("milan")
        one = fine.simulate(PROFILE, "ipc", 1, machine, 300000, shared=False)[1]
        many = fine.simulate(PROFILE, "ipc", 16, machine, 300000, shared=False)[1]
        self.assertAlmostEqual(many / one, 16, delta=0.2)
        self.assertLess(fine.simulate(PROFILE, "ipc", 16, machine, 300000, shared=True)[1], many)


class SweepTest(unittest.TestCase):
    def test_break_even_is_where_the_share_is_reached(self):
        machine = hardware.load("milan")
        think = sweep.break_even(PROFILE, machine, "ipc", 4)
        one, less = sweep.THINK_STEPS.index(think), sweep.THINK_STEPS[sweep.THINK_STEPS.index(think)
                                                                      - 1]
        self.assertGreater(one, 0)

        def share(user_work):
            many, single = (sweep.rate(PROFILE, "ipc", 1, cpus, machine, user_work)
                            for cpus in (4, 1))
            return many / (4 * single)
        self.assertGreaterEqual(share(think), sweep.SHARE)
        self.assertLess(share(less), sweep.SHARE)

    def test_nodes_that_never_meet_are_counted_from_one(self):
        known = {}
        machine = hardware.load("milan")
        four = sweep.clustered(PROFILE, machine, "notify", 4, 0, known)
        eight = sweep.clustered(PROFILE, machine, "notify", 8, 0, known)
        self.assertEqual({size: 2 * rate
                          for size, rate in four.items()}, {size: eight[size]
                                                            for size in four})

    def test_tables(self):
        text = report.table(["a", "b"], [[1, 2]])
        self.assertEqual(text, "| a | b |\n| --- | --- |\n| 1 | 2 |")


class FigureTest(unittest.TestCase):
    def test_it_is_xml_with_a_legend(self):
        series = [("one & two", [(1, 1), (8, 5)], False, 0), ("three", [(1, 2)], True, 1)]
        panels = [Panel("first <>", "x", "y", series, (1, 2, 4, 8))]
        root = xml.etree.ElementTree.fromstring(figure(panels, 2))
        texts = [element.text for element in root.iter() if element.tag.endswith("text")]
        for text in ("first <>", "one & two", "three"):
            self.assertIn(text, texts)

    def test_points_lie_where_they_should(self):
        panel = Panel("", "", "", [("", [(1, 1), (8, 16)], False, 0)], (1, 2, 4, 8))
        self.assertAlmostEqual(panel.x(2) - panel.x(1), panel.x(8) - panel.x(4))
        self.assertAlmostEqual(panel.y(1) - panel.y(4), panel.y(4) - panel.y(16))


class MachineTest(unittest.TestCase):
    def test_the_smallest_group_that_has_both_counts(self):
        machine = hardware.Hardware([[8, 10], [64, 50]], {"ghz": 2})
        self.assertEqual([machine.transfer(0, other) for other in (0, 1, 7, 8, 63)],
                         [0, 20, 20, 100, 100])

    def test_shapes(self):
        self.assertEqual([str(shape) for shape in shapes_of(8)], ["1x8", "2x4", "4x2", "8x1"])
        self.assertEqual(Shape.parse("2x4").all_cpus, 8)

    def test_deviation(self):
        self.assertEqual(deviation_of(100, 90, 110), 0)
        self.assertAlmostEqual(deviation_of(100, 110, 120), 0.1)
        self.assertAlmostEqual(deviation_of(100, 80, 90), -0.1)


def traced(cpu, address, text, *accesses):
    lines = [f"({cpu}).[100] [0x00000000] 0008:{address:016x} (unk. ctxt): {text} ; 90"]
    return lines + [
        f"[CPU{cpu} {kind}]: LIN 0x{where:016x} PHY 0x{where & 0xffffff:012x} (len=8, WB): 0x0 0x0"
        for kind, where in accesses
    ]


class TraceTest(unittest.TestCase):
    KERNEL, LOCK, BLOCKS = 0xffffffff80100000, 0xffffffffa0001000, 0xffffffffc0000000
    LAYOUT = Layout(LOCK, BLOCKS, 0x20000, 200)

    def entry(self, cpu, contended):
        own, other = self.BLOCKS + cpu * 0x20000 + 200, self.BLOCKS + (1 - cpu) * 0x20000 + 200
        lines = traced(cpu, 0x400000, "nop") + traced(cpu, 0x400001, "syscall")
        lines += traced(cpu, self.KERNEL, "mov rsp, rax") + traced(cpu, self.KERNEL, "xchg rax",
                                                                   ("RW", self.LOCK))
        if contended:
            lines += traced(cpu, self.KERNEL, "mov cr3, rax")
            for _ in range(3):
                lines += traced(cpu, self.KERNEL, "pause") + traced(cpu, self.KERNEL, "cmp",
                                                                    ("RD", own))
                lines += traced(cpu, self.KERNEL, "jnz")
        for _ in range(5):
            lines += traced(cpu, self.KERNEL, "add", ("WR", 0xffffffffa0002000))
        lines += traced(cpu, self.KERNEL, "mov", ("WR", other)) + traced(cpu, self.KERNEL, "sysret")
        return lines

    def test_parts_without_waiting(self):
        lines = self.entry(0, False) * 2 + traced(0, 0x400002, "nop") * 2
        entry = entries_of(lines, self.LAYOUT)[0][0]
        self.assertEqual(
            (entry.cause, entry.site, entry.user, entry.pre, entry.door, entry.hold, entry.post),
            ("syscall", 0x400001, 2, 2, 0, 6, 1))

    def test_parts_with_waiting(self):
        lines = self.entry(0, False) + self.entry(0, True) + traced(0, 0x400002, "nop") * 2
        entry = entries_of(lines, self.LAYOUT)[0][0]
        self.assertTrue(entry.contended)
        # The loop turns twice more after the first look; what follows the last look belongs to the
        # holder.
        self.assertEqual((entry.pre, entry.door, entry.spins, entry.hold), (2, 3, 6, 7))

    def test_lines_move_between_cpus_only(self):
        alone = entries_of(self.entry(0, False) * 3 + traced(0, 0x400002, "nop") * 2, self.LAYOUT)
        self.assertEqual(sum(moved.get("hold", 0) for _, moved in transfers(alone)), 0)
        lines = (self.entry(0, False) + self.entry(1, False)) * 3 + traced(0, 0x400002, "nop") * 2
        both = entries_of(lines + traced(1, 0x400002, "nop") * 2, self.LAYOUT)
        self.assertGreater(sum(moved.get("hold", 0) for _, moved in transfers(both)), 0)

    def test_least_squares(self):
        rows = [[1, x, y] for x in range(3) for y in range(3)]
        solution = profile.solve(rows, [5 + 2 * x - 3 * y for _, x, y in rows])
        for found, true in zip(solution, (5, 2, -3)):
            self.assertAlmostEqual(found, true)

    def test_commands_for_the_debugger(self):
        self.assertEqual(trace_commands([1], 1), [
            "c", "set $cpu=1", "trace on", "trace-mem on", "c", "set $cpu=1", "trace off",
            "trace-mem off", "q"
        ])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
