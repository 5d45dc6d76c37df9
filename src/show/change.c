/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/netns.h"
#include "show/moment.h"
#include "show/value.h"

#define WHO_MINIMUM  16 /* columns that a command line keeps when a line must be made to fit */
#define WHAT_MINIMUM 24 /* and those that an object keeps */

void change_printer_init(struct change_printer *printer, struct ferry *ferry, struct output *output, bool json, bool dated)
{
	*printer = (struct change_printer){ .ferry = ferry, .output = output, .json = json, .dated = dated, .netns = own_netns() };
}

/* One argument, in quotes where it would not be seen otherwise where it begins and ends. */
static void add_argument(struct buffer *buffer, const char *argument, size_t length)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-\\";
	size_t begin = buffer->length;

	buffer_add_escaped(buffer, argument, length);
	if (buffer->failed || length == 0 || strspn(buffer->data + begin, plain) != buffer->length - begin) {
		if (!buffer_reserve(buffer, 3))
			return;
		memmove(buffer->data + begin + 1, buffer->data + begin, buffer->length - begin);
		buffer->data[begin] = '\'';
		buffer->length++;
		buffer_add_char(buffer, '\'');
	}
}

static void add_command(struct buffer *buffer, const struct ferry_actor *actor)
{
	const char *argument = actor->argv, *end = argument ? argument + actor->argv_length : NULL;

	while (argument && argument < end) {
		size_t length = strnlen(argument, (size_t)(end - argument));
		if (argument > actor->argv)
			buffer_add_char(buffer, ' ');
		add_argument(buffer, argument, length);
		argument += length + 1;
	}
	if (actor->argv && actor->argv_cut)
		buffer_add_text(buffer, "...");
}

void change_who(struct change_printer *printer, const struct ferry_actor *actor, struct buffer *who, struct buffer *identity)
{
	if (actor->kernel) {
		buffer_add_text(who, "kernel: ");
		buffer_add_escaped(who, actor->comm, strlen(actor->comm));
		return;
	}
	if (actor->argv && actor->argv_length > 0)
		add_command(who, actor);
	else if (*actor->comm)
		buffer_add_escaped(who, actor->comm, strlen(actor->comm));
	else
		buffer_add_text(who, "unknown");
	if (actor->unknown) {
		buffer_add_text(identity, "(");
		if (actor->pid)
			buffer_printf(identity, "pid %u, ", actor->pid);
		buffer_add_escaped(identity, actor->unknown, strlen(actor->unknown));
		buffer_add_char(identity, ')');
		return;
	}
	if (!actor->pid)
		return;
	buffer_printf(identity, "(pid %u", actor->pid);
	if (actor->uid != UINT32_MAX) {
		buffer_add_text(identity, ", ");
		user_name(&printer->users, actor->uid, identity);
	}
	if (actor->login_uid != UINT32_MAX && actor->login_uid != actor->uid) {
		buffer_add_text(identity, ", login ");
		user_name(&printer->users, actor->login_uid, identity);
	}
	buffer_add_char(identity, ')');
}

static void add_refusal(struct buffer *why, const struct ferry_change *change)
{
	const char *words = change->result_text;

	const char *symbol = change->result == -EREMOTEIO ? "refused" : error_symbol(change->result);

	if (!words && change->result != -EREMOTEIO)
		words = error_text(change->result);
	if (!words || !strstr(words, symbol)) {
		buffer_add_text(why, symbol);
		buffer_add_text(why, words ? ": " : "");
	}
	if (words)
		buffer_add_escaped(why, words, strlen(words));
}

static void add_what(struct change_printer *printer, const struct ferry_change *change)
{
	_cleanup_value_ struct ferry_value *before = NULL, *after = NULL;
	struct buffer *what = &printer->what;
	bool refused = change->result != 0;

	/* What does not parse is shown as it stands: better raw than nothing. */
	if ((change->before && ferry_value_parse(printer->ferry, change->before, &before) < 0) ||
	    (change->after && ferry_value_parse(printer->ferry, change->after, &after) < 0)) {
		const char *sides[] = { change->before ? change->before : "?", " -> ", change->after ? change->after : "?" };
		for (unsigned int i = 0; i < ARRAY_SIZE(sides); i++)
			buffer_add_escaped(what, sides[i], strlen(sides[i]));
	} else if (change->kind == FERRY_CHANGED && refused && !before) {
		buffer_add_text(what, "-> ");
		if (after)
			value_short(what, after);
		else
			buffer_add_char(what, '?');
	} else if (change->kind == FERRY_CHANGED) {
		value_difference(what, before, after);
	} else {
		if (refused)
			buffer_add_text(what, change->kind == FERRY_ADDED ? "add " : "remove ");
		if (before || after)
			value_beside(what, change->kind == FERRY_ADDED ? after : before ? before : after, change->address);
	}
	if (refused)
		add_refusal(&printer->why, change);
}

static void add_tail(struct change_printer *printer, const struct ferry_change *change)
{
	struct buffer *tail = &printer->tail;

	if (change->door != FERRY_DOOR_UNKNOWN && change->door != FERRY_DOOR_KERNEL) {
		buffer_add_text(tail, "  ");
		buffer_add_text(tail, ferry_door_name(change->door));
	}
	if (change->netns && printer->netns && change->netns != printer->netns)
		buffer_printf(tail, "  (network namespace %llu)", (unsigned long long)change->netns);
	if (change->cause)
		buffer_printf(tail, "  (because of #%llu)", (unsigned long long)change->cause);
	if (change->consistency == FERRY_UNKNOWN)
		buffer_add_text(tail, "  (values not certain)");
	else if (change->consistency != FERRY_WHOLE)
		buffer_printf(tail, "  (%s)", ferry_consistency_name(change->consistency));
}

static void add_gap(struct change_printer *printer, const struct ferry_change *change)
{
	struct buffer *what = &printer->what;
	const char *source = change->source ? change->source : "?";

	buffer_add_escaped(what, source, strlen(source));
	buffer_add_text(what, ": ");
	if (change->lost == UINT64_MAX)
		buffer_add_text(what, "an unknown number of changes");
	else
		moment_count(what, change->lost);
	buffer_add_text(what, " lost");
	if (change->from && change->to) {
		buffer_add_text(what, " between ");
		moment_clock(what, change->from);
		buffer_add_text(what, " and ");
		moment_clock(what, change->to);
	}
}

static const char *text_of(const struct buffer *buffer)
{
	return buffer->data && buffer->length ? buffer->data : "";
}

static unsigned int columns_of(const struct buffer *buffer)
{
	return buffer->data ? text_columns(buffer->data, buffer->length) : 0;
}

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Makes a line of FIXED columns and these two parts fit the terminal: in one row of it where the parts stay readable, else in as few as they need.
 * First the command line gives way, then the object. */
static void fit(const struct output *output, unsigned int fixed, unsigned int *what, unsigned int *who)
{
	if (output->width == 0)
		return;
	unsigned int least_what = smaller(*what, WHAT_MINIMUM), least_who = smaller(*who, WHO_MINIMUM);
	unsigned int room = (fixed + least_what + least_who + output->width - 1) / output->width * output->width - fixed;
	if (*what + *who <= room)
		return;
	*who = *what + least_who <= room ? room - *what : least_who;
	*what = smaller(*what, room - *who);
}

static void add_fitted(struct change_printer *printer, struct buffer *identity, unsigned int fixed, enum style what_style)
{
	struct output *output = printer->output;
	struct buffer *line = &printer->output->line, fitted = {};
	unsigned int what = columns_of(&printer->what), who = columns_of(&printer->who);

	fit(output, fixed, &what, &who);
	text_cut(output, &fitted, text_of(&printer->what), what);
	output_styled(output, line, what_style, text_of(&fitted));
	if (printer->why.length) {
		buffer_add_text(line, what ? "  " : " ");
		output_styled(output, line, what_style, text_of(&printer->why));
	}
	buffer_add_text(line, "  ");
	buffer_clear(&fitted);
	text_cut(output, &fitted, text_of(&printer->who), who);
	output_styled(output, line, STYLE_WHO, text_of(&fitted));
	if (identity->length) {
		buffer_add_char(line, ' ');
		output_styled(output, line, STYLE_WHO, text_of(identity));
	}
	output_styled(output, line, STYLE_FAINT, text_of(&printer->tail));
	line->failed |= fitted.failed;
	buffer_done(&fitted);
}

static bool print_text(struct change_printer *printer, const struct ferry_change *change)
{
	static const struct {
		const char *mark;
		enum style style;
	} marks[] = {
		[FERRY_ADDED] = { " + ", STYLE_ADDED },
		[FERRY_REMOVED] = { " - ", STYLE_REMOVED },
		[FERRY_CHANGED] = { " ", STYLE_STRONG },
		[FERRY_GAP] = { " ? ", STYLE_GAP },
	};
	struct buffer *line = &printer->output->line, *head = &printer->head;
	_cleanup_buffer_ struct buffer identity = {};
	bool refused = change->kind != FERRY_GAP && change->result != 0;
	enum style style = refused ? STYLE_REFUSED : marks[change->kind].style;

	if (change->id)
		buffer_printf(head, "#%llu ", (unsigned long long)change->id);
	printer->dated ? moment_date(head, change->time) : moment_clock(head, change->time);
	output_styled(printer->output, line, STYLE_FAINT, text_of(head));
	buffer_clear(head);
	buffer_add_text(head, refused ? " ! " : marks[change->kind].mark);
	unsigned int fixed = columns_of(head) + (printer->dated ? 23 : 12) + (change->id ? 2 : 0);
	for (uint64_t id = change->id; id; id /= 10)
		fixed++;

	if (change->kind == FERRY_GAP) {
		add_gap(printer, change);
		output_styled(printer->output, line, style, text_of(head));
		output_styled(printer->output, line, style, text_of(&printer->what));
	} else {
		const char *address = change->address ? change->address : "?";
		buffer_add_escaped(head, address, strlen(address));
		fixed += text_columns(address, strlen(address)) + 3;
		add_what(printer, change);
		if (change->actor)
			change_who(printer, change->actor, &printer->who, &identity);
		add_tail(printer, change);
		fixed += columns_of(&printer->tail) + (printer->why.length ? columns_of(&printer->why) + 2 : 0) +
			 (identity.length ? columns_of(&identity) + 1 : 0);
		output_styled(printer->output, line, style, text_of(head));
		if (printer->what.length)
			buffer_add_char(line, ' ');
		add_fitted(printer, &identity, fixed, refused ? STYLE_REFUSED : STYLE_PLAIN);
	}
	buffer_add_char(line, '\n');
	line->failed |= head->failed | printer->what.failed | printer->why.failed | printer->who.failed | printer->tail.failed | identity.failed;
	return output_commit(printer->output);
}

bool change_print(struct change_printer *printer, const struct ferry_change *change)
{
	if (!printer->json) {
		buffer_clear(&printer->head);
		buffer_clear(&printer->what);
		buffer_clear(&printer->why);
		buffer_clear(&printer->who);
		buffer_clear(&printer->tail);
		return print_text(printer, change);
	}
	_cleanup_free_ char *json = ferry_change_json(change);
	if (json) {
		buffer_add_text(&printer->output->line, json);
		buffer_add_char(&printer->output->line, '\n');
	} else {
		printer->output->line.failed = true;
	}
	return output_commit(printer->output);
}

void change_printer_done(struct change_printer *printer)
{
	buffer_done(&printer->head);
	buffer_done(&printer->what);
	buffer_done(&printer->why);
	buffer_done(&printer->who);
	buffer_done(&printer->tail);
	user_names_done(&printer->users);
}
