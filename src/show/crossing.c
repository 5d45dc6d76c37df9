/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/crossing.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "show/message.h"
#include "show/moment.h"
#include "show/value.h"

void crossing_printer_init(struct crossing_printer *printer, struct output *output, bool json, bool brief)
{
	*printer = (struct crossing_printer){ .output = output, .json = json, .brief = brief };
}

void crossing_printer_done(struct crossing_printer *printer)
{
	buffer_done(&printer->text);
}

/* What stands in memory is put into quotes, so that it is told from a word of ours. */
static void add_quoted(struct buffer *line, const char *text)
{
	buffer_add_char(line, '"');
	for (; *text; text++) {
		if (*text == '"')
			buffer_add_char(line, '\\');
		buffer_add_char(line, *text);
	}
	buffer_add_char(line, '"');
}

static void add_argument(struct buffer *line, const struct ferry_value *value)
{
	_cleanup_free_ char *text = NULL;

	if (ferry_value_type(value) == FERRY_RECORD || ferry_value_type(value) == FERRY_LIST) {
		value_short(line, value);
		return;
	}
	text = ferry_value_text(value);
	line->failed |= !text;
	if (!text)
		return;
	if (ferry_value_type(value) == FERRY_TEXT && text[0] != '"')
		add_quoted(line, text);
	else
		buffer_add_text(line, text);
}

/* Whether less of what argument NAME points to was read than there is. */
static bool is_part(const struct ferry_value *memory, const char *name)
{
	const struct ferry_value *row = memory ? value_field(memory, name) : NULL, *item;
	uint64_t numbers[2] = { 0 };
	const char *item_name;

	for (unsigned int i = 0; row && i < 2 && ferry_value_item(row, i, &item, &item_name) == 0; i++)
		numbers[i] = ferry_value_number(item);
	return numbers[0] < numbers[1];
}

static void add_arguments(struct buffer *line, const struct ferry_crossing *crossing)
{
	const struct ferry_value *item;
	const char *name;

	buffer_add_char(line, '(');
	for (unsigned int i = 0; crossing->arguments && ferry_value_item(crossing->arguments, i, &item, &name) == 0; i++) {
		if (i)
			buffer_add_text(line, ", ");
		add_argument(line, item);
		if (is_part(crossing->memory, name))
			buffer_add_text(line, "...");
	}
	buffer_add_char(line, ')');
}

static void add_number(struct buffer *line, int64_t number)
{
	/* An address. */
	if (number > UINT32_MAX || number < -4095)
		buffer_printf(line, "0x%llx", (unsigned long long)number);
	else
		buffer_add_int(line, number);
}

static void add_failure(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *text = &printer->text;

	buffer_clear(text);
	if (crossing->result < -511)
		buffer_printf(text, "? %s", crossing->error);
	else
		buffer_printf(text, "-1 %s (%s)", crossing->error, error_text((int)crossing->result));
	output_styled(printer->output, &printer->output->line, STYLE_REFUSED, text->failed ? "" : text->data);
}

static void add_result(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line;

	buffer_add_text(line, " = ");
	if (!crossing->has_result)
		buffer_add_char(line, '?');
	else if (crossing->error)
		add_failure(printer, crossing);
	else
		add_number(line, crossing->result);
}

static void add_duration(struct buffer *line, uint64_t duration)
{
	if (duration == UINT64_MAX)
		return;
	buffer_printf(line, " <%llu.%06llu>", (unsigned long long)(duration / 1000000000u), (unsigned long long)(duration % 1000000000u / 1000));
}

static void add_call(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line;

	buffer_add_text(line, crossing->name);
	add_arguments(line, crossing);
	add_result(printer, crossing);
	if (crossing->compat)
		buffer_add_text(line, " (32-bit)");
}

#define FIELDS_BRIEF 10

static bool is_brief(const struct ferry_value *value)
{
	const enum ferry_type type = ferry_value_type(value);

	if (type == FERRY_RECORD || type == FERRY_LIST || type == FERRY_NULL)
		return false;
	return (type != FERRY_UINT && type != FERRY_INT && type != FERRY_BOOL) || ferry_value_number(value) != 0;
}

/* Of a record the first fields that are neither 0 nor records of their own. */
static void add_brief(struct buffer *line, const struct ferry_value *record)
{
	const struct ferry_value *item;
	unsigned int shown = 0, index;
	const char *name;

	buffer_add_char(line, '{');
	for (index = 0; shown < FIELDS_BRIEF && ferry_value_item(record, index, &item, &name) == 0; index++) {
		if (!is_brief(item))
			continue;
		buffer_add_text(line, shown++ ? ", " : "");
		buffer_add_escaped(line, name ? name : "", name ? strlen(name) : 0);
		buffer_add_char(line, ' ');
		value_short(line, item);
	}
	if (index < ferry_value_count(record))
		buffer_add_text(line, ", ...");
	buffer_add_char(line, '}');
}

static void add_value(const struct crossing_printer *printer, const struct ferry_value *value, const char *address)
{
	struct buffer *line = &printer->output->line;

	if (ferry_value_type(value) != FERRY_RECORD)
		value_short(line, value);
	else if (value_field(value, "header"))
		message_add_guess(line, value);
	else if (printer->brief && ferry_value_count(value) > FIELDS_BRIEF)
		add_brief(line, value);
	else
		value_beside(line, value, address);
}

/* How many objects there were, and the first of them. */
static void add_objects(const struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line;
	const struct ferry_value *item;
	const char *name;

	buffer_printf(line, "%llu object%s", (unsigned long long)crossing->objects, crossing->objects == 1 ? "" : "s");
	for (unsigned int i = 0; crossing->answered && ferry_value_item(crossing->answered, i, &item, &name) == 0; i++) {
		buffer_add_text(line, i ? ", " : ": ");
		add_value(printer, item, crossing->address);
	}
	if (crossing->answered && ferry_value_count(crossing->answered) < crossing->objects)
		buffer_add_text(line, ", ...");
}

static bool is_file(enum ferry_door door)
{
	return door == FERRY_DOOR_PROCFS || door == FERRY_DOOR_SYSCTL || door == FERRY_DOOR_SYSFS;
}

static void add_answer(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line;
	const bool list = crossing->answered && ferry_value_type(crossing->answered) == FERRY_LIST;

	if (crossing->has_result && crossing->error) {
		buffer_add_text(line, " = ");
		add_failure(printer, crossing);
	} else if (list) {
		buffer_add_text(line, " -> ");
		add_objects(printer, crossing);
	} else if (crossing->answered) {
		buffer_add_text(line, " -> ");
		add_value(printer, crossing->answered, crossing->address);
	} else if (crossing->has_result && !crossing->asked && is_file(crossing->door)) {
		buffer_printf(line, " -> %lld bytes", (long long)crossing->result);
	} else if (crossing->has_result && crossing->door == FERRY_DOOR_NETLINK) {
		buffer_add_text(line, " -> ok");
	}
}

static void add_words(struct buffer *line, const char *words)
{
	if (!words)
		return;
	buffer_add_text(line, " (");
	buffer_add_escaped(line, words, strlen(words));
	buffer_add_char(line, ')');
}

static void add_spoken(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line, *text = &printer->text;

	buffer_clear(text);
	buffer_add_escaped(text, crossing->address ? crossing->address : "", crossing->address ? strlen(crossing->address) : 0);
	output_styled(printer->output, line, STYLE_STRONG, text->failed || !text->data ? "" : text->data);
	buffer_printf(line, " %s", crossing->name);
	if (crossing->kind == FERRY_CROSSING_MESSAGE)
		buffer_printf(line, crossing->received ? " received, %zu bytes" : " sent, %zu bytes", crossing->length);
	if (crossing->before) {
		buffer_add_char(line, ' ');
		add_value(printer, crossing->before, NULL);
		buffer_add_text(line, " ->");
	}
	if (crossing->asked) {
		buffer_add_char(line, ' ');
		add_value(printer, crossing->asked, crossing->address);
	}
	add_answer(printer, crossing);
	add_words(line, crossing->words);
	if (crossing->guessed)
		buffer_add_text(line, " (guessed)");
}

static void add_event(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line;
	const bool operation = crossing->kind == FERRY_CROSSING_SUBMISSION || crossing->kind == FERRY_CROSSING_COMPLETION;

	switch (crossing->kind) {
	case FERRY_CROSSING_STARTED:
		buffer_printf(line, "+++ started %s %s +++", crossing->name, crossing->words ? crossing->words : "");
		break;
	case FERRY_CROSSING_PROGRAM:
		buffer_add_text(line, "+++ runs another program");
		add_words(line, crossing->words);
		buffer_add_text(line, " +++");
		break;
	case FERRY_CROSSING_ENDED:
		buffer_printf(line, "+++ %s +++", crossing->words ? crossing->words : "ended");
		break;
	default:
		buffer_printf(line, operation ? "--- io_uring %s" : "--- %s", crossing->name);
		if (crossing->arguments) {
			buffer_add_char(line, ' ');
			value_short(line, crossing->arguments);
		}
		if (crossing->kind == FERRY_CROSSING_COMPLETION)
			add_result(printer, crossing);
		add_words(line, crossing->words);
		buffer_add_text(line, " ---");
		break;
	}
}

static void add_gap(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *text = &printer->text;

	buffer_clear(text);
	buffer_printf(text, "--- gap: %llu lost since ", (unsigned long long)crossing->lost);
	moment_clock(text, crossing->from);
	buffer_printf(text, ": %s ---", crossing->words);
	output_styled(printer->output, &printer->output->line, STYLE_GAP, text->failed ? "" : text->data);
}

static void add_head(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct output *output = printer->output;
	struct buffer *line = &output->line, *text = &printer->text;

	buffer_clear(text);
	moment_clock(text, crossing->time);
	output_styled(output, line, STYLE_FAINT, text->failed ? "" : text->data);
	buffer_add_char(line, ' ');
	if (!crossing->tid)
		return;
	buffer_clear(text);
	buffer_add_escaped(text, crossing->comm, strlen(crossing->comm));
	buffer_add_char(text, '[');
	buffer_add_uint(text, crossing->tid);
	buffer_add_char(text, ']');
	output_styled(output, line, STYLE_WHO, text->failed ? "" : text->data);
	buffer_add_char(line, ' ');
}

bool crossing_print(struct crossing_printer *printer, const struct ferry_crossing *crossing)
{
	struct buffer *line = &printer->output->line;
	_cleanup_free_ char *json = NULL;

	if (printer->json) {
		json = ferry_crossing_json(crossing);
		line->failed |= !json;
		buffer_add_text(line, json ? json : "");
		buffer_add_char(line, '\n');
		return output_commit(printer->output);
	}
	add_head(printer, crossing);
	if (crossing->kind == FERRY_CROSSING_CALL)
		add_call(printer, crossing);
	else if (crossing->kind == FERRY_CROSSING_SPOKEN || crossing->kind == FERRY_CROSSING_MESSAGE)
		add_spoken(printer, crossing);
	else if (crossing->kind == FERRY_CROSSING_GAP)
		add_gap(printer, crossing);
	else
		add_event(printer, crossing);
	add_duration(line, crossing->duration);
	buffer_add_char(line, '\n');
	return output_commit(printer->output);
}
