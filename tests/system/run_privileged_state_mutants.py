#!/usr/bin/python3
"""
tests/system/run_privileged_state_mutants.py: takes each line out of the list of privileged
registers that the kernel sets, one at a time, and asks run_privileged_state.py about that
kernel: it must find something wrong.

A suite: one line PASS for each line whose loss was seen. A line whose loss no emulator here can
show is in NOT_SEEN, with the reason, and a loss that is seen all the same is a FAIL.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FUNCTIONS = (("arch/x86/machine/privileged_state.c", "set_privileged_state"),
             ("arch/x86/machine/apic.c", "apic_set_state"))
STATEMENT = re.compile(r"^ +(?:write_\w+|apic_\w+|mask_entry|end_old_interrupts|lldt).*;",
                       re.MULTILINE)

NOT_SEEN = {
    "write_cr0": "fpu_setup() writes it again",
    "MSR_FS_BASE": "the first thread's own value replaces it",
    "MSR_GS_BASE": "BIOS and boot load GS, which clears it",
    "MSR_SUPERVISOR_STATES": "QEMU 7.2 has no XSS under emulation",
    "APIC_LVT_TIMER": "the timer's start replaces it",
    "mask_entry(APIC_LVT_CORRECTED_ERRORS)": "QEMU's APIC does not have the entry",
    "end_old_interrupts": "no emulated BIOS leaves an interrupt in service",
    "APIC_ERROR_STATUS": "QEMU 7.2 never sets a bit there",
}


def statements(text, function):
    """(start, end) of each statement in a function that sets something."""
    body = re.search(rf"^void {function}\([^)]*\)\n{{(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    return [(body.start(1) + match.start(), body.start(1) + match.end())
            for match in STATEMENT.finditer(body[1])]


def is_seen(folder):
    build = subprocess.run(["make", "-s", "build/debug/cmk.elf"], cwd=folder, capture_output=True,
                           text=True)
    if build.returncode != 0:
        raise SystemExit(f"a mutant does not build:\n{build.stderr}")
    run = subprocess.run([
        os.path.join(TOP, "tests/system/run_privileged_state.py"), "--kernel",
        os.path.join(folder, "build/debug/cmk.elf")
    ], capture_output=True, text=True)
    return "FAIL" in run.stdout or run.returncode != 0


def main():
    with tempfile.TemporaryDirectory(prefix="cmk-mutants-") as parent:
        folder = os.path.join(parent, "tree")
        shutil.copytree(
            TOP, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", "system", "bench",
                                                                      "user", "fuzz", "unit"))
        shutil.copytree(os.path.join(TOP, "user"), os.path.join(folder, "user"))
        if is_seen(folder):
            sys.exit("the kernel as it is does not pass")
        for path, function in FUNCTIONS:
            file = os.path.join(folder, path)
            with open(file, encoding="utf-8") as source:
                text = source.read()
            for start, end in statements(text, function):
                statement = text[start:end].strip()
                with open(file, "w", encoding="utf-8") as mutant:
                    mutant.write(f"{text[:start]} while (0) {statement}{text[end:]}")
                reason = next((why for part, why in NOT_SEEN.items() if part in statement), None)
                seen = is_seen(folder)
                name = re.sub(r"\W+", "-", statement).strip("-")
                print(
                    f"{'PASS' if seen == (reason is None) else 'FAIL'} {name}: "
                    f"{'seen' if seen else 'not seen'}{', ' + reason if reason else ''}",
                    flush=True)
            with open(file, "w", encoding="utf-8") as source:
                source.write(text)


if __name__ == "__main__":
    main()
