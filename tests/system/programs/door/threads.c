/* The threads that are pushed around. */
#include "../../vector_registers.h"
#include "door.h"

const volatile seL4_Word *window;
seL4_CPtr fault_endpoint;
seL4_CPtr notification;
atomic_ulong sequence;
atomic_bool stop;
atomic_uint stopped;
atomic_ulong traps, handled, mistakes;
atomic_ulong progress[MAX_THREADS];

static __thread seL4_Word own_number;

WITHOUT_FPU void note_mistake(char letter)
{
    atomic_fetch_add(&mistakes, 1);
    seL4_DebugPutChar(letter);
}

WITHOUT_FPU static void round_done(seL4_Word number)
{
    if (own_number != number) {
        note_mistake('S');
    }
    atomic_fetch_add(&progress[number], 1);
}

static bool has_fsgsbase(void)
{
    unsigned eax = 7, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx & 1;
}

/*
 * Puts `pattern` and a rounding mode into FPU registers, spends `spins` loops, perhaps yields, and
 * looks at them again.
 */
static bool fpu_keeps(seL4_Word pattern, seL4_Word spins, seL4_Word yield, seL4_Word has_ymm)
{
    enum { MXCSR_MASKED = 0x1f80, MXCSR_TOWARDS_ZERO = 0x6000, MXCSR_CONTROL = 0x7fc0, YIELD = -7 };
    unsigned mxcsr = MXCSR_MASKED | (pattern & 1 ? MXCSR_TOWARDS_ZERO : 0);
    unsigned mxcsr_after;
    seL4_Word first, last, x87;
    seL4_Word first_upper[2] = {pattern}, last_upper[2] = {pattern};
    __asm__ volatile(
        "ldmxcsr %[mxcsr]\n\t"
        "movq %[pattern], %%xmm0\n\t"
        "movq %[pattern], %%xmm15\n\t"
        "test %[has_ymm], %[has_ymm]\n\t"
        "jz 3f\n\t"
        "vinsertf128 $1, %%xmm0, %%ymm0, %%ymm0\n\t"
        "vinsertf128 $1, %%xmm15, %%ymm15, %%ymm15\n"
        "3:\tfninit\n\t"
        "fildq %[memory]\n"
        "1:\tdec %[spins]\n\t"
        "jnz 1b\n\t"
        "test %[yield], %[yield]\n\t"
        "jz 2f\n\t"
        "movq %[number], %%rdx\n\t"
        "mov %%rsp, %%rbx\n\t"
        "syscall\n\t"
        "mov %%rbx, %%rsp\n"
        "2:\ttest %[has_ymm], %[has_ymm]\n\t"
        "jz 4f\n\t"
        "vextractf128 $1, %%ymm0, %[first_upper]\n\t"
        "vextractf128 $1, %%ymm15, %[last_upper]\n"
        "4:\tmovq %%xmm0, %[first]\n\t"
        "movq %%xmm15, %[last]\n\t"
        "fistpq %[x87]\n\t"
        "stmxcsr %[after]"
        : [spins] "+r"(spins), [first] "=&r"(first), [last] "=&r"(last), [x87] "=m"(x87),
          [after] "=m"(mxcsr_after), [first_upper] "+m"(first_upper), [last_upper] "+m"(last_upper)
        : [pattern] "r"(pattern), [memory] "m"(pattern), [yield] "r"(yield), [mxcsr] "m"(mxcsr),
          [number] "i"(YIELD), [has_ymm] "r"(has_ymm)
        : "rbx", "rcx", "rdx", "r11", "xmm0", "xmm15", "memory", "cc");
    return first == pattern && last == pattern && x87 == pattern && first_upper[0] == pattern &&
           last_upper[0] == pattern && (mxcsr_after & MXCSR_CONTROL) == (mxcsr & MXCSR_CONTROL);
}

void fpu_thread(void *argument)
{
    seL4_Word number = (seL4_Word)argument;
    bool bases = has_fsgsbase();
    bool ymm = has_ymm_registers();
    own_number = number;
    for (seL4_Word round = 0; !atomic_load(&stop); round++) {
        seL4_Word gs_base = number << 32 | (round & 0xffff) << 12;
        seL4_Word gs_base_after = gs_base;
        if (bases) {
            __asm__ volatile("wrgsbase %0" : : "r"(gs_base));
        }
        if (!fpu_keeps(number << 32 | (round & 0xffffffff), 300 + 37 * number, round & 1, ymm)) {
            note_mistake('F');
        }
        if (bases) {
            __asm__ volatile("rdgsbase %0" : "=r"(gs_base_after));
        }
        if (gs_base_after != gs_base) {
            note_mistake('G');
        }
        round_done(number);
    }
    atomic_fetch_add(&stopped, 1);
}

WITHOUT_FPU void window_thread(void *argument)
{
    seL4_Word number = (seL4_Word)argument;
    own_number = number;
    for (seL4_Word round = 0; !atomic_load(&stop); round++) {
        seL4_Word before = atomic_load(&sequence);
        seL4_Word value = *window;
        bool steady = before % 2 == 0 && atomic_load(&sequence) == before;
        if (steady && value != FIRST_VALUE + before / 2 % FRAMES) {
            note_mistake('T');
        }
        if (round % 16 == 0) {
            seL4_Signal(notification);
        }
        round_done(number);
    }
    atomic_fetch_add(&stopped, 1);
}

/* `int 200` is an unknown system call; the handler skips it and answers in rax. */
WITHOUT_FPU static void trap_both_ways(void)
{
    seL4_Word answer = 5;
    atomic_fetch_add(&traps, 1);
    __asm__ volatile("int3" : : : "memory");
    atomic_fetch_add(&traps, 1);
    __asm__ volatile(".byte 0xcd, 3" : : : "memory"); /* the other encoding, one byte longer */
    __asm__ volatile("int $200" : "+a"(answer) : : "memory");
    if (answer != 6) {
        note_mistake('U');
    }
}

WITHOUT_FPU void trap_thread(void *argument)
{
    seL4_Word number = (seL4_Word)argument;
    own_number = number;
    while (!atomic_load(&stop)) {
        trap_both_ways();
        round_done(number);
    }
    atomic_fetch_add(&stopped, 1);
}

void handler_thread(void *argument)
{
    (void)argument;
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(fault_endpoint, &badge);
    for (;;) {
        seL4_Word length = 0;
        if (seL4_MessageInfo_get_label(message) == seL4_Fault_UnknownSyscall) {
            seL4_SetMR(seL4_UnknownSyscall_RAX, 6);
            seL4_SetMR(seL4_UnknownSyscall_FaultIP, seL4_GetMR(seL4_UnknownSyscall_FaultIP) + 2);
            length = seL4_UnknownSyscall_FaultIP + 1;
        } else if (seL4_MessageInfo_get_label(message) == seL4_Fault_UserException &&
                   seL4_GetMR(seL4_UserException_Number) == 3) {
            atomic_fetch_add(&handled, 1);
        } else {
            note_mistake('H');
        }
        message = seL4_ReplyRecv(fault_endpoint, seL4_MessageInfo_new(0, 0, 0, length), &badge);
    }
}
