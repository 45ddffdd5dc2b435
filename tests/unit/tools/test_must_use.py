#!/usr/bin/python3
"""
What the compiler does not let the kernel drop: an obligation to shoot down, and the outcome of an
invocation. Each piece of code below compiles with the kernel's warnings as errors, or does not.
"""
import os
import subprocess
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
COMPILE = ("gcc -std=c11 -O2 -c -o /dev/null -ffreestanding -mgeneral-regs-only -Wall "
           "-Wextra -Werror -Iinclude -Iarch/x86/include -Iarch/x86/internal -x c -").split()
HEADERS = "#include <x86/vspace.h>\n#include <x86/shoot_down.h>\n#include <x86/frame_mapping.h>\n"


def errors(body):
    """What gcc says against a function with this body."""
    text = HEADERS + ("void f(word_t *entry, struct stale stale, const struct mapping *m,\n"
                      "struct slot *slot, struct answer *answer);\n"
                      "void f(word_t *entry, struct stale stale, const struct mapping *m,\n"
                      "struct slot *slot, struct answer *answer)\n{ (void)entry, (void)stale,\n"
                      "(void)m, (void)slot, (void)answer; " + body + " }\n")
    done = subprocess.run(COMPILE, cwd=TOP, input=text, capture_output=True, text=True, check=False)
    return done.stderr


class MustUseTest(unittest.TestCase):
    def expect(self, error, body):
        said = errors(body)
        if error is None:
            self.assertEqual(said, "")
        else:
            self.assertIn(error, said)

    def test_an_obligation_is_met(self):
        self.expect(None, "shoot_down(entry_clear(entry, stale));")
        self.expect(None, "struct stale s = replace_entry(entry, m, slot);"
                          "if (is_anything_stale(s)) { shoot_down(s); }")

    def test_an_obligation_is_dropped(self):
        self.expect("unused-result", "entry_clear(entry, stale);")
        self.expect("unused-result", "replace_entry(entry, m, slot);")
        self.expect("unused-variable", "struct stale s = entry_clear(entry, stale);")
        self.expect("unused-but-set-variable", "struct stale s; s = entry_clear(entry, stale);")

    def test_an_obligation_is_met_by_nothing_else(self):
        self.expect("incompatible type", "shoot_down_all(entry_clear(entry, stale));")
        self.expect("incompatible type", "shoot_down(entry);")


if __name__ == "__main__":
    result = unittest.main(exit=False, argv=sys.argv[:1]).result
    broken = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - broken} passed, {broken} failed")
    sys.exit(1 if broken else 0)
