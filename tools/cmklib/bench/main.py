"""The command line of tools/bench."""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import sys

from cmklib.bench import silicon
from cmklib.bench.description import all_runs, read_goals
from cmklib.bench.execution import measure
from cmklib.bench.plots import draw
from cmklib.bench.statistics import compare, key_of
from cmklib.bench.table import changes, markdown, table
from cmklib.places import BUILD, WrongUse, make

ABOUT = """\
Boots the benchmark images that tests/bench/*.bench describe, prints a table and writes
build/bench.json (with NAMEs: only those runs, and build/bench-some.json). 'make for-bench' builds
what is needed; 'make bench' does both."""
AT_ONCE = 2  # emulators; counts of instructions do not depend on what else the host does


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench",
                                     description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names",
                        metavar="NAME",
                        nargs="*",
                        help="a run (node/ipc), all of a file (node), or a pattern")
    parser.add_argument("--list", action="store_true", help="names and titles of the runs")
    parser.add_argument("--cpus", type=int, metavar="N", help="only machines of N CPUs")
    parser.add_argument("--fastpath", choices=("on", "off"), help="only with this setting")
    parser.add_argument("--base",
                        metavar="FILE",
                        help="compare with the bench.json of an earlier run")
    parser.add_argument("--out", metavar="FILE", help="where to write the figures")
    parser.add_argument("--plots", action="store_true", help="SVG plots also of a part")
    parser.add_argument("--on", metavar="A,B", help="CPUs for silicon; default: two cores")
    parser.add_argument("--markdown",
                        action="store_true",
                        help="the table as docs/benchmarks.md has it")
    return parser.parse_args(arguments)


def choose(runs, options):
    for name in options.names:
        if not any(run.group == name or fnmatch.fnmatchcase(run.name, name) for run in runs):
            raise WrongUse(f"no run is called '{name}'; tools/bench --list shows all")
    return [
        run for run in runs
        if (not options.names or any(run.group == name or fnmatch.fnmatchcase(run.name, name)
                                     for name in options.names)) and options.cpus in
        (None, int(run.smp)) and options.fastpath in (None, run.fastpath)
    ]


def measure_all(runs):
    """All entries, and the runs that failed as texts."""
    entries, failures = [], []

    def one(run):
        try:
            return measure(run)
        except WrongUse as error:
            return str(error)

    together, alone = [run for run in runs if not run.alone], [run for run in runs if run.alone]
    with concurrent.futures.ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        results = list(pool.map(one, together)) + [one(run) for run in alone]
    for result in results:
        if isinstance(result, str):
            failures.append(result)
        else:
            entries += result
    names = [key_of(entry) for entry in entries]
    failures += [
        f"two runs measure '{name}', {cpus} CPUs" for name, cpus in sorted(set(names))
        if names.count((name, cpus)) > 1
    ]
    return entries, failures


def read_base(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise WrongUse(f"--base: {error}") from error


def bench(options):
    runs = all_runs()
    if options.list:
        for name, title in dict.fromkeys((run.name, run.title) for run in runs):
            print(f"{name:24} {title}")
        print(f"{silicon.NAME:24} {silicon.TITLE}")
        return 0
    if silicon.NAME in options.names:
        if len(options.names) > 1 or options.base or options.cpus or options.fastpath:
            raise WrongUse("silicon runs alone, with no option but --on, --out and --markdown")
        return silicon.bench(options)
    make("bench-programs")
    base = read_base(options.base) if options.base else None
    entries, failures = measure_all(choose(runs, options))
    is_some = options.names or options.cpus or options.fastpath
    out = options.out or os.path.join(BUILD, "bench-some.json" if is_some else "bench.json")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
        file.write("\n")
    show = markdown if options.markdown else table
    print("\n".join(show(entries, read_goals(), {run.name: run.title for run in runs})))
    drawn = draw(entries, read_goals(), BUILD) if options.plots or not is_some else []
    if base is not None:
        measured = {(entry["run"], entry["cpus"]) for entry in entries}
        if is_some:
            base = [entry for entry in base if (entry.get("run"), entry["cpus"]) in measured]
        print("\nCompared with " + options.base + ":\n" +
              "\n".join(changes(*compare(base, entries))))
    for failure in failures:
        print(f"tools/bench: {failure}", file=sys.stderr)
    print(f"{len(entries)} figures in {os.path.relpath(out)}" +
          (f", {len(drawn)} plots in {os.path.relpath(BUILD)}/bench-*.svg" if drawn else ""))
    return 1 if failures else 0


def main(arguments):
    try:
        return bench(parse(arguments))
    except (WrongUse, OSError) as error:
        print(f"tools/bench: {error}", file=sys.stderr)
        return 2
