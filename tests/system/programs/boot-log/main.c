/* Prints what boot printed, each line with "log: " before it. */
#include <cmk/boot_log.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    const struct cmk_boot_log *log = cmk_boot_log();
    if (!log || strcmp(log->mark, CMK_BOOT_LOG_MARK) != 0) {
        printf("there is no log\n");
        return 1;
    }
    char line[160];
    size_t length = 0;
    int c;
    for (seL4_Word place = 0; (c = cmk_boot_log_character(log, place)) >= 0; place++) {
        if (c == '\n' || length == sizeof(line) - 1) {
            line[length] = '\0';
            printf("log: %s\n", line);
            length = 0;
        }
        if (c != '\n') {
            line[length++] = (char)c;
        }
    }
    return 0;
}
