/*
 * The channel library on the host: both ends in one thread, in two threads that sleep on each
 * other, and a peer that writes random bytes between all steps. Built by hand, from the top of the
 * tree:
 *
 *   gcc -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra \
 *       -Werror -pthread \
 *       -Ilibsel4/include -Iuser/runtime -idirafter user/runtime/include -idirafter include \
 *       tests/unit/channel/[a-z]*.c \
 *       user/runtime/channel.c user/runtime/channel_bulk.c user/runtime/channel_life.c \
 *       user/runtime/channel_wait.c \
 *       libsel4/src/ipc_buffer.c \
 *       -o build/unit/channel $(pkg-config --cflags --libs check)
 */
#include "pair.h"

int main(void)
{
    SRunner *runner = srunner_create(ring_suite());
    srunner_add_suite(runner, bulk_suite());
    srunner_add_suite(runner, thread_suite());
    srunner_add_suite(runner, wrong_suite());
    srunner_add_suite(runner, hostile_suite());
    srunner_add_suite(runner, until_suite());
    srunner_add_suite(runner, life_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
