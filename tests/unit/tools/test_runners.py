#!/usr/bin/python3
"""The tools that run tests: how they count and what they show, when patience ends, how packages are
installed.
"""
import io
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..")
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tests", "system")]

from cmklib.patience import Patience, cpu_limited  # noqa: E402
from cmklib.progress import Progress, ending  # noqa: E402
from run_description import all_tests  # noqa: E402
from run_execution import Result, judge  # noqa: E402


class ProgressTest(unittest.TestCase):
    def test_lines(self):
        stream = io.StringIO()
        progress = Progress(12, stream)
        progress.add("shapes/good", 1, 0, 2.04)
        progress.add("shapes/bad", 3, 2, 1, "4 tests inside", ["missing: x"])
        status = progress.end()
        lines = stream.getvalue().splitlines()
        self.assertRegex(lines[0], r"^ 1/12  0:0\d ok   shapes/good \(2\.0 s\)$")
        self.assertRegex(lines[1], r"^ 2/12  0:0\d FAIL shapes/bad \(1\.0 s, 4 tests inside\)$")
        self.assertEqual(lines[2], "       missing: x")
        self.assertEqual(lines[3:], [
            "slowest:    2.0 s  shapes/good", "slowest:    1.0 s  shapes/bad", "failed: shapes/bad",
            "4 passed, 2 failed"
        ])
        self.assertEqual(status, 1)

    def test_slowest_ten_only(self):
        lines = ending([(f"t{number}", float(number), False) for number in range(15)])
        self.assertEqual([line.split()[-1] for line in lines],
                         [f"t{number}" for number in range(14, 4, -1)])

    def test_colours_on_terminals_only(self):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        os.environ["TERM"] = "xterm"
        for stream, expected in ((Terminal(), True), (io.StringIO(), False)):
            Progress(1, stream).add("x", 1, 0, 0.0)
            self.assertEqual("\033[" in stream.getvalue(), expected)


class TotalTest(unittest.TestCase):
    RUNNER = f"""#!/usr/bin/python3
import sys
sys.path.insert(0, {os.path.join(TOP, "tools")!r})
from cmklib.progress import Progress
if sys.argv[-1] == "--count":
    print(len(sys.argv) - 2)
    sys.exit(0)
progress = Progress(len(sys.argv) - 1)
for name in sys.argv[1:]:
    progress.add(name, name[0] != "-", name[0] == "-", 1.0)
sys.exit(progress.end())
"""

    def total(self, *commands):
        with tempfile.TemporaryDirectory() as folder:
            runner = os.path.join(folder, "r")
            with open(runner, "w", encoding="utf-8") as file:
                file.write(self.RUNNER)
            os.chmod(runner, 0o755)
            done = subprocess.run([
                os.path.join(TOP, "tools", "total"), *(c.replace("RUN", runner) for c in commands)
            ], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_two_commands_are_numbered_through_and_two_failures_are_two(self):
        status, lines = self.total("RUN a -b", "RUN -c")
        numbers = [line.split()[0] for line in lines if "/3 " in line]
        self.assertEqual(numbers, ["1/3", "2/3", "3/3"])
        self.assertEqual(lines[-3:], ["failed: -b", "failed: -c", "1 passed, 2 failed"])
        self.assertEqual(status, 1)

    def test_success(self):
        status, lines = self.total("RUN a", "RUN b c")
        self.assertEqual((status, lines[-1]), (0, "3 passed, 0 failed"))

    def test_a_command_without_a_result_fails(self):
        status, lines = self.total("RUN a", "true")
        self.assertEqual(lines[-2:], ["failed: true", "1 passed, 1 failed"])
        self.assertEqual(status, 1)


class CountingTest(unittest.TestCase):
    """Failed tests inside a suite are what failed: the suite itself is not one more."""

    def counts(self, status, text):
        test = next(test for test in all_tests(os.path.join(TOP, "tests", "system"))
                    if test.name == "conformance/one-cpu")
        test.at_least = 2
        result = Result("log")
        judge(test, status, text.splitlines(), result)
        return result.passed, result.failed

    def test_all_pass(self):
        self.assertEqual(self.counts(0, "[0] PASS a\n[0] PASS b"), (3, 0))

    def test_two_fail(self):
        self.assertEqual(self.counts(1, "[0] FAIL a: x\n[0] FAIL b: y\n[0] PASS c"), (1, 2))

    def test_the_suite_itself_fails(self):
        self.assertEqual(self.counts(101, "[0] PASS a\n[0] PASS b"), (2, 1))
        self.assertEqual(self.counts(0, "[0] PASS a"), (1, 1))


class PatienceTest(unittest.TestCase):
    def setUp(self):
        self.now, self.wait = 0.0, {}

    def patience(self, seconds, most=None):
        return Patience(seconds, 1, most, clock=lambda: self.now, waits=lambda pid: dict(self.wait))

    def test_silence_ends_it(self):
        patience = self.patience(10)
        self.now = 9.0
        self.assertFalse(patience.is_over())
        self.now = 10.5
        self.assertTrue(patience.is_over())

    def test_progress_renews_it(self):
        patience = self.patience(10)
        for _ in range(5):
            self.now += 9
            self.assertFalse(patience.is_over())
            patience.heard()

    def test_most_ends_even_what_talks(self):
        patience = self.patience(10, most=30)
        for _ in range(4):
            self.now += 9
            patience.heard()
        self.assertTrue(patience.is_over())

    def test_time_that_the_host_gave_others_does_not_count(self):
        patience = self.patience(10)
        for _ in range(20):
            self.now += 9
            self.wait = {"1": self.now * 0.9, "2": self.now * 0.5}
            if patience.is_over():
                break
        # Nine tenths of the time were not its own: 10 of its own seconds are about 100.
        self.assertTrue(90 <= self.now <= 110, self.now)

    def test_a_limit_on_cpu_time_ends_a_loop_and_not_a_sleep(self):
        loop = subprocess.run(cpu_limited(["sh", "-c", "while :; do :; done"], 1), check=False)
        sleep = subprocess.run(cpu_limited(["sleep", "1.5"], 1), check=False)
        self.assertLess(loop.returncode, 0)
        self.assertEqual(sleep.returncode, 0)


class PackagesTest(unittest.TestCase):
    """tools/packages with an apt-get and a dpkg-query of our own: every package is missing until it
    is installed.
    """

    APT = """#!/bin/sh
echo "$@" >>"$FOLDER/calls"
[ "$1" = install ] || exit 0
count=$(cat "$FOLDER/busy")
if [ "$count" -gt 0 ]; then
    echo $((count - 1)) >"$FOLDER/busy"
    echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 77 (other)" >&2
    exit 100
fi
touch "$FOLDER/installed"
"""
    DPKG = """#!/bin/sh
[ -e "$FOLDER/installed" ] && printf installed
"""

    def packages(self, *goals, busy=0, root=True, wait=60):
        with tempfile.TemporaryDirectory() as folder:
            scripts = {
                "apt-get": self.APT,
                "dpkg-query": self.DPKG,
                "id": f"#!/bin/sh\necho {0 if root else 1000}\n",
                "sudo": "#!/bin/sh\nexit 1\n"
            }
            for name, text in scripts.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
                os.chmod(os.path.join(folder, name), 0o755)
            with open(os.path.join(folder, "busy"), "w", encoding="utf-8") as file:
                file.write(f"{busy}\n")
            environment = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], FOLDER=folder,
                               CMK_PACKAGES_WAIT=str(wait), CMK_PACKAGES_PAUSE="1")
            done = subprocess.run([os.path.join(TOP, "tools", "packages"), *goals], env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False)
            calls = []
            if os.path.exists(os.path.join(folder, "calls")):
                with open(os.path.join(folder, "calls"), encoding="utf-8") as file:
                    calls = file.read().splitlines()
        return done.returncode, [call for call in calls
                                 if call.startswith("install")], done.stdout + done.stderr

    def test_one_installation_for_several_goals(self):
        status, installs, _ = self.packages("build", "run", "unit")
        self.assertEqual((status, len(installs)), (0, 1))
        for package in ("nasm", "qemu-system-x86", "check"):
            self.assertIn(f" {package}", installs[0])

    def test_waits_for_another_installation(self):
        status, installs, text = self.packages("build", busy=2)
        self.assertEqual((status, len(installs)), (0, 3))
        self.assertEqual(text.count("waiting for process 77 (other)"), 1)

    def test_gives_up_with_the_command(self):
        status, installs, text = self.packages("build", busy=100, wait=2)
        self.assertEqual(status, 1)
        self.assertLessEqual(len(installs), 4)
        self.assertIn("after 2 s another process still installs packages", text)
        self.assertRegex(text, r"as root run:\n    apt-get update && apt-get install -y .* nasm")

    def test_a_user_without_rights_gets_the_command(self):
        status, installs, text = self.packages("build", "run", root=False)
        self.assertEqual((status, installs), (1, []))
        self.assertRegex(
            text,
            r"As root, run:\n    apt-get update && apt-get install -y .* nasm .*qemu-system-x86")

    def test_every_goal_of_the_makefile_is_known(self):
        text = subprocess.run(["make", "-pnr", "help"], cwd=TOP, capture_output=True, text=True,
                              check=False).stdout
        lines = [line for line in text.splitlines() if line.startswith("PACKAGES_FOR_")]
        goals = {goal for line in lines for goal in line.split(":= ")[1].split()}
        self.assertGreater(len(goals), 8)
        self.assertEqual(self.packages(*sorted(goals))[0], 0)


class MakeTest(unittest.TestCase):
    def test_a_command_installs_all_it_needs_in_one_go(self):
        for goals, expected in ((["run"], "build+run"), ([
                "test"
        ], "build+format+models+proofs+rules+system+unit"), ([], "build"), ([
                "unit", "bochs"
        ], "bochs+build+unit"), (["run", "clean"], "build+run")):
            text = subprocess.run(["make", "-pn", *goals], cwd=TOP, capture_output=True, text=True,
                                  check=False).stdout
            stamps = {line for line in text.splitlines() if line.startswith("PACKAGES := ")}
            self.assertEqual(stamps, {f"PACKAGES := build/packages/{expected}"})


if __name__ == "__main__":
    os.environ.pop("CMK_PROGRESS", None)  # our own results are no part of the run that we are in
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
