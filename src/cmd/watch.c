/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "cmd/follow.h"

enum { OPTION_FOR, OPTION_RECEIVE_BUFFER };

static int tell_missing(void *data, const struct ferry_coverage *coverage)
{
	if (!coverage->watched)
		program_say(data, "not watched: %s: %s", coverage->subject, coverage->why ? coverage->why : "not to be had here");
	return 0;
}

/* The addresses of changes, and those of messages: a list may be of both. Each is a part of ALL, NULL-terminated. */
struct wanted {
	char **all;
	const char **changes, **messages;
	unsigned int change_count, message_count;
};

static enum exit_status sort_addresses(struct program *program, struct wanted *wanted)
{
	wanted->changes = calloc(program->argument_count + 1, sizeof(*wanted->changes));
	wanted->messages = calloc(program->argument_count + 1, sizeof(*wanted->messages));
	if (!wanted->changes || !wanted->messages)
		return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	for (unsigned int i = 0; wanted->all && wanted->all[i]; i++) {
		int r = ferry_listener_knows(program->ferry, wanted->all[i]);
		if (r < 0)
			return program_failed(program, r);
		if (r > 0)
			wanted->messages[wanted->message_count++] = wanted->all[i];
		if (r != FERRY_MESSAGES_ONLY)
			wanted->changes[wanted->change_count++] = wanted->all[i];
	}
	return EXIT_DONE;
}

static void wanted_done(struct wanted *wanted)
{
	free(wanted->changes);
	free(wanted->messages);
	addresses_free(wanted->all);
}

static enum exit_status watch(struct program *program, const struct wanted *wanted, unsigned int receive_buffer, uint64_t length)
{
	struct ferry_recorder_options recorder = { .receive_buffer = receive_buffer };
	struct ferry_listener_options listener = { .receive_buffer = receive_buffer, .addresses = wanted->messages };
	struct ferry_recorder_counts counts;
	struct follow follow;

	recorder.addresses = wanted->change_count ? wanted->changes : NULL;
	enum exit_status status = follow_begin(&follow, program, wanted->change_count || !wanted->message_count ? &recorder : NULL,
					       wanted->message_count ? &listener : NULL, length);
	if (status != EXIT_DONE)
		return status;
	follow_coverage(&follow, tell_missing, program);
	follow_tell_watching(&follow, NULL);
	status = follow_run(&follow);
	follow_end(&follow, &counts);
	follow_tell_counts(&follow, &counts);
	return status == EXIT_DONE && (counts.lost || follow.unwritten) ? EXIT_INCOMPLETE : status;
}

static int run(struct program *program)
{
	struct wanted wanted = {};
	uint64_t length = 0, receive_buffer = 0;
	enum exit_status status = program_addresses(program, &wanted.all);

	if (status == EXIT_DONE && program->given[OPTION_FOR])
		status = program_length(program, "--for", program->given[OPTION_FOR], &length);
	if (status == EXIT_DONE && program->given[OPTION_RECEIVE_BUFFER])
		status = program_size(program, "--receive-buffer", program->given[OPTION_RECEIVE_BUFFER], 1, INT32_MAX, &receive_buffer);
	if (status == EXIT_DONE)
		status = sort_addresses(program, &wanted);
	if (status == EXIT_DONE)
		status = watch(program, &wanted, (unsigned int)receive_buffer, length);
	wanted_done(&wanted);
	return status;
}

static const struct command_option options[] = {
	[OPTION_FOR] = { "for", 0, "SECONDS", "end by itself after so long (10, 0.5, 2m)" },
	[OPTION_RECEIVE_BUFFER] = { "receive-buffer", 0, "SIZE", "room in the kernel for what it tells and is not read yet" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry watch", "every change of kernel state, as it happens" },
	{ "ferry watch netlink/route/link sysctl/net", "network interfaces and network settings" },
	{ "ferry watch 'sysctl/net/ipv4/conf/*/rp_filter' --json", "one setting of every interface, for a program" },
	{ "ferry watch netlink/kobject_uevent/kernel netlink/ethtool/monitor", "device events and what ethtool changes, as messages" },
	{},
};

const struct command command_watch = {
	.name = "watch",
	.synopsis = "[ADDRESS...]",
	.help = "print changes as they happen, and who made them",
	.details =
		"Prints a line for each change at or below one of the addresses, or anywhere: the time, the address, the value before and after, "
		"the command line that made the "
		"change with its pid and user, and the door through which it came. A line with + is something added, - removed, ! an attempt that "
		"the kernel refused, ? a gap: what "
		"was lost there, and when. A star stands for anything within one part of an address.\n\n"
		"Nothing is kept; \"ferry record\" does that. Who made a change, and the values of settings in /proc/sys, need root (or CAP_BPF, "
		"CAP_PERFMON and CAP_SYS_ADMIN); "
		"what is not watched is said at the start.\n\n"
		"What the kernel tells by netlink multicast beyond the objects of netlink/route, netlink/xfrm and netlink/netfilter (\"ferry ls -R "
		"netlink\" lists it: "
		"families and "
		"their "
		"groups) is shown as messages: the time, family and group, the sender where it is not the kernel, the type and length, and what it "
		"says: device events as KEY=VALUE; what a table or \"ferry learn\" has names for by these; where nothing says what the bytes are, "
		"attributes by number in hexadecimal, with what each "
		"looks "
		"like, marked as guessed. Messages are watched where an address names them.\n\n"
		"A reader that does not read makes a gap, never a wait. Ends on Ctrl-C, or when nobody reads any more.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
