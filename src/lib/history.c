/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history's public face. */
#include "lib/history.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

static char *join(const char *folder, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%s", folder, rest) < 0 ? NULL : path;
}

char *ferry_history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		return strdup("/var/lib/ferry/history.db");
	/* The base directory specification: a path that is not absolute is none. */
	if (state && *state == '/')
		return join(state, "/ferry/history.db");
	return join(home && *home == '/' ? home : "", "/.local/state/ferry/history.db");
}

int ferry_history_open(struct ferry *ferry, const char *path, struct ferry_history **ret_history)
{
	_cleanup_free_ struct ferry_history *history = calloc(1, sizeof(*history));
	int r;

	if (!history)
		return error_set(&ferry->error, -ENOMEM, "out of memory");
	history->ferry = ferry;
	r = history_reader_open(path, &history->reader, &ferry->error);
	if (r < 0)
		return r;
	*ret_history = TAKE_POINTER(history);
	return 0;
}

struct ferry_history *ferry_history_close(struct ferry_history *history)
{
	if (!history)
		return NULL;
	history_reader_close(history->reader);
	free(history);
	return NULL;
}

int ferry_history_changes(struct ferry_history *history, const struct ferry_history_filter *filter, ferry_change_function *function, void *data)
{
	return history_changes(history->reader, filter, function, data, &history->ferry->error);
}

int ferry_history_blame(struct ferry_history *history, const char *address, ferry_blame_function *function, void *data)
{
	return history_blame(history->reader, address ? address : "", function, data, &history->ferry->error);
}

int ferry_time_parse(const char *text, uint64_t now, uint64_t *ret_time)
{
	return time_parse(text, now, ret_time);
}

int ferry_duration_parse(const char *text, uint64_t *ret_duration)
{
	return duration_parse(text, ret_duration) < 0 ? -EINVAL : 0;
}

int ferry_size_parse(const char *text, uint64_t *ret_size)
{
	return size_parse(text, ret_size) < 0 ? -EINVAL : 0;
}
