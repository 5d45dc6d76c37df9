/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/brief.h"

#include <string.h>

#include "show/value.h"

#define DEPTH_PLAIN 16

/* The end of a text's plain characters: neither a quote nor anything that JSON or a terminal wants escaped. */
static const char *plain_end(const char *at)
{
	while (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* What value_short() makes of compact JSON, without a value in between, since an apply may tell of hundreds of thousands: brackets, numbers and texts
 * that are plain to their ends. False, with LINE as it was, where there is anything else. */
static bool add_plain(struct buffer *line, const char *json)
{
	const size_t begin = line->length;
	unsigned int depth = 0;
	const char *end;

	for (const char *at = json; *at && !line->failed; at = end) {
		end = at + 1;
		if (*at == '"') {
			end = plain_end(at + 1);
			if (*end != '"' || end == at + 1)
				break;
			buffer_add(line, at + 1, (size_t)(end - at - 1));
			end++;
		} else if (*at == ',') {
			buffer_add(line, ", ", 2);
		} else if (*at == ':') {
			buffer_add_char(line, ' ');
		} else if (*at == '.' || (strchr("{[", *at) && ++depth > DEPTH_PLAIN)) {
			break;
		} else {
			depth -= strchr("}]", *at) != NULL;
			buffer_add_char(line, *at);
		}
		if (!*end)
			return true;
	}
	line->length = begin;
	if (line->data)
		line->data[begin] = '\0';
	return false;
}

static void add_side(struct buffer *line, struct ferry *ferry, const char *json, const char *absent)
{
	_cleanup_value_ struct ferry_value *value = NULL;

	if (json && add_plain(line, json))
		return;
	if (json && ferry_value_parse(ferry, json, &value) == 0)
		value_short(line, value);
	else
		buffer_add_text(line, absent);
}

void change_brief(struct buffer *line, struct ferry *ferry, const struct ferry_change *change)
{
	_cleanup_value_ struct ferry_value *before = NULL, *after = NULL;

	buffer_add_escaped(line, change->address, strlen(change->address));
	buffer_add_text(line, ": ");
	if (change->kind == FERRY_CHANGED && change->before && change->after && ferry_value_parse(ferry, change->before, &before) == 0 &&
	    ferry_value_parse(ferry, change->after, &after) == 0) {
		size_t length = line->length;

		value_difference(line, before, after);
		if (line->length == length)
			buffer_add_text(line, "unchanged");
		return;
	}
	add_side(line, ferry, change->before, change->kind == FERRY_ADDED ? "(none)" : "?");
	buffer_add_text(line, " -> ");
	add_side(line, ferry, change->after, change->kind == FERRY_REMOVED ? "(none)" : "?");
}

void change_brief_json(struct buffer *line, const struct ferry_change *change)
{
	buffer_add_text(line, "{\"address\":");
	buffer_add_json(line, change->address, strlen(change->address));
	buffer_printf(line, ",\"kind\":\"%s\",\"before\":", ferry_change_kind_name(change->kind));
	buffer_add_text(line, change->before ? change->before : "null");
	buffer_add_text(line, ",\"after\":");
	buffer_add_text(line, change->after ? change->after : "null");
	if (change->result_text) {
		buffer_add_text(line, ",\"note\":");
		buffer_add_json(line, change->result_text, strlen(change->result_text));
	}
}
