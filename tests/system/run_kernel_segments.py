#!/usr/bin/python3
"""
tests/system/run_kernel_segments.py: the segments of each kernel file follow one another in physical
memory. GRUB takes what lies between them for free, and puts boot information there, which the
kernel would overwrite.
"""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def segments(path):
    text = subprocess.run(["readelf", "-lW", path], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True).stdout
    number = "0x([0-9a-f]+)"
    found = re.findall(rf"LOAD +0x[0-9a-f]+ 0x[0-9a-f]+ {number} 0x[0-9a-f]+ {number}", text)
    return sorted((int(start, 16), int(start, 16) + int(size, 16)) for start, size in found)


def main():
    gaps = 0
    for kind in ("debug", "release"):
        parts = segments(os.path.join(TOP, "build", kind, "cmk.elf"))
        print(f"{kind}: {len(parts)} segments from {parts[0][0]:#x} to {parts[-1][1]:#x}")
        for (_, end), (start, _) in zip(parts, parts[1:]):
            if end != start:
                print(f"{kind}: a gap from {end:#x} to {start:#x}")
                gaps += 1
    return 1 if gaps else 0


sys.exit(main())
