"""User images as the command line names them, and the bootable ISO that carries them."""
import os
import shutil
import subprocess
import tempfile

from cmklib.places import WrongUse, installed_file, program

# GRUB modules of the small BIOS-only ISO: without the rest it boots in half the time under Bochs.
BIOS_MODULES = "multiboot multiboot2 biosdisk iso9660 normal"
GRUB_LONGEST_WORD = 8000  # GRUB hangs without a message on a word of more than 8 kB


class Image:
    """One boot module: a file, and the string the kernel gets with it (node=K, rwx, then the
    image's arguments).
    """

    def __init__(self, path, string=""):
        if not os.path.isfile(path):
            raise WrongUse(f"there is no image {path}")
        self.path = path
        self.string = string

    @classmethod
    def parse(cls, text):
        """
        'img.elf node=1 arg': what follows the file's name is the module's string. The name may have
        blanks: the longest one that is a file is meant.
        """
        path = text
        while not os.path.isfile(path) and " " in path:
            path = path.rpartition(" ")[0]
        if not os.path.isfile(path):
            path = text.partition(" ")[0]
        return cls(path, text[len(path):].strip())


def words_of(string):
    """
    The words of a configuration or module string as the kernel reads them: separated by blanks;
    double quotes keep blanks together; a backslash stands before a quote or backslash that is
    meant. GRUB puts such quotes around the words it got.
    """
    words, word, quoted, position = [], None, False, 0
    while position < len(string):
        character = string[position]
        position += 1
        if character in " \t\n\r" and not quoted:
            words += [word] if word is not None else []
            word = None
            continue
        word = word or ""
        if character == "\\" and string[position:position + 1] in ("\\", "'", '"'):
            word += string[position]
            position += 1
        elif character == '"':
            quoted = not quoted
        else:
            word += character
    if quoted:
        raise WrongUse(f"a double quote is not closed: {string}")
    return words + ([word] if word is not None else [])


def grub_word(word):
    """One word as grub.cfg must spell it so that GRUB takes it for one word with these characters.
    """
    if "\n" in word:
        raise WrongUse("a quoted line break cannot pass through GRUB")
    if len(word) > GRUB_LONGEST_WORD:
        raise WrongUse(
            f"a word of {len(word)} characters is longer than GRUB takes ({GRUB_LONGEST_WORD})")
    return "'" + word.replace("'", "'\\''") + "'"


def grub_line(command, file_name, string):
    return " ".join([command, "/boot/" + file_name] +
                    [grub_word(word) for word in words_of(string)])


def grub_configuration(config, images, multiboot):
    """The text of grub.cfg for the kernel 'cmk.elf' and images 'image0', 'image1', ..."""
    boot, module = ("multiboot2", "module2") if multiboot == 2 else ("multiboot", "module")
    if images and "modules=" not in config:
        # GRUB goes on without a module that it cannot load; the cluster must not.
        config = f"modules={len(images)} {config}"
    lines = [grub_line(boot, "cmk.elf", config)]
    lines += [
        grub_line(module, f"image{number}", image.string) for number, image in enumerate(images)
    ]
    return "set timeout=0\nmenuentry \"CMK\" {\n" + "".join(f"    {line}\n"
                                                            for line in lines) + "}\n"


def make_iso(output, kernel, config, images, multiboot=2, bios_only=False):
    """Writes a bootable ISO: for BIOS and UEFI machines, or a small one for BIOS only."""
    rescue = program("grub-mkrescue", "grub-common")
    program("xorriso", "xorriso")
    bios = os.path.dirname(installed_file("/usr/lib/grub/i386-pc/multiboot2.mod", "grub-pc-bin"))
    command = [rescue, "-o", os.path.abspath(output)]
    if bios_only:
        command += ["-d", bios, f"--install-modules={BIOS_MODULES}", f"--modules={BIOS_MODULES}",
                    "--fonts=", "--locales=", "--themes="]
    else:
        program("mformat", "mtools")
        installed_file("/usr/lib/grub/x86_64-efi/multiboot2.mod", "grub-efi-amd64-bin")
    with tempfile.TemporaryDirectory(prefix="cmk-iso-") as tree:
        boot = os.path.join(tree, "boot")
        os.makedirs(os.path.join(boot, "grub"))
        shutil.copyfile(kernel, os.path.join(boot, "cmk.elf"))
        for number, image in enumerate(images):
            shutil.copyfile(image.path, os.path.join(boot, f"image{number}"))
        with open(os.path.join(boot, "grub", "grub.cfg"), "w", encoding="utf-8") as file:
            file.write(grub_configuration(config, images, multiboot))
        made = subprocess.run(command + [tree],
                              stdin=subprocess.DEVNULL,
                              capture_output=True,
                              text=True,
                              errors="replace",
                              check=False)
    if made.returncode != 0:
        raise WrongUse("grub-mkrescue failed:\n" + made.stderr.strip())
