/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What neighbours and proxy entries share: one message, LINK/ADDRESS in the tree. */
#ifndef FERRY_CHANNEL_NEIGH_H
#define FERRY_CHANNEL_NEIGH_H

#include "channel/object.h"

extern const struct names words_neighbour_flags, words_neighbour_more_flags; /* NTF_*, NTF_EXT_* */

void neigh_path(const struct record *record, const struct naming *naming, struct buffer *ret);
int neigh_parse_path(const struct schema *schema, const char *text, const struct naming *naming, struct arena *arena, struct record **ret,
		     const char **ret_rest, struct error *error);
/* Asks for the one entry of KEY, with FLAGS (NTF_PROXY: among the proxies). */
int neigh_get(const struct record *key, uint8_t flags, struct buffer *request);

#endif
