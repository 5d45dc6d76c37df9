/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change as one JSON object. A storm prints a hundred thousand of them, so there is no printf and no gmtime() here. */
#include "model/change.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"

/* Larger than nearly all changes, so that a line costs one allocation. */
#define USUAL_SIZE 1000

#define ADD_LITERAL(buffer, text) buffer_add((buffer), (text), sizeof(text) - 1)

static void add_time(struct buffer *buffer, uint64_t time)
{
	char text[TIME_TEXT_SIZE];

	time_format(time, text);
	buffer_add_char(buffer, '"');
	buffer_add_text(buffer, text);
	buffer_add_char(buffer, '"');
}

/* A word that needs no escape. */
static void add_word(struct buffer *buffer, const char *word)
{
	buffer_add_char(buffer, '"');
	buffer_add_text(buffer, word);
	buffer_add_char(buffer, '"');
}

static void add_text_or_null(struct buffer *buffer, const char *text)
{
	if (text)
		buffer_add_json(buffer, text, strlen(text));
	else
		ADD_LITERAL(buffer, "null");
}

static void add_number_or_null(struct buffer *buffer, uint64_t number, uint64_t unknown)
{
	if (number == unknown)
		ADD_LITERAL(buffer, "null");
	else
		buffer_add_uint(buffer, number);
}

static void add_arguments(struct buffer *buffer, const char *argv, size_t length)
{
	if (!argv) {
		ADD_LITERAL(buffer, "null");
		return;
	}
	buffer_add_char(buffer, '[');
	for (size_t start = 0; start < length;) {
		size_t end = start + strnlen(argv + start, length - start);

		if (start)
			buffer_add_char(buffer, ',');
		buffer_add_json(buffer, argv + start, end - start);
		start = end + 1;
	}
	buffer_add_char(buffer, ']');
}

void actor_json(struct buffer *buffer, const struct ferry_actor *actor)
{
	ADD_LITERAL(buffer, "{\"pid\":");
	add_number_or_null(buffer, actor->pid, 0);
	ADD_LITERAL(buffer, ",\"tid\":");
	add_number_or_null(buffer, actor->tid, 0);
	ADD_LITERAL(buffer, ",\"ppid\":");
	add_number_or_null(buffer, actor->ppid, 0);
	ADD_LITERAL(buffer, ",\"start\":");
	add_number_or_null(buffer, actor->start, 0);
	ADD_LITERAL(buffer, ",\"comm\":");
	add_text_or_null(buffer, actor->comm && *actor->comm ? actor->comm : NULL);
	ADD_LITERAL(buffer, ",\"exe\":");
	add_text_or_null(buffer, actor->exe);
	ADD_LITERAL(buffer, ",\"argv\":");
	add_arguments(buffer, actor->argv, actor->argv_length);
	if (actor->argv_cut)
		ADD_LITERAL(buffer, ",\"argv_cut\":true");
	ADD_LITERAL(buffer, ",\"uid\":");
	add_number_or_null(buffer, actor->uid, UINT32_MAX);
	ADD_LITERAL(buffer, ",\"login_uid\":");
	add_number_or_null(buffer, actor->login_uid, UINT32_MAX);
	ADD_LITERAL(buffer, ",\"cgroup\":");
	add_text_or_null(buffer, actor->cgroup);
	ADD_LITERAL(buffer, ",\"netns\":");
	add_number_or_null(buffer, actor->netns, 0);
	if (actor->kernel)
		ADD_LITERAL(buffer, ",\"kernel\":true");
	if (actor->unknown) {
		ADD_LITERAL(buffer, ",\"unknown\":");
		add_text_or_null(buffer, actor->unknown);
	}
	buffer_add_char(buffer, '}');
}

static void add_gap(struct buffer *buffer, const struct ferry_change *change)
{
	ADD_LITERAL(buffer, ",\"source\":");
	add_text_or_null(buffer, change->source);
	ADD_LITERAL(buffer, ",\"lost\":");
	add_number_or_null(buffer, change->lost, UINT64_MAX);
	ADD_LITERAL(buffer, ",\"from\":");
	add_time(buffer, change->from);
	ADD_LITERAL(buffer, ",\"to\":");
	add_time(buffer, change->to);
}

static const char *result_word(int result)
{
	if (result == 0)
		return "ok";
	return result == -EREMOTEIO ? "refused" : error_symbol(result);
}

static void add_event(struct buffer *buffer, const struct ferry_change *change)
{
	ADD_LITERAL(buffer, ",\"address\":");
	add_text_or_null(buffer, change->address);
	ADD_LITERAL(buffer, ",\"before\":");
	buffer_add_text(buffer, change->before ? change->before : "null");
	ADD_LITERAL(buffer, ",\"after\":");
	buffer_add_text(buffer, change->after ? change->after : "null");
	ADD_LITERAL(buffer, ",\"door\":");
	add_word(buffer, ferry_door_name(change->door));
	ADD_LITERAL(buffer, ",\"result\":");
	add_word(buffer, result_word(change->result));
	if (change->result_text) {
		ADD_LITERAL(buffer, ",\"message\":");
		add_text_or_null(buffer, change->result_text);
	}
	ADD_LITERAL(buffer, ",\"actor\":");
	if (change->actor)
		actor_json(buffer, change->actor);
	else
		ADD_LITERAL(buffer, "null");
	ADD_LITERAL(buffer, ",\"cause\":");
	add_number_or_null(buffer, change->cause, 0);
	if (change->netns) {
		ADD_LITERAL(buffer, ",\"netns\":");
		buffer_add_uint(buffer, change->netns);
	}
	ADD_LITERAL(buffer, ",\"consistency\":");
	add_word(buffer, ferry_consistency_name(change->consistency));
}

void change_json(struct buffer *buffer, const struct ferry_change *change)
{
	ADD_LITERAL(buffer, "{\"id\":");
	buffer_add_uint(buffer, change->id);
	ADD_LITERAL(buffer, ",\"time\":");
	add_time(buffer, change->time);
	ADD_LITERAL(buffer, ",\"kind\":");
	add_word(buffer, ferry_change_kind_name(change->kind));
	if (change->kind == FERRY_GAP)
		add_gap(buffer, change);
	else
		add_event(buffer, change);
	buffer_add_char(buffer, '}');
}

char *ferry_change_json(const struct ferry_change *change)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };

	if (!buffer_reserve(&buffer, USUAL_SIZE))
		return NULL;
	change_json(&buffer, change);
	return buffer_take(&buffer);
}
