/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/message.h"

#include <string.h>

#include "base/cleanup.h"
#include "show/moment.h"
#include "show/value.h"

#define DEPTH_MAXIMUM 16

void message_printer_init(struct message_printer *printer, struct output *output, bool json)
{
	*printer = (struct message_printer){ .output = output, .json = json };
}

void message_printer_done(struct message_printer *printer)
{
	user_names_done(&printer->users);
	buffer_done(&printer->text);
}

static void add_attributes(struct buffer *line, const struct ferry_value *list, unsigned int depth);

/* 3=dc050000 (1500), 4="eth0", 5={1=...}: the number, its bytes, and in its place or behind it what these look like. */
static void add_attribute(struct buffer *line, const struct ferry_value *attribute, unsigned int depth)
{
	const struct ferry_value *item;
	const char *name;

	for (unsigned int i = 0; ferry_value_item(attribute, i, &item, &name) == 0; i++) {
		if (strcmp(name, "number") == 0) {
			value_add_text(line, item);
			buffer_add_char(line, '=');
		} else if (strcmp(name, "attributes") == 0) {
			buffer_add_char(line, '{');
			add_attributes(line, item, depth + 1);
			buffer_add_char(line, '}');
		} else if (strcmp(name, "hex") == 0) {
			value_add_text(line, item);
		} else if (strcmp(name, "text") == 0) {
			buffer_add_text(line, " (\"");
			value_add_text(line, item);
			buffer_add_text(line, "\")");
		} else if (strcmp(name, "uint") == 0) {
			buffer_add_text(line, " (");
			value_add_text(line, item);
			buffer_add_char(line, ')');
		}
	}
}

static void add_attributes(struct buffer *line, const struct ferry_value *list, unsigned int depth)
{
	const struct ferry_value *item;
	const char *name;

	for (unsigned int i = 0; depth < DEPTH_MAXIMUM && ferry_value_item(list, i, &item, &name) == 0; i++) {
		if (i > 0)
			buffer_add_char(line, ' ');
		add_attribute(line, item, depth);
	}
}

/* What was guessed: the fixed part, and behind it attributes or what else there is. */
void message_add_guess(struct buffer *line, const struct ferry_value *body)
{
	const struct ferry_value *item;
	const char *name;

	for (unsigned int i = 0; ferry_value_item(body, i, &item, &name) == 0; i++) {
		if (i > 0)
			buffer_add_char(line, ' ');
		if (strcmp(name, "attributes") == 0) {
			add_attributes(line, item, 0);
		} else {
			buffer_add_text(line, name);
			buffer_add_char(line, '=');
			value_add_text(line, item);
		}
	}
}

/* A message that is one text, or bytes that are none, is shown as that. */
static const struct ferry_value *plain_of(const struct ferry_value *body)
{
	const struct ferry_value *item;
	const char *name;

	if (ferry_value_count(body) != 1 || ferry_value_item(body, 0, &item, &name) != 0)
		return NULL;
	return strcmp(name, "text") == 0 || strcmp(name, "hex") == 0 ? item : NULL;
}

static void add_body(struct buffer *line, const struct ferry_message *message)
{
	const struct ferry_value *plain;

	if (ferry_value_count(message->value) == 0)
		return;
	buffer_add_char(line, ' ');
	if (message->guessed) {
		message_add_guess(line, message->value);
		return;
	}
	plain = plain_of(message->value);
	value_add_text(line, plain ? plain : message->value);
}

/* The kernel's own messages say nothing of a sender. */
static void add_sender(struct message_printer *printer, const struct ferry_message *message)
{
	struct buffer *text = &printer->text;

	buffer_clear(text);
	buffer_printf(text, " from port %u", message->port);
	if (message->has_sender) {
		buffer_printf(text, " (pid %u, ", message->pid);
		user_name(&printer->users, message->uid, text);
		buffer_add_char(text, ')');
	}
	printer->output->line.failed |= text->failed;
	output_styled(printer->output, &printer->output->line, STYLE_WHO, text->failed ? "" : text->data);
}

static void add_head(struct message_printer *printer, const struct ferry_message *message)
{
	struct output *output = printer->output;
	struct buffer *line = &output->line, *text = &printer->text;

	buffer_clear(text);
	moment_clock(text, message->time);
	output_styled(output, line, STYLE_FAINT, text->failed ? "" : text->data);
	buffer_add_char(line, ' ');
	buffer_clear(text);
	buffer_add_escaped(text, message->address, strlen(message->address));
	line->failed |= text->failed;
	output_styled(output, line, STYLE_STRONG, text->failed ? "" : text->data);
	if (message->port)
		add_sender(printer, message);
	if (message->framed)
		buffer_printf(line, " type %u", message->type);
	if (message->command >= 0)
		buffer_printf(line, " command %d", message->command);
	buffer_printf(line, " %zu bytes%s:", message->length,
		      message->guessed                                                     ? " (guessed)"
		      : message->provenance && strcmp(message->provenance, "learned") == 0 ? " (learned)"
											   : "");
}

bool message_print(struct message_printer *printer, const struct ferry_message *message)
{
	struct buffer *line = &printer->output->line;
	_cleanup_free_ char *json = NULL;

	if (printer->json) {
		json = ferry_message_json(message);
		line->failed |= !json;
		buffer_add_text(line, json ? json : "");
	} else {
		add_head(printer, message);
		add_body(line, message);
	}
	buffer_add_char(line, '\n');
	return output_commit(printer->output);
}
