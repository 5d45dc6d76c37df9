/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/join.h"

#include <errno.h>
#include <string.h>

#define JOIN_INITIAL 256u
#define JOIN_MAXIMUM (1u << 18)
/* How far behind the oldest notice a message's own may stand: processors times the messages one can make while another is held up. */
#define JOIN_WINDOW 4096u
/* The same where messages were lost, whose notices stand in front; and how many of those in front of one that was found may still find theirs. */
#define JOIN_WINDOW_LOSSY 65536u
#define JOIN_KEPT_LOSSY   256u

static struct event_notice *at(const struct join *join, uint32_t index)
{
	return &join->notices[(join->head + index) & (join->size - 1)];
}

static int grow(struct join *join)
{
	uint32_t size = join->size ? join->size * 2 : JOIN_INITIAL;
	struct event_notice *notices;

	if (size > JOIN_MAXIMUM)
		return -ENOMEM;
	notices = malloc(size * sizeof(*notices));
	if (!notices)
		return -ENOMEM;
	for (uint32_t i = 0; i < join->count; i++)
		notices[i] = *at(join, i);
	free(join->notices);
	join->notices = notices;
	join->size = size;
	join->head = 0;
	return 0;
}

int join_add(struct join *join, const struct event_notice *notice)
{
	if (join->count == join->size) {
		int r = grow(join);

		if (r < 0)
			return r;
	}
	*at(join, join->count++) = *notice;
	return 0;
}

void join_forget(struct join *join, uint32_t count)
{
	join->head = (join->head + count) & (join->size - 1);
	join->count -= count;
	join->orphans += count;
}

static void take(struct join *join, uint32_t index, struct event_notice *ret)
{
	*ret = *at(join, index);
	for (; index > 0; index--) /* nearly always the first: nothing moves */
		*at(join, index) = *at(join, index - 1);
	join->head = (join->head + 1) & (join->size - 1);
	join->count--;
	if (!join->count && join->size > JOIN_INITIAL * 16) { /* a storm is over */
		free(join->notices);
		join->notices = NULL;
		join->size = join->head = 0;
	}
}

static bool same_message(const struct event_notice *notice, const struct nlmsghdr *message, uint32_t length)
{
	uint32_t known = message->nlmsg_len < EVENT_MESSAGE_MAXIMUM ? message->nlmsg_len : EVENT_MESSAGE_MAXIMUM;

	return notice->message_length == length && !memcmp(notice->message, message, known);
}

/* A program's own request is announced with its port; what the kernel does in its course, or by another door, has none. */
static bool port_fits(const struct event_notice *notice, const struct nlmsghdr *message)
{
	return !message->nlmsg_pid || !notice->header.task.port || notice->header.task.port == message->nlmsg_pid;
}

static uint32_t find(const struct join *join, const struct nlmsghdr *message, uint32_t length, uint32_t from, uint32_t window)
{
	if (window > join->count)
		window = join->count;

	while (from < window && !(same_message(at(join, from), message, length) && port_fits(at(join, from), message)))
		from++;
	return from < window ? from : UINT32_MAX;
}

static bool is_disputed(const struct join *join, const struct nlmsghdr *message, uint32_t length, uint32_t found)
{
	const struct event_key *key = &at(join, found)->header.task.key;

	for (uint32_t other = found; (other = find(join, message, length, other + 1, JOIN_WINDOW_LOSSY)) != UINT32_MAX;)
		if (memcmp(&at(join, other)->header.task.key, key, sizeof(*key)))
			return true;
	return false;
}

enum join_result join_message(struct join *join, const struct nlmsghdr *message, uint32_t length, bool patient, bool lossy, struct event_notice *ret)
{
	uint32_t found = find(join, message, length, 0, lossy ? JOIN_WINDOW_LOSSY : JOIN_WINDOW);
	bool disputed;

	if (found == UINT32_MAX)
		return patient ? JOIN_WAIT : JOIN_UNKNOWN;
	disputed = lossy && is_disputed(join, message, length, found);
	if (lossy && found > JOIN_KEPT_LOSSY) { /* notices of messages that were lost */
		join_forget(join, found - JOIN_KEPT_LOSSY);
		found = JOIN_KEPT_LOSSY;
	}
	take(join, found, ret);
	return disputed ? JOIN_UNKNOWN : JOIN_FOUND;
}

void join_done(struct join *join)
{
	free(join->notices);
	*join = (struct join){ 0 };
}
