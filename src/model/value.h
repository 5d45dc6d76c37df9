/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values that travel between sources and faces. A value borrows what it points to: from the receive buffer on the hot
 * path (valid until the next message), from an arena where it is kept. */
#ifndef FERRY_MODEL_VALUE_H
#define FERRY_MODEL_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

struct field;
struct schema;
struct record;

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT, /* signed */
	VALUE_UINT,
	VALUE_TEXT,    /* not NUL-terminated; may hold any byte */
	VALUE_BYTES,   /* shown as hexadecimal */
	VALUE_ADDRESS, /* 4 bytes IPv4, 16 bytes IPv6, any other length a link-layer address; PREFIX >= 0: a prefix */
	VALUE_LIST,
	VALUE_RECORD,
};

struct value {
	enum value_type type;
	union {
		bool boolean;
		int64_t integer;
		uint64_t number;
		struct {
			const void *data;
			uint32_t length;
			int16_t prefix; /* VALUE_ADDRESS: prefix length, -1 for none */
		} bytes;
		struct {
			const struct value *items;
			uint32_t count;
		} list;
		const struct record *record;
	};
};

/* One named value of a record. FIELD is NULL where the schema does not know the attribute: then NUMBER and bytes are all that
 * is known and NAME is NULL; in a generic record (read back from JSON) NAME alone is set. */
struct entry {
	const char *name;
	const struct field *field;
	uint16_t number; /* attribute number; for a field of the fixed header its offset */
	struct value value;
};

enum provenance {
	PROVENANCE_TABLE,
	PROVENANCE_LEARNED,
	PROVENANCE_GUESSED,
};

/* "table", "learned", "guessed". */
const char *provenance_word(enum provenance provenance);

/* Entries in the order of the schema: header fields first, then attributes as they came. */
struct record {
	const struct schema *schema; /* NULL for a generic record */
	struct entry *entries;
	uint16_t count, capacity;
	enum provenance provenance;
};

static inline struct value value_uint(uint64_t number)
{
	return (struct value){ .type = VALUE_UINT, .number = number };
}

static inline struct value value_int(int64_t integer)
{
	return (struct value){ .type = VALUE_INT, .integer = integer };
}

static inline struct value value_bool(bool boolean)
{
	return (struct value){ .type = VALUE_BOOL, .boolean = boolean };
}

static inline struct value value_data(enum value_type type, const void *data, size_t length)
{
	return (struct value){ .type = type, .bytes = { data, (uint32_t)length, -1 } };
}

struct value value_text(const char *text);

/* A new empty record; grows by itself. NULL where memory ran out. */
struct record *record_new(struct arena *arena, const struct schema *schema) _must_check_;
/* The same with room for CAPACITY entries before it must grow. */
struct record *record_new_sized(struct arena *arena, const struct schema *schema, size_t capacity) _must_check_;
/* Makes room for more entries, 0 or -ENOMEM. */
int record_grow(struct arena *arena, struct record *record) _must_check_;
/* Appends an entry, 0 or -ENOMEM. Inline, as decoding a message is a dozen of them. */
static inline _must_check_ int record_add(struct arena *arena, struct record *record, struct entry entry)
{
	if (record->count == record->capacity) {
		int r = record_grow(arena, record);

		if (r < 0)
			return r;
	}
	record->entries[record->count++] = entry;
	return 0;
}

/* Most names differ in their first two letters, and many are the very same string. */
static inline bool entry_is_named(const struct entry *entry, const char *name)
{
	const char *own = entry->name;

	return own == name || (own && own[0] == name[0] && (!own[0] || (own[1] == name[1] && strcmp(own, name) == 0)));
}

/* The value of the field NAME, or NULL where the record has none. */
const struct value *record_find(const struct record *record, const char *name);
/* The entry of FIELD (by pointer), or NULL. */
const struct entry *record_entry(const struct record *record, const struct field *field);
/* Numbers by name with a fall-back; for a value of another type also the fall-back. */
uint64_t record_number(const struct record *record, const char *name, uint64_t fallback);
/* A deep copy into ARENA, so that nothing is borrowed from a receive buffer any more. */
int value_copy(struct arena *arena, const struct value *value, struct value *ret) _must_check_;
int record_copy(struct arena *arena, const struct record *record, struct record **ret) _must_check_;

/* By meaning: an int and an uint of the same number are equal, lists in order, records by name. VOLATILE fields count. */
bool value_equal(const struct value *a, const struct value *b);
/* As value_equal(), but fields marked VOLATILE or DERIVED are passed over, of a field with significance (field.mask)
 * only the bits that signify are compared, and a field that is VALUE_NULL is the same as none. */
bool record_same(const struct record *a, const struct record *b);
/* RECORD without what moves by itself or follows from other state (VOLATILE and DERIVED fields, but for those that can be set): what is worth keeping
 * of an object. Values are shared with RECORD. */
int record_lasting(struct arena *arena, const struct record *record, struct record **ret) _must_check_;
/* The parts that differ (by record_same()'s rule), nested records down to the field: what a "changed" shows. A field that stands on one side
 * only is in that side's record, and on the other side as VALUE_NULL. HIDDEN fields are never in it. Both results are empty records where nothing
 * differs. */
int record_difference(struct arena *arena, const struct record *a, const struct record *b, struct record **ret_a, struct record **ret_b) _must_check_;

#endif
