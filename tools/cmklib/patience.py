"""
Limits that end what hangs, and nothing else: the speed of the host and what else it does must
decide no test.

A limit on what computes is one on its CPU time. For what also waits, such as an emulator, time
counts that passed while nothing was heard of it, less the time in which it could have run and the
host ran others.
"""
import os
import time

from cmklib.places import program

# Of anything that waits for what should never take long, beside a limit on CPU time.
HANG_SECONDS = 3600
LOOK_SECONDS = 0.2  # between two looks at what the host gave


def cpu_limited(command, seconds):
    """The command, ended by the system after `seconds` of CPU time (each of its processes)."""
    return [program("prlimit", "util-linux"), f"--cpu={int(seconds)}", "--"] + command


def waited_for_host(pid):
    """Thread -> seconds it was ready to run while the host ran others, for each thread of a process
    and its children.
    """
    waits = {}
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return waits
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                waits[thread] = int(file.read().split()[1]) / 1e9
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                children = file.read().split()
        except (OSError, IndexError, ValueError):
            continue  # it ended meanwhile, or this host counts nothing: then all time counts
        for child in children:
            waits.update(waited_for_host(child))
    return waits


class Patience:
    """
    Ends after `seconds` in which process `pid` said nothing although it could run, or after `most`
    such seconds in all. Call heard() whenever it says something, and is_over() often.
    """

    def __init__(self, seconds, pid, most=None, clock=time.monotonic, waits=waited_for_host):
        self.seconds, self.pid, self.most, self.clock, self.waits = seconds, pid, most, clock, waits
        self.silent = self.counted = 0.0
        self.looked, self.seen = clock(), waits(pid)

    def heard(self):
        self._look()
        self.silent = 0.0

    def is_over(self):
        if self.clock() - self.looked >= LOOK_SECONDS:
            self._look()
        return self.silent >= self.seconds or (self.most is not None and self.counted >= self.most)

    def _look(self):
        now, seen = self.clock(), self.waits(self.pid)
        # The thread that waited longest held up the others.
        withheld = max((wait - self.seen.get(thread, 0.0) for thread, wait in seen.items()),
                       default=0.0)
        passed = max(0.0, now - self.looked - max(0.0, withheld))
        self.silent, self.counted = self.silent + passed, self.counted + passed
        self.looked, self.seen = now, seen
