/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shell completions, from the descriptors. Addresses are completed by asking `ferry ls`, one level at a time. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/command.h"

static void add_names(struct buffer *line, const struct command_option *options)
{
	for (const struct command_option *option = options; option && option->name; option++) {
		if (option->letter)
			buffer_printf(line, " -%c", option->letter);
		buffer_printf(line, " --%s", option->name);
	}
}

/* The options that take a file or folder, or an argument of another kind, as a case pattern. */
static void add_pattern(struct buffer *line, bool files)
{
	const char *bar = "";

	for (unsigned int i = 0; commands[i]; i++)
		for (const struct command_option *option = commands[i]->options; option && option->name; option++) {
			_cleanup_buffer_ struct buffer name = {};
			bool file = option->argument && strcmp(option->argument, "FILE") == 0;
			buffer_printf(&name, "--%s", option->name);
			if (!option->argument || file != files || name.failed || (line->data && strstr(line->data, name.data)))
				continue;
			buffer_printf(line, "%s%s", bar, name.data);
			bar = "|";
		}
	if (files)
		buffer_printf(line, "%s--root", bar);
}

static void bash(struct buffer *line)
{
	_cleanup_buffer_ struct buffer files = {}, others = {};

	add_pattern(&files, true);
	add_pattern(&others, false);
	buffer_add_text(line, "# bash completion for ferry\n"
			      "_ferry_addresses() {\n"
			      "\tlocal above=\n"
			      "\t[[ $1 == */* ]] && above=${1%/*}\n"
			      "\tmapfile -t COMPREPLY < <(compgen -W \"$(ferry ls --quiet ${above:+\"$above\"} 2>/dev/null)\" -- \"$1\")\n"
			      "\t[[ ${COMPREPLY[0]} == */ ]] && compopt -o nospace\n"
			      "}\n"
			      "_ferry() {\n"
			      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
			      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			      "\t\t[[ ${COMP_WORDS[i]} == -* || ${COMP_WORDS[i-1]} == --root ]] || { command=${COMP_WORDS[i]}; break; }\n"
			      "\tdone\n"
			      "\tcase $before in\n");
	buffer_printf(line, "\t%s) compopt -o default; COMPREPLY=(); return ;;\n", files.data);
	if (others.length)
		buffer_printf(line, "\t%s) COMPREPLY=(); return ;;\n", others.data);
	buffer_add_text(line, "\tesac\n\tlocal options=\"");
	add_names(line, common_options);
	buffer_add_text(line, "\"\n\tcase $command in\n\t'')");
	buffer_add_text(line, " mapfile -t COMPREPLY < <(compgen -W \"");
	for (unsigned int i = 0; commands[i]; i++)
		buffer_printf(line, "%s ", commands[i]->name);
	buffer_add_text(line, "$options\" -- \"$word\"); return ;;\n");
	for (unsigned int i = 0; commands[i]; i++) {
		if (!commands[i]->options)
			continue;
		buffer_printf(line, "\t%s) options+=\"", commands[i]->name);
		add_names(line, commands[i]->options);
		buffer_add_text(line, "\" ;;\n");
	}
	buffer_add_text(line, "\tesac\n"
			      "\tif [[ $word == -* ]]; then\n"
			      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
			      "\t\treturn\n"
			      "\tfi\n"
			      "\tcase $command in\n\t");
	for (unsigned int i = 0, count = 0; commands[i]; i++)
		if (commands[i]->addresses)
			buffer_printf(line, "%s%s", count++ ? "|" : "", commands[i]->name);
	buffer_add_text(line, ") _ferry_addresses \"$word\" ;;\n"
			      "\thelp) mapfile -t COMPREPLY < <(compgen -W \"");
	for (unsigned int i = 0; commands[i]; i++)
		buffer_printf(line, "%s%s", i ? " " : "", commands[i]->name);
	buffer_add_text(line, "\" -- \"$word\") ;;\n"
			      "\tesac\n"
			      "}\n"
			      "complete -F _ferry ferry\n");
}

/* Text within single quotes of zsh and fish; COLON: also within _arguments and _describe, where a colon and brackets mean something. */
static void add_quoted(struct buffer *line, const char *text, bool colon)
{
	for (; *text; text++) {
		if (*text == '\'')
			buffer_add_text(line, "'\\''");
		else if (colon && strchr(":[]\\", *text))
			buffer_printf(line, "\\%c", *text);
		else
			buffer_add_char(line, *text);
	}
}

static void zsh_options(struct buffer *line, const struct command_option *options)
{
	for (const struct command_option *option = options; option && option->name; option++)
		for (unsigned int letter = 0; letter < 2; letter++) {
			if (letter && !option->letter)
				continue;
			buffer_add_text(line, " \\\n\t\t\t'");
			if (letter)
				buffer_printf(line, "-%c%s[", option->letter, option->argument ? "+" : "");
			else
				buffer_printf(line, "--%s%s[", option->name, option->argument ? "=" : "");
			add_quoted(line, option->help, true);
			buffer_add_char(line, ']');
			if (option->argument) {
				buffer_add_char(line, ':');
				add_quoted(line, option->argument, true);
				buffer_add_text(line, strcmp(option->argument, "FILE") == 0  ? ":_files"
						      : strcmp(option->argument, "DIR") == 0 ? ":_files -/"
											     : ": ");
			}
			buffer_add_char(line, '\'');
		}
}

static void zsh(struct buffer *line)
{
	buffer_add_text(line, "#compdef ferry\n"
			      "_ferry_addresses() {\n"
			      "\tlocal above= list\n"
			      "\t[[ $PREFIX == */* ]] && above=${PREFIX%/*}\n"
			      "\tlist=(${(f)\"$(ferry ls --quiet ${above:+$above} 2>/dev/null)\"})\n"
			      "\tcompadd -S '' -- ${(M)list:#*/}\n"
			      "\tcompadd -- ${list:#*/}\n"
			      "}\n"
			      "_ferry() {\n"
			      "\tlocal -a names\n"
			      "\tnames=(\n");
	for (unsigned int i = 0; commands[i]; i++) {
		buffer_printf(line, "\t\t'%s:", commands[i]->name);
		add_quoted(line, commands[i]->help, true);
		buffer_add_text(line, "'\n");
	}
	buffer_add_text(line, "\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command names\n\t\t_arguments");
	zsh_options(line, common_options);
	buffer_add_text(line, "\n\t\treturn\n\tfi\n\tlocal command=$words[2]\n\tshift words\n\t((CURRENT--))\n\tcase $command in\n");
	for (unsigned int i = 0; commands[i]; i++) {
		buffer_printf(line, "\t%s)\n\t\t_arguments -s", commands[i]->name);
		zsh_options(line, commands[i]->options);
		zsh_options(line, common_options);
		if (commands[i]->addresses)
			buffer_add_text(line, " \\\n\t\t\t'*:address:_ferry_addresses'");
		buffer_add_text(line, "\n\t\t;;\n");
	}
	/* Loaded by the first completion, which it is to answer too; or sourced. */
	buffer_add_text(line, "\tesac\n}\n"
			      "if [[ $funcstack[1] == _ferry ]]; then\n\t_ferry \"$@\"\nelse\n\tcompdef _ferry ferry\nfi\n");
}

static void fish_options(struct buffer *line, const char *condition, const struct command_option *options)
{
	for (const struct command_option *option = options; option && option->name; option++) {
		buffer_printf(line, "complete -c ferry%s -l %s", condition, option->name);
		if (option->letter)
			buffer_printf(line, " -s %c", option->letter);
		if (option->argument && (strcmp(option->argument, "FILE") == 0 || strcmp(option->argument, "DIR") == 0))
			buffer_add_text(line, " -r -F");
		else if (option->argument)
			buffer_add_text(line, " -x");
		buffer_add_text(line, " -d '");
		add_quoted(line, option->help, false);
		buffer_add_text(line, "'\n");
	}
}

static void fish(struct buffer *line)
{
	buffer_add_text(line, "# fish completion for ferry\n"
			      "function __ferry_addresses\n"
			      "\tset -l word (commandline -ct)\n"
			      "\tset -l above (string replace -r '/?[^/]*$' '' -- $word)\n"
			      "\ttest -n \"$above\"; and ferry ls --quiet $above 2>/dev/null; or ferry ls --quiet 2>/dev/null\n"
			      "end\n"
			      "complete -c ferry -f\n");
	fish_options(line, "", common_options);
	for (unsigned int i = 0; commands[i]; i++) {
		char condition[80];
		buffer_printf(line, "complete -c ferry -n __fish_use_subcommand -a %s -d '", commands[i]->name);
		add_quoted(line, commands[i]->help, false);
		buffer_add_text(line, "'\n");
		snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'", commands[i]->name);
		fish_options(line, condition, commands[i]->options);
		if (commands[i]->addresses)
			buffer_printf(line, "complete -c ferry%s -a '(__ferry_addresses)'\n", condition);
	}
}

enum exit_status completion_print(struct program *program, const char *shell)
{
	static const struct {
		const char *name;
		void (*print)(struct buffer *line);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (unsigned int i = 0; i < ARRAY_SIZE(shells); i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].print(&program->output.line);
			output_commit(&program->output);
			return EXIT_DONE;
		}
	return program_fail(program, EXIT_USAGE, -EINVAL, "no completion for \"%s\": bash, zsh and fish have one", shell);
}
