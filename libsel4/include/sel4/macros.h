/* Small helpers that the other headers and many programs use. */
#ifndef SEL4_MACROS_H
#define SEL4_MACROS_H

#include <sel4/gen_config.h>
#include <cmk/language.h>

#define LIBSEL4_INLINE      static inline
#define LIBSEL4_INLINE_FUNC static inline
#define LIBSEL4_NOINLINE    __attribute__((noinline))
#define LIBSEL4_UNUSED      __attribute__((unused))
#define LIBSEL4_WEAK        __attribute__((weak))
#define LIBSEL4_BIT(n)      (1ul << (n))

#define SEL4_PACKED                           __attribute__((packed))
#define SEL4_DEPRECATED(message)              __attribute__((deprecated(message)))
#define SEL4_DEPRECATE_MACRO(x)               x
#define SEL4_OFFSETOF(type, member)           __builtin_offsetof(type, member)
#define SEL4_COMPILE_ASSERT(name, expression) CMK_STATIC_ASSERT(expression, #name);
#define SEL4_SIZE_SANITY(index_bits, entry_bits, size_bits)                                        \
    CMK_STATIC_ASSERT((index_bits) + (entry_bits) == (size_bits), #size_bits);

/*
 * Makes an enumeration a full word wide, so that its values travel through registers without
 * conversion.
 */
#define SEL4_FORCE_LONG_ENUM(type) _enum_pad_##type = (1ul << 63) - 1

#ifndef CONST
#define CONST __attribute__((__const__))
#endif
#ifndef PURE
#define PURE __attribute__((__pure__))
#endif

#endif
