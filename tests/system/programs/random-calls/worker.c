/*
 * A worker: random system calls, most of them nearly right. It must not use any variable of the
 * program, nor thread-local ones: the IPC buffer is in its page. Its registers may be rewritten at
 * any time; then it faults, and is started anew.
 */
#include "random_calls.h"

struct call {
    uint64_t number, capability, info, mr[4];
};

static uint64_t next(struct worker_page *page)
{
    uint64_t x = page->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    page->random = x;
    return x * 0x2545f4914f6cdd1dull >> 8;
}

static uint64_t below(struct worker_page *page, uint64_t limit)
{
    return next(page) % limit;
}

static bool one_in(struct worker_page *page, uint64_t n)
{
    return below(page, n) == 0;
}

/* --- values --- */

static const uint64_t odd_values[] = {
    0,
    1,
    7,
    64,
    255,
    4096,
    0x7fffffffffff,
    0x800000000000,
    0xffff800000000000,
    0xffffffff80000000,
    0xfffffffffffffff0,
    ~0ull,
    0x7ffffffff000,
    1ull << 46,
    1ull << 47,
    1ull << 63,
    0x202,
    0x3ffff,
    0xfee00000,
};

static uint64_t odd(struct worker_page *page)
{
    return one_in(page, 4) ? next(page) << below(page, 56)
                           : odd_values[below(page, sizeof(odd_values) / sizeof(odd_values[0]))];
}

static seL4_CPtr slot(struct worker_page *page, enum kind kind)
{
    return one_in(page, 12) ? below(page, SANDBOX_SLOTS)
                            : slot_of(kind, (unsigned)below(page, SLOTS_PER_KIND));
}

static seL4_CPtr any_slot(struct worker_page *page)
{
    return one_in(page, 40) ? odd(page) : below(page, KINDS * SLOTS_PER_KIND);
}

static uint64_t depth(struct worker_page *page)
{
    return one_in(page, 16) ? below(page, 70) : one_in(page, 6) ? 4 : 64;
}

/* In a few places that fit together: pages, tables and directories of three 1 GiB regions. */
static uint64_t address(struct worker_page *page)
{
    if (one_in(page, 20)) {
        return odd(page);
    }
    return 0x200000000000 + (below(page, 3) << 39) + (below(page, 2) << 30) +
           (below(page, 3) << 21) + (below(page, 4) << 12);
}

/* --- which capability a method belongs to --- */

static enum kind kind_for(struct worker_page *page, uint64_t label)
{
    if (label == UntypedRetype) {
        return KIND_UNTYPED;
    } else if (label <= TCBSetFlags) {
        return KIND_TCB;
    } else if (label <= CNodeSaveCaller) {
        return KIND_CNODE;
    } else if (label == IRQAckIRQ || label == IRQSetIRQHandler || label == IRQClearIRQHandler) {
        return KIND_HANDLER;
    }
    switch (label) {
    case X86PDPTMap:
    case X86PDPTUnmap:
        return KIND_PDPT;
    case X86PageDirectoryMap:
    case X86PageDirectoryUnmap:
        return KIND_DIRECTORY;
    case X86PageTableMap:
    case X86PageTableUnmap:
        return KIND_PAGE_TABLE;
    case X86PageMap:
    case X86PageUnmap:
    case X86PageGetAddress:
        return KIND_FRAME;
    case X86ASIDPoolAssign:
        return KIND_POOL;
    default:
        return one_in(page, 2) ? KIND_CONTROL : (enum kind)below(page, KINDS);
    }
}

/* Object types, and where the new capabilities go. */
static void retype_arguments(struct worker_page *page, uint64_t words[], seL4_CPtr caps[])
{
    static const enum kind kind_of_type[] = {
        KIND_UNTYPED, KIND_TCB,   KIND_ENDPOINT, KIND_NOTIFICATION, KIND_CNODE,      KIND_PDPT,
        KIND_PML4,    KIND_FRAME, KIND_FRAME,    KIND_FRAME,        KIND_PAGE_TABLE, KIND_DIRECTORY,
    };
    uint64_t type = below(page, sizeof(kind_of_type) / sizeof(kind_of_type[0]));
    words[0] = one_in(page, 40) ? odd(page) : type;
    words[1] = one_in(page, 40) ? odd(page) : 4 + below(page, type == seL4_UntypedObject ? 12 : 4);
    words[2] = one_in(page, 10) ? any_slot(page) : 0;
    words[3] = one_in(page, 10) ? depth(page) : 0;
    words[4] = slot(page, kind_of_type[type]);
    words[5] = one_in(page, 8) ? below(page, 20) : 1;
    caps[0] = slot(page, KIND_CNODE);
}

static void cnode_arguments(struct worker_page *page, uint64_t words[], seL4_CPtr caps[])
{
    for (unsigned i = 0; i < 8; i++) {
        words[i] = i % 2 == 0 ? any_slot(page) : depth(page);
    }
    words[4] = one_in(page, 4) ? next(page) : below(page, 16); /* rights, or an index */
    words[5] = one_in(page, 4) ? next(page) : depth(page);     /* badge, or a depth */
    caps[0] = slot(page, KIND_CNODE);
    caps[1] = slot(page, KIND_CNODE);
}

static void tcb_arguments(struct worker_page *page, uint64_t label, uint64_t words[],
                          seL4_CPtr caps[])
{
    words[0] = one_in(page, 8) ? odd(page) : below(page, 128);
    words[1] = one_in(page, 8) ? odd(page) : below(page, 21);
    if (label == TCBSetAffinity) {
        words[0] = below(page, 5);
    } else if (label == TCBConfigure || label == TCBSetSpace) {
        words[0] = slot(page, KIND_ENDPOINT);
        words[1] = one_in(page, 2) ? 56 : odd(page);
        words[3] = one_in(page, 2) ? (uint64_t)page : address(page);
    } else if (label == TCBSetIPCBuffer) {
        words[0] = one_in(page, 2) ? (uint64_t)page : address(page);
    }
    caps[0] = label == TCBConfigure || label == TCBSetSpace ? slot(page, KIND_CNODE)
              : label == TCBBindNotification                ? slot(page, KIND_NOTIFICATION)
              : label == TCBSetIPCBuffer                    ? slot(page, KIND_FRAME)
                                                            : slot(page, KIND_TCB);
    caps[1] = slot(page, KIND_PML4);
    caps[2] = slot(page, KIND_FRAME);
}

static void memory_arguments(struct worker_page *page, uint64_t words[], seL4_CPtr caps[])
{
    words[0] = address(page);
    words[1] = below(page, 8);
    words[2] = below(page, 4);
    caps[0] = slot(page, KIND_PML4);
    caps[1] = slot(page, KIND_CNODE);
}

static void control_arguments(struct worker_page *page, uint64_t words[], seL4_CPtr caps[])
{
    for (unsigned i = 0; i < 8; i++) {
        words[i] = one_in(page, 3) ? odd(page) : below(page, 20);
    }
    words[1] = one_in(page, 2) ? words[1] : slot(page, KIND_HANDLER);
    words[2] = one_in(page, 2) ? 64 : slot(page, KIND_SIGNAL);
    words[3] = 64;
    caps[0] = slot(page, one_in(page, 2) ? KIND_NOTIFICATION : KIND_CNODE);
    caps[1] = slot(page, KIND_CNODE);
}

static uint64_t random_label(struct worker_page *page)
{
    enum { OURS = 0x1000, LABELS = X86IRQIssueIRQHandlerMSI + 1 };
    return one_in(page, 50)   ? odd(page)
           : one_in(page, 30) ? OURS + below(page, 4)
                              : below(page, LABELS);
}

static struct call random_invocation(struct worker_page *page)
{
    uint64_t words[8], label = random_label(page);
    seL4_CPtr caps[3] = {any_slot(page), any_slot(page), any_slot(page)};
    for (unsigned i = 0; i < 8; i++) {
        words[i] = odd(page);
    }
    if (label == UntypedRetype) {
        retype_arguments(page, words, caps);
    } else if (label <= TCBSetFlags) {
        tcb_arguments(page, label, words, caps);
    } else if (label <= CNodeSaveCaller) {
        cnode_arguments(page, words, caps);
    } else if (label >= X86PDPTMap && label <= X86PageGetAddress) {
        memory_arguments(page, words, caps);
    } else {
        control_arguments(page, words, caps);
    }
    for (unsigned i = 4; i < 8; i++) {
        page->buffer.msg[i] = words[i];
    }
    for (unsigned i = 0; i < 3; i++) {
        page->buffer.caps_or_badges[i] = caps[i];
    }
    uint64_t length = one_in(page, 10)             ? below(page, 128)
                      : one_in(page, 3)            ? 8
                      : label == TCBWriteRegisters ? 22
                                                   : 6;
    return (struct call){
        .number = (uint64_t)seL4_SysCall,
        .capability = one_in(page, 100) ? any_slot(page) : slot(page, kind_for(page, label)),
        .info = one_in(page, 100) ? odd(page) : label << 12 | below(page, 4) << 7 | length,
        .mr = {words[0], words[1], words[2], words[3]},
    };
}

/* Messages: to endpoints and notifications mostly; their receive slots are anywhere. */
static struct call random_message(struct worker_page *page)
{
    static const int64_t numbers[] = {
        seL4_SysNBSend, seL4_SysNBRecv,     seL4_SysReply,
        seL4_SysYield,  seL4_SysSetTLSBase, seL4_SysDebugCapIdentify,
        seL4_SysSend,   seL4_SysCall,       seL4_SysReplyRecv,
        seL4_SysRecv, /* these may block */
    };
    enum { ALL = sizeof(numbers) / sizeof(numbers[0]), NOT_BLOCKING = 6 };
    static const enum kind kinds[] = {KIND_ENDPOINT, KIND_NOTIFICATION, KIND_SIGNAL, KIND_REPLY,
                                      KIND_HANDLER};
    for (unsigned i = 0; i < 3; i++) {
        page->buffer.caps_or_badges[i] = any_slot(page);
    }
    page->buffer.receiveCNode = slot(page, KIND_CNODE);
    page->buffer.receiveIndex = any_slot(page);
    page->buffer.receiveDepth = depth(page);
    return (struct call){
        .number = (uint64_t)numbers[below(page, one_in(page, 30) ? ALL : NOT_BLOCKING)],
        .capability = one_in(page, 30) ? odd(page) : slot(page, kinds[below(page, 5)]),
        .info = one_in(page, 10)
                    ? next(page)
                    : below(page, 1 << 12) << 12 | below(page, 4) << 7 | below(page, 128),
        .mr = {next(page), odd(page), any_slot(page), next(page)},
    };
}

/* --- carrying it out --- */

static void enter(const struct call *call)
{
    register uint64_t mr0 __asm__("r10") = call->mr[0];
    register uint64_t mr1 __asm__("r8") = call->mr[1];
    register uint64_t mr2 __asm__("r9") = call->mr[2];
    register uint64_t mr3 __asm__("r15") = call->mr[3];
    uint64_t rdi = call->capability, rsi = call->info;
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "syscall\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(rdi), "+S"(rsi), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                     : "d"(call->number)
                     : "rbx", "rcx", "r11", "memory");
}

static void fault(struct worker_page *page)
{
    switch (below(page, 5)) {
    case 0:
        __asm__ volatile("ud2");
        break;
    case 1:
        __asm__ volatile("int3");
        break;
    case 2:
        __asm__ volatile("int $0xa5");
        break;
    case 3:
        (void)*(volatile char *)odd(page);
        break;
    case 4: /* a system call that does not exist, unless the number is by chance one that prints */
        enter(&(struct call){.number = below(page, 1000)});
        break;
    }
}

/* Changes a word of somebody's IPC buffer, at any moment of that thread's life. */
static void disturb(struct worker_page *page)
{
    char *other = (char *)page->others + below(page, page->worker_count) * WORKER_BYTES;
    ((volatile uint64_t *)other)[below(page, sizeof(seL4_IPCBuffer) / sizeof(uint64_t))] =
        odd(page);
}

_Noreturn void worker_main(struct worker_page *page)
{
    for (;;) {
        page->calls++;
        if (one_in(page, 3000)) {
            fault(page);
        } else if (one_in(page, 20)) {
            disturb(page);
        } else {
            struct call call = one_in(page, 8) ? random_message(page) : random_invocation(page);
            enter(&call);
        }
    }
}
