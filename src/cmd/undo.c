/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cmd/undo.h"
#include "show/brief.h"
#include "show/moment.h"

/* How long before a removal what went with it is looked for, ns: a kernel that removes a link tells of its ports, addresses and routes first. */
#define BESIDE 1000000000

int undo_print(void *data, const struct ferry_change *change)
{
	struct program *program = data;
	struct buffer *line = &program->output.line;

	if (!change->address)
		return 0;
	if (program->json) {
		_cleanup_free_ char *json = ferry_change_json(change);
		line->failed |= !json;
		buffer_add_text(line, json ? json : "");
	} else {
		change_brief(line, program->ferry, change);
	}
	buffer_add_char(line, '\n');
	/* The reader may be gone: what was begun is finished all the same. */
	output_commit(&program->output);
	return 0;
}

int undo_one(struct program *program, struct ferry_history *history, uint64_t id, unsigned int flags)
{
	int r = ferry_undo(program->ferry, history, id, flags, undo_print, program);

	if (r == -ESTALE)
		program_fail(program, exit_of(r), r, "#%llu: %s (--force undoes it all the same)", (unsigned long long)id,
			     ferry_error(program->ferry));
	else if (r < 0)
		program_fail(program, exit_of(r), r, "#%llu: %s", (unsigned long long)id,
			     *ferry_error(program->ferry) ? ferry_error(program->ferry) : strerrordesc_np(-r));
	return r;
}

/* A change, and what the same program changed beside it. */
struct beside {
	uint64_t id, time, start, first; /* FIRST: when the first of the others came */
	uint32_t pid;
	bool removal;
	size_t count;
	struct buffer name; /* of the program */
};

static int take_removal(void *data, const struct ferry_change *change)
{
	struct beside *beside = data;

	if (change->kind != FERRY_REMOVED || !change->actor || !change->actor->pid || change->actor->kernel)
		return 0;
	beside->removal = true;
	beside->time = change->time;
	beside->pid = change->actor->pid;
	beside->start = change->actor->start;
	buffer_add_escaped(&beside->name, change->actor->comm, strlen(change->actor->comm));
	return 0;
}

static int count_beside(void *data, const struct ferry_change *change)
{
	struct beside *beside = data;

	if (change->id >= beside->id || change->kind == FERRY_GAP || change->result < 0 || !change->actor || change->actor->start != beside->start ||
	    ferry_change_is_derived(change))
		return 0;
	if (!beside->count++)
		beside->first = change->time;
	return 0;
}

/* The removal of a bridge is the last of what "ip link del" changes: who takes that one back alone has a bridge without ports and addresses. */
static void say_beside(const struct program *program, struct ferry_history *history, uint64_t id)
{
	struct beside beside = { .id = id };
	struct ferry_history_filter filter = { .size = sizeof(filter), .id = id };
	_cleanup_buffer_ struct buffer when = { 0 };
	char by[32];

	if (ferry_history_changes(history, &filter, take_removal, &beside) == 0 && beside.removal) {
		snprintf(by, sizeof(by), "%u", beside.pid);
		filter = (struct ferry_history_filter){
			.size = sizeof(filter), .by = by, .since = beside.time > BESIDE ? beside.time - BESIDE : 0, .until = beside.time
		};
		if (ferry_history_changes(history, &filter, count_beside, &beside) == 0 && beside.count) {
			moment_date(&when, beside.first);
			program_say(program, "%s changed %zu more along with #%llu: \"ferry undo --by %s --since '%s'\" takes all of it back",
				    beside.name.length ? beside.name.data : "the same program", beside.count, (unsigned long long)id, by,
				    when.failed ? "" : when.data);
		}
	}
	buffer_done(&beside.name);
}

static enum exit_status parse_number(struct program *program, const char *argument, uint64_t *ret)
{
	const char *digits = argument[0] == '#' ? argument + 1 : argument;

	if (*digits && strspn(digits, "0123456789") != strlen(digits))
		return program_fail(program, EXIT_USAGE, -EINVAL, "not the number of a change: %s (addresses go with --since, --until, --by or -n)",
				    argument);
	return program_number(program, "ID", digits, ret);
}

static enum exit_status undo_number(struct program *program, struct ferry_history *history, const char *argument, unsigned int flags)
{
	uint64_t id;

	if (parse_number(program, argument, &id) != EXIT_DONE)
		return EXIT_USAGE;
	int r = undo_one(program, history, id, flags);
	if (r == FERRY_UNCHANGED)
		program_say(program, "#%llu: stands there as before already, nothing to take back", (unsigned long long)id);
	else if (r == 0)
		say_beside(program, history, id);
	return program->status;
}

static enum exit_status undo_selected(struct program *program, struct ferry_history *history, unsigned int flags)
{
	struct ferry_history_filter selection;
	char **addresses = NULL;
	enum exit_status status = selection_parse(program, &selection, &addresses);

	if (status == EXIT_DONE)
		status = undo_selection(program, history, &selection, flags);
	addresses_free(addresses);
	return status;
}

static int run(struct program *program)
{
	const unsigned int flags = (program->given[UNDO_FORCE] ? FERRY_UNDO_FORCE : 0) | (program->given[UNDO_DRY_RUN] ? FERRY_UNDO_DRY_RUN : 0) |
				   (program->given[UNDO_CONSEQUENCES] ? FERRY_UNDO_CONSEQUENCES : 0);
	const bool selected = selection_given(program);
	struct ferry_history *history;
	uint64_t id;

	if (!selected && program->argument_count == 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "undo: say what: numbers of changes, or --since, --until, --by or -n");
	/* All of them are numbers before the first is taken back. */
	for (unsigned int i = 0; !selected && i < program->argument_count; i++)
		if (parse_number(program, program->arguments[i], &id) != EXIT_DONE)
			return EXIT_USAGE;
	history = program_history(program, program->given[SELECTION_DB]);
	if (!history)
		return program->status;
	if (selected)
		undo_selected(program, history, flags);
	/* The first that cannot be undone ends it: those after it may stand on it. */
	for (unsigned int i = 0; !selected && i < program->argument_count; i++)
		if (undo_number(program, history, program->arguments[i], flags) != EXIT_DONE)
			break;
	ferry_history_close(history);
	return program->status;
}

static const struct command_option options[] = {
	SELECTION_ROWS,
	[UNDO_FORCE] = { "force", 'f', NULL, "also where the present value is not what the change left" },
	[UNDO_DRY_RUN] = { "dry-run", 0, NULL, "check everything, change nothing" },
	[UNDO_CONSEQUENCES] = { "consequences", 'c', NULL,
				"also what followed from the change: routes that went with a link, all of one transaction of nftables" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry undo 12", "take change #12 back" },
	{ "ferry undo -c 12", "and what followed from it, as far as the kernel does not bring that back itself" },
	{ "ferry undo --dry-run 14 13 12", "would these go, the latest first?" },
	{ "ferry undo --since 10m --by deploy.sh", "take back all that a program did in the last ten minutes" },
	{ "ferry undo --dry-run --since 15:04 netlink/route", "what would take the network back to how it was then?" },
	{},
};

const struct command command_undo = {
	.name = "undo",
	.synopsis = "ID... | --since TIME|--until TIME|--by WHO|-n N [ADDRESS...]",
	.help = "take changes back",
	.details =
		"Takes each change back, in the order given: writes what was there before, reads it back, and prints \"address: before -> "
		"after\". An object that was removed comes back "
		"with all its attributes; what went with it by changes of their own (the ports and addresses of a bridge that \"ip link del\" "
		"removed "
		"with it) is said. Where the present value is not what the change left, somebody has changed it since: it is left alone, "
		"unless --force is given. What cannot be "
		"undone (an action, a setting that cannot be taken back before a reboot, a value before that is not known) says why. The first "
		"that fails ends the command.\n\nWith --since, --until, --by or -n the changes are chosen as \"ferry log\" chooses them, at or below "
		"the addresses, and taken back the latest first, each with what followed from it: what programs asked for in this network namespace, "
		"not what the kernel did by itself. What cannot be taken back is told and passed over, and the exit status is then that of the "
		"worst.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.run = run,
};
