/*
 * The conformance suite: what the seL4 ABI promises inside a node, test by test. With an image
 * argument, the tests of that name or subject only. The argument "emulated-time" says that the TSC
 * advances with this machine's instructions alone: without it, tests whose outcome would depend on
 * how busy the host is are skipped. Ends the node with status 0 if every check passed, 1 otherwise.
 */
#include "../longest_stretch.h"
#include "suite.h"

#include <string.h>

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
    const char *wanted = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "emulated-time") == 0) {
            time_is_emulated = true;
        } else {
            wanted = argv[i];
        }
    }
    int status = run_suite(subjects, COUNT_OF(subjects), wanted);
    print_longest_stretches("conformance suite, console included", "conformance suite");
    return status;
}
