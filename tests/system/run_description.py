"""Reads the *.test files: one section per test (README.md says what may stand in it)."""
import configparser
import glob
import itertools
import os
import re

from cmklib.machine import LOADERS
from cmklib.places import KERNEL_KINDS, WrongUse

# Value by default, and whether several values, separated by blanks, make one test each.
WORDS = {
    "title": ("", False),
    "goal": ("system", False),
    "config": ("", False),
    "smp": ("1", False),
    "mem": ("256M", False),
    "qemu": ("", False),
    "until": ("", False),
    "patience": ("", False),
    "status": ("0", False),
    "command": ("", False),
    "alone": ("no", False),
    "counts": ("no", False),
    "at_least": ("0", False),
    "loader": ("direct", True),
    "kernel": ("debug", True),
    "multiboot": ("2", True),
}
LISTS = ("images", "lines", "anywhere", "forbid")
DEFAULT_PATIENCE = {"direct": 60, "grub": 60, "uefi": 120, "bochs": 120}


class Test:
    """One boot (or one command on the host), and what must come of it."""

    def __init__(self, group, name, words, lists):
        self.group, self.name = group, f"{group}/{name}"
        self.title, self.goals, self.command = words["title"], words["goal"].split(
        ), words["command"]
        self.config, self.smp, self.mem, self.qemu = words["config"], words["smp"], words[
            "mem"], words["qemu"]
        self.loader, self.kernel, self.multiboot = words["loader"], words["kernel"], int(
            words["multiboot"])
        self.until, self.status = words["until"], int(words["status"])
        self.patience = int(words["patience"] or DEFAULT_PATIENCE[self.loader])
        self.alone, self.counts = (words[key] == "yes" for key in ("alone", "counts"))
        self.at_least = int(words["at_least"])
        self.images = lists["images"]
        self.lines, self.anywhere, self.forbid = ([re.compile(text) for text in lists[key]]
                                                  for key in ("lines", "anywhere", "forbid"))


def check(words):
    for key, allowed in (("loader", LOADERS), ("kernel", KERNEL_KINDS), ("multiboot", ("1", "2")),
                         ("alone", ("yes", "no")), ("counts", ("yes", "no"))):
        for value in words[key].split():
            if value not in allowed:
                raise ValueError(f"{key} cannot be '{value}'")


def tests_of_section(group, name, section):
    """The tests that one section describes: all combinations where a word has several values."""
    unknown = set(section) - set(WORDS) - set(LISTS)
    if unknown:
        raise ValueError(f"unknown word '{min(unknown)}'")
    words = {key: section.get(key, default) for key, (default, _) in WORDS.items()}
    check(words)
    if not words["title"]:
        raise ValueError("a title is missing")
    lists = {key: [line for line in section.get(key, "").split("\n") if line] for key in LISTS}
    multiple = [
        key for key, (_, several) in WORDS.items() if several and len(words[key].split()) > 1
    ]
    tests = []
    for values in itertools.product(*(words[key].split() for key in multiple)):
        suffix = "".join(f"-multiboot{value}" if key == "multiboot" else f"-{value}"
                         for key, value in zip(multiple, values))
        tests.append(Test(group, name + suffix, {**words, **dict(zip(multiple, values))}, lists))
    return tests


def tests_of_file(path):
    group = os.path.splitext(os.path.basename(path))[0]
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=", ),
                                       comment_prefixes=("#", ), empty_lines_in_values=False)
    try:
        parser.read(path, encoding="utf-8")
    except configparser.Error as error:
        raise WrongUse(str(error)) from error
    tests = []
    for name in parser.sections():
        try:
            tests += tests_of_section(group, name, parser[name])
        except (ValueError, re.error) as error:
            raise WrongUse(f"{path}: [{name}]: {error}") from error
    return tests


def all_tests(folder):
    return [
        test for path in sorted(glob.glob(os.path.join(folder, "*.test")))
        for test in tests_of_file(path)
    ]
