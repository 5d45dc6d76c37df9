/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line by the tables of command.h: options before, between and behind arguments, "--" ends them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

const struct command_option common_options[] = {
	{ "json", 'j', NULL, "results and errors as JSON; one object a line for streams" },
	{ "root", 0, "DIR", "read procfs, sysctl and sysfs below DIR: another machine's tree" },
	{ "netns", 'N', "NETNS", "in that network namespace: a name, a pid or a path" },
	{ "cost", 0, NULL, "say at the end what the command itself cost" },
	{ "quiet", 'q', NULL, "no words on standard error but errors" },
	{ "help", 'h', NULL, "how to use the command" },
	{},
};

enum common { COMMON_JSON, COMMON_ROOT, COMMON_NETNS, COMMON_COST, COMMON_QUIET, COMMON_HELP };

struct found {
	const struct command_option *option;
	int common;       /* its place in common_options, or -1 */
	unsigned int own; /* its place in the command's */
};

static bool matches(const struct command_option *option, const char *name, size_t length, char letter)
{
	if (letter)
		return option->letter == letter;
	return strlen(option->name) == length && memcmp(option->name, name, length) == 0;
}

static bool find(const struct program *program, const char *name, size_t length, char letter, struct found *ret)
{
	const struct command_option *own = program->command ? program->command->options : NULL;

	for (unsigned int i = 0; own && own[i].name; i++)
		if (matches(&own[i], name, length, letter)) {
			*ret = (struct found){ &own[i], -1, i };
			return true;
		}
	for (int i = 0; common_options[i].name; i++)
		if (matches(&common_options[i], name, length, letter)) {
			*ret = (struct found){ &common_options[i], i, 0 };
			return true;
		}
	return false;
}

/* ARGUMENT behind what the same option said before, where all of it counts. */
static const char *join(struct program *program, const struct found *found, const char *argument)
{
	const char *before = program->given[found->own];
	char *text;

	if (!before || !found->option->repeats || asprintf(&text, "%s,%s", before, argument) < 0)
		return argument;
	free(program->joined[found->own]);
	return program->joined[found->own] = text;
}

static void apply(struct program *program, const struct found *found, const char *argument)
{
	switch (found->common) {
	case COMMON_JSON:
		program->json = true;
		break;
	case COMMON_ROOT:
		program->root = argument;
		break;
	case COMMON_NETNS:
		program->netns = argument;
		break;
	case COMMON_COST:
		program->cost = true;
		break;
	case COMMON_QUIET:
		program->quiet = true;
		break;
	case COMMON_HELP:
		program->help = true;
		break;
	default:
		program->given[found->own] = join(program, found, argument ? argument : "");
	}
}

static const char *command_name(const struct program *program)
{
	return program->command ? program->command->name : "help";
}

static enum exit_status unknown(struct program *program, const char *option, int length)
{
	return program_fail(program, EXIT_USAGE, -EINVAL, "unknown option %.*s (see \"ferry help%s%s\")", length, option, program->command ? " " : "",
			    program->command ? command_name(program) : "");
}

/* --name, --name=argument, --name argument. *NEXT is what follows on the command line. */
static enum exit_status parse_long(struct program *program, const char *text, char ***next)
{
	const char *name = text + 2, *equals = strchr(name, '='), *argument = NULL;
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	struct found found;

	if (!find(program, name, length, 0, &found))
		return unknown(program, text, (int)length + 2);
	if (!found.option->argument && equals)
		return program_fail(program, EXIT_USAGE, -EINVAL, "--%s takes no argument", found.option->name);
	if (found.option->argument) {
		argument = equals ? equals + 1 : **next;
		if (!argument)
			return program_fail(program, EXIT_USAGE, -EINVAL, "--%s needs %s", found.option->name, found.option->argument);
		if (!equals)
			(*next)++;
	}
	apply(program, &found, argument);
	return EXIT_DONE;
}

/* -a, -ab, -n5, -n 5 */
static enum exit_status parse_letters(struct program *program, const char *text, char ***next)
{
	for (const char *letter = text + 1; *letter; letter++) {
		struct found found;
		const char shown[] = { '-', *letter, 0 };
		if (!find(program, NULL, 0, *letter, &found))
			return unknown(program, shown, 2);
		if (!found.option->argument) {
			apply(program, &found, NULL);
			continue;
		}
		const char *argument = letter[1] ? letter + 1 : **next;
		if (!argument)
			return program_fail(program, EXIT_USAGE, -EINVAL, "%s needs %s", shown, found.option->argument);
		if (!letter[1])
			(*next)++;
		apply(program, &found, argument);
		break;
	}
	return EXIT_DONE;
}

/* -ADDRESS: with a slash or dot behind a word in small letters, or a path. No option's argument begins so. */
static bool is_removal(const struct program *program, const char *text)
{
	size_t length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");

	return program->command && program->command->removals &&
	       (text[1] == '/' || (length > 1 && (text[1 + length] == '/' || text[1 + length] == '.')));
}

enum exit_status options_parse(struct program *program, char **arguments)
{
	char **next = arguments;
	bool ended = false;

	program->arguments = arguments;
	program->argument_count = 0;
	/* Whether errors are to be JSON must be known before the first of them. */
	for (char **argument = arguments; *argument && strcmp(*argument, "--") != 0; argument++)
		program->json |= strcmp(*argument, "--json") == 0;
	while (*next) {
		char *text = *next++;
		enum exit_status status = EXIT_DONE;
		if (ended || text[0] != '-' || text[1] == 0 || is_removal(program, text)) {
			program->arguments[program->argument_count++] = text;
			if (!program->command) /* the command's name: what follows is by its table */
				break;
		} else if (strcmp(text, "--") == 0) {
			ended = true;
		} else if (text[1] == '-') {
			status = parse_long(program, text, &next);
		} else {
			status = parse_letters(program, text, &next);
		}
		if (status != EXIT_DONE)
			return status;
	}
	if (!program->command && program->argument_count) {
		program->arguments = next - 1;
		return EXIT_DONE;
	}
	program->arguments[program->argument_count] = NULL;
	return EXIT_DONE;
}
