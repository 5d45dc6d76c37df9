/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Manual pages in roff, from the descriptors. */
#include <string.h>

#include "base/cleanup.h"
#include "cmd/command.h"

/* Text in roff: no byte of it is taken for a request or an escape. "\n\n" begins a paragraph. */
static void add_text(struct buffer *line, const char *text)
{
	bool begins = line->length == 0 || (line->data && line->data[line->length - 1] == '\n');

	for (; *text; text++) {
		if (strncmp(text, "\n\n", 2) == 0) {
			buffer_add_text(line, "\n.PP\n");
			text++;
			begins = true;
			continue;
		}
		if (begins && (*text == '.' || *text == '\''))
			buffer_add_text(line, "\\&");
		begins = *text == '\n';
		if (*text == '\\')
			buffer_add_text(line, "\\e");
		else if (*text == '-')
			buffer_add_text(line, "\\-");
		else if (*text == '\'')
			buffer_add_text(line, "\\(aq");
		else if (*text == '~')
			buffer_add_text(line, "\\(ti");
		else if (*text == '^')
			buffer_add_text(line, "\\(ha");
		else
			buffer_add_char(line, *text);
	}
}

static void add_options(struct buffer *line, const struct command_option *options)
{
	for (const struct command_option *option = options; option && option->name; option++) {
		buffer_add_text(line, ".TP\n");
		if (option->letter)
			buffer_printf(line, "\\fB\\-%c\\fR, ", option->letter);
		buffer_add_text(line, "\\fB\\-\\-");
		add_text(line, option->name);
		buffer_add_text(line, "\\fR");
		if (option->argument) {
			buffer_add_text(line, " \\fI");
			add_text(line, option->argument);
			buffer_add_text(line, "\\fR");
		}
		buffer_add_char(line, '\n');
		add_text(line, option->help);
		buffer_add_char(line, '\n');
	}
}

static void add_end(struct buffer *line)
{
	static const char *const statuses[][2] = {
		{ "0", "done" },          { "1", "refused: by the kernel, whose words are shown, or by the state of things" },
		{ "2", "usage" },         { "3", "no such address, object or record" },
		{ "4", "not permitted" }, { "5", "done, but incomplete: something was lost, torn or interrupted, as told in the output" },
	};

	buffer_add_text(line, ".SH EXIT STATUS\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(statuses); i++) {
		buffer_printf(line, ".TP\n\\fB%s\\fR\n", statuses[i][0]);
		add_text(line, statuses[i][1]);
		buffer_add_char(line, '\n');
	}
}

static void add_command(struct buffer *line, const struct command *command)
{
	buffer_printf(line, ".TH FERRY-%s 1 \"\" \"ferry %s\"\n.SH NAME\nferry-%s \\- ", command->name, ferry_version(), command->name);
	add_text(line, command->help);
	buffer_printf(line, "\n.SH SYNOPSIS\n\\fBferry %s\\fR [\\fIOPTION\\fR...]%s", command->name, *command->synopsis ? " " : "");
	add_text(line, command->synopsis);
	buffer_add_text(line, "\n.SH DESCRIPTION\n");
	add_text(line, command->details);
	buffer_add_text(line, "\n.SH OPTIONS\n");
	add_options(line, command->options);
	add_options(line, common_options);
	if (command->examples)
		buffer_add_text(line, ".SH EXAMPLES\n");
	for (const struct command_example *example = command->examples; example && example->line; example++) {
		buffer_add_text(line, ".TP\n");
		add_text(line, example->line);
		buffer_add_char(line, '\n');
		add_text(line, example->help);
		buffer_add_char(line, '\n');
	}
	add_end(line);
	buffer_add_text(line, ".SH SEE ALSO\n\\fBferry\\fR(1)\n");
}

static void add_program(struct buffer *line)
{
	buffer_printf(line, ".TH FERRY 1 \"\" \"ferry %s\"\n.SH NAME\nferry \\- who changed what in the Linux kernel, kept and taken back\n",
		      ferry_version());
	buffer_add_text(line, ".SH SYNOPSIS\n\\fBferry\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\n");
	add_text(line, "Reads kernel state over procfs, sysctl, sysfs and netlink through one tree of addresses; records who changed what, when, "
		       "through which door, from which value "
		       "to which; and takes a change back.\n\nResults are on standard output, words on standard error. Bytes from the kernel or a "
		       "program never reach a terminal unescaped.");
	buffer_add_text(line, "\n.SH COMMANDS\n");
	for (unsigned int i = 0; commands[i]; i++) {
		buffer_printf(line, ".TP\n\\fB%s\\fR ", commands[i]->name);
		add_text(line, commands[i]->synopsis);
		buffer_add_char(line, '\n');
		add_text(line, commands[i]->help);
		buffer_add_char(line, '\n');
	}
	buffer_add_text(line, ".SH OPTIONS\n");
	add_options(line, common_options);
	add_end(line);
	buffer_add_text(line, ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nNo colour, also on a terminal.\n.TP\n\\fBXDG_STATE_HOME\\fR\nWhere the "
			      "history of an ordinary user lies.\n");
	buffer_add_text(line, ".SH SEE ALSO\n");
	for (unsigned int i = 0; commands[i]; i++)
		buffer_printf(line, "\\fBferry\\-%s\\fR(1)%s\n", commands[i]->name, commands[i + 1] ? "," : "");
}

void manual_print(struct output *output, const struct command *command)
{
	if (command)
		add_command(&output->line, command);
	else
		add_program(&output->line);
	output_commit(output);
}
