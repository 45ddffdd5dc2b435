"""Reads tests/bench/*.bench, which say what to boot for which benchmarks, and goals.txt."""
import configparser
import glob
import itertools
import os

from cmklib.machine import LOADERS
from cmklib.places import TOP, WrongUse

FOLDER = os.path.join(TOP, "tests", "bench")
# Words of a section and their defaults. Several values of smp and fastpath, separated by blanks,
# make one run each.
WORDS = {
    "title": "", "images": "", "smp": "1", "mem": "256M", "config": "", "fastpath": "on",
    "kernel": "release", "loader": "direct", "qemu": "", "patience": "60", "unit": "instructions",
    "alone": "no", "ips": ""
}


class Run:
    """One boot of one benchmark image."""

    def __init__(self, group, section, words, smp, fastpath):
        self.group, self.name = group, f"{group}/{section}"
        self.title, self.kernel, self.loader, self.qemu = (words[key] for key in ("title", "kernel",
                                                                                  "loader", "qemu"))
        self.mem, self.unit, self.ips = words["mem"], words["unit"], words["ips"]
        self.alone = words["alone"] == "yes"
        self.smp, self.fastpath, self.patience = smp, fastpath, int(words["patience"])
        self.images = [line for line in words["images"].split("\n") if line]
        self.config = words["config"] + ("" if fastpath == "on" else " fastpath=off")
        self.label = f"{self.name} smp={smp} fastpath={fastpath}"


def runs_of_section(group, name, section):
    unknown = set(section) - set(WORDS)
    if unknown:
        raise ValueError(f"unknown word '{min(unknown)}'")
    words = {key: section.get(key, default) for key, default in WORDS.items()}
    if not words["title"] or not words["images"]:
        raise ValueError("title or images are missing")
    if words["loader"] not in LOADERS:
        raise ValueError(f"loader cannot be '{words['loader']}'")
    return [Run(group, name, words, smp, fastpath)
            for fastpath, smp in itertools.product(words["fastpath"].split(), words["smp"].split())]


def all_runs(folder=FOLDER):
    runs = []
    for path in sorted(glob.glob(os.path.join(folder, "*.bench"))):
        parser = configparser.ConfigParser(interpolation=None,
                                           delimiters=("=", ),
                                           comment_prefixes=("#", ),
                                           empty_lines_in_values=False)
        try:
            parser.read(path, encoding="utf-8")
            group = os.path.splitext(os.path.basename(path))[0]
            for name in parser.sections():
                runs += runs_of_section(group, name, parser[name])
        except (configparser.Error, ValueError) as error:
            raise WrongUse(f"{path}: {error}") from error
    return runs


def read_goals(path=os.path.join(FOLDER, "goals.txt")):
    """(operation, CPUs) -> (goal, seL4's figure or None)."""
    goals = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            name, *numbers = (word.strip() for word in line.split("|"))
            sel4_one, sel4_smp, goal_one, goal_four = (None if number == "-" else int(number)
                                                       for number in numbers)
            goals[name, 1] = (goal_one, sel4_one)
            goals[name, 4] = (goal_four, sel4_smp)
    return goals
