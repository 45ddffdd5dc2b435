/* What C and C++ write differently: every header here can be included from both. */
#ifndef CMK_LANGUAGE_H
#define CMK_LANGUAGE_H

#ifdef __cplusplus
#define CMK_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define CMK_NORETURN                       [[noreturn]]
/* Fields without an initializer are zero in both languages; g++ -Wextra warns of them. */
#define CMK_BEGIN_C                                                                                \
    _Pragma("GCC diagnostic push")                                                                 \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") extern "C"              \
    {
#define CMK_END_C                                                                                  \
    }                                                                                              \
    _Pragma("GCC diagnostic pop")
#else
#define CMK_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define CMK_NORETURN                       _Noreturn
#define CMK_BEGIN_C
#define CMK_END_C
#endif

#endif
