/* A failed assertion prints itself and ends the node with status 99. Off with NDEBUG. */
#undef assert
#ifdef NDEBUG
#define assert(expression) ((void)0)
#else
#define assert(expression)                                                                         \
    ((expression) ? (void)0 : __assert_fail(#expression, __FILE__, __LINE__, __func__))
#endif

#ifndef _ASSERT_H
#define _ASSERT_H

#include <cmk/language.h>

CMK_BEGIN_C

#define static_assert _Static_assert

CMK_NORETURN void __assert_fail(const char *text, const char *file, int line, const char *function);

CMK_END_C

#endif
