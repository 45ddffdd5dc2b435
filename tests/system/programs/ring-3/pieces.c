/*
 * Every privileged or sensitive instruction that the manuals have (Intel SDM volume 3, 2.8 and 5.9;
 * AMD APM volume 2, 4.9), every software interrupt, every port, and every selector in every way to
 * use one, with what ring 3 should get (SDM volume 2, each instruction's exceptions in 64-bit
 * mode).
 */
#include "ring_3.h"

#include <cpuid.h>
#include <stddef.h>
#include <string.h>

#define PIECE(id, code)                                                                            \
    extern const char id##_start[], id##_end[];                                                    \
    __asm__(".pushsection .text\n" #id "_start: " code "\n" #id "_end: ud2\n.popsection\n");

/* Instructions that old assemblers do not know are bytes. */
#define PIECES(X)                                                                                  \
    X(hlt, "hlt", PROTECTION)                                                                      \
    X(cli, "cli", PROTECTION)                                                                      \
    X(sti, "sti", PROTECTION)                                                                      \
    X(lgdt, "sub $16,%rsp; lgdt (%rsp)", PROTECTION)                                               \
    X(lidt, "sub $16,%rsp; lidt (%rsp)", PROTECTION)                                               \
    X(lldt, "xor %eax,%eax; lldt %ax", PROTECTION)                                                 \
    X(ltr, "mov $0x30,%eax; ltr %ax", PROTECTION)                                                  \
    X(lmsw, "mov $1,%eax; lmsw %ax", PROTECTION)                                                   \
    X(clts, "clts", PROTECTION)                                                                    \
    X(invd, "invd", PROTECTION)                                                                    \
    X(wbinvd, "wbinvd", PROTECTION)                                                                \
    X(invlpg, "invlpg (%rsp)", PROTECTION)                                                         \
    X(invpcid, "xor %eax,%eax; .byte 0x66,0x0f,0x38,0x82,0x04,0x24", PROTECTION | INVALID)         \
    X(read_cr0, "mov %cr0,%rax", PROTECTION)                                                       \
    X(read_cr2, "mov %cr2,%rax", PROTECTION)                                                       \
    X(read_cr3, "mov %cr3,%rax", PROTECTION)                                                       \
    X(read_cr4, "mov %cr4,%rax", PROTECTION)                                                       \
    X(read_cr8, "mov %cr8,%rax", PROTECTION)                                                       \
    X(write_cr0, "xor %eax,%eax; mov %rax,%cr0", PROTECTION)                                       \
    X(write_cr2, "xor %eax,%eax; mov %rax,%cr2", PROTECTION)                                       \
    X(write_cr3, "xor %eax,%eax; mov %rax,%cr3", PROTECTION)                                       \
    X(write_cr4, "xor %eax,%eax; mov %rax,%cr4", PROTECTION)                                       \
    X(write_cr8, "xor %eax,%eax; mov %rax,%cr8", PROTECTION)                                       \
    X(missing_cr1, ".byte 0x0f,0x20,0xc8", INVALID | PROTECTION)                                   \
    X(missing_cr5, ".byte 0x0f,0x20,0xe8", INVALID | PROTECTION)                                   \
    X(read_dr0, "mov %dr0,%rax", PROTECTION)                                                       \
    X(read_dr6, "mov %dr6,%rax", PROTECTION)                                                       \
    X(read_dr7, "mov %dr7,%rax", PROTECTION)                                                       \
    X(write_dr0, "mov %rax,%dr0", PROTECTION)                                                      \
    X(write_dr4, "mov %rax,%dr4", PROTECTION | INVALID)                                            \
    X(write_dr7, "mov %rax,%dr7", PROTECTION)                                                      \
    X(rdmsr, "mov $0x1b,%ecx; rdmsr", PROTECTION)                                                  \
    X(wrmsr, "mov $0xc0000082,%ecx; wrmsr", PROTECTION)                                            \
    X(rdpmc, "xor %ecx,%ecx; rdpmc", PROTECTION | INVALID)                                         \
    X(swapgs, "swapgs", PROTECTION)                                                                \
    X(sysret, "xor %ecx,%ecx; sysretq", PROTECTION)                                                \
    X(sysret_32, "xor %ecx,%ecx; sysretl", PROTECTION)                                             \
    X(sysenter, "sysenter", PROTECTION | INVALID)                                                  \
    X(sysexit, "sysexit", PROTECTION | INVALID)                                                    \
    X(monitor, "lea (%rsp),%rax; xor %ecx,%ecx; xor %edx,%edx; .byte 0x0f,0x01,0xc8", INVALID)     \
    X(mwait, "xor %eax,%eax; xor %ecx,%ecx; .byte 0x0f,0x01,0xc9", INVALID)                        \
    X(rsm, "rsm", INVALID)                                                                         \
    X(getsec, "xor %eax,%eax; .byte 0x0f,0x37", INVALID | PROTECTION)                              \
    X(encls, "xor %eax,%eax; .byte 0x0f,0x01,0xcf", INVALID)                                       \
    X(clac, ".byte 0x0f,0x01,0xca", INVALID)                                                       \
    X(stac, ".byte 0x0f,0x01,0xcb", INVALID)                                                       \
    X(vmcall, ".byte 0x0f,0x01,0xc1", INVALID)                                                     \
    X(vmlaunch, ".byte 0x0f,0x01,0xc2", INVALID | PROTECTION)                                      \
    X(vmxoff, ".byte 0x0f,0x01,0xc4", INVALID | PROTECTION)                                        \
    X(vmxon, "sub $16,%rsp; .byte 0xf3,0x0f,0xc7,0x34,0x24", INVALID | PROTECTION)                 \
    X(vmread, ".byte 0x0f,0x78,0xc0", INVALID | PROTECTION)                                        \
    X(vmrun, "xor %eax,%eax; .byte 0x0f,0x01,0xd8", INVALID | PROTECTION)                          \
    X(vmmcall, ".byte 0x0f,0x01,0xd9", INVALID | PROTECTION)                                       \
    X(vmload, "xor %eax,%eax; .byte 0x0f,0x01,0xda", INVALID | PROTECTION)                         \
    X(vmsave, "xor %eax,%eax; .byte 0x0f,0x01,0xdb", INVALID | PROTECTION)                         \
    X(stgi, ".byte 0x0f,0x01,0xdc", INVALID | PROTECTION)                                          \
    X(clgi, ".byte 0x0f,0x01,0xdd", INVALID | PROTECTION)                                          \
    X(skinit, "xor %eax,%eax; .byte 0x0f,0x01,0xde", INVALID | PROTECTION)                         \
    X(invlpga, "xor %eax,%eax; xor %ecx,%ecx; .byte 0x0f,0x01,0xdf", INVALID | PROTECTION)         \
    X(rdpkru, "xor %ecx,%ecx; .byte 0x0f,0x01,0xee", INVALID)                                      \
    X(wrpkru, "xor %eax,%eax; xor %ecx,%ecx; xor %edx,%edx; .byte 0x0f,0x01,0xef", INVALID)        \
    X(xsaves, "sub $1024,%rsp; and $-64,%rsp; .byte 0x48,0x0f,0xc7,0x2c,0x24",                     \
      INVALID | PROTECTION)                                                                        \
    X(string_in, "mov %rsp,%rdi; sub $64,%rdi; mov $0x3f8,%edx; insb", PROTECTION)                 \
    X(string_out, "mov %rsp,%rsi; mov $0x3f8,%edx; outsb", PROTECTION)                             \
    X(popf_privilege, "pushfq; orq $0x3200,(%rsp); popfq; cli", PROTECTION)                        \
    X(popf_virtual, "pushfq; orq $0x180000,(%rsp); popfq; sti", PROTECTION)                        \
    X(icebp, ".byte 0xf1", DEBUG | INVALID)                                                        \
    X(null_stack, "xor %eax,%eax; mov %eax,%ss", PROTECTION)                                       \
    X(far_call_direct, ".byte 0x9a,0,0,0,0,0,0", INVALID)                                          \
    X(far_jump_direct, ".byte 0xea,0,0,0,0,0,0", INVALID)                                          \
    X(into, ".byte 0xce", INVALID)                                                                 \
    X(bound, ".byte 0x62,0x00", INVALID | COMPLETED | PAGE)                                        \
    X(push_ds, ".byte 0x1e", INVALID)                                                              \
    X(pop_ss, ".byte 0x17", INVALID)                                                               \
    X(les, ".byte 0xc4,0x04,0x24", INVALID)                                                        \
    X(set_call_gate_target, "movabs $0xffffffff80100000,%rax; jmp *%rax", PAGE)                    \
    X(read_window, "movabs $0xffff800000100000,%rax; mov (%rax),%rbx", PAGE)                       \
    X(write_window, "movabs $0xffff800000100000,%rax; mov %rax,(%rax)", PAGE)                      \
    X(read_text, "movabs $0xffffffff80100000,%rax; mov (%rax),%rbx", PAGE)                         \
    X(read_record, "movabs $0xffffffff90000000,%rax; mov (%rax),%rbx", PAGE)                       \
    X(read_node_state, "movabs $0xffffffffa0000000,%rax; mov (%rax),%rbx", PAGE)                   \
    X(write_node_state, "movabs $0xffffffffa0000000,%rax; mov %rax,(%rax)", PAGE)                  \
    X(read_cpu_block, "movabs $0xffffffffc0020000,%rax; mov (%rax),%rbx", PAGE)                    \
    X(write_gdt, "movabs $0xffffffffc0025000,%rax; mov %rax,(%rax)", PAGE)                         \
    X(write_idt, "movabs $0xffffffffc0024000,%rax; mov %rax,(%rax)", PAGE)                         \
    X(read_apic, "movabs $0xffffffffd0000000,%rax; mov (%rax),%ebx", PAGE)                         \
    X(write_status, "movabs $0xffffffffd0100000,%rax; mov %rax,(%rax)", PAGE)                      \
    X(outside, "movabs $0x8000000000000000,%rax; mov (%rax),%rbx", PROTECTION)                     \
    X(cpuid, "xor %eax,%eax; cpuid", COMPLETED)                                                    \
    X(rdtsc, "rdtsc", COMPLETED)

/* What each of these is worth depends on the CPU: UMIP, FSGSBASE, RDTSCP, OSXSAVE. */
#define UMIP_PIECES(X)                                                                             \
    X(sgdt, "sub $16,%rsp; sgdt (%rsp)")                                                           \
    X(sidt, "sub $16,%rsp; sidt (%rsp)")                                                           \
    X(sldt, "sldt %eax")                                                                           \
    X(str, "str %eax")                                                                             \
    X(smsw, "smsw %eax")

/* XCR0 is exactly the state that the kernel switches: a piece that finds another value halts. */
#define FEATURE_PIECES(X)                                                                          \
    X(rdfsbase, ".byte 0xf3,0x48,0x0f,0xae,0xc0")                                                  \
    X(wrgsbase, "xor %eax,%eax; .byte 0xf3,0x48,0x0f,0xae,0xd8")                                   \
    X(wrgsbase_outside, "movabs $0x800000000000,%rax; .byte 0xf3,0x48,0x0f,0xae,0xd8")             \
    X(rdtscp, ".byte 0x0f,0x01,0xf9; test %ecx,%ecx; jnz 1f; jmp 2f; 1: hlt; 2:")                  \
    X(xgetbv_sse, "xor %ecx,%ecx; .byte 0x0f,0x01,0xd0; cmp $3,%eax; je 1f; hlt; 1:")              \
    X(xgetbv_avx, "xor %ecx,%ecx; .byte 0x0f,0x01,0xd0; cmp $7,%eax; je 1f; hlt; 1:")              \
    X(xsetbv, "xor %ecx,%ecx; mov $7,%eax; xor %edx,%edx; .byte 0x0f,0x01,0xd1")                   \
    X(avx, ".byte 0xc5,0xfc,0x57,0xc0")                                                            \
    X(rdpid, ".byte 0xf3,0x0f,0xc7,0xf8; test %eax,%eax; jz 1f; hlt; 1:")

#define DEFINE(id, code, expected) PIECE(id, code)
#define DEFINE_PLAIN(id, code)     PIECE(id, code)
PIECES(DEFINE)
UMIP_PIECES(DEFINE_PLAIN)
FEATURE_PIECES(DEFINE_PLAIN)

#define ROW(id, code, expected) {#id, id##_start, id##_end, expected},
#define ROW_PLAIN(id, code)     {#id, id##_start, id##_end, 0},
static struct piece pieces[] = {UMIP_PIECES(ROW_PLAIN) FEATURE_PIECES(ROW_PLAIN)
                                    PIECES(ROW){NULL, NULL, NULL, 0}};

static void expect(const char *name, unsigned expected)
{
    for (struct piece *piece = pieces; piece->name != NULL; piece++) {
        if (strcmp(piece->name, name) == 0) {
            piece->expected = expected;
        }
    }
}

struct piece *all_pieces(void)
{
    uint32_t eax, ebx = 0, ecx7 = 0, edx, ecx1 = 0, edx_extended = 0, unused;
    __get_cpuid(1, &eax, &unused, &ecx1, &unused);
    __get_cpuid_count(7, 0, &eax, &ebx, &ecx7, &edx);
    __get_cpuid(0x80000001, &eax, &unused, &unused, &edx_extended);
    bool umip = ecx7 >> 2 & 1, fsgsbase = ebx & 1, rdpid = ecx7 >> 22 & 1;
    bool rdtscp = edx_extended >> 27 & 1, xsave = ecx1 >> 26 & 1;
    bool avx = xsave && (ecx1 >> 28 & 1); /* the kernel gives it to users, by default */

#define EXPECT_UMIP(id, code) expect(#id, umip ? PROTECTION : COMPLETED);
    UMIP_PIECES(EXPECT_UMIP)
    expect("rdfsbase", fsgsbase ? COMPLETED : INVALID);
    expect("wrgsbase", fsgsbase ? COMPLETED : INVALID);
    /* QEMU 7.2 takes any base. */
    expect("wrgsbase_outside", fsgsbase ? PROTECTION | COMPLETED : INVALID);
    expect("rdtscp", rdtscp ? COMPLETED : INVALID);
    expect("xgetbv_sse", !xsave ? INVALID : avx ? PROTECTION : COMPLETED);
    expect("xgetbv_avx", !xsave ? INVALID : avx ? COMPLETED : PROTECTION);
    expect("xsetbv", xsave ? PROTECTION : INVALID);
    expect("avx", avx ? COMPLETED : INVALID);
    expect("rdpid", rdpid ? COMPLETED : INVALID);
    return pieces;
}

/* --- int n --- */

__asm__(".pushsection .text\n"
        ".balign 4\n"
        "interrupts_start:\n"
        ".set number, 0\n"
        ".rept 256\n"
        ".byte 0xcd, number\n"
        "ud2\n"
        ".set number, number + 1\n"
        ".endr\n"
        ".popsection\n");
extern const char interrupts_start[];

struct piece *software_interrupts(void)
{
    static struct piece list[257]; /* the last one has no name */
    for (unsigned number = 0; number < 256; number++) {
        const char *start = interrupts_start + 4 * number;
        unsigned expected = number == 3     ? BREAKPOINT
                            : number == 255 ? COMPLETED
                            : number >= 160 ? UNKNOWN_CALL
                                            : PROTECTION;
        list[number] = (struct piece){"software-interrupt", start, start + 2, expected};
    }
    return list;
}

/*
 * --- loops: R14 counts up to R13, R15 counts what did not fault, RBP has the stack at each start
 * ---
 */

#define LOOP(id, step, body)                                                                       \
    extern const char id##_start[], id##_faulting[], id##_next[], id##_end[];                      \
    __asm__(".pushsection .text\n" #id "_start: xor %r14d,%r14d; xor %r15d,%r15d\n"                \
            "mov %rsp,%rbp\n"                                                                      \
            "1: mov %rbp,%rsp\n" body "\n"                                                         \
            "inc %r15d\n" #id "_next: mov %rbp,%rsp; add $" #step ",%r14d\n"                       \
            "cmp %r13d,%r14d; jb 1b\n" #id "_end: ud2\n.popsection\n");

#define PORT_LOOP(id, step, code) LOOP(id, step, "mov %r14d,%edx\n" #id "_faulting: " code)
PORT_LOOP(in_byte, 1, "in %dx,%al")
PORT_LOOP(out_byte, 1, "out %al,%dx")
PORT_LOOP(in_word, 7, "in %dx,%ax")
PORT_LOOP(out_word, 7, "out %ax,%dx")
PORT_LOOP(in_long, 7, "in %dx,%eax")
PORT_LOOP(out_long, 7, "out %eax,%dx")

LOOP(load_ds, 1, "load_ds_faulting: mov %r14d,%ds")
LOOP(load_es, 1, "load_es_faulting: mov %r14d,%es")
LOOP(load_fs, 1, "load_fs_faulting: mov %r14d,%fs")
LOOP(load_gs, 1, "load_gs_faulting: mov %r14d,%gs")
LOOP(load_ss, 1, "load_ss_faulting: mov %r14d,%ss")

/* Far transfers to label 2, in the segment that R14 selects. */
#define FAR_TARGET  "lea 2f(%rip),%rax\n"
#define FAR_POINTER FAR_TARGET "mov %eax,-16(%rsp); mov %r14w,-12(%rsp)\n"
LOOP(far_call, 1, FAR_POINTER "far_call_faulting: lcall *-16(%rsp)\n2:")
LOOP(far_jump, 1, FAR_POINTER "far_jump_faulting: ljmp *-16(%rsp)\n2:")
LOOP(far_return, 1, FAR_TARGET "push %r14; push %rax\nfar_return_faulting: lretq\n2:")
LOOP(interrupt_return, 1,
     FAR_TARGET "pushq $0x23; push %rbp; pushq $0x202; push %r14; push %rax\n"
                "interrupt_return_faulting: iretq\n2:")
LOOP(interrupt_return_stack, 1,
     FAR_TARGET "push %r14; push %rbp; pushq $0x202; pushq $0x2b; push %rax\n"
                "interrupt_return_stack_faulting: iretq\n2:")

/* LAR, LSL, VERR and VERW set a flag instead: what they accept counts as completed. */
#define QUESTION_LOOP(id, instruction)                                                             \
    LOOP(id, 1, #id "_faulting: " instruction "; jnz " #id "_next")
QUESTION_LOOP(ask_lar, "lar %r14d,%eax")
QUESTION_LOOP(ask_lsl, "lsl %r14d,%eax")
QUESTION_LOOP(ask_verr, "verr %r14w")
QUESTION_LOOP(ask_verw, "verw %r14w")

#define ROW_OF_LOOP(id, step, completed, kind)                                                     \
    {                                                                                              \
#id, id##_start, id##_faulting, id##_next, id##_end, step, completed, kind                 \
    }

/*
 * Of all selectors, 4 are null, 4 name the user's data (by RPL) and 4 the user's code, which can be
 * read. SS takes data with RPL 3 alone. A far call or jump takes code with any RPL, a return only
 * with 3.
 */
static struct loop loops[] = {
    ROW_OF_LOOP(in_byte, 1, 0, FAULTS),
    ROW_OF_LOOP(out_byte, 1, 0, FAULTS),
    ROW_OF_LOOP(in_word, 7, 0, FAULTS),
    ROW_OF_LOOP(out_word, 7, 0, FAULTS),
    ROW_OF_LOOP(in_long, 7, 0, FAULTS),
    ROW_OF_LOOP(out_long, 7, 0, FAULTS),
    ROW_OF_LOOP(load_ds, 1, 12, FAULTS),
    ROW_OF_LOOP(load_es, 1, 12, FAULTS),
    ROW_OF_LOOP(load_fs, 1, 12, FAULTS),
    ROW_OF_LOOP(load_gs, 1, 12, FAULTS),
    ROW_OF_LOOP(load_ss, 1, 1, FAULTS),
    ROW_OF_LOOP(far_call, 1, 4, STACK_FAULTS),
    ROW_OF_LOOP(far_jump, 1, 4, FAULTS),
    ROW_OF_LOOP(far_return, 1, 1, STACK_FAULTS),
    ROW_OF_LOOP(interrupt_return, 1, 1, STACK_FAULTS),
    ROW_OF_LOOP(interrupt_return_stack, 1, 1, STACK_FAULTS),
    ROW_OF_LOOP(ask_lar, 1, 8, ANSWERS),
    ROW_OF_LOOP(ask_lsl, 1, 8, ANSWERS),
    ROW_OF_LOOP(ask_verr, 1, 8, ANSWERS),
    ROW_OF_LOOP(ask_verw, 1, 4, ANSWERS),
    {NULL, NULL, NULL, NULL, NULL, 0, 0, FAULTS},
};

struct loop *all_loops(void)
{
    return loops;
}

bool far_stack_is_broken(void)
{
    uint32_t eax, ebx, ecx, edx, features = 0;
    char maker[13] = "";
    __get_cpuid_count(7, 0, &eax, &features, &ecx, &edx);
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    memcpy(maker, &ebx, 4);
    memcpy(maker + 4, &ecx, 4);
    memcpy(maker + 8, &edx, 4);
    return (features >> 20 & 1) && strcmp(maker, "TCGTCGTCGTCG") == 0;
}
