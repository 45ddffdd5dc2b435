/* Virtqueues: the device is this test, which also lies. Layouts are written down a second time. */
#include "world.h"

#include <string.h>

struct used_ring {
    uint16_t flags, count;
    struct {
        uint32_t index, bytes;
    } entry[VIRTQUEUE_BUFFERS];
};

static struct virtqueue queue;
static struct used_ring *used;

static void open_queue(void)
{
    ck_assert(virtqueue_create(&queue));
    used = (struct used_ring *)queue.used_paddr;
}

static void device_uses(uint32_t index, uint32_t bytes)
{
    used->entry[used->count % VIRTQUEUE_BUFFERS].index = index;
    used->entry[used->count % VIRTQUEUE_BUFFERS].bytes = bytes;
    used->count++;
}

START_TEST(layout)
{
    open_queue();
    virtqueue_offer(&queue, 3, 100, true);
    unsigned char *descriptor = (unsigned char *)queue.descriptors_paddr + 3 * 16;
    uint64_t paddr;
    uint32_t bytes;
    uint16_t words[2], available[3];
    memcpy(&paddr, descriptor, 8);
    memcpy(&bytes, descriptor + 8, 4);
    memcpy(words, descriptor + 12, 4);
    memcpy(available, (void *)queue.available_paddr, 6);
    ck_assert_uint_eq(paddr, queue.buffers_paddr + 3 * 2048);
    ck_assert_uint_eq(bytes, 100);
    ck_assert_uint_eq(words[0], 2);
    ck_assert_uint_eq(available[0], 0);
    ck_assert_uint_eq(available[1], 1);
    ck_assert_uint_eq(available[2], 3);
    ck_assert_uint_eq(queue.descriptors_paddr % 16, 0);
    ck_assert_uint_eq(queue.available_paddr % 2, 0);
    ck_assert_uint_eq(queue.used_paddr % 4, 0);
}
END_TEST

/* More rounds than the 16-bit counts have values. */
START_TEST(many_rounds)
{
    bool good = true;
    open_queue();
    for (uint32_t i = 0; i < 200000; i++) {
        unsigned buffer = 0;
        unsigned got = 0;
        uint32_t bytes = 0;
        good = good && virtqueue_find_free(&queue, &buffer);
        virtqueue_offer(&queue, buffer, 1, false);
        good = good && !virtqueue_take(&queue, &got, &bytes);
        device_uses(buffer, i % 2048);
        good = good && virtqueue_take(&queue, &got, &bytes) && got == buffer && bytes == i % 2048;
    }
    ck_assert(good);
}
END_TEST

START_TEST(all_buffers_in_use)
{
    unsigned buffer;
    open_queue();
    for (unsigned i = 0; i < VIRTQUEUE_BUFFERS; i++) {
        ck_assert(virtqueue_find_free(&queue, &buffer));
        virtqueue_offer(&queue, buffer, 1, true);
    }
    ck_assert(!virtqueue_find_free(&queue, &buffer));
}
END_TEST

START_TEST(lying_device)
{
    unsigned buffer;
    uint32_t bytes;
    open_queue();
    virtqueue_offer(&queue, 0, 2048, true);
    device_uses(VIRTQUEUE_BUFFERS, 1); /* no such buffer */
    device_uses(0xffffffff, 1);
    device_uses(1, 1);          /* not in its hands */
    device_uses(0, 0xffffffff); /* more than there is room for */
    device_uses(0, 1);          /* twice */
    ck_assert(virtqueue_take(&queue, &buffer, &bytes));
    ck_assert_uint_eq(buffer, 0);
    ck_assert_uint_eq(bytes, 2048);
    ck_assert(!virtqueue_take(&queue, &buffer, &bytes));
    ck_assert_uint_eq(queue.wrong, 4);
}
END_TEST

Suite *virtqueue_suite(void)
{
    Suite *suite = suite_create("virtqueue");
    TCase *cases = tcase_create("virtqueue");
    tcase_add_test(cases, layout);
    tcase_add_test(cases, many_rounds);
    tcase_add_test(cases, all_buffers_in_use);
    tcase_add_test(cases, lying_device);
    suite_add_tcase(suite, cases);
    return suite;
}
