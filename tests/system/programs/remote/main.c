/*
 * Whatever is done to a thread has the same outcome whether the thread runs on the caller's CPU or
 * on another. Each operation is done to a probe on each CPU of the node in turn; what came of it
 * must be what is expected, and so the same everywhere. Prints PASS or FAIL for each operation.
 */
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PRIORITY = 100,
    PATIENCE = 4000,
    CNODE_BITS = 13,
    FPU_VALUE = 0x77,
    NEW_VALUE = 0x99,
    BADGE = 0x31
};

/* probe.asm knows this. */
static struct probe {
    volatile uint64_t counter;
    volatile uint64_t seen;  /* rbx */
    volatile uint64_t tls;   /* what lies at its FS base */
    volatile uint64_t value; /* what lies in the page */
    volatile uint64_t fpu;   /* xmm0 */
    uint64_t page;
    uint64_t use_fpu;
    uint64_t sends; /* the endpoint to which it sends, or 0 */
} probe;

extern const char probe_start[], probe_end[];

static seL4_CPtr tcb, scratch, endpoint, faults, other_cspace, page_frame;
static seL4_CPtr buffer_frame[2];
static seL4_Word *buffer[2], page_address;
static uint64_t cell[2] = {0x1001, 0x1002};
static seL4_Word cpus;

/* --- looking at the probe --- */

static uint64_t read_counter(void)
{
    return probe.counter;
}

/* It gets somewhere, while this thread gives its CPU away. */
static bool goes_on(void)
{
    uint64_t before = read_counter();
    for (unsigned i = 0; i < PATIENCE * 100; i++) {
        if (read_counter() > before + 2) {
            return true;
        }
        seL4_Yield();
    }
    return false;
}

static bool stands_still(void)
{
    uint64_t before = read_counter();
    for (unsigned i = 0; i < PATIENCE / 4; i++) {
        seL4_Yield();
    }
    return read_counter() == before;
}

static bool comes_to_be(volatile uint64_t *word, uint64_t value)
{
    for (unsigned i = 0; i < PATIENCE * 100 && *word != value; i++) {
        seL4_Yield();
    }
    return *word == value;
}

static bool is_in_probe(seL4_Word rip)
{
    return rip >= (seL4_Word)probe_start && rip < (seL4_Word)probe_end;
}

static seL4_UserContext registers(seL4_Word rbx)
{
    return (seL4_UserContext){
        .rip = (seL4_Word)probe_start,
        .rflags = 0x202,
        .r14 = (seL4_Word)&probe,
        .r13 = FPU_VALUE,
        .rbx = rbx,
        .fs_base = (seL4_Word)&cell[0],
    };
}

static bool start_probe(seL4_Word cpu)
{
    seL4_UserContext context = registers(1);
    probe = (struct probe){.page = page_address, .use_fpu = 1};
    return cmk_retype(seL4_TCBObject, 0, 1, tcb) == seL4_NoError &&
           seL4_TCB_Configure(tcb, faults, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0,
                              (seL4_Word)buffer[0], buffer_frame[0]) == seL4_NoError &&
           seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY) == seL4_NoError &&
           seL4_TCB_SetAffinity(tcb, cpu) == seL4_NoError &&
           seL4_TCB_WriteRegisters(tcb, true, 0, 20, &context) == seL4_NoError && goes_on();
}

static bool delete (seL4_CPtr slot)
{
    return seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits) == seL4_NoError;
}

/* --- the operations: true if all is as it must be, wherever the probe runs --- */

static bool suspend_and_resume(void)
{
    seL4_UserContext context;
    return seL4_TCB_Suspend(tcb) == seL4_NoError && stands_still() &&
           seL4_TCB_ReadRegisters(tcb, false, 0, 20, &context) == seL4_NoError &&
           is_in_probe(context.rip) && context.rbx == 1 && context.r14 == (seL4_Word)&probe &&
           seL4_TCB_Resume(tcb) == seL4_NoError && goes_on() &&
           seL4_TCB_Resume(tcb) == seL4_NoError && goes_on();
}

static bool read_registers(void)
{
    seL4_UserContext context;
    bool good = seL4_TCB_ReadRegisters(tcb, false, 0, 20, &context) == seL4_NoError &&
                is_in_probe(context.rip) && context.rbx == 1 && context.r13 == FPU_VALUE &&
                context.fs_base == (seL4_Word)&cell[0] && goes_on();
    return good && seL4_TCB_ReadRegisters(tcb, true, 0, 20, &context) == seL4_NoError &&
           is_in_probe(context.rip) && stands_still();
}

static bool write_registers(void)
{
    seL4_UserContext context = registers(NEW_VALUE);
    context.fs_base = (seL4_Word)&cell[1];
    return seL4_TCB_WriteRegisters(tcb, false, 0, 20, &context) == seL4_NoError && goes_on() &&
           comes_to_be(&probe.seen, NEW_VALUE) && comes_to_be(&probe.tls, cell[1]) &&
           comes_to_be(&probe.fpu, FPU_VALUE);
}

static bool copy_registers_from(void)
{
    seL4_UserContext context;
    return seL4_TCB_CopyRegisters(scratch, tcb, false, false, true, true, 0) == seL4_NoError &&
           goes_on() && seL4_TCB_ReadRegisters(scratch, false, 0, 20, &context) == seL4_NoError &&
           is_in_probe(context.rip) && context.rbx == 1 && context.fs_base == (seL4_Word)&cell[0];
}

static bool copy_registers_to(void)
{
    seL4_UserContext context = registers(NEW_VALUE);
    context.fs_base = (seL4_Word)&cell[1];
    return seL4_TCB_WriteRegisters(scratch, false, 0, 20, &context) == seL4_NoError &&
           seL4_TCB_CopyRegisters(tcb, scratch, false, false, true, true, 0) == seL4_NoError &&
           goes_on() && comes_to_be(&probe.seen, NEW_VALUE) && comes_to_be(&probe.tls, cell[1]);
}

static bool set_tls_base(void)
{
    return seL4_TCB_SetTLSBase(tcb, (seL4_Word)&cell[1]) == seL4_NoError && goes_on() &&
           comes_to_be(&probe.tls, cell[1]) && probe.seen == 1;
}

/* What the probe's next message but one says: the next may have been on its way. */
static bool sends(seL4_Word badge, seL4_Word fifth_word)
{
    seL4_Word got = 0;
    probe.sends = endpoint;
    for (unsigned i = 0; i < 2; i++) {
        (void)seL4_Recv(endpoint, &got);
    }
    return got == badge && seL4_GetMR(4) == fifth_word;
}

static bool set_ipc_buffer(void)
{
    return sends(0, 0x501) &&
           seL4_TCB_SetIPCBuffer(tcb, (seL4_Word)buffer[1], buffer_frame[1]) == seL4_NoError &&
           sends(0, 0x502) && goes_on();
}

static bool set_space(void)
{
    return sends(0, 0x501) &&
           seL4_TCB_SetSpace(tcb, faults, other_cspace, 0, seL4_CapInitThreadVSpace, 0) ==
               seL4_NoError &&
           sends(BADGE, 0x501) && goes_on();
}

static bool configure(void)
{
    return seL4_TCB_Configure(tcb, faults, other_cspace, 0, seL4_CapInitThreadVSpace, 0,
                              (seL4_Word)buffer[1], buffer_frame[1]) == seL4_NoError &&
           sends(BADGE, 0x502) && goes_on();
}

static void spin(void *argument)
{
    (void)argument;
    for (;;) {
        __asm__ volatile("pause");
    }
}

/* Beside a thread of its old priority on the same CPU. */
static bool set_priority(void)
{
    struct cmk_thread rival;
    if (!cmk_create_thread(&rival, seL4_DebugGetThreadAffinity(tcb), PRIORITY, spin, NULL)) {
        return false;
    }
    bool good = seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY - 1) == seL4_NoError &&
                stands_still() &&
                seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, 0, PRIORITY) == seL4_NoError &&
                goes_on() &&
                seL4_TCB_SetMCPriority(tcb, seL4_CapInitThreadTCB, 7) == seL4_NoError && goes_on();
    return seL4_TCB_Suspend(rival.tcb) == seL4_NoError && good;
}

static bool set_affinity(void)
{
    for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
        if (seL4_TCB_SetAffinity(tcb, cpu) != seL4_NoError || !goes_on() ||
            probe.fpu != FPU_VALUE || probe.seen != 1) {
            return false;
        }
    }
    return true;
}

/* The next fault of the probe; it goes on after the reply. */
static bool faults_with(seL4_Word label, seL4_Word index, seL4_Word word)
{
    seL4_MessageInfo_t info = seL4_Recv(faults, NULL);
    return seL4_MessageInfo_get_label(info) == label && seL4_GetMR((int)index) == word;
}

/* The FPU state is kept while the thread may not use it. */
static bool set_flags(void)
{
    bool good = seL4_TCB_SetFlags(tcb, 0, seL4_TCBFlag_fpuDisabled).error == seL4_NoError &&
                faults_with(seL4_Fault_UserException, seL4_UserException_Number, 7);
    if (!good || seL4_TCB_SetFlags(tcb, seL4_TCBFlag_fpuDisabled, 0).error != seL4_NoError) {
        return false;
    }
    probe.fpu = 0;
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    return goes_on() && comes_to_be(&probe.fpu, FPU_VALUE);
}

static bool unmap_page(void)
{
    bool good = seL4_X86_Page_Unmap(page_frame) == seL4_NoError &&
                faults_with(seL4_Fault_VMFault, seL4_VMFault_Addr, page_address);
    good = good && cmk_map_frame(page_frame, page_address, seL4_ReadWrite,
                                 seL4_X86_Default_VMAttributes) == seL4_NoError;
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    return good && goes_on();
}

static bool bind_notification(void)
{
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    return seL4_TCB_BindNotification(tcb, notification) == seL4_NoError && goes_on() &&
           seL4_TCB_BindNotification(tcb, notification) == seL4_IllegalOperation && goes_on() &&
           seL4_TCB_UnbindNotification(tcb) == seL4_NoError && goes_on();
}

static bool delete_thread(void)
{
    bool good = delete (tcb) && stands_still();
    return good && cmk_retype(seL4_TCBObject, 0, 1, tcb) == seL4_NoError; /* the slot is empty */
}

static bool refused_operations(void)
{
    return seL4_TCB_SetAffinity(tcb, cpus) == seL4_IllegalOperation && goes_on() &&
           seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, 256) == seL4_RangeError && goes_on();
}

/* A server that answers with the APIC ID of the CPU on which it runs, as the CPU says. */
static void serve(void *argument)
{
    (void)argument;
    (void)seL4_Recv(endpoint, NULL);
    for (;;) {
        unsigned eax = 1, ebx, ecx = 0, edx;
        __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        seL4_SetMR(0, ebx >> 24);
        (void)seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 1), NULL);
    }
}

static seL4_Word ask_server(void)
{
    (void)seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    return seL4_GetMR(0);
}

/* A thread that waits for a message, on whatever CPU, takes it where it belongs by then. */
static bool moved_while_waiting(void)
{
    const seL4_Word *apic_ids = cmk_cluster()->nodes[cmk_cluster()->node_id].apic_ids;
    struct cmk_thread server;
    bool good = cmk_create_thread(&server, 0, PRIORITY, serve, NULL);
    for (unsigned i = 0; i < 4 * cpus && good; i++) {
        seL4_Word cpu = i % 3 % cpus;
        for (unsigned calls = 0; calls < 3 && good; calls++) {
            good = seL4_TCB_SetAffinity(server.tcb, cpu) == seL4_NoError &&
                   ask_server() == apic_ids[cpu];
        }
    }
    return seL4_TCB_Suspend(server.tcb) == seL4_NoError && good;
}

static const struct operation {
    const char *name;
    bool (*run)(void);
} operations[] = {
    {"suspend_and_resume", suspend_and_resume},
    {"read_registers", read_registers},
    {"write_registers", write_registers},
    {"copy_registers_from", copy_registers_from},
    {"copy_registers_to", copy_registers_to},
    {"set_tls_base", set_tls_base},
    {"set_ipc_buffer", set_ipc_buffer},
    {"set_space", set_space},
    {"configure", configure},
    {"set_priority", set_priority},
    {"set_affinity", set_affinity},
    {"set_flags", set_flags},
    {"unmap_page", unmap_page},
    {"bind_notification", bind_notification},
    {"refused_operations", refused_operations},
    {"moved_while_waiting", moved_while_waiting},
    {"delete_thread", delete_thread},
};

/* --- setting up --- */

/* A CSpace in which the endpoint's address names a badged capability to it. */
static bool make_other_cspace(void)
{
    seL4_CPtr cnode = cmk_alloc_object(seL4_CapTableObject, CNODE_BITS);
    other_cspace = cmk_alloc_slot();
    return cnode != 0 && endpoint >> CNODE_BITS == 0 &&
           seL4_CNode_Mint(cnode, endpoint, CNODE_BITS, seL4_CapInitThreadCNode, endpoint,
                           seL4_WordBits, seL4_AllRights, BADGE) == seL4_NoError &&
           seL4_CNode_Mint(cnode, faults, CNODE_BITS, seL4_CapInitThreadCNode, faults,
                           seL4_WordBits, seL4_AllRights, 0) == seL4_NoError &&
           seL4_CNode_Mint(seL4_CapInitThreadCNode, other_cspace, seL4_WordBits,
                           seL4_CapInitThreadCNode, cnode, seL4_WordBits, seL4_AllRights,
                           seL4_CNode_CapData_new(0, seL4_WordBits - CNODE_BITS).words[0]) ==
               seL4_NoError;
}

static bool set_up(void)
{
    tcb = cmk_alloc_slot();
    scratch = cmk_alloc_object(seL4_TCBObject, 0);
    endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    faults = cmk_alloc_object(seL4_EndpointObject, 0);
    page_frame = cmk_alloc_object(seL4_X86_4K, 0);
    page_address = cmk_alloc_addresses(4096, 12);
    for (unsigned i = 0; i < 2; i++) {
        buffer_frame[i] = cmk_alloc_object(seL4_X86_4K, 0);
        buffer[i] = cmk_map_frames(buffer_frame[i], 1, seL4_PageBits, seL4_ReadWrite,
                                   seL4_X86_Default_VMAttributes);
        if (buffer[i] == NULL) {
            return false;
        }
        ((seL4_IPCBuffer *)buffer[i])->msg[4] = 0x501 + i;
    }
    return make_other_cspace() &&
           cmk_map_frame(page_frame, page_address, seL4_ReadWrite, seL4_X86_Default_VMAttributes) ==
               seL4_NoError &&
           seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY) ==
               seL4_NoError;
}

int main(void)
{
    int status = 0;
    cpus = cmk_cluster()->nodes[cmk_cluster()->node_id].num_cpus;
    if (!set_up()) {
        printf("remote: cannot be set up\n");
        return 2;
    }
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
            bool good = start_probe(cpu) && operations[i].run();
            good = delete (tcb) && good;
            printf("%s %s_on_cpu_%lu\n", good ? "PASS" : "FAIL", operations[i].name, cpu);
            status |= !good;
        }
    }
    return status;
}
