/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Undo of a knob whose write rewrites others (net.ipv4.ip_forward): those others are put where they belong too. What the change itself had rewritten
 * goes back to what it was before; what it had not touched stays as it is, though the undo's own write rewrites it. */
#ifndef FERRY_LIB_FANOUT_H
#define FERRY_LIB_FANOUT_H

#include "lib/context.h"

struct fanout;

/* Reads what a write to ADDRESS rewrites. *RET is NULL where it rewrites nothing. */
int fanout_begin(struct ferry *ferry, const char *address, struct fanout **ret) _must_check_;
/* After the write: puts back what it rewrote, as HISTORY says of what followed from change ID; HISTORY NULL: as fanout_begin() found it. */
int fanout_end(struct fanout *fanout, struct ferry_history *history, uint64_t id) _must_check_;
struct fanout *fanout_free(struct fanout *fanout);

#endif
