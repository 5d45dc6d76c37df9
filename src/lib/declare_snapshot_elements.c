/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of nftables' sets in a document: in no order, so that they are told by their keys, and a range, which to the kernel is where it begins and
 * what comes behind it, in one line. */
#include <errno.h>
#include <string.h>

#include "channel/netfilter_typed.h"
#include "lib/declare_elements.h"
#include "lib/declare_snapshot.h"

struct elements_told {
	struct snapshot *snapshot;
	const struct kind *kind;
	struct arena arena;           /* of one */
	const struct standing *begun; /* a range, whose end is to come */
};

/* As it is in a document; NULL: it is not. */
static int declared_element(struct elements_told *told, const struct standing *standing, struct record **ret, struct buffer *address)
{
	struct snapshot *snapshot = told->snapshot;
	bool owned;
	int r = ruleset_declared(snapshot->ruleset, told->kind, standing, snapshot->flags & FERRY_SNAPSHOT_ALL, &told->arena, ret, address, &owned,
				 &snapshot->left);

	if (r == 0 && !*ret)
		snapshot->counts[LEFT_OWNED] += owned;
	return r;
}

/* A range goes up to the key of END; NULL: to the last that there is. IS_WHOLE: that is known. What cannot be said by its type is told by its bytes.
 */
static int add_element(struct elements_told *told, const struct standing *standing, const struct standing *end, const struct value *behind,
		       bool is_whole)
{
	const struct said_set *set = elements_set(told->snapshot->ruleset, told->kind, standing);
	_cleanup_buffer_ struct buffer address = { 0 }, typed = { 0 };
	struct record *declared;
	int r = declared_element(told, standing, &declared, &address);

	if (r < 0 || !declared)
		return r;
	buffer_add(&typed, address.data, (size_t)(strrchr(address.data, '/') + 1 - address.data));
	is_whole = is_whole && set && netfilter_typed_key(set, declared, behind, &typed);
	if (set)
		r = elements_write_data(set, &told->arena, declared);
	if (r < 0 || typed.failed)
		return -ENOMEM;
	snapshot_drop_keys(declared);
	snapshot_add_line(told->snapshot, is_whole ? typed.data : address.data, &(struct value){ .type = VALUE_RECORD, .record = declared }, NULL);
	if (!end || is_whole)
		return 0;
	buffer_clear(&address);
	buffer_printf(&address, "%s/%s", told->kind->channel->name, end->path);
	if (address.failed)
		return -ENOMEM;
	snapshot_add_line(told->snapshot, address.data, &(struct value){ .type = VALUE_RECORD, .record = &(const struct record){ 0 } }, NULL);
	return 0;
}

/* What has begun is not told as a range: by its bytes. LAST: it ends with all that there is. */
static int add_begun(struct elements_told *told, bool last)
{
	const struct standing *begun = told->begun;

	told->begun = NULL;
	return begun ? add_element(told, begun, NULL, NULL, last) : 0;
}

static bool is_of_one_set(const struct standing *a, const struct standing *b)
{
	const size_t length = (size_t)(strrchr(a->path, '/') + 1 - a->path);

	return strncmp(a->path, b->path, length) == 0;
}

/* An end that says nothing else belongs to what has begun. */
static int add_end(struct elements_told *told, const struct standing *standing)
{
	const struct standing *begun = told->begun;
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *declared;
	struct value behind = { 0 };
	int r = declared_element(told, standing, &declared, &address);

	if (r < 0 || !declared)
		return r;
	if (record_find(declared, "key"))
		behind = *record_find(declared, "key");
	snapshot_drop_keys(declared);
	if (begun && !declared->count) {
		told->begun = NULL;
		return add_element(told, begun, standing, &behind, true);
	}
	r = add_begun(told, false);
	snapshot_add_line(told->snapshot, address.data, &(struct value){ .type = VALUE_RECORD, .record = declared }, NULL);
	return r;
}

static bool is_end(const struct standing *standing)
{
	const char *comma = strrchr(standing->path, ',');

	return comma && strcmp(comma, ",end") == 0;
}

static int take_element(struct elements_told *told, const struct standing *standing)
{
	const struct said_set *set;
	int r = 0;

	arena_reset(&told->arena);
	if (told->begun && !is_of_one_set(told->begun, standing))
		r = add_begun(told, true);
	if (r < 0 || !snapshot_asks_for(told->snapshot, told->kind->channel->name, standing->path))
		return r;
	if (is_end(standing))
		return add_end(told, standing);
	r = add_begun(told, false);
	set = elements_set(told->snapshot->ruleset, told->kind, standing);
	if (r < 0 || !set || !netfilter_set_has_ends(set))
		return r < 0 ? r : add_element(told, standing, NULL, NULL, true);
	told->begun = standing;
	return 0;
}

/* An end comes before what begins there. */
int snapshot_add_elements(struct snapshot *snapshot, const struct kind *kind)
{
	struct elements_told told = { .snapshot = snapshot, .kind = kind };
	int r = 0;

	for (size_t i = 0; r == 0 && i < kind->count; i++) {
		const struct standing *one = &kind->list[i], *next = i + 1 < kind->count ? one + 1 : NULL;
		const size_t length = strlen(one->path);

		if (next && strncmp(next->path, one->path, length) == 0 && strcmp(next->path + length, ",end") == 0) {
			r = take_element(&told, next);
			i++;
		}
		if (r == 0)
			r = take_element(&told, one);
	}
	if (r == 0)
		r = add_begun(&told, true);
	arena_done(&told.arena);
	return r;
}
