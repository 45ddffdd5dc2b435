"""Programs in OCaml: a driver from proofs/ties, linked with functions that Coq extracted."""
import os
import shutil
import subprocess

from cmklib.places import TOP

EXTRACTED = os.path.join(TOP, "build", "proofs")
PLACE = os.path.join(TOP, "build", "ties")
TIME_LIMIT = 120  # seconds for one program


class Broken(Exception):
    """Nothing could be compared; the text says why."""


def call(command, folder=TOP, feed=None):
    """Status and output of a program."""
    done = subprocess.run(command, cwd=folder, stdin=feed, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=TIME_LIMIT, check=False)
    return done.returncode, done.stdout


def build_oracle(name):
    """Compiles proofs/ties/NAME.ml with NAME_functions.ml; the program's path."""
    place = os.path.join(PLACE, name)
    os.makedirs(place, exist_ok=True)
    functions = [f"{name}_functions.mli", f"{name}_functions.ml"]
    for file in functions:
        path = os.path.join(EXTRACTED, file)
        if not os.path.isfile(path):
            raise Broken(f"there is no {os.path.relpath(path, TOP)}; run tools/check-proofs first")
        shutil.copy(path, place)
    shutil.copy(os.path.join(TOP, "proofs", "ties", name + ".ml"), place)
    # The extracted text uses names that OCaml has renamed since; only that is not worth a warning.
    program = os.path.join(place, "oracle")
    status, output = call(["ocamlopt", "-w", "-a", "-alert", "-all", *functions, name + ".ml", "-o",
                           program], place)
    if status != 0:
        raise Broken(f"{name}.ml does not build:\n{output[-2000:]}")
    return program
