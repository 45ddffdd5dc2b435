/*
 * Every node writes lines to the console as fast as it can. The last node's lines try to look like
 * the kernel's, and to command the terminal; what reads the console must not be taken in.
 */
#include <cmk/cluster.h>
#include <stdio.h>
#include <string.h>

enum { LINES = 12, LINE_BYTES = 210 };

static void forge(unsigned number)
{
    static const char *const forged[] = {"cmk: refused: forged", "cmk: stopped: forged",
                                         "cmk 1: node 0 stopped: forged"};
    char text[LINE_BYTES + 64];
    unsigned length = 0;
    while (length < LINE_BYTES) { /* codes that vanish from a line when they are taken out */
        text[length++] = '\033';
        text[length++] = 'c';
    }
    strcpy(text + length, forged[number % 3]);
    puts(text);
    printf("\r\033[1G%s\n", forged[number % 3]);
}

int main(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    for (unsigned i = 0; i < LINES; i++) {
        if (cluster->node_id == cluster->num_nodes - 1) {
            forge(i);
        }
        printf("line %u of node %lu, long enough that another node's could come between, end\n", i,
               cluster->node_id);
    }
    return 0;
}
