/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buffer.h"
#include "cmd/command.h"

static void add_json(struct buffer *line, const char *name, const char *text)
{
	buffer_printf(line, ",\"%s\":", name);
	if (text)
		buffer_add_json(line, text, strlen(text));
	else
		buffer_add_text(line, "null");
}

static int tell_json(void *data, const struct ferry_component *component)
{
	struct buffer *line = data;

	buffer_add_text(line, line->data[line->length - 1] == '[' ? "{\"name\":" : ",{\"name\":");
	buffer_add_json(line, component->name, strlen(component->name));
	add_json(line, "built", component->built);
	add_json(line, "running", component->running);
	buffer_printf(line, ",\"when_needed\":%s", component->when_needed ? "true" : "false");
	add_json(line, "missing", component->missing);
	buffer_add_char(line, '}');
	return 0;
}

static int tell(void *data, const struct ferry_component *component)
{
	struct buffer *line = data;

	buffer_printf(line, "  %s: %s", component->name, component->built);
	if (component->when_needed)
		buffer_add_text(line, ", loaded when needed");
	if (component->running && strcmp(component->running, component->built) != 0)
		buffer_printf(line, "; here %s", component->running);
	if (component->missing) {
		buffer_add_text(line, "; not here: ");
		buffer_add_escaped(line, component->missing, strlen(component->missing));
	}
	buffer_add_char(line, '\n');
	return 0;
}

static int run(struct program *program)
{
	struct buffer *line = &program->output.line;
	int r;

	buffer_printf(line, program->json ? "{\"version\":\"%s\",\"components\":[" : "ferry %s\n", ferry_version());
	if (line->failed)
		return program_fail(program, EXIT_REFUSED, -12, "out of memory");
	r = ferry_components(program->ferry, program->json ? tell_json : tell, line);
	if (r < 0)
		return program_failed(program, r);
	if (program->json)
		buffer_add_text(line, "]}\n");
	output_commit(&program->output);
	return EXIT_DONE;
}

const struct command command_version = {
	.name = "version",
	.synopsis = "",
	.help = "print the version, and what was built in",
	.details = "Prints the version of the library that the program runs with, which BPF programs are in it, and which libraries it was built "
		   "with. Where a library is loaded when it is needed, that is said, and what of it is there now where that is another version or "
		   "none.",
	.run = run,
};
