"""
What the test programs show while they run: a line for each result, with how many there are and how
much time has passed, and at the end the slowest ones and the names of the failures.

Each program is called alone, or by tools/total, which lets several appear as one: then the
environment says where the numbers begin, and the end is left to tools/total, which reads the
results from a file.
"""
import json
import os
import sys
import threading
import time

ENVIRONMENT = "CMK_PROGRESS"  # JSON: done, all, started (seconds since the epoch), file, colours
SLOWEST = 10
GREEN, RED, PLAIN = "\033[32m", "\033[31m", "\033[0m"


def colours(stream):
    """Whether `stream` is a terminal that wants them."""
    return stream.isatty() and os.environ.get("TERM") not in (
        None, "dumb") and "NO_COLOR" not in os.environ


def clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes}:{seconds:02}"


def ending(results):
    """The lines that end a whole run: `results` are (name, seconds, failed) in any order."""
    timed = sorted((result for result in results if result[1] >= 0.1),
                   key=lambda result: -result[1])[:SLOWEST]
    lines = [f"slowest: {seconds:6.1f} s  {name}" for name, seconds, _ in timed]
    return lines + [f"failed: {name}" for name, _, failed in results if failed]


class Progress:
    """Results as they come, of `expected` ones; used by several threads. `passed` and `failed`
    count tests.
    """

    def __init__(self, expected, stream=None):
        self.lock = threading.Lock()
        self.stream = stream or sys.stdout
        above = json.loads(os.environ.get(ENVIRONMENT, "null"))
        self.done, self.all, self.started, self.file = 0, expected, time.time(), None
        self.coloured = colours(self.stream)
        if above:
            self.done, self.all = above["done"], above["all"]
            self.started, self.file = above["started"], above["file"]
            self.coloured = above["colours"]
        self.passed = self.failed = 0
        self.results = []

    def add(self, name, passed, failed, seconds, remark="", details=()):
        """One result, of one or several tests; `remark` ends its line, `details` are lines that
        follow.
        """
        with self.lock:
            self.done += 1
            self.passed, self.failed = self.passed + passed, self.failed + failed
            self.results.append((name, seconds, failed > 0))
            if self.file:
                with open(self.file, "a", encoding="utf-8") as file:
                    file.write(json.dumps(self.results[-1]) + "\n")
            word = "FAIL" if failed else "ok  "
            if self.coloured:
                word = (RED if failed else GREEN) + word + PLAIN
            width = len(str(self.all))
            print(
                f"{self.done:{width}}/{self.all} {clock(time.time() - self.started):>5} "
                f"{word} {name}"
                f" ({', '.join([f'{seconds:.1f} s'] + ([remark] if remark else []))})",
                file=self.stream)
            for line in details:
                print(f"       {line}", file=self.stream)
            self.stream.flush()

    def end(self):
        """The last lines; returns the exit status."""
        if not self.file:
            for line in ending(self.results):
                print(line, file=self.stream)
        print(f"{self.passed} passed, {self.failed} failed", file=self.stream, flush=True)
        return 0 if self.passed and not self.failed else 1
