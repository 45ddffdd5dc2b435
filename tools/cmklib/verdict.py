"""What a cluster's console lines mean for the run: when it is over, with which exit status, and
why.
"""
import re

REFUSED, STOPPED, TIME_LIMIT, WRONG_USE, FAULTED = 100, 101, 102, 103, 104
LARGEST_PROGRAM_STATUS = 99

ESCAPE_CODES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_=>c])")
CLUSTER = re.compile(r"cmk: cluster of (\d+) nodes?, (\d+) CPUs?$")
EXITED = re.compile(r"cmk: node (\d+) exited with status (\d+)$")
NODE_STOPPED = re.compile(r"cmk: node (\d+) stopped: (.*)$")
OFF = re.compile(r"cmk: node (\d+) is off$")
STARTS = re.compile(r"cmk: node (\d+) starts, life \d+$")
FAULT = re.compile(r'cmk: node (\d+): cpu \d+: thread "(.*)" stops at (0x[0-9a-f]+): (.*)$')
NO_THREAD_LEFT = "; no thread is left"
BOOT_STOPPED = re.compile(r"cmk: stopped: (.*)$")
MACHINE_RESET = re.compile(r"triple fault|shutdown|reset", re.I)
PLAN_ONLY = "cmk: plan only, stopping"


class Verdict:
    """
    Fed with the console's lines one by one; `status` is None until the run is over, then `reason`
    says why in one line.

    Only lines of boot and of kernels count. Boot's begin with "cmk: " and come before any program
    runs; the kernels' begin with "cmk MARK: ", a number that this run gave to them alone, so that
    no program can write such a line, nor complete one that was torn.
    """

    def __init__(self, until=None, mark=None):
        self.until = until
        # How the kernels' lines begin, once programs may run.
        self.mark = f"cmk {mark}: " if mark else None
        self.status = None
        self.reason = ""
        self.booted = False  # the kernel has spoken: what comes now is no longer firmware
        self.nodes = None  # how many there are, once known
        self.exited = {}  # node -> exit status
        self.stopped = {}  # node -> why its kernel stopped
        self.off = set()  # nodes that a manager has not started, or stopped
        self.faulted = {}  # node -> the fault that stopped the last of its threads
        self.faults = []  # (node, thread, instruction, what) that no handler took, not reported yet

    def end(self, status, reason):
        if self.status is None:
            self.status, self.reason = status, reason

    def see_text(self, text):
        """A line, or the beginning of one: --until does not wait for its end."""
        if self.until is not None and self.until in text:
            self.end(0, f"'{self.until}' appeared")

    def see_line(self, line):
        """One whole line without its end."""
        if self.nodes is None or self.mark is None:
            line = ESCAPE_CODES.sub("", line).rstrip()
            own = "cmk: "
        else:
            own = self.mark
        if line.startswith(own) or (self.mark and line.startswith(self.mark)):
            self.booted = True
            self._see_kernel_line(self.shown(line).rstrip())
        self.see_text(line)

    def shown(self, line):
        """The line as people see it: without the mark."""
        if self.mark and line.startswith(self.mark):
            return "cmk: " + line[len(self.mark):]
        return line

    def _see_kernel_line(self, line):
        if line == PLAN_ONLY:
            self.end(0, "plan only")
        elif line.startswith("cmk: refused: "):
            self.end(REFUSED, "configuration refused: " + line[len("cmk: refused: "):])
        elif match := BOOT_STOPPED.match(line):
            self.end(STOPPED, "boot stopped: " + match[1])
        elif match := CLUSTER.match(line):
            self.nodes = int(match[1])
        elif match := EXITED.match(line):
            self.exited.setdefault(int(match[1]), int(match[2]))
        elif match := NODE_STOPPED.match(line):
            self.stopped.setdefault(int(match[1]), match[2])
        elif match := OFF.match(line):
            self._forget(int(match[1]))
            self.off.add(int(match[1]))
        elif match := STARTS.match(line):
            self._forget(int(match[1]))
        elif match := FAULT.match(line):
            node, what = int(match[1]), match[4].removesuffix(NO_THREAD_LEFT)
            self.faults.append((node, match[2], int(match[3], 16), what))
            if what != match[4]:
                self.faulted.setdefault(node, f'thread "{match[2]}" stops at {match[3]}: {what}')
        ended = self.exited.keys() | self.stopped.keys() | self.faulted.keys() | self.off
        if self.nodes is not None and len(ended) >= self.nodes:
            self._all_ended()

    def _forget(self, node):
        """How an earlier life of the node ended does not count: a manager has seen to it."""
        for lives in (self.exited, self.stopped, self.faulted):
            lives.pop(node, None)
        self.off.discard(node)

    def _first_stopped(self):
        node = min(self.stopped)
        return f"node {node}'s kernel stopped: {self.stopped[node]}"

    def _all_ended(self):
        failed = [(node, status) for node, status in sorted(self.exited.items()) if status != 0]
        if self.stopped:
            self.end(STOPPED, self._first_stopped())
        elif self.faulted:
            node = min(self.faulted)
            self.end(FAULTED, f"on node {node} no thread is left: {self.faulted[node]}")
        elif failed:
            node, status = failed[0]
            self.end(min(status, LARGEST_PROGRAM_STATUS),
                     f"node {node}'s program returned {status}")
        elif self.until is not None:
            self.end(TIME_LIMIT, f"every program ended, but '{self.until}' never appeared")
        else:
            self.end(0, "every program returned 0")

    def time_is_up(self, limit):
        """`limit` says which one."""
        if self.stopped:
            self.end(STOPPED, f"{self._first_stopped()} ({limit} while others ran on)")
        elif not self.booted:
            self.end(TIME_LIMIT, f"{limit}: the kernel never spoke")
        elif self.nodes is None:
            self.end(TIME_LIMIT, f"{limit}: boot did not finish")
        else:
            ended = self.exited.keys() | self.faulted.keys() | self.off
            running = [str(node) for node in range(self.nodes) if node not in ended]
            self.end(TIME_LIMIT, f"{limit}: still running on node {', '.join(running)}")

    def machine_ended(self, status, message):
        """
        The emulator ended by itself: QEMU without an error and Bochs with a panic at a triple fault
        or a reset of the machine, else by its own failure.
        """
        if status == 0 or (self.booted and MACHINE_RESET.search(message)):
            self.end(STOPPED, "the machine reset itself" + (f" ({message})" if message else ""))
        elif status < 0:
            self.end(WRONG_USE,
                     f"the emulator was ended by signal {-status}: {message or 'no message'}")
        else:
            self.end(WRONG_USE,
                     f"the emulator failed with status {status}: {message or 'no message'}")
