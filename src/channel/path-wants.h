/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which objects of a kind a path with globs asks for. */
#ifndef FERRY_CHANNEL_PATH_WANTS_H
#define FERRY_CHANNEL_PATH_WANTS_H

#include <stdbool.h>

#include "base/cleanup.h"

/* Whether the object at OWN is asked for by PATH ("" for all): 1, 0, or -ENOMEM. *RET_REST is the path of a field of it, "" for the whole;
 * *RET_OPENED: PATH names it to its last part. A prefix ("10.0.0.0/8") is one part to a glob too. */
int path_wants(const char *own, const char *path, const char **ret_rest, bool *ret_opened) _must_check_;

#endif
