/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/replace.h"
#include "cmd/declare.h"

enum { OPTION_OUTPUT, OPTION_ALL, OPTION_ONLY };

/* {"header":["...",...],"values":[...lines as address and text...]} */
static void add_json(struct buffer *line, const char *text)
{
	bool values = false, first = true;

	buffer_add_text(line, "{\"header\":[");
	for (const char *end; *text; text = end + (*end == '\n')) {
		size_t length;
		const char *equals;

		end = strchrnul(text, '\n');
		length = (size_t)(end - text);
		if (!values && *text != '#') {
			buffer_add_text(line, "],\n\"values\":[");
			values = first = true;
		}
		buffer_add_text(line, first ? "\n" : ",\n");
		first = false;
		equals = memmem(text, length, " = ", 3);
		if (!values || !equals) {
			buffer_add_json(line, text, length);
			continue;
		}
		buffer_add_text(line, "{\"address\":");
		buffer_add_json(line, text, (size_t)(equals - text));
		buffer_add_text(line, ",\"value\":");
		buffer_add_json(line, equals + 3, length - (size_t)(equals + 3 - text));
		buffer_add_char(line, '}');
	}
	buffer_add_text(line, values ? "\n]}\n" : "],\"values\":[]}\n");
}

static int run(struct program *program)
{
	const char *path = program->given[OPTION_OUTPUT];
	unsigned int flags = (program->given[OPTION_ALL] ? FERRY_SNAPSHOT_ALL : 0) | (program->given[OPTION_ONLY] ? FERRY_SNAPSHOT_ONLY : 0);
	_cleanup_buffer_ struct buffer text = {};
	_cleanup_free_ char *snapshot = NULL;
	struct error error = { 0 };
	char **addresses = NULL;
	enum exit_status status = program_addresses(program, &addresses);
	int r;

	if (status != EXIT_DONE)
		return status;
	document_memory();
	r = ferry_snapshot(program->ferry, (const char *const *)addresses, flags, &snapshot);
	addresses_free(addresses);
	if (r < 0)
		return program_failed(program, r);
	if (r == FERRY_INCOMPLETE) {
		program_say(program, "ferry: %s", ferry_error(program->ferry));
		status = EXIT_INCOMPLETE;
	}
	if (program->json) {
		add_json(&text, snapshot);
	} else {
		text = (struct buffer){ .data = snapshot, .length = strlen(snapshot) };
		snapshot = NULL;
	}
	if (text.failed)
		return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	if (path && strcmp(path, "-") != 0) {
		r = replace_file(path, text.data, text.length, &error);
		return r < 0 ? program_fail(program, exit_of(r), r, "%s", error.text) : status;
	}
	buffer_add(&program->output.line, text.data, text.length);
	output_commit(&program->output);
	return status;
}

static const struct command_option options[] = {
	[OPTION_OUTPUT] = { "output", 'o', "FILE", "write it there, whole or not at all, for our eyes only" },
	[OPTION_ALL] = { "all", 'a', NULL, "also what moves by itself, follows from other state, or cannot be set" },
	[OPTION_ONLY] = { "only", 0, NULL, "say of network objects that there are no others: applied, it removes what came since" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry snapshot -o before.ferry", "everything that can be set" },
	{ "ferry snapshot --only netlink/route -o net.ferry", "the network, to be restored exactly" },
	{ "ferry snapshot --only netlink/netfilter/table netlink/netfilter/chain netlink/netfilter/rule", "tables, chains and rules of nftables" },
	{ "ferry snapshot net.ipv4 netlink/route/link/eth0", "a part of it, on the terminal" },
	{},
};

const struct command command_snapshot = {
	.name = "snapshot",
	.synopsis = "[ADDRESS...]",
	.help = "print state as a document that can be applied",
	.details =
		"Prints what stands at and below each address (all of sysctl, sysfs and netlink where none is given), \"address = value\" a "
		"line, as "
		"ferry get does. A header of comments says of which machine, kernel, time and network namespace it is, and how much was left out and "
		"why: counters and ages, what follows from other state, what cannot be set, actions, secrets and what takes them to be made, what "
		"was learnt or goes by itself.\n\n"
		"With --only it says that below netlink/... there is nothing but what it names (a line \"netlink/route/addr = only\"): "
		"applied, it "
		"removes what was added since. Without, what it does not name is left alone.\n\n"
		"Of nftables an object is a line: rules in their order, each below a comment that says it as nft(8) does, with the sets and chains "
		"that "
		"it has for itself; elements by the types of their set (.../element/inet/filter/allowed/10.0.0.0/8, \"10.0.0.1 . 80\", "
		"{data=accept}), "
		"or by their bytes (0x...) where a type is none that can be said for certain. Counters, the used part of quotas and the rest of an "
		"element's time are left out, as is a table that belongs to "
		"a running program.\n\n"
		"A file is replaced whole or not at all, and is on the disk when the command ends; nobody else can read it. Where some of it changed "
		"meanwhile, or kinds of objects may "
		"not be read without CAP_NET_ADMIN, that is said, and the exit status is 5.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
