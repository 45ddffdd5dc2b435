#!/usr/bin/python3
"""tools/check-floors finds what it is for, in small trees of a few functions."""
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))


def check(files, kind="release"):
    """The status and the output of check-floors for a tree with these {file: text}, compiled."""
    with tempfile.TemporaryDirectory() as tree:
        for path, text in files.items():
            source = os.path.join(tree, path)
            os.makedirs(os.path.dirname(source), exist_ok=True)
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
            if path.endswith(".c"):
                target = os.path.join(tree, "build", kind, path[:-2] + ".o")
                os.makedirs(os.path.dirname(target), exist_ok=True)
                subprocess.run(["gcc", "-c", "-O0", "-o", target, "-I", tree, source], check=True)
        done = subprocess.run([os.path.join(TOP, "tools", "check-floors"), "--tree", tree, kind],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


UPPER = "void upper(void); void lower(void); void upper(void) { lower(); }"
LOWER = "void lower(void); void lower(void) {}"
LOWER_CALLS_UP = "void upper(void); void lower(void); void lower(void) { upper(); }"


class FloorsTest(unittest.TestCase):
    def test_an_arrow_down_and_on_one_floor_is_right(self):
        status, output = check({"kernel/methods/upper.c": UPPER, "kernel/ipc/lower.c": LOWER})
        self.assertEqual((status, output.splitlines()[-1]), (0, "2 passed, 0 failed"))
        self.assertEqual(check({"kernel/ipc/upper.c": UPPER, "kernel/ipc/lower.c": LOWER})[0], 0)

    def test_an_arrow_up_is_wrong(self):
        status, output = check({"kernel/methods/upper.c": UPPER,
                                "kernel/ipc/lower.c": LOWER_CALLS_UP})
        self.assertEqual(status, 1)
        self.assertIn("kernel/ipc/lower.c (ipc) uses upper of kernel/methods/upper.c (methods)",
                      output)
        self.assertIn("circles of files: 2\n", output)

    def test_a_variable_is_an_arrow_too(self):
        status, output = check({"arch/x86/entry/upper.c": "int state;",
                                "arch/x86/machine/lower.c": "extern int state; int *at = &state;"})
        self.assertEqual(status, 1)
        self.assertIn("uses state of arch/x86/entry/upper.c (entry)", output)

    def test_release_kernels_use_nothing_of_checks(self):
        files = {"kernel/ipc/upper.c": UPPER, "kernel/checks/lower.c": LOWER}
        self.assertIn("which is not linked", check(files)[1])
        self.assertEqual(check(files, "debug")[0], 0)

    def test_a_folder_without_floor_is_wrong(self):
        self.assertIn("lies on no floor", check({"arch/arm/lower.c": LOWER})[1])

    def test_the_portable_kernel_includes_no_target_code(self):
        for name in ("x86/apic.h", "target/switch.h"):
            status, output = check({name: "", "kernel/ipc/lower.c": f'#include "{name}"\n' + LOWER})
            self.assertEqual(status, 1)
            self.assertIn(f"kernel/ipc/lower.c includes {name}", output)


if __name__ == "__main__":
    program = unittest.main(exit=False, argv=sys.argv[:1])
    result = program.result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
