#!/usr/bin/python3
"""
The descriptions of the interface that `cmk sdk` makes, against numbers typed in elsewhere: the wire
format of every method against the unit tests of libsel4's stubs, labels against the conformance
suite's, sizes and switches against the contract's.
"""
import os
import re
import sys
import unittest
from xml.etree import ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "tools"))

from cmklib import sdk  # noqa: E402 (the path above comes first)

BITS = {"seL4_Bool": 1, "seL4_Uint8": 8, "seL4_Uint16": 16, "seL4_Uint32": 32, "int": 32}
WORDS = ("seL4_Word", "seL4_CapRights_t", "seL4_X86_VMAttributes")
NUMBERS = {"seL4_CanWrite": 1, "seL4_CanRead": 2, "seL4_AllRights": 15}
METHOD = re.compile(r"METHOD\(\w+,\s*(seL4_\w+)\(SERVICE(.*?)\)(?:\.error)?, (0x)?(\d+), "
                    r"LIST\((.*?)\),\s*LIST\((.*?)\)\)", re.DOTALL)


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def described():
    """{function: (label, [(type, ...)])} of the input parameters, from the XML alone."""
    found = {}
    for file in sdk.FILES:
        for interface in ElementTree.fromstring(sdk.description(file)).iter("interface"):
            for method in interface.iter("method"):
                types = [p.get("type") for p in method.iter("param") if p.get("dir") == "in"]
                name = f"{interface.get('name')}_{method.get('name')}"
                found[name] = (method.get("id"), types)
    return found


def on_the_wire(types, values):
    """Capabilities, and message words: each argument at the next place that its size divides."""
    caps, bits, message = [], 0, 0
    for kind, value in zip(types, values):
        if kind in BITS or kind in WORDS:
            size = BITS.get(kind, 64)
            bits = (bits + size - 1) // size * size
            message |= value << bits
            bits += size
        else:
            caps.append(value)
    words = [message >> 64 * i & (1 << 64) - 1 for i in range((bits + 63) // 64)]
    return caps, words


def numbers(text):
    words = text.replace(",", " ").split()
    return [NUMBERS[word] if word in NUMBERS else int(word, 0) for word in words]


class SdkTest(unittest.TestCase):
    def test_methods_are_on_the_wire_as_the_stubs_send_them(self):
        methods, labels, compared = described(), sdk.invocations("classic"), 0
        for name, arguments, is_hexadecimal, label, caps, words in METHOD.findall(
                text_of("tests/unit/libsel4/stubs_test.c")):
            if name not in methods or "&" in arguments:
                continue
            identifier, types = methods[name]
            values = numbers(arguments)
            self.assertEqual(len(values), len(types), name)
            self.assertEqual(labels[identifier], int(label, 16 if is_hexadecimal else 10), name)
            self.assertEqual(on_the_wire(types, values), (numbers(caps), numbers(words)), name)
            compared += 1
        self.assertGreaterEqual(compared, 50)

    def test_every_label_is_described_once(self):
        ids = [label for label, _ in described().values()]
        self.assertEqual(sorted(ids), sorted(set(ids)))
        self.assertEqual(set(ids), set(sdk.invocations("classic")) - {"InvalidInvocation"})

    def test_answers(self):
        outputs = {f"{m.interface}_{m.name}": [(o.type, o.name) for o in m.outputs]
                   for m in sdk.methods()}
        self.assertEqual(outputs["seL4_TCB_ReadRegisters"], [("seL4_UserContext", "regs")])
        self.assertEqual(outputs["seL4_TCB_WriteRegisters"], [])
        self.assertEqual(outputs["seL4_TCB_SetFlags"], [("seL4_Word", "flags")])
        self.assertEqual(outputs["seL4_X86_Page_GetAddress"], [("seL4_Word", "paddr")])
        self.assertEqual(outputs["seL4_X86_IOPort_In16"], [("seL4_Uint16", "result")])
        self.assertEqual(sum(len(o) for o in outputs.values()), 6)

    def test_conditions(self):
        conditions = {m.label: m.condition for m in sdk.methods() if m.condition}
        self.assertEqual(conditions, {"TCBSetAffinity": "CONFIG_ENABLE_SMP_SUPPORT"})

    def test_registers(self):
        self.assertEqual(sdk.user_context()[:4], ["rip", "rsp", "rflags", "rax"])
        self.assertEqual(len(sdk.user_context()), 20)

    def test_labels(self):
        for profile, header, count in (("classic", "labels_classic.h", 53),
                                       ("classic-up", "labels_classic_up.h", 52)):
            found = sdk.invocations(profile)
            typed = dict(re.findall(r"^    ([A-Z0-9_]+) = (\d+),",
                                    text_of("tests/system/conformance/" + header), re.MULTILINE))
            numbers_typed = {int(number) for name, number in typed.items()
                             if not name.startswith(("HAS_", "FIRST_", "TCB_SET_AFFINITY"))}
            self.assertEqual({n for n in found.values() if n not in (0, 15)}, numbers_typed - {15})
            self.assertEqual(len(found) - 1, count)
            plain = {name.upper(): number for name, number in found.items()}
            same = [name for name in typed if name.replace("_", "") in plain]
            self.assertGreaterEqual(len(same), 25)
            for name in same:
                self.assertEqual(plain[name.replace("_", "")], int(typed[name]), name)
        self.assertNotIn("TCBSetAffinity", sdk.invocations("classic-up"))

    def test_sizes(self):
        self.assertEqual(sdk.object_sizes(), {
            "tcb": 11, "endpoint": 4, "notification": 5, "vspace": 12, "page_table": 12,
            "huge_page": 30, "large_page": 21, "small_page": 12, "slot": 5, "asid_pool": 12})

    def test_configuration(self):
        classic = sdk.configuration("classic", False)
        one_cpu = sdk.configuration("classic-up", True)
        for name, several, one in (
                ("ENABLE_SMP_SUPPORT", True, False), ("MAX_NUM_NODES", "64", "1"),
                ("DEBUG_BUILD", True, False), ("PRINTING", True, True),
                ("KERNEL_MCS", False, False), ("WORD_SIZE", "64", "64"),
                ("ROOT_CNODE_SIZE_BITS", "13", "13"), ("NUM_DOMAINS", "1", "1"),
                ("SEL4_ARCH", "x86_64", "x86_64"), ("HAVE_FPU", True, True),
                ("MAX_NUM_BOOTINFO_UNTYPED_CAPS", "230", "230")):
            self.assertEqual(classic[name], several, name)
            self.assertEqual(one_cpu[name], one, name)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
