/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/fanout.h"

#include <errno.h>
#include <string.h>

#include "channel/baseline.h"
#include "channel/channel.h"

struct rewritten {
	struct rewritten *next;
	char *address;
	char *wanted; /* JSON of what is to stand there */
	char *now;    /* JSON of what stands there */
	bool told;    /* the history says that the change had rewritten it */
};

struct fanout {
	struct ferry *ferry;
	struct baseline *baseline;
	const struct nature *nature;
	char *address;
	struct rewritten *list;
};

static int nothing(void *data, const char *address, const char *before, size_t before_length, const char *after, size_t after_length)
{
	(void)data, (void)address, (void)before, (void)before_length, (void)after, (void)after_length;
	return 0;
}

int fanout_begin(struct ferry *ferry, const char *address, struct fanout **ret)
{
	const struct nature *nature = nature_of(address);
	struct fanout *fanout;
	int r;

	if (!nature || nature->nature != FERRY_FANOUT) {
		*ret = NULL;
		return 0;
	}
	fanout = calloc(1, sizeof(*fanout));
	if (!fanout)
		return error_set(&ferry->error, -ENOMEM, "no memory for what %s rewrites", address);
	fanout->ferry = ferry;
	fanout->nature = nature;
	fanout->address = strdup(address);
	r = fanout->address ? baseline_new(&ferry->machine, &fanout->baseline, &ferry->error) : -ENOMEM;
	if (r >= 0)
		r = baseline_fanout(fanout->baseline, nature, address, nothing, NULL);
	if (r < 0) {
		fanout_free(fanout);
		return error_set(&ferry->error, r, "cannot read what %s rewrites: %s", address, error_text(r));
	}
	*ret = fanout;
	return 0;
}

struct fanout *fanout_free(struct fanout *fanout)
{
	if (!fanout)
		return NULL;
	for (struct rewritten *each = fanout->list, *next; each; each = next) {
		next = each->next;
		free(each->address);
		free(each->wanted);
		free(each->now);
		free(each);
	}
	baseline_free(fanout->baseline);
	free(fanout->address);
	free(fanout);
	return NULL;
}

static char *json_of(const char *content, size_t length)
{
	_cleanup_buffer_ struct buffer json = { 0 };

	file_value_json(&json, content, length, false);
	return buffer_take(&json);
}

static int add(void *data, const char *address, const char *before, size_t before_length, const char *after, size_t after_length)
{
	struct fanout *fanout = data;
	struct rewritten *each;

	if (!strcmp(address, fanout->address))
		return 0;
	each = calloc(1, sizeof(*each));
	if (!each)
		return -ENOMEM;
	each->next = fanout->list;
	fanout->list = each;
	each->address = strdup(address);
	each->wanted = json_of(before, before_length);
	each->now = json_of(after, after_length);
	return each->address && each->wanted && each->now ? 0 : -ENOMEM;
}

/* What the change itself had rewritten goes back to what it was before. */
static int want(void *data, const struct ferry_change *change)
{
	struct fanout *fanout = data;

	for (struct rewritten *each = fanout->list; each; each = each->next)
		if (change->address && change->before && !strcmp(each->address, change->address)) {
			char *wanted = strdup(change->before);

			if (!wanted)
				return -ENOMEM;
			free(each->wanted);
			each->wanted = wanted;
			each->told = true;
		}
	return 0;
}

static int put_back(struct fanout *fanout, const struct rewritten *each)
{
	_cleanup_free_ char *now = NULL;
	const char *path;
	const struct channel *channel = channel_of(each->address, &path);
	int r;

	if (!strcmp(each->wanted, each->now) || !channel || !channel->set)
		return 0;
	r = channel->set(channel, &fanout->ferry->machine, path, each->wanted, &now);
	if (r < 0) {
		ferry_failed(fanout->ferry, r);
		return error_wrap(&fanout->ferry->error, "%s is back, but not what it rewrites", fanout->address);
	}
	return 0;
}

static bool is_fanout(const char *address)
{
	const struct nature *nature = nature_of(address);

	return nature && nature->nature == FERRY_FANOUT;
}

int fanout_end(struct fanout *fanout, struct ferry_history *history, uint64_t id)
{
	struct ferry_history_filter filter = { .size = sizeof(filter), .cause = id };
	int r;

	if (!fanout)
		return 0;
	r = baseline_fanout(fanout->baseline, fanout->nature, fanout->address, add, fanout);
	if (r < 0)
		return error_set(&fanout->ferry->error, r, "cannot read what %s rewrites: %s", fanout->address, error_text(r));
	if (fanout->list && history)
		r = ferry_history_changes(history, &filter, want, fanout);
	/* A knob that rewrites others (conf/all/forwarding, which is ip_forward by another name) would take back the very undo, where all that speaks
	 * for its value is that it stood so before. */
	for (const struct rewritten *each = fanout->list; r >= 0 && each; each = each->next)
		if (!history || each->told || !is_fanout(each->address))
			r = put_back(fanout, each);
	return r;
}
