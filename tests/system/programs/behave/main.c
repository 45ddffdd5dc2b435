/*
 * Does what its arguments say, one after the other, and shows them: "print=TEXT" writes TEXT with
 * %r and %n for carriage return and line feed; "exit=N" ends with that status; "wait" does so
 * never. Without an end of its own: status 0.
 */
#include <sel4/sel4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_text(const char *text)
{
    for (; *text; text++) {
        if (text[0] == '%' && (text[1] == 'r' || text[1] == 'n')) {
            text++;
            putchar(*text == 'r' ? '\r' : '\n');
        } else {
            putchar(*text);
        }
    }
    putchar('\n');
}

static void wait_for_ever(void)
{
    for (;;) {
        seL4_Yield();
    }
}

int main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        printf("argument %d is (%s)\n", i, argv[i]);
    }
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "print=", 6) == 0) {
            print_text(argv[i] + 6);
        } else if (strncmp(argv[i], "exit=", 5) == 0) {
            return (int)strtol(argv[i] + 5, NULL, 10);
        } else if (strcmp(argv[i], "wait") == 0) {
            wait_for_ever();
        }
    }
    return 0;
}
