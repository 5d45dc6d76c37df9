/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as JSON. */
#include <string.h>

#include "base/time.h"
#include "channel/channel.h"

static void add_number(struct buffer *buffer, const char *name, uint64_t number)
{
	buffer_printf(buffer, ",\"%s\":", name);
	buffer_add_uint(buffer, number);
}

static void add_sender(struct buffer *buffer, const struct ferry_message *message)
{
	add_number(buffer, "port", message->port);
	if (!message->has_sender) {
		buffer_add_text(buffer, ",\"pid\":null,\"uid\":null,\"gid\":null");
		return;
	}
	add_number(buffer, "pid", message->pid);
	add_number(buffer, "uid", message->uid);
	add_number(buffer, "gid", message->gid);
}

char *ferry_message_json(const struct ferry_message *message)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };
	char time[TIME_TEXT_SIZE];

	time_format(message->time, time);
	buffer_printf(&buffer, "{\"time\":\"%s\",\"kind\":\"message\",\"address\":", time);
	buffer_add_json(&buffer, message->address, strlen(message->address));
	add_number(&buffer, "group", message->group);
	add_sender(&buffer, message);
	if (message->framed) {
		add_number(&buffer, "type", message->type);
		add_number(&buffer, "flags", message->flags);
		add_number(&buffer, "sequence", message->sequence);
	}
	if (message->command >= 0)
		add_number(&buffer, "command", (uint64_t)message->command);
	add_number(&buffer, "length", message->length);
	buffer_add_text(&buffer, message->guessed ? ",\"guessed\":true" : ",\"guessed\":false");
	buffer_printf(&buffer, ",\"provenance\":\"%s\",\"message\":", message->provenance);
	value_json(&buffer, &message->value->value, message->value->field, message->value->naming);
	buffer_add_char(&buffer, '}');
	return buffer_take(&buffer);
}
