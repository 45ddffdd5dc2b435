"""
What one operation of each workload costs, from Bochs's traces of short runs with the release
kernel: the simulation's input, kept in tests/bench/scale/operations.json (`tests/bench/scale/run
profile` makes it again).

Each step is one kernel entry and the user mode before it. Its time under the lock is known in
three ways: `one`, the whole kernel path of a node with one CPU; `free`, nobody else wants the
lock; `contended`, handed over by another CPU.
"""
import json
import os
import re
import subprocess
from collections import defaultdict
from statistics import mean, median

from cmklib.places import BUILD, TOP, WrongUse, kernel_file, program
from analysis.boots import PROGRAM, Shape, setup_for, trace, trace_commands
from analysis.trace import Layout, entries_of, transfers

FILE = os.path.join(TOP, "tests", "bench", "scale", "operations.json")
SIMPLE = ("compute", "ipc", "map", "pager", "notify")
THINK = 2000            # rounds in the run in which IPIs find CPUs in user mode
CYCLES, MARGIN, LIMIT = 30000, 1000000, 300
SHORT_THINK = "ipc:100" # how long a round of it is
STAGGER = 3000          # so that the ring's workers sleep
TICK_CYCLES = 250000    # more than two ticks
CALLS = {
    "try": "cmk_channel_try_receive",
    "send": "log_send",
    "request": "cmk_channel_send",
    "apply": "table_apply"
}


def symbols(path):
    listing = subprocess.run([program("nm", "binutils"), path], capture_output=True, text=True,
                             check=True).stdout
    return {
        words[2]: int(words[0], 16)
        for words in (line.split() for line in listing.splitlines()) if len(words) == 3
    }


def layout_of(kernel):
    """From the kernel's symbols and from the offsets that its assembly was built with."""
    folder = os.path.dirname(kernel_file(kernel))
    with open(os.path.join(folder, "generated", "offsets.inc"), encoding="utf-8") as file:
        offsets = {
            name: int(value)
            for name, value in re.findall(r"%define (\w+) (-?\d+)", file.read())
        }
    return Layout(lock_tail=symbols(
        kernel_file(kernel))["lock_tail"], cpu_blocks=offsets["CPU_BLOCKS"] % 2**64,
                  cpu_block_size=offsets["CPU_BLOCK_SIZE"],
                  lock_wait=offsets["CPU_LOCK"] + offsets["LOCK_WAIT"])


def stretches(path):
    """The lines between the first and second magic break, the third and fourth, and so on."""
    lines, inside = [], False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if "Magic breakpoint" in line:
                if inside:
                    yield lines
                lines, inside = [], not inside
            elif inside:
                lines.append(line)


class Traces:
    """The entries of one boot: of("ipc:0") is a list over all traced CPUs, with the cache lines
    that moved.
    """

    def __init__(self, shape, names, cpus, active=None, cycles=CYCLES, stagger=0, keep=2 / 3):
        self.result = os.path.join(BUILD, f"scale-trace-{shape}.txt")
        arguments = [f"cycles={cycles}", f"margin={MARGIN}", "mark=1"] + names
        arguments += [f"active={active}"] if active else []
        arguments += [f"stagger={stagger}"] if stagger else []
        commands = trace_commands(cpus, len(names))
        trace(setup_for(shape, arguments, "bochs", commands=commands), self.result, LIMIT)
        layout, watch = layout_of("release"), symbols(PROGRAM)
        watch = {watch[symbol]: name for name, symbol in CALLS.items()}
        self.entries, self.moved = {}, {}
        for name, lines in zip(names, stretches(self.result)):
            by_cpu = entries_of(lines, layout, watch)
            self.moved.update((id(entry), moved) for entry, moved in transfers(by_cpu))
            # The first third is warming up: caches in the model of transfers, queues at the lock.
            self.entries[name] = {
                cpu: entries[round(len(entries) * (1 - keep)):]
                for cpu, entries in by_cpu.items()
            }
        os.remove(self.result)

    def of(self, name, cpus=None):
        return [entry for cpu, entries in self.entries[name].items() if cpus is None or cpu in cpus
                for entry in entries]


def middle(entries, part):
    return median(getattr(entry, part) for entry in entries)


def sites_in_turn(entries):
    """The system calls of an operation, by the user instruction that makes them, in the order of
    first appearance.
    """
    counts = defaultdict(int)
    for entry in entries:
        if entry.cause == "syscall":
            counts[entry.site] += 1
    return [site for site, count in counts.items() if count >= max(counts.values()) / 2]


def at(entries, site, **conditions):
    return [entry for entry in entries if entry.cause == "syscall" and entry.site == site
            and all(getattr(entry, name) == value for name, value in conditions.items())]


def contended_hold(entries, come_hold):
    """Instructions under the lock after a wait, without what coming to the door adds."""
    stayed, came = waited(entries), came_of(entries)
    return (middle(stayed, "hold") if len(stayed) >= len(came)
            else middle(came, "hold") - come_hold)


def step_of(site, one, free, contended, come_hold=0):
    """One entry: `one` from a node of one CPU, `free` and `contended` from one of two."""
    result = {
        "user": middle(at(free, site), "user"),
        "one": middle(at(one, site), "hold"),
        "pre": middle(at(free, site), "pre"),
        "free": middle(at(free, site), "hold"),
        "post": middle(at(free, site), "post"),
        "door": middle(waited(at(contended, site)), "door"),
        "contended": contended_hold(at(contended, site), come_hold),
    }
    return result


def waited(entries):
    """Those that waited for the lock, but were not asked to the door, and asked no other CPU."""
    return [entry for entry in entries if entry.contended and not entry.came and not asks(entry)]


def asks(entry):
    return entry.sent or entry.waited_for_others


def came_of(entries):
    """Those that waited at the door."""
    return [entry for entry in entries if entry.contended and entry.came and not asks(entry)]


def come_of(entries, site):
    """What it costs to come to the door: before the lock, by those that come unasked; under it."""
    stayed, came = waited(at(entries, site)), came_of(at(entries, site))
    unasked = [entry for entry in came if entry.door > middle(stayed, "door")]
    return {
        "door": middle(unasked, "door") - middle(stayed, "door"),
        "hold": max(0, middle(came, "hold") - middle(stayed, "hold"))
    }


def add_four(step, site, four, name, come_hold=0):
    """From a node of four CPUs: what each beyond two adds under the lock, and the cache lines that
    move. Where all come to the door, without what that adds.
    """
    entries = waited(at(four.of(name), site)) + came_of(at(four.of(name), site))
    if not entries:
        raise WrongUse(f"{name}: four CPUs never wait for each other")
    hold = contended_hold(entries, come_hold)
    step["per_cpu"] = max(0, round((hold - step["contended"]) / 2, 1))
    for part in ("pre", "hold", "post"):
        step["moved_" + part] = round(mean(four.moved[id(entry)].get(part, 0) for entry in entries),
                                      1)
    return step


def interrupts(traces, name):
    """The entry by which a CPU in user mode answers a call to the door."""
    # In this run nothing but the door's IPI interrupts so often.
    entries = [entry for entry in traces.of(name)
               if entry.cause == "interrupt" and not entry.from_idle and not entry.sent]
    if not entries:
        raise WrongUse("no CPU was called to the door")
    contended = [entry for entry in entries if entry.contended] or entries
    return {
        "pre": middle(entries, "pre"),
        "door": min(entry.door for entry in contended),
        "hold": middle(entries, "hold"),
        "post": middle(entries, "post"),
        "moved_hold": round(mean(traces.moved[id(entry)].get("hold", 0) for entry in entries), 1)
    }


def tick_of(traces, name):
    """The timer's interrupt, on a CPU that makes no calls."""
    entries = [entry for entry in traces.of(name) if entry.cause == "interrupt"]
    if not entries:
        raise WrongUse("there was no tick")
    return {
        "pre": middle(entries, "pre"),
        "door": 8,
        "hold": middle(entries, "hold"),
        "post": middle(entries, "post")
    }


def latency(traces, name):
    """From the instruction that sends an IPI to the first of the handler."""
    entries = traces.of(name)
    sent = sorted(tick for entry in entries for tick in entry.sent)
    waits = [min((entry.begin - tick for tick in sent if tick <= entry.begin), default=None)
             for entry in entries if entry.cause == "interrupt"]
    return min(wait for wait in waits if wait is not None)


def hand_over(traces, names):
    """From a release to the next CPU's last look at its word."""
    waits = []
    for name in names:
        entries = sorted((entry for entry in traces.of(name) if entry.acquired),
                         key=lambda entry: entry.acquired)
        for before, after in zip(entries, entries[1:]):
            if after.contended and before.released and after.acquired >= before.released:
                waits.append(after.acquired - before.released)
    return round(mean(wait for wait in waits if wait < 50), 1)


def called(entries, site, quiet):
    """
    Unmapping in a node of three CPUs while others must be called: instructions under the lock up
    to the first IPI's sending; what the first IPI adds to the `quiet` length, and what each
    further one does; waiting left out.
    """
    calling = [entry for entry in at(entries, site) if entry.sent]
    more = [entry for entry in calling if len(entry.sent) > 1]
    if not more:
        raise WrongUse("no page was unmapped while other CPUs were in user mode")
    before = median(entry.sent[0] - entry.acquired for entry in calling)
    each = mean((entry.sent[-1] - entry.sent[0]) / (len(entry.sent) - 1) for entry in more)
    whole = median(entry.hold - entry.ipi_wait - (len(entry.sent) - 1) * each for entry in calling)
    return {"before": before, "first": round(whole - quiet, 1), "each": round(each, 1)}


def ring_of(one, free, four, asleep):
    """
    Signal and wait, each with what it finds, and the entry of an idle CPU that is woken. All is
    from nodes of four CPUs, in one of which the workers began one after the other, and so sleep.
    """
    entries = four.of("ring:0") + asleep.of("ring:0")
    signal, wait = sorted(sites_in_turn(one.of("ring:0")),
                          key=lambda site: any(e.to_idle for e in at(entries, site)))
    woken = [entry for entry in asleep.of("ring:0") if entry.from_idle]
    blocked = at(entries, wait, to_idle=True)
    steps = [
        add_four(step_of(site, one.of("ring:0"), free.of("ring:0"), entries), site, four, "ring:0")
        for site in (signal, wait)
    ]
    wakes = [entry for entry in at(entries, signal) if entry.sent]
    # A worker alone signals itself: `free` of the signal is that of one that wakes nobody.
    return {
        "signal": {
            **steps[0], "wake": middle(wakes, "hold")
        },
        "wait": {
            **steps[1], "post_block": middle(blocked, "post")
        },
        "woken": {
            "pre": middle(woken, "pre"),
            "door": middle(woken, "door"),
            "hold": middle(woken, "hold"),
            "post": middle(woken, "post"),
            "moved_hold": round(mean(asleep.moved[id(entry)].get("hold", 0) for entry in woken), 1)
        }
    }


def solve(rows, values):
    """Least squares by the normal equations: few unknowns, exact counts."""
    size = len(rows[0])
    matrix = [[sum(row[i] * row[j] for row in rows) for j in range(size)]
              + [sum(row[i] * value for row, value in zip(rows, values))] for i in range(size)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(matrix[k][i]))
        matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
        if abs(matrix[i][i]) < 1e-9:
            raise WrongUse("the traces do not tell the costs of the key-value store apart")
        for k in range(size):
            if k != i:
                factor = matrix[k][i] / matrix[i][i]
                matrix[k] = [a - factor * b for a, b in zip(matrix[k], matrix[i])]
    return [matrix[i][size] / matrix[i][i] for i in range(size)]


def calls_are(entries, **counts):
    """The lengths in user mode of those entries that called watched functions so often, all others
    never.
    """
    return [
        entry.user for entry in entries if all(
            entry.calls.get(name, 0) == counts.get(name, 0)
            for name in ("try", "send", "request", "apply"))
    ]


def many_nodes(site, two, square):
    """
    An entry in a cluster of several nodes: its threads copy messages with vector registers, so
    the kernel switches the FPU's state, too. `two` is 2x1, `square` 2x2; node 0 only.
    """
    entries = at(square.of("kv:0", [0, 1]), site)
    alone = [entry for entry in entries if not entry.contended] or entries
    step = step_of(site, two.of("kv:0", [0]), alone, entries)
    step["per_cpu"] = 0
    for part in ("pre", "hold", "post"):
        step["moved_" + part] = round(
            mean(square.moved[id(entry)].get(part, 0) for entry in entries), 1)
    return step


def store_of(one, free, contended, four, two, square):
    """
    The key-value store: its two entries, and what the server does in user mode: for a read or
    write of its own on node 0; on node 0 also for each look into a channel, each message sent,
    each request taken; on other nodes for a look, an update applied, a request sent, and each
    turn of the loop that waits for its own update.
    """
    client, server = sorted(sites_in_turn(one.of("kv:0")),
                            key=lambda site: any(entry.calls for entry in at(one.of("kv:0"), site)))
    steps = {
        name: add_four(step_of(site, one.of("kv:0"), free.of("kv:0"), contended.of("kv:0")), site,
                       four, "kv:0")
        for name, site in (("client", client), ("server", server))
    }
    steps.update(client_many=many_nodes(client, two, square), server_many=many_nodes(
        server, two, square))
    alone, first, second = at(one.of("kv:0"), server), at(two.of("kv:0", [0]), server), at(
        two.of("kv:0", [1]), server)
    read, write = median(calls_are(alone)), median(calls_are(alone, apply=1))
    look = median(calls_are(first, **{"try": 1})) - read
    send = median(calls_are(first, send=1, request=1, apply=1)) - write
    take = median(calls_are(first, **{
        "try": 2,
        "send": 1,
        "request": 1,
        "apply": 1
    })) - read - look - send
    look_elsewhere = median(calls_are(second, **{"try": 1})) - read
    update = median(calls_are(second, **{"try": 2, "apply": 1})) - read - look_elsewhere
    waits = [entry for entry in second if entry.calls.get("request", 0) == 1]
    request, turn, applied = solve(
        [[1, entry.calls.get("try", 0), entry.calls.get("apply", 0)] for entry in waits],
        [entry.user for entry in waits])
    return {
        **steps, "read": read,
        "write": write,
        "look": look,
        "send": send,
        "take": take,
        "look_elsewhere": look_elsewhere,
        "update": update,
        "request": round(request, 1),
        "turn": round(turn, 1),
        "applied": round(applied, 1)
    }


def make():
    """Boots, traces, and returns the profile."""
    think = f"map:{THINK}"
    names = [name + ":0" for name in ("ipc", "map", "pager", "notify", "ring", "kv", "compute")]
    one = Traces(Shape(1, 1), names + [SHORT_THINK], [0])
    free = Traces(Shape(1, 2), names, [0], active=1)
    contended = Traces(Shape(1, 2), names[:-1], [0, 1])
    four = Traces(Shape(1, 4), names[:-1], [0, 1, 2, 3])
    asleep = Traces(Shape(1, 4), ["ring:0"], [0, 1, 2, 3], cycles=2 * CYCLES, stagger=STAGGER)
    calling = Traces(Shape(1, 3), [think], [0, 1, 2], cycles=2 * CYCLES)
    ticking = Traces(Shape(1, 2), ["compute:0"], [0], active=1, cycles=TICK_CYCLES, keep=1)
    distributed = Traces(Shape(2, 1), ["kv:0"], [0, 1], cycles=6 * CYCLES)
    square = Traces(Shape(2, 2), ["kv:0"], [0, 1], cycles=3 * CYCLES)
    workloads = {}
    sites = sites_in_turn(one.of("map:0"))
    unmap = next(i for i, site in enumerate(sites)
                 if any(entry.sent for entry in at(calling.of(think), site)))
    unmap_call = sites[unmap]
    come = come_of(contended.of("map:0"), sites[1 - unmap])

    for name in SIMPLE[1:]:
        sites = sites_in_turn(one.of(name + ":0"))
        workloads[name] = [
            add_four(
                step_of(site, one.of(name + ":0"), free.of(name + ":0"), contended.of(name + ":0"),
                        come["hold"]),
                site, four, name + ":0", come["hold"]) for site in sites
        ]
    longer, shorter = (sum(
        middle(at(one.of(name), site), "user") for site in sites_in_turn(one.of("ipc:0")))
                       for name in (SHORT_THINK, "ipc:0"))
    step = workloads["map"][unmap]
    step["called"] = called(calling.of(think), unmap_call, step["free"] + step["per_cpu"])
    return {
        "workloads": workloads,
        "ring": ring_of(one, free, four, asleep),
        "kv": store_of(one, free, contended, four, distributed, square),
        "interrupt": interrupts(calling, think),
        "come": come,
        "tick": tick_of(ticking, "compute:0"),
        "ipi_latency": latency(calling, think),
        "hand_over": hand_over(contended, names[:4]),
        "think_round": round((longer - shorter) / 100, 2)
    }


def load(path=FILE):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
