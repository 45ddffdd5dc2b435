/*
 * The conformance suite: what the seL4 ABI promises inside a node, test by test. With an image argument, the tests of
 * that name or subject only. Ends the node with status 0 if every check passed, 1 otherwise.
 */
#include "../longest_stretch.h"
#include "suite.h"

#define TEST_SUBJECT(name) extern const struct subject name##_subject;
#include "subjects.def"
#undef TEST_SUBJECT

static const struct subject *const subjects[] = {
#define TEST_SUBJECT(name) &name##_subject,
#include "subjects.def"
#undef TEST_SUBJECT
};

int main(int argc, char **argv)
{
    boot_info = seL4_GetBootInfo();
    main_buffer = boot_info->ipcBuffer;
    int status = run_suite(subjects, COUNT_OF(subjects), argc > 1 ? argv[1] : NULL);
    print_longest_stretches("conformance suite, console included", "conformance suite");
    return status;
}
