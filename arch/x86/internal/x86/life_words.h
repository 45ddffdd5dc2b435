/* Where all kernels find the life words (cluster/life.h), in boot tables as well. */
#ifndef X86_LIFE_WORDS_H
#define X86_LIFE_WORDS_H

#include <x86/layout.h>
#include <cluster/life.h>

/* With manager=on only: else the page is not mapped. Node 0's kernel may write it. */
static inline struct life_word *life_word_of(word_t node)
{
    return (struct life_word *)LIFE_PAGE + node;
}

#endif
