"""What a fault that stopped a thread means, read from the image: its source line, its system call,
its kind of image.
"""
import os
import re
import shutil
import subprocess

from cmklib.image import words_of
from cmklib.places import TOP

SYSCALL = re.compile(r"unknown system call \((0x[0-9a-f]+),")
LATEST_SYSCALLS = re.compile(r"^\s*SYSCALL\((\w+),\s*(-?\d+)\)", re.M)


def image_of_node(images, node):
    """The image that the configuration gives to a node: by node=K or node=all, else by its place.
    None: none.
    """
    by_place = None
    images = [image for image in images
              if not any(word.startswith("data=") for word in words_of(image.string)[:2])]
    for number, image in enumerate(images):
        words = [word for word in words_of(image.string) if word.startswith("node=")]
        if f"node={node}" in words or "node=all" in words:
            return image
        if not words and number == node:
            by_place = image
    return by_place


def call(*command):
    """A program's output; empty if it is not there or fails."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, errors="replace",
                          check=False).stdout


def source_line(path, instruction):
    """'main.c:3, in main()', or None if the image has no such symbols."""
    lines = call("addr2line", "-f", "-e", path, hex(instruction)).splitlines()
    if len(lines) != 2 or lines[0] == "??":
        return None
    place = lines[1].split(" (")[0]
    place = os.path.relpath(place) if os.path.isabs(place) and os.path.exists(place) else place
    return f"in {lines[0]}()" + ("" if place.startswith("??") else f", {place}")


def syscall_name(number):
    with open(os.path.join(TOP, "include", "api", "syscalls.def"), encoding="utf-8") as file:
        names = {int(value): name for name, value in LATEST_SYSCALLS.findall(file.read())}
    return names.get(number)


def kind_of_image(path):
    """What an image that CMK's own tools did not build probably is."""
    symbols = call("nm", path)
    if not symbols or " cmk_" in symbols:
        return None
    if "sched_context" in symbols or "sched_ctrl" in symbols or "SchedContext" in symbols:
        return "it is probably built for an MCS kernel of seL4, and such images do not run yet " \
               "(README.md)"
    return ("it is not built by tools/cmk; seL4's default builds are for one CPU and need "
            "api=classic-up, others api=classic; images for MCS kernels do not run yet (README.md)")


def fault_notes(image, instruction, what):
    """Lines about a fault at address `instruction` of a thread, in a run of `image`."""
    notes = []
    if image is None:
        return notes
    place = source_line(image.path, instruction)
    if place:
        notes.append(f"stopped {place}")
    if match := SYSCALL.search(what):
        number = int(match[1], 16)
        number -= 1 << 64 if number >= 1 << 63 else 0
        name = syscall_name(number)
        known = (f"seL4_{name}, which release kernels do not have"
                 if name else "which CMK does not have")
        notes.append(f"system call {number}, {known}")
    if kind := kind_of_image(image.path):
        notes.append(f"{os.path.basename(image.path)}: {kind}")
    return notes
