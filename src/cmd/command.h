/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A subcommand. To add one:
 * 1. write src/cmd/NAME.c, ending in `const struct command command_NAME = { ... };`
 * 2. add COMMAND(NAME) to src/cmd/commands.def
 * Usage, `ferry help NAME`, the man page and the shell completions are printed from the descriptor.
 */
#ifndef FERRY_CMD_COMMAND_H
#define FERRY_CMD_COMMAND_H

#include <signal.h>
#include <stdbool.h>

#include "cmd/exit.h"
#include "ferry.h"
#include "show/output.h"

struct command_option {
	const char *name;     /* "json": --json; NULL ends a table */
	char letter;          /* 'q': -q; 0 for none */
	const char *argument; /* "FILE": what it takes; NULL for a switch */
	const char *help;     /* one line */
	bool repeats;         /* given several times, all count: joined by commas */
};

struct command_example {
	const char *line; /* NULL ends a table */
	const char *help;
};

struct program;

struct command {
	const char *name;
	const char *synopsis;                   /* its arguments: "[ADDRESS...]" */
	const char *help;                       /* one line */
	const char *details;                    /* paragraphs, an empty line between two */
	const struct command_option *options;   /* NULL for none */
	const struct command_example *examples; /* NULL for none */
	unsigned int minimum, maximum;          /* how many arguments; a maximum of 0 takes none */
	bool addresses;                         /* its arguments are addresses (for completion) */
	bool removals;                          /* -ADDRESS is an argument, not options */
	int (*run)(struct program *program);
};

#define ARGUMENTS_ANY           1000000
#define COMMAND_OPTIONS_MAXIMUM 16

struct program {
	const char *invoked;           /* how the user called the program: "ferry", "build/ferry" */
	const struct command *command; /* NULL until it is known */
	struct ferry *ferry;
	struct output output; /* standard output */
	bool json, quiet, cost, help;
	bool pipe_ignored; /* SIGPIPE was, when we were started: so it is for what we start */
	const char *root, *netns;
	const char *given[COMMAND_OPTIONS_MAXIMUM]; /* by the place in command->options: the argument, "" for a switch, NULL where not given */
	char *joined[COMMAND_OPTIONS_MAXIMUM];      /* what GIVEN points to where an option was given several times */
	char **arguments;
	unsigned int argument_count;
	enum exit_status status; /* the worst so far */
};

extern const struct command *const commands[]; /* NULL ends it */
extern const struct command_option common_options[];

const struct command *command_find(const char *name);
/* The command whose name is nearest to NAME, or NULL where none is near. */
const struct command *command_nearest(const char *name);

/* Takes the options out of ARGUMENTS, wherever they stand, and leaves the rest in program->arguments; while the command is not known, only those
 * before the first argument, which is its name. EXIT_DONE, or EXIT_USAGE with its words printed. */
enum exit_status options_parse(struct program *program, char **arguments);

/* Prints "ferry: WORDS" on standard error (under --json an object), remembers STATUS and returns it. CODE is a negative errno, or 0 where there is
 * none. */
enum exit_status program_fail(struct program *program, enum exit_status status, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with the library's words for ERROR, and the status that it stands for. */
enum exit_status program_failed(struct program *program, int error);
/* Words for people on standard error: nothing under --quiet, nothing under --json. */
void program_say(const struct program *program, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A finished line on standard error. */
void program_write_words(const struct buffer *line);
/* The canonical form of an address that the user typed, to be freed; NULL where it is none: then the words are printed and the status is EXIT_USAGE.
 */
char *program_address(struct program *program, const char *text);
/* All arguments as canonical addresses, NULL-terminated, NULL where there are no arguments. EXIT_DONE or EXIT_USAGE. */
enum exit_status program_addresses(struct program *program, char ***ret_addresses);
void addresses_free(char **addresses);
/* The time that an option says ("10m", "2h ago", RFC 3339), 0 where it was not given. */
enum exit_status program_time(struct program *program, const char *option, uint64_t *ret_time);
/* A whole number above 0. */
enum exit_status program_number(struct program *program, const char *what, const char *text, uint64_t *ret_number);
/* Seconds ("90", "0.5") or a length of time ("1h30m"), in nanoseconds. */
enum exit_status program_length(struct program *program, const char *what, const char *text, uint64_t *ret_length);
/* A size in bytes from TEXT ("512K"), neither below LEAST nor above MOST. */
enum exit_status program_size(struct program *program, const char *what, const char *text, uint64_t least, uint64_t most, uint64_t *ret_size);

/* Set by SIGINT, SIGTERM and SIGHUP once program_catch_signals() was called. A second one ends the program on the spot. */
extern volatile bool program_stop;
/* Leaves the three signals blocked; RET_MASK is the mask to wait with (ppoll). */
void program_catch_signals(sigset_t *ret_mask);

/* Blocks the three signals until RET_OLD is set again: an end between two writes would leave neither the one state nor the other. */
void program_hold_signals(sigset_t *ret_old);

/* Opens the history at PATH, or the default one; NULL where that fails, with its words printed. */
struct ferry_history *program_history(struct program *program, const char *path);

/* What the command costs the machine, from cost_begin() to cost_print(), which prints it on standard error. */
void cost_begin(void);
void cost_print(const struct program *program);

/* What a part of a command costs. */
struct cost_part {
	uint64_t entries;    /* into the kernel */
	uint64_t read_bytes; /* of files */
	uint64_t nanoseconds;
	uint64_t own_bytes; /* that the measuring itself reads */
};
/* Counts entries into the kernel from now on; false where these rights do not allow it, and then ENTRIES say nothing. */
bool cost_count(void);
void cost_part_begin(struct cost_part *part);
void cost_part_end(struct cost_part *part);

void help_print(struct output *output, const struct command *command);
void help_overview(struct output *output);
enum exit_status completion_print(struct program *program, const char *shell);
void manual_print(struct output *output, const struct command *command);

#endif
