#!/usr/bin/python3
"""What tools/bench makes of samples: statistics, console lines, comparison, table. Without any
emulator.
"""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..", "tools"))

from cmklib.bench.description import all_runs, read_goals  # noqa: E402
# noqa: E402
from cmklib.bench.execution import (cpus_of_node, fast_path_percent_of, notes_of, samples_of,
                                    units_of)
from cmklib.bench.plots import scripts, ticks_of  # noqa: E402
from cmklib.bench.statistics import compare, figures  # noqa: E402
from cmklib.bench.table import changes, markdown, table  # noqa: E402
from cmklib.places import WrongUse  # noqa: E402


def entry(name="Call", cpus=1, minimum=1, median=2, p99=3, maximum=4, run="node/ipc"):
    return {
        "name": name,
        "cpus": cpus,
        "min": minimum,
        "median": median,
        "p99": p99,
        "max": maximum,
        "run": run,
        "unit": "instructions"
    }


def ticks(name, unit="ticks"):
    return {**entry(name, cpus=8), "unit": unit}


class StatisticsTest(unittest.TestCase):
    def test_one_sample(self):
        self.assertEqual(figures({7: 1}), {"min": 7, "median": 7, "p99": 7, "max": 7})

    def test_quantiles_are_nearest_ranks(self):
        self.assertEqual(figures({value: 1
                                  for value in range(1, 101)}), {
                                      "min": 1,
                                      "median": 50,
                                      "p99": 99,
                                      "max": 100
                                  })
        self.assertEqual(figures({value: 1
                                  for value in range(1, 5)}), {
                                      "min": 1,
                                      "median": 2,
                                      "p99": 4,
                                      "max": 4
                                  })

    def test_counts_weigh(self):
        self.assertEqual(figures({10: 989, 500: 11})["p99"], 500)
        self.assertEqual(figures({
            10: 990,
            500: 10
        }), {
            "min": 10,
            "median": 10,
            "p99": 10,
            "max": 500
        })

    def test_divided_by_operations(self):
        self.assertEqual(figures({
            4096: 1,
            4100: 1
        }, 16), {
            "min": 256,
            "median": 256,
            "p99": 256.2,
            "max": 256.2
        })

    def test_no_samples(self):
        self.assertRaises(ValueError, figures, {})


class ConsoleTest(unittest.TestCase):
    def test_lines_of_one_name_add_up(self):
        lines = [
            "cmk: cluster of 2 nodes, 8 CPUs", "[0] bench| Call, 0 words |1| 5*2 6*1", "[0] hello",
            "[0] bench| Call, 0 words |1| 6*3", "[1] bench| Map |16| 160*2"
        ]
        self.assertEqual(samples_of(lines), {
            "Call, 0 words": (1, {
                5: 2,
                6: 4
            }),
            "Map": (16, {
                160: 2
            })
        })
        self.assertEqual(cpus_of_node(lines), 4)

    def test_a_unit_instead_of_operations(self):
        lines = ["[0] bench| IPIs of an unmap: 2 |IPIs| 1*3 2*997", "[0] bench| Call |1| 6*3"]
        self.assertEqual(samples_of(lines)["IPIs of an unmap: 2"], (1, {1: 3, 2: 997}))
        self.assertEqual(units_of(lines), {"IPIs of an unmap: 2": "IPIs"})

    def test_notes(self):
        self.assertEqual(
            notes_of(["[0] bench-note| Longest stretch | Call CNodeRevoke", "[0] bench-note| x"]),
            {"Longest stretch": "Call CNodeRevoke"})

    def test_ordinary_calls(self):
        lines = [
            "[0] bench-calls| Call | 0 ordinary of 1000",
            "[0] bench-calls| Yield | 3 ordinary of 2000",
            "[0] bench-calls| Send | 7 ordinary of 7", "[0] bench-calls| Map | 1 of 2"
        ]
        self.assertEqual(fast_path_percent_of(lines), {"Call": 100, "Yield": 99.8, "Send": 0})

    def test_other_lines_are_none(self):
        self.assertEqual(
            samples_of(["bench| Call |1| 5*2", "[0] bench| Call |1| 5*", "[0] bench| Call |1|"]),
            {})
        self.assertRaises(WrongUse, cpus_of_node, ["[0] cmk: cluster of 1 nodes, 1 CPUs"])


class ComparisonTest(unittest.TestCase):
    def test_changed_gone_and_new(self):
        base = [entry("same"), entry("slower", median=10), entry("slower", cpus=4), entry("gone")]
        now = [entry("same"), entry("slower", median=15), entry("slower", cpus=4), entry("new")]
        changed, gone, new = compare(base, now)
        self.assertEqual([(before["median"], after["median"], after["cpus"])
                          for before, after in changed], [(10, 15, 1)])
        self.assertEqual(([item["name"] for item in gone], [item["name"] for item in new]),
                         (["gone"], ["new"]))
        text = "\n".join(changes(changed, gone, new))
        self.assertIn("+50.0 %", text)
        self.assertIn("no longer measured: gone", text)

    def test_any_figure_counts(self):
        for field in ("minimum", "p99", "maximum"):
            self.assertEqual(len(compare([entry()], [entry(**{field: 100})])[0]), 1)

    def test_nothing(self):
        self.assertEqual(changes(*compare([entry()], [entry()])), ["nothing changed"])


class TableTest(unittest.TestCase):
    def test_goals_and_titles(self):
        lines = table([entry(cpus=4, median=190), entry(median=150), entry("Other", run="x/y")],
                      {("Call", 1): (150, 184), ("Call", 4): (185, 266)}, {"node/ipc": "Messages"})
        self.assertEqual(read_goals()["Page unmap, 1 page", 1], (350, None))
        self.assertEqual([line.split() for line in lines[2:5]],
                         [["Messages", "(node/ipc),", "instructions"],
                          ["Call", "1", "1", "150", "3", "4", "150", "met", "184"],
                          ["Call", "4", "1", "190", "3", "4", "185", "+5", "266"]])


    def test_markdown(self):
        lines = markdown(
            [entry(median=150),
             entry(cpus=4, median=190),
             entry("Call, fastpath=off", median=700)], {("Call", 1): (150, 184)},
            {"node/ipc": "Messages"})
        self.assertEqual(lines[-1], "| Call | 150 | 150 | 184 | 700 | 190 |  |  |  |")

    def test_markdown_with_shares(self):
        lines = markdown([{
            **entry(), "fast_path_percent": 99.9
        },
                          entry(cpus=4),
                          entry("Else"),
                          entry("Else", cpus=4)], {}, {})
        self.assertEqual(lines[-2:], ["| Call | 2 |  |  |  | 99.9 % | 2 |  |  |  |  |",
                                      "| Else | 2 |  |  |  |  | 2 |  |  |  |  |"])


class PlotTest(unittest.TestCase):
    def test_what_is_measured_is_drawn(self):
        entries = [
            entry(),
            entry("Map, 1 page"),
            entry("Map, 16 pages"),
            ticks("Poll: 1"),
            ticks("Poll: 2"),
            entry("Boot of 1 CPU as 1 node"),
            entry("Boot of 2 CPUs as 1 node", cpus=2)
        ]
        drawn = dict(scripts(entries, {("Call", 1): (150, 184)}))
        self.assertEqual(
            set(drawn),
            {"bench-goals-1.svg", "bench-objects.svg", "bench-cpus.svg", "bench-boot.svg"})
        self.assertIn('"Call" 2 150 184', drawn["bench-goals-1.svg"])
        self.assertIn("1 2\n16 2\n", drawn["bench-objects.svg"])

    def test_one_unit_in_a_plot(self):
        entries = [
            ticks("Unmap: 1"),
            ticks("Unmap: 2"),
            ticks("IPIs: 1", "IPIs"),
            ticks("IPIs: 2", "IPIs")
        ]
        self.assertNotIn("IPIs", dict(scripts(entries, {}))["bench-cpus.svg"])

    def test_nothing_measured(self):
        self.assertEqual(list(scripts([entry("Else")], {})), [])

    def test_ticks(self):
        self.assertEqual(ticks_of({"a": [(x, 1) for x in (1, 16, 256, 2048, 4096)]}, True),
                         [1, 16, 256, 4096])


class DescriptionTest(unittest.TestCase):
    def runs_of(self, text):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "some.bench"), "w", encoding="utf-8") as file:
                file.write(text)
            return all_runs(folder)

    def test_combinations(self):
        runs = self.runs_of(
            "[one]\ntitle = t\nimages = a.elf x\nsmp = 1 4\nfastpath = on off\n"
            "config = balance=on\n"
        )
        self.assertEqual([(run.name, run.smp, run.config) for run in runs],
                         [("some/one", "1", "balance=on"), ("some/one", "4", "balance=on"),
                          ("some/one", "1", "balance=on fastpath=off"),
                          ("some/one", "4", "balance=on fastpath=off")])

    def test_mistakes(self):
        for text in ("[one]\ntitle = t\n", "[one]\nimages = a.elf\n",
                     "[one]\ntitle = t\nimages = a\nwrong = 1\n", "text\n"):
            self.assertRaises(WrongUse, self.runs_of, text)

    def test_the_real_ones(self):
        self.assertTrue(all_runs())
        self.assertEqual(read_goals()["Call, other VSpace, 0 words", 4], (185, 266))


program = unittest.main(exit=False, verbosity=1)
failed = len(program.result.failures) + len(program.result.errors)
print(f"{program.result.testsRun - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
