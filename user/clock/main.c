/* Says every second how many have passed, and ends after the third (docs/timers.md). */
#include <cmk/timer.h>
#include <stdio.h>

int main(void)
{
    if (!cmk_clock_start(0, 255)) {
        printf("there is no timer\n");
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        cmk_sleep(1000000000);
        printf("%d seconds\n", i + 1);
    }
    return 0;
}
