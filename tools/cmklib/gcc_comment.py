"""The gcc command that a test program's leading comment holds: each says itself which sources it is
about.
"""
import os
import re
import subprocess

from cmklib.patience import HANG_SECONDS
from cmklib.places import TOP


class DoesNotBuild(Exception):
    """The text says why."""


def command_in(path):
    """The gcc command in a source file's first comment, continued lines joined, without what comes
    after it.
    """
    with open(path, encoding="utf-8") as file:
        comment = re.search(r"/\*(.*?)\*/", file.read(), re.S)
    lines = [
        re.sub(r"^\s*\*? ?", "", line).strip()
        for line in (comment[1] if comment else "").split("\n")
    ]
    for number, line in enumerate(lines):
        if not re.match(r"\$?\s*gcc\s", line):
            continue
        command = line.lstrip("$ ")
        while command.endswith("\\") and number + 1 < len(lines):
            number += 1
            command = command[:-1] + lines[number]
        return command.split("&&")[0]
    raise DoesNotBuild(f"{path}: its leading comment has no gcc command")


def build(path, program, change=lambda command: command):
    """Builds `program` by the command in `path`, as `change` makes it; from the top of the tree, by
    the shell.
    """
    command = re.sub(r"\s-o\s+\S+", " ", change(command_in(path))) + f" -o {program}"
    os.makedirs(os.path.dirname(os.path.join(TOP, program)), exist_ok=True)
    done = subprocess.run(command,
                          shell=True,
                          cwd=TOP,
                          capture_output=True,
                          text=True,
                          errors="replace",
                          timeout=HANG_SECONDS,
                          check=False)
    if done.returncode != 0:
        raise DoesNotBuild(f"{path} does not build:\n{done.stderr.strip()[-3000:]}")
    return os.path.join(TOP, program)
