/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A crossing as JSON. */
#include <string.h>

#include "base/cleanup.h"
#include "base/time.h"
#include "channel/channel.h"

const char *ferry_crossing_kind_name(enum ferry_crossing_kind kind)
{
	static const char *const words[] = {
		[FERRY_CROSSING_CALL] = "call",
		[FERRY_CROSSING_SPOKEN] = "spoken",
		[FERRY_CROSSING_MESSAGE] = "message",
		[FERRY_CROSSING_EXCEPTION] = "exception",
		[FERRY_CROSSING_INTERRUPT] = "interrupt",
		[FERRY_CROSSING_SUBMISSION] = "submission",
		[FERRY_CROSSING_COMPLETION] = "completion",
		[FERRY_CROSSING_SIGNAL] = "signal",
		[FERRY_CROSSING_STARTED] = "started",
		[FERRY_CROSSING_PROGRAM] = "program",
		[FERRY_CROSSING_ENDED] = "ended",
		[FERRY_CROSSING_GAP] = "gap",
	};

	return (unsigned int)kind < ARRAY_SIZE(words) ? words[kind] : "unknown";
}

static void add_text(struct buffer *buffer, const char *name, const char *text)
{
	if (!text)
		return;
	buffer_printf(buffer, ",\"%s\":", name);
	buffer_add_json(buffer, text, strlen(text));
}

static void add_value(struct buffer *buffer, const char *name, const struct ferry_value *value)
{
	if (!value)
		return;
	buffer_printf(buffer, ",\"%s\":", name);
	value_json(buffer, &value->value, value->field, value->naming);
}

static void add_gap(struct buffer *buffer, const struct ferry_crossing *crossing)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	time_format(crossing->from, from);
	time_format(crossing->to, to);
	buffer_printf(buffer, ",\"lost\":%llu,\"from\":\"%s\",\"to\":\"%s\"", (unsigned long long)crossing->lost, from, to);
}

static void add_registers(struct buffer *buffer, const struct ferry_crossing *crossing)
{
	if (!crossing->register_count)
		return;
	buffer_add_text(buffer, ",\"registers\":[");
	for (unsigned int i = 0; i < crossing->register_count; i++) {
		if (i)
			buffer_add_char(buffer, ',');
		buffer_add_uint(buffer, crossing->registers[i]);
	}
	buffer_add_char(buffer, ']');
}

static void add_result(struct buffer *buffer, const struct ferry_crossing *crossing)
{
	const bool may = crossing->kind == FERRY_CROSSING_CALL || crossing->kind == FERRY_CROSSING_SPOKEN;

	if (crossing->has_result) {
		buffer_add_text(buffer, ",\"result\":");
		buffer_add_int(buffer, crossing->result);
	} else if (may) {
		buffer_add_text(buffer, ",\"result\":null");
	}
	add_text(buffer, "error", crossing->error);
	if (crossing->duration != UINT64_MAX) {
		buffer_add_text(buffer, ",\"duration\":");
		buffer_add_uint(buffer, crossing->duration);
	}
}

static void add_message(struct buffer *buffer, const struct ferry_crossing *crossing)
{
	buffer_printf(buffer, ",\"received\":%s,\"protocol\":%d,\"hex\":\"", crossing->received ? "true" : "false", crossing->protocol);
	buffer_add_hex(buffer, crossing->data, crossing->length);
	buffer_add_char(buffer, '"');
}

char *ferry_crossing_json(const struct ferry_crossing *crossing)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };
	char time[TIME_TEXT_SIZE];

	time_format(crossing->time, time);
	buffer_printf(&buffer, "{\"time\":\"%s\",\"kind\":\"%s\"", time, ferry_crossing_kind_name(crossing->kind));
	if (crossing->pid) {
		buffer_printf(&buffer, ",\"pid\":%u,\"tid\":%u", crossing->pid, crossing->tid);
		add_text(&buffer, "comm", crossing->comm);
	}
	add_text(&buffer, "name", crossing->name);
	if (crossing->has_class)
		add_text(&buffer, "class", ferry_call_class_name(crossing->call_class));
	if (crossing->compat)
		buffer_add_text(&buffer, ",\"compat\":true");
	if (crossing->door != FERRY_DOOR_UNKNOWN)
		add_text(&buffer, "door", ferry_door_name(crossing->door));
	add_text(&buffer, "address", crossing->address);
	add_value(&buffer, "arguments", crossing->arguments);
	add_registers(&buffer, crossing);
	add_value(&buffer, "memory", crossing->memory);
	add_value(&buffer, "before", crossing->before);
	add_value(&buffer, "asked", crossing->asked);
	add_value(&buffer, "answered", crossing->answered);
	if (crossing->objects)
		buffer_printf(&buffer, ",\"objects\":%llu", (unsigned long long)crossing->objects);
	add_result(&buffer, crossing);
	if (crossing->kind == FERRY_CROSSING_MESSAGE)
		add_message(&buffer, crossing);
	if (crossing->guessed)
		buffer_add_text(&buffer, ",\"guessed\":true");
	if (crossing->cut)
		buffer_add_text(&buffer, ",\"cut\":true");
	add_text(&buffer, "words", crossing->words);
	if (crossing->kind == FERRY_CROSSING_GAP)
		add_gap(&buffer, crossing);
	buffer_add_char(&buffer, '}');
	return buffer_take(&buffer);
}
