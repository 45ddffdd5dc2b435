#!/usr/bin/python3
"""
tests/system/run_power_off.py CASE: boots the ISO of `tools/cmk iso` by hand, and waits until the
machine is off. QEMU ends by itself then, with status 0; it does not end at a reset. Every node must
have written its last line. Cases: the machines q35 and pc from BIOS, q35 from UEFI, `failing` (one
node's kernel stops), and `unknown`: GRUB takes the FADT away, so that a line says that the machine
can be switched off, and it stays on.
"""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tools"))

from cmklib.image import BIOS_MODULES  # noqa: E402

HINT = "the machine can be switched off"
EXITED = [f"cmk: node {node} exited with status 0" for node in (0, 1)]
HELLO = ["build/user/hello.elf node=all"]
# name: (machine, more of QEMU's options, images, last lines)
TWO, FOUR = ["-smp", "2"], ["-smp", "4"]
CASES = {
    "q35": ("q35", TWO, HELLO, EXITED),
    "pc": ("pc", TWO, HELLO, EXITED),
    "uefi": ("q35", TWO + ["-bios", "/usr/share/ovmf/OVMF.fd", "-net", "none"], HELLO, EXITED),
    "failing": ("q35", FOUR, ["build/system/programs/containment.elf node=all 1 assert"],
                [EXITED[0], "cmk: node 1 stopped: assertion"]),
    "unknown": ("q35", TWO, HELLO, EXITED + [HINT]),
}


def make_iso(folder, images):
    iso = os.path.join(folder, "cmk.iso")
    subprocess.run(["tools/cmk", "iso", "-o", iso, "--config", "nodes=percpu"] + images, cwd=TOP,
                   stdin=subprocess.DEVNULL, check=True)
    return iso


def make_iso_without_fadt(folder, images):
    """As tools/cmk makes it, but GRUB's acpi command leaves a table out."""
    boot = os.path.join(folder, "tree", "boot")
    os.makedirs(os.path.join(boot, "grub"))
    shutil.copy(os.path.join(TOP, "build/debug/cmk.elf"), boot)
    shutil.copy(os.path.join(TOP, images[0].split()[0]), os.path.join(boot, "image"))
    with open(os.path.join(boot, "grub", "grub.cfg"), "w", encoding="utf-8") as file:
        file.write("set timeout=0\nmenuentry x {\n acpi --exclude=FACP\n"
                   " multiboot2 /boot/cmk.elf nodes=percpu\n module2 /boot/image node=all\n}\n")
    modules = BIOS_MODULES + " acpi"
    iso = os.path.join(folder, "cmk.iso")
    subprocess.run(["grub-mkrescue", "-o", iso, "-d", "/usr/lib/grub/i386-pc",
                    f"--install-modules={modules}", f"--modules={modules}", "--fonts=",
                    "--locales=", "--themes=", os.path.join(folder, "tree")],
                   stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return iso


def run(machine, options, iso):
    """The console's lines until the machine is off, and QEMU's status; None: it was still on."""
    command = ["qemu-system-x86_64", "-M", machine, "-cpu", "max", "-m", "256M",
               "-vga", "none", "-display", "none", "-serial", "stdio", "-cdrom", iso,
               "-accel", "tcg,thread=single"] + options
    lines = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="backslashreplace") as process:
        for line in process.stdout:
            lines.append(line.rstrip())
            print(lines[-1], flush=True)
            if HINT in line:
                process.kill()
                return lines, None
        return lines, process.wait()


def main():
    machine, options, images, wanted = CASES[sys.argv[1]]
    with tempfile.TemporaryDirectory(prefix="cmk-power-off-") as folder:
        make = make_iso_without_fadt if sys.argv[1] == "unknown" else make_iso
        lines, status = run(machine, options, make(folder, images))
    missing = [text for text in wanted if not any(text in line for line in lines)]
    for text in missing:
        print(f"missing: {text}")
    print("the machine stayed on" if status is None else f"the machine is off, status {status}")
    return 1 if missing or status != (None if sys.argv[1] == "unknown" else 0) else 0


sys.exit(main())
