/*
 * Assertions of programs that bring no C library. A failed one calls the C library's or the
 * runtime's __assert_fail.
 */
#ifndef SEL4_ASSERT_H
#define SEL4_ASSERT_H

#include <sel4/macros.h>
#include <cmk/language.h>

CMK_BEGIN_C

void __assert_fail(const char *text, const char *file, int line, const char *function);

#define seL4_Fail(text)         __assert_fail(text, __FILE__, __LINE__, __func__)
#define seL4_Assert(expression) ((expression) ? (void)0 : seL4_Fail(#expression))

#define seL4_Compile_Assert(name, expression) CMK_STATIC_ASSERT(expression, #name);
#define seL4_CompileTimeAssert(expression)    CMK_STATIC_ASSERT(expression, #expression)

#ifdef CONFIG_DEBUG_BUILD
#define seL4_DebugAssert(expression) seL4_Assert(expression)
#else
#define seL4_DebugAssert(expression) ((void)0)
#endif

CMK_END_C

#endif
