/* Breaks unmap_shoots_down.cocci: ways to lose a shoot-down that the compiler does not see. */
#include <x86/shoot_down.h>

void clear_without_obligation(word_t *entry)
{
    entry_write(entry, 0); /* breach */
}

void cast_away(struct stale stale)
{
    (void)stale; /* breach */
}

void only_look(word_t *entry, word_t root, vaddr_t vaddr)
{
    struct stale stale = entry_clear(entry, stale_page(root, vaddr)); /* breach */
    if (is_anything_stale(stale)) {
        count_here(0);
    }
}

void right(word_t *entry, word_t root, vaddr_t vaddr)
{
    shoot_down(entry_clear(entry, stale_page(root, vaddr)));
}

void right_if_anything(word_t *entry, word_t root, vaddr_t vaddr)
{
    struct stale stale = entry_clear(entry, stale_page(root, vaddr));
    if (is_anything_stale(stale)) {
        shoot_down(stale);
    }
}
