/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cmd/command.h"
#include "show/brief.h"

enum { OPTION_DRY_RUN, OPTION_YES };

static int print(void *data, const struct ferry_change *change)
{
	struct program *program = data;
	struct buffer *line = &program->output.line;

	if (program->json) {
		change_brief_json(line, change);
		buffer_add_char(line, '}');
	} else {
		change_brief(line, program->ferry, change);
	}
	buffer_add_char(line, '\n');
	/* The reader may be gone: what was done is done all the same. */
	output_commit(&program->output);
	if (change->result_text)
		program_say(program, "ferry: %s: %s", change->address, change->result_text);
	return 0;
}

/* The kernel's ENOENT (no such congestion control) is another thing than an address that is not there. */
static enum exit_status fail(struct program *program, int error)
{
	enum exit_status status = exit_of(error);

	if (ferry_error_fault(program->ferry) == FERRY_FAULT_QUESTION)
		status = EXIT_USAGE;
	else if (ferry_error_fault(program->ferry) == FERRY_FAULT_REFUSED && status == EXIT_NOT_FOUND)
		status = EXIT_REFUSED;
	return program_fail(program, status, error, "%s", ferry_error(program->ferry));
}

static int run(struct program *program)
{
	unsigned int flags = (program->given[OPTION_DRY_RUN] ? FERRY_SET_DRY_RUN : 0) | (program->given[OPTION_YES] ? FERRY_SET_YES : 0);
	sigset_t old;

	program_hold_signals(&old);
	int r = ferry_set(program->ferry, (const char *const *)program->arguments, flags, print, program);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (r == FERRY_INCOMPLETE)
		return EXIT_INCOMPLETE;
	return r < 0 ? (int)fail(program, r) : EXIT_DONE;
}

static const struct command_option options[] = {
	[OPTION_DRY_RUN] = { "dry-run", 0, NULL, "check everything, say what would change, change nothing" },
	[OPTION_YES] = { "yes", 'y', NULL, "also actions, and what cannot be taken back before a reboot" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry set net.ipv4.ip_forward=1", "one value" },
	{ "ferry set 'sysctl/net/ipv4/conf/*/rp_filter=1'", "the same for every interface" },
	{ "ferry set netlink/route/link/eth0/mtu=1400", "a field of an object" },
	{ "ferry set 'netlink/route/route/main/10.0.0.0/8={gateway=10.1.1.1, metric=100}'", "an object, made or replaced" },
	{ "ferry set 'netlink/route/link/w0={linkinfo={kind=bridge}}' 'netlink/route/addr/w0/10.9.0.1/24={}'", "a link, and an address on it" },
	{ "ferry set -netlink/route/addr/w0/10.9.0.1/24", "an object removed" },
	{ "ferry set netlink/ethtool/features/lo/wanted/rx-gro-list=off", "what ethtool sets" },
	{ "ferry set netlink/xfrm/policy/out/10.0.0.0/8/10.0.0.0/8={action=block}", "an IPsec policy" },
	{ "ferry set --dry-run vm.swappiness=10", "would it go, and what would change?" },
	{},
};

const struct command command_set = {
	.name = "set",
	.synopsis = "ADDRESS=VALUE | -ADDRESS ...",
	.help = "change values and objects, all or none",
	.details =
		"Checks every assignment before it writes any: the address, the type and range of the value, the words of a choice, our rights, and "
		"whether it is a setting at all. Then each file is written once, at its beginning, and requests to one family of netlink go in one "
		"send; what stands there afterwards is read, and printed as \"address: before -> after\". Where one is refused, what was done before "
		"it "
		"is put back, and both are said.\n\n"
		"A value is written as ferry get prints it: a number or word, [a, b], {name=value, name=value}; text with marks in quotes. JSON is "
		"taken "
		"as well. For a file everything behind the = is its value. Of several = the first counts that has an address before it, so "
		"that main/10.0.0.0/8,metric=100={...} needs no quoting of its own.\n\n"
		"ADDRESS={...} makes an object or replaces the one that stands there: what the value leaves out takes its usual value. A link keeps "
		"what is not named. ADDRESS/FIELD=VALUE changes one field and keeps the others; null takes a field away where the kernel knows that. "
		"What identifies an object may stand in its address or in its value, as the metric of a route: the address that is printed says it. "
		"-ADDRESS removes an object. Shell globs stand for what is there.\n\n"
		"What is an action (vm.drop_caches), can only be written, or cannot be taken back before a reboot needs --yes.\n\n"
		"The exit status is 1 where the kernel refused, 2 where the question is wrong already (no such field in a value, a wrong type, out "
		"of "
		"the field's range), 3 where there is no such address, 4 without the right, and 5 where the kernel took a value and reads as "
		"another.",
	.options = options,
	.examples = examples,
	.minimum = 1,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.removals = true,
	.run = run,
};
