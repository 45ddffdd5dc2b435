#!/usr/bin/python3
"""Writes the images that no node boots, for refused.test: run_bad_images.py FOLDER. Each is a small
good image with one fault.
"""
import os
import struct
import sys

BASE = 0x400000
PAGE = 0x1000
READ_EXECUTE, READ_WRITE = 5, 6
USER_TOP = 0x7fffffffffff
FILE_HEADER, PROGRAM_HEADER = 64, 56
CODE = b"\xeb\xfe"  # jmp to itself: nothing here is meant to run


def segment(vaddr, flags, data_bytes, memory_bytes=None, offset=PAGE):
    """One PT_LOAD program header."""
    return struct.pack("<IIQQQQQQ", 1, flags, offset, vaddr, vaddr, data_bytes,
                       data_bytes if memory_bytes is None else memory_bytes, PAGE)


def image(segments=None, entry=BASE, elf_class=2, byte_order=1, machine=62,
          header_bytes=PROGRAM_HEADER, table=FILE_HEADER, count=None):
    """An ELF file whose segments all take their bytes from one page of code after the headers."""
    segments = [segment(BASE, READ_EXECUTE, len(CODE))] if segments is None else segments
    count = len(segments) if count is None else count
    order = "<" if byte_order == 1 else ">"
    header = b"\x7fELF" + bytes([elf_class, byte_order, 1, 0]) + bytes(8)
    header += struct.pack(order + "HHIQQQIHHHHHH", 2, machine, 1, entry, table, 0, 0, FILE_HEADER,
                          header_bytes, count, 0, 0, 0)
    body = (header + b"".join(segments)).ljust(PAGE, b"\0")
    return body + CODE.ljust(PAGE, b"\0")


BAD_IMAGES = {
    "empty": b"",
    "text": b"This is no program.\n",
    "header-truncated": image()[:32],
    "truncated": image()[:PAGE],
    "headers-beyond": image(table=1 << 20),
    "no-headers": image(segments=[]),
    "no-segment": image(segments=[segment(BASE, READ_EXECUTE, 0)]),
    "header-size": image(header_bytes=32),
    "elf32": image(elf_class=1),
    "big-endian": image(byte_order=2),
    "other-machine": image(machine=183),
    "file-bytes": image(segments=[segment(BASE, READ_EXECUTE, 2, 1)]),
    "kernel-half": image(segments=[segment(0xffffffff80000000, READ_EXECUTE, 2)],
                         entry=0xffffffff80000000),
    "reaches-over": image(segments=[segment(BASE, READ_EXECUTE, 2, USER_TOP)]),
    "misaligned": image(segments=[segment(BASE + 16, READ_EXECUTE, 2)], entry=BASE + 16),
    "entry-outside": image(entry=BASE - 1),
    "entry-data": image(
        segments=[segment(BASE, READ_EXECUTE, 2),
                  segment(BASE + PAGE, READ_WRITE, 2)], entry=BASE + PAGE),
    "no-room-behind": image(segments=[segment(USER_TOP + 1 - 2 * PAGE, READ_EXECUTE, 2)],
                            entry=USER_TOP + 1 - 2 * PAGE),
    "too-big": image(segments=[segment(BASE, READ_EXECUTE, 2, 1 << 30)]),
    "many-segments": image(
        segments=[segment(BASE + number * PAGE, READ_EXECUTE, 2) for number in range(65)]),
}

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for name, data in BAD_IMAGES.items():
    with open(os.path.join(folder, name + ".elf"), "wb") as file:
        file.write(data)
