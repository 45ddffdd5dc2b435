"""The command line of tools/cmk: sub-commands, their options and help."""
import argparse
import os
import signal
import subprocess
import sys

from cmklib.cc import cc
from cmklib.gdb import gdb
from cmklib.image import Image, make_iso
from cmklib.log import log
from cmklib.machine import BOCHS_IPS
from cmklib.places import KERNEL_KINDS, TOP, WrongUse, kernel_file
from cmklib.run import plan, run
from cmklib.verdict import WRONG_USE
from cmklib.sdk import sdk

GDB_PORT = 1234

ABOUT = """\
Build user programs for CMK, make bootable images, run clusters, look inside.
'tools/cmk COMMAND --help' explains a command."""

IMAGES = """\
An image is a file name; what follows its first space is the module's string: 'img.elf
node=1 rwx arg1'. Image K belongs to node K unless node=K or node=all says otherwise; rwx maps it
writable and executable; the other words are the program's arguments."""

RUN_END = f"""\
{IMAGES}

exit status: 0 when every node's program returned 0, when TEXT appeared, or after plan=only; 1-99
what the first node whose program failed returned; 100 configuration refused; 101 a node's kernel
stopped or the machine reset itself; 102 the time limit, or nothing new for too long; 103 wrong use,
or the emulator could not start; 104 no thread of a node is left, because faults stopped them. The
last line on standard error says why.

example: tools/cmk run --smp 4 --config "nodes=2" 'build/user/hello-cluster.elf node=all'"""


class Parser(argparse.ArgumentParser):
    """argparse, but with the exit status for wrong use that no user program can have."""

    def error(self, message):
        self.exit(WRONG_USE, f"tools/cmk: {message}\ntry '{self.prog} --help'\n")


def port(text):
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port number")
    return number


def seconds(text):
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return number


def add_kernel(parser):
    parser.add_argument("--kernel",
                        metavar="KIND",
                        default="debug",
                        help="debug (default), release, or a kernel file")


def add_port(parser):
    parser.add_argument("--port",
                        type=port,
                        default=GDB_PORT,
                        help=f"of the debugger's connection (default {GDB_PORT})")


def add_boot(parser):
    """What iso, run and plan have in common."""
    add_kernel(parser)
    parser.add_argument("--config",
                        metavar="WORDS",
                        default="",
                        help="the cluster's configuration, as in README.md")
    parser.add_argument("--multiboot1",
                        action="store_true",
                        help="let GRUB use Multiboot 1 instead of 2")
    parser.add_argument("images", metavar="IMAGE", nargs="*", help="user images")


def add_machine(parser):
    """What run and plan have in common."""
    loader = parser.add_mutually_exclusive_group()
    for name, text in (("direct", "QEMU loads the kernel itself (default, fastest)"),
                       ("grub", "QEMU boots an ISO with GRUB from BIOS"),
                       ("uefi", "QEMU boots the same ISO from UEFI"),
                       ("bochs", "Bochs boots an ISO with GRUB from BIOS")):
        loader.add_argument(f"--{name}", dest="loader", action="store_const", const=name, help=text)
    parser.set_defaults(loader="direct")
    parser.add_argument("--smp",
                        metavar="N",
                        default="4",
                        help="CPUs (default 4); also QEMU's sockets=, cores=, threads=")
    parser.add_argument("--mem",
                        metavar="SIZE",
                        default="256M",
                        help="memory, such as 64M or 6G (default 256M)")
    parser.add_argument("--iommu", action="store_true", help="a machine with an IOMMU (VT-d)")
    parser.add_argument("--timeout",
                        metavar="S",
                        type=seconds,
                        help="time limit in seconds (default: none)")
    parser.add_argument(
        "--patience",
        metavar="S",
        type=seconds,
        help=
        "ends a run of which nothing new was heard for S seconds (default 60, none with "
        "--timeout); while the host ran others, no time counts")
    parser.add_argument(
        "--bochs-ips",
        metavar="N",
        type=int,
        default=BOCHS_IPS,
        help=
        f"Bochs: ticks (instructions of each CPU) in a second of its clock (default {BOCHS_IPS})")
    parser.add_argument("--qemu",
                        metavar="OPTIONS",
                        default="",
                        help="further options for QEMU, as one word")


def version():
    """The commit of the tree that the tools belong to; '+' for changes on top."""
    git = ["git", "-c", f"safe.directory={TOP}", "-C", TOP, "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=False)
    except OSError:
        return "CMK, commit unknown: git is not installed"
    return (f"CMK {done.stdout.strip()}"
            if done.returncode == 0 else "CMK, commit unknown: this is no git tree")


def parser_for_all():
    parser = Parser(prog="tools/cmk",
                    description=ABOUT,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=version())
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)

    def command(name, action, summary, **more):
        sub = commands.add_parser(name,
                                  help=summary,
                                  description=summary[0].upper() + summary[1:] + ".",
                                  formatter_class=argparse.RawDescriptionHelpFormatter,
                                  **more)
        sub.set_defaults(action=action)
        return sub

    sub = command(
        "cc",
        cc,
        "build a C program against libsel4 and the user runtime",
        usage="tools/cmk cc [--api=PROFILE] [-o OUT.elf] [options of gcc] FILE.c ...",
        epilog=
        "Every option except --api and --help goes to gcc. Without -c, -S or -E the result is an\n"
        "image for a node.\n"
        "example: tools/cmk cc -o hello.elf hello.c")
    sub.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    sub = command("sdk", sdk, "lay out what programs made elsewhere are built against",
                  epilog="DIR gets headers, libraries, the kernel, and the interface in the forms\n"
                         "that seL4's tools read: gen_config.json, invocations_all.json,\n"
                         "object_sizes.json and interfaces/*.xml.")
    sub.add_argument("folder", metavar="DIR", help="an empty or new directory")
    sub.add_argument("--api", metavar="PROFILE", default="classic",
                     help="what nodeK.api= will say (default classic)")
    sub.add_argument("--kernel", choices=KERNEL_KINDS, default="debug",
                     help="for which kernel (default debug)")

    sub = command("iso",
                  iso,
                  "make an ISO that boots a cluster on BIOS and UEFI machines",
                  epilog=IMAGES)
    sub.add_argument("-o",
                     dest="output",
                     metavar="OUT.iso",
                     required=True,
                     help="the file to write")
    sub.add_argument("--bios-only", action="store_true", help="a small ISO without UEFI")
    add_boot(sub)

    sub = command("run", run, "boot a cluster in an emulator and show its console", epilog=RUN_END)
    add_machine(sub)
    add_boot(sub)
    sub.add_argument("--until",
                     metavar="TEXT",
                     help="end with status 0 as soon as TEXT appears on a console")
    sub.add_argument("--gdb",
                     action="store_true",
                     help="stop before the first instruction and wait for 'tools/cmk gdb'")
    add_port(sub)

    sub = command("plan", plan, "show what a configuration would do, and boot nothing",
                  epilog=IMAGES + " Without any, every node\ngets build/user/hello-cluster.elf.")
    add_machine(sub)
    add_boot(sub)
    sub.set_defaults(until=None, gdb=False)

    sub = command("log", log, "print boot's log from the memory of a machine",
                  epilog="SOCKET is what QEMU got as '-monitor unix:SOCKET,server=on,wait=off'\n"
                         "(tools/cmk run --qemu). FILE has the machine's memory from address 0 on.")
    source = sub.add_mutually_exclusive_group(required=True)
    source.add_argument("--monitor", metavar="SOCKET", help="of a QEMU that runs, or stands still")
    source.add_argument("--dump", metavar="FILE", help="a dump of a machine's memory")

    sub = command(
        "gdb",
        gdb,
        "attach gdb with the kernel's symbols to 'tools/cmk run --gdb'",
        usage="tools/cmk gdb [--kernel KIND] [--port PORT] [gdb options]",
        epilog=
        "All other options go to gdb.\nexample: tools/cmk run --gdb hello.elf &  "
        "tools/cmk gdb -ex 'hbreak boot_sys' -ex continue"
    )
    add_kernel(sub)
    add_port(sub)
    return parser


def iso(options):
    make_iso(options.output,
             kernel_file(options.kernel),
             options.config, [Image.parse(text) for text in options.images],
             multiboot=1 if options.multiboot1 else 2,
             bios_only=options.bios_only)
    return 0


def attach_values(arguments):
    """'--qemu -S' as '--qemu=-S': argparse would take a value with a dash for the next option."""
    result = []
    for argument in arguments:
        if result and result[-1] in ("--qemu", "--config", "--until"):
            result[-1] += "=" + argument
        else:
            result.append(argument)
    return result


def main(arguments):
    # Ending by a signal must run the clean-up that stops the emulator.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        if arguments[:1] == ["cc"] and arguments[1:2] not in (["--help"], ["-h"]):
            return cc(arguments[1:])
        parser = parser_for_all()
        options, others = parser.parse_known_args(attach_values(arguments))
        if options.command == "gdb":
            options.arguments = others
        elif others:
            parser.error(f"what is '{others[0]}'?")
        return options.action(options)
    except WrongUse as error:
        print(f"tools/cmk: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Nobody reads the console any more. Python would complain once more when it closes standard
        # output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        print(f"tools/cmk: {error}", file=sys.stderr)
        return WRONG_USE
