"""Where things are in the source tree, and the one exception that every part raises for a mistake
of the user's.
"""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TOP, "build")
USER_BUILD = os.path.join(BUILD, "user")
KERNEL_KINDS = ("debug", "release")


class WrongUse(Exception):
    """Something the caller asked for cannot be done; the text says what, and what to do about it.
    """


def make(goal):
    """Builds a goal of the Makefile, if that is not done; nothing is shown but mistakes."""
    environment = {
        name: value
        for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    if subprocess.run(
        ["make", "-s", "-C", TOP, goal], stdout=subprocess.DEVNULL, env=environment,
            check=False).returncode != 0:
        raise WrongUse(f"'make {goal}' failed")


def without_traceback(main, name):
    """What main() returns; a file that cannot be read or written is a mistake of the caller's, told
    in one line.
    """
    try:
        return main()
    except (WrongUse, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"{name}: {error}", file=sys.stderr)
        return 2


def kernel_file(kind_or_path):
    """The kernel to boot: 'debug', 'release', or the path of a kernel file."""
    if kind_or_path in KERNEL_KINDS:
        path = os.path.join(BUILD, kind_or_path, "cmk.elf")
        hint = "; run 'make' first"
    else:
        path = kind_or_path
        hint = " (give 'debug', 'release' or a file)"
    if not os.path.isfile(path):
        raise WrongUse(f"there is no kernel {path}{hint}")
    return os.path.abspath(path)


def find_image(text, folders, goal):
    """An image argument with its full path: programs are named by their file alone. `goal` of the
    Makefile makes them.
    """
    name, blank, string = text.partition(" ")
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path + blank + string
    raise WrongUse(f"no image is called {name}; 'make {goal}' builds them")


def program(name, package):
    """The full path of a program on this machine; says which Debian package has it when it is
    missing.
    """
    for folder in os.environ.get("PATH", "").split(os.pathsep) + ["/usr/sbin", "/sbin"]:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    raise WrongUse(f"{name} is not installed: apt-get install {package}")


def installed_file(path, package):
    """The same for a data file that a package brings."""
    if not os.path.isfile(path):
        raise WrongUse(f"{path} is missing: apt-get install {package}")
    return path
