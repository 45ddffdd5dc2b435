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
    return profile == PROFILE_CLASSIC_UP && label == LABEL_TCBSetAffinity;
}

START_TEST(there_and_back)
{
    unsigned compared = 0;
    for (enum profile profile = PROFILE_CLASSIC; profile <= PROFILE_CLASSIC_UP; profile++) {
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
    ck_assert_uint_eq(compared, 2 * ARRAY_LENGTH(labels) - 1);
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

Suite *profile_suite(void)
{
    Suite *suite = suite_create("profiles");
    TCase *tests = tcase_create("labels");
    tcase_add_test(tests, there_and_back);
    tcase_add_test(tests, nothing_else_is_meant);
    tcase_add_test(tests, own_labels_stay);
    suite_add_tcase(suite, tests);
    return suite;
}
