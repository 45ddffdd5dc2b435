#!/usr/bin/python3
"""Each header for user programs compiles alone, as C and as C++, without a warning."""
import glob
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tools")]

from cmklib.cc import read_flags  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-ffreestanding", "-nostdinc"]
LANGUAGES = {"c": ["gcc", "-std=gnu11"], "cc": ["g++", "-std=c++17"]}
FLAGS = read_flags()
# -I throughout: of folders given with -isystem compilers hide the warnings.
FOLDERS = FLAGS["USER_SYSTEM_INCLUDE"] + FLAGS["USER_INCLUDE"]


def compile_text(text, language):
    """What the compiler says; empty if it has nothing to say."""
    compiler = LANGUAGES[language]
    own = subprocess.run([compiler[0], "-print-file-name=include"], capture_output=True, text=True,
                         check=True).stdout.strip()
    command = compiler + WARNINGS
    for folder in FOLDERS:
        command += ["-I", os.path.join(TOP, folder)]
    command += ["-isystem", own]
    for folder in FLAGS["USER_INCLUDE_LAST"]:
        command += ["-idirafter", os.path.join(TOP, folder)]
    with tempfile.NamedTemporaryFile("w", suffix="." + language) as file:
        file.write(text)
        file.flush()
        done = subprocess.run(command + [file.name], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def headers():
    for folder in FOLDERS:
        place = os.path.join(TOP, folder)
        for path in sorted(glob.glob("**/*.h", root_dir=place, recursive=True)):
            yield path


class HeaderTest(unittest.TestCase):
    def test_each_alone(self):
        names = list(headers())
        self.assertGreater(len(names), 60)
        for name in names:
            for language in LANGUAGES:
                with self.subTest(header=name, language=language):
                    self.assertEqual(compile_text(f"#include <{name}>\n", language), "")

    def test_functions_have_c_names_in_cplusplus(self):
        text = """#include <cmk/resources.h>
                  #include <stdio.h>
                  extern "C" int printf(const char *, ...);
                  extern "C" bool cmk_create_thread(struct cmk_thread *, seL4_Word, seL4_Word,
                                                    void (*)(void *), void *);
               """
        self.assertEqual(compile_text(text, "cc"), "")

    def test_a_mistake_is_seen(self):
        text = "#include <stdio.h>\nint f(int unused) { return 0; }\n"
        self.assertNotEqual(compile_text(text, "cc"), "")


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
