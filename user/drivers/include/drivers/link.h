/*
 * Links: how the drivers' clients reach them. A link is a channel (<cmk/channel.h>) over the region
 * that the cluster's configuration gives to two nodes (channel=A-B,SIZE): who has no region with
 * the driver's node has no access to it.
 */
#ifndef DRIVERS_LINK_H
#define DRIVERS_LINK_H

#include <cmk/channel.h>
#include <cmk/cluster.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum { LINK_LINES = 1024 };

/* Both nodes of a link use the same irq for it. */
enum { LINK_IRQ = 9 };

/*
 * Opens this node's end of the link over `channel`. `bell` is this node's doorbell of LINK_IRQ.
 * False if the region is too small or something is used up.
 */
bool link_open(struct cmk_channel_end *end, const struct cmk_channel *channel,
               struct cmk_doorbell *bell);

/* This node's first channel with node `peer`, or null. */
const struct cmk_channel *link_find_channel(seL4_Word peer);

CMK_END_C

#endif
