#!/usr/bin/python3
"""
tests/system/run_firmware_tables.py CASE: boots two nodes by GRUB, which puts another MADT in
place of the machine's own (its `acpi` command), and shows what the console said. The cases, and
what must come of them:

  wide      enabled CPUs with APIC ids 255 and 256 on a machine without x2APIC: they stay off
  phantom
  a CPU that does not exist: its node stops, the other one runs, and INIT was sent to it once
  missing   the same in the middle of a node, with missing-cpus=go-on: the node runs without it
  first
  the same as a node's first CPU, with missing-cpus=go-on: that node stops, the others run
  many      nine IOAPICs, the real one last: no program gets the ninth's page as device memory
  odd       an IOAPIC at 0xfec00006: refused
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tools"))

from cmklib.image import BIOS_MODULES  # noqa: E402

IO_APIC = 0xfec00000


def local_apic(number):
    return struct.pack("<BBBBI", 0, 8, number, number, 1)


def x2apic(number):
    return struct.pack("<BBHIII", 9, 16, 0, number, 1, number)


def io_apic(address, first_pin):
    return struct.pack("<BBBBII", 1, 12, 0, 0, address, first_pin)


def madt(entries):
    body = struct.pack("<II", 0xfee00000, 1) + b"".join(entries)
    header = struct.pack("<4sIBB6s8sI4sI", b"APIC", 36 + len(body), 4, 0, b"CMK   ", b"CMKTABLE", 1,
                         b"CMK ", 1)
    table = bytearray(header + body)
    table[9] = -sum(table) & 0xff
    return bytes(table)


CPUS = [local_apic(0), local_apic(1)]
FIRST = [io_apic(IO_APIC, 0)]
# name: (entries, configuration, lines that must be there)
CASES = {
    "wide": (CPUS + [x2apic(255), x2apic(256)] + FIRST, "nodes=2", [
        r"2 more CPUs stay off: their APIC ids need x2APIC", r"node 0 exited with status 0",
        r"node 1 exited with status 0"
    ]),
    "phantom": ([local_apic(0), local_apic(9)] + FIRST, "nodes=2", [
        r"node 1 stopped: its first CPU \(APIC id 9\) does not answer",
        r"node 0 exited with status 0"
    ]),
    "missing": ([local_apic(0), local_apic(9), local_apic(1)] + FIRST, "nodes=1 missing-cpus=go-on",
                [
                    r"node 0: CPU 1 \(APIC id 9\) does not answer: the node starts without it",
                    r"cluster of 1 nodes, 2 CPUs", r"\[0\] node 0 has 2 CPUs, 1 missing",
                    r"node 0 exited with status 0"
                ]),
    "first": ([local_apic(0), local_apic(9), local_apic(1)] + FIRST, "nodes=3 missing-cpus=go-on", [
        r"node 1 stopped: its first CPU \(APIC id 9\) does not answer",
        r"node 0 exited with status 0", r"node 2 exited with status 0"
    ]),
    "many": (CPUS + [io_apic(0xfec10000 + 0x1000 * i, 24 + 24 * i) for i in range(8)] + FIRST,
             "nodes=2", [r"node 0 exited with status 0", r"node 1 exited with status 0"]),
    "odd": (CPUS + [io_apic(IO_APIC + 6, 0)], "nodes=2", [
        r"mistake: ACPI: the MADT has an IOAPIC at an address that is 0 or no multiple of 16",
        r"refused: 1 mistake, nothing boots"
    ]),
}


def make_iso(folder, table, configuration):
    boot = os.path.join(folder, "tree", "boot")
    os.makedirs(os.path.join(boot, "grub"))
    shutil.copy(os.path.join(TOP, "build/debug/cmk.elf"), boot)
    shutil.copy(os.path.join(TOP, "build/system/programs/device-memory.elf"), boot)
    with open(os.path.join(boot, "table"), "wb") as file:
        file.write(table)
    with open(os.path.join(boot, "grub", "grub.cfg"), "w", encoding="utf-8") as file:
        file.write("set timeout=0\nmenuentry x {\n acpi --exclude=APIC /boot/table\n"
                   f" multiboot2 /boot/cmk.elf {configuration}\n"
                   f" module2 /boot/device-memory.elf node=all {IO_APIC:#x}\n}}\n")
    modules = BIOS_MODULES + " acpi"
    iso = os.path.join(folder, "cmk.iso")
    subprocess.run([
        "grub-mkrescue", "-o", iso, "-d", "/usr/lib/grub/i386-pc", f"--install-modules={modules}",
        f"--modules={modules}", "--fonts=", "--locales=", "--themes=",
        os.path.join(folder, "tree")
    ], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return iso


def run(iso, trace, wanted):
    """The console's lines, until all that is wanted has come or the machine is done."""
    command = [
        "qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-smp", "2", "-m", "256M", "-nodefaults",
        "-vga", "none", "-display", "none", "-no-reboot", "-serial", "stdio", "-cdrom", iso,
        "-accel", "tcg,thread=single", "-trace", "apic_mem_writel", "-D", trace
    ]
    lines, missing = [], list(wanted)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="backslashreplace") as process:
        for line in process.stdout:
            lines.append(line.rstrip())
            missing = [text for text in missing if not re.search(text, line)]
            if not missing:
                process.kill()
    return lines, missing


def starts_of(trace, apic_id):
    """How many INITs and SIPIs went to the CPU: writes of the command register after its id."""
    inits = sipis = 0
    destination = None
    with open(trace, encoding="utf-8") as file:
        for register, value in re.findall(r"apic_mem_writel (0x3[01]0) = (0x[0-9a-f]+)",
                                          file.read()):
            value = int(value, 16)
            if register == "0x310":
                destination = value >> 24
            elif destination == apic_id and value >> 18 & 3 == 0:
                inits += value >> 8 & 7 == 5
                sipis += value >> 8 & 7 == 6
    return inits, sipis


def main():
    entries, configuration, wanted = CASES[sys.argv[1]]
    with tempfile.TemporaryDirectory(prefix="cmk-firmware-") as folder:
        trace = os.path.join(folder, "trace")
        lines, missing = run(make_iso(folder, madt(entries), configuration), trace, wanted)
        starts = starts_of(trace, 9)
    print("\n".join(line for line in lines if line.startswith(("cmk:", "["))))
    wrong = [f"missing: {text}" for text in missing]
    if any("is device memory" in line for line in lines):
        wrong.append("a program got an IOAPIC")
    if sys.argv[1] in ("phantom", "missing", "first") and starts != (1, 2):
        wrong.append(f"INITs and SIPIs to the missing CPU: {starts}")
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
