/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `ferry apply --configured`. The plan goes to standard output; what comes of it too under --json, else what did not come as planned is said on
 * standard error, with the counts. */
#include <string.h>

#include "base/error.h"
#include "cmd/configured.h"
#include "show/value.h"

struct applying {
	struct program *program;
	unsigned long planned, done, stood, absent, held, failed;
};

static void count(struct applying *applying, const struct ferry_configured_step *step)
{
	switch (step->step) {
	case FERRY_STEP_SET:
		*(step->planned ? &applying->planned : &applying->done) += 1;
		break;
	case FERRY_STEP_OTHERWISE:
		applying->done++;
		break;
	case FERRY_STEP_STANDS:
		applying->stood++;
		break;
	case FERRY_STEP_ABSENT:
		applying->absent++;
		break;
	case FERRY_STEP_HELD:
		applying->held++;
		break;
	case FERRY_STEP_REFUSED:
		applying->failed++;
		break;
	default:
		break;
	}
}

static void add_value(struct buffer *line, struct ferry *ferry, const char *json)
{
	_cleanup_value_ struct ferry_value *value = NULL;

	if (json && ferry_value_parse(ferry, json, &value) == 0)
		value_short(line, value);
	else
		buffer_add_char(line, '?');
}

/* "address: before -> after  /etc/sysctl.d/10-a.conf:3" */
static void add_change(struct buffer *line, struct ferry *ferry, const struct ferry_configured_step *step)
{
	const struct ferry_configured_line *winner = step->key->winner;

	buffer_add_escaped(line, step->key->address, strlen(step->key->address));
	buffer_add_text(line, ": ");
	add_value(line, ferry, step->before);
	buffer_add_text(line, " -> ");
	add_value(line, ferry, step->after);
	buffer_add_text(line, "  ");
	buffer_add_escaped(line, winner->file, strlen(winner->file));
	buffer_printf(line, ":%u", winner->line);
}

static void tell_plan(struct applying *applying, const struct ferry_configured_step *step)
{
	struct output *output = &applying->program->output;

	if (step->step != FERRY_STEP_SET)
		return;
	add_change(&output->line, applying->program->ferry, step);
	buffer_add_char(&output->line, '\n');
	output_commit(output);
}

/* What does not come as planned, and why. */
static void tell_exception(struct applying *applying, const struct ferry_configured_step *step)
{
	const struct ferry_configured_line *winner = step->key->winner;
	_cleanup_buffer_ struct buffer words = {};

	switch (step->step) {
	case FERRY_STEP_ABSENT:
	case FERRY_STEP_HELD:
	case FERRY_STEP_REFUSED:
		buffer_printf(&words, "%s:%u: %s: %s%s", winner->file, winner->line, ferry_step_name(step->step), step->error_text,
			      step->step == FERRY_STEP_REFUSED && step->forgiven ? " (its line says that this is no failure)" : "");
		if (!step->error || step->forgiven)
			program_say(applying->program, "ferry: %s%s%s", words.failed ? "out of memory" : words.data,
				    step->step == FERRY_STEP_ABSENT ? ": " : "", step->step == FERRY_STEP_ABSENT ? step->key->address : "");
		else
			program_fail(applying->program, step->step == FERRY_STEP_HELD ? EXIT_INCOMPLETE : exit_of(step->error), step->error, "%s",
				     words.failed ? "out of memory" : words.data);
		break;
	case FERRY_STEP_OTHERWISE:
	case FERRY_STEP_REWRITTEN:
		add_change(&words, applying->program->ferry, step);
		program_say(applying->program, "ferry: %s: %s", words.failed ? "out of memory" : words.data,
			    step->step == FERRY_STEP_REWRITTEN ? "rewritten by a key that was written later"
							       : "reads as something else than was written");
		break;
	default:
		break;
	}
}

static void tell_json(struct applying *applying, const struct ferry_configured_step *step)
{
	const struct ferry_configured_line *winner = step->key->winner;
	struct output *output = &applying->program->output;
	struct buffer *line = &output->line;

	buffer_add_char(line, '{');
	configured_member(line, "address", step->key->address);
	buffer_printf(line, ",\"phase\":\"%s\",\"step\":\"%s\"", step->planned ? "plan" : "done", ferry_step_name(step->step));
	buffer_printf(line, ",\"before\":%s,\"after\":%s,", step->before ? step->before : "null", step->after ? step->after : "null");
	configured_member(line, "file", winner->file);
	buffer_printf(line, ",\"line\":%u,\"ignore_errors\":%s,", winner->line, winner->ignore_errors ? "true" : "false");
	configured_member(line, "error", step->error ? error_symbol(step->error) : NULL);
	buffer_add_char(line, ',');
	configured_member(line, "why", step->error_text);
	buffer_add_text(line, "}\n");
	output_commit(output);
}

static int take(void *data, const struct ferry_configured_step *step)
{
	struct applying *applying = data;

	count(applying, step);
	if (applying->program->json)
		tell_json(applying, step);
	else if (step->planned)
		tell_plan(applying, step);
	if (!applying->program->json)
		tell_exception(applying, step);
	return 0;
}

static void sum_up(const struct applying *applying, bool dry_run)
{
	program_say(applying->program, "ferry: %lu %s, %lu stood already, %lu absent, %lu held back, %lu refused",
		    dry_run ? applying->planned : applying->done, dry_run ? "to set" : "set", applying->stood, applying->absent, applying->held,
		    applying->failed);
}

int configured_apply(struct program *program, const char *name, bool dry_run, bool yes)
{
	_cleanup_configured_ struct ferry_configured *configured = configured_open(program, name, false);
	unsigned int flags = (dry_run ? FERRY_CONFIGURED_DRY_RUN : 0) | (yes ? FERRY_CONFIGURED_YES : 0);
	struct applying applying = { .program = program };
	int r;

	if (!configured)
		return (int)program->status;
	configured_tell(program, configured);
	r = ferry_configured_apply(configured, flags, take, &applying);
	sum_up(&applying, dry_run);
	if (r == FERRY_INCOMPLETE)
		program->status = exit_worse(program->status, EXIT_INCOMPLETE);
	else if (r < 0 && (program->json || !applying.failed))
		program_failed(program, r);
	return EXIT_DONE;
}
