/*
 * Every function, and the types and constants around them, used once in the way programs written
 * for seL4 use them. That this compiles without a warning is the test; nothing here runs. All
 * headers are included by the names that such programs know.
 */
#include <autoconf.h>
#include <interfaces/sel4_client.h>
#include <kernel/gen_config.h>
#include <sel4/arch/bootinfo_types.h>
#include <sel4/arch/constants.h>
#include <sel4/arch/faults.h>
#include <sel4/arch/functions.h>
#include <sel4/arch/invocation.h>
#include <sel4/arch/mapping.h>
#include <sel4/arch/objecttype.h>
#include <sel4/arch/simple_types.h>
#include <sel4/arch/syscalls.h>
#include <sel4/arch/types.h>
#include <sel4/assert.h>
#include <sel4/autoconf.h>
#include <sel4/bootinfo.h>
#include <sel4/bootinfo_types.h>
#include <sel4/config.h>
#include <sel4/constants.h>
#include <sel4/debug_assert.h>
#include <sel4/errors.h>
#include <sel4/faults.h>
#include <sel4/functions.h>
#include <sel4/gen_config.h>
#include <sel4/invocation.h>
#include <sel4/macros.h>
#include <sel4/messages.h>
#include <sel4/mode/mapping.h>
#include <sel4/mode/objecttype.h>
#include <sel4/mode/types.h>
#include <sel4/objecttype.h>
#include <sel4/plat/api/constants.h>
#include <sel4/sel4.h>
#include <sel4/sel4_arch/constants.h>
#include <sel4/sel4_arch/faults.h>
#include <sel4/sel4_arch/functions.h>
#include <sel4/sel4_arch/invocation.h>
#include <sel4/sel4_arch/mapping.h>
#include <sel4/sel4_arch/objecttype.h>
#include <sel4/sel4_arch/simple_types.h>
#include <sel4/sel4_arch/syscalls.h>
#include <sel4/sel4_arch/types.h>
#include <sel4/shared_types.h>
#include <sel4/shared_types_gen.h>
#include <sel4/simple_types.h>
#include <sel4/syscall.h>
#include <sel4/syscalls.h>
#include <sel4/types.h>

#include <cmk/cluster.h>
#include <stdio.h>

SEL4_COMPILE_ASSERT(words_are_64_bits, sizeof(seL4_Word) == 8)
SEL4_SIZE_SANITY(seL4_PageTableEntryBits, seL4_PageTableIndexBits, seL4_PageTableBits)
SEL4_SIZE_SANITY(seL4_PageDirEntryBits, seL4_PageDirIndexBits, seL4_PageDirBits)
SEL4_SIZE_SANITY(seL4_PDPTEntryBits, seL4_PDPTIndexBits, seL4_PDPTBits)
SEL4_SIZE_SANITY(seL4_PML4EntryBits, seL4_PML4IndexBits, seL4_PML4Bits)
SEL4_SIZE_SANITY(seL4_VSpaceEntryBits, seL4_VSpaceIndexBits, seL4_VSpaceBits)

#if !defined(CONFIG_ENABLE_SMP_SUPPORT) || defined(CONFIG_KERNEL_MCS) || CONFIG_WORD_SIZE != 64 || \
    CONFIG_NUM_DOMAINS != 1
#error "not the configuration that the ABI says"
#endif

void use_messages(seL4_CPtr endpoint, seL4_CPtr notification);
void use_objects(seL4_CPtr cap);
void use_threads(seL4_TCB tcb);
void use_memory(seL4_CPtr vspace, seL4_CPtr cap);
void use_devices(seL4_CPtr cap);
void use_faults(seL4_MessageInfo_t tag);
void use_boot_info(void);
void use_debugging(seL4_CPtr cap);
void use_cluster(void);

void use_messages(seL4_CPtr endpoint, seL4_CPtr notification)
{
    seL4_Word badge, mr0 = 0, mr1 = 1, mr2 = 2, mr3 = 3;
    seL4_CPtr cnode, index;
    seL4_Word depth;
    seL4_MessageInfo_t info = seL4_MessageInfo_new(0, 0, 1, seL4_MsgMaxLength);

    seL4_MessageInfo_ptr_new(&info, 1, 0, 0, 2);
    info = seL4_MessageInfo_set_capsUnwrapped(seL4_MessageInfo_set_extraCaps(info, 1), 0);
    info = seL4_MessageInfo_set_label(seL4_MessageInfo_set_length(info, 4), 5);
    seL4_SetMR(0, seL4_GetMR(1));
    seL4_SetCap(0, seL4_GetCap(1));
    seL4_SetUserData(seL4_GetUserData() + seL4_GetBadge(0));
    seL4_SetTag(seL4_GetTag());
    seL4_SetCapReceivePath(seL4_CapInitThreadCNode, 5, seL4_WordBits);
    seL4_GetCapReceivePath(&cnode, &index, &depth);
    seL4_SetIPCBuffer(seL4_GetIPCBuffer());

    seL4_Send(endpoint, info);
    seL4_NBSend(endpoint, info);
    seL4_Reply(info);
    info = seL4_Call(endpoint, info);
    info = seL4_Recv(endpoint, &badge);
    info = seL4_NBRecv(endpoint, &badge);
    info = seL4_ReplyRecv(endpoint, info, &badge);
    info = seL4_Poll(notification, &badge);
    seL4_Wait(notification, &badge);
    seL4_Wait(notification, NULL);
    seL4_Signal(notification);
    seL4_Yield();
    seL4_SendWithMRs(endpoint, info, &mr0, &mr1, &mr2, &mr3);
    seL4_NBSendWithMRs(endpoint, info, &mr0, &mr1, NULL, NULL);
    seL4_ReplyWithMRs(info, &mr0, &mr1, &mr2, &mr3);
    info = seL4_CallWithMRs(endpoint, info, &mr0, &mr1, &mr2, seL4_Null);
    info = seL4_RecvWithMRs(endpoint, &badge, &mr0, &mr1, &mr2, &mr3);
    info = seL4_NBRecvWithMRs(endpoint, &badge, &mr0, &mr1, &mr2, &mr3);
    info = seL4_ReplyRecvWithMRs(endpoint, info, &badge, &mr0, &mr1, &mr2, &mr3);
    printf("%" SEL4_PRIu_word " %" SEL4_PRIx_word " %d\n", seL4_MessageInfo_get_label(info),
           seL4_MessageInfo_get_length(info), (int)seL4_MessageInfo_get_extraCaps(info));
}

void use_objects(seL4_CPtr cap)
{
    seL4_CNode root = seL4_CapInitThreadCNode;
    seL4_CapRights_t rights = seL4_CapRights_new(seL4_True, seL4_True, seL4_False, seL4_False);
    seL4_Word guard = seL4_CNode_CapData_new(0, seL4_WordBits - 12).words[0];
    seL4_Error error = seL4_Untyped_Retype(cap, seL4_CapTableObject, 12, root, 0, 0, 100, 1);

    error |= seL4_CNode_Copy(root, 1, seL4_WordBits, root, 2, seL4_WordBits, rights);
    error |= seL4_CNode_Mint(root, 1, seL4_WordBits, root, 2, seL4_WordBits, seL4_AllRights, guard);
    error |= seL4_CNode_Move(root, 1, seL4_WordBits, root, 2, seL4_WordBits);
    error |= seL4_CNode_Mutate(root, 1, seL4_WordBits, root, 2, seL4_WordBits, seL4_NilData);
    error |= seL4_CNode_Rotate(root, 1, 64, 0, root, 2, 64, 0, root, 3, 64);
    error |= seL4_CNode_Revoke(root, 1, seL4_WordBits);
    error |= seL4_CNode_Delete(root, 1, seL4_WordBits);
    error |= seL4_CNode_CancelBadgedSends(root, 1, seL4_WordBits);
    error |= seL4_CNode_SaveCaller(root, 1, seL4_WordBits);
    error |= seL4_DomainSet_Set(seL4_CapDomain, 0, seL4_CapInitThreadTCB);
    error |= seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, 0, 0, 1);
    error |= seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0);
    seL4_Assert(error == seL4_NoError);
    seL4_DebugAssert(seL4_CapRights_get_capAllowGrantReply(rights));
    switch (error) {
    case seL4_FailedLookup:
        seL4_Fail("a lookup failed");
    default:
        break;
    }
}

void use_threads(seL4_TCB tcb)
{
    seL4_UserContext context = {.rip = 1, .rsp = 2, .fs_base = 3};
    seL4_Word count = sizeof(context) / sizeof(seL4_Word);
    seL4_Error error = seL4_TCB_ReadRegisters(tcb, seL4_False, 0, count, &context);

    error |= seL4_TCB_WriteRegisters(tcb, seL4_True, 0, count, &context);
    error |= seL4_TCB_CopyRegisters(tcb, tcb, 0, 0, 1, 1, 0);
    error |= seL4_TCB_Configure(tcb, seL4_CapNull, seL4_CapInitThreadCNode, seL4_NilData,
                                seL4_CapInitThreadVSpace, seL4_NilData, 0x1000, seL4_CapNull);
    error |= seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, seL4_MaxPrio);
    error |= seL4_TCB_SetMCPriority(tcb, seL4_CapInitThreadTCB, seL4_MinPrio);
    error |= seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, seL4_MaxPrio, seL4_MaxPrio);
    error |= seL4_TCB_SetIPCBuffer(tcb, 0x1000, seL4_CapInitThreadIPCBuffer);
    error |= seL4_TCB_SetSpace(tcb, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadPD, 0);
    error |= seL4_TCB_Suspend(tcb);
    error |= seL4_TCB_Resume(tcb);
    error |= seL4_TCB_BindNotification(tcb, 5);
    error |= seL4_TCB_UnbindNotification(tcb);
    error |= seL4_TCB_SetAffinity(tcb, CONFIG_MAX_NUM_NODES - 1);
    error |= seL4_TCB_SetTLSBase(tcb, 0x2000);
    seL4_TCB_SetFlags_t flags =
        seL4_TCB_SetFlags(tcb, seL4_TCBFlag_NoFlag, seL4_TCBFlag_fpuDisabled);
    seL4_SetTLSBase(0x2000);
    printf("%d %lu\n", (int)error, flags.error ? 0 : flags.flags & seL4_TCBFlag_MASK);
}

void use_memory(seL4_CPtr vspace, seL4_CPtr cap)
{
    seL4_X86_VMAttributes attributes = seL4_X86_Default_VMAttributes;
    seL4_Error error = seL4_X86_PDPT_Map(cap, vspace, 0x1000, attributes);

    error |= seL4_X86_PageDirectory_Map(cap, vspace, 0x1000, attributes);
    error |= seL4_X86_PageTable_Map(cap, vspace, 0x1000, attributes);
    error |= seL4_X86_Page_Map(cap, vspace, 0x1000, seL4_ReadWrite, seL4_X86_Uncacheable);
    if (error == seL4_FailedLookup &&
        seL4_GetMR(SEL4_MAPPING_LOOKUP_LEVEL) == SEL4_MAPPING_LOOKUP_NO_PT) {
        error = seL4_X86_Page_Unmap(cap);
    }
    error |= seL4_X86_PageTable_Unmap(cap);
    error |= seL4_X86_PageDirectory_Unmap(cap);
    error |= seL4_X86_PDPT_Unmap(cap);
    error |= seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, cap, seL4_CapInitThreadCNode, 5,
                                           seL4_WordBits);
    error |= seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace);
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(cap);
    printf("%d %d %lx\n", (int)error, address.error, address.paddr);
}

void use_devices(seL4_CPtr cap)
{
    seL4_Error error =
        seL4_IRQControl_Get(seL4_CapIRQControl, 1, seL4_CapInitThreadCNode, 5, seL4_WordBits);

    error |= seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, 5, 64, 0, 2, 0,
                                       0, MSI_MIN);
    error |= seL4_IRQControl_GetMSI(seL4_CapIRQControl, seL4_CapInitThreadCNode, 5, 64, 0, 1, 0, 0,
                                    VECTOR_MAX);
    error |= seL4_IRQHandler_SetNotification(cap, 6);
    error |= seL4_IRQHandler_Ack(cap);
    error |= seL4_IRQHandler_Clear(cap);
    error |= seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x3f8, 0x3ff,
                                          seL4_CapInitThreadCNode, 7, 64);
    error |= seL4_X86_IOPort_Out8(cap, 0x3f8, 'x');
    error |= seL4_X86_IOPort_Out16(cap, 0x3f8, 1);
    error |= seL4_X86_IOPort_Out32(cap, 0xcf8, 1u << 31);
    seL4_X86_IOPort_In8_t in8 = seL4_X86_IOPort_In8(cap, 0x3fd);
    seL4_X86_IOPort_In16_t in16 = seL4_X86_IOPort_In16(cap, 0x3fd);
    seL4_X86_IOPort_In32_t in32 = seL4_X86_IOPort_In32(cap, 0xcfc);
    printf("%d %d %u %u %u\n", (int)error, in8.error | in16.error | in32.error, in8.result,
           in16.result, in32.result);
}

void use_faults(seL4_MessageInfo_t tag)
{
    seL4_Fault_t fault = seL4_getFault(tag);

    switch (seL4_Fault_get_seL4_FaultType(fault)) {
    case seL4_Fault_NullFault:
        break;
    case seL4_Fault_CapFault:
        printf("%lx %lx %lu %lu %lu %lu %lu\n", seL4_Fault_CapFault_get_IP(fault),
               seL4_Fault_CapFault_get_Addr(fault), seL4_Fault_CapFault_get_InRecvPhase(fault),
               seL4_Fault_CapFault_get_LookupFailureType(fault), seL4_Fault_CapFault_get_MR4(fault),
               seL4_Fault_CapFault_get_MR5(fault), seL4_Fault_CapFault_get_MR6(fault));
        break;
    case seL4_Fault_UnknownSyscall:
        printf("%lu\n", seL4_Fault_UnknownSyscall_get_Syscall(fault));
        break;
    case seL4_Fault_UserException:
        printf("%lu\n", seL4_Fault_UserException_get_Number(fault));
        break;
    case seL4_Fault_VMFault:
        printf("%lx\n", seL4_Fault_VMFault_get_Addr(fault));
        break;
    default:
        break;
    }
    if (seL4_isVMFault_tag(tag) || seL4_isCapFault_tag(tag) || seL4_isUnknownSyscall_tag(tag) ||
        seL4_isUserException_tag(tag) || seL4_isNullFault_tag(tag)) {
        seL4_SetMR(seL4_VMFault_IP, seL4_GetMR(seL4_UnknownSyscall_FaultIP) +
                                        seL4_GetMR(seL4_UserException_FaultIP));
        seL4_SetMR(seL4_CapFault_BitsLeft, seL4_GetMR(seL4_CapFault_GuardMismatch_BitsFound));
    }
}

void use_boot_info(void)
{
    seL4_BootInfo *info = seL4_GetBootInfo();
    seL4_BootInfoHeader *header = (seL4_BootInfoHeader *)((seL4_Word)info + seL4_BootInfoFrameSize);
    seL4_SlotRegion regions[] = {info->empty,           info->sharedFrames, info->userImageFrames,
                                 info->userImagePaging, info->untyped,      info->ioSpaceCaps,
                                 info->extraBIPages};
    seL4_UntypedDesc *first = &info->untypedList[0];

    printf("%lu %lu %lu %lu %p\n", info->extraLen, info->nodeID, info->numNodes,
           info->numIOPTLevels, (void *)info->ipcBuffer);
    printf("%lu %lu %lu\n", regions[0].start, info->initThreadCNodeSizeBits,
           info->initThreadDomain);
    printf("%lx %u %u\n", first->paddr, first->sizeBits, first->isDevice);
    if (header->id == SEL4_BOOTINFO_HEADER_X86_MBMMAP &&
        header->len >= sizeof(seL4_X86_BootInfo_mmap_t)) {
        printf("%u\n", ((seL4_X86_BootInfo_mmap_t *)header)->mmap_length);
    }
}

#ifdef CONFIG_DEBUG_BUILD
void use_debugging(seL4_CPtr cap)
{
    seL4_DebugPutChar('x');
    seL4_DebugPutString("text\n");
    seL4_DebugDumpScheduler();
    seL4_DebugSnapshot();
    seL4_DebugNameThread(cap, "a thread");
    seL4_DebugSendIPI(0, 1);
    printf("%u %lu\n", seL4_DebugCapIdentify(cap), seL4_DebugGetThreadAffinity(cap));
    seL4_DebugHalt();
}
#endif

void use_cluster(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_CNode root = seL4_CapInitThreadCNode;
    size_t bytes;
    seL4_Error error = cmk_IPIControl_SendIPI(cluster->ipi_control, 1, 2, root, 5, seL4_WordBits);

    error |= cmk_IPIControl_GetHandler(cluster->ipi_control, 2, root, 6, seL4_WordBits);
    error |= cmk_NodeControl_Write(cluster->node_control, "text\n", 5);
    error |= cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_ASSERT, 0);
    error |= cmk_NodeControl_Exit(cluster->node_control, 0);
    printf("%d %p\n", (int)error, cmk_find_boot_info(SEL4_BOOTINFO_HEADER_CMK, &bytes));
}
