"""`cmk log`: boot's log, read from the memory of a machine, from outside."""
import os
import struct
import tempfile

from cmklib.monitor import Monitor
from cmklib.places import WrongUse

# struct cmk_boot_log in include/api/cluster.h, at a page boundary: mark, bytes written so far,
# ring.
MARK = b"CMK boot's log".ljust(24, b"\0")
HEADER = struct.Struct("<24sQ")
LOG_BYTES = 4 * 4096
PAGE = 4096
STEP = 16 << 20       # of memory that is looked at at once
END = 4 << 30         # the log lies below


def find_log(data):
    """
    The ring's text, oldest first, in a piece of memory that begins at a page boundary; None: it is
    not there. A ring that nothing was written to is a template in a kernel file.
    """
    at = data.find(MARK)
    while at >= 0:
        if at % PAGE == 0 and at + LOG_BYTES <= len(data):
            _, written = HEADER.unpack_from(data, at)
            ring = data[at + HEADER.size:at + LOG_BYTES]
            place = written % len(ring)
            text = ring[:written] if written <= len(ring) else ring[place:] + ring[:place]
            if written > 0:
                return text.decode("utf-8", errors="backslashreplace")
        at = data.find(MARK, at + 1)
    return None


def pieces_of_machine(path):
    """The memory of a running QEMU, by its monitor; each piece overlaps the next by a log."""
    try:
        monitor = Monitor(path)
    except OSError as error:
        raise WrongUse(f"{path}: no QEMU monitor answers there ({error.strerror})") from error
    with tempfile.TemporaryDirectory(prefix="cmk-log-") as folder:
        piece = os.path.join(folder, "memory")
        for start in range(0, END, STEP):
            size = min(STEP + LOG_BYTES, END - start)
            answer = monitor.command(f'pmemsave {start:#x} {size:#x} "{piece}"')
            if not os.path.isfile(piece):
                raise WrongUse(f"QEMU's monitor did not save memory: {answer.strip()}")
            with open(piece, "rb") as file:
                yield file.read()
            os.remove(piece)


def pieces_of_dump(path):
    with open(path, "rb") as file:
        start = 0
        while data := file.read(STEP + LOG_BYTES):
            yield data
            start += STEP
            file.seek(start)


def log(options):
    pieces = pieces_of_machine(options.monitor) if options.monitor else pieces_of_dump(options.dump)
    for data in pieces:
        text = find_log(data)
        if text is not None:
            print(text, end="")
            return 0
    raise WrongUse("there is no log of CMK in this memory")
