/* Saved registers: order, sanitising with bad values, fault messages. */
#include "world.h"
#include <stdlib.h>

/* Registers numbered by value, so that a wrong order shows. */
static struct user_context numbered(void)
{
    struct user_context c = {0};
    c.restart_ip = 0x1000;
    c.rip = 0x2000;
    c.rsp = 1, c.rflags = 2, c.rax = 3, c.rbx = 4, c.rcx = 5, c.rdx = 6, c.rsi = 7, c.rdi = 8,
    c.rbp = 9;
    c.r8 = 10, c.r9 = 11, c.r10 = 12, c.r11 = 13, c.r12 = 14, c.r13 = 15, c.r14 = 16, c.r15 = 17;
    c.fs_base = 18, c.gs_base = 19;
    return c;
}

START_TEST(new_context)
{
    struct user_context c = {0};
    context_init(&c);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        ck_assert_uint_eq(context_read(&c, i), i == REGISTER_rflags ? 0x202 : 0);
    }
    ck_assert_uint_eq(c.cs, 0x2b);
    ck_assert_uint_eq(c.ss, 0x23);
    ck_assert_uint_ne(c.vector, ENTERED_BY_SYSCALL);
}
END_TEST

START_TEST(order_of_registers)
{
    struct user_context c = numbered();
    ck_assert_uint_eq(context_read(&c, REGISTER_rip), 0x1000);
    for (unsigned i = 1; i < REGISTER_COUNT; i++) {
        ck_assert_uint_eq(context_read(&c, i), i);
    }
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        struct user_context before = numbered(), after = before;
        context_write(&after, i, 0x4d7);
        ck_assert_uint_eq(context_read(&after, i), i == REGISTER_rflags ? 0x6d7 : 0x4d7);
        for (unsigned other = 0; other < REGISTER_COUNT; other++) {
            ck_assert(other == i || context_read(&after, other) == context_read(&before, other));
        }
        ck_assert_uint_eq(after.rip, i == REGISTER_rip ? 0x4d7 : 0x2000);
        ck_assert(after.cs == before.cs && after.ss == before.ss && after.vector == before.vector);
    }
}
END_TEST

START_TEST(sanitise_addresses)
{
    static const word_t good[] = {0, 1, 0x7fffffffffff, 0xffff800000000000, ~0ull};
    static const word_t bad[] = {0x800000000000, 0x800000000001, 0xffff7fffffffffff, 1ull << 63,
                                 0xfffeffffffffffff};
    static const enum user_register addresses[] = {REGISTER_rip, REGISTER_fs_base,
                                                   REGISTER_gs_base};
    for (unsigned r = 0; r < ARRAY_LENGTH(addresses); r++) {
        for (unsigned i = 0; i < ARRAY_LENGTH(good); i++) {
            ck_assert_uint_eq(context_sanitise(addresses[r], good[i]), good[i]);
            ck_assert_uint_eq(context_sanitise(addresses[r], bad[i]), 0);
        }
    }
    ck_assert_uint_eq(context_sanitise(REGISTER_rsp, bad[0]), bad[0]);
    ck_assert_uint_eq(context_sanitise(REGISTER_rcx, bad[0]), bad[0]);
}
END_TEST

START_TEST(sanitise_flags)
{
    srand(1);
    for (unsigned i = 0; i < 64; i++) {
        /* Kept: CF PF AF ZF SF DF OF. Always set: bit 1, IF. */
        bool kept = i < 12 && (0xcd5 >> i & 1);
        ck_assert_uint_eq(context_sanitise(REGISTER_rflags, 1ull << i),
                          0x202 | (kept ? 1ull << i : 0));
    }
    ck_assert_uint_eq(context_sanitise(REGISTER_rflags, ~0ull), 0xed7);
    ck_assert_uint_eq(context_sanitise(REGISTER_rflags, 0), 0x202);
    for (unsigned i = 0; i < 100000; i++) {
        word_t value = (word_t)rand() << 42 ^ (word_t)rand() << 21 ^ (word_t)rand();
        word_t rip = context_sanitise(REGISTER_rip, value);
        bool good = rip == (word_t)((int64_t)(rip << 16) >> 16);
        for (unsigned r = 0; r < REGISTER_COUNT; r++) {
            word_t once = context_sanitise(r, value);
            good = good && context_sanitise(r, once) == once;
        }
        if (!good) {
            ck_abort_msg("value %#lx", (unsigned long)value);
        }
    }
}
END_TEST

START_TEST(fault_words)
{
    static const word_t unknown[] = {3,  4,  5,  6,  7,  8,  9,      10, 11,
                                     12, 13, 14, 15, 16, 17, 0x1000, 1,  2};
    static const word_t exception[] = {0x1000, 1, 2};
    struct user_context c = numbered();
    for (unsigned i = 0; i < 18; i++) {
        ck_assert_uint_eq(context_unknown_syscall_word(&c, i), unknown[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(context_user_exception_word(&c, i), exception[i]);
    }
    c.vector = ENTERED_BY_SYSCALL;
    context_set_unknown_syscall_word(&c, 15, 0x800000000000);
    ck_assert(c.rip == 0 && c.restart_ip == 0);
    context_set_unknown_syscall_word(&c, 15, 0x5000);
    ck_assert(c.rip == 0x5000 && c.restart_ip == 0x5000);
    context_set_unknown_syscall_word(&c, 17, ~0ull);
    ck_assert_uint_eq(c.rflags, 0xed7);
    context_set_unknown_syscall_word(&c, 0, ~0ull);
    ck_assert_uint_eq(c.rax, ~0ull);
    context_set_user_exception_word(&c, 0, 1ull << 63);
    ck_assert(c.rip == 0 && c.restart_ip == 0);
    context_set_user_exception_word(&c, 1, 1ull << 63);
    ck_assert_uint_eq(c.rsp, 1ull << 63);
    context_set_user_exception_word(&c, 2, 0x100);
    ck_assert_uint_eq(c.rflags, 0x202);
    ck_assert_uint_eq(c.vector, ENTERED_BY_SYSCALL); /* how it leaves is unchanged */
    context_set_full_restore(&c);
    ck_assert_uint_ne(c.vector, ENTERED_BY_SYSCALL);
    ck_assert(FAILS(context_unknown_syscall_word(&c, 18)));
    ck_assert(FAILS(context_set_user_exception_word(&c, 3, 0)));
}
END_TEST

Suite *context_suite(void)
{
    Suite *suite = suite_create("saved registers");
    TCase *tests = tcase_create("saved registers");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, new_context);
    tcase_add_test(tests, order_of_registers);
    tcase_add_test(tests, sanitise_addresses);
    tcase_add_test(tests, sanitise_flags);
    tcase_add_test(tests, fault_words);
    suite_add_tcase(suite, tests);
    return suite;
}
