/* Breaks assert_has_no_effect.cocci: release builds would not count. */
#include <kernel/assert.h>

void count(unsigned *sum, unsigned limit)
{
    assert(++*sum < limit); /* breach */
    assert(*sum < limit);
}
