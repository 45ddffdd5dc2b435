"""Carries out one test with tools/cmk and compares what happened with its description."""
import os
import re
import subprocess
import threading
import time

from cmklib.patience import LOOK_SECONDS, Patience
from cmklib.places import BUILD, TOP, USER_BUILD, WrongUse, find_image

IMAGE_FOLDERS = (USER_BUILD, os.path.join(BUILD, "system",
                                          "programs"), os.path.join(BUILD, "system", "images"))
# A program's line has its node; a command's has none.
TEST_LINE = re.compile(r"^(?:\[(\d+)\] )?(PASS|FAIL) ([^\s:]+).*")
GRACE = 15       # seconds beyond a test's own patience before it is ended from outside
# times its patience is the most that a test may take that says something again and again
MOST = 30

running = set()
running_lock = threading.Lock()


class Result:
    def __init__(self, log):
        self.log, self.problems, self.seconds = log, [], 0.0
        self.passed = self.failed = self.inside = 0


def stop_all():
    """Ends every test that is under way, and with it its emulator."""
    with running_lock:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def command_of(test):
    if test.command:
        return ["sh", "-c", test.command]
    command = [
        os.path.join(TOP, "tools", "cmk"), "run", f"--{test.loader}", "--kernel", test.kernel,
        "--smp", test.smp, "--mem", test.mem, f"--config={test.config}", "--patience",
        str(test.patience)
    ]
    command += ["--multiboot1"] if test.multiboot == 1 else []
    command += [f"--qemu={test.qemu}"] if test.qemu else []
    command += [f"--until={test.until}"] if test.until else []
    return command + [find_image(text, IMAGE_FOLDERS, "for-system") for text in test.images]


def run_command(command, test, log):
    """
    Runs it with its output in the log; returns the exit status, or None if it had to be ended.
    What ends it is a hang: no new output for a time in which it could have run.
    """
    with open(log, "wb") as file:
        process = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT)
        with running_lock:
            running.add(process)
        patience = Patience(test.patience + GRACE, process.pid, MOST * test.patience)
        written = 0
        try:
            while process.poll() is None:
                if os.path.getsize(log) != written:
                    written = os.path.getsize(log)
                    patience.heard()
                if patience.is_over():
                    process.terminate()
                    try:
                        process.wait(5)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
                    return None
                try:
                    process.wait(LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    pass
            return process.returncode
        finally:
            with running_lock:
                running.discard(process)


def missing_lines(test, lines):
    """What the description expects and the console does not have."""
    position = 0
    for pattern in test.lines:
        found = next(
            (index for index in range(position, len(lines)) if pattern.search(lines[index])), None)
        if found is None:
            where = f" after '{lines[position - 1]}'" if position else ""
            yield f"missing{where}: {pattern.pattern}"
            break
        position = found + 1
    for pattern in test.anywhere:
        if not any(pattern.search(line) for line in lines):
            yield f"missing: {pattern.pattern}"
    for pattern in test.forbid:
        for line in lines:
            if pattern.search(line):
                yield f"must not appear: {line}"


def count_inside(test, lines, result):
    """Counts the tests that programs report: each name once on each node, as failed if any line
    says so.
    """
    passed, failed = set(), set()
    for match in filter(None, map(TEST_LINE.match, lines)):
        name = (match[1], match[3])
        if match[2] == "PASS":
            passed.add(name)
        else:
            failed.add(name)
            result.problems.append(match[0])
    result.passed += len(passed - failed)
    result.failed += len(failed)
    result.inside = len(passed | failed)
    if len(passed | failed) < test.at_least:
        result.problems.append(
            f"only {len(passed | failed)} of at least {test.at_least} tests reported")


def judge(test, status, lines, result):
    """Compares what came of the test with its description."""
    if status is None:
        result.problems.append("it did not end by itself")
    elif status != test.status:
        result.problems.append(
            f"status {status} instead of {test.status}: {lines[-1] if lines else 'no output'}")
    result.problems += missing_lines(test, lines)
    if test.counts:
        count_inside(test, lines, result)
    # The test itself counts as one, beside those inside it; when one of those failed, they are what
    # failed.
    if not result.problems:
        result.passed += 1
    elif not result.failed:
        result.failed = 1


def execute(test):
    log = os.path.join(BUILD, "system", test.name + ".log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    result = Result(log)
    begin = time.monotonic()
    try:
        command = command_of(test)
    except WrongUse as error:
        with open(log, "w", encoding="utf-8") as file:
            file.write(f"{error}\n")
        result.problems, result.failed = [str(error)], 1
        return result
    status = run_command(command, test, log)
    result.seconds = time.monotonic() - begin
    with open(log, encoding="utf-8", errors="backslashreplace") as file:
        lines = file.read().splitlines()
    judge(test, status, lines, result)
    return result
