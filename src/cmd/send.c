/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "cmd/command.h"

enum { OPTION_TO, OPTION_GROUP };

#define GROUPS_MAXIMUM  32
#define MESSAGE_MAXIMUM (16u * 1024 * 1024) /* more than the kernel carries */

/* Where to, and what came of it. */
struct sending {
	struct program *program;
	uint32_t port, group; /* one of them */
	unsigned int listeners;
	uint64_t lost_before;
};

static enum exit_status parse(struct program *program, struct sending *sending)
{
	const char *to = program->given[OPTION_TO], *group = program->given[OPTION_GROUP];
	uint64_t number;
	enum exit_status status;

	if (!to == !group)
		return program_fail(program, EXIT_USAGE, -EINVAL, "say where to: --to PORT or --group N");
	status = program_number(program, to ? "--to" : "--group", to ? to : group, &number);
	if (status != EXIT_DONE)
		return status;
	if (to && number > UINT32_MAX)
		return program_fail(program, EXIT_USAGE, -EINVAL, "--to: a port is a number of 32 bits: %s", to);
	if (group && number > GROUPS_MAXIMUM)
		return program_fail(program, EXIT_USAGE, -EINVAL, "--group: groups go from 1 to %d: %s", GROUPS_MAXIMUM, group);
	*(to ? &sending->port : &sending->group) = (uint32_t)number;
	return EXIT_DONE;
}

/* To a group the kernel tells the sender nothing: who listens is counted before, what they have lost behind. */
static enum exit_status count_listeners(struct sending *sending)
{
	struct program *program = sending->program;
	int r = sending->group ? ferry_group_listeners(program->ferry, sending->group, &sending->listeners, &sending->lost_before) : 0;

	if (r < 0)
		return program_failed(program, r);
	if (sending->group && sending->listeners == 0)
		return program_fail(program, EXIT_REFUSED, -ECONNREFUSED, "nobody listens to group %u: nothing was sent", sending->group);
	return EXIT_DONE;
}

static enum exit_status tell_loss(struct sending *sending)
{
	unsigned int listeners;
	uint64_t lost;

	if (!sending->group || ferry_group_listeners(sending->program->ferry, sending->group, &listeners, &lost) < 0 || lost <= sending->lost_before)
		return EXIT_DONE;
	return program_fail(sending->program, EXIT_INCOMPLETE, -ENOBUFS, "listeners to group %u have lost %llu: their queues are full",
			    sending->group, (unsigned long long)(lost - sending->lost_before));
}

/* One message as a line of the result. */
static void tell(struct sending *sending, size_t length)
{
	struct buffer *line = &sending->program->output.line;

	if (!sending->program->json)
		return;
	buffer_printf(line, "{\"sent\":%zu,\"%s\":%u", length, sending->group ? "group" : "port", sending->group ? sending->group : sending->port);
	if (sending->group)
		buffer_printf(line, ",\"listeners\":%u", sending->listeners);
	buffer_add_text(line, "}\n");
	output_commit(&sending->program->output);
}

static enum exit_status send_one(struct sending *sending, const void *data, size_t length)
{
	struct program *program = sending->program;
	int r;

	if (length == 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "an empty message: the kernel carries none");
	r = ferry_send(program->ferry, sending->port, sending->group, data, length);
	if (r < 0)
		return program_failed(program, r);
	tell(sending, length);
	return EXIT_DONE;
}

/* Standard input to its end is one message. */
static enum exit_status send_input(struct sending *sending)
{
	struct program *program = sending->program;
	_cleanup_buffer_ struct buffer data = {};
	ssize_t length = 1;

	while (length > 0 && data.length <= MESSAGE_MAXIMUM) {
		char *room = buffer_reserve(&data, 65536);
		if (!room)
			return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
		length = read(STDIN_FILENO, room, 65536);
		if (length < 0 && errno == EINTR)
			length = 1;
		else if (length < 0)
			return program_fail(program, EXIT_REFUSED, -errno, "cannot read standard input: %s", error_text(errno));
		else
			data.length += (size_t)length;
	}
	if (data.length > MESSAGE_MAXIMUM)
		return program_fail(program, EXIT_REFUSED, -EMSGSIZE, "standard input holds more than the %u bytes that a message may have",
				    MESSAGE_MAXIMUM);
	return send_one(sending, data.data, data.length);
}

static int run(struct program *program)
{
	struct sending sending = { .program = program };
	enum exit_status status = parse(program, &sending);

	if (status == EXIT_DONE)
		status = count_listeners(&sending);
	for (unsigned int i = 0; status == EXIT_DONE && i < program->argument_count; i++) {
		const char *text = program->arguments[i];
		status = strcmp(text, "-") == 0 ? send_input(&sending) : send_one(&sending, text, strlen(text));
	}
	return status == EXIT_DONE ? tell_loss(&sending) : status;
}

static const struct command_option options[] = {
	[OPTION_TO] = { "to", 't', "PORT", "to the program at this port" },
	[OPTION_GROUP] = { "group", 'g', "N", "to every program that listens to this group, 1 to 32" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry send --to 5000 hello", "a message to the program at a port" },
	{ "ferry send --group 3 'link is up'", "to all that listen to a group" },
	{ "ferry send --to 5000 - <file", "bytes from standard input" },
	{},
};

const struct command command_send = {
	.name = "send",
	.synopsis = "(--to PORT | --group N) (TEXT | -)...",
	.help = "send messages to other programs",
	.details =
		"Sends each argument as a message over NETLINK_USERSOCK: the bytes of the text and nothing else; \"-\" is standard input to its end. "
		"A "
		"message goes to the one program at a port, or to all that listen to a group, in the same network namespace. \"ferry listen\" is one "
		"of them; every program with a netlink socket can be.\n\n"
		"At a port the sender waits for room, 5 seconds at most, and nothing is lost. At a group it never waits: a listener whose queue is "
		"full loses the message and is told; that is said here too, with exit status 5. Sending needs no rights.",
	.options = options,
	.examples = examples,
	.minimum = 1,
	.maximum = ARGUMENTS_ANY,
	.run = run,
};
