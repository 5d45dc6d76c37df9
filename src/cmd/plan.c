/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cmd/configured.h"
#include "cmd/declare.h"

enum { OPTION_ONLY, OPTION_REHEARSE, OPTION_CONFIGURED, OPTION_AS };

struct planning {
	struct program *program;
	unsigned long steps, refused;
};

static int take(void *data, const struct ferry_change *change)
{
	struct planning *planning = data;

	planning->steps++;
	planning->refused += change->result < 0;
	return print_step(planning->program, change);
}

static int rehearse(struct planning *planning, const struct document *document)
{
	struct program *program = planning->program;
	int r = ferry_rehearse(program->ferry, document->text, document->length, (const char *const *)document->only, take, planning);

	if (r < 0)
		return document_failed(program, r);
	program_say(program, "ferry: rehearsed in a network namespace of its own: steps %lu, refused %lu; nothing was changed here", planning->steps,
		    planning->refused);
	return planning->refused ? EXIT_REFUSED : EXIT_DONE;
}

static int plan_document(struct program *program)
{
	_cleanup_document_ struct document document = {};
	struct planning planning = { .program = program };
	enum exit_status status = document_read(program, program->arguments[0], &document);
	int r;

	if (status == EXIT_DONE)
		status = document_only(program, program->given[OPTION_ONLY], &document);
	if (status != EXIT_DONE)
		return status;
	if (program->given[OPTION_REHEARSE])
		return rehearse(&planning, &document);
	r = ferry_plan(program->ferry, document.text, document.length, (const char *const *)document.only, take, &planning);
	if (r < 0)
		return document_failed(program, r);
	if (planning.steps)
		program_say(program, "ferry: %lu step%s; nothing was changed", planning.steps, planning.steps == 1 ? "" : "s");
	else
		program_say(program, "ferry: all of it stands already");
	return EXIT_DONE;
}

static int run(struct program *program)
{
	if (program->given[OPTION_CONFIGURED] && (program->given[OPTION_ONLY] || program->given[OPTION_REHEARSE]))
		return (int)program_fail(program, EXIT_USAGE, -EINVAL, "--only and --rehearse go with a FILE, not with --configured");
	if (program->given[OPTION_CONFIGURED])
		return configured_apply(program, program->given[OPTION_AS], true, false);
	if (program->argument_count != 1 || program->given[OPTION_AS])
		return (int)program_fail(program, EXIT_USAGE, -EINVAL, "usage: ferry plan %s", program->command->synopsis);
	return plan_document(program);
}

static const struct command_option options[] = {
	[OPTION_ONLY] = { "only", 0, "ADDRESS,...", "nothing but what the document names is to stand below it (netlink/...)" },
	[OPTION_REHEARSE] = { "rehearse", 0, NULL, "try the network part in a namespace of its own, and show what the kernel says" },
	[OPTION_CONFIGURED] = { "configured", 0, NULL, "from what stands to what the sysctl files (sysctl.d, sysctl.conf) set" },
	[OPTION_AS] = { "as", 0, "PROGRAM", "with --configured: as systemd, procps or boot (the one that runs at boot) reads them" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry plan net.ferry", "what would ferry apply do?" },
	{ "ferry plan --rehearse net.ferry", "would the kernel take it?" },
	{ "ferry plan --configured", "what would the sysctl files change?" },
	{ "ferry plan --only netlink/route/addr/eth0 net.ferry", "with the addresses of eth0 that are there and not named, which would go" },
	{},
};

const struct command command_plan = {
	.name = "plan",
	.synopsis = "FILE|--configured [ADDRESS...]",
	.help = "the steps from what stands to what a document says",
	.details =
		"Prints each step in the order in which ferry apply does it, \"address: before -> after\": first what goes, in reverse (rules, "
		"routes, nexthops, "
		"neighbours, addresses, links), then settings, links, settings of new links, the ruleset of nftables, addresses, neighbours, "
		"nexthops, routes, rules. What follows "
		"by itself (an address takes its routes along) is seen to by ferry apply as it comes about.\n\n"
		"A document is what ferry get and ferry snapshot print; lines of sysctl.conf are lines of it. -ADDRESS says that nothing is there. "
		"What it "
		"does not name is left alone, but below an ADDRESS of \"ADDRESS = only\", or of --only, what is not named goes.\n\n"
		"A step says what cannot be undone (an action, a latch), which other settings it rewrites, and what it waits for: the settings of an "
		"interface that is not there wait for it.\n\n"
		"A rule of nftables is shown as nft(8) prints it, and is known by what it says: its handle is the kernel's. The lines of a chain "
		"(netlink/netfilter/rule/FAMILY/TABLE/CHAIN/new = {...}) are its rules in their order. An element is said by the types of its set, "
		"numbers in decimal, a range in one line (netlink/netfilter/element/FAMILY/TABLE/SET/10.0.0.0/8 = {}), or by its bytes (0x0a000000); "
		"the set may stand further down.\n\n"
		"--rehearse builds a network namespace like this one, with dummies for devices that cannot be made, does the network part in there, "
		"and "
		"shows each step and each refusal in the kernel's words. Settings of sysctl and sysfs are not rehearsed. The exit status is 1 where "
		"something was refused.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
