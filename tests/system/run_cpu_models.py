#!/usr/bin/python3
"""
tests/system/run_cpu_models.py EMULATOR [MODEL...]: the program ring-3 on every CPU model that
`qemu` or `bochs` offers.

A suite: one line PASS or FAIL for each model. Models without long mode are left out by name.
QEMU's versions of a model (-v2, ...) differ in features that CMK does not ask for; they are
tried when named.
"""
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))

from cmklib.image import Image
from cmklib.machine import Machine, Setup
from cmklib.places import kernel_file, program

WITHOUT_LONG_MODE = {
    "486", "pentium", "pentium2", "pentium3", "athlon", "coreduo", "n270", "kvm32", "qemu32",
    "pentium_mmx", "amd_k6_2_chomper", "p2_klamath", "p3_katmai", "p4_willamette",
    "core_duo_t2400_yonah", "atom_n270"
}
NOT_EMULATED = {"base",
                "host"}  # no features at all; the host's, for which there must be an accelerator
# QEMU 7.2 never comes back from setting CR4.OSXSAVE on these, although their CPUID has XSAVE.
WITHOUT_XSAVE = {"Opteron_G4", "Opteron_G5"}
LEAST_PASSES = 370
# The first selectors and ports, among which are all that the kernel knows, will do. With one CPU,
# since a fault that another CPU handles takes an emulator long; that joining CPUs are set up alike,
# other tests show.
PROGRAM, LIMIT = "build/system/programs/ring-3.elf", "1024"
HANG_SECONDS = 300  # without a line


def models(emulator):
    if emulator == "qemu":
        text = subprocess.run([program("qemu-system-x86_64", "qemu-system-x86"), "-cpu", "help"],
                              capture_output=True, text=True, check=True).stdout
        names = re.findall(r"^x86 (\S+)", text, re.MULTILINE)
        names = [name for name in names if not re.search(r"-v\d+$", name)]
    else:
        text = subprocess.run([program("bochs", "bochs"), "-help", "cpu"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True).stdout
        names = re.findall(r"^([a-z]\w+)$", text, re.MULTILINE)
    return [name for name in names if name not in WITHOUT_LONG_MODE | NOT_EMULATED]


def run(emulator, model):
    """The suite's failures on one model; a run that did not come to its end counts as one."""
    image = Image(os.path.join(TOP, PROGRAM), LIMIT)
    setup = Setup(
        kernel_file("release"), [image], smp="1",
        loader="bochs" if emulator == "bochs" else "direct",
        qemu=f"-cpu {model}{',-xsave' if model in WITHOUT_XSAVE else ''}"
        if emulator == "qemu" else "", bochs_model=model)
    passes, failures, ended = 0, [], False
    with Machine(setup) as machine:
        while not ended:
            line = machine.line(time.monotonic() + HANG_SECONDS)
            if line is None:
                break
            passes += line.startswith("[0] PASS")
            ended = "node 0 exited with status 0" in line
            if line.startswith("[0] FAIL") or "stopped:" in line or "refused" in line:
                failures.append(line)
    if not ended:
        failures.append("the program did not come to its end")
    if passes < LEAST_PASSES:
        failures.append(f"only {passes} attempts passed")
    return failures


def main():
    emulator, *names = sys.argv[1:]
    for model in names or models(emulator):
        failures = run(emulator, model)
        print(f"FAIL {model}: {'; '.join(failures)}" if failures else f"PASS {model}", flush=True)


if __name__ == "__main__":
    main()
