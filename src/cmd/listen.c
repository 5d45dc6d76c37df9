/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cmd/follow.h"

enum { OPTION_GROUP, OPTION_PORT, OPTION_COUNT, OPTION_FOR, OPTION_RECEIVE_BUFFER };

#define GROUPS_MAXIMUM 32

/* Addresses of the groups in "1,2", NULL-terminated. */
static enum exit_status parse_groups(struct program *program, const char *text, char *addresses[GROUPS_MAXIMUM + 1])
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *part;
	unsigned int count = 0;

	if (!copy)
		return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	while ((part = strsep(&rest, ","))) {
		uint64_t number;
		enum exit_status status = program_number(program, "--group", part, &number);

		if (status != EXIT_DONE)
			return status;
		if (number > GROUPS_MAXIMUM || count == GROUPS_MAXIMUM)
			return program_fail(program, EXIT_USAGE, -EINVAL, "--group: groups go from 1 to %d: %s", GROUPS_MAXIMUM, part);
		if (asprintf(&addresses[count], "netlink/usersock/%u", (unsigned int)number) < 0) {
			addresses[count] = NULL;
			return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
		}
		count++;
	}
	return EXIT_DONE;
}

static enum exit_status parse_port(struct program *program, const char *text, uint32_t *ret)
{
	uint64_t number;
	enum exit_status status = program_number(program, "--port", text, &number);

	if (status != EXIT_DONE)
		return status;
	if (number > UINT32_MAX)
		return program_fail(program, EXIT_USAGE, -EINVAL, "--port: a port is a number of 32 bits: %s", text);
	*ret = (uint32_t)number;
	return EXIT_DONE;
}

static enum exit_status parse(struct program *program, struct ferry_listener_options *options, uint64_t *ret_count, uint64_t *ret_length)
{
	const char *const *given = program->given;
	enum exit_status status = EXIT_DONE;
	uint64_t receive_buffer = 0;

	if (given[OPTION_PORT])
		status = parse_port(program, given[OPTION_PORT], &options->port);
	if (status == EXIT_DONE && given[OPTION_COUNT])
		status = program_number(program, "--count", given[OPTION_COUNT], ret_count);
	if (status == EXIT_DONE && given[OPTION_FOR])
		status = program_length(program, "--for", given[OPTION_FOR], ret_length);
	if (status == EXIT_DONE && given[OPTION_RECEIVE_BUFFER])
		status = program_size(program, "--receive-buffer", given[OPTION_RECEIVE_BUFFER], 1, INT32_MAX, &receive_buffer);
	options->receive_buffer = (unsigned int)receive_buffer;
	return status;
}

static int tell_missing(void *data, const struct ferry_coverage *coverage)
{
	if (!coverage->watched)
		program_say(data, "not heard: %s: %s", coverage->subject, coverage->why);
	return 0;
}

static enum exit_status listen(struct program *program, struct ferry_listener_options *options, uint64_t count, uint64_t length)
{
	struct ferry_recorder_counts counts;
	struct follow follow;
	enum exit_status status = follow_begin(&follow, program, NULL, options, length);

	if (status != EXIT_DONE)
		return status;
	follow.most = count;
	follow_coverage(&follow, tell_missing, program);
	program_say(program, "listening at port %u%s%s", ferry_listener_port(follow.listener), program->given[OPTION_GROUP] ? " and to group " : "",
		    program->given[OPTION_GROUP] ? program->given[OPTION_GROUP] : "");
	follow_tell_watching(&follow, NULL);
	status = follow_run(&follow);
	follow_end(&follow, &counts);
	follow_tell_counts(&follow, &counts);
	return status == EXIT_DONE && (counts.lost || follow.unwritten) ? EXIT_INCOMPLETE : status;
}

static int run(struct program *program)
{
	char *addresses[GROUPS_MAXIMUM + 1] = { NULL };
	struct ferry_listener_options options = { .addresses = (const char *const *)addresses, .usersock = true };
	uint64_t count = 0, length = 0;
	enum exit_status status = parse(program, &options, &count, &length);

	if (status == EXIT_DONE && program->given[OPTION_GROUP])
		status = parse_groups(program, program->given[OPTION_GROUP], addresses);
	if (status == EXIT_DONE)
		status = listen(program, &options, count, length);
	for (unsigned int i = 0; i < GROUPS_MAXIMUM; i++)
		free(addresses[i]);
	return status;
}

static const struct command_option options[] = {
	[OPTION_GROUP] = { "group", 'g', "N,...", "also what is sent to these groups, 1 to 32 (needs CAP_NET_ADMIN)" },
	[OPTION_PORT] = { "port", 'p', "N", "listen at this port, instead of one that the kernel chooses" },
	[OPTION_COUNT] = { "count", 'n', "COUNT", "end after so many messages" },
	[OPTION_FOR] = { "for", 0, "SECONDS", "end by itself after so long (10, 0.5, 2m)" },
	[OPTION_RECEIVE_BUFFER] = { "receive-buffer", 0, "SIZE", "room in the kernel for what is sent and is not read yet" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry listen", "what programs send to a port, which is told at the start" },
	{ "ferry listen --group 3,4 -n 10", "ten messages, to the port or to one of two groups" },
	{ "ferry listen --port 5000 --json", "at a port that others know, for a program" },
	{},
};

const struct command command_listen = {
	.name = "listen",
	.synopsis = "",
	.help = "print messages that other programs send",
	.details =
		"Listens in NETLINK_USERSOCK, where programs of one network namespace send each other messages through the kernel: at a port, and to "
		"groups. Prints a line for each message: the time, where it was sent, the sender's port, process and user as the kernel vouches for "
		"them, the length, and the text, or bytes in hexadecimal where it is none. \"ferry send\" is one way to send; every program with a "
		"netlink socket can.\n\n"
		"Everybody may listen at a port; listening to a group needs CAP_NET_ADMIN, sending to one does not.\n\n"
		"What finds no room is told as a gap, and the exit status is 5. Ends on Ctrl-C, or when nobody reads any more.",
	.options = options,
	.examples = examples,
	.run = run,
};
