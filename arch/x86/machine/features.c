/* CPU features, from the global state; and where the linker put the text. */
#include <x86/features.h>
#include <cluster/record.h>

/* linker.ld */
extern const char text_start[], text_end[];

bool cpu_has_huge_pages(void)
{
    return global_state.features.huge_pages;
}

bool cpu_has_no_execute(void)
{
    return global_state.features.nx;
}

struct range kernel_text(void)
{
    return (struct range){(word_t)text_start, (word_t)text_end};
}
