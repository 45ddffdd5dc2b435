"""
Does the simulation tell what Bochs measured? With no costs but instructions, from the lengths of
single operations, it must give the throughput of every shape that was measured, within a
tolerance.
"""
from analysis.boots import BOCHS_IPS, Shape
from analysis.hardware import TICK_SECONDS, Uncached
from analysis.programs import simulate

TOLERANCE = {"ipc": 0.03, "map": 0.06, "pager": 0.03, "notify": 0.03, "kv": 0.10}
RING_TOLERANCE = 0.05  # beyond the simulation's own range
STARTS = (0, 500, 1000, 2000, 3000, 10000, 30000
          )  # instructions from one worker's start to the next one's


def think_of(profile, run):
    """What NAME:THINK adds to an operation, in instructions."""
    return profile["think_round"] * int(run.partition(":")[2])


def machine_of(profile):
    return Uncached(profile["hand_over"], profile["ipi_latency"], BOCHS_IPS * TICK_SECONDS)


def simulated_range(profile, run, shape, cycles):
    """
    Operations of the stretch, least and most. Only `ring` has a range: a ring in which nobody
    sleeps goes on so until something delays one worker, and then everybody sleeps and is woken
    for good. When that comes hangs on a few instructions, for each node by itself. So the range
    has to reach from one mode to the other, and says little more.
    """
    name = run.partition(":")[0]
    think, machine = think_of(profile, run), machine_of(profile)
    if name != "ring" or shape.cpus == 1:
        _, rate = simulate(profile, name, shape.nodes, shape.cpus, machine, cycles, think)
        return rate * cycles / 1e6, rate * cycles / 1e6
    rates = [
        simulate(profile, name, shape.nodes, shape.cpus, machine, cycles, think, stagger=start)[1]
        for start in STARTS
    ]
    undisturbed = Uncached(profile["hand_over"], profile["ipi_latency"])
    rates.append(simulate(profile, name, shape.nodes, shape.cpus, undisturbed, cycles, think)[1])
    return min(rates) * cycles / 1e6, max(rates) * cycles / 1e6


def deviation_of(figure, low, high):
    """How far a figure lies outside a range: 0 inside."""
    return low / figure - 1 if figure < low else high / figure - 1 if figure > high else 0.0


def compare(profile, measured):
    """Rows (run, shape, measured, simulated least, most, deviation, within tolerance?); operations
    of the stretch.
    """
    cycles, rows = measured["cycles"], []
    for shape_text, runs in measured["shapes"].items():
        for run, figures in runs.items():
            name = run.partition(":")[0]
            if name == "compute":
                continue  # it makes no calls: its length is not in the profile
            low, high = simulated_range(profile, run, Shape.parse(shape_text), cycles)
            deviation = deviation_of(figures["operations"], low, high)
            allowed = RING_TOLERANCE if name == "ring" else TOLERANCE[name]
            rows.append((run, shape_text, figures["operations"], low, high, deviation,
                         abs(deviation) <= allowed))
    return rows
