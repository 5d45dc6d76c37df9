/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, from the descriptors. Completions and manual pages are made of the same: completion.c, manual.c. */
#include <errno.h>
#include <string.h>

#include "cmd/command.h"

enum { OPTION_MAN, OPTION_COMPLETION };

#define WRAP 88 /* columns of running text where the terminal has more */

static void add(struct output *output, const char *text)
{
	buffer_add_text(&output->line, text);
	output_commit(output);
}

static void heading(struct output *output, const char *text)
{
	output_styled(output, &output->line, STYLE_STRONG, text);
	buffer_add_char(&output->line, '\n');
	output_commit(output);
}

/* Running text, broken at spaces. "\n\n" begins a paragraph. */
static void paragraphs(struct output *output, const char *text)
{
	unsigned int width = output->width && output->width < WRAP ? output->width : WRAP, used = 0;

	while (*text) {
		size_t length = strcspn(text, " \n");
		if (used && used + 1 + length > width) {
			buffer_add_char(&output->line, '\n');
			used = 0;
		} else if (used) {
			buffer_add_char(&output->line, ' ');
			used++;
		}
		buffer_add(&output->line, text, length);
		used += (unsigned int)length;
		text += length;
		if (strncmp(text, "\n\n", 2) == 0) {
			buffer_add_text(&output->line, "\n\n");
			used = 0;
			text += 2;
		} else if (*text) {
			text++;
		}
	}
	buffer_add_char(&output->line, '\n');
	output_commit(output);
}

static void options(struct output *output, const struct command_option *table)
{
	for (const struct command_option *option = table; option && option->name; option++) {
		_cleanup_buffer_ struct buffer name = {};
		if (option->letter)
			buffer_printf(&name, "-%c, ", option->letter);
		else
			buffer_add_text(&name, "    ");
		buffer_printf(&name, "--%s%s%s", option->name, option->argument ? " " : "", option->argument ? option->argument : "");
		buffer_printf(&output->line, "  %-26s %s\n", name.failed ? "" : name.data, option->help);
		output_commit(output);
	}
}

void help_print(struct output *output, const struct command *command)
{
	buffer_printf(&output->line, "ferry %s: %s\n\nusage: ferry %s [OPTION...]%s%s\n\n", command->name, command->help, command->name,
		      *command->synopsis ? " " : "", command->synopsis);
	output_commit(output);
	paragraphs(output, command->details);
	if (command->options) {
		add(output, "\n");
		heading(output, "Options");
		options(output, command->options);
	}
	add(output, "\n");
	heading(output, "Options of every command");
	options(output, common_options);
	if (command->examples) {
		add(output, "\n");
		heading(output, "Examples");
	}
	for (const struct command_example *example = command->examples; example && example->line; example++) {
		buffer_printf(&output->line, "  %s\n      %s\n", example->line, example->help);
		output_commit(output);
	}
}

void help_overview(struct output *output)
{
	add(output, "ferry sees what crosses between programs and the Linux kernel: who changed what,\nwhen, from which value to which; keeps it, "
		    "and takes it back.\n\n"
		    "usage: ferry COMMAND [OPTION...] [ARGUMENT...]\n\n");
	heading(output, "Commands");
	for (unsigned int i = 0; commands[i]; i++) {
		buffer_printf(&output->line, "  %-9s %s\n", commands[i]->name, commands[i]->help);
		output_commit(output);
	}
	add(output, "\n");
	heading(output, "Options of every command");
	options(output, common_options);
	add(output, "\nNew here? Start \"ferry record\" as root and change something in another shell.\n"
		    "\"ferry help COMMAND\" tells the rest; \"ferry doctor\" says what this machine allows.\n");
}

static int run(struct program *program)
{
	const struct command *command = NULL;

	if (program->given[OPTION_COMPLETION])
		return completion_print(program, program->given[OPTION_COMPLETION]);
	if (program->argument_count) {
		command = command_find(program->arguments[0]);
		if (!command) {
			const struct command *near = command_nearest(program->arguments[0]);
			return program_fail(program, EXIT_USAGE, -EINVAL, "no command \"%s\"%s%s%s", program->arguments[0],
					    near ? "; did you mean \"" : "", near ? near->name : "", near ? "\"?" : "");
		}
	}
	if (program->given[OPTION_MAN])
		manual_print(&program->output, command);
	else if (command)
		help_print(&program->output, command);
	else
		help_overview(&program->output);
	return EXIT_DONE;
}

static const struct command_option own_options[] = {
	[OPTION_MAN] = { "man", 0, NULL, "the manual page (roff): of the command, or of the whole program" },
	[OPTION_COMPLETION] = { "completion", 0, "SHELL", "completion for bash, zsh or fish" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry help record", "how to use a command" },
	{ "ferry help --man get | man -l -", "its manual page" },
	{ "source <(ferry help --completion bash)", "complete commands, options and addresses in this shell" },
	{},
};

const struct command command_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.help = "say how to use a command",
	.details = "Prints how to use the program or a command. The manual pages and the shell completions are printed from the same tables, so they "
		   "cannot differ.",
	.options = own_options,
	.examples = examples,
	.maximum = 1,
	.run = run,
};
