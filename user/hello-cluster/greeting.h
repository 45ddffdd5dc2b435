/* Greetings between nodes. */
#ifndef GREETING_H
#define GREETING_H

#include <cmk/cluster.h>

/*
 * Writes this node's greeting into the first shared frame, waits for those of all others and prints
 * them.
 */
bool greet_everyone(const struct cmk_cluster *cluster);

#endif
