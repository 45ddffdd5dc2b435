/*
 * Drivers on the host: what the network server does with hostile frames and hostile clients,
 * virtqueues of a device that lies, and PCI's configuration pages. Built by hand, from the top of
 * the tree:
 *
 *   gcc -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra \
 *       -Werror \
 *       -Ilibsel4/include -Iuser/drivers/include -Iuser/net-echo -Iuser/runtime -idirafter \
 *       user/runtime/include \
 *       -idirafter include tests/unit/drivers/[a-z]*.c user/drivers/pci.c \
 *       user/drivers/virtqueue.c \
 *       user/net-echo/answer.c user/net-echo/clients.c user/runtime/channel.c \
 *       user/runtime/channel_bulk.c user/runtime/channel_life.c \
 *       user/runtime/channel_wait.c libsel4/src/ipc_buffer.c \
 *       -o build/unit/drivers $(pkg-config --cflags --libs check)
 */
#include "world.h"

int main(void)
{
    SRunner *runner = srunner_create(frames_suite());
    srunner_add_suite(runner, clients_suite());
    srunner_add_suite(runner, virtqueue_suite());
    srunner_add_suite(runner, pci_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
