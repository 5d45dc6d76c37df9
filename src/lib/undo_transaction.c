/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Undo of a whole transaction: a ruleset that was flushed comes back in one piece or not at all. What was removed is made with the demand that
 * nothing stands there, so that the kernel itself compares; what was added or changed is compared with what stands there. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "channel/channel.h"
#include "channel/object-transaction.h"
#include "history/history.h"
#include "lib/history.h"
#include "lib/undo.h"
#include "lib/verbs.h"

struct copies {
	struct undoing *undoing;
	struct arena arena;
	struct ferry_change *list;
	size_t count, size;
	const struct protocol *protocol;
	bool other; /* something else followed as well */
};

static const char *copy_text(struct copies *copies, const char *text, bool *failed)
{
	char *copy = text ? (char *)arena_copy(&copies->arena, text, strlen(text) + 1) : NULL;

	*failed |= text && !copy;
	return copy;
}

static int grow(struct copies *copies)
{
	const size_t size = copies->size ? copies->size * 2 : 64;
	struct ferry_change *list = reallocarray(copies->list, size, sizeof(*list));

	if (!list)
		return -ENOMEM;
	copies->list = list;
	copies->size = size;
	return 0;
}

static const struct protocol *protocol_of_change(const struct ferry_change *change)
{
	const struct object *object = change->address ? channel_object(change->address) : NULL;

	return object && object_has_transactions(object) ? object->protocol : NULL;
}

static int keep(void *data, const struct ferry_change *change)
{
	struct copies *copies = data;
	struct ferry_change *copy;
	bool failed = false;

	if (copies->count == 0)
		copies->protocol = protocol_of_change(change);
	if (!copies->protocol || change->result < 0 || change->kind == FERRY_GAP)
		return 0;
	if (protocol_of_change(change) != copies->protocol) {
		copies->other = true;
		return 0;
	}
	if (copies->count && (!change->actor || change->actor->pid != copies->undoing->pid || change->actor->start != copies->undoing->start))
		return 0;
	if (copies->count == copies->size && grow(copies) < 0)
		return -ENOMEM;
	copies->undoing->pid = change->actor ? change->actor->pid : 0;
	copies->undoing->start = change->actor ? change->actor->start : 0;
	copy = &copies->list[copies->count++];
	*copy = *change;
	copy->actor = NULL;
	copy->address = copy_text(copies, change->address, &failed);
	copy->before = copy_text(copies, change->before, &failed);
	copy->after = copy_text(copies, change->after, &failed);
	return failed ? -ENOMEM : 0;
}

static int gather(struct copies *copies, uint64_t id)
{
	struct ferry_history_filter filter = { .size = sizeof(filter), .id = id };
	int r = ferry_history_changes(copies->undoing->history, &filter, keep, copies);

	filter = (struct ferry_history_filter){ .size = sizeof(filter), .cause = id };
	if (r >= 0 && copies->protocol)
		r = ferry_history_changes(copies->undoing->history, &filter, keep, copies);
	return r;
}

/* ---- Steps ---- */

/* What CHANGE left, as far as it names the object, with what is to stand there. */
static int step_record(struct ferry *ferry, struct arena *arena, const struct object *object, const char *path, const char *json, struct record **ret)
{
	struct record *key, *wanted;
	const char *rest;
	int r = object->parse(path, &ferry->machine.naming, arena, &key, &rest, &ferry->error);

	if (r < 0)
		return r;
	*ret = key;
	if (!json)
		return 0;
	r = object_parse_json(object, json, key, &ferry->machine.naming, arena, &wanted, &ferry->error);
	for (uint32_t i = 0; r == 0 && i < key->count; i++)
		if (!record_find(wanted, key->entries[i].name))
			r = record_add(arena, wanted, key->entries[i]);
	*ret = wanted;
	return r;
}

static int add_step(struct undoing *undoing, struct arena *arena, const struct ferry_change *change, struct object_step *ret)
{
	static const enum object_write writes[] = { [FERRY_ADDED] = OBJECT_REMOVE, [FERRY_REMOVED] = OBJECT_CREATE, [FERRY_CHANGED] = OBJECT_CHANGE };
	const char *path, *json = change->kind == FERRY_ADDED ? change->after : change->before;
	const struct channel *channel = channel_of(change->address, &path);
	int r;

	*ret = (struct object_step){ .object = channel->object, .write = writes[change->kind] };
	r = step_record(undoing->ferry, arena, channel->object, path, json, &ret->record);
	return r < 0 ? error_wrap(&undoing->ferry->error, "#%" PRIu64 ", %s", change->id, change->address) : 0;
}

/* 1: it stands there as before already. */
static int check(struct undoing *undoing, const struct ferry_change *change, const struct undo_verbs *verbs)
{
	struct undo_result result = { 0 };
	bool done;
	int r;

	if (change->kind == FERRY_REMOVED && change->before)
		return verbs->forbids(verbs->data, change)
			       ? error_set(&undoing->ferry->error, -EOPNOTSUPP, "change %" PRIu64 " of %s cannot be taken back: %s", change->id,
					   change->address, verbs->forbids(verbs->data, change))
			       : 0;
	r = undo_change(change, undoing->flags | FERRY_UNDO_DRY_RUN, verbs, &result, &undoing->ferry->error);
	done = result.done;
	undo_result_done(&result);
	return r < 0 ? r : !done;
}

static int write_all(struct copies *copies, struct object_step *steps, bool *wanted, size_t *ret_count)
{
	struct undoing *undoing = copies->undoing;
	struct undo_verbs verbs = undo_verbs_of(undoing->ferry);
	struct object_transaction transaction = {
		.protocol = copies->protocol, .machine = &undoing->ferry->machine, .arena = &copies->arena, .steps = steps
	};
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < copies->count; i++) {
		r = check(undoing, &copies->list[i], &verbs);
		wanted[i] = r == 0;
		if (r == 0)
			r = add_step(undoing, &copies->arena, &copies->list[i], &steps[count++]);
	}
	*ret_count = count;
	if (r < 0 || !count || undoing->flags & FERRY_UNDO_DRY_RUN)
		return r < 0 ? r : 0;
	transaction.count = count;
	r = object_transact_all(&transaction);
	return r < 0 ? ferry_failed(undoing->ferry, r) : 0;
}

static int take_back(struct copies *copies)
{
	struct undoing *undoing = copies->undoing;
	const char *path = history_reader_path(undoing->history->reader);
	_cleanup_free_ struct object_step *steps = calloc(copies->count, sizeof(*steps));
	_cleanup_free_ bool *wanted = calloc(copies->count, sizeof(*wanted));
	const bool recorded = history_recording(path), dry = undoing->flags & FERRY_UNDO_DRY_RUN;
	size_t count = 0;
	int r = steps && wanted ? 0 : error_set(&undoing->ferry->error, -ENOMEM, "no memory to take a transaction back");

	if (r == 0 && recorded && !dry)
		r = undo_announce(path, &copies->list[0], &undoing->ferry->error);
	if (r >= 0)
		r = write_all(copies, steps, wanted, &count);
	if (r >= 0 && count)
		r = undo_tell(undoing, copies->list, copies->count, wanted, recorded);
	return r < 0 ? r : count ? 0 : FERRY_UNCHANGED;
}

int undo_transaction(struct undoing *undoing, uint64_t id)
{
	struct copies copies = { .undoing = undoing };
	int r = gather(&copies, id);

	if (r >= 0)
		r = copies.protocol && copies.count ? take_back(&copies) : -ENOTSUP;
	free(copies.list);
	arena_done(&copies.arena);
	return r;
}
