/* Command lines that must be refused, each with its own lines, word for word. */
#include "machine.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

/* All on a machine of 4 CPUs and 256 MiB with two PCI functions; one good image for every node. */
static const struct {
    const char *command_line, *lines;
} bad[] = {
    /* words */
    {"frobnicate", "frobnicate: unknown word\n"},
    {"frobnicate=1", "frobnicate=1: unknown word\n"},
    {"Nodes=2", "Nodes=2: unknown word\n"},
    {"nodes", "nodes: unknown word\n"},
    {"node=1", "node=1: unknown word\n"},
    {"node0.cpu=0", "node0.cpu=0: unknown word\n"},
    {"node0cpus=0", "node0cpus=0: unknown word\n"},
    {"nodeK.cpus=0", "nodeK.cpus=0: unknown word\n"},
    {"console_port=0x3f8 disable_iommu",
     "console_port=0x3f8: unknown word\ndisable_iommu: unknown word\n"},
    {"nodes=2 \"balance=on", "\"balance=on: a double quote is not closed\n"},
    {"nodes=2 \"nodes= 2\"", "\"nodes= 2\": said before, as nodes=2\n"},
    {"\x01\xff\t!", "??: unknown word\n!: unknown word\n"},

    /* nodes= */
    {"nodes=", "nodes=: not a number of nodes, percpu, numa, llc or package\n"},
    {"nodes=two", "nodes=two: not a number of nodes, percpu, numa, llc or package\n"},
    {"nodes=-1", "nodes=-1: not a number of nodes, percpu, numa, llc or package\n"},
    {"nodes=2x", "nodes=2x: not a number of nodes, percpu, numa, llc or package\n"},
    {"nodes=99999999999999999999",
     "nodes=99999999999999999999: not a number of nodes, percpu, numa, llc or package\n"},
    {"nodes=0", "nodes=0: there can be 1 to 64 nodes\n"},
    {"nodes=65", "nodes=65: there can be 1 to 64 nodes\n"},
    {"nodes=5", "nodes=5: there are only 4 CPUs\n"},
    {"nodes=2 nodes=2", "nodes=2: said before, as nodes=2\n"},
    {"nodes=numa", "nodes=numa: the firmware describes no proximity domains\n"},

    /* nodeK.cpus= */
    {"nodes=2 node0.cpus=0 node1.cpus=0-9", "node1.cpus=0-9: there is no CPU 9 (4 CPUs: 0-3)\n"},
    {"nodes=2 node0.cpus=0 node1.cpus=4", "node1.cpus=4: there is no CPU 4 (4 CPUs: 0-3)\n"},
    {"nodes=2 node0.cpus=0 node1.cpus=1,18446744073709551615",
     "node1.cpus=1,18446744073709551615: there is no CPU 18446744073709551615 (4 CPUs: 0-3)\n"},
    {"nodes=2 node0.cpus=0,1,0 node1.cpus=2", "node0.cpus=0,1,0: CPU 0 is named twice\n"},
    {"nodes=2 node0.cpus=0-2,1-3 node1.cpus=2", "node0.cpus=0-2,1-3: CPU 1 is named twice\n"},
    {"nodes=2 node0.cpus=0-1 node1.cpus=1-2", "node1.cpus=1-2: CPU 1 is in node 0 already\n"},
    {"nodes=2 node0.cpus=3-0 node1.cpus=1", "node0.cpus=3-0: the range 3-0 runs backwards\n"},
    {"nodes=2 node0.cpus= node1.cpus=1", "node0.cpus=: not a set of CPUs such as 0-3,8\n"},
    {"nodes=2 node0.cpus=0, node1.cpus=1", "node0.cpus=0,: not a set of CPUs such as 0-3,8\n"},
    {"nodes=2 node0.cpus=0- node1.cpus=1", "node0.cpus=0-: not a set of CPUs such as 0-3,8\n"},
    {"nodes=2 node0.cpus=0;1 node1.cpus=1", "node0.cpus=0;1: not a set of CPUs such as 0-3,8\n"},
    {"nodes=2 node0.cpus=0", "node1.cpus= is missing: when one node names its CPUs, all do\n"},
    {"nodes=2 node0.cpus=1 node1.cpus=2", "node0.cpus=1: CPU 0, the boot CPU, must be in node 0\n"},
    {"nodes=2 node0.cpus=1 node1.cpus=0,2",
     "node1.cpus=0,2: CPU 0 is the boot CPU and belongs to node 0\n"},
    {"nodes=2 node0.cpus=0 node0.cpus=1 node1.cpus=2",
     "node0.cpus=1: said before, as node0.cpus=0\n"},
    {"nodes=percpu node0.cpus=0",
     "nodes=percpu: nodeK.cpus= goes with nodes= and a number, or without\n"},
    {"nodes=1 node0.cpus=0 node1.cpus=1", "node1.cpus=1: there is no node 1 (1 node)\n"},
    {"node0.cpus=0 node2.cpus=1", "node1.cpus= is missing: when one node names its CPUs, all do\n"},
    {"node0x0.mem=16M", "node0x0.mem=16M: unknown word\n"},
    {"node00.mem=16M", "node00.mem=16M: unknown word\n"},
    {"nodes=2 node64.cpus=0", "node64.cpus=0: nodes are numbered from 0 to 63\n"},

    /* sizes */
    {"node0.mem=", "node0.mem=: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=64X", "node0.mem=64X: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=8m", "node0.mem=8m: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=M", "node0.mem=M: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=0xG", "node0.mem=0xG: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=99999999999G",
     "node0.mem=99999999999G: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=1000000G", "node0.mem=1000000G: more memory than any machine has\n"},
    {"node0.mem=0", "node0.mem=0: the size is 0\n"},
    {"node0.mem=16M@", "node0.mem=16M@: not a size and an address such as 64M@1G\n"},
    {"node0.mem=@16M", "node0.mem=@16M: not a size such as 2097152, 64M or 0x80000K\n"},
    {"node0.mem=16M@1G@2G", "node0.mem=16M@1G@2G: not a size and an address such as 64M@1G\n"},
    {"node0.mem=0@64M", "node0.mem=0@64M: the size is 0\n"},
    {"node0.mem=3M@64M", "node0.mem=3M@64M: size and address must be multiples of 2 MiB\n"},
    {"node0.mem=4M@4K", "node0.mem=4M@4K: size and address must be multiples of 2 MiB\n"},
    {"node0.mem=64M@224M", "node0.mem=64M@224M: not free RAM from end to end\n"},
    {"node0.mem=1G@1G", "node0.mem=1G@1G: not free RAM from end to end\n"},
    {"nodes=2 node0.mem=64M@64M node1.mem=4M@124M",
     "node1.mem=4M@124M: not free RAM from end to end\n"},
    {"node0.mem=16M node0.mem=17M", "node0.mem=17M: said before, as node0.mem=16M\n"},
    {"node0.mem=1G", "node0.mem=1G: there are only 252 MiB of RAM for nodes\n"},
    {"nodes=2 node0.mem=128M node1.mem=128M",
     "nodeK.mem= ask for 256 MiB together, and there are only 252 MiB of RAM for nodes\n"},
    {"nodes=2 node0.mem=252M",
     "node 1 has 0 bytes of memory, 1 MiB too little: its kernel needs 1 MiB, its image 4 KiB\n"},
    {"nodes=2 node1.mem=252M",
     "node 0 has 0 bytes of memory, 1 MiB too little: its kernel needs 1 MiB, its image 4 KiB\n"},
    {"nodes=3 node0.mem=199M node1.mem=51M node2.mem=1M",
     "node2.mem=1M: only 0 bytes are left for it at 2 MiB boundaries\n"},
    {"nodes=2 node1.mem=4K", "node1.mem=4K: node 1 has 4 KiB of memory, 1 MiB too little: its "
                             "kernel needs 1 MiB, its image 4 KiB\n"},
    {"nodes=2 node2.mem=2M", "node2.mem=2M: there is no node 2 (2 nodes)\n"},

    /* consoles */
    {"node0.console=com5", "node0.console=com5: can be com1, com2, com3, com4 or none\n"},
    {"node0.console=com", "node0.console=com: can be com1, com2, com3, com4 or none\n"},
    {"node0.console=0x3f8", "node0.console=0x3f8: can be com1, com2, com3, com4 or none\n"},
    {"node0.console=com1 node0.console=none",
     "node0.console=none: said before, as node0.console=com1\n"},
    {"node1.console=com2", "node1.console=com2: there is no node 1 (1 node)\n"},

    /* devices */
    {"nodes=2 node0.devices=all node1.devices=all",
     "node1.devices=all: node 0 has all devices already\n"},
    {"node0.devices=some",
     "node0.devices=some: not all, none, or a list of functions and ports such as "
     "00:1f.2,port:0x60-0x64\n"},
    {"node0.devices=", "node0.devices=: not all, none, or a list of functions and ports such as "
                       "00:1f.2,port:0x60-0x64\n"},
    {"node0.devices=00:03.0,",
     "node0.devices=00:03.0,: not all, none, or a list of functions and ports such as "
     "00:1f.2,port:0x60-0x64\n"},
    {"node0.devices=00:03.8",
     "node0.devices=00:03.8: not all, none, or a list of functions and ports such as "
     "00:1f.2,port:0x60-0x64\n"},
    {"node0.devices=00:20.0",
     "node0.devices=00:20.0: not all, none, or a list of functions and ports such as "
     "00:1f.2,port:0x60-0x64\n"},
    {"node0.devices=00:05.0", "node0.devices=00:05.0: there is no PCI function 00:05.0\n"},
    {"node0.devices=00:03.0,00:03.0", "node0.devices=00:03.0,00:03.0: 00:03.0 is named twice\n"},
    {"nodes=2 node0.devices=00:03.0 node1.devices=00:03.0",
     "node1.devices=00:03.0: 00:03.0 is in node 0 already\n"},
    {"node0.devices=port:",
     "node0.devices=port:: not ports from 0 to 0xffff such as port:0x60-0x64\n"},
    {"node0.devices=port:0x60-",
     "node0.devices=port:0x60-: not ports from 0 to 0xffff such as port:0x60-0x64\n"},
    {"node0.devices=port:0x64-0x60",
     "node0.devices=port:0x64-0x60: not ports from 0 to 0xffff such as port:0x60-0x64\n"},
    {"node0.devices=port:65536",
     "node0.devices=port:65536: not ports from 0 to 0xffff such as port:0x60-0x64\n"},
    {"nodes=2 node0.devices=port:0-0x7f node1.devices=port:0x60-0x64",
     "node1.devices=port:0x60-0x64: ports 0x60-0x64: node 0 has 0x0-0x7f already\n"},
    {"nodes=2 node0.devices=00:03.0 node1.devices=port:0xc01f",
     "node1.devices=port:0xc01f: ports 0xc01f-0xc01f: node 0 has 0xc000-0xc03f already\n"},
    {"node0.devices=port:1,port:1",
     "node0.devices=port:1,port:1: ports 0x1-0x1: node 0 has 0x1-0x1 already\n"},
    {"node0.devices=all,none",
     "node0.devices=all,none: not all, none, or a list of functions and ports such as "
     "00:1f.2,port:0x60-0x64\n"},
    {"nodes=2 node0.devices=port:0x3fc-0x400",
     "node0.devices=port:0x3fc-0x400: ports 0x3fc-0x400: node 1 has 0x3f8-0x3ff already\n"},
    {"nodes=2 node1.console=com2 node1.devices=port:0x2f8-0x2ff", ""},
    {"nodes=2 node1.devices=port:0xcf0-0xcf8",
     "node1.devices=port:0xcf0-0xcf8: ports 0xcf0-0xcf8: 0xcf8-0xcff, PCI configuration, belong to "
     "the node with all devices\n"},
    {"node0.devices=port:1,port:3,port:5,port:7,port:9,port:11,port:13,port:15,port:17,port:19,"
     "port:21,port:23,port:25,port:27,port:29,port:31,port:33,port:35,port:37,port:39,port:41,"
     "port:43,port:45,port:47,port:49,port:51,port:53,port:55,port:57,port:59,port:61,port:63,"
     "port:65,port:67,port:69",
     "node0.devices=port:1,port:3,port:5,port:7,port:9,port:11,por...: more than 32 port ranges\n"},
    {"fpu=x87", "fpu=x87: can be avx or sse\n"},
    {"fpu=sse fpu=sse", "fpu=sse: said before, as fpu=sse\n"},
    {"api=mcs", "api=mcs: no node runs programs for MCS yet\n"},
    {"nodes=2 node1.api=microkit", "node1.api=microkit: no node runs programs for MCS yet\n"},
    {"api=microkit-debug", "api=microkit-debug: no node runs programs for MCS yet\n"},
    {"api=", "api=: can be classic or classic-up\n"},
    {"api=classic api=classic-up", "api=classic-up: said before, as api=classic\n"},
    {"nodes=2 node1.api=UP", "node1.api=UP: can be classic or classic-up\n"},
    {"nodes=2 node2.api=classic", "node2.api=classic: there is no node 2 (2 nodes)\n"},
    {"api=classic-up", "api=classic-up: node 0 has 4 CPUs, this profile is for one\n"},
    {"nodes=2 node1.api=classic-up",
     "api=classic-up: node 1 has 2 CPUs, this profile is for one\n"},
    {"nodes=percpu api=classic-up node2.api=classic", ""},
    {"node0.cnode=8", "node0.cnode=8: not a number of bits from 9 to 22\n"},
    {"node0.cnode=23", "node0.cnode=23: not a number of bits from 9 to 22\n"},
    {"node0.cnode=x", "node0.cnode=x: not a number of bits from 9 to 22\n"},
    {"node0.cnode=12 node0.cnode=12", "node0.cnode=12: said before, as node0.cnode=12\n"},
    {"node0.devices=none node0.devices=all",
     "node0.devices=all: said before, as node0.devices=none\n"},

    /* shared and channel= */
    {"shared=lots", "shared=lots: not a size such as 2097152, 64M or 0x80000K\n"},
    {"shared=1G", "shared=1G: no 1 GiB of free RAM in one piece\n"},
    {"shared=2M shared=2M", "shared=2M: said before, as shared=2M\n"},
    {"nodes=2 channel=0-1", "channel=0-1: not two nodes and a size such as channel=0-1,2M\n"},
    {"nodes=2 channel=0,2M", "channel=0,2M: not two nodes and a size such as channel=0-1,2M\n"},
    {"nodes=2 channel=0-x,2M", "channel=0-x,2M: not two nodes and a size such as channel=0-1,2M\n"},
    {"nodes=2 channel=-1,2M", "channel=-1,2M: not two nodes and a size such as channel=0-1,2M\n"},
    {"nodes=2 channel=0-1,2Q", "channel=0-1,2Q: not a size such as 2097152, 64M or 0x80000K\n"},
    {"nodes=2 channel=0-1,0", "channel=0-1,0: the size is 0\n"},
    {"nodes=2 channel=1-1,2M", "channel=1-1,2M: a channel joins two different nodes\n"},
    {"nodes=2 channel=0-64,2M", "channel=0-64,2M: nodes are numbered from 0 to 63\n"},
    {"nodes=2 channel=0-2,2M", "channel=0-2,2M: there is no node 2 (2 nodes)\n"},
    {"nodes=2 channel=0-1,512M", "channel=0-1,512M: no 512 MiB of free RAM in one piece\n"},

    /* switches */
    {"balance=yes", "balance=yes: can be on or off\n"},
    {"checks=1", "checks=1: can be on or off\n"},
    {"missing-cpus=on", "missing-cpus=on: can be stop or go-on\n"},
    {"missing-cpus=go-on missing-cpus=stop",
     "missing-cpus=stop: said before, as missing-cpus=go-on\n"},
    {"manager=yes", "manager=yes: can be on or off\n"},
    {"nodes=2 node1.start=off", "node1.start=off: only with manager=on\n"},
    {"nodes=2 node1.store=2M manager=off", "node1.store=2M: only with manager=on\n"},
    {"nodes=2 manager=on node0.start=off",
     "node0.start=off: node 0 is the manager's: it starts at boot, once\n"},
    {"nodes=2 manager=on node0.store=2M",
     "node0.store=2M: node 0 is the manager's: it starts at boot, once\n"},
    {"nodes=2 manager=on node2.start=off", "node2.start=off: there is no node 2 (2 nodes)\n"},
    {"nodes=2 manager=on node2.store=2M", "node2.store=2M: there is no node 2 (2 nodes)\n"},
    {"nodes=2 manager=on node1.start=later", "node1.start=later: can be on or off\n"},
    {"nodes=2 manager=on node1.start=off node1.start=on",
     "node1.start=on: said before, as node1.start=off\n"},
    {"nodes=2 manager=on node1.store=",
     "node1.store=: not a size such as 2097152, 64M or 0x80000K\n"},
    {"nodes=2 manager=on node1.store=0", "node1.store=0: the size is 0\n"},
    {"nodes=2 manager=on node1.store=1", "node1.store=1: its image and data take 4 KiB\n"},
    {"nodes=2 manager=on node1.store=512M",
     "node1.store=512M: no 512 MiB of free RAM in one piece\n"},
    {"nodes=2 manager=on node1.devices=00:03.0 node1.store=2M",
     "node1.store=2M: node 1 has devices, and cannot be started again\n"},
    {"power-off=no", "power-off=no: can be on or off\n"},
    {"modules=", "modules=: not a number of boot modules from 1 to 64\n"},
    {"modules=0", "modules=0: not a number of boot modules from 1 to 64\n"},
    {"modules=65", "modules=65: not a number of boot modules from 1 to 64\n"},
    {"modules=1 modules=1", "modules=1: said before, as modules=1\n"},
    {"modules=2", "modules=2: the boot loader passed 1 module\n"},
    {"fastpath=", "fastpath=: can be on or off\n"},
    {"console-mark=", "console-mark=: not 1 to 16 digits 0-9, a-f\n"},
    {"console-mark=0", "console-mark=0: not 1 to 16 digits 0-9, a-f\n"},
    {"console-mark=1g", "console-mark=1g: not 1 to 16 digits 0-9, a-f\n"},
    {"console-mark=11112222333344445",
     "console-mark=11112222333344445: not 1 to 16 digits 0-9, a-f\n"},
    {"console-mark=1 console-mark=2", "console-mark=2: said before, as console-mark=1\n"},
    {"fastpath=on fastpath=off", "fastpath=off: said before, as fastpath=on\n"},
    {"plan=yes", "plan=yes: can only be plan=only\n"},
    {"plan=only plan=only", "plan=only: said before, as plan=only\n"},

    /* several at once: each has its line */
    {"nodes=5 foo balance=x node7.mem=2M",
     "foo: unknown word\nbalance=x: can be on or off\nnodes=5: there are only 4 CPUs\n"
     "node7.mem=2M: there is no node 7 (5 nodes)\n"},
    {"nodes=x node0.mem=0 shared=1",
     "nodes=x: not a number of nodes, percpu, numa, llc or package\nnode0.mem=0: the size is 0\n"},
    {"nodes=2 node0.cpus=9 node1.cpus=8", "node0.cpus=9: there is no CPU 9 (4 CPUs: "
                                          "0-3)\nnode1.cpus=8: there is no CPU 8 (4 CPUs: 0-3)\n"},
};

static void make_bad_machine(void)
{
    make_machine(4, MIB(256));
    machine.pci[0] =
        (struct pci_fact){.device = 3, .bar = {{false, 0xfebc0000, 0x20000}, {true, 0xc000, 64}}};
    machine.pci[1] = (struct pci_fact){.device = 4, .bar = {{false, 0xfebe0000, 0x1000}}};
    machine.pci_count = 2;
}

static void expect(const char *command_line, const char *lines)
{
    unsigned mistakes = plan_machine(command_line);
    unsigned newlines = 0;
    ck_assert_msg(strcmp(plan_lines, lines) == 0, "%s: expected\n%sgot\n%s", command_line, lines,
                  plan_lines);
    for (const char *c = lines; *c != '\0'; c++) {
        newlines += *c == '\n';
    }
    ck_assert_uint_eq(mistakes, newlines);
}

START_TEST(bad_command_line)
{
    make_bad_machine();
    expect(bad[_i].command_line, bad[_i].lines);
}
END_TEST

START_TEST(words_are_cut_to_be_shown)
{
    char text[3000], lines[400];
    make_bad_machine();
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    snprintf(lines, sizeof(lines), "%.60s...: longer than 1023 characters\n", text);
    expect(text, lines);
    text[1023] = '\0';
    snprintf(lines, sizeof(lines), "%.60s...: unknown word\n", text);
    expect(text, lines);
}
END_TEST

START_TEST(channels_have_a_limit)
{
    char text[400] = "nodes=2";
    make_bad_machine();
    for (unsigned i = 0; i < 16; i++) {
        strcat(text, " channel=0-1,2M");
    }
    expect(text, "");
    strcat(text, " channel=1-0,4M");
    expect(text, "channel=1-0,4M: there can be at most 16 channels\n");
}
END_TEST

START_TEST(one_cpu_reads_well)
{
    make_machine(1, MIB(256));
    expect("nodes=2", "nodes=2: there is only 1 CPU\n");
    expect("node0.cpus=0-1", "node0.cpus=0-1: there is no CPU 1 (1 CPU: 0)\n");
}
END_TEST

START_TEST(limits_of_nodes_and_cpus)
{
    make_machine(65, GIB(2));
    expect("nodes=percpu", "nodes=percpu: there are 65 CPUs, and there can be at most 64 nodes\n");
    expect("", "node 0 would have 65 CPUs, and a node can have at most 64: use nodes=\n");
    expect("node0.cpus=0-64",
           "node 0 would have 65 CPUs, and a node can have at most 64: use nodes=\n");
    make_machine(0, GIB(2));
    expect("", "the firmware lists no CPUs\n");
}
END_TEST

START_TEST(proximity_that_cannot_be)
{
    make_machine(4, GIB(1));
    machine.proximity[0] = (struct proximity_fact){{0, GIB(1)}, 7};
    machine.proximity_count = 1;
    for (unsigned i = 0; i < 4; i++) {
        machine.cpu[i].proximity = 2;
    }
    expect("nodes=numa", "nodes=numa: proximity domain 2, where CPU 0 is, has no memory\n");
}
END_TEST

START_TEST(machines_without_room)
{
    make_machine(8, MIB(12));
    expect("nodes=8", "node 4 has 0 bytes of memory, 1000 KiB too little: its kernel needs 996 "
                      "KiB, its image 4 KiB\n"
                      "node 5 has 0 bytes of memory, 1000 KiB too little: its kernel needs 996 "
                      "KiB, its image 4 KiB\n"
                      "node 6 has 0 bytes of memory, 1000 KiB too little: its kernel needs 996 "
                      "KiB, its image 4 KiB\n"
                      "node 7 has 0 bytes of memory, 1000 KiB too little: its kernel needs 996 "
                      "KiB, its image 4 KiB\n");
    make_machine(1, MIB(3));
    expect("shared=0", "");
    expect("", "shared=2M (the default): no 2 MiB of free RAM in one piece\n");
    make_machine(1, MIB(64));
    machine.boot_page_bytes = MIB(80);
    expect("", "no 80.1 MiB of RAM in one piece below 4 GiB for boot's tables\n");
    make_machine(1, MIB(64));
    machine.memory[0].range.end = 0x1000;
    expect("", "no free page of RAM below 640 KiB to start CPUs from\n");
    make_machine(2, MIB(64));
    machine.node_state_bytes = MIB(40);
    expect("nodes=2 node1.mem=16M",
           "node 0 has 43.8 MiB of memory, 20.9 MiB too little: its kernel needs 64.8 MiB, its "
           "image 4 KiB\n"
           "node1.mem=16M: node 1 has 16 MiB of memory, 48.8 MiB too little: its kernel needs "
           "64.8 MiB, its image 4 KiB\n");
    /* 20 pieces of 200 KiB, each in a large page of its own. Boot's pages fill the first. */
    make_machine(1, MIB(64));
    for (unsigned i = 0; i < 20; i++) {
        uint64_t bytes = i == 0 ? KIB(280) : KIB(200);
        machine.memory[3 + i] = (struct memory_fact){{MIB(2 * i + 2), MIB(2 * i + 2) + bytes}, 1};
    }
    machine.memory_count = 23;
    expect("shared=0", "node 0: its memory is in too many small pieces for its kernel\n");
}
END_TEST

/* --- device registers that no node may have --- */

START_TEST(registers_that_make_no_sense)
{
    static const struct {
        struct pci_bar_fact bar;
        const char *line;
    } cases[] = {
        {{false, 0, 0x1000}, "address register 0: the firmware gave it no address\n"},
        {{false, 0xfebc0000, 0x3000},
         "address register 0: 0xfebc0000 with 12288 bytes makes no sense\n"},
        {{false, 0xfebc0800, 0x1000},
         "address register 0: 0xfebc0800 with 4096 bytes makes no sense\n"},
        {{false, 0xfffffffff0000000, 0x10000000},
         "address register 0: 0xfffffffff0000000 with 268435456 bytes makes no sense\n"},
        {{false, 0x200000, 0x1000}, "address register 0: 0x200000 is in RAM\n"},
        {{false, 0x120000, 0x1000}, "address register 0: 0x120000 is in the kernel\n"},
        {{false, 0xa0000, 0x20000}, "address register 0: 0xa0000 is below 1 MiB\n"},
        {{false, 0xfee00000, 0x100000},
         "address register 0: 0xfee00000 is where stores are interrupts\n"},
        {{false, 0xfec00000, 0x10}, "address register 0: 0xfec00000 is on an IOAPIC\n"},
        {{false, 0xfed90000, 0x1000}, "address register 0: 0xfed90000 is on an IOMMU\n"},
        {{false, 0xfebe0c00, 0x400}, "address register 0: shares a page with 00:04.0\n"},
        {{false, 0xfebc0000, 0x40000}, "address register 0: shares a page with 00:04.0\n"},
        {{true, 0, 64}, "address register 0: port 0x0 with 64 ports makes no sense\n"},
        {{true, 0xfff0, 64}, "address register 0: port 0xfff0 with 64 ports makes no sense\n"},
    };
    char lines[200];
    make_bad_machine();
    machine.iommu[0] = (struct range){0xfed90000, 0xfed91000};
    machine.iommu_count = 1;
    machine.pci[0].bar[0] = cases[_i].bar;
    machine.pci[0].bar[1].size = 0;
    snprintf(lines, sizeof(lines), "node0.devices=00:03.0: 00:03.0, %s", cases[_i].line);
    expect("node0.devices=00:03.0", lines);
}
END_TEST
enum { REGISTER_CASES = 14 };

START_TEST(configuration_page_that_makes_no_sense)
{
    make_bad_machine();
    machine.mcfg_base = MIB(64);
    machine.mcfg_last_bus = 255;
    expect("node0.devices=00:04.0",
           "node0.devices=00:04.0: 00:04.0: its configuration page at 0x4020000 is in RAM\n");
}
END_TEST

START_TEST(lists_have_limits)
{
    char text[1000] = "node0.devices=";
    make_bad_machine();
    for (unsigned i = 0; i < 33; i++) {
        sprintf(text + strlen(text), "%sport:%u", i > 0 ? "," : "", 1000 + i);
    }
    expect(text, "node0.devices=port:1000,port:1001,port:1002,port:1003,port:1...: more than 32 "
                 "port ranges\n");
}
END_TEST

Suite *mistakes_suite(void)
{
    Suite *suite = suite_create("bad configurations");
    TCase *words = tcase_create("words");
    TCase *machines = tcase_create("machines");

    tcase_add_loop_test(words, bad_command_line, 0, ARRAY_LENGTH(bad));
    tcase_add_test(words, words_are_cut_to_be_shown);
    tcase_add_test(words, channels_have_a_limit);
    suite_add_tcase(suite, words);
    tcase_add_test(machines, one_cpu_reads_well);
    tcase_add_test(machines, limits_of_nodes_and_cpus);
    tcase_add_test(machines, proximity_that_cannot_be);
    tcase_add_test(machines, machines_without_room);
    tcase_add_loop_test(machines, registers_that_make_no_sense, 0, REGISTER_CASES);
    tcase_add_test(machines, configuration_page_that_makes_no_sense);
    tcase_add_test(machines, lists_have_limits);
    suite_add_tcase(suite, machines);
    return suite;
}
