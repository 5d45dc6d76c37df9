/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Call sites: their stacks in words. */
#ifndef FERRY_CROSSING_STAT_SITES_H
#define FERRY_CROSSING_STAT_SITES_H

#include "crossing/stat-part.h"

/* A list of texts, the innermost first: "function+0x1f (module)", "module+0x1234", or a bare address. RET_CUT: it does not lead
 * out of the C library, so who called that is not known. -ENOMEM. */
int stat_site_stack(struct stat_count *count, const struct stat_site_sum *site, struct arena *arena, struct value *ret, bool *ret_cut) _must_check_;

void stat_sites_done(struct stat_count *count);

#endif
