"""
The checker of proofs/Isolation.v on stopped clusters: page tables as they are in memory, the plan
from the record, and the frames that nodes say they were given.
"""
import os
import subprocess
import sys

from cmklib.places import TOP
from cmklib.ties.oracle import PLACE, TIME_LIMIT, build_oracle, call

KERNEL_IMAGE = 0xffffffff80000000
LOCAL_APICS, IO_APIC, LOW_END, DEVICE_END = (0xfee00000, 0xfef00000), 0xfec00000, 0x100000, 1 << 47
PAGE, NO_NODE = 4096, 0xffff
ADDRESS = 0x000ffffffffff000
PRESENT_WRITABLE_USER, LARGE = 7, 0x80
PROGRAM = "build/system/programs/mapped-and-waiting.elf node=all"
SHAPES = [ # CPUs, memory, configuration
    ("1", "128M", ""),
    ("4", "256M", "nodes=1"),
    ("2", "256M", "nodes=2"),
    ("4", "256M", "nodes=2 channel=0-1,2M"),
    ("3", "256M", "nodes=3 shared=0"),
    ("4", "512M", "nodes=4 channel=0-1,2M channel=2-3,4M shared=4M"),
    ("4", "1G", "nodes=2 node0.cpus=0 node1.cpus=1-3 node1.mem=700M"),
    ("4", "512M", "nodes=percpu channel=0-3,2M channel=1-2,2M"),
    ("4", "512M", "nodes=2 node0.devices=none node1.devices=all"),
    ("8", "1G", "nodes=4 shared=8M"),
]


def devices_of(cluster, node, ram_end):
    """
    What users of a node may map that is no RAM: the low megabyte without the trampoline, and what
    is above RAM.
    """
    if not cluster.all_devices[node]:
        return []
    return [(0, cluster.trampoline), (cluster.trampoline + PAGE, LOW_END),
            (ram_end, LOCAL_APICS[0]), (LOCAL_APICS[1], DEVICE_END)]


def kernel_devices_of(cluster, node):
    own = [(LOCAL_APICS[0], LOCAL_APICS[0] + PAGE)]
    return own + ([(IO_APIC, IO_APIC + PAGE)] if cluster.all_devices[node] else [])


def plan_text(cluster, ram_end, tables, frames):
    """What isolation.ml reads."""
    words = []

    def put(*numbers):
        words.extend(str(number) for number in numbers)

    def put_ranges(ranges):
        put(len(ranges))
        for start, end in ranges:
            put(start, end)

    nodes = sorted(cluster.regions)
    put(len(nodes))
    for node in nodes:
        put_ranges(cluster.regions[node])
    put(*cluster.shared, len(cluster.channels))
    for first, second, region in cluster.channels:
        put(first, second, *region)
    put(*cluster.kernel_image, *(address - KERNEL_IMAGE for address in cluster.text))
    put(cluster.status_page, cluster.status_page + PAGE * len(nodes))
    put(cluster.console_page, cluster.console_page + 4 * PAGE)
    for node in nodes:
        put_ranges(devices_of(cluster, node, ram_end))
    for node in nodes:
        put_ranges(kernel_devices_of(cluster, node))
    put(len(tables))
    for node, root in tables:
        put(node, root)
    for node in nodes:
        given = frames.get(node, [])
        put(len(given), *given)
    return " ".join(words)


def ask(oracle, ram_path, text):
    done = subprocess.run([oracle, ram_path], input=text, capture_output=True, text=True,
                          timeout=TIME_LIMIT, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def add_entry(ram_path, root, target):
    """A large page of `target`, for users, through three free tables that the page at 0 becomes."""
    with open(ram_path, "r+b") as file:
        def write(address, value):
            file.seek(address)
            file.write(value.to_bytes(8, "little"))
        file.seek(root)
        words = [int.from_bytes(file.read(8), "little") for _ in range(256)]
        write(root + 8 * words.index(0), 0 | PRESENT_WRITABLE_USER)
        write(0, 0 | PRESENT_WRITABLE_USER)
        write(8, target | PRESENT_WRITABLE_USER | LARGE)


def compare(oracle, cluster, ram_path, roots, frames):
    """Status 0 if the oracle accepts what the machine has, and refuses it when it is broken."""
    ram_end = os.path.getsize(ram_path)
    tables = sorted(cluster.roots.items())
    tables += [(cluster.cpu_nodes[cpu], root) for cpu, root in enumerate(roots)
               if cluster.cpu_nodes.get(cpu, NO_NODE) != NO_NODE]
    status, output = ask(oracle, ram_path, plan_text(cluster, ram_end, tables, frames))
    print(f"oracle: {output}")
    if status != 0:
        return 1
    last = max(cluster.regions)
    wrong = []
    swapped = [(last - node, root) for node, root in tables]
    if last > 0 and ask(oracle, ram_path, plan_text(cluster, ram_end, swapped, frames))[0] == 0:
        wrong.append("page tables of other nodes pass")
    if cluster.shared[0] < cluster.shared[1]:
        fewer = dict(frames)
        fewer[last] = frames[last][1:]
        if ask(oracle, ram_path, plan_text(cluster, ram_end, tables, fewer))[0] == 0:
            wrong.append("a shared frame less passes")
    target = cluster.regions[last][-1][0] if last > 0 else cluster.kernel_image[0]
    add_entry(ram_path, cluster.roots[0], target & ~0x1fffff)
    if ask(oracle, ram_path, plan_text(cluster, ram_end, tables, frames))[0] == 0:
        wrong.append("a mapping of memory that is not the node's passes")
    for text in wrong:
        print(f"oracle: {text}")
    return 1 if wrong else 0


def check(_options):
    """(name, good, text) of each shape."""
    oracle = build_oracle("isolation")
    for cpus, memory, configuration in SHAPES:
        command = [sys.executable, os.path.join(TOP, "tests", "system", "isolation", "check"),
                   "--oracle", oracle, "--smp", cpus, "--mem", memory, "--config", configuration,
                   PROGRAM]
        status, output = call(command)
        last = [line for line in output.splitlines() if line.startswith("oracle")]
        last = last or [output[-800:]]
        yield f"isolation, {cpus} CPUs, {memory}, '{configuration}'", status == 0, "; ".join(last)
