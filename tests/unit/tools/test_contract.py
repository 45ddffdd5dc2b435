#!/usr/bin/env python3
"""tools/check-contract finds a reference without a heading, also in lists and across lines."""
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3)


def check(comment, page):
    """The status and the output of check-contract for one source and one page."""
    with tempfile.TemporaryDirectory() as tree:
        for name, text in ("kernel/a.c", comment), ("docs/contract.md", page):
            path = os.path.join(tree, name)
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([os.path.join(TOP, "tools", "check-contract"), tree],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


PAGE = "# Page\n\n### 4.5 Threads\n\n### 4.50 Other\n"


class ContractTest(unittest.TestCase):
    def test_a_heading_that_exists_is_found(self):
        self.assertEqual(check("/* contract 4.5 */", PAGE)[0], 0)

    def test_a_heading_that_is_missing_is_reported(self):
        for comment, line in (("/* contract 4.6 */", 1), ("/* contract 4.5, 4.6. */", 1),
                              ("\n/*\n * (contract\n * 4.6)\n */", 3), ("/* contract 4 */", 1)):
            status, output = check(comment, PAGE)
            self.assertEqual(status, 1)
            self.assertIn(f"kernel/a.c:{line}: docs/contract.md has no 4", output)

    def test_nothing_to_check_is_an_error(self):
        self.assertNotEqual(check("/* no reference */", PAGE)[0], 0)


if __name__ == "__main__":
    result = unittest.main(exit=False, argv=sys.argv[:1]).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
