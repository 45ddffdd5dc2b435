#!/usr/bin/python3
"""tools/bench silicon: what its ratios are, and when it gives none. Nothing is measured."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "tools"))

from cmklib.bench import silicon  # noqa: E402
from cmklib.places import WrongUse  # noqa: E402


def repetitions(*medians):
    return {number: [value - 1, value, value + 1000] for number, value in enumerate(medians)}


class Ratios(unittest.TestCase):
    def test_is_of_the_medians(self):
        answer = silicon.ratio(repetitions(200, 150, 151), repetitions(100, 101, 99))
        self.assertEqual(answer, {"ratio": 1.51})

    def test_below_the_yardstick(self):
        answer = silicon.ratio(repetitions(50, 50, 50), repetitions(100, 101, 99))
        self.assertEqual(answer, {"ratio": 0.5})

    def test_difference_below_noise_is_refused(self):
        answer = silicon.ratio(repetitions(108, 109, 110), repetitions(100, 90, 110))
        self.assertEqual(answer, {"refused": "noise 20 ns, difference 9 ns"})

    def test_difference_of_noise_is_refused(self):
        answer = silicon.ratio(repetitions(120, 120, 120), repetitions(100, 90, 110))
        self.assertIn("refused", answer)

    def test_two_repetitions_are_refused(self):
        self.assertIn("refused", silicon.ratio(repetitions(200, 200), repetitions(100, 100)))

    def test_counters_that_differ_are_refused(self):
        answer = silicon.ratio(repetitions(200, 200, 200), repetitions(-100, -100, -100))
        self.assertIn("refused", answer)


class Figures(unittest.TestCase):
    MEDIANS = (("cache line: round trip", 8, 400), ("mailbox: round trip", 48, 500),
               ("channel: round trip", 48, 600))
    LINES = [f"sample| {name} | {size} | {number} | {value} {value + 1} {value - 1}"
             for name, size, value in MEDIANS for number in range(3)]

    def test_yardsticks_stand_beside_a_figure(self):
        entry = silicon.entries_of(silicon.samples_of(["something else", *self.LINES]))[2]
        self.assertEqual(entry["name"], "channel: round trip, 48 bytes")
        self.assertEqual((entry["min"], entry["median"], entry["samples"]), (599, 600, 9))
        self.assertEqual(entry["ratios"], [{"to": "cache line: round trip", "ratio": 1.5},
                                           {"to": "mailbox: round trip", "ratio": 1.2}])
        self.assertIn("IPI", entry["left_out"])
        self.assertIn("1.5 of cache line: round trip", "\n".join(silicon.table([entry])))

    def test_a_line_is_no_yardstick_of_what_needs_two(self):
        yardsticks = silicon.yardsticks_of("channel: round trip", 49)
        self.assertNotIn(("cache line: round trip", 8), yardsticks)

    def test_a_yardstick_has_none(self):
        for name in ("mailbox: stream", "cache line: one way", "memcpy of the host"):
            self.assertEqual(silicon.yardsticks_of(name, 64), [])


class Cpus(unittest.TestCase):
    def test_wrong_ones_are_refused(self):
        for text in ("0", "0,0", "0,1,2", "0,99999", "a,b"):
            with self.assertRaises(WrongUse):
                silicon.two_cpus(text)


program = unittest.main(exit=False, verbosity=1)
failed = len(program.result.failures) + len(program.result.errors)
print(f"{program.result.testsRun - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
