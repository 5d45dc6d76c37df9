/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A document in the making. Between the files of that only. */
#ifndef FERRY_LIB_DECLARE_SNAPSHOT_H
#define FERRY_LIB_DECLARE_SNAPSHOT_H

#include "lib/declare_ruleset.h"

/* Why something was left out. */
enum reason {
	LEFT_READ_ONLY,
	LEFT_ACTION,
	LEFT_VOLATILE,
	LEFT_SECRET,
	LEFT_MIRROR,
	LEFT_TWIN,
	LEFT_UNREAD,
	LEFT_PASSING,
	LEFT_KEYED,
	LEFT_BARRED,
	LEFT_OWNED,
	LEFT_COUNT,
};

struct snapshot {
	struct ferry *ferry;
	unsigned int flags;
	const char *address; /* that is asked for */
	struct buffer body;
	struct left left;
	uint64_t counts[LEFT_COUNT];
	struct ruleset *ruleset; /* once it is asked for */
	bool found, torn;
};

void snapshot_add_line(struct snapshot *snapshot, const char *address, const struct value *value, const struct field *field);
/* Whether the object at PATH, or a field of it, is asked for. */
bool snapshot_asks_for(const struct snapshot *snapshot, const char *channel, const char *path);
/* What the address says is not said again. */
void snapshot_drop_keys(struct record *record);

/* declare_snapshot_elements.c: those of nftables' sets. */
int snapshot_add_elements(struct snapshot *snapshot, const struct kind *kind) _must_check_;

#endif
