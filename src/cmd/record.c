/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cmd/follow.h"
#include "show/moment.h"

enum { OPTION_DB, OPTION_FOR, OPTION_KEEP, OPTION_MAX, OPTION_RECEIVE_BUFFER };

/* Whether to log packets from impossible addresses: on lo there are none. */
#define TRY_ADDRESS "sysctl/net/ipv4/conf/lo/log_martians"
#define TRY_KEY     "net.ipv4.conf.lo.log_martians"

struct opening {
	struct program *program;
	bool sysctl; /* is watched */
};

static int tell_coverage(void *data, const struct ferry_coverage *coverage)
{
	struct opening *opening = data;

	if (strcmp(coverage->subject, "sysctl") == 0)
		opening->sysctl = coverage->watched;
	if (coverage->watched)
		program_say(opening->program, "  watched      %s: %s%s%s", coverage->subject, coverage->how ? coverage->how : "",
			    coverage->how && coverage->why ? "; " : "", coverage->why ? coverage->why : "");
	else
		program_say(opening->program, "  not watched  %s: %s", coverage->subject, coverage->why ? coverage->why : "not to be had here");
	return 0;
}

static int take_number(void *data, const struct ferry_item *item)
{
	if (item->value && item->error == 0)
		*(long *)data = (long)ferry_value_number(item->value);
	return 0;
}

static bool have_program(const char *name)
{
	static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };
	char path[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* " --db FILE" for the commands that are proposed, where the history is not the default one. */
static void tell_next(const struct program *program, const char *before, const char *words)
{
	const char *path = program->given[OPTION_DB];

	program_say(program, "%s%s %s%s%s", before, program->invoked, words, path ? " --db " : "", path ? path : "");
}

/* One thing to try that does no harm, can be taken back, and is right for this machine. */
static void tell_try(const struct opening *opening)
{
	const struct program *program = opening->program;
	const char *sudo = geteuid() == 0 ? "" : "sudo ";
	long present = -1;

	if (opening->sysctl && geteuid() == 0)
		ferry_get(program->ferry, TRY_ADDRESS, 0, take_number, &present);
	if (present == 0 || present == 1) {
		if (have_program("sysctl"))
			program_say(program, "  try          sysctl -w " TRY_KEY "=%d", present == 0);
		else
			program_say(program, "  try          echo %d > /proc/sys/net/ipv4/conf/lo/log_martians", present == 0);
	} else if (have_program("ip")) {
		program_say(program, "  try          %sip address add 127.0.0.9/32 dev lo, and then the same with del", sudo);
	} else {
		return;
	}
	tell_next(program, "               in another shell, and then ", "log -n 5");
}

static void tell_opening(struct follow *follow, const char *path)
{
	struct opening opening = { .program = follow->program };

	program_say(follow->program, "ferry %s records every change of kernel state that it sees.", ferry_version());
	ferry_recorder_coverage(follow->recorder, tell_coverage, &opening);
	program_say(follow->program, "  history      %s", path);
	tell_try(&opening);
	if (geteuid() != 0)
		program_say(follow->program, "  rights       as root it sees all of it: sudo %s record", follow->program->invoked);
	if (follow->until)
		program_say(follow->program, "  ends         by itself, or with Ctrl-C");
	else
		program_say(follow->program, "  ends         with Ctrl-C");
	program_say(follow->program, "%s", "");
}

static void tell_summary(const struct follow *follow, const struct ferry_recorder_counts *counts, const char *path)
{
	_cleanup_buffer_ struct buffer words = {};

	moment_count(&words, counts->changes);
	buffer_add_text(&words, counts->changes == 1 ? " change in " : " changes in ");
	moment_length(&words, follow_now() - follow->begun);
	buffer_add_text(&words, ": ");
	moment_count(&words, counts->unknown);
	buffer_add_text(&words, " by unknown, ");
	moment_count(&words, counts->lost);
	buffer_add_text(&words, " lost");
	if (follow->unwritten) {
		buffer_add_text(&words, ", ");
		moment_count(&words, follow->unwritten);
		buffer_add_text(&words, " not printed because nobody read them");
	}
	program_say(follow->program, "%s", "");
	if (!words.failed)
		program_say(follow->program, "ferry: %s; kept in %s", words.data, path);
	if (counts->changes)
		tell_next(follow->program, "       next: ", "log | blame ADDRESS | undo ID");
}

/* At the end nothing waits any more: what the history does not have by then it will never have. */
static enum exit_status tell_unkept(const struct follow *follow, const struct ferry_recorder_counts *counts)
{
	_cleanup_buffer_ struct buffer words = {};

	moment_count(&words, counts->unkept);
	buffer_add_text(&words, counts->unkept == 1 ? " change is" : " changes are");
	return program_fail(follow->program, EXIT_INCOMPLETE, -EIO, "%s not in the history: %s", words.failed ? "some changes are" : words.data,
			    follow->trouble ? follow->trouble : "it could not be written");
}

static enum exit_status parse(struct program *program, struct ferry_recorder_options *options, uint64_t *ret_length)
{
	enum exit_status status = EXIT_DONE;
	uint64_t receive_buffer = 0;

	if (program->given[OPTION_FOR])
		status = program_length(program, "--for", program->given[OPTION_FOR], ret_length);
	if (status == EXIT_DONE && program->given[OPTION_KEEP])
		status = program_length(program, "--keep", program->given[OPTION_KEEP], &options->keep_time);
	if (status == EXIT_DONE && program->given[OPTION_MAX])
		status = program_size(program, "--max", program->given[OPTION_MAX], FERRY_HISTORY_MINIMUM, UINT64_MAX, &options->keep_bytes);
	if (status == EXIT_DONE && program->given[OPTION_RECEIVE_BUFFER])
		status = program_size(program, "--receive-buffer", program->given[OPTION_RECEIVE_BUFFER], 1, INT32_MAX, &receive_buffer);
	options->receive_buffer = (unsigned int)receive_buffer;
	return status;
}

static enum exit_status record(struct program *program, struct ferry_recorder_options *options, uint64_t length)
{
	struct ferry_recorder_counts counts;
	struct follow follow;
	enum exit_status status = follow_begin(&follow, program, options, NULL, length);

	if (status != EXIT_DONE)
		return status;
	follow.silent = program->quiet && !program->json;
	tell_opening(&follow, options->history);
	follow_tell_watching(&follow, options->history);
	status = follow_run(&follow);
	follow_end(&follow, &counts);
	tell_summary(&follow, &counts, options->history);
	follow_tell_counts(&follow, &counts);
	if (counts.unkept)
		status = exit_worse(status, tell_unkept(&follow, &counts));
	free(follow.trouble);
	return status == EXIT_DONE && counts.lost ? EXIT_INCOMPLETE : status;
}

static int run(struct program *program)
{
	_cleanup_free_ char *path = program->given[OPTION_DB] ? strdup(program->given[OPTION_DB]) : ferry_history_path();
	struct ferry_recorder_options options = { .history = path };
	char **addresses = NULL;
	uint64_t length = 0;

	if (!path)
		return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	enum exit_status status = parse(program, &options, &length);
	if (status == EXIT_DONE)
		status = program_addresses(program, &addresses);
	options.addresses = (const char *const *)addresses;
	if (status == EXIT_DONE)
		status = record(program, &options, length);
	addresses_free(addresses);
	return status;
}

static const struct command_option options[] = {
	[OPTION_DB] = { "db", 0, "FILE", "the history to write, instead of the default one" },
	[OPTION_FOR] = { "for", 0, "SECONDS", "end by itself after so long (10, 0.5, 2m)" },
	[OPTION_KEEP] = { "keep", 0, "TIME", "forget what is older than this (30d)" },
	[OPTION_MAX] = { "max", 0, "SIZE", "forget the oldest where the file grows above this (1G)" },
	[OPTION_RECEIVE_BUFFER] = { "receive-buffer", 0, "SIZE", "room in the kernel for what it tells and is not read yet" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry record", "until Ctrl-C, with every change on the screen" },
	{ "ferry record --quiet --keep 30d --max 1G", "as a service does it" },
	{ "ferry record --db /tmp/h.db --for 60 netlink/route", "one minute of the network, in a file of its own" },
	{},
};

const struct command command_record = {
	.name = "record",
	.synopsis = "[ADDRESS...]",
	.help = "keep every change, and who made it, in the history",
	.details =
		"Watches as \"ferry watch\" does, prints each change with its number in the history, and keeps it there. The first lines say what "
		"is watched and how, what is not and "
		"why, where the history lies, and one thing to try. With --quiet nothing is printed but errors.\n\n"
		"The history is an SQLite file, by default /var/lib/ferry/history.db for root and $XDG_STATE_HOME/ferry/history.db (or "
		"~/.local/state/ferry/history.db) for others; "
		"\"ferry log\" and \"ferry blame\" read it, also while it is written. One recorder writes a history at a time.\n\n"
		"A system call is never slowed for it: the recorder looks where the kernel itself tells of a change. What a full buffer loses is "
		"counted and kept as a gap, and the "
		"exit status is 5. While the history cannot be written, as the disk is full, that is said, and changes wait in memory; what is not "
		"in it at the end is counted too.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
