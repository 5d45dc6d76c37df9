/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of kernel state: "channel/path", slashes between the parts. Native spellings become the canonical one. */
#ifndef FERRY_MODEL_ADDRESS_H
#define FERRY_MODEL_ADDRESS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends the canonical form of TEXT: /proc/sys/X and X.Y.Z (dots; and the swapped form net.ipv4.conf.eth0/100.rp_filter) become sysctl/..., /proc/X
 * procfs/..., /sys/X sysfs/..., "." and ".." and doubled or trailing slashes go, as far as they do not lead above the root.
 * -EINVAL with words for an empty address, a NUL, one over 4,096 bytes, one that climbs above its channel. What starts with no channel's name and no
 * native spelling is -EINVAL too, with the nearest channel as advice. */
int address_canonical(const char *text, size_t length, struct buffer *ret, struct error *error) _must_check_;

/* Whether TEXT begins with the name of a channel and a slash, so that it is no native spelling. */
bool address_names_channel(const char *text, size_t length);

/* Whether ADDRESS is PREFIX or lies below it (whole path parts; a prefix of "" holds everything). Shell globs (* ? [) in PREFIX match within one
 * part. */
bool address_under(const char *address, const char *prefix);

/* The /proc or /sys path of a canonical address of sysctl, procfs or sysfs ("/proc/sys/net/ipv4/ip_forward"); -EINVAL for other channels. */
int address_path(const char *address, struct buffer *ret) _must_check_;

#endif
