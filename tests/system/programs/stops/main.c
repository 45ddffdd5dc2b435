/*
 * Stops at once, as its argument says: "null" by a null pointer, "call" by a debug system call,
 * "deep" by a stack that grows without end.
 */
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

static unsigned go_deeper(unsigned depth)
{
    volatile char here[512];
    here[0] = (char)depth;
    return depth == 0 ? 0 : go_deeper(depth + 1) + (unsigned)here[0];
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "null") == 0) {
        store(NULL);
    } else if (argc > 1 && strcmp(argv[1], "call") == 0) {
        debug_snapshot();
    }
    if (argc > 1 && strcmp(argv[1], "deep") == 0) {
        return (int)go_deeper(1);
    }
    return 0;
}
