/*
 * Channels whose nodes can be started again (docs/channels.md, "Lives"; tests/models/reopen.pml).
 *
 * Each side says in `opened` for which pair of lives its ring begins at 0: its own node's
 * generation, and the peer's as it knows it, or 0. An end believes nothing of a side that speaks of
 * another pair.
 */
#include "channel_memory.h"

#include <cmk/node_status.h>

/* Half a word has room for more starts than a machine lives to see. */
static uint64_t pair_of(uint64_t own, uint64_t peer)
{
    return own << 32 | (uint32_t)peer;
}

void channel_life_begin(struct cmk_channel_end *end, const struct cmk_status_page *own_status)
{
    end->matched = own_status == NULL || end->peer_status == NULL;
    if (end->matched) {
        return;
    }
    end->own_generation = (uint32_t)cmk_node_generation(own_status);
    end->peer_generation = (uint32_t)cmk_node_generation(end->peer_status);
    /*
     * What an earlier life left: only headers, because the data of messages may still be read by
     * the peer's earlier end, which looks at `opened` afterwards.
     */
    for (uint32_t i = 0; i < end->geometry.lines; i++) {
        atomic_store_explicit(&end->out[i].word[0], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&end->mine->taken_lines, 0, memory_order_relaxed);
    atomic_store_explicit(&end->mine->taken_bulk, 0, memory_order_relaxed);
    atomic_store_explicit(&end->mine->nap, 0, memory_order_relaxed);
    atomic_store_explicit(&end->mine->opened, pair_of(end->own_generation, end->peer_generation),
                          memory_order_release);
}

/* The peer's node came up after this end was opened: now its life is known. */
static bool know_peer(struct cmk_channel_end *end)
{
    if (end->peer_generation == 0 && !cmk_node_has_ended(end->peer_status)) {
        end->peer_generation = (uint32_t)cmk_node_generation(end->peer_status);
        if (end->peer_generation != 0) {
            atomic_store_explicit(&end->mine->opened,
                                  pair_of(end->own_generation, end->peer_generation),
                                  memory_order_release);
        }
    }
    return end->peer_generation != 0;
}

bool channel_match(struct cmk_channel_end *end)
{
    if (!know_peer(end)) {
        return false;
    }
    uint64_t opened = atomic_load_explicit(&end->theirs->opened, memory_order_acquire);
    if (opened != pair_of(end->peer_generation, end->own_generation) &&
        opened != pair_of(end->peer_generation, 0)) {
        return false;
    }
    end->matched = true;
    return true;
}

bool channel_peer_has_ended(const struct cmk_channel_end *end)
{
    return end->peer_status &&
           (cmk_node_has_ended(end->peer_status) ||
            (end->peer_generation != 0 &&
             end->peer_generation != (uint32_t)cmk_node_generation(end->peer_status)));
}

bool channel_peer_is_new(const struct cmk_channel_end *end)
{
    return end->peer_generation != 0 &&
           atomic_load_explicit(&end->theirs->opened, memory_order_acquire) >> 32 !=
               end->peer_generation;
}
