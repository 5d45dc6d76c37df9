/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setting values: all of them are checked before the first is written; what goes to one family goes in one send; where one is refused, those before
 * it are put back. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "channel/object.h"
#include "channel/setting.h"
#include "channel/source.h"
#include "lib/set_request.h"
#include "lib/fanout.h"

/* One address that is set: an assignment with globs makes several. */
struct step {
	struct step *next;
	const struct set_request *assignment;
	const struct value *value; /* generic; NULL: removal */
	const struct channel *channel;
	char *path;
	struct setting *setting; /* NULL while it is LATE */
	bool late;               /* it stands on a step before it, so that it can be checked only after that */
	bool done, answered;
	struct error error;    /* of a staged request */
	struct fanout *fanout; /* what a write to it rewrites */
};

struct run {
	struct ferry *ferry;
	unsigned int flags;
	struct set_request *assignments;
	size_t assignment_count;
	struct arena arena;
	const struct value *value; /* of the assignment that is being expanded */
	const struct set_request *assignment;
	struct step *steps, **end;
	size_t count, done;
	struct netlink_batch batch;
	struct step **staged; /* by their place in the batch */
	size_t staged_count;
};

static struct error *error_of(const struct run *run)
{
	return &run->ferry->error;
}

static unsigned int setting_flags(const struct run *run)
{
	return SETTING_STRICT | (run->flags & FERRY_SET_YES ? SETTING_YES : 0);
}

/* Sees to it that the words say which address they are about. */
static int name_it(struct run *run, const char *address)
{
	return strstr(error_of(run)->text, address) ? error_of(run)->code : error_wrap(error_of(run), "%s", address);
}

/* What is wrong with the question itself, before the kernel was asked to change anything. */
static int misasked(struct run *run, int code)
{
	error_of(run)->misasked = code == -EINVAL || code == -ERANGE || code == -EEXIST || code == -ENOTDIR || code == -EISDIR || code == -E2BIG;
	return code;
}

/* ---- What stands on what ---- */

static bool has_part(const char *text, const char *part)
{
	size_t length = strlen(part);

	for (const char *at = text; length && (at = strstr(at, part)); at++)
		if ((at == text || !strchr("abcdefghijklmnopqrstuvwxyz0123456789", at[-1])) &&
		    (!at[length] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789", at[length])))
			return true;
	return false;
}

static bool is_below(const char *address, const char *above)
{
	size_t length = strlen(above);

	return strncmp(address, above, length) == 0 && (!address[length] || address[length] == '/');
}

/* Whether ADDRESS (set to VALUE) may be another thing once EARLIER is done: the same object, or one of a link that comes about. */
static bool stands_on(const struct step *earlier, const char *address, const char *value)
{
	static const char links[] = "netlink/route/link/";
	const char *before = earlier->setting ? earlier->setting->address.data : earlier->assignment->address.data;

	if (is_below(address, before) || is_below(before, address))
		return true;
	if (strncmp(before, links, sizeof(links) - 1) != 0 || (earlier->setting && !earlier->setting->makes_link))
		return false;
	return has_part(address, before + sizeof(links) - 1) || (value && has_part(value, before + sizeof(links) - 1));
}

static bool stands_on_any(const struct run *run, const char *address, const char *value)
{
	for (const struct step *step = run->steps; step; step = step->next)
		if (stands_on(step, address, value))
			return true;
	return false;
}

/* Bytes of PATH that name the object. */
static size_t object_part(const struct run *run, const struct channel *channel, const char *path)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct record *key;
	const char *rest;

	if (channel->object->typed && channel->object->typed(path))
		return channel->object->typed(path);
	if (channel->object->parse(path, &run->ferry->machine.naming, &arena, &key, &rest, &error) < 0)
		return 0;
	return (size_t)(rest - path) - (rest > path && rest[-1] == '/');
}

/* Whether an earlier step sets another field of the object of STEP: many are replaced whole, by what stands then. */
static bool shares_object(const struct run *run, const struct step *step)
{
	const bool is_replaced = step->channel->object && !step->channel->object->write;
	const size_t length = is_replaced ? object_part(run, step->channel, step->path) : 0;

	for (const struct step *earlier = run->steps; length && earlier; earlier = earlier->next)
		if (earlier->channel == step->channel && strncmp(earlier->path, step->path, length) == 0 &&
		    (!earlier->path[length] || earlier->path[length] == '/'))
			return true;
	return false;
}

/* ---- Checking ---- */

static int prepare(struct run *run, struct step *step)
{
	int r = setting_prepare(step->channel, &run->ferry->machine, step->path, step->value, setting_flags(run), &step->setting);

	return r < 0 ? ferry_failed(run->ferry, r) : 0;
}

static int add_step(void *data, const struct channel *channel, const char *path)
{
	struct run *run = data;
	struct step *step = calloc(1, sizeof(*step));
	_cleanup_buffer_ struct buffer address = { 0 };
	int r;

	buffer_printf(&address, "%s/%s", channel->name, path);
	if (step)
		step->path = strdup(path);
	if (!step || !step->path || address.failed) {
		free(step);
		return error_set(error_of(run), -ENOMEM, "no memory for a value");
	}
	step->assignment = run->assignment;
	step->value = run->value;
	step->channel = channel;
	step->late = stands_on_any(run, address.data, run->assignment->value);
	r = prepare(run, step);
	/* What an earlier step makes is not there yet. */
	if (step->late && (r == 0 || r == -ENOENT || r == -ENODEV)) {
		step->setting = setting_free(step->setting);
		r = 0;
	} else {
		step->late = r == 0 && shares_object(run, step);
		if (step->late) /* checked, and to be completed by what stands then */
			step->setting = setting_free(step->setting);
	}
	*run->end = step;
	run->end = &step->next;
	run->count++;
	return r;
}

static int read_assignment(struct run *run, const char *text, struct set_request *assignment)
{
	struct value *value = NULL;
	int r = set_request_parse(run->ferry, text, assignment);

	if (r < 0)
		return r;
	run->assignment_count++;
	if (assignment->value) {
		value = arena_new(&run->arena, struct value);
		if (!value)
			return error_set(error_of(run), -ENOMEM, "no memory for a value");
		/* A file's value is text from its first byte to its last. */
		r = value_parse_generic(assignment->value, strlen(assignment->value), !assignment->channel->object, &run->arena, value,
					error_of(run));
	}
	if (r < 0)
		return name_it(run, assignment->address.data);
	run->value = value;
	run->assignment = assignment;
	r = set_request_expand(run->ferry, assignment, add_step, run);
	return r < 0 ? name_it(run, assignment->address.data) : 0;
}

static int check_all(struct run *run, const char *const *texts)
{
	size_t count = 0;
	int r = 0;

	while (texts[count])
		count++;
	run->assignments = calloc(count ? count : 1, sizeof(*run->assignments));
	if (!run->assignments)
		return error_set(error_of(run), -ENOMEM, "no memory for the values");
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_assignment(run, texts[i], &run->assignments[i]);
	if (r < 0)
		return misasked(run, r);
	for (const struct step *step = run->steps; step; step = step->next)
		if (step->channel->object && (!step->setting || !step->setting->stands)) {
			r = object_permitted(&run->ferry->machine);
			return r < 0 ? ferry_failed(run->ferry, r) : 0;
		}
	return 0;
}

/* ---- Writing ---- */

static int answered(void *data, uint32_t index, const struct netlink_ack *ack)
{
	struct run *run = data;
	struct step *step = index < run->staged_count ? run->staged[index] : NULL;

	if (!step)
		return 0;
	step->answered = true;
	step->done = step->setting->kind->answer(step->setting, ack) >= 0;
	if (step->done)
		run->done++;
	else
		step->error = run->ferry->machine.error;
	return 0;
}

static int refused(struct run *run, struct step *step, const struct error *error)
{
	const char *address = step->setting ? step->setting->address.data : step->assignment->address.data;

	*error_of(run) = *error;
	error_of(run)->refused = true;
	return name_it(run, address);
}

/* Sends what is staged, and reads it back. */
static int flush(struct run *run)
{
	struct netlink *netlink;
	int r, failed = 0;

	if (!run->staged_count)
		return 0;
	r = machine_netlink(&run->ferry->machine, run->staged[0]->channel->object->protocol->number, &netlink);
	if (r >= 0)
		r = netlink_batch_send(netlink, &run->batch, answered, run);
	for (size_t i = 0; i < run->staged_count; i++) {
		struct step *step = run->staged[i];

		if (!step->answered)
			error_set(&step->error, r < 0 ? r : -ETIMEDOUT, "the kernel did not answer: %s", error_text(r < 0 ? r : -ETIMEDOUT));
		if (step->done && step->setting->kind->read_back(step->setting) < 0)
			step->error = run->ferry->machine.error;
		if (step->error.code && !failed)
			failed = refused(run, step, &step->error);
	}
	run->staged_count = 0;
	return failed;
}

static int stage(struct run *run, struct step *step)
{
	int r;

	if (!step->setting->kind->stage)
		return -EOPNOTSUPP;
	/* One send is of one protocol. */
	if (run->staged_count && run->staged[0]->channel->object->protocol != step->channel->object->protocol) {
		r = flush(run);
		if (r < 0)
			return r;
	}
	r = step->setting->kind->stage(step->setting, &run->batch);
	if (r == 0)
		run->staged[run->staged_count++] = step;
	return r;
}

static int write_alone(struct run *run, struct step *step)
{
	struct machine *machine = &run->ferry->machine;
	int r = flush(run);

	if (r >= 0 && run->count > 1)
		r = fanout_begin(run->ferry, step->setting->address.data, &step->fanout);
	if (r < 0)
		return r;
	machine->error = (struct error){ 0 };
	r = step->setting->kind->write(step->setting);
	if (r < 0) {
		struct error error = machine->error;

		if (error.code != r)
			error_set(&error, r, "%s", error_text(r));
		return refused(run, step, &error);
	}
	step->done = true;
	run->done++;
	return 0;
}

static int write_step(struct run *run, struct step *step)
{
	int r;

	if (step->late) {
		r = flush(run);
		if (r >= 0)
			r = prepare(run, step);
		if (r < 0)
			return r;
	}
	if (step->setting->stands)
		return 0;
	r = stage(run, step);
	if (r == -EOPNOTSUPP)
		return write_alone(run, step);
	return r < 0 ? refused(run, step, &run->ferry->machine.error) : 0;
}

/* ---- The way back ---- */

static int revert(struct run *run, struct step *step)
{
	struct machine *machine = &run->ferry->machine;
	int r;

	machine->error = (struct error){ 0 };
	r = step->setting->kind->revert(step->setting);
	if (r < 0)
		return r;
	return step->fanout ? fanout_end(step->fanout, NULL, 0) : 0;
}

static void revert_all(struct run *run, struct step *step, struct buffer *words)
{
	if (!step)
		return;
	revert_all(run, step->next, words);
	if (!step->done)
		return;
	if (revert(run, step) < 0)
		buffer_printf(words, "; %s could not be put back: %s", step->setting->address.data, run->ferry->machine.error.text);
	else if (step->setting->change == FERRY_REMOVED && step->channel->object)
		buffer_printf(words, "; %s is there again, but not what went with it", step->setting->address.data);
}

/* Those that were done are undone, the last first, and the words say so. */
static int take_back(struct run *run, int code)
{
	_cleanup_buffer_ struct buffer words = { 0 };
	struct error first = *error_of(run);

	if (!run->done)
		return code;
	revert_all(run, run->steps, &words);
	return error_set(error_of(run), -ECANCELED, "%s; %zu of %zu had been done and %s put back%s", first.text, run->done, run->count,
			 run->done == 1 ? "was" : "were", words.data ? words.data : "");
}

static int write_all(struct run *run)
{
	int r = 0;

	run->staged = calloc(run->count ? run->count : 1, sizeof(*run->staged));
	if (!run->staged)
		return error_set(error_of(run), -ENOMEM, "no memory for the values");
	for (struct step *step = run->steps; r >= 0 && step; step = step->next)
		r = write_step(run, step);
	if (r >= 0)
		r = flush(run);
	else if (run->staged_count)
		/* What was staged before a refusal is not sent. */
		run->staged_count = 0;
	return r < 0 ? take_back(run, r) : 0;
}

/* ---- Telling ---- */

static enum ferry_door door_of(const struct channel *channel)
{
	static const struct {
		const char *name;
		enum ferry_door door;
	} doors[] = {
		{ "sysctl", FERRY_DOOR_SYSCTL }, { "sysfs", FERRY_DOOR_SYSFS }, { "procfs", FERRY_DOOR_PROCFS }, { "ioctl", FERRY_DOOR_IOCTL }
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(doors); i++)
		if (strcmp(channel->name, doors[i].name) == 0)
			return doors[i].door;
	return FERRY_DOOR_NETLINK;
}

static int tell(struct run *run, const struct step *step, ferry_change_function *function, void *data)
{
	_cleanup_buffer_ struct buffer words = { 0 };
	const struct setting *setting = step->setting;
	uint64_t now = boottime_now();
	struct ferry_change change = {
		.boottime = now,
		.time = boottime_to_realtime(now),
		.kind = setting ? setting->change : FERRY_CHANGED,
		.address = setting ? setting->address.data : step->assignment->address.data,
		.before = setting ? setting->before : NULL,
		.after = setting ? setting->after : NULL,
		.door = door_of(step->channel),
		.consistency = setting && !setting->unreadable ? FERRY_WHOLE : FERRY_UNKNOWN,
		.netns = step->channel->object ? run->ferry->netns : 0,
		.source = "set",
	};

	if (setting && setting->otherwise) {
		/* What was asked for may be a key. */
		if (step->channel->object && step->channel->object->has_secrets)
			buffer_add_text(&words, "the kernel took what was asked for, and this is what it made of it");
		else
			buffer_printf(&words, "the kernel took what was asked for (%.200s), and this is what it made of it",
				      step->assignment->value ? step->assignment->value : "its removal");
		change.result_text = words.data;
	} else if (setting && setting->remark) {
		change.result_text = setting->remark;
	} else if (!setting) {
		change.result_text = "it stands on what was set before it, so it can be checked only then";
	}
	return function(data, &change);
}

static int tell_all(struct run *run, ferry_change_function *function, void *data)
{
	bool otherwise = false;
	int r = 0;

	for (const struct step *step = run->steps; r == 0 && step; step = step->next) {
		otherwise |= step->setting && step->setting->otherwise;
		r = function ? tell(run, step, function, data) : 0;
	}
	return r != 0 ? r : otherwise ? FERRY_INCOMPLETE : 0;
}

static void run_done(struct run *run)
{
	for (struct step *step = run->steps, *next; step; step = next) {
		next = step->next;
		setting_free(step->setting);
		fanout_free(step->fanout);
		free(step->path);
		free(step);
	}
	for (size_t i = 0; i < run->assignment_count; i++)
		set_request_done(&run->assignments[i]);
	free(run->assignments);
	free(run->staged);
	netlink_batch_done(&run->batch);
	arena_done(&run->arena);
}

int ferry_set(struct ferry *ferry, const char *const *assignments, unsigned int flags, ferry_change_function *function, void *data)
{
	struct run run = { .ferry = ferry, .flags = flags };
	int r;

	ferry->error = (struct error){ 0 };
	if (ferry->machine.root)
		return error_set(&ferry->error, -EROFS, "nothing is changed below another root");
	run.end = &run.steps;
	r = check_all(&run, assignments);
	if (r >= 0 && !(flags & FERRY_SET_DRY_RUN))
		r = write_all(&run);
	if (r >= 0)
		r = tell_all(&run, function, data);
	run_done(&run);
	return r;
}

enum ferry_fault ferry_error_fault(const struct ferry *ferry)
{
	return ferry->error.misasked ? FERRY_FAULT_QUESTION : ferry->error.refused ? FERRY_FAULT_REFUSED : FERRY_FAULT_OTHER;
}
