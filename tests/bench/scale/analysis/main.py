"""The command line of tests/bench/scale/run."""
import argparse
import datetime
import os
import sys

from cmklib.places import WrongUse
from analysis import check, measure, plots, profile, report, sweep

ABOUT = """\
Which cluster shape serves which workload: docs/scalability.md.

  profile   traces single operations in Bochs                        -> build/scale/operations.json
  measure   runs the workloads over shapes in Bochs and QEMU         -> build/scale.json
  check     compares the simulation, without caches, with Bochs; status 1 beyond the tolerance
  simulate  up to 256 CPUs with caches, and fine-grained locks       -> build/scale/simulated.json
  report    prints the tables of docs/scalability.md
  plot      draws all that is there                          -> build/scale/*.svg, or --to FOLDER
  all       one after the other, about ten minutes; what `make scale` does

check and simulate take operations.json from build/scale, or the one in tests/bench/scale if there
is none."""

OWN_PROFILE = os.path.join(os.path.dirname(sweep.RESULT), "operations.json")


def say(text):
    print(text, flush=True)


def used_profile():
    return profile.load(OWN_PROFILE if os.path.isfile(OWN_PROFILE) else profile.FILE)


def make_profile(_):
    about = (f"Made by tests/bench/scale/run profile on {datetime.date.today()}: "
             "instructions of single operations, release kernel, Bochs.")
    measure.store({"about": about, **profile.make()}, OWN_PROFILE)
    say(f"wrote {OWN_PROFILE}")
    return 0


def make_measurements(options):
    result = measure.load() if os.path.isfile(measure.RESULT) else {}
    if options.only != "qemu":
        result["bochs"] = measure.on_bochs(say)
        measure.store(result)
    if options.only != "bochs":
        result["qemu"] = measure.on_qemu(say)
        measure.store(result)
    say(f"wrote {measure.RESULT}")
    return 0


def make_check(_):
    rows = check.compare(used_profile(), measure.load()["bochs"])
    for run, shape, measured, low, high, deviation, good in rows:
        simulated = f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
        say(f"{'ok  ' if good else 'FAIL'} {run:10} {shape}: "
            f"Bochs {measured}, simulated {simulated}, "
            f"off by {100 * deviation:+.1f} %")
    failed = sum(not row[-1] for row in rows)
    say(f"{len(rows) - failed} agree, {failed} do not")
    return 1 if failed or not rows else 0


def make_simulation(_):
    used = used_profile()
    sweep.store({"results": sweep.sweep(used, say), "break_even": sweep.break_evens(used, say)})
    say(f"wrote {sweep.RESULT}")
    return 0


def make_plots(options):
    for path in plots.draw_all(options.to):
        say(f"wrote {path}")
    return 0


def make_report(_):
    say(report.text())
    return 0


def make_all(options):
    for step in (make_profile, make_measurements, make_check, make_simulation, make_plots,
                 make_report):
        if status := step(options):
            return status
    return 0


STEPS = {
    "profile": make_profile,
    "measure": make_measurements,
    "check": make_check,
    "simulate": make_simulation,
    "report": make_report,
    "plot": make_plots,
    "all": make_all
}


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/scale/run", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--only", choices=("bochs", "qemu"), help="measure in one emulator only")
    parser.add_argument("--to", metavar="FOLDER", default=os.path.dirname(sweep.RESULT),
                        help="where plot writes")
    options = parser.parse_args(arguments)
    try:
        return STEPS[options.step](options)
    except WrongUse as error:
        print(f"tests/bench/scale/run: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Nobody reads any more. Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
