/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking a recorded change back: three-way, so that what someone else did since is not overwritten. Knows no channel: the verbs do. */
#ifndef FERRY_STATE_UNDO_H
#define FERRY_STATE_UNDO_H

#include "base/error.h"
#include "ferry.h"

/* How state is read and written, whatever the channel. JSON text throughout; what is returned is freed with free(). */
struct undo_verbs {
	void *data;
	/* What stands at ADDRESS; -ENOENT where nothing does. */
	int (*read)(void *data, const char *address, char **ret_json, struct error *error);
	/* Writes JSON to ADDRESS (an object: creates it, or changes the fields that JSON has; NULL: removes it) and tells what stands there then
	 * (NULL: nothing). */
	int (*write)(void *data, const char *address, const char *json, char **ret_now, struct error *error);
	/* Whether every settable field of EXPECTED is the same in PRESENT; a knob: whether they mean the same. */
	int (*matches)(void *data, const char *address, const char *expected, const char *present, bool *ret, struct error *error);
	/* What PRESENT has otherwise than EXPECTED, for words; free(), NULL where memory ran out. */
	char *(*difference)(void *data, const char *address, const char *expected, const char *present);
	/* Why CHANGE cannot be taken back at all (an action, a latch), or NULL. */
	const char *(*forbids)(void *data, const struct ferry_change *change);
	/* Whether what was BEFORE, and what stands at ADDRESS again, the kernel makes by itself, each time as it is then. NULL: of none. */
	bool (*remade)(void *data, const char *address, const char *before, const char *present);
};

struct undo_result {
	bool done;    /* false: it stood there as before already */
	char *before; /* JSON of what stood there before the undo, NULL = nothing */
	char *after;  /* the same after it */
};
void undo_result_done(struct undo_result *result);

/* Checks and takes CHANGE back, FLAGS as ferry_undo(). -ESTALE the present value is not what the change left; -EOPNOTSUPP it cannot be taken back;
 * -EIO what was written is not what stands there now; else what the kernel said. */
int undo_change(const struct ferry_change *change, unsigned int flags, const struct undo_verbs *verbs, struct undo_result *ret,
		struct error *error) _must_check_;

#endif
