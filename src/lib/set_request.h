/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user writes to change something: ADDRESS=VALUE, or -ADDRESS for an object that is to go. */
#ifndef FERRY_LIB_SET_REQUEST_H
#define FERRY_LIB_SET_REQUEST_H

#include "channel/channel.h"
#include "lib/context.h"

struct set_request {
	const char *text; /* as it was given */
	const struct channel *channel;
	struct buffer address; /* canonical; may hold globs */
	const char *path;      /* of ADDRESS, below the channel */
	const char *value;     /* NULL: removal */
};

/* TEXT in its parts. An address may hold '=' itself (main/10.0.0.0/8,metric=100): of the '=' in TEXT the first counts that has an address before it:
 * of a file that is there, of an object whose value follows in braces, of a field that its kind of object has. Blanks around it do not count.
 * -EINVAL, -ENOENT, with words in ferry->error. */
int set_request_parse(struct ferry *ferry, const char *text, struct set_request *ret) _must_check_;
void set_request_done(struct set_request *assignment);

/* Hands every address that ASSIGNMENT means to FUNCTION: what its globs match, or the one that it says. -ENOENT where globs match nothing. */
typedef int set_request_function(void *data, const struct channel *channel, const char *path);
int set_request_expand(struct ferry *ferry, const struct set_request *assignment, set_request_function *function, void *data) _must_check_;

#endif
