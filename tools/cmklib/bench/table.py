"""The table that people read, and what changed since an earlier run."""

from cmklib.bench.statistics import OFF, tidy

FIGURES = ("min", "median", "p99", "max")


def columns(rows, align):
    """Rows of texts as lines with aligned columns; `align` has < or > for each."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(align))]
    return [
        "  ".join(f"{text:{side}{width}}"
                  for text, side, width in zip(row, align, widths)).rstrip() for row in rows
    ]


def against_goal(median, goal):
    return "" if goal is None else "met" if median <= goal else f"+{tidy(median - goal)}"


def in_order(entries):
    """Entries of the same run together, and of the same operation, small nodes first; otherwise as
    they came.
    """
    runs, names = ({
        key: number
        for number, key in enumerate(dict.fromkeys(entry[field] for entry in entries))
    } for field in ("run", "name"))
    return sorted(entries,
                  key=lambda entry: (runs[entry["run"]], names[entry["name"]], entry["cpus"]))


def share(entry):
    return f"{entry['fast_path_percent']} %" if entry and "fast_path_percent" in entry else ""


def remark(entry):
    return entry.get("note", share(entry))


def row(entry, goals):
    goal, sel4 = goals.get((entry["name"], entry["cpus"]), (None, None))
    return (entry["name"], str(entry["cpus"]),
            *(f"{entry[key]}" for key in FIGURES), "" if goal is None else str(goal),
            against_goal(entry["median"], goal), "" if sel4 is None else str(sel4), remark(entry))


def table(entries, goals, titles):
    """
    One line for each operation and size of node, under the title of its run. `goals`: (name, CPUs)
    -> (goal, seL4's figure); `titles`: run -> title.
    """
    entries = in_order(entries)
    lines = columns([("operation", "CPUs", *FIGURES, "goal", "", "seL4", "fast path")] +
                    [row(entry, goals) for entry in entries], "<>>>>>><><")
    result, run = lines[:1], None
    for entry, line in zip(entries, lines[1:]):
        if entry["run"] != run:
            run = entry["run"]
            result += ["", f"{titles.get(run, '')} ({run}), {entry['unit']}"]
        result.append(line)
    return result


def changes(changed, gone, new):
    """What statistics.compare() found, as lines."""
    if not changed and not gone and not new:
        return ["nothing changed"]
    lines = []
    if changed:
        rows = [("changed", "CPUs", "median before", "now", "", "min before", "now", "max before",
                 "now")]
        for before, now in changed:
            percent = (now["median"] -
                       before["median"]) / before["median"] * 100 if before["median"] else 0
            rows.append((now["name"], str(now["cpus"]), f"{before['median']:g}",
                         f"{now['median']:g}", f"{percent:+.1f} %", f"{before['min']:g}",
                         f"{now['min']:g}", f"{before['max']:g}", f"{now['max']:g}"))
        lines += columns(rows, "<>>>>>>>>")
    lines += [f"no longer measured: {entry['name']}, {entry['cpus']} CPUs" for entry in gone]
    return lines + [f"new: {entry['name']}, {entry['cpus']} CPUs" for entry in new]


def markdown(entries, goals, titles):
    """The table as docs/benchmarks.md has it: medians of nodes of 1 and 4 CPUs, where both were
    measured, else all figures.
    """
    lines = []
    for run in dict.fromkeys(entry["run"] for entry in entries):
        own = in_order(
            [entry for entry in entries if entry["run"] == run and not entry["name"].endswith(OFF)])
        lines += ["", f"### {titles.get(run, run)} (`{run}`)", ""]
        if {entry["cpus"] for entry in own} == {1, 4}:
            lines += pairs(own, entries, goals)
        else:
            lines += [
                "| operation | CPUs | min | median | p99 | max | |",
                "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
            ]
            lines += [
                "| " + " | ".join([
                    entry["name"],
                    str(entry["cpus"]), *(f"{entry[key]}" for key in FIGURES),
                    entry.get("note", "")
                ]) + " |" for entry in own
            ]
    return lines


def pairs(own, entries, goals):
    """
    One line for each operation: median on 1 and on 4 CPUs, with goal and seL4's figure, and without
    fast paths; and how many calls took one, if that was counted for any of them.
    """
    by_key = {(entry["name"], entry["cpus"]): entry for entry in entries}
    median = {key: entry["median"] for key, entry in by_key.items()}
    is_counted = any(share(entry) for entry in own)
    heads = ["goal", "seL4", "without fast paths"] + ["fast path"] * is_counted
    heads = ["operation", "1 CPU", *heads, "4 CPUs", *heads]
    lines = ["| " + " | ".join(heads) + " |", "| --- " + "| ---: " * (len(heads) - 1) + "|"]
    for name in dict.fromkeys(entry["name"] for entry in own):
        cells = [name]
        for cpus in (1, 4):
            numbers = (median.get((name, cpus)), *goals.get(
                (name, cpus), (None, None)), median.get((name + OFF, cpus)))
            cells += ["" if number is None else str(number) for number in numbers]
            cells += [share(by_key.get((name, cpus)))] * is_counted
        lines.append("| " + " | ".join(cells) + " |")
    return lines
