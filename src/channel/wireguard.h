/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WireGuard: devices and their peers. Sources: <linux/wireguard.h>, drivers/net/wireguard/netlink.c, wg(8). */
#ifndef FERRY_CHANNEL_WIREGUARD_H
#define FERRY_CHANNEL_WIREGUARD_H

#include <linux/genetlink.h>
#include <linux/wireguard.h>

#include "channel/object.h"

#define WIREGUARD_KEY    32
#define WIREGUARD_DEVICE 30 /* ours, in what is told of a peer: whose it is */
/* Ours: a peer in a message of its own. */
#define WIREGUARD_PEER NETLINK_TOLD(0x80)
#define WIREGUARD_SET  NETLINK_ASKED(WG_CMD_SET_DEVICE)

/* A key as wg(8) prints it, and one that is told to nobody: its bytes. */
extern const struct codec codec_wireguard_key, codec_wireguard_secret;
extern const struct codec codec_wireguard_endpoint, codec_wireguard_allowed;
extern const struct field field_wireguard_network; /* an item of the last */

/* Hands each message of a device to FUNCTION: of KEY's alone, or of all. */
int wireguard_each(struct netlink *netlink, const struct record *key, netlink_function *function, void *data, bool *ret_interrupted,
		   struct error *error);
#endif
