#!/usr/bin/python3
"""
A new type breaks the build wherever the kernel must know it. Each test adds one type to a copy of
the list that the compiler finds first, compiles all of kernel/, arch/ and node/, and compares the
functions in which gcc then misses a case with those in which it would also say so beside a
`default` (-Wswitch-enum): a `default` would hide a new type from the first of the two.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
COMPILE = ("gcc -std=c11 -O0 -fsyntax-only -ffreestanding -fno-pic -mgeneral-regs-only "
           "-mcmodel=kernel -DCMK_DEBUG -Iinclude -Iarch/x86/include -Iarch/x86/internal").split()
MISSING = re.compile(r"^([^:\n]+):(\d+):.*enumeration value .(\w+). not handled in switch", re.M)


def missing(overlay, path, option, name):
    """The places in one file where the compiler misses a case for the constant `name`."""
    command = [*COMPILE[:1], "-I" + overlay, *COMPILE[1:], option, path]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    if "error:" in done.stderr:
        raise AssertionError(f"{path} does not compile:\n{done.stderr}")
    return {(path, line) for where, line, found in MISSING.findall(done.stderr)
            if found == name and where == path}


def added(file, row, name):
    """{file: number of switches} that miss `name` once `row` stands at the end of the list."""
    sources = [path for folder in ("kernel", "arch", "node")
               for path in glob.glob(f"{folder}/**/*.c", root_dir=TOP, recursive=True)
               if path != "arch/x86/offsets.c"]
    with tempfile.TemporaryDirectory() as overlay:
        place = os.path.join(overlay, file)
        os.makedirs(os.path.dirname(place))
        with open(os.path.join(TOP, "include", file), encoding="utf-8") as original:
            text = original.read()
        with open(place, "w", encoding="utf-8") as copy:
            copy.write(row(text) if callable(row) else text + row)
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            seen = set().union(*pool.map(lambda path: missing(overlay, path, "-Wswitch", name),
                                         sources))
            all_of_them = set().union(*pool.map(
                lambda path: missing(overlay, path, "-Wswitch-enum", name), sources))
    return seen, all_of_them


class SwitchesTest(unittest.TestCase):
    def expect(self, file, row, name, files):
        """At least these files must know the type, and no `default` hides it anywhere."""
        seen, all_of_them = added(file, row, name)
        self.assertEqual(sorted(all_of_them - seen), [], "a default hides the type here")
        self.assertLessEqual(files, {path for path, _ in seen})

    def test_a_portable_capability(self):
        self.expect("api/capabilities.def", "CAPABILITY(ADDED, 22)\n", "CAP_ADDED",
                    {"kernel/calls/syscall.c", "kernel/capabilities/derivation.c",
                     "kernel/capabilities/derive.c", "kernel/lifecycle/deletion.c",
                     "kernel/checks/check_capabilities.c"})

    def test_a_capability_of_the_target(self):
        self.expect("api/capabilities.def", "TARGET_CAPABILITY(ADDED, 21)\n", "CAP_ADDED",
                    {"arch/x86/checks/check.c", "arch/x86/lifecycle/finalise.c",
                     "arch/x86/memory/capability.c", "arch/x86/methods/invoke.c"})

    def test_a_portable_object(self):
        self.expect("api/objects.def", "OBJECT(seL4_Added, 12, ADDED, 4, 0)\n", "OBJECT_ADDED",
                    {"kernel/methods/untyped.c"})

    def test_an_object_of_the_target(self):
        self.expect("api/objects.def", "TARGET_OBJECT(seL4_Added, 12, ADDED, 12, 0)\n",
                    "OBJECT_ADDED", {"arch/x86/memory/capability.c"})

    def test_a_fault(self):
        self.expect("api/faults.def", "FAULT(seL4_Fault_Added, 7, ADDED)\n", "FAULT_ADDED",
                    {"kernel/ipc/fault.c"})

    def test_a_thread_state(self):
        def with_one_more(text):
            new = text.replace("enum thread_state {", "enum thread_state {\n    THREAD_ADDED = 99,",
                               1)
            self.assertNotEqual(new, text)
            return new

        self.expect("kernel/objects.h", with_one_more, "THREAD_ADDED",
                    {"kernel/threads/thread.c", "kernel/ipc/endpoint.c",
                     "kernel/checks/check_threads.c"})


program = unittest.main(exit=False, verbosity=1)
failed = len(program.result.failures) + len(program.result.errors)
print(f"{program.result.testsRun - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
