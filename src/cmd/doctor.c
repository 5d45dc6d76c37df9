/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/utsname.h>

#include "cmd/command.h"

struct examining {
	struct program *program;
	unsigned int count, present;
};

static void add_member(struct buffer *line, const char *name, const char *text)
{
	buffer_printf(line, ",\"%s\":", name);
	if (text)
		buffer_add_json(line, text, strlen(text));
	else
		buffer_add_text(line, "null");
}

static void add_json(struct buffer *line, const struct ferry_feature *feature, bool first)
{
	buffer_add_text(line, first ? "\n  {\"name\":" : ",\n  {\"name\":");
	buffer_add_json(line, feature->name, strlen(feature->name));
	buffer_add_text(line, feature->present ? ",\"present\":true" : ",\"present\":false");
	add_member(line, "detail", feature->detail);
	add_member(line, "serves", feature->serves);
	buffer_add_char(line, '}');
}

static void add_part(struct buffer *line, const char *before, const char *text)
{
	if (!text || !*text)
		return;
	buffer_add_text(line, before);
	buffer_add_escaped(line, text, strlen(text));
}

static void add_text(struct output *output, const struct ferry_feature *feature)
{
	struct buffer *line = &output->line;

	output_styled(output, line, feature->present ? STYLE_ADDED : STYLE_REMOVED, feature->present ? "yes  " : "no   ");
	add_part(line, "", feature->name);
	add_part(line, feature->present ? ": " : " - ", feature->detail);
	add_part(line, "\n       ", feature->serves);
	buffer_add_char(line, '\n');
}

static int take(void *data, const struct ferry_feature *feature)
{
	struct examining *examining = data;
	struct output *output = &examining->program->output;

	if (examining->program->json)
		add_json(&output->line, feature, examining->count == 0);
	else
		add_text(output, feature);
	examining->count++;
	examining->present += feature->present;
	return output_commit(output) ? 0 : 1;
}

static int run(struct program *program)
{
	struct examining examining = { .program = program };
	struct output *output = &program->output;
	struct utsname system = {};

	uname(&system);
	if (program->json) {
		buffer_printf(&output->line, "{\"version\":\"%s\",\"kernel\":", ferry_version());
		buffer_add_json(&output->line, system.release, strlen(system.release));
		buffer_add_text(&output->line, ",\"features\":[");
		output_commit(output);
	}
	int r = ferry_features(program->ferry, take, &examining);
	if (r < 0)
		program_failed(program, r);
	if (program->json)
		buffer_add_text(&output->line, "\n]}\n");
	else
		buffer_printf(&output->line, "%u of %u to be had on this kernel (%s) with these rights\n", examining.present, examining.count,
			      system.release);
	output_commit(output);
	return EXIT_DONE;
}

static const struct command_example examples[] = {
	{ "ferry doctor", "as this user" },
	{ "sudo ferry doctor --json", "as root, for a program" },
	{},
};

const struct command command_doctor = {
	.name = "doctor",
	.synopsis = "",
	.help = "say what this kernel and these rights allow",
	.details = "Tries every feature of the kernel that ferry can use, and says of each whether it is to be had, why not, and what is lost "
		   "without it.",
	.examples = examples,
	.run = run,
};
