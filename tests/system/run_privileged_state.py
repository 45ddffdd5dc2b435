#!/usr/bin/python3
"""
tests/system/run_privileged_state.py [--kernel KIND-OR-FILE] [--bochs | --third]

The privileged registers of every CPU of a running cluster, read from outside and compared with
what the manuals say they must be.

QEMU's machine has firmware that left them otherwise (kernels/dirty-firmware.asm). It stops while
a program waits and writes its whole state to a file, as for a migration; a description of the
fields is part of it. Bochs stops at an instruction of the program and shows what its debugger
knows: all but model-specific registers and the APIC. With --third node 1 is in its third life. A
suite: one line PASS or FAIL for each register and CPU.
"""
import argparse
import json
import os
import re
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))

from cmklib.image import Image
from cmklib.machine import Machine, Setup
from cmklib.monitor import Monitor
from cmklib.places import kernel_file

# With fpu=sse XCR0 is not what the firmware left.
CPUS, CONFIG = 3, "nodes=2 fpu=sse"
HANG_SECONDS = 120
CPU_BLOCK_FIRST, CPU_BLOCK_BYTES = 0xffffffffc0020000, 0x20000
SECTION_FULL = 4
IO_MAP_BASE = 0x66  # in a TSS


def firmware(folder):
    """The option ROM with its checksum: the sum of all bytes is zero."""
    with open(os.path.join(TOP, "build/system/kernels/dirty-firmware.elf"), "rb") as file:
        rom = bytearray(file.read())
    rom[-1] = -sum(rom) & 0xff
    path = os.path.join(folder, "dirty.rom")
    with open(path, "wb") as file:
        file.write(rom)
    return path


def flat(fields, data, at, prefix=""):
    """What a section's bytes say, by the names of its fields; arrays as lists."""
    values = {}
    for field in fields:
        name, count = prefix + field["name"], field.get("array_len", 1)
        items = []
        for _ in range(count):
            if "struct" in field:
                inner, _ = flat(field["struct"]["fields"], data, at)
                items.append(inner)
            else:
                items.append(int.from_bytes(data[at:at + field["size"]], "big"))
            at += field["size"]
        value = items if "array_len" in field else items[0]
        if name in values:  # later elements of an array, described one by one
            values[name] = (values[name]
                            if isinstance(values[name], list) else [values[name]]) + items
        else:
            values[name] = value
    return values, at


def sections(state, name):
    """The fields of each instance of a device, in order."""
    start = state.rfind(b'{"page_size"')
    description = json.JSONDecoder().raw_decode(state[start:].decode(errors="replace"))[0]
    found = []
    for device in description["devices"]:
        if device["name"] != name:
            continue
        label = bytes([len(name)]) + name.encode() + device["instance_id"].to_bytes(4, "big")
        at = max(index for index in positions(state, label) if state[index - 5] == SECTION_FULL)
        found.append(flat(device["fields"], state, at + len(label) + 4)[0])
    return found


def positions(data, pattern):
    at = data.find(pattern)
    while at >= 0:
        yield at
        at = data.find(pattern, at + 1)


def snapshot(kernel, third):
    """(CPUs, APICs, each CPU's base of the I/O map in its TSS) of a cluster whose programs wait."""
    with tempfile.TemporaryDirectory(prefix="cmk-state-") as folder:
        path, state = os.path.join(folder, "monitor"), os.path.join(folder, "state")
        image = Image(os.path.join(TOP, "build/system/programs/mapped-and-waiting.elf"),
                      "node=all third" if third else "node=all")
        config = CONFIG + " manager=on" if third else CONFIG
        qemu = f"-monitor unix:{path},server=on,wait=off -option-rom {firmware(folder)}"
        waiting = 0
        with Machine(Setup(kernel, [image], config=config, smp=CPUS, qemu=qemu)) as machine:
            while waiting < 2:
                line = machine.line(time.monotonic() + HANG_SECONDS)
                if line is None or "stopped:" in line or "no thread is left" in line:
                    raise SystemExit(f"the cluster did not come up: {line}")
                waiting += "waiting" in line
            monitor = Monitor(path)
            monitor.command("stop")
            monitor.command(f'migrate "exec:cat > {state}"')
            bases = []
            for cpu in range(CPUS):
                monitor.command(f"cpu {cpu}")
                registers = monitor.command("info registers")
                tss = int(re.search(r"^TR =\S+ (\w+)", registers, re.MULTILINE)[1], 16)
                word = monitor.command(f"x /1hx {tss + IO_MAP_BASE:#x}")
                bases.append(int(re.search(r": (0x\w+)", word)[1], 16))
            with open(state, "rb") as file:
                data = file.read()
    return sections(data, "cpu"), sections(data, "apic"), bases


class Report:
    def __init__(self, cpu):
        self.cpu = cpu

    def check(self, name, value, good):
        verdict = "PASS" if good else "FAIL"
        print(f"{verdict} cpu-{self.cpu}-{name}" + ("" if good else f": {value}"))

    def equal(self, name, value, expected):
        self.check(name, f"{value:#x}, not {expected:#x}", value == expected)


EXPECTED = {
    # SMAP, SMEP, OSXSAVE, FSGSBASE, UMIP, OSFXSR, PGE, MCE, PAE: all that the model `max` has.
    "env.cr[4]": 0x350ae0,
    "env.efer": 0xd01,  # NXE, LMA, LME, SCE
    "env.star": 0x001b000800000000,
    "env.cstar": 0,
    "env.fmask": 0x57700,  # IF, TF, DF, IOPL, NT, RF, AC
    "env.kernelgsbase": 0,
    "env.sysenter_cs": 0,
    "env.sysenter_esp": 0,
    "env.sysenter_eip": 0,
    "env.pat": 0x0007040100070406,
    "env.tsc_aux": 0,
    "env.xcr0": 3,
}
EXPECTED_APIC = {"tpr": 0, "log_dest": 0, "dest_mode": 0xf, "spurious_vec": 0x1ff, "esr": 0}
LVT_MASKED, LVT_NMI = 0x10000, 0x400
# The timer, thermal events, counters, LINT0, LINT1, errors. QEMU's CPUs have no TSC-deadline mode.
LVT = [0x9d, LVT_MASKED, LVT_MASKED, LVT_MASKED, LVT_NMI, LVT_MASKED | 0xff]
CR0_TASK_SWITCHED = 8


def compare(number, cpu, apic, io_map_base):
    report = Report(number)
    block = CPU_BLOCK_FIRST
    for name, expected in EXPECTED.items():
        report.equal(name.removeprefix("env."), cpu[name], expected)
    report.equal("cr0", cpu["env.cr[0]"] & ~CR0_TASK_SWITCHED, 0x80010033)
    report.check("lstar", hex(cpu["env.lstar"]), cpu["env.lstar"] >> 31 == 0x1ffffffff)
    for register in range(4):
        report.equal(f"dr{register}", cpu["env.dr"][register], 0)
    report.equal("dr6", cpu["env.dr"][6], 0xffff0ff0)
    report.equal("dr7", cpu["env.dr"][7], 0x400)
    ldt, tr, gdt, idt = (cpu[f"env.{name}"] for name in ("ldt", "tr", "gdt", "idt"))
    report.equal("ldt-selector", ldt["selector"], 0)
    report.equal("ldt-limit", ldt["limit"], 0)
    report.equal("tr-selector", tr["selector"], 0x30)
    report.equal("tr-limit", tr["limit"], 0x67)
    report.check("io-map", hex(io_map_base), io_map_base > tr["limit"])
    report.equal("gdt-limit", gdt["limit"], 0x3f)
    report.equal("idt-limit", idt["limit"], 0xfff)
    report.check("tables", f"{gdt['base']:#x}, {idt['base']:#x}",
                 gdt["base"] >= block and (gdt["base"] ^ idt["base"]) < CPU_BLOCK_BYTES)
    for name, expected in EXPECTED_APIC.items():
        report.equal(f"apic-{name}", apic[name], expected)
    for entry, expected in enumerate(LVT):
        report.equal(f"apic-lvt-{entry}", apic["lvt"][entry], expected)


def segment(text, name):
    """What Bochs shows of LDTR or TR: selector, limit, and whether it may be used."""
    match = re.search(rf"^{name}:0x(\w+), dh=0x\w+, dl=0x\w{{4}}(\w{{4}}), valid=(\d+)", text,
                      re.MULTILINE)
    return int(match[1], 16), int(match[2], 16), match[3] != "0"


def check_bochs(kernel):
    commands = ["c", "c"]  # each node's program stops it once
    for cpu in range(CPUS):
        commands += [f"set $cpu={cpu}", "creg", "sreg", "dreg"]
    image = Image(os.path.join(TOP, "build/system/programs/mapped-and-waiting.elf"), "node=all")
    setup = Setup(kernel, [image], config=CONFIG, smp=CPUS, loader="bochs",
                  bochs_commands=commands + ["q"])
    with Machine(setup) as machine:
        while machine.line(time.monotonic() + HANG_SECONDS) is not None:
            pass
        with open(os.path.join(machine.folder.name, "messages"), encoding="utf-8",
                  errors="replace") as file:
            parts = re.split(r"(?=^CR0=)", file.read(), flags=re.MULTILINE)[1:]
    for number in range(CPUS):
        text = parts[number] if number < len(parts) else ""
        report = Report(f"bochs-{number}")
        values = {
            name: int(value, 16)
            for name, value in re.findall(r"^(\w+)=0x(\w+)", text, re.MULTILINE)
        }
        for name, expected in BOCHS_EXPECTED.items():
            report.equal(name.lower(), values.get(name, -1), expected)
        report.equal("cr0", values.get("CR0", 0) & ~CR0_TASK_SWITCHED, 0x80010033)
        if text:
            report.check("ldt", segment(text, "ldtr"), segment(text, "ldtr")[0::2] == (0, False))
            report.check("tr", segment(text, "tr"), segment(text, "tr")[:2] == (0x30, 0x67))
        limits = re.findall(r"^[gi]dtr:base=0x(\w+), limit=(\w+)", text, re.MULTILINE)
        report.check("tables", limits, [limit for _, limit in limits] == ["0x3f", "0xfff"])


# PCID comes on top of what QEMU's CPU has; CR8 is the APIC's task priority.
BOCHS_EXPECTED = {
    "CR4": 0x370ae0,
    "EFER": 0xd01,
    "XCR0": 3,
    "DR0": 0,
    "DR1": 0,
    "DR2": 0,
    "DR3": 0,
    "DR6": 0xffff0ff0,
    "DR7": 0x400
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default="debug")
    parser.add_argument("--bochs", action="store_true")
    parser.add_argument("--third", action="store_true")
    options = parser.parse_args()
    kernel = kernel_file(options.kernel)
    if options.bochs:
        check_bochs(kernel)
        return
    for number, parts in enumerate(zip(*snapshot(kernel, options.third))):
        compare(number, *parts)


if __name__ == "__main__":
    main()
