/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program: finds the command, runs it, says once what failed, and ends with the status of cmd/exit.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cmd/command.h"

#define COMMAND(name) extern const struct command command_##name;
#include "cmd/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cmd/commands.def"
#undef COMMAND
	NULL,
};

volatile bool program_stop;

static void handle_signal(int number)
{
	if (program_stop)
		_exit(128 + number);
	program_stop = true;
}

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

void program_hold_signals(sigset_t *ret_old)
{
	sigset_t held;

	sigemptyset(&held);
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&held, numbers[i]);
	sigprocmask(SIG_BLOCK, &held, ret_old);
}

void program_catch_signals(sigset_t *ret_mask)
{
	struct sigaction action = { .sa_handler = handle_signal };

	sigemptyset(&action.sa_mask);
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction present;
		/* nohup stays nohup. An ignored SIGINT is only what a shell does to every program in the background: who sends one all the same means
		 * it. */
		if (numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &present) == 0 && present.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
	}
	program_hold_signals(ret_mask);
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		sigdelset(ret_mask, numbers[i]);
}

/* A descriptor 0, 1 or 2 that is closed would be handed to the next file that is opened, and results would be written into it. Opened the wrong way
 * round, so that using it fails as it does when it is closed. */
static void claim_standard_descriptors(void)
{
	for (int descriptor = 0; descriptor < 3; descriptor++)
		if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
}

static enum exit_status find_command(struct program *program)
{
	const char *name = program->arguments[0];
	const struct command *command = command_find(name);

	if (!command) {
		const struct command *near = command_nearest(name);
		_cleanup_buffer_ struct buffer shown = {};
		buffer_add_escaped(&shown, name, strlen(name));
		return program_fail(program, EXIT_USAGE, -EINVAL, "no command \"%s\"%s%s%s", shown.failed || !shown.data ? "" : shown.data,
				    near ? "; did you mean \"" : "", near ? near->name : " (see \"ferry help\")", near ? "\"?" : "");
	}
	program->command = command;
	return options_parse(program, program->arguments + 1);
}

static enum exit_status check_arguments(struct program *program)
{
	const struct command *command = program->command;

	if (program->argument_count < command->minimum)
		return program_fail(program, EXIT_USAGE, -EINVAL, "usage: ferry %s %s", command->name, command->synopsis);
	if (program->argument_count > command->maximum)
		return program_fail(program, EXIT_USAGE, -EINVAL, "%s takes %s; usage: ferry %s %s", command->name,
				    command->maximum ? "fewer arguments" : "no arguments", command->name, command->synopsis);
	return EXIT_DONE;
}

static enum exit_status run(struct program *program)
{
	enum exit_status status;
	int r;

	if (program->help) {
		help_print(&program->output, program->command);
		return EXIT_DONE;
	}
	status = check_arguments(program);
	if (status != EXIT_DONE)
		return status;
	r = ferry_new(&program->ferry);
	if (r < 0)
		return program_fail(program, exit_of(r), r, "cannot start: %s", strerrordesc_np(-r));
	r = program->root ? ferry_set_root(program->ferry, program->root) : 0;
	if (r < 0)
		return program_fail(program, EXIT_USAGE, r, "--root: %s", ferry_error(program->ferry));
	r = program->netns ? ferry_set_netns(program->ferry, program->netns) : 0;
	if (r < 0)
		return program_fail(program, r == -EINVAL ? EXIT_USAGE : exit_of(r), r, "--netns: %s", ferry_error(program->ferry));
	return (enum exit_status)program->command->run(program);
}

/* Writes what is left. A reader that has gone is no failure: it has seen enough. */
static enum exit_status finish(struct program *program, enum exit_status status)
{
	int r = output_finish(&program->output);

	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return exit_worse(status, program_fail(program, EXIT_REFUSED, r, "cannot write standard output: %s", strerrordesc_np(-r)));
	return status;
}

static enum exit_status start(struct program *program, char **arguments)
{
	enum exit_status status = options_parse(program, arguments);

	if (status != EXIT_DONE)
		return status;
	if (program->argument_count == 0 && program->help) {
		help_overview(&program->output);
		return EXIT_DONE;
	}
	if (program->argument_count == 0 && program->json)
		return program_fail(program, EXIT_USAGE, -EINVAL, "no command (see \"ferry help\")");
	if (program->argument_count == 0) {
		struct output words;
		output_open(&words, STDERR_FILENO);
		help_overview(&words);
		output_finish(&words);
		output_done(&words);
		return EXIT_USAGE;
	}
	status = find_command(program);
	if (status != EXIT_DONE)
		return status;
	if (program->cost)
		cost_begin();
	return run(program);
}

int main(int argument_count, char **arguments)
{
	struct program program = { .invoked = argument_count > 0 ? arguments[0] : "ferry" };

	claim_standard_descriptors();
	program.pipe_ignored = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
	output_open(&program.output, STDOUT_FILENO);
	if (argument_count > 1 && strcmp(arguments[1], "--version") == 0) {
		static char version[] = "version";
		arguments[1] = version;
	}
	enum exit_status status = start(&program, arguments + (argument_count > 0));
	status = finish(&program, exit_worse(program.status, status));
	program.ferry = ferry_free(program.ferry);
	if (program.cost)
		cost_print(&program);
	output_done(&program.output);
	for (unsigned int i = 0; i < COMMAND_OPTIONS_MAXIMUM; i++)
		free(program.joined[i]);
	return (int)status;
}
