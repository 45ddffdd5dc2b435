"""
`cmk sdk`: a directory with what programs made elsewhere are built against: headers, libraries, and
descriptions of the interface in the forms that seL4's own tools read. All of it comes from
libsel4's headers and include/api.
"""
import json
import os
import re
import shutil
import subprocess
from collections import namedtuple
from xml.etree import ElementTree

from cmklib.cc import in_tree, profile_define, profile_libraries, profiles, read_flags
from cmklib.places import WrongUse, kernel_file, make, program

INTERFACES = ("cnode.h", "tcb.h", "devices.h", "domain.h", "memory.h")
STRUCT = re.compile(r"^typedef struct (\w+) \{\n(.*?)^\} (\w+);", re.MULTILINE | re.DOTALL)
METHOD = re.compile(r"^static inline (\w+) (seL4_\w+)_(\w+?)\(([^)]*)\)\n\{(.*?)^\}",
                    re.MULTILINE | re.DOTALL)
LABEL = re.compile(r"sel4_x64_invoke\(\s*&trap,\s*_service,\s*(\w+),")
PARAMETER = re.compile(r"(?:const )?(\w+) (\*?)(\w+)$")
GUARD = re.compile(r"^#ifdef (CONFIG_\w+)$|^#endif$", re.MULTILINE)

# Which file of seL4's describes a method: the portable ones, what only x86-64 has, all else of x86.
FILES = (("object-api.xml", "ObjectApi", "object_api", re.compile(r"(?!X86)")),
         ("object-api-sel4-arch.xml", "ObjectApiSel4Arch", "object_api_sel4_arch",
          re.compile(r"X86PDPT")),
         ("object-api-arch.xml", "ObjectApiArch", "object_api_arch", re.compile(r"X86(?!PDPT)")))

Method = namedtuple("Method", "interface name label inputs outputs condition")
Parameter = namedtuple("Parameter", "type name")


def read(path):
    with open(in_tree(path), encoding="utf-8") as file:
        return file.read()


def members(body):
    lines = [line.strip().rstrip(";") for line in body.splitlines() if line.strip()]
    return [Parameter(*line.rsplit(" ", 1)) for line in lines]


def guards(text):
    """Where each #ifdef CONFIG_... begins and ends: (first, last, symbol)."""
    found, begin = [], None
    for match in GUARD.finditer(text):
        if match[1]:
            begin = (match.start(), match[1])
        elif begin:
            found.append((begin[0], match.start(), begin[1]))
            begin = None
    return found


def method_of(match, results, conditions):
    parameters = [PARAMETER.match(" ".join(text.split())) for text in match[4].split(",")]
    inputs, outputs = [], list(results.get(match[1], []))
    for parameter in parameters[1:]:
        # What a method reads into a caller's structure is an answer; what it takes from there not.
        target = outputs if parameter[2] and match[3].startswith("Read") else inputs
        target.append(Parameter(parameter[1], parameter[3]))
    at = match.start()
    condition = next((symbol for first, last, symbol in conditions if first < at < last), None)
    return Method(match[2], match[3], LABEL.search(match[5])[1], inputs, outputs, condition)


def methods():
    """Every method of libsel4's interfaces/, in the order of the headers."""
    found = []
    for name in INTERFACES:
        text = read(f"libsel4/include/interfaces/{name}")
        results = {match[3]: [member for member in members(match[2]) if member.name != "error"]
                   for match in STRUCT.finditer(text)}
        conditions = guards(text)
        found += [method_of(match, results, conditions) for match in METHOD.finditer(text)]
    return found


def user_context():
    """The registers in the order of seL4_UserContext."""
    return re.findall(r"^REGISTER\((\w+)", read("include/api/registers.def"), re.MULTILINE)


def add_method(interface, method):
    element = ElementTree.SubElement(interface, "method", id=method.label, name=method.name)
    if method.condition:
        condition = ElementTree.SubElement(element, "condition")
        ElementTree.SubElement(condition, "config", var=method.condition)
    for direction, parameters in (("in", method.inputs), ("out", method.outputs)):
        for parameter in parameters:
            ElementTree.SubElement(element, "param", dir=direction, name=parameter.name,
                                   type=parameter.type)


def description(file):
    """One of FILES as seL4's generators of stubs read it."""
    _, name, prefix, label = file
    api = ElementTree.Element("api", name=name, label_prefix=prefix)
    if label.match("X86PDPTMap"):
        struct = ElementTree.SubElement(api, "struct", name="seL4_UserContext")
        for register in user_context():
            ElementTree.SubElement(struct, "member", name=register)
    elements = {}
    for method in methods():
        if label.match(method.label):
            if method.interface not in elements:
                elements[method.interface] = ElementTree.SubElement(
                    api, "interface", name=method.interface,
                    manual_name=method.interface.removeprefix("seL4_"))
            add_method(elements[method.interface], method)
    ElementTree.indent(api, "    ")
    return '<?xml version="1.0" ?>\n' + ElementTree.tostring(api, encoding="unicode") + "\n"


def preprocess(profile, text, *options):
    """`text` after the preprocessor, with the headers and options of programs of that profile."""
    flags = read_flags()
    command = [program("gcc", "gcc"), "-E", "-P", *options, *profile_define(profile)]
    command += ["-x", "c", "-"]
    for folder in flags["USER_SYSTEM_INCLUDE"] + flags["USER_INCLUDE"] + flags["USER_INCLUDE_LAST"]:
        command += ["-I", in_tree(folder)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WrongUse(f"the preprocessor failed: {done.stderr}")
    return done.stdout


def configuration(profile, is_release):
    """gen_config.json: switches are true or false, all else is text; names without CONFIG_."""
    include = "#include <sel4/gen_config.h>\n"
    release = ["-DCMK_RELEASE"] if is_release else []
    macros = preprocess(profile, include, "-dM", *release)
    names = sorted(re.findall(r"^#define CONFIG_(\w+) ", macros, re.MULTILINE))
    questions = "".join(f"VALUE {name} CONFIG_{name}\n" for name in names)
    values = preprocess(profile, include + questions, *release)
    found = {}
    for name, value in re.findall(r"^VALUE (\w+) (.*)$", values, re.MULTILINE):
        is_switch = value == "1" and not name.startswith(("MAX_", "NUM_"))
        found[name] = True if is_switch else value.strip('"')
    off = ("VTX", "IOMMU", "KERNEL_MCS", "HARDWARE_DEBUG_API", "ENABLE_BENCHMARKS",
           "ENABLE_SMP_SUPPORT", "DEBUG_BUILD")
    return {**{name: False for name in off}, **found}


def invocations(profile):
    """invocations_all.json: every label of seL4's by name."""
    column = profiles().index(profile)
    rows = re.findall(r"^INVOCATION\((\w+),\s*(\w+),\s*([^,]+),",
                      read("include/api/invocations.def"), re.MULTILINE)
    labels = {name: columns[column] for name, *columns in rows if not name.startswith("CMK")}
    return {name: int(label) for name, label in labels.items() if label.isdigit()}


def object_sizes():
    """object_sizes.json: log2 of the bytes of objects with one size, by their names in seL4's."""
    names = {"TCB": "tcb", "ENDPOINT": "endpoint", "NOTIFICATION": "notification",
             "PML4": "vspace", "PAGE_TABLE": "page_table", "HUGE_PAGE": "huge_page",
             "LARGE_PAGE": "large_page", "SMALL_PAGE": "small_page"}
    rows = re.findall(r"^(?:TARGET_)?OBJECT\(\w+,\s*\d+,\s*(\w+),\s*(\d+),",
                      read("include/api/objects.def"), re.MULTILINE)
    sizes = {names[name]: int(bits) for name, bits in rows if name in names}
    limits = dict(re.findall(r"^#define ABI_(\w+_BITS)\s+(\d+)", read("include/api/limits.h"),
                             re.MULTILINE))
    return {**sizes, "slot": int(limits["SLOT_BITS"]), "asid_pool": int(limits["ASID_POOL_BITS"])}


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_json(folder, name, value):
    write(folder, name, json.dumps(value, indent=4) + "\n")


def copy(source, folder):
    os.makedirs(folder, exist_ok=True)
    shutil.copy(in_tree(source), folder)


def lay_out(folder, profile, kind):
    """As an installation of seL4 looks: bin/, libsel4/, kernel/; and CMK's runtime beside them."""
    for source, target in (("libsel4/include", "libsel4/include"),
                           ("include/api", "libsel4/include/api"),
                           ("user/runtime/include", "runtime/include"),
                           ("user/drivers/include", "runtime/include")):
        shutil.copytree(in_tree(source), os.path.join(folder, target), dirs_exist_ok=True)
    flags = read_flags()
    for library in profile_libraries(None if profile == profiles()[0] else profile):
        target = "libsel4/lib" if library.endswith("libsel4.a") else "runtime/lib"
        copy(library, os.path.join(folder, target))
    for script in flags["USER_LINKER_SCRIPT"]:
        copy(script, os.path.join(folder, "runtime"))
    os.makedirs(os.path.join(folder, "bin"), exist_ok=True)
    shutil.copy(kernel_file(kind), os.path.join(folder, "bin/kernel.elf"))
    for file in FILES:
        write(folder, f"libsel4/include/interfaces/{file[0]}", description(file))
    for name in ("libsel4/include/kernel/gen_config.json", "kernel/gen_config.json"):
        write_json(folder, name, configuration(profile, kind == "release"))
    write_json(folder, "invocations_all.json", invocations(profile))
    write_json(folder, "object_sizes.json", object_sizes())


def sdk(options):
    folder = os.path.abspath(options.folder)
    if os.path.isdir(folder) and os.listdir(folder):
        raise WrongUse(f"sdk: {options.folder} is not empty")
    if options.api not in profiles():
        raise WrongUse(f"sdk: --api {options.api}: can be {' or '.join(profiles())}")
    make("all")
    lay_out(folder, options.api, options.kernel)
    return 0
