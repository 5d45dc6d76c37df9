/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/path-wants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/address.h"

static bool has_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

static size_t parts_of(const char *path)
{
	size_t count = *path != '\0';

	for (; *path; path++)
		count += *path == '/';
	return count;
}

/* Where the first COUNT parts of PATH end. */
static size_t head_length(const char *path, size_t count)
{
	const char *at = path;

	for (; *at; at++)
		if (*at == '/' && --count == 0)
			break;
	return (size_t)(at - path);
}

/* Whether the object at OWN is asked for by PATH; *RET_REST is the path of a field of it, "" for the whole; *RET_OPENED: PATH names it to its last
 * part. -ENOMEM. */
static int matches(const char *own, const char *path, const char **ret_rest, bool *ret_opened)
{
	const size_t length = head_length(path, parts_of(own));
	_cleanup_free_ char *head = NULL;

	*ret_rest = "";
	*ret_opened = parts_of(own) == parts_of(path);
	if (path[length] != '/')
		return address_under(own, path);
	head = strndup(path, length);
	if (!head)
		return -ENOMEM;
	*ret_rest = path + length + 1;
	return address_under(own, head);
}

/* Puts another character for the slash of each prefix ("10.0.0.0/8"); whether there was one. */
static bool join_prefixes(char *path)
{
	bool joined = false;

	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		const size_t digits = strspn(slash + 1, "0123456789");
		const char *part = slash;

		while (part > path && part[-1] != '/')
			part--;
		if (!digits || (slash[1 + digits] && slash[1 + digits] != ',') || strcspn(part, ".:") >= (size_t)(slash - part))
			continue;
		*slash = '\x01';
		joined = true;
	}
	return joined;
}

/* A prefix is one part to a glob too: the gateway of every route of a table is at route/main, a star, gateway. */
int path_wants(const char *own, const char *path, const char **ret_rest, bool *ret_opened)
{
	_cleanup_free_ char *joined = NULL;
	int r;

	/* All of a channel, which may be many. */
	if (!*path) {
		*ret_rest = "";
		*ret_opened = false;
		return 1;
	}
	r = matches(own, path, ret_rest, ret_opened);
	if (r != 0 || !has_glob(path))
		return r;
	joined = strdup(own);
	if (!joined)
		return -ENOMEM;
	return join_prefixes(joined) ? matches(joined, path, ret_rest, ret_opened) : 0;
}
