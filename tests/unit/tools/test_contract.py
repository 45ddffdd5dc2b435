#!/usr/bin/env python3
"""tools/check-contract finds a reference without a heading, in lists and across lines too."""
import os
import subprocess
import tempfile

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
assert check("/* contract 4.5 */", PAGE)[0] == 0
for comment, line in ("/* contract 4.6 */", 1), ("/* contract 4.5, 4.6. */", 1), \
        ("\n/*\n * (contract\n * 4.6)\n */", 3), ("/* contract 4 */", 1):
    status, output = check(comment, PAGE)
    assert status == 1 and f"kernel/a.c:{line}: docs/contract.md has no 4" in output, output
assert check("/* no reference */", PAGE)[0] != 0
