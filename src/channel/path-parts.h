/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as the BPF programs tell them: the last part first, a NUL after each. */
#ifndef FERRY_CHANNEL_PATH_PARTS_H
#define FERRY_CHANNEL_PATH_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/event.h"

/* Bytes that a joined path may take up, with its NUL. */
#define PATH_PARTS_ROOM (EVENT_PATH_MAXIMUM + 5)

/* Joins PARTS with slashes. Parts beyond the maximum were cut off by the kernel side: then the path begins with "...". Returns the bytes written,
 * with the NUL. */
size_t path_parts_join(const char *parts, uint32_t length, char *out);

#endif
