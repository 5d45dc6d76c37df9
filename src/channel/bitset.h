/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FERRY_CHANNEL_BITSET_H
#define FERRY_CHANNEL_BITSET_H

#include "model/schema.h"

/* A bit set of ethtool's netlink, with the names of its bits: a list of those that are set; where it says of each bit that it knows whether it is
 * set, the list of those that are, behind "on", and of the others, behind "off". Source: Documentation/networking/ethtool-netlink.rst of the kernel.
 */
extern const struct codec codec_bitset;

#endif
