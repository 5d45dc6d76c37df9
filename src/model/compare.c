/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is equal by meaning, and what differs. Two records hold the same fields mostly at the same places, so the partner
 * of an entry is looked for at its own index first. */
#include <errno.h>
#include <string.h>

#include "model/field.h"

/* Which differences count. */
enum strictness {
	STRICT,      /* every field */
	SIGNIFICANT, /* record_same()'s rule */
};

static bool values_match(const struct value *a, const struct value *b, const struct field *field, enum strictness strictness);

static bool same_name(const struct entry *a, const struct entry *b)
{
	if (a->name == b->name)
		return a->name || a->number == b->number;
	return a->name && b->name && strcmp(a->name, b->name) == 0;
}

static bool counts(const struct entry *entry, enum strictness strictness)
{
	if (strictness == STRICT)
		return true;
	return entry->value.type != VALUE_NULL && !(entry->field && entry->field->flags & (FIELD_VOLATILE | FIELD_DERIVED));
}

/* Finds the partners in OTHER of the entries of a record, in turn. An attribute may come more than once: then the first has the first as its partner.
 */
struct pairing {
	const struct record *record, *other;
	bool aligned; /* so far each partner stood at the same index */
};

static const struct entry *partner(struct pairing *pairing, size_t index)
{
	const struct entry *entry = &pairing->record->entries[index];
	const struct record *other = pairing->other;
	size_t earlier = 0;

	if (pairing->aligned && index < other->count && same_name(entry, &other->entries[index]))
		return &other->entries[index];
	pairing->aligned = false;

	for (size_t i = 0; i < index; i++)
		earlier += same_name(entry, &pairing->record->entries[i]);
	for (size_t i = 0; i < other->count; i++)
		if (same_name(entry, &other->entries[i]) && earlier-- == 0)
			return &other->entries[i];
	return NULL;
}

static bool records_match(const struct record *a, const struct record *b, enum strictness strictness)
{
	struct pairing pairing = { .record = a, .other = b, .aligned = true };
	size_t count_a = 0, count_b = 0;

	if (a == b)
		return true;
	for (size_t i = 0; i < a->count; i++) {
		const struct entry *entry = &a->entries[i], *other;

		if (!counts(entry, strictness))
			continue;
		count_a++;
		other = partner(&pairing, i);
		if (!other || !counts(other, strictness) || !values_match(&entry->value, &other->value, entry->field, strictness))
			return false;
	}
	for (size_t i = 0; i < b->count; i++)
		count_b += counts(&b->entries[i], strictness);
	return count_a == count_b;
}

static bool numbers_match(const struct value *a, const struct value *b, const struct field *field, enum strictness strictness)
{
	uint64_t mask = strictness == SIGNIFICANT && field ? field_significance(field) : UINT64_MAX;

	/* The same bits are another number where just one side is signed and negative. */
	if (a->type != b->type && (a->integer < 0 || b->integer < 0))
		return false;
	return ((a->number ^ b->number) & mask) == 0;
}

static bool is_number(const struct value *value)
{
	return value->type == VALUE_INT || value->type == VALUE_UINT;
}

static bool bytes_match(const struct value *a, const struct value *b)
{
	if (a->bytes.length != b->bytes.length || (a->type == VALUE_ADDRESS && a->bytes.prefix != b->bytes.prefix))
		return false;
	return a->bytes.length == 0 || memcmp(a->bytes.data, b->bytes.data, a->bytes.length) == 0;
}

static bool values_match(const struct value *a, const struct value *b, const struct field *field, enum strictness strictness)
{
	if (is_number(a) && is_number(b))
		return numbers_match(a, b, field, strictness);
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_ADDRESS:
		return bytes_match(a, b);
	case VALUE_LIST:
		if (a->list.count != b->list.count)
			return false;
		for (uint32_t i = 0; i < a->list.count; i++)
			if (!values_match(&a->list.items[i], &b->list.items[i], element_of(field), strictness))
				return false;
		return true;
	case VALUE_RECORD:
		return records_match(a->record, b->record, strictness);
	default:
		return true;
	}
}

bool value_equal(const struct value *a, const struct value *b)
{
	return values_match(a, b, NULL, STRICT);
}

bool record_same(const struct record *a, const struct record *b)
{
	return records_match(a, b, SIGNIFICANT);
}

static int add_value(struct arena *arena, struct record *record, const struct entry *like, struct value value)
{
	struct entry entry = *like;

	entry.value = value;
	return record_add(arena, record, entry);
}

static int add_pair(struct arena *arena, struct record *a, struct record *b, const struct entry *entry_a, const struct entry *entry_b)
{
	const struct value absent = { .type = VALUE_NULL };
	int r = add_value(arena, a, entry_a ? entry_a : entry_b, entry_a ? entry_a->value : absent);

	if (r < 0)
		return r;
	return add_value(arena, b, entry_b ? entry_b : entry_a, entry_b ? entry_b->value : absent);
}

static bool is_hidden(const struct entry *entry)
{
	return entry->field && entry->field->flags & FIELD_HIDDEN;
}

/* Two entries of one name: nothing where they are the same, the inner differences of two records, else both whole. */
static int add_difference(struct arena *arena, struct record *a, struct record *b, const struct entry *entry_a, const struct entry *entry_b)
{
	struct record *inner_a, *inner_b;
	struct entry shown_a = *entry_a, shown_b = *entry_b;
	int r;

	if (values_match(&entry_a->value, &entry_b->value, entry_a->field, SIGNIFICANT))
		return 0;
	if (entry_a->value.type != VALUE_RECORD || entry_b->value.type != VALUE_RECORD)
		return add_pair(arena, a, b, entry_a, entry_b);

	r = record_difference(arena, entry_a->value.record, entry_b->value.record, &inner_a, &inner_b);
	if (r < 0 || (inner_a->count == 0 && inner_b->count == 0))
		return r;
	shown_a.value.record = inner_a;
	shown_b.value.record = inner_b;
	return add_pair(arena, a, b, &shown_a, &shown_b);
}

int record_difference(struct arena *arena, const struct record *a, const struct record *b, struct record **ret_a, struct record **ret_b)
{
	struct pairing forward = { .record = a, .other = b, .aligned = true }, backward = { .record = b, .other = a, .aligned = true };
	struct record *only_a = record_new_sized(arena, a->schema, 4), *only_b = record_new_sized(arena, b->schema, 4);
	int r;

	if (!only_a || !only_b)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++) {
		const struct entry *entry = &a->entries[i], *other;

		if (!counts(entry, SIGNIFICANT) || is_hidden(entry))
			continue;
		other = partner(&forward, i);
		if (other && counts(other, SIGNIFICANT))
			r = add_difference(arena, only_a, only_b, entry, other);
		else
			r = add_pair(arena, only_a, only_b, entry, NULL);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < b->count; i++) {
		const struct entry *entry = &b->entries[i], *other;

		if (!counts(entry, SIGNIFICANT) || is_hidden(entry))
			continue;
		other = partner(&backward, i);
		if (other && counts(other, SIGNIFICANT))
			continue;
		r = add_pair(arena, only_a, only_b, NULL, entry);
		if (r < 0)
			return r;
	}
	*ret_a = only_a;
	*ret_b = only_b;
	return 0;
}

/* LIST with what is worth keeping of each of its records. */
static int list_lasting(struct arena *arena, struct value *list)
{
	struct value *items;
	bool any = false;

	for (uint32_t i = 0; i < list->list.count; i++)
		any |= list->list.items[i].type == VALUE_RECORD;
	if (!any)
		return 0;
	items = arena_array(arena, struct value, list->list.count);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->list.count; i++) {
		struct record *lasting;
		int r;

		items[i] = list->list.items[i];
		if (items[i].type != VALUE_RECORD)
			continue;
		r = record_lasting(arena, items[i].record, &lasting);
		if (r < 0)
			return r;
		items[i].record = lasting;
	}
	list->list.items = items;
	return 0;
}

static int add_lasting(struct arena *arena, struct record *lasting, struct entry entry)
{
	struct record *inner;
	int r;

	if (entry.value.type == VALUE_LIST) {
		r = list_lasting(arena, &entry.value);
		if (r < 0)
			return r;
	}
	if (entry.value.type == VALUE_RECORD) {
		r = record_lasting(arena, entry.value.record, &inner);
		if (r < 0 || !inner->count)
			return r;
		entry.value.record = inner;
	}
	return record_add(arena, lasting, entry);
}

int record_lasting(struct arena *arena, const struct record *record, struct record **ret)
{
	struct record *lasting = record_new(arena, record->schema);

	if (!lasting)
		return -ENOMEM;
	lasting->provenance = record->provenance;
	for (unsigned int i = 0; i < record->count; i++) {
		const struct field *field = record->entries[i].field;
		int r;

		if (field && field->flags & (FIELD_VOLATILE | FIELD_DERIVED) && !(field->flags & (FIELD_SETTABLE | FIELD_CREATE)))
			continue;
		r = add_lasting(arena, lasting, record->entries[i]);
		if (r < 0)
			return r;
	}
	*ret = lasting;
	return 0;
}
