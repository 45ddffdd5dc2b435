/*
 * What labels mean in the profiles (kernel/profile.h). Which number a label has, the conformance
 * suite compares with the contract, in each profile; here, that the two directions fit together and
 * nothing else means anything.
 */
#include <check.h>
#include <kernel/profile.h>

static const enum invocation_label labels[] = {
#define INVOCATION(name, label, classic_up, words, caps) LABEL_##name,
#include <api/invocations.def>
#undef INVOCATION
};

static bool is_said_nowhere(enum profile profile, enum invocation_label label)
{
    return (profile != PROFILE_CLASSIC && label == LABEL_TCBSetAffinity) ||
           (is_mcs(profile) && label == LABEL_CNodeSaveCaller);
}

START_TEST(there_and_back)
{
    unsigned compared = 0;
    for (enum profile profile = PROFILE_CLASSIC; profile <= PROFILE_MICROKIT_DEBUG; profile++) {
        for (unsigned i = 0; i < ARRAY_LENGTH(labels); i++) {
            word_t said = label_said(profile, labels[i]);
            if (is_said_nowhere(profile, labels[i])) {
                ck_assert_uint_gt(said, 0xffff); /* what the .def writes is no label */
                continue;
            }
            ck_assert_uint_eq(label_meant(profile, said), (word_t)labels[i]);
            compared++;
        }
    }
    ck_assert_uint_eq(compared, 5 * ARRAY_LENGTH(labels) - 7);
}
END_TEST

START_TEST(nothing_else_is_meant)
{
    unsigned meanings = 0;
    for (word_t label = 0; label < ABI_CMK_FIRST_LABEL; label++) {
        word_t meant = label_meant(PROFILE_CLASSIC_UP, label);
        ck_assert_uint_ne(meant, LABEL_TCBSetAffinity);
        meanings += meant != LABEL_InvalidInvocation;
    }
    ck_assert_uint_eq(meanings, 52); /* seL4 for one CPU has methods 1 to 52 */
    ck_assert_uint_eq(label_meant(PROFILE_CLASSIC_UP, 14), LABEL_TCBUnbindNotification);
    ck_assert_uint_eq(label_meant(PROFILE_CLASSIC_UP, 15), LABEL_TCBSetTLSBase);
    ck_assert_uint_eq(label_meant(PROFILE_CLASSIC_UP, 52), LABEL_X86IRQIssueIRQHandlerMSI);
    ck_assert_uint_eq(label_meant(PROFILE_CLASSIC_UP, 53), LABEL_InvalidInvocation);
    ck_assert_uint_eq(label_meant(PROFILE_CLASSIC, 54), 54); /* no capability knows it */
}
END_TEST

START_TEST(own_labels_stay)
{
    static const word_t own[] = {0x1000, 0x1013, 0x1fff, ABI_NO_LABEL(15), MASK(52)};
    for (unsigned i = 0; i < ARRAY_LENGTH(own); i++) {
        ck_assert_uint_eq(label_meant(PROFILE_CLASSIC_UP, own[i]), own[i]);
        ck_assert_uint_eq(label_meant(PROFILE_CLASSIC, own[i]), own[i]);
    }
}
END_TEST

/*
 * The labels of MCS, written down a second time: the first of `count` methods in a row, for the
 * kernel and in the profiles mcs, microkit, microkit-debug.
 */
static const struct {
    word_t kernel;
    unsigned count, said[3];
} mcs_rows[] = {
    {LABEL_UntypedRetype, 1, {1, 1, 1}},
    {LABEL_TCBReadRegisters, 7, {2, 2, 2}},
    {LABEL_TCBSetTimeoutEndpoint, 1, {9, 9, 9}},
    {LABEL_TCBSetIPCBuffer, 2, {10, 10, 10}},
    {LABEL_TCBSuspend, 4, {12, 12, 12}},
    {LABEL_TCBSetTLSBase, 2, {16, 16, 20}},
    {LABEL_CNodeRevoke, 8, {18, 18, 22}},
    {LABEL_IRQIssueIRQHandler, 4, {26, 26, 30}},
    {LABEL_DomainSetSet, 3, {30, 30, 34}},
    {LABEL_SchedControlConfigureFlags, 1, {33, 33, 37}},
    {LABEL_SchedContextBind, 5, {34, 34, 38}},
    {LABEL_X86PDPTMap, 2, {39, 39, 43}},
    {LABEL_X86PageDirectoryMap, 2, {41, 41, 45}},
    {LABEL_X86PageTableMap, 2, {43, 43, 47}},
    {LABEL_X86PageMap, 2, {45, 47, 51}},
    {LABEL_X86PageGetAddress, 1, {47, 50, 54}},
    {LABEL_X86ASIDControlMakePool, 2, {48, 51, 55}},
    {LABEL_X86IOPortControlIssue, 1, {50, 53, 57}},
    {LABEL_X86IOPortIn8, 6, {51, 54, 58}},
    {LABEL_X86IRQIssueIRQHandlerIOAPIC, 2, {57, 60, 64}},
};
/* The methods that the contract has in each, less those of IOMMU and debugging hardware. */
static const unsigned mcs_methods[] = {58, 61 - 3, 65 - 4 - 3};

START_TEST(labels_of_mcs)
{
    enum profile profile = (enum profile)(PROFILE_MCS + _i);
    unsigned compared = 0, meanings = 0;
    for (unsigned row = 0; row < ARRAY_LENGTH(mcs_rows); row++) {
        for (unsigned i = 0; i < mcs_rows[row].count; i++) {
            word_t kernel = mcs_rows[row].kernel + i, said = mcs_rows[row].said[_i] + i;
            ck_assert_uint_eq(label_meant(profile, said), kernel);
            ck_assert_uint_eq(label_said(profile, kernel), said);
            compared++;
        }
    }
    for (word_t label = 0; label < ABI_CMK_FIRST_LABEL; label++) {
        meanings += label_meant(profile, label) != LABEL_InvalidInvocation;
    }
    ck_assert_uint_eq(compared, mcs_methods[_i]);
    ck_assert_uint_eq(meanings, compared);
}
END_TEST

/* What only MCS has, no message of any profile can say by the kernel's own number. */
START_TEST(methods_of_mcs_are_its_own)
{
    for (word_t label = LABEL_TCBSetTimeoutEndpoint; label <= LABEL_SchedContextYieldTo; label++) {
        ck_assert_uint_gt(label, MASK(52));
        ck_assert_uint_gt(label_said(PROFILE_CLASSIC, label), 0xffff);
        ck_assert_uint_gt(label_said(PROFILE_CLASSIC_UP, label), 0xffff);
    }
    ck_assert_uint_eq(label_said(PROFILE_MICROKIT, LABEL_CMKTimerArm), LABEL_CMKTimerArm);
    ck_assert(!is_mcs(PROFILE_CLASSIC) && !is_mcs(PROFILE_CLASSIC_UP));
    ck_assert(is_mcs(PROFILE_MCS) && is_mcs(PROFILE_MICROKIT) && is_mcs(PROFILE_MICROKIT_DEBUG));
}
END_TEST

START_TEST(object_types)
{
    static const word_t of_mcs[] = {
        OBJECT_UNTYPED,    OBJECT_TCB,
        OBJECT_ENDPOINT,   OBJECT_NOTIFICATION,
        OBJECT_CNODE,      OBJECT_SCHED_CONTEXT,
        OBJECT_REPLY,      OBJECT_PDPT,
        OBJECT_PML4,       OBJECT_HUGE_PAGE,
        OBJECT_SMALL_PAGE, OBJECT_LARGE_PAGE,
        OBJECT_PAGE_TABLE, OBJECT_PAGE_DIRECTORY,
    };
    for (word_t type = 0; type < 40; type++) {
        ck_assert_uint_eq(object_type_meant(PROFILE_CLASSIC, type),
                          type < 12 ? type : (word_t)OBJECT_UNKNOWN);
        ck_assert_uint_eq(object_type_meant(PROFILE_CLASSIC_UP, type),
                          type < 12 ? type : (word_t)OBJECT_UNKNOWN);
        for (enum profile profile = PROFILE_MCS; profile <= PROFILE_MICROKIT_DEBUG; profile++) {
            ck_assert_uint_eq(object_type_meant(profile, type),
                              type < 14 ? of_mcs[type] : (word_t)OBJECT_UNKNOWN);
        }
    }
    ck_assert_uint_eq(object_type_meant(PROFILE_MCS, UINT64_MAX), OBJECT_UNKNOWN);
}
END_TEST

/* Written down a second time. */
START_TEST(system_calls_of_mcs)
{
    static const int numbers[] = {
        MCS_SYS_Call,
        MCS_SYS_ReplyRecv,
        MCS_SYS_NBSendRecv,
        MCS_SYS_NBSendWait,
        MCS_SYS_Send,
        MCS_SYS_NBSend,
        MCS_SYS_Recv,
        MCS_SYS_NBRecv,
        MCS_SYS_Wait,
        MCS_SYS_NBWait,
        MCS_SYS_Yield,
        MCS_SYS_DebugPutChar,
        MCS_SYS_DebugDumpScheduler,
        MCS_SYS_DebugHalt,
        MCS_SYS_DebugCapIdentify,
        MCS_SYS_DebugSnapshot,
        MCS_SYS_DebugNameThread,
        MCS_SYS_DebugSendIPI,
        MCS_SYS_DebugGetThreadAffinity,
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(numbers); i++) {
        ck_assert_int_eq(numbers[i], -1 - (int)i);
    }
    ck_assert_int_eq(MCS_SYS_SetTLSBase, -33);
}
END_TEST

Suite *profile_suite(void)
{
    Suite *suite = suite_create("profiles");
    TCase *tests = tcase_create("labels");
    tcase_add_test(tests, there_and_back);
    tcase_add_test(tests, nothing_else_is_meant);
    tcase_add_test(tests, own_labels_stay);
    tcase_add_loop_test(tests, labels_of_mcs, 0, 3);
    tcase_add_test(tests, methods_of_mcs_are_its_own);
    tcase_add_test(tests, object_types);
    tcase_add_test(tests, system_calls_of_mcs);
    suite_add_tcase(suite, tests);
    return suite;
}
