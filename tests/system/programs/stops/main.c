/* Stops at once, as its argument says: "null" by a null pointer, "call" by a debug system call. */
#include <stddef.h>
#include <string.h>

static void store(volatile int *place)
{
    *place = 1; /* here */
}

static void debug_snapshot(void)
{
    __asm__ volatile("mov %%rsp, %%rbx\n\tsyscall\n\tmov %%rbx, %%rsp"
                     :
                     : "d"(-13l)
                     : "rax", "rbx", "rcx", "r11", "memory");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "null") == 0) {
        store(NULL);
    } else if (argc > 1 && strcmp(argv[1], "call") == 0) {
        debug_snapshot();
    }
    return 0;
}
