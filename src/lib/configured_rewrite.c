/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys whose write rewrites others: what is written before one of them does not last. */
#include <errno.h>
#include <string.h>

#include "channel/nature.h"
#include "lib/configured.h"

bool configured_matches(const char *patterns, const char *address)
{
	char pattern[512];

	for (size_t length; *patterns; patterns += length) {
		patterns += strspn(patterns, " ");
		length = strcspn(patterns, " ");
		if (!length || length >= sizeof(pattern))
			continue;
		memcpy(pattern, patterns, length);
		pattern[length] = '\0';
		if (nature_match(pattern, address))
			return true;
	}
	return false;
}

/* A write to conf/default reaches only interfaces on which the key was never set: not those that these files set. */
int configured_rewritten(const char *address, struct buffer *ret)
{
	const struct nature *nature = nature_of(address);

	if (!nature || nature->nature != FERRY_FANOUT || strstr(address, "/default/"))
		return 0;
	nature_add_others(nature, address, ret);
	buffer_add_char(ret, ' ');
	return ret->failed ? -ENOMEM : 0;
}

int configured_rewrites(struct ferry_configured *configured)
{
	for (unsigned int i = 0; i < configured->count; i++) {
		const struct ferry_configured_key *writer = &configured->keys[i];
		_cleanup_buffer_ struct buffer patterns = { 0 };
		int r = writer->winner ? configured_rewritten(writer->address, &patterns) : 0;

		if (r < 0)
			return r;
		for (unsigned int j = 0; patterns.length && j < configured->count; j++) {
			struct ferry_configured_key *key = &configured->keys[j];

			if (key->winner && key->order < writer->order && configured_matches(patterns.data, key->address))
				key->rewritten_by = writer->address;
		}
	}
	return 0;
}
