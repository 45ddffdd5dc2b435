/*
 * Of each name among the arguments: the size of the data module with this name, the sum of its
 * bytes, and of what is left of its last page. After "write" comes the name of one to be written,
 * which ends the program. "remap" before that maps it for writing; it must be the last one, of one
 * page.
 */
#include <cmk/data.h>
#include <sel4/sel4.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 4096 };

static void show(const char *name)
{
    size_t size, sum = 0, rest = 0;
    const uint8_t *data = cmk_find_data(name, &size);
    if (data == NULL) {
        printf("%s: none, %lu bytes\n", name, size);
        return;
    }
    for (size_t at = 0; at < size; at++) {
        sum += data[at];
    }
    for (size_t at = size; at % PAGE != 0; at++) {
        rest += data[at];
    }
    printf("%s: %lu bytes at %lu, sum %lu, then %lu\n", name, size, (uintptr_t)data % PAGE, sum,
           rest);
}

/* The frames of data modules are the last ones; whether the capability allows writing counts. */
static void remap(const char *name)
{
    size_t size;
    const void *data = cmk_find_data(name, &size);
    seL4_CPtr frame = seL4_GetBootInfo()->userImageFrames.end - 1;
    seL4_Error error = seL4_X86_Page_Map(frame, seL4_CapInitThreadVSpace, (seL4_Word)data,
                                         seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    printf("%s mapped for writing: error %lu\n", name, error);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "remap") == 0 && i + 2 < argc) {
            remap(argv[i + 2]); /* "remap write NAME" */
            continue;
        }
        if (strcmp(argv[i], "write") == 0 && i + 1 < argc) {
            size_t size;
            *(volatile char *)(uintptr_t)cmk_find_data(argv[i + 1], &size) = 1;
            printf("%s was written\n", argv[i + 1]);
        }
        show(argv[i]);
    }
    return 0;
}
