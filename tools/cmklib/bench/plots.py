"""SVG plots of a set of figures, by gnuplot. A plot whose figures were not measured is not drawn.
"""
import math
import os
import re
import subprocess

from cmklib.places import WrongUse, program

COUNTED = re.compile(r"^(.+), (\d+) (?:page|object|slot)s?$")
NUMBERED = re.compile(r"^(.+): (\d+)$")
BOOT = re.compile(r"^Boot of (\d+) CPUs? as (\d+) nodes?$")
HEAD = "set terminal svg size {width},{height} font 'sans,11' background '#ffffff'\n" \
       "set output '{path}'\n" \
       "set title '{title}'\nset grid ytics\nset yrange [0:*]\n"


def quoted(text):
    return text.replace("'", "''")


def series_of(entries, pattern, value="median"):
    """{what: [(number, value)]} of the entries whose name is a `pattern` of what and number."""
    series = {}
    for entry in entries:
        if match := pattern.match(entry["name"]):
            series.setdefault(match[1], []).append((int(match[2]), entry[value]))
    return {name: sorted(points) for name, points in series.items() if len(points) > 1}


def ticks_of(series, logarithmic):
    """Where the x axis gets a number: where points are, but not closer than a tenth of the axis."""
    values = sorted({x for points in series.values() for x, _ in points})
    place = math.log if logarithmic else float
    gap = (place(values[-1]) - place(values[0])) / 10
    return [x
            for x, later in zip(values, values[1:]) if place(later) - place(x) >= gap] + values[-1:]


def lines_script(head, series, x_label, y_label, logarithmic):
    """A gnuplot script: one line with points for each of the series."""
    blocks, plots = [], []
    for number, (name, points) in enumerate(series.items()):
        blocks.append(f"$s{number} << END\n" + "".join(f"{x} {y}\n" for x, y in points) + "END\n")
        plots.append(
            f"$s{number} using 1:2 with linespoints linewidth 2 dashtype {1 + number // 8} "
            f"title '{quoted(name)}'"
        )
    ticks = ticks_of(series, logarithmic)
    return (head + "".join(blocks) + ("set logscale x 2\n" if logarithmic else "") + "set xtics (" +
            ", ".join(f"'{x}' {x}" for x in ticks) + ")\n" +
            f"set xlabel '{x_label}'\nset ylabel '{y_label}'\nset key outside right\nplot " +
            ", ".join(plots) + "\n")


def goals_script(head, rows, cpus):
    """Bars: measured, goal, seL4. `rows`: (name, measured, goal, seL4 or None, which has no bar).
    """
    data = "".join(f"\"{name}\" {measured} {goal} {'NaN' if sel4 is None else sel4}\n"
                   for name, measured, goal, sel4 in rows)
    return (
        head + f"$d << END\n{data}END\n"
        "set style data histogram\nset style histogram clustered gap 1\n"
        "set style fill solid 0.8 border -1\nset xtics rotate by -35 left noenhanced\n"
        "set bmargin 12\nset rmargin 20\nset ylabel 'instructions'\n"
        f"plot $d using 2:xtic(1) title 'node of {cpus} CPU{'s' * (cpus > 1)}', "
        "$d using 3 title 'goal', $d using 4 title 'seL4'\n")


def scripts(entries, goals):
    """(file name, gnuplot script without its output) for each plot that has figures."""
    def head(title, name, width=900, height=480):
        return HEAD.format(width=width, height=height, title=quoted(title), path=name)

    for cpus in (1, 4):
        measured = {entry["name"]: entry["median"] for entry in entries if entry["cpus"] == cpus}
        rows = [(name, measured[name], *goal) for (name, of), goal in goals.items()
                if of == cpus and name in measured]
        if rows:
            name = f"bench-goals-{cpus}.svg"
            yield name, goals_script(
                head(f"Instructions for each operation, node of {cpus} CPUs", name, 1000, 620),
                rows, cpus)
    one = [
        entry for entry in entries
        if entry["cpus"] == 1 and not entry["name"].endswith("fastpath=off")
    ]
    if series := series_of(one, COUNTED):
        yield "bench-objects.svg", lines_script(
            head("Cost of one, when so many are done together (node of 1 CPU)", "bench-objects.svg",
                 1000, 600), series, "objects", "instructions for each", True)
    if series := series_of([entry for entry in entries if entry["unit"] == "ticks"], NUMBERED):
        yield "bench-cpus.svg", lines_script(
            head("CPUs of a node that meet (Bochs)", "bench-cpus.svg"), series, "CPUs", "ticks",
            False)
    boots = [{"name": f"{match[2]} node{'s' * (match[2] != '1')}: {match[1]}", "max": entry["max"]}
             for entry in entries if (match := BOOT.match(entry["name"]))]
    if series := series_of(boots, NUMBERED, "max"):
        yield "bench-boot.svg", lines_script(
            head("Boot, until the last node is up (Bochs)", "bench-boot.svg"), series, "CPUs",
            "ticks", True)


def draw(entries, goals, folder):
    """Draws them all into `folder`; returns the files."""
    drawn = []
    for name, script in scripts(entries, goals):
        done = subprocess.run([program("gnuplot", "gnuplot-nox")],
                              input=script,
                              cwd=folder,
                              capture_output=True,
                              text=True,
                              check=False)
        if done.returncode != 0:
            raise WrongUse(f"gnuplot failed for {name}: {done.stderr.strip()}")
        drawn.append(os.path.join(folder, name))
    return drawn
