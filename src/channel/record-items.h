/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as items of a reading: whole, or by their fields, as the flags want it. For every channel that has records. */
#ifndef FERRY_CHANNEL_RECORD_ITEMS_H
#define FERRY_CHANNEL_RECORD_ITEMS_H

#include "channel/channel.h"
#include "model/schema.h"

struct record_items {
	struct buffer address; /* of the record, then of the field that is being told */
	unsigned int flags;    /* enum ferry_read_flags */
	bool fields;           /* a named record's fields are wanted, not the record (list) */
	bool values;
	bool found;                           /* an item was told */
	const char *help;                     /* of a record */
	const char *help_unknown;             /* of what no schema knows; may be NULL */
	const char *provenance;               /* of a record: "table", "learned", "guessed"; NULL for "table" */
	bool unnamed;                         /* the value at hand has neither field nor name */
	uint32_t mode, mode_settable;         /* of a field, of a record and of a field that can be set */
	const char *promise, *promise_moving; /* of what stands until it is changed, of what moves by itself */
	enum ferry_consistency consistency;
	const struct naming *naming;
	struct error *error;
	ferry_item_function *function;
	void *data;
};

/* Tells RECORD, whose address stands in ITEMS: where REST is not "" the fields of it that REST names (globs within a part). NAMED: REST's record was
 * asked for by its own address, so that a list opens it. */
int record_items_tell(struct record_items *items, const struct record *record, const char *rest, bool named) _must_check_;
/* Tells one value of FIELD (or NULL), whose address stands in ITEMS. */
int record_items_tell_value(struct record_items *items, const struct field *field, const struct value *value) _must_check_;

/* The name of a value's type, as `ls -l` prints it. */
const char *record_items_type(const struct field *field, const struct value *value);

#endif
