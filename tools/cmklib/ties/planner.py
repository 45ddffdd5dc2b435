"""The C planner on random machines, against the functions of Planner.v; and broken planners."""
import os
import re
import shutil
import signal
import subprocess

from cmklib.gcc_comment import command_in
from cmklib.places import TOP
from cmklib.ties.oracle import PLACE, TIME_LIMIT, Broken, build_oracle, call

DRIVER = "proofs/ties/planner.c"
UNIT_TEST = "tests/unit/boot/main.c"  # its comment knows how to build the planner for the host
REPLACED = "tests/unit/boot/[a-z]*.c"
BY = (f"-Itests/unit/boot {DRIVER} tests/unit/boot/machine.c tests/unit/boot/random_machine.c")
NOT_COPIED = {"build", "docs", "libsel4", "user"}
SEEDS = {"take": 1, "plan": 2}
# What stands in the planner, and what stands there instead: each must be noticed in that mode.
MUTANTS = [
    ("take", "range_list_remove(available, best);", ";"),
    ("take", "range_list_add(region, best);", "(void)region;"),
    ("take", "part.start = ALIGN_UP(part.start, ABI_LARGE_PAGE_BITS);", ";"),
    ("plan", "part.end = ALIGN_DOWN(part.end, ABI_LARGE_PAGE_BITS);",
     "part.end = ALIGN_DOWN(part.end, ABI_PAGE_BITS);"),
    ("plan", "range_list_remove(planning->available, *place);", ";"),
    ("plan", "range_list_remove(list, page_range(facts->kernel_image));", ";"),
    ("plan", "keep_apart(planning->available);", "(void)keep_apart;"),
]


def build_planner(top, program):
    command = command_in(os.path.join(top, UNIT_TEST))
    if REPLACED not in command:
        raise Broken(f"{UNIT_TEST} is not built from {REPLACED}")
    command = command.replace(REPLACED, BY)
    command = re.sub(r"-fsanitize\S*|-fno-sanitize\S*|-o\s+\S+", "", command)
    done = subprocess.run(f"{command} -o {program}", shell=True, cwd=top, capture_output=True,
                          text=True, timeout=TIME_LIMIT, check=False)
    if done.returncode != 0:
        raise Broken(f"{DRIVER} does not build:\n{done.stderr[-2000:]}")


def compare(program, oracle, mode, cases, seed):
    """Status and output of the oracle on what the C program printed."""
    command = [program, mode, str(cases), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as planner:
        try:
            status, output = call([oracle, mode], feed=planner.stdout)
        finally:
            planner.kill() # it may hang; one that has ended keeps its status
    if planner.returncode not in (0, -signal.SIGKILL):
        return 1, f"the planner ended with status {planner.returncode}"
    return status, output.strip()


def copy_broken(number, old, new):
    """A copy of what the driver needs in which one text is replaced; its folder."""
    place = os.path.join(PLACE, f"planner-mutant-{number}")
    shutil.rmtree(place, ignore_errors=True)
    found = 0
    for folder in os.listdir(TOP):
        path = os.path.join(TOP, folder)
        if os.path.isdir(path) and folder[0] != "." and folder not in NOT_COPIED:
            shutil.copytree(path, os.path.join(place, folder))
    for folder, _, files in os.walk(place):
        for name in files:
            path = os.path.join(folder, name)
            if path.endswith(".c"):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                if old in text and not path.endswith(DRIVER):
                    found += 1
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(text.replace(old, new))
    if found != 1:
        raise Broken(f"'{old}' is in {found} files of the planner")
    os.makedirs(os.path.join(place, "build"))
    return place


def check(options):
    """(name, good, text) of each comparison."""
    oracle = build_oracle("planner")
    program = os.path.join(PLACE, "planner", "c")
    build_planner(TOP, program)
    for mode, seed in SEEDS.items():
        status, output = compare(program, oracle, mode, options.cases, seed + options.seed)
        yield f"planner, {mode}", status == 0, output
    for number, (mode, old, new) in enumerate(MUTANTS):
        place = copy_broken(number, old, new)
        program = os.path.join(place, "c")
        build_planner(place, program)
        status, output = compare(program, oracle, mode, min(options.cases, 3000), SEEDS[mode])
        last = output.splitlines()[-1] if output else ""
        yield f"planner, {mode}, with '{new}' for '{old}'", status != 0, last
