"""`cmk run` and `cmk plan`: boot a cluster, show its console, and tell by the exit status how it
ended.
"""
import os
import secrets
import sys
import time

from cmklib.faults import fault_notes, image_of_node
from cmklib.image import Image
from cmklib.machine import Machine, Setup
from cmklib.patience import Patience
from cmklib.places import USER_BUILD, WrongUse, kernel_file
from cmklib.verdict import ESCAPE_CODES, Verdict

PATIENCE = 60  # seconds of silence that end a run


def visible(text):
    """Control characters as \\xNN: what programs print must not command the terminal. Tabs may
    stay.
    """
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)


def show(line, verdict):
    """Prints a console line. Before the kernel speaks, firmware and GRUB paint the screen: only
    their words are shown.
    """
    if not verdict.booted:
        line = ESCAPE_CODES.sub("", line).strip()
        if not line:
            return
    print(visible(verdict.shown(line)), flush=True)


def explain_faults(verdict, images):
    """Says in which line of which source threads stopped, as far as the images tell."""
    while verdict.faults:
        node, _, instruction, what = verdict.faults.pop(0)
        for text in fault_notes(image_of_node(images, node), instruction, what):
            print(f"tools/cmk: node {node}: {text}", file=sys.stderr, flush=True)


def follow(machine, verdict, seconds, patience):
    """Shows the console until the verdict is there; `seconds` limit the run, `patience` limits its
    silence; None: no limit.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    silence = None if patience is None else Patience(patience, machine.process.pid)
    while verdict.status is None:
        # Short waits only matter for --until, which looks at unfinished lines as well.
        pause = time.monotonic() + 0.2
        line = machine.line(pause if deadline is None else min(pause, deadline))
        if line is not None:
            if silence is not None:
                silence.heard()
            verdict.see_line(line)
            show(line, verdict)
            explain_faults(verdict, machine.setup.images)
        elif machine.status is not None:
            verdict.machine_ended(machine.status, machine.messages())
        elif deadline is not None and time.monotonic() >= deadline:
            verdict.time_is_up(f"time limit of {seconds:g} s")
        elif silence is not None and silence.is_over():
            verdict.time_is_up(f"nothing new for {patience:g} s")
        for text in machine.unfinished():
            verdict.see_text(text)
    for text in machine.unfinished():
        show(text, verdict)


def setup_from(options, mark):
    """`mark` goes to the kernels, on their command line; what reads it there is in the kernels'
    hands alone.
    """
    if "console-mark=" in options.config:
        raise WrongUse("console-mark= is what this command gives the kernels itself: leave it out")
    words = [f"console-mark={mark}"]
    if "power-off=" not in options.config:
        # The verdict ends the emulator; debuggers and monitors may want to look at it.
        words.append("power-off=off")
    return Setup(kernel=kernel_file(options.kernel),
                 images=[Image.parse(text) for text in options.images],
                 config=" ".join(words + [options.config]).strip(),
                 loader=options.loader,
                 smp=options.smp,
                 mem=options.mem,
                 multiboot=1 if options.multiboot1 else 2,
                 qemu=options.qemu,
                 gdb_port=options.port if options.gdb else None,
                 bochs_ips=options.bochs_ips,
                 iommu=options.iommu)


def run(options):
    """Boots what the options say; returns the exit status that `cmk run --help` describes."""
    patience = options.patience
    if patience is None and options.timeout is None and not options.gdb:
        patience = PATIENCE
    # Always 16 decimal digits: reading and printing them takes the same instructions in every run,
    # as benchmarks need it.
    mark = str(10 ** 15 + secrets.randbelow(9 * 10 ** 15))
    verdict = Verdict(options.until, mark)
    with Machine(setup_from(options, mark)) as machine:
        if options.gdb:
            print(f"tools/cmk: waiting for a debugger: tools/cmk gdb --port {options.port}",
                  file=sys.stderr,
                  flush=True)
        follow(machine, verdict, options.timeout, patience)
    print(f"tools/cmk: status {verdict.status}: {verdict.reason}", file=sys.stderr, flush=True)
    return verdict.status


def plan(options):
    """The same machine and configuration, but the kernel prints its plan and stops. Every node
    needs an image for that.
    """
    if not options.images:
        options.images = [os.path.join(USER_BUILD, "hello-cluster.elf") + " node=all"]
    options.config = (options.config + " plan=only").strip()
    return run(options)
