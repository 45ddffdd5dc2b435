/*
 * What the server answers, also to frames that are nearly right. They lie in memory that ends where
 * they do.
 */
#include "world.h"

#include <drivers/wire.h>
#include <net_echo.h>
#include <stdlib.h>
#include <string.h>

static struct server server = {.net.address = {2, 0, 0, 0, 0, 2}, .ipv4 = SERVER_IPV4};

/* Gives the server a frame whose end the sanitizer guards. */
static bool give(const unsigned char *frame, size_t length)
{
    unsigned char *copy = malloc(length);
    memcpy(copy, frame, length);
    bool answered = answer_frame(&server, copy, length);
    answered |= forward_frame(&server, NULL, 0, copy, length);
    free(copy);
    return answered;
}

START_TEST(checksum_of_rfc_1071)
{
    /* The example of RFC 1071, section 3: the sum is ddf2. */
    static const unsigned char bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    ck_assert_uint_eq(wire_checksum(bytes, 8), (uint16_t)~0xddf2);
    ck_assert_uint_eq(wire_checksum(bytes, 7), (uint16_t)~0xdcfb);
    ck_assert_uint_eq(wire_checksum(bytes, 0), 0xffff);
}
END_TEST

START_TEST(echo_of_every_length)
{
    unsigned char frame[ETHERNET_MAX_FRAME];
    for (size_t bytes = 0; bytes <= ETHERNET_MAX_FRAME - ICMP_TYPE - ICMP_MIN_BYTES; bytes++) {
        size_t length = make_echo_request(frame, bytes);
        reset_sent();
        ck_assert(give(frame, length));
        ck_assert_uint_eq(sent_frames, 1);
        ck_assert_uint_eq(sent_length, length);
        ck_assert_uint_eq(sent_frame[ICMP_TYPE], 0);
        ck_assert_uint_eq(wire_checksum(sent_frame + ICMP_TYPE, length - ICMP_TYPE), 0);
        ck_assert_uint_eq(wire_checksum(sent_frame + IPV4_VERSION, IPV4_HEADER_BYTES), 0);
        ck_assert_uint_eq(wire_get32(sent_frame, IPV4_TARGET), OTHER_IPV4);
        ck_assert_mem_eq(sent_frame, frame + ETHERNET_SOURCE, 6);
        ck_assert_mem_eq(sent_frame + ICMP_TYPE + ICMP_MIN_BYTES,
                         frame + ICMP_TYPE + ICMP_MIN_BYTES, bytes);
    }
}
END_TEST

START_TEST(cut_frames)
{
    unsigned char frame[ETHERNET_MAX_FRAME];
    size_t length = make_echo_request(frame, 100);
    reset_sent();
    for (size_t cut = ETHERNET_HEADER_BYTES; cut < length; cut++) {
        ck_assert(!give(frame, cut));
    }
    ck_assert_uint_eq(sent_frames, 0);
    ck_assert(give(frame, length));
}
END_TEST

/*
 * Each bit of headers and data is covered by an address, a type or a checksum; but for the Ethernet
 * addresses.
 */
START_TEST(flipped_bits)
{
    unsigned char frame[ETHERNET_MAX_FRAME];
    size_t length = make_echo_request(frame, 40);
    reset_sent();
    for (size_t bit = ETHERNET_TYPE * 8; bit < length * 8; bit++) {
        frame[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert_msg(!give(frame, length), "bit %zu", bit);
        frame[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    ck_assert_uint_eq(sent_frames, 0);
}
END_TEST

/*
 * Random frames, and good ones with random bytes changed and the header's checksum made right
 * again.
 */
START_TEST(random_frames)
{
    unsigned char frame[ETHERNET_MAX_FRAME];
    uint64_t seed = 5;
    for (int i = 0; i < 200000; i++) {
        size_t length = next_random(&seed) % 2
                            ? make_echo_request(frame, next_random(&seed) % 64)
                            : make_datagram(frame, 1, 7, next_random(&seed) % 64);
        for (unsigned changes = next_random(&seed) % 4; changes > 0; changes--) {
            frame[ETHERNET_TYPE + next_random(&seed) % (length - ETHERNET_TYPE)] =
                (unsigned char)next_random(&seed);
        }
        wire_put16(frame, IPV4_CHECKSUM, 0);
        wire_put16(frame, IPV4_CHECKSUM, wire_checksum(frame + IPV4_VERSION, IPV4_HEADER_BYTES));
        if (next_random(&seed) % 4 == 0) {
            length = ETHERNET_HEADER_BYTES + next_random(&seed) % (length - ETHERNET_HEADER_BYTES);
        }
        reset_sent();
        (void)give(frame, length);
        ck_assert_uint_le(sent_length, length);
    }
}
END_TEST

Suite *frames_suite(void)
{
    Suite *suite = suite_create("frames");
    TCase *cases = tcase_create("frames");
    tcase_add_test(cases, checksum_of_rfc_1071);
    tcase_add_test(cases, echo_of_every_length);
    tcase_add_test(cases, cut_frames);
    tcase_add_test(cases, flipped_bits);
    tcase_add_test(cases, random_frames);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
