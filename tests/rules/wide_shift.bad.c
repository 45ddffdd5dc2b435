/* Breaks wide_shift.cocci: the size of an untyped of 32 bits or more comes out as 0. */
#include <kernel/types.h>

word_t bytes_of(unsigned size_bits)
{
    return 1u << size_bits; /* breach */
}
