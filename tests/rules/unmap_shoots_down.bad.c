/* Breaks unmap_shoots_down.cocci: clears an entry that other CPUs may know. */
#include <arch/door.h>
#include <x86/vspace.h>

void forget_to_shoot_down(word_t *entry)
{
    entry_write(entry, 0); /* breach */
}

void forget_on_one_path(word_t *entry, word_t root, vaddr_t vaddr, bool hurry)
{
    entry_write(entry, 0); /* breach */
    if (hurry) {
        return;
    }
    shoot_down(root, vaddr, false);
}

void right(word_t *entry, word_t root, vaddr_t vaddr)
{
    entry_write(entry, 0);
    shoot_down(root, vaddr, false);
}
