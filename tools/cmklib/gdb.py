"""`cmk gdb`: a debugger with the kernel's symbols on a cluster that `cmk run --gdb` started."""
import os

from cmklib.places import kernel_file, program


def gdb(options):
    kernel = kernel_file(options.kernel)
    debugger = program("gdb", "gdb")
    command = [debugger, "-ex", f"file {kernel}", "-ex", f"target remote 127.0.0.1:{options.port}"
               ] + options.arguments
    os.execv(debugger, command)
