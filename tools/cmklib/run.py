"""`cmk run` and `cmk plan`: boot a cluster, show its console, and tell by the exit status how it ended."""
import os
import sys
import time

from cmklib.image import Image
from cmklib.machine import Machine, Setup
from cmklib.places import USER_BUILD, kernel_file
from cmklib.verdict import ESCAPE_CODES, Verdict


def show(line, verdict):
    """Prints a console line. Before the kernel speaks, firmware and GRUB paint the screen: only their words are shown."""
    if not verdict.booted:
        line = ESCAPE_CODES.sub("", line).strip()
        if not line:
            return
    print(line, flush=True)


def follow(machine, verdict, deadline, seconds):
    """Shows the console until the verdict is there."""
    while verdict.status is None:
        # Short waits only matter for --until, which looks at unfinished lines as well.
        pause = time.monotonic() + 0.2
        line = machine.line(pause if deadline is None else min(pause, deadline))
        if line is not None:
            verdict.see_line(line)
            show(line, verdict)
        elif machine.status is not None:
            verdict.machine_ended(machine.status, machine.messages())
        elif deadline is not None and time.monotonic() >= deadline:
            verdict.time_is_up(seconds)
        for text in machine.unfinished():
            verdict.see_text(text)
    for text in machine.unfinished():
        show(text, verdict)


def setup_from(options):
    return Setup(kernel=kernel_file(options.kernel), images=[Image.parse(text) for text in options.images],
                 config=options.config, loader=options.loader, smp=options.smp, mem=options.mem,
                 multiboot=1 if options.multiboot1 else 2, qemu=options.qemu, gdb_port=options.port if options.gdb else None,
                 bochs_ips=options.bochs_ips)


def run(options):
    """Boots what the options say; returns the exit status that `cmk run --help` describes."""
    seconds = options.timeout
    if seconds is None and not options.gdb:
        seconds = 60.0
    verdict = Verdict(options.until)
    with Machine(setup_from(options)) as machine:
        if options.gdb:
            print(f"tools/cmk: waiting for a debugger: tools/cmk gdb --port {options.port}", file=sys.stderr, flush=True)
        follow(machine, verdict, None if seconds is None else time.monotonic() + seconds, seconds)
    print(f"tools/cmk: status {verdict.status}: {verdict.reason}", file=sys.stderr, flush=True)
    return verdict.status


def plan(options):
    """The same machine and configuration, but the kernel prints its plan and stops. Every node needs an image for that."""
    if not options.images:
        options.images = [os.path.join(USER_BUILD, "hello-cluster.elf") + " node=all"]
    options.config = (options.config + " plan=only").strip()
    return run(options)
