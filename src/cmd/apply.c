/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "cmd/configured.h"
#include "cmd/declare.h"
#include "show/moment.h"

enum { OPTION_CONFIRM, OPTION_WAIT, OPTION_ONLY, OPTION_SETTLE, OPTION_STATE, OPTION_YES, OPTION_CONFIGURED, OPTION_DRY_RUN, OPTION_AS };

struct applying {
	struct program *program;
	int applier; /* held until all is done: its end tells the guard of ours */
};

static int take(void *data, const struct ferry_change *change)
{
	struct applying *applying = data;

	return print_step(applying->program, change);
}

static int start_guard(void *data)
{
	struct applying *applying = data;

	return guard_start(applying->program->given[OPTION_STATE], &applying->applier);
}

static void tell_how(const struct program *program, uint64_t confirm)
{
	_cleanup_buffer_ struct buffer words = {};
	const char *state = program->given[OPTION_STATE];

	moment_length(&words, confirm);
	program_say(program, "ferry: in %s it is taken back, unless %s confirm%s%s is run", words.data ? words.data : "a while", program->invoked,
		    state ? " --state " : "", state ? state : "");
}

/* Until it is confirmed or taken back, by whomever. */
static int wait_for_end(struct program *program)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	uint64_t left;
	int r;

	output_flush(&program->output);
	while ((r = ferry_waiting(program->ferry, program->given[OPTION_STATE], &left)) == 0)
		nanosleep(&pause, NULL);
	if (r == -ENOENT)
		return EXIT_DONE;
	return program_fail(program, r == -ECANCELED ? EXIT_NOT_CONFIRMED : exit_of(r), r, "%s", ferry_error(program->ferry));
}

static int finish(struct program *program, int r, const struct ferry_apply_result *result, uint64_t confirm)
{
	int status = EXIT_DONE;

	if (r < 0)
		return document_failed(program, r);
	if (r == FERRY_INCOMPLETE) {
		program_say(program, "ferry: %zu of it does not hold, or waits for an interface: ferry plan shows it", result->left);
		status = EXIT_INCOMPLETE;
	}
	if (!result->done && !result->waiting && status == EXIT_DONE)
		program_say(program, "ferry: all of it stands already");
	if (!result->waiting)
		return status;
	tell_how(program, confirm);
	return program->given[OPTION_WAIT] ? (int)exit_worse((enum exit_status)wait_for_end(program), (enum exit_status)status) : status;
}

static enum exit_status parse(struct program *program, struct ferry_apply_options *apply)
{
	enum exit_status status = EXIT_DONE;

	if (program->given[OPTION_CONFIRM])
		status = program_length(program, "--confirm", program->given[OPTION_CONFIRM], &apply->confirm);
	if (status == EXIT_DONE && program->given[OPTION_SETTLE])
		status = program_length(program, "--settle", program->given[OPTION_SETTLE], &apply->settle);
	if (status == EXIT_DONE && program->given[OPTION_WAIT] && !apply->confirm)
		return program_fail(program, EXIT_USAGE, 0, "--wait waits for a confirmation: it goes with --confirm");
	return status;
}

/* The sysctl files are not taken as one: as the programs that load them have it, what is refused keeps nothing else from being set. */
static int run_configured(struct program *program)
{
	static const unsigned int others[] = { OPTION_CONFIRM, OPTION_WAIT, OPTION_ONLY, OPTION_SETTLE, OPTION_STATE };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (program->given[others[i]])
			return (int)program_fail(program, EXIT_USAGE, -EINVAL, "--%s goes with a FILE, not with --configured",
						 program->command->options[others[i]].name);
	return configured_apply(program, program->given[OPTION_AS], program->given[OPTION_DRY_RUN], program->given[OPTION_YES]);
}

static int apply_document(struct program *program)
{
	_cleanup_document_ struct document document = {};
	struct applying applying = { .program = program, .applier = -1 };
	struct ferry_apply_result result = { .size = sizeof(result) };
	struct ferry_apply_options apply = { .size = sizeof(apply),
					     .flags = program->given[OPTION_YES] ? FERRY_APPLY_YES : 0,
					     .document = program->arguments[0],
					     .state = program->given[OPTION_STATE],
					     .guard = start_guard,
					     .function = take,
					     .data = &applying };
	enum exit_status status = parse(program, &apply);
	sigset_t old;
	int r;

	if (status == EXIT_DONE)
		status = document_read(program, program->arguments[0], &document);
	if (status == EXIT_DONE)
		status = document_only(program, program->given[OPTION_ONLY], &document);
	if (status != EXIT_DONE)
		return status;
	apply.only = (const char *const *)document.only;
	program_hold_signals(&old);
	r = ferry_apply(program->ferry, document.text, document.length, &apply, &result);
	if (applying.applier >= 0)
		close(applying.applier);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return finish(program, r, &result, apply.confirm);
}

static int run(struct program *program)
{
	if (program->given[OPTION_CONFIGURED])
		return run_configured(program);
	if (program->given[OPTION_DRY_RUN] || program->given[OPTION_AS])
		return (int)program_fail(program, EXIT_USAGE, -EINVAL, "--%s goes with --configured%s", program->given[OPTION_AS] ? "as" : "dry-run",
					 program->given[OPTION_AS] ? "" : "; of a document, ferry plan shows the steps");
	if (program->argument_count != 1)
		return (int)program_fail(program, EXIT_USAGE, -EINVAL, "usage: ferry apply %s", program->command->synopsis);
	return apply_document(program);
}

static const struct command_option options[] = {
	[OPTION_CONFIRM] = { "confirm", 0, "SECONDS", "take it back after that time, unless ferry confirm is run before" },
	[OPTION_WAIT] = { "wait", 0, NULL, "with --confirm: stay until it is confirmed or taken back" },
	[OPTION_ONLY] = { "only", 0, "ADDRESS,...", "nothing but what the document names is to stand below it (netlink/...)" },
	[OPTION_SETTLE] = { "settle", 0, "SECONDS", "how long the kernel may take until all of it holds (3)" },
	[OPTION_STATE] = { "state", 0, "DIR", "where the journal is kept (/var/lib/ferry for root)" },
	[OPTION_YES] = { "yes", 'y', NULL, "also actions, and what cannot be taken back before a reboot" },
	[OPTION_CONFIGURED] = { "configured", 0, NULL, "what the sysctl files (sysctl.d, sysctl.conf) set, as the program that loads them does" },
	[OPTION_DRY_RUN] = { "dry-run", 0, NULL, "with --configured: show the plan, change nothing" },
	[OPTION_AS] = { "as", 0, "PROGRAM", "with --configured: as systemd, procps or boot (the one that runs at boot) reads them" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry apply net.ferry", "all of it, or nothing" },
	{ "ferry apply --confirm 60 net.ferry", "over a connection that it may cut: ferry confirm, or in 60 s it is as before" },
	{ "ferry apply /etc/sysctl.d/50-router.conf", "settings of sysctl.conf" },
	{ "ferry apply - < net.ferry", "from standard input; thousands of objects go in a few sends" },
	{ "ferry apply --configured net.ipv4", "what all the sysctl files say of net.ipv4" },
	{},
};

const struct command command_apply = {
	.name = "apply",
	.synopsis = "FILE|--configured [ADDRESS...]",
	.help = "make what stands as a document says, all or nothing",
	.details = "Does what ferry plan shows, and prints each step that was done. What stands already is not written. What was there before is on "
		   "the disk, in a "
		   "journal, before the first write. Where the kernel refuses a step, its words are shown, and the steps before it are taken back: "
		   "the exit "
		   "status is 1. It is read back until all of it holds; what does not within --settle is told, and the exit status is 5.\n\n"
		   "nftables change in one transaction, all of it or nothing: what stands there and can stay keeps its handle and its counters. "
		   "Where "
		   "somebody has changed the ruleset while it was compared, nothing of it is changed, and that is said.\n\n"
		   "With --confirm it returns at once, and a process of its own (which a closed terminal, a hangup or our end does not reach) takes "
		   "all of it "
		   "back after that time, unless ferry confirm is run, from whatever session. Where the machine is restarted or that process is "
		   "killed, ferry "
		   "rollback --pending finishes it; ferry-rollback.service runs that at boot. With --wait the command stays until the one or the "
		   "other has "
		   "come, and its exit status is 6 where it was taken back.\n\n"
		   "Going back is three-way: what somebody else has changed since is left alone. While one apply waits, another one is refused. "
		   "ferry rollback "
		   "takes the last one back, also once it is kept.\n\n"
		   "--configured sets what the sysctl files give, in their order, as \"sysctl --system\" does (or systemd-sysctl: see \"ferry help "
		   "get\"), "
		   "for all keys or those at or below ADDRESS. First every key is checked and the plan printed, with file and line; then those that "
		   "do not "
		   "hold their value already are written, each once, and read back. A key that the running kernel does not have is passed over; one "
		   "that is "
		   "refused keeps nothing else from being set, and makes the exit status 1 (4: not permitted) unless its line begins with \"-\". "
		   "Actions "
		   "and what cannot be taken back before a reboot are held back without --yes: exit status 5. There is no way back as a whole: ferry "
		   "undo "
		   "takes each back.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
