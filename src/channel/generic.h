/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of generic netlink families as addresses: netlink/FAMILY/OPERATION/ROW/FIELD. Any that the kernel can dump is read; what its answers are
 * is said by a schema made by hand (operations.def), by what was learned, or by nothing: then attributes are told by number, as bytes. */
#ifndef FERRY_CHANNEL_GENERIC_H
#define FERRY_CHANNEL_GENERIC_H

#include "channel/family.h"
#include "ferry.h"

/* An operation that is described by hand. To add one: its schema, and a line in operations.def. */
struct operation {
	const char *family;
	const char *name; /* in an address */
	uint32_t command; /* by which it is read; 0: it is not */
	const char *help;
	const struct schema *schema; /* of the attributes of an answer */
	/* Of what is said between others (trace, a group that is watched): numbers of the messages that the kernel tells it in, 0 ends; the schema of
	 * a request, and its number where it is not COMMAND. None and NULL: they are read by what was learned. */
	uint32_t answers[2], asked;
	const struct schema *request;
	const char *key; /* path of the field that names a row ("header/dev_name"); NULL: rows go by their place */
	/* The kernel tells no more than one when it is asked: what there is one of. */
	bool single;
	/* The same, of the one that the address names: appends what names ROW (LENGTH bytes) in a request, of which nothing can be listed. -EINVAL
	 * where that is no name of one, FORM says what is. NULL: rows are told. */
	int (*ask)(const char *row, size_t length, struct buffer *request);
	const char *form;
	bool acts; /* a request asks the kernel to do something */
};

/* The one of a command of FAMILY; and the one that MESSAGE of FAMILY asks for or tells of, with the schema of its attributes. NULL: none. */
const struct operation *operation_by_hand(const struct family *family, uint32_t command);
const struct operation *operation_spoken(const struct family *family, const struct nlmsghdr *message, const struct schema **ret);
/* Whether OPERATION tells all there is, and whether it can be read at all. */
bool generic_can_dump(const struct family_operation *operation);
bool generic_can_read(const struct family *family, const struct family_operation *operation);
/* Whether objects (channels.def) tell what it answers. */
bool generic_is_of_object(const struct family *family, const struct family_operation *operation);
/* Whether FAMILY has any such. */
bool generic_dumps(const struct family *family);
/* The name of OPERATION in an address: by hand, as learned, or its number; a name that a group of the family has is not used. */
void generic_name(const struct family *family, const struct family_operation *operation, struct buffer *ret);
/* "table", "learned" or "guessed". */
const char *generic_provenance(const struct family *family, const struct family_operation *operation);
/* The rows of the operation that PATH names, or what lies in them, as ferry_list() says. -ENOENT. */
int generic_list(struct machine *machine, const struct family *family, const char *path, unsigned int flags, ferry_item_function *function,
		 void *data) _must_check_;
/* As ferry_get() says; PATH "": all operations that can be dumped, those that fail as items with their error. */
int generic_get(struct machine *machine, const struct family *family, const char *path, unsigned int flags, ferry_item_function *function,
		void *data) _must_check_;

#endif
