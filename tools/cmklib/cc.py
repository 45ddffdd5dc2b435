"""`cmk cc`: gcc with the flags of user/runtime/flags.mk, the headers of libsel4 and the runtime,
and their libraries.
"""
import os
import re
import subprocess

from cmklib.places import TOP, WrongUse, program

FLAGS_FILE = os.path.join(TOP, "user", "runtime", "flags.mk")
NO_LINKING = ("-c", "-S", "-E", "-M", "-MM", "-fsyntax-only")


def read_flags():
    """NAME = words, as the file says; the Makefile reads the same file."""
    flags = {}
    with open(FLAGS_FILE, encoding="utf-8") as file:
        for line in file:
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                flags[name.strip()] = value.split()
    return flags


def in_tree(path):
    return os.path.join(TOP, path)


def profiles():
    """Words of include/api/profiles.def that nodes can run; the first is the one without --api."""
    with open(in_tree("include/api/profiles.def"), encoding="utf-8") as file:
        return re.findall(r'^PROFILE\(\w+,\s*"([^"]+)",\s*\w+,\s*true\)', file.read(), re.MULTILINE)


def profile_define(profile):
    """What the compiler is told of a profile."""
    if profile in (None, profiles()[0]):
        return []
    return ["-DCMK_API_" + profile.upper().replace("-", "_")]


def profile_libraries(profile):
    """The libraries of a profile, None for the first, as paths in the tree."""
    folder = f"build/lib/{profile}/" if profile else "build/lib/"
    return [library.replace("build/lib/", folder) for library in read_flags()["USER_LIBRARIES"]]


def take_profile(arguments):
    """What --api=PROFILE says, None if it is the first; and the arguments without it."""
    known, profile = profiles(), None
    for argument in arguments:
        if argument.startswith("--api="):
            profile = argument[len("--api="):]
            if profile not in known:
                raise WrongUse(f"cc: --api={profile}: can be {' or '.join(known)}")
    others = [argument for argument in arguments if not argument.startswith("--api=")]
    return None if profile == known[0] else profile, others


def cc(arguments):
    """Runs gcc with the caller's arguments after ours; returns its exit status."""
    profile, arguments = take_profile(arguments)
    if not arguments:
        raise WrongUse("cc: nothing to compile; see 'tools/cmk cc --help'")
    flags = read_flags()
    gcc = program("gcc", "gcc")
    own_headers = subprocess.run([gcc, "-print-file-name=include"],
                                 capture_output=True,
                                 text=True,
                                 check=True).stdout.strip()
    command = [gcc] + flags["USER_CFLAGS"]
    for option, folders in (("-isystem", flags["USER_SYSTEM_INCLUDE"] + [own_headers]),
                            ("-I", flags["USER_INCLUDE"]), ("-idirafter",
                                                            flags["USER_INCLUDE_LAST"])):
        for folder in folders:
            command += [option, in_tree(folder)]
    command += profile_define(profile)
    if any(argument in NO_LINKING for argument in arguments):
        return subprocess.run(command + arguments, check=False).returncode

    libraries = [in_tree(library) for library in profile_libraries(profile)]
    for library in libraries:
        if not os.path.isfile(library):
            raise WrongUse(f"cc: {library} is missing; run 'make' first")
    command += flags["USER_LDFLAGS"] + ["-Wl,-T," + in_tree(flags["USER_LINKER_SCRIPT"][0])]
    command += arguments + ["-Wl,--start-group"] + libraries + ["-lgcc", "-Wl,--end-group"]
    return subprocess.run(command, check=False).returncode
