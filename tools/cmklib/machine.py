"""An emulated machine: the command lines of QEMU and Bochs, its consoles as a stream of lines, and
a sure end.
"""
import os
import re
import selectors
import shlex
import signal
import subprocess
import tempfile
import time

from cmklib.image import make_iso
from cmklib.places import WrongUse, installed_file, program

LOADERS = ("direct", "grub", "uefi", "bochs")
COM_PORTS = 4
IOMMU = "intel-iommu,intremap=on"
OVMF = "/usr/share/ovmf/OVMF.fd"
BOCHS_HOST_MEMORY = 1024  # MiB that Bochs keeps in its own memory at most
# Ticks in a second of emulated time: few, so that waiting takes little real time.
BOCHS_IPS = 4000000
BOCHS_MODEL = "tigerlake"
BOCHS_COMMANDS = ("c", "q"
                  )  # Debian's Bochs starts in its debugger: continue, and quit should it come back
BOCHS_CPUS_WITH_HPET = 15  # more CPUs need the HPET's place in Bochs's timer table

# The screen is written to a terminal that nobody reads, which holds some hundred updates: few of
# them, or a long run stands still. Bochs wants one that it knows, whatever ours is: TERM, below.
BOCHS_CONFIGURATION = """\
cpu: model={model}, count={cpus}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=0
memory: guest={guest}, host={host}
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
panic: action=fatal
info: action=ignore
magic_break: enabled={magic_break}
log: {log}
display_library: term
vga: extension=vbe, update_freq=1, realtime=0
"""


class Setup:
    """
    What to boot and on which machine; the options of `cmk run`. With other commands for its
    debugger than those of a plain run, Bochs also stops at each `xchg %bx, %bx`.
    """
    def __init__(self,
                 kernel,
                 images,
                 config="",
                 loader="direct",
                 smp="1",
                 mem="256M",
                 multiboot=2,
                 qemu="",
                 gdb_port=None,
                 bochs_ips=BOCHS_IPS,
                 bochs_commands=BOCHS_COMMANDS,
                 bochs_model=BOCHS_MODEL,
                 bochs_lines=(),
                 iommu=False):
        self.kernel, self.images, self.config, self.loader = kernel, images, config, loader
        self.smp, self.mem, self.multiboot, self.gdb_port = str(smp), str(mem), multiboot, gdb_port
        self.bochs_ips, self.bochs_commands = bochs_ips, tuple(bochs_commands)
        self.iommu = iommu
        self.bochs_model, self.bochs_lines = bochs_model, tuple(bochs_lines)
        try:
            self.qemu = shlex.split(qemu)
        except ValueError as error:
            raise WrongUse(f"--qemu: {error}") from error

    def cpus(self):
        """How many CPUs --smp asks for; QEMU itself judges what is no such number."""
        match = re.match(r"(?:cpus=)?(\d+)", self.smp)
        return int(match[1]) if match else 1

    def com_ports(self):
        """Serial ports to attach: com1, and those the configuration gives to nodes' consoles."""
        named = re.findall(r"console=com([1-4])\b", self.config)
        return max([1] + [int(number) for number in named])


def mebibytes(size):
    match = re.fullmatch(r"(\d+)([MG])", size)
    if not match:
        # A plain number is bytes in a configuration and mebibytes in QEMU.
        raise WrongUse(f"--mem: '{size}' is not a size such as 256M or 2G")
    return int(match[1]) * (1024 if match[2] == "G" else 1)


def plain_name(folder, name, path):
    """A name without blanks or commas for any file: QEMU splits its list of modules at both. Its
    own, if that will do.
    """
    if " " not in path and "," not in path:
        return path
    link = os.path.join(folder, name)
    os.symlink(os.path.abspath(path), link)
    return link


def qemu_command(setup, folder, consoles):
    """The command line of QEMU. `folder` is for what must exist while it runs; `consoles` are
    /dev/fd names, com1 first.
    """
    mebibytes(setup.mem)
    command = [
        program("qemu-system-x86_64", "qemu-system-x86"), "-M", "q35", "-cpu", "max", "-smp",
        setup.smp, "-m", setup.mem, "-nodefaults", "-vga", "none", "-display", "none", "-no-reboot"
    ]
    if setup.iommu:
        command += ["-device", IOMMU]  # before the devices that it serves
    for number, console in enumerate(consoles):
        command += [
            "-chardev", f"file,id=com{number + 1},path={console}", "-serial",
            f"chardev:com{number + 1}"
        ]
    if setup.cpus() > len(os.sched_getaffinity(0)) and "-accel" not in setup.qemu:
        # More emulated CPUs than real ones: with a thread for each, the one that holds a kernel's
        # lock or is next in its queue is often one that the host does not run, and a boot takes
        # seconds. In one thread they take turns.
        command += ["-accel", "tcg,thread=single"]
    if setup.gdb_port is not None:
        command += ["-S", "-gdb", f"tcp:127.0.0.1:{setup.gdb_port}"]
    if setup.loader == "direct":
        modules = []
        for number, image in enumerate(setup.images):
            name = plain_name(folder, f"image{number}", image.path)
            modules.append((f"{name} {image.string}".rstrip()).replace(",", ",,"))
        command += ["-kernel", plain_name(folder, "cmk.elf", setup.kernel), "-append", setup.config]
        if modules:
            command += ["-initrd", ",".join(modules)]
    else:
        iso = os.path.join(folder, "cmk.iso")
        make_iso(iso, setup.kernel, setup.config, setup.images, setup.multiboot)
        command += ["-cdrom", iso]
        if setup.loader == "uefi":
            command += ["-bios", installed_file(OVMF, "ovmf")]
    return command + setup.qemu


def bochs_command(setup, folder, consoles):
    """The command line of Bochs; its settings go to files in `folder`."""
    if setup.qemu or setup.gdb_port is not None or setup.iommu:
        raise WrongUse("--qemu, --gdb and --iommu do not go with --bochs")
    if not setup.smp.isdigit():
        raise WrongUse(f"--smp: Bochs takes a plain number of CPUs, not '{setup.smp}'")
    guest = mebibytes(setup.mem)
    iso = os.path.join(folder, "cmk.iso")
    make_iso(iso, setup.kernel, setup.config, setup.images, setup.multiboot, bios_only=True)
    magic_break = int(setup.bochs_commands != BOCHS_COMMANDS)
    text = BOCHS_CONFIGURATION.format(model=setup.bochs_model,
                                      ips=setup.bochs_ips,
                                      cpus=setup.smp,
                                      guest=guest,
                                      iso=iso,
                                      host=min(guest, BOCHS_HOST_MEMORY),
                                      log=os.path.join(folder, "bochs.log"),
                                      magic_break=magic_break)
    text += "".join(line + "\n" for line in setup.bochs_lines)
    text += "".join(f"com{number + 1}: enabled=1, mode=file, dev={console}\n"
                    for number, console in enumerate(consoles))
    if int(setup.smp) > BOCHS_CPUS_WITH_HPET:
        text += "pci: enabled=1, chipset=i440fx, advopts=nohpet\n"
    settings, debugger = os.path.join(folder, "bochsrc"), os.path.join(folder, "debugger")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(text)
    with open(debugger, "w", encoding="utf-8") as file:
        file.write("\n".join(setup.bochs_commands) + "\n")
    return [
        program("bochs", "bochs bochs-term bochsbios vgabios"), "-q", "-f", settings, "-rc",
        debugger
    ]


class Machine:
    """
    A running emulator. Use as a context manager: at the end of the block the emulator is dead and
    its files are gone, whatever happened inside, and also should this process be killed.

    line() gives the console's lines one after the other, as text; bytes that are no UTF-8 come as
    \\xNN.
    """

    def __init__(self, setup):
        self.setup = setup
        self.partial = {}   # console number -> what came after its last line end
        self.ready = []     # whole lines that line() has not given out yet
        self.status = None  # the emulator's exit status, once it ended

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cmk-run-")
        self.selector = selectors.DefaultSelector()
        self.process = None
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self):
        pipes = [os.pipe() for _ in range(self.setup.com_ports())]
        ends = [write for _, write in pipes]
        try:
            for number, (read, _) in enumerate(pipes):
                self.selector.register(read, selectors.EVENT_READ, number)
                self.partial[number] = b""
            build = bochs_command if self.setup.loader == "bochs" else qemu_command
            command = build(self.setup, self.folder.name, [f"/dev/fd/{end}" for end in ends])
            with open(os.path.join(self.folder.name, "messages"), "wb") as messages:
                # setpriv: the emulator dies with us even when we are killed without warning.
                self.process = subprocess.Popen(
                    [program("setpriv", "util-linux"), "--pdeathsig", "KILL", "--"] + command,
                    pass_fds=ends,
                    stdin=subprocess.DEVNULL,
                    stdout=messages,
                    stderr=messages,
                    env={
                        **os.environ, "TERM": "linux"
                    },
                    start_new_session=True)
        finally:
            for end in ends:
                os.close(end)

    def __exit__(self, *_):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        for key in list(self.selector.get_map().values()):
            os.close(key.fd)
        self.selector.close()
        self.folder.cleanup()

    def line(self, deadline=None):
        """
        The next line of any console, without its end; None when `deadline` (time.monotonic()) has
        passed, or when the emulator has ended and everything was given out (then `status` is set).
        """
        while not self.ready:
            if not self.selector.get_map():
                self.status = self.process.wait()
                return None
            wait = None if deadline is None else max(0, deadline - time.monotonic())
            events = self.selector.select(wait)
            if not events:
                return None
            for key, _ in events:
                self._read(key)
        return self.ready.pop(0)

    def unfinished(self):
        """The beginnings of lines that have not ended yet, as text."""
        return [as_text(data) for data in self.partial.values() if data]

    def _read(self, key):
        data = os.read(key.fd, 65536)
        if not data:
            self.selector.unregister(key.fd)
            os.close(key.fd)
            self.ready += [as_text(self.partial[key.data])] if self.partial[key.data] else []
            self.partial[key.data] = b""
            return
        *lines, self.partial[key.data] = (self.partial[key.data] + data).split(b"\n")
        self.ready += [as_text(line) for line in lines]

    def messages(self):
        """What the emulator itself said: the last line, or Bochs's reason to give up."""
        text = ""
        for name in ("bochs.log", "messages"):
            path = os.path.join(self.folder.name, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="backslashreplace") as file:
                    text = file.read()
                panic = re.search(r">>PANIC<<\s*(.*)", text)
                if panic:
                    return panic[1]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def as_text(data):
    return data.rstrip(b"\r").decode("utf-8", errors="backslashreplace")
