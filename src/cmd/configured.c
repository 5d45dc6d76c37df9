/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/configured.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct printing {
	struct program *program;
	bool bare;
	const char *other;   /* name of the program that is compared with */
	unsigned long count; /* members of the JSON object or list so far */
};

static bool find_loader(const char *name, enum ferry_loader *ret)
{
	for (enum ferry_loader loader = FERRY_LOADER_BOOT; ferry_loader_name(loader); loader++)
		if (!strcmp(ferry_loader_name(loader), name)) {
			*ret = loader;
			return true;
		}
	return false;
}

struct ferry_configured *configured_open(struct program *program, const char *name, bool running)
{
	struct ferry_configured_options options = { .size = sizeof(options), .running = running };
	struct ferry_configured *configured = NULL;
	char **addresses = NULL;
	const char *why;
	int r;

	if (name && !find_loader(name, &options.loader)) {
		program_fail(program, EXIT_USAGE, -EINVAL, "--as %s: no such program; boot, systemd, procps, procps-4.0.4 or procps-4.0.5", name);
		return NULL;
	}
	if (program_addresses(program, &addresses) != EXIT_DONE)
		return NULL;
	options.addresses = (const char *const *)addresses;
	r = ferry_configured(program->ferry, &options, &configured);
	if (r < 0)
		program_failed(program, r);
	for (unsigned int i = 0; r >= 0 && i < program->argument_count; i++)
		if (!ferry_configured_found(configured, i))
			program_fail(program, EXIT_NOT_FOUND, -ENOENT, "no sysctl file sets %s", addresses[i]);
	addresses_free(addresses);
	if (r < 0)
		return NULL;
	if (r == FERRY_INCOMPLETE)
		program->status = exit_worse(program->status, EXIT_INCOMPLETE);
	enum ferry_loader loader = ferry_configured_loader(configured, &why);
	program_say(program, "ferry: read as %s loads them (%s)", ferry_loader_name(loader), why);
	return configured;
}

static int tell_file(void *data, const struct ferry_configured_file *file)
{
	struct program *program = data;

	if (file->error && !file->masked_by)
		program_say(program, "ferry: %s: not read: %s", file->path, file->error_text);
	return 0;
}

static int tell_note(void *data, const struct ferry_configured_note *note)
{
	program_say(data, "ferry: %s:%u: %s%s%s", note->file, note->line, note->text, note->what ? ": " : "", note->what ? note->what : "");
	return 0;
}

void configured_tell(struct program *program, const struct ferry_configured *configured)
{
	ferry_configured_files(configured, tell_file, program);
	ferry_configured_notes(configured, tell_note, program);
}

/* ---- Text ---- */

static void add_escaped(struct buffer *line, const char *text)
{
	buffer_add_escaped(line, text, strlen(text));
}

static void add_place(struct buffer *line, const char *file, unsigned int number)
{
	add_escaped(line, file);
	if (number)
		buffer_printf(line, ":%u", number);
}

static void add_running(struct buffer *line, const struct ferry_configured_key *key)
{
	switch (key->agreement) {
	case FERRY_DIFFERS:
		buffer_add_text(line, "  (runs: ");
		add_escaped(line, key->running);
		buffer_add_char(line, ')');
		break;
	case FERRY_ABSENT:
	case FERRY_UNREAD:
		buffer_printf(line, "  (%s: ", ferry_agreement_name(key->agreement));
		add_escaped(line, key->why ? key->why : "not asked for");
		buffer_add_char(line, ')');
		break;
	default:
		break;
	}
}

static void add_loser(struct buffer *line, const struct ferry_configured_line *loser)
{
	buffer_printf(line, "    %s: ", ferry_fate_name(loser->fate));
	add_escaped(line, loser->value);
	buffer_add_text(line, "  ");
	add_place(line, loser->file, loser->line);
	if (loser->by_file) {
		buffer_add_text(line, "  by ");
		add_place(line, loser->by_file, loser->by_line);
	}
	buffer_add_char(line, '\n');
}

static void add_other(struct buffer *line, const struct printing *printing, const struct ferry_configured_key *key)
{
	buffer_printf(line, "    %s: ", printing->other);
	if (key->other) {
		add_escaped(line, key->other->value);
		buffer_add_text(line, "  ");
		add_place(line, key->other->file, key->other->line);
	} else {
		buffer_add_text(line, "not set");
	}
	buffer_add_char(line, '\n');
}

static int print_bare(struct printing *printing, const struct ferry_configured_key *key)
{
	struct output *output = &printing->program->output;

	if (!key->winner)
		return 0;
	add_escaped(&output->line, key->winner->value);
	buffer_add_char(&output->line, '\n');
	return output_commit(output) ? 0 : 1;
}

static int print_key(void *data, const struct ferry_configured_key *key)
{
	struct printing *printing = data;
	struct output *output = &printing->program->output;
	struct buffer *line = &output->line;

	if (key->error)
		printing->program->status = exit_worse(printing->program->status, EXIT_INCOMPLETE);
	if (printing->bare)
		return print_bare(printing, key);
	add_escaped(line, key->address);
	if (key->winner) {
		buffer_add_text(line, " = ");
		add_escaped(line, key->winner->value);
		buffer_add_text(line, "  ");
		add_place(line, key->winner->file, key->winner->line);
		add_running(line, key);
	} else {
		buffer_add_text(line, "  (not set)");
	}
	buffer_add_char(line, '\n');
	for (const struct ferry_configured_line *const *each = key->lines; *each; each++)
		if (*each != key->winner)
			add_loser(line, *each);
	if (key->rewritten_by)
		buffer_printf(line, "    rewritten: by %s, which is written later\n", key->rewritten_by);
	if (key->disputed)
		add_other(line, printing, key);
	return output_commit(output) ? 0 : 1;
}

/* ---- JSON ---- */

void configured_member(struct buffer *line, const char *name, const char *text)
{
	buffer_printf(line, "\"%s\":", name);
	if (text)
		buffer_add_json(line, text, strlen(text));
	else
		buffer_add_text(line, "null");
}

static void add_json_bool(struct buffer *line, const char *name, bool holds)
{
	buffer_printf(line, ",\"%s\":%s", name, holds ? "true" : "false");
}

static void add_json_place(struct buffer *line, const char *name, const char *file, unsigned int number)
{
	buffer_printf(line, ",\"%s\":", name);
	if (!file) {
		buffer_add_text(line, "null");
		return;
	}
	buffer_add_char(line, '{');
	configured_member(line, "file", file);
	buffer_printf(line, number ? ",\"line\":%u}" : ",\"line\":null}", number);
}

static void add_json_line(struct buffer *line, const struct ferry_configured_line *one)
{
	if (!one) {
		buffer_add_text(line, "null");
		return;
	}
	buffer_add_char(line, '{');
	configured_member(line, "file", one->file);
	buffer_printf(line, ",\"line\":%u,", one->line);
	configured_member(line, "key", one->key);
	buffer_add_char(line, ',');
	configured_member(line, "value", one->value);
	add_json_bool(line, "pattern", one->pattern);
	add_json_bool(line, "ignore_errors", one->ignore_errors);
	buffer_add_char(line, ',');
	configured_member(line, "fate", ferry_fate_name(one->fate));
	add_json_place(line, "by", one->by_file, one->by_line);
	buffer_add_char(line, '}');
}

static void begin_member(struct printing *printing, struct buffer *line)
{
	buffer_add_text(line, printing->count++ ? ",\n    " : "\n    ");
}

static int print_json_key(void *data, const struct ferry_configured_key *key)
{
	struct printing *printing = data;
	struct output *output = &printing->program->output;
	struct buffer *line = &output->line;

	if (key->error)
		printing->program->status = exit_worse(printing->program->status, EXIT_INCOMPLETE);
	begin_member(printing, line);
	buffer_add_json(line, key->address, strlen(key->address));
	buffer_add_text(line, ": {");
	configured_member(line, "value", key->winner ? key->winner->value : NULL);
	add_json_place(line, "from", key->winner ? key->winner->file : NULL, key->winner ? key->winner->line : 0);
	buffer_add_char(line, ',');
	configured_member(line, "agreement", ferry_agreement_name(key->agreement));
	buffer_add_char(line, ',');
	configured_member(line, "running", key->running);
	buffer_add_char(line, ',');
	configured_member(line, "why", key->why);
	buffer_add_char(line, ',');
	configured_member(line, "error", key->error ? error_symbol(key->error) : NULL);
	add_json_bool(line, "disputed", key->disputed);
	buffer_add_text(line, ",\"other\":");
	add_json_line(line, key->other);
	buffer_add_char(line, ',');
	configured_member(line, "rewritten_by", key->rewritten_by);
	buffer_printf(line, ",\"order\":%u,\"lines\":[", key->order);
	for (const struct ferry_configured_line *const *each = key->lines; *each; each++) {
		if (each != key->lines)
			buffer_add_char(line, ',');
		add_json_line(line, *each);
	}
	buffer_add_text(line, "]}");
	return output_commit(output) ? 0 : 1;
}

static int print_json_file(void *data, const struct ferry_configured_file *file)
{
	struct printing *printing = data;
	struct buffer *line = &printing->program->output.line;

	begin_member(printing, line);
	buffer_add_char(line, '{');
	configured_member(line, "path", file->path);
	add_json_bool(line, "loaded", file->loaded);
	add_json_bool(line, "other_loaded", file->other_loaded);
	buffer_add_char(line, ',');
	configured_member(line, "masked_by", file->masked_by);
	buffer_add_char(line, ',');
	configured_member(line, "error", file->error ? error_symbol(file->error) : NULL);
	buffer_add_char(line, ',');
	configured_member(line, "why", file->error_text);
	buffer_add_char(line, '}');
	return output_commit(&printing->program->output) ? 0 : 1;
}

static int print_json_note(void *data, const struct ferry_configured_note *note)
{
	struct printing *printing = data;
	struct buffer *line = &printing->program->output.line;

	begin_member(printing, line);
	buffer_add_char(line, '{');
	configured_member(line, "file", note->file);
	buffer_printf(line, ",\"line\":%u,", note->line);
	configured_member(line, "text", note->text);
	buffer_add_char(line, ',');
	configured_member(line, "what", note->what);
	buffer_add_char(line, '}');
	return output_commit(&printing->program->output) ? 0 : 1;
}

static void print_json(struct printing *printing, struct ferry_configured *configured)
{
	struct buffer *line = &printing->program->output.line;
	const char *why;
	enum ferry_loader loader = ferry_configured_loader(configured, &why);

	buffer_add_text(line, "{\n  ");
	configured_member(line, "loader", ferry_loader_name(loader));
	buffer_add_text(line, ",\n  ");
	configured_member(line, "why", why);
	buffer_add_text(line, ",\n  ");
	configured_member(line, "other_loader", printing->other);
	buffer_add_text(line, ",\n  \"files\": [");
	ferry_configured_files(configured, print_json_file, printing);
	buffer_add_text(line, printing->count ? "\n  ],\n  \"notes\": [" : "],\n  \"notes\": [");
	printing->count = 0;
	ferry_configured_notes(configured, print_json_note, printing);
	buffer_add_text(line, printing->count ? "\n  ],\n  \"keys\": {" : "],\n  \"keys\": {");
	printing->count = 0;
	ferry_configured_keys(configured, false, print_json_key, printing);
	buffer_add_text(line, printing->count ? "\n  }\n}\n" : "}\n}\n");
	output_commit(&printing->program->output);
}

int configured_print(struct program *program, const char *name, bool bare)
{
	_cleanup_configured_ struct ferry_configured *configured = configured_open(program, name, true);
	struct printing printing = { .program = program, .bare = bare };
	int r;

	if (!configured)
		return program->status;
	configured_tell(program, configured);
	printing.other = ferry_loader_name(ferry_configured_other(configured));
	if (program->json) {
		print_json(&printing, configured);
		return EXIT_DONE;
	}
	r = ferry_configured_keys(configured, false, print_key, &printing);
	if (r < 0)
		program_failed(program, r);
	return EXIT_DONE;
}
