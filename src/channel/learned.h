/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel says of its own netlink messages, learned once and kept in a file: names of commands and attributes, and what the
 * attributes are. Sets of attributes are schemas like those made by hand, so that all that reads schemas reads these. */
#ifndef FERRY_CHANNEL_LEARNED_H
#define FERRY_CHANNEL_LEARNED_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/schema.h"

#define LEARNED_NUMBER_MAXIMUM 1023   /* of an attribute */
#define LEARNED_SLOTS_MAXIMUM  200000 /* attributes of all sets, holes among them */

/* What an attribute is, as a word of the file. */
enum learned_kind {
	LEARNED_FLAG,
	LEARNED_U8,
	LEARNED_U16,
	LEARNED_U32,
	LEARNED_U64,
	LEARNED_S8,
	LEARNED_S16,
	LEARNED_S32,
	LEARNED_S64,
	LEARNED_BE16, /* these four the kernel does not tell: learn.def does */
	LEARNED_BE32,
	LEARNED_BE64,
	LEARNED_ADDRESS,
	LEARNED_UINT, /* 4 or 8 bytes */
	LEARNED_SINT,
	LEARNED_TEXT,
	LEARNED_BYTES,
	LEARNED_PAD,
	LEARNED_BITS,     /* struct nla_bitfield32 */
	LEARNED_NEST,     /* attributes of a set, or of no known one */
	LEARNED_ARRAY,    /* a nest whose numbers are places, each item a nest of the set */
	LEARNED_LOOKS,    /* not known: what it looks like */
	LEARNED_DISPUTED, /* the same, since the kernel takes one thing in it here and another there */
	LEARNED_KINDS,
};

/* A set of attributes: a schema of a nest, named as its constants begin ("ETHTOOL_A_RINGS"). Its fields can be changed until it is handed out; their
 * help is the kernel's constant. */
struct learned_set {
	struct schema schema;
	struct field *fields;
	uint8_t *kinds; /* enum learned_kind of each */
};

/* Whether messages of the generic family NAME may hold keys or passwords. */
bool family_has_secrets(const char *name);
/* Of such a message what is told by number alone: it could be one. */
void family_withhold(const char *name, struct record *record);

/* A command of a generic family, or a type of message of a protocol. */
struct learned_command {
	const char *name; /* "rings_get" */
	uint16_t number;
	uint16_t header_size;              /* of a protocol's message: bytes before the attributes; 0 for generic families, which tell theirs */
	const struct learned_set *request; /* what a program sends with it; NULL where not known */
	const struct learned_set *answer;  /* what the kernel answers, or tells */
};

struct learned_family {
	const char *name; /* as in an address */
	struct learned_set **sets;
	size_t set_count;
	struct learned_command *commands, *messages; /* messages: what the kernel tells by itself */
	size_t command_count, message_count;
};

struct learned {
	struct learned_family **families;
	size_t family_count;
	size_t slots; /* of LEARNED_SLOTS_MAXIMUM */
	struct arena arena;
};

void learned_done(struct learned *learned);
#define _cleanup_learned_ _cleanup_(learned_done)

const struct learned_family *learned_find(const struct learned *learned, const char *name);
/* What LIST (of COUNT) says of NUMBER, or NULL. */
const struct learned_command *learned_number(const struct learned_command *list, size_t count, uint16_t number);
struct learned_set *learned_set(const struct learned_family *family, const char *name, size_t length);
/* Attributes of SET that have a name, and of these those whose type the kernel has told. */
void learned_figures(const struct learned_set *set, unsigned int *ret_named, unsigned int *ret_typed);

/* ---- Making ---- */

struct learned_family *learned_add_family(struct learned *learned, const char *name, size_t length) _must_check_;
/* A set with room for attributes up to HIGHEST. NULL where memory ran out, and where HIGHEST or what is there is too much. */
struct learned_set *learned_add_set(struct learned *learned, struct learned_family *family, const char *name, size_t length,
				    uint32_t highest) _must_check_;
/* Names attribute NUMBER by the kernel's CONSTANT, which begins with the set's name. It looks like what it looks like until it has a type.
 * -EINVAL, -ENOMEM. */
int learned_name(struct learned *learned, struct learned_set *set, uint32_t number, const char *constant, size_t length) _must_check_;
/* Gives it a type. NEST for the kinds that are nests; may be NULL but for LEARNED_ARRAY. FLAGS is FIELD_LEARNED, FIELD_GUESSED, or 0: learn.def says
 * it. -EINVAL, -ENOMEM.
 */
int learned_type(struct learned *learned, struct learned_set *set, uint32_t number, enum learned_kind kind, uint32_t flags,
		 const struct learned_set *nest) _must_check_;
/* The values that attribute NUMBER may have; 0 and 0: all of its type. -EINVAL, -ENOMEM. */
int learned_range(struct learned *learned, struct learned_set *set, uint32_t number, uint64_t minimum, uint64_t maximum) _must_check_;
/* COMMAND at the end of *LIST; its name is copied. */
int learned_add_command(struct learned *learned, struct learned_command **list, size_t *count, const struct learned_command *command,
			size_t name_length) _must_check_;

/* "u32"; and back, LEARNED_KINDS where it is none. */
const char *learned_kind_word(enum learned_kind kind);
enum learned_kind learned_kind_of(const char *word, size_t length);

#endif
