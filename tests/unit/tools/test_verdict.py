#!/usr/bin/python3
"""How a run ends: console lines through tools/cmklib/verdict.py, and strings through image.py,
without any emulator.
"""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..", "tools"))

from cmklib.faults import image_of_node  # noqa: E402
from cmklib.image import Image, grub_configuration, grub_word, words_of  # noqa: E402
from cmklib.places import WrongUse  # noqa: E402
from cmklib.run import visible  # noqa: E402
from cmklib.verdict import FAULTED, REFUSED, STOPPED, TIME_LIMIT, WRONG_USE, Verdict  # noqa: E402

TWO_NODES = "cmk: cluster of 2 nodes, 4 CPUs"


def verdict_of(*lines, until=None):
    verdict = Verdict(until)
    for line in lines:
        verdict.see_line(line)
    return verdict


class VerdictTest(unittest.TestCase):
    def ends(self, verdict, status, reason):
        self.assertEqual(verdict.status, status)
        self.assertIn(reason, verdict.reason)

    def test_all_returned_zero(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 exited with status 0")
        self.assertIsNone(verdict.status)
        verdict.see_line("cmk: node 0 exited with status 0")
        self.ends(verdict, 0, "every program returned 0")

    def test_one_node_in_the_singular(self):
        self.ends(verdict_of("cmk: cluster of 1 node, 1 CPU", "cmk: node 0 exited with status 0"),
                  0, "returned 0")

    def test_first_failing_node_decides(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 exited with status 5",
                             "cmk: node 0 exited with status 3")
        self.ends(verdict, 3, "node 0's program returned 3")

    def test_large_status(self):
        verdict = verdict_of("cmk: cluster of 1 nodes, 1 CPUs",
                             "cmk: node 0 exited with status 300")
        self.ends(verdict, 99, "returned 300")

    def test_first_exit_of_a_node_counts(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 0 exited with status 4",
                             "cmk: node 0 exited with status 0", "cmk: node 1 exited with status 0")
        self.ends(verdict, 4, "node 0")

    def test_a_node_that_starts_again_has_not_ended(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 exited with status 3", "cmk: node 1 is off",
                             "cmk: node 1 starts, life 2", "cmk: node 0 exited with status 0")
        self.assertIsNone(verdict.status)
        verdict.see_line("cmk: node 1 exited with status 0")
        self.ends(verdict, 0, "every program returned 0")

    def test_a_node_that_is_off_is_not_waited_for(self):
        verdict = verdict_of("cmk: node 1 is off", TWO_NODES)
        self.assertIsNone(verdict.status)
        verdict.see_line("cmk: node 0 exited with status 0")
        self.ends(verdict, 0, "every program returned 0")

    def test_the_last_life_decides(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 stopped: broken", "cmk: node 1 is off",
                             "cmk: node 1 starts, life 2", "cmk: node 1 exited with status 4",
                             "cmk: node 0 exited with status 0")
        self.ends(verdict, 4, "node 1's program returned 4")

    def test_refused(self):
        verdict = verdict_of("cmk: mistake: nodes=0", "cmk: refused: 1 mistake, nothing boots")
        self.ends(verdict, REFUSED, "1 mistake, nothing boots")

    def test_stopped_kernel_waits_for_the_others(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 stopped: wild write")
        self.assertIsNone(verdict.status)
        verdict.see_line("cmk: node 0 exited with status 0")
        self.ends(verdict, STOPPED, "node 1's kernel stopped: wild write")

    def test_stopped_kernel_at_the_time_limit(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 stopped: wild write")
        verdict.time_is_up("time limit of 60 s")
        self.ends(verdict, STOPPED, "wild write")

    def test_stopped_boot(self):
        self.ends(verdict_of("cmk: stopped: assertion in plan"), STOPPED, "assertion in plan")

    def test_time_limit(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 1 exited with status 0")
        verdict.time_is_up("time limit of 60 s")
        self.ends(verdict, TIME_LIMIT, "60 s: still running on node 0")

    def test_silent_machine(self):
        verdict = verdict_of("Welcome to GRUB!")
        verdict.time_is_up("time limit of 5 s")
        self.ends(verdict, TIME_LIMIT, "never spoke")

    def test_user_lines_mean_nothing(self):
        verdict = verdict_of(
            TWO_NODES, "[0] cmk: node 1 stopped: no", "[1] cmk: refused: 1 mistake, nothing boots",
            " cmk: refused: 1 mistake", "[0] \x1b[1Gcmk: node 0 exited with status 0")
        self.assertIsNone(verdict.status)
        self.assertEqual((verdict.exited, verdict.stopped), ({}, {}))

    def test_only_marked_lines_count_once_programs_may_run(self):
        verdict = Verdict(mark="1f")
        for line in ("cmk: cluster of 1 node, 1 CPU", "cmk: node 0 exited with status 0",
                     "cmk: refused: 1 mistake", "cmk: stopped: forged",
                     "cmk 1e: node 0 exited with status 0", "x cmk 1f: node 0 stopped: x",
                     "\x1bccmk 1f: node 0 exited with status 0"):
            verdict.see_line(line)
            self.assertIsNone(verdict.status)
        self.assertEqual(verdict.shown("cmk 1f: node 0 exited"), "cmk: node 0 exited")
        verdict.see_line("cmk 1f: node 0 exited with status 3")
        self.ends(verdict, 3, "node 0's program returned 3")

    def test_before_programs_run_boot_needs_no_mark(self):
        verdict = Verdict(mark="1f")
        verdict.see_line("\x1b[2Jcmk: refused: 2 mistakes, nothing boots")
        self.ends(verdict, REFUSED, "2 mistakes")

    FAULT = ('cmk: node 1: cpu 0: thread "rootserver" stops at 0x4001: page fault (0x0, 0x6), '
             'and its handler no')

    def test_a_node_without_threads_has_ended(self):
        verdict = verdict_of(TWO_NODES, self.FAULT + "; no thread is left")
        self.assertIsNone(verdict.status)
        verdict.see_line("cmk: node 0 exited with status 0")
        self.ends(verdict, FAULTED,
                  "on node 1 no thread is left: thread \"rootserver\" stops at 0x4001")

    def test_a_node_with_other_threads_goes_on(self):
        verdict = verdict_of(TWO_NODES, self.FAULT, "cmk: node 0 exited with status 0")
        self.assertIsNone(verdict.status)
        verdict.see_line("cmk: node 1 exited with status 0")
        self.ends(verdict, 0, "every program returned 0")

    def test_which_image_a_node_has(self):
        images = [Image(__file__, text) for text in ("", "node=2 x", "")]
        self.assertEqual([image_of_node(images, node) for node in range(4)],
                         [images[0], None, images[1], None])
        everywhere = [Image(__file__, "node=all")]
        self.assertEqual(image_of_node(everywhere, 5), everywhere[0])

    def test_codes_for_the_terminal_become_visible(self):
        self.assertEqual(visible("a\x1b[2J\tb\x9bc\r\u00e4"), "a\\x1b[2J\tb\\x9bc\\x0d\u00e4")

    def test_escape_codes_of_firmware_before_the_kernel(self):
        verdict = verdict_of("\x1b[2J\x1b[01;01H\x1b[=3hcmk: refused: 2 mistakes, nothing boots")
        self.ends(verdict, REFUSED, "2 mistakes")

    def test_until(self):
        verdict = verdict_of(TWO_NODES, until="All is well")
        verdict.see_text("[0] All is we")
        self.assertIsNone(verdict.status)
        verdict.see_text("[0] All is well in the uni")
        self.ends(verdict, 0, "'All is well' appeared")

    def test_until_never_came(self):
        verdict = verdict_of(TWO_NODES, "cmk: node 0 exited with status 0",
                             "cmk: node 1 exited with status 0", until="x y z")
        self.ends(verdict, TIME_LIMIT, "'x y z' never appeared")

    def test_plan_only(self):
        self.ends(verdict_of("cmk: plan: nodes", "cmk: plan only, stopping"), 0, "plan only")

    def test_reset(self):
        verdict = verdict_of(TWO_NODES)
        verdict.machine_ended(0, "")
        self.ends(verdict, STOPPED, "reset itself")

    def test_emulator_that_does_not_start(self):
        verdict = verdict_of()
        verdict.machine_ended(1, "-bogus: invalid option")
        self.ends(verdict, WRONG_USE, "-bogus: invalid option")


class WordsTest(unittest.TestCase):
    def test_words(self):
        self.assertEqual(words_of('a  "b c"d \\"e f\\\\'), ["a", "b cd", '"e', "f\\"])
        self.assertEqual(words_of(""), [])
        self.assertEqual(words_of('""'), [""])

    def test_open_quote(self):
        with self.assertRaises(WrongUse):
            words_of('a "b')

    def test_grub_word(self):
        self.assertEqual(grub_word("a'b$c;"), "'a'\\''b$c;'")
        with self.assertRaises(WrongUse):
            grub_word("x" * 9000)

    def test_grub_loses_no_module(self):
        images = [Image.parse(f"{__file__} node=0"), Image.parse(__file__)]
        self.assertIn("/boot/cmk.elf 'modules=2' 'nodes=2'\n",
                      grub_configuration("nodes=2", images, 2))
        self.assertIn("/boot/cmk.elf 'modules=3'\n", grub_configuration("modules=3", images, 2))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
