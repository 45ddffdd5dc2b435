#!/usr/bin/python3
"""What tools/cache-lines makes of instructions, of a kernel's functions and of QEMU's log. Without
any emulator.
"""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..", "tools"))

# noqa: E402
from cmklib.cachelines.instruction import MASK, NotUnderstood, accesses, parse, split_operands
# noqa: E402
from cmklib.cachelines.kernel import Code, Variables, read_numbers, read_offsets, read_tcb_bytes
from cmklib.cachelines.main import KINDS, WANTED, Collection, qemu_options  # noqa: E402
from cmklib.cachelines.report import CPU_COUNTS, read_limits, summary  # noqa: E402
from cmklib.cachelines.trace import calls, read_steps  # noqa: E402
from cmklib.places import WrongUse  # noqa: E402

REGISTERS = {"RAX": 0x1000, "RBX": 0x2000, "RCX": 3, "RSP": 0x8000, "R8": MASK - 0xf}

# Two functions and a stub; the second function falls into a third.
DISASSEMBLY = """\
0000000000000100 <stub>:
     100:\tmov    %rcx,-0x28(%rsp)
     105:\tpush   %rax
     106:\tcall   0000000000000200 <work>

000000000000010b <leave>:
     10b:\tpop    %rax
     10c:\tsysretq
     10f:\tnop

0000000000000200 <work>:
     200:\ttestb  $0x2,0x8(%rax)
     204:\tje     0000000000000210 <work+0x10>
     206:\tjmp    0000000000000300 <other>
     20b:\tnopl   (%rax)
     210:\tmov    %rcx,%cr3
     213:\tret
     214:\tcs nopw 0x0(%rax,%rax,1)

0000000000000300 <other>:
     300:\tjmp    *%rax

0000000000000400 <unreached>:
     400:\tret
"""


def accesses_of(text, registers=None, after=0x105):
    instruction = parse("ffffffff80100000:\t" + text)
    instruction.after = after
    return accesses(instruction, REGISTERS if registers is None else registers)


class InstructionTest(unittest.TestCase):
    def expect(self, text, *expected):
        self.assertEqual(accesses_of(text), list(expected), text)

    def test_operands(self):
        self.assertEqual(split_operands("$0x0,0x8(%rax,%rbx,4)"), ["$0x0", "0x8(%rax,%rbx,4)"])
        self.assertEqual(split_operands("-0x5fffe2a0(,%rdi,8),%r10"),
                         ["-0x5fffe2a0(,%rdi,8)", "%r10"])
        self.assertEqual(split_operands(""), [])

    def test_addresses(self):
        self.expect("mov    0x40(%rax),%r10", (0x1040, "r"))
        self.expect("mov    (%rax),%r10", (0x1000, "r"))
        self.expect("mov    -0x8(%rax,%rcx,8),%r10", (0x1010, "r"))
        self.expect("mov    -0x10(,%rbx,4),%r10", (0x7ff0, "r"))
        self.expect("mov    0xffffffffc0020038,%rsp", (0xffffffffc0020038, "r"))
        self.expect("mov    0x20(%rip),%rax        # 125 <x>", (0x125, "r"))
        self.expect("mov    0x20(%r8),%rax", (0x10, "r"))

    def test_kinds(self):
        self.expect("mov    %rax,0x8(%rbx)", (0x2008, "w"))
        self.expect("movb   $0x5,0xc4(%rax)", (0x10c4, "w"))
        self.expect("movzwl 0x30(%rax),%eax", (0x1030, "r"))
        self.expect("cmp    %ecx,0xb8(%rax)", (0x10b8, "r"))
        self.expect("cmpw   $0x1,0x30(%rax)", (0x1030, "r"))
        self.expect("testb  $0x2,0x8(%rax)", (0x1008, "r"))
        self.expect("or     %rax,0x78(%rbx)", (0x2078, "rw"))
        self.expect("or     0x78(%rbx),%rax", (0x2078, "r"))
        self.expect("incq   (%rbx)", (0x2000, "rw"))
        self.expect("xchg   %rax,0xffffffffa0001120", (0xffffffffa0001120, "rw"))
        self.expect("lock cmpxchg %rcx,0xffffffffa0001120", (0xffffffffa0001120, "rw"))
        self.expect("sete   (%rax)", (0x1000, "w"))
        self.expect("cmove  (%rax),%rcx", (0x1000, "r"))

    def test_the_stack(self):
        self.expect("push   $0x100", (0x7ff8, "w"))
        self.expect("push   (%rax)", (0x7ff8, "w"), (0x1000, "r"))
        self.expect("pop    %rax", (0x8000, "r"))
        self.expect("call   ffffffff80119440 <syscall_entry>", (0x7ff8, "w"))
        self.expect("call   *0x8(%rax)", (0x7ff8, "w"), (0x1008, "r"))
        self.expect("ret", (0x8000, "r"))

    def test_no_memory(self):
        for text in ("lea    -0xd8(%rsp),%r8", "nopl   0x0(%rax)", "mov    $0xffffffffc0020000,%r9",
                     "mov    %rcx,%cr3", "rdfsbase %rax", "shr    %cl,%rdx",
                     "je     ffffffff801177f5 <fast_call+0x95>", "jmp    *%rax", "sysretq",
                     "and    $0x3f,%ecx", "bts    $0x3f,%rcx"):
            self.expect(text)

    def test_not_understood(self):
        for text in ("xsave64 0x240(%rax)", "rep stos %rax,%es:(%rdi)",
                     "movsq  %ds:(%rsi),%es:(%rdi)", "iretq", "leave", "pushf",
                     "mov    %gs:0x8,%rax", "mov    %gs:0x8(%rax),%rax", "mov    (%eax),%rcx",
                     "mov    0x8(%riz),%rcx", "mov    name,%rax", "mov    0x8(%rax,%rcx,3),%rdx",
                     "mov    0x8(,),%rdx", "mov    (),%rdx", "mov    (%rax", "mov    1(%rax)",
                     "jmp    0x1234", "(bad)", ""):
            with self.assertRaises(NotUnderstood, msg=text):
                accesses_of(text)

    def test_a_register_that_the_log_lacks(self):
        self.assertRaises(NotUnderstood, accesses_of, "mov    (%rdi),%rax")
        self.assertRaises(NotUnderstood, accesses_of, "push   %rax", {"RAX": 1})

    def test_the_error_names_the_instruction(self):
        with self.assertRaisesRegex(NotUnderstood,
                                    r"ffffffff80100000 in \?: xsave64 0x240\(%rax\)"):
            accesses_of("xsave64 0x240(%rax)")

    def test_lines_without_instruction(self):
        for line in ("", "ffffffff80100000 <boot>:", "Disassembly of section .text:", "\t...",
                     "zz:\tret"):
            self.assertIsNone(parse(line), line)


class CodeTest(unittest.TestCase):
    def setUp(self):
        self.code = Code(DISASSEMBLY.splitlines())

    def test_reachable(self):
        self.assertEqual(self.code.reachable(["stub"], beyond=()), [0x100, 0x10b, 0x200, 0x300])
        self.assertEqual(self.code.reachable(["stub"], beyond=("other",)), [0x100, 0x10b, 0x200])
        self.assertEqual(self.code.ranges([0x10b, 0x200]), [(0x10b, 4), (0x200, 0x14)])

    def test_names(self):
        self.assertRaises(WrongUse, self.code.reachable, ["no_such"], ())
        self.assertRaises(WrongUse, self.code.reachable, ["stub"], ("no_such",))
        self.assertRaises(WrongUse,
                          Code((DISASSEMBLY + "0000000000000500 <stub>:\n").splitlines()).address,
                          "stub")
        self.assertRaises(WrongUse, self.code.function_of, 0x50)

    def test_variables(self):
        variables = Variables([
            "ffffffffa0001000 b lock_tail", "ffffffffa0001010 0000000000000008 B node_id",
            "ffffffff80100000 T text", "                 U nothing", "ffffffffa0001020 B end"
        ])
        self.assertEqual(variables.name(0xffffffffa0001000), "lock_tail")
        self.assertEqual(variables.name(0xffffffffa0001018), "node_id + 8")
        self.assertIsNone(variables.name(0xffffffff80100000))
        self.assertIsNone(variables.name(0xffffffffa0001020))

    def test_sources(self):
        self.assertEqual(read_numbers()["Call"], MASK)
        self.assertEqual(read_tcb_bytes(), 2048)
        self.assertRaises(WrongUse, read_offsets, "/no/such/file")
        with tempfile.NamedTemporaryFile("w", suffix=".inc") as file:
            file.write("%define TCB_CONTEXT 200\n")
            file.flush()
            self.assertRaises(WrongUse, read_offsets, file.name)


def log_of(*addresses, cpu=0, number=MASK, info=0):
    """What QEMU writes for instructions there, with registers that do not change."""
    for address in addresses:
        yield f"Trace {cpu}: 0x7f00 [0000000000000000/{address:016x}/08c0c2b0/ff020201] \n"
        yield f"RAX={0x1000:016x} RBX={0:016x} RCX={0:016x} RDX={number:016x}\n"
        yield f"RSI={info:016x} RDI={0:016x} RBP={0:016x} RSP={0x8000:016x}\n"
        yield f"R8 ={0:016x} R9 ={0:016x} R10={0:016x} R11={0:016x}\n"
        yield f"RIP={address:016x} RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"
        yield "ES =0000 0000000000000000 00000000 00000000\n"


WHOLE = (0x100, 0x105, 0x106, 0x200, 0x204, 0x210, 0x213, 0x10b, 0x10c)


class TraceTest(unittest.TestCase):
    def setUp(self):
        self.code = Code(DISASSEMBLY.splitlines())

    def calls_of(self, *logs):
        return list(calls((line for log in logs for line in log), self.code, {0x100}))

    def test_steps(self):
        ((cpu, address, registers),) = read_steps(log_of(0x100, cpu=3))
        self.assertEqual((cpu, address, registers["RSP"], registers["R8"]), (3, 0x100, 0x8000, 0))
        self.assertEqual(list(read_steps(["Trace nonsense\n", "RAX=12\n", "RIP=12\n"])), [])

    def test_a_whole_call(self):
        (call,) = self.calls_of(log_of(0x213), log_of(*WHOLE))
        self.assertEqual((call.left, len(call.steps), call.number(), call.changes_vspace()),
                         ("", 9, MASK, True))
        self.assertEqual(call.lines(), {
            0x1000: ({"r"}, {8}),
            0x7fc0: ({"w"}, {0x18, 0x38}),
            0x8000: ({"r"}, {0})
        })
        self.assertEqual(call.last_pop(), 0x8000)
        self.assertIn(
            "Call: 3 lines, in 9 instructions of the kernel, "
            "which lie in 2 lines (1 calls, all alike)",
            summary("Call", [call]))

    def test_out_of_sight(self):
        for addresses in (WHOLE[:4] + (0x210, ), WHOLE[:3] + (0x204, ), WHOLE[:7] + (0x100, ),
                          WHOLE[:5] + (0x9000, )):
            call = self.calls_of(log_of(*addresses))[0]
            self.assertIn("work" if len(addresses) > 4 else "stub", call.left)

    def test_a_call_that_ends_nowhere(self):
        self.assertEqual(self.calls_of(log_of(*WHOLE[:-1])), [])

    def test_cpus_are_apart(self):
        logs = [log_of(address, cpu=cpu) for address in WHOLE for cpu in (0, 1)]
        self.assertEqual([call.left for call in self.calls_of(*logs)], ["", ""])

    def collection_of(self, *logs):
        collection = Collection({"Call": MASK, "ReplyRecv": MASK - 1})
        for call in self.calls_of(*logs):
            collection.add(call)
        return collection

    def test_which_count(self):
        collection = self.collection_of(log_of(*WHOLE), log_of(*WHOLE, info=1),
                                        log_of(*WHOLE, number=5))
        self.assertEqual([len(collection.complete[name]) for name in ("Call", "ReplyRecv")], [1, 0])
        with self.assertRaisesRegex(WrongUse, "no complete ReplyRecv"):
            collection.check("time")
        full = self.collection_of(*(log_of(*WHOLE, number=number) for number in (MASK, MASK - 1)
                                    for _ in range(WANTED + 1)))
        self.assertTrue(full.is_full())
        full.check("time")

    def test_none_that_counts(self):
        collection = self.collection_of(log_of(*WHOLE[:4], 0x9000))
        with self.assertRaisesRegex(
                WrongUse, r"no complete Call .*\(time\); some went out of sight in work: testb"):
            collection.check("time")
        self.assertRaises(WrongUse, self.collection_of().check, "time")


class LimitsTest(unittest.TestCase):
    def test_the_real_ones(self):
        self.assertEqual(set(read_limits()), {(name, cpus)
                                              for name, _, _ in KINDS for cpus in CPU_COUNTS})

    def test_bad_ones(self):
        for text in ("Call | 11\n", "Call | eleven | 13\n", "Call | 1 | 2 | 3\n",
                     "Call | 11 | 13\n"):
            with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
                file.write("# a comment\n\n" + text)
                file.flush()
                self.assertRaises(WrongUse, read_limits, file.name)

    def test_options(self):
        self.assertTrue(
            qemu_options([(0x100, 16), (0x200, 1)],
                         "log").endswith("-D log -dfilter 0x100+0x10,0x200+0x1"))


program = unittest.main(exit=False, verbosity=1)
failed = len(program.result.failures) + len(program.result.errors)
print(f"{program.result.testsRun - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
