#!/usr/bin/env python3
"""
On which page table does each CPU come into its node? Boots two nodes of two CPUs under gdb, stops
every CPU where paging has just come on and where part 2 begins, and compares its CR3 with its
node's boot table. Only the boot CPU may come from boot's own table, which maps all RAM. Prints
`boot tables: N arrivals, N wrong`.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))

from cmklib.image import Image
from cmklib.machine import Machine, Setup
from cmklib.monitor import Monitor
from cmklib.places import kernel_file, program

CPUS, TIMEOUT = 4, 60
SCRIPT = r"""
set pagination off
hbreak *&long_mode
hbreak *&cpu_arrived
set $left = %d
while $left > 0
  continue
  printf "@stop %%d %%d %%lu\n", $_thread - 1, $pc == (unsigned long)&cpu_arrived, \
   (unsigned long)$cr3
  set $left = $left - 1
end
printf "@boot %%lu\n", (unsigned long)&boot_pml4 - 0xffffffff80000000
set $i = 0
while $i < global_state.cluster.cpu_count
  printf "@table %%d %%lu\n", $i, \
   global_state.node_memory[global_state.cluster.cpu[$i].node].boot_table
  set $i = $i + 1
end
kill
"""


def main():
    kernel = kernel_file("debug")
    with tempfile.TemporaryDirectory() as folder:
        return check(kernel, folder)


def wait_for_emulator(monitor):
    """Until QEMU answers, and so listens for gdb, too."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return Monitor(monitor)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def check(kernel, folder):
    socket, script = os.path.join(folder, "gdb"), os.path.join(folder, "script")
    monitor = os.path.join(folder, "monitor")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT % (2 * CPUS))
    setup = Setup(
        kernel, [Image.parse("build/system/programs/mapped-and-waiting.elf node=all")], "nodes=2",
        smp=str(CPUS), mem="256M", qemu=f"-S -monitor unix:{monitor},server=on,wait=off "
        f"-chardev socket,path={socket},server=on,wait=off,id=gdb0 -gdb chardev:gdb0")
    with Machine(setup):
        wait_for_emulator(monitor)
        run = subprocess.run([
            program("gdb", "gdb"), "-q", "-batch", "-nx", "-ex", f"file {kernel}", "-ex",
            f"target remote {socket}", "-x", script
        ], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if "@boot" not in run.stdout:
        raise RuntimeError("gdb failed:\n" + run.stdout + run.stderr)
    boot = int(re.search(r"^@boot (\d+)", run.stdout, re.M)[1])
    tables = {int(cpu): int(table) for cpu, table in
              re.findall(r"^@table (\d+) (\d+)", run.stdout, re.M)}
    stops = [tuple(map(int, stop)) for stop in
             re.findall(r"^@stop (\d+) (\d+) (\d+)", run.stdout, re.M)]
    wrong = 0
    for cpu, arrived, table in stops:
        wanted = boot if cpu == 0 and not arrived else tables[cpu]
        if table != wanted:
            wrong += 1
            print(f"CPU {cpu}: {table:#x} instead of {wanted:#x}, "
                  f"{'in part 2' if arrived else 'with paging just on'}")
    print(f"boot tables: {len(set(stop[:2] for stop in stops))} arrivals, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
