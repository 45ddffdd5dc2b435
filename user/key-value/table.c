/*
 * The table that every replica holds, and the log that keeps the replicas alike. Used by
 * tests/bench/scale, too.
 */
#include "table.h"

bool table_apply(struct table *table, const struct update *update)
{
    if (update->version != table->version + 1 || update->key >= KEYS) {
        return false;
    }
    table->values[update->key] = update->value;
    table->version = update->version;
    return true;
}

bool table_apply_next(struct table *table, struct cmk_channel_end *log)
{
    struct cmk_message message;
    struct update update;
    return cmk_channel_receive(log, &message, &update, sizeof(update)) == CMK_CHANNEL_OK &&
           message.length == sizeof(update) && table_apply(table, &update);
}

void log_send(struct cmk_channel_end *log, const struct update *update)
{
    (void)cmk_channel_send(log, 0, update, sizeof(*update));
}
