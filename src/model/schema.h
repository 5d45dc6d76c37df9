/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schema says once what a record's fields are; decode, encode, check, compare, print, document and complete all read it.
 * Attributes stand in an array indexed by the kernel's own constant, fields of the fixed header by offset. */
#ifndef FERRY_MODEL_SCHEMA_H
#define FERRY_MODEL_SCHEMA_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/value.h"

enum field_kind {
	FIELD_UNKNOWN = 0, /* a hole in the array: decoded as an unknown attribute */
	FIELD_FLAG,        /* present or not, no payload */
	FIELD_BOOL,        /* u8: 0 or 1 */
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_S8,
	FIELD_S16,
	FIELD_S32,
	FIELD_S64,
	FIELD_BE16,
	FIELD_BE32,
	FIELD_BE64,
	FIELD_TEXT, /* NUL-terminated, or as long as the payload */
	FIELD_BYTES,
	FIELD_ADDRESS,   /* IP or link-layer address, by its length */
	FIELD_PREFIX,    /* IP address whose prefix length stands in the header at PREFIX_OFFSET; encode writes both; absent with a
			  * prefix length of 0: decoded as 0.0.0.0/0 or ::/0 by the header's family byte (offset 0), and encoded so */
	FIELD_INTERFACE, /* u32 or s32 interface index, printed and parsed by name through struct naming; 0 prints as null. A name
			  * that no interface has is parsed as a text, which encode refuses */
	FIELD_RECORD,    /* nested attributes of SCHEMA (whose header_size is 0) or a fixed struct (its attribute_count is 0), of which an
			  * older kernel may send less: then the fields that are there; what a newer one sends more is passed over */
	FIELD_LIST,      /* a nest whose members, whatever their number, are each ELEMENT; encode numbers them 1, 2, ... or all
			  * ELEMENT->offset where that is not 0 (IFLA_PROP_LIST holds nothing but IFLA_ALT_IFNAME) */
	FIELD_INDEXED,   /* a bare array of fixed-size items, each ELEMENT, one behind the other */
	FIELD_SELECT,    /* nested attributes whose schema is chosen by the value of the sibling field SELECT->by, before or behind it */
	FIELD_CODEC,     /* odd layouts: CODEC's functions. What it reads as is printed and parsed as that */
	FIELD_PAD,       /* alignment only: skipped by decode and encode */
};

enum field_flags {
	FIELD_KEY = 1 << 0,              /* part of the identity: same key, same object */
	FIELD_SETTABLE = 1 << 1,         /* the kernel takes it in a new or set request */
	FIELD_VOLATILE = 1 << 2,         /* counters, ages: no change when it moves */
	FIELD_DERIVED = 1 << 3,          /* follows from other state: shown, never compared, never sent */
	FIELD_SECRET = 1 << 4,           /* printed as "(secret)", never stored */
	FIELD_HIDDEN = 1 << 5,           /* decoded (a selector, a length) but not shown: another field says it better */
	FIELD_CREATE = 1 << 6,           /* taken when the object is created, refused when it stands (link kind, address family) */
	FIELD_HEX = 1 << 7,              /* an integer that people read in hexadecimal (a mark, a mask) */
	FIELD_NOT_NESTED = 1 << 8,       /* an old family that nests without NLA_F_NESTED: encode leaves the bit out */
	FIELD_HEADER_ATTRIBUTE = 1 << 9, /* a header field that the attribute of the same name overrides where it is present (rtm_table, RTA_TABLE) */
	FIELD_STATE = 1 << 10,   /* moved by the kernel itself more than by programs (operstate): news when it moves, but no sign that somebody else
				    changed the object */
	FIELD_LEARNED = 1 << 11, /* its name stood in a text that was read, which may hold anything, or the running kernel has told it and its type */
	FIELD_GUESSED = 1 << 12, /* the running kernel has told its name; its type is what the bytes look like */
	FIELD_MANY = 1 << 13,    /* an attribute that may come more than once: then it is told as a list */
	FIELD_OCTAL = 1 << 14,   /* an integer that people read in octal (permissions) */
	FIELD_DRAWN = 1 << 17,   /* drawn by the kernel at each start (the key of a hash): a document may name it, a snapshot does not */
	FIELD_NESTED = 1 << 16,  /* FIELD_CODEC: what it makes is a nest, and marked as one */
	FIELD_HANDLE = 1 << 15,  /* an integer that people read as two halves in hexadecimal, "1:a" (what traffic control names things by) */
};

enum field_unit {
	UNIT_NONE,
#define UNIT(name, text) UNIT_##name,
#include "model/units.def"
#undef UNIT
};

/* "bytes"; NULL for none. */
const char *unit_text(enum field_unit unit);

/* The text stands in it: there are some two thousand, and a pointer would have to be relocated at each start. A text of just its size ends in END. */
struct name {
	uint64_t value;
	char text[31], end;
};

/* Words for numbers. A choice prints the one word, flags a list of words with what is left over as a hexadecimal word.
 * A number without a word prints as itself and is taken back as itself. */
struct names {
	const struct name *list;
	uint32_t count;
	bool flags;
	uint64_t choice; /* in flags: bits that together make a choice: of the words whose values lie within them, one holds */
};

#define NAMES(identifier, is_flags, ...)                                \
	static const struct name identifier##_list[] = { __VA_ARGS__ }; \
	static const struct names identifier = { identifier##_list, sizeof(identifier##_list) / sizeof(struct name), is_flags }

/* The same, for other files as well. */
#define SHARED_NAMES(identifier, is_flags, ...)                         \
	static const struct name identifier##_list[] = { __VA_ARGS__ }; \
	const struct names identifier = { identifier##_list, sizeof(identifier##_list) / sizeof(struct name), is_flags }

/* What printing and parsing must ask of the machine at hand: interface names. NULL functions: numbers stay numbers. */
struct naming {
	void *data;
	/* The name of interface INDEX, or NULL; valid until the next call. */
	const char *(*interface_name)(void *data, uint32_t index);
	/* The index of interface NAME, or 0. */
	uint32_t (*interface_index)(void *data, const char *name);
};

/* How a field stands in a text file (model/layout.h). */
enum field_form {
	FORM_PLAIN,       /* a number in decimal digits, a text as it stands */
	FORM_HEX,         /* a number in hexadecimal digits, with 0x before them or not */
	FORM_OCTAL,       /* a number in octal digits */
	FORM_ESCAPED,     /* a text in which \040 stands for a blank, \n for a newline, \\ for a backslash */
	FORM_PARENTHESES, /* a text from a parenthesis to the last one that closes, without them: it may hold anything, those too */
	FORM_REST,        /* the rest of the line, as FORM_ESCAPED says */
	FORM_WORDS,       /* hexadecimal digits of an address in words of 32 bits, as the machine orders their bytes */
	FORM_DASH,        /* FIELD_LIST: all words up to a lone dash */
};

/* What one stands for, in FIELD's unit. */
enum field_scale {
	SCALE_ONE,
	SCALE_KIB,    /* 1024 bytes */
	SCALE_SECTOR, /* 512 bytes */
	SCALE_PAGE,   /* the bytes of a page of memory */
	SCALE_TICK,   /* a clock tick of the user-space interface, in hundredths of a second: DECIMALS is 2 */
};

struct selection {
	const char *by; /* name of the sibling field whose text, or word for its number, selects */
	const struct selection_row {
		const char *text;
		const struct schema *schema;
		const struct codec *codec; /* NULL: the bytes are as the schema says; else a codec whose value is a record of it */
	} * rows;
	uint32_t count;
	const struct names *names; /* words for the sibling's number; NULL where it is a text */
	bool keeps_others;         /* what no row is for is told as bytes, and can be sent as such */
};

struct decode {
	struct arena *arena;
	const void *header; /* the fixed header of the message being decoded, for codecs that need it; NULL where it has none */
	size_t header_length;
	const struct record *parent; /* the record so far, for selection by a sibling */
	uint32_t depth;              /* nests so far: more than 16 is refused */
};

struct codec {
	/* The payload as a value; -EBADMSG where it is malformed (the attribute is then shown as unknown bytes). */
	int (*decode)(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret);
	/* Appends the payload that VALUE says. */
	int (*encode)(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error);
	/* What its value is: FIELD_LIST, of the field's ELEMENT; FIELD_RECORD, of the field's SCHEMA where it has one; FIELD_U32, a number with the
	 * field's NAMES; FIELD_ADDRESS, whose text is an address; FIELD_UNKNOWN, what JSON gives. */
	enum field_kind reads_as;
	const struct field_limits *limits; /* of a field that has this codec */
};

/* What few fields have. */
struct field_limits {
	uint64_t minimum, maximum; /* range that encode and check hold to; maximum 0 = by kind */
	uint64_t mask;             /* not 0: only these bits signify in a comparison (link flags without RUNNING) */
	uint64_t taken;            /* not 0: the bits that a request can set; the kernel holds the others */
};

/* 48 bytes: there are some thousands of them, and each start of the program relocates the pointers in them, page by page. */
struct field {
	const char *name;
	enum field_kind kind : 8;
	uint32_t flags : 24; /* enum field_flags */
	enum field_unit unit;
	const char *help;
	union { /* by kind, and by what a codec reads as: the functions below tell which */
		const struct names *names;
		const struct schema *schema;    /* FIELD_RECORD */
		const struct field *element;    /* FIELD_LIST, FIELD_INDEXED */
		const struct selection *select; /* FIELD_SELECT */
	};
	union {
		const struct field_limits *limits;
		const struct codec *codec; /* FIELD_CODEC */
	};
	uint16_t offset, size; /* header fields: offsetof and sizeof; SIZE 0 = by kind */
	uint8_t prefix_offset; /* FIELD_PREFIX: where the prefix length stands in the header */
	uint8_t decimals;      /* an integer that counts tenths (1), hundredths (2), ...: printed with a point */
	uint8_t form, scale;   /* enum field_form, enum field_scale: of text files alone */
};

#define LIMITS(...)                            \
	.limits = &(const struct field_limits) \
	{                                      \
		__VA_ARGS__                    \
	}

/* The kind of the values of FIELD. */
static inline enum field_kind field_reads_as(const struct field *field)
{
	return field->kind == FIELD_CODEC && field->codec ? field->codec->reads_as : field->kind;
}

/* The schema of the record that FIELD is, the field of the items of its list, its selection, the words for its number; NULL where it has none. */
static inline const struct schema *field_schema(const struct field *field)
{
	return field_reads_as(field) == FIELD_RECORD ? field->schema : NULL;
}

static inline const struct field *field_element(const struct field *field)
{
	const enum field_kind kind = field_reads_as(field);

	return kind == FIELD_LIST || kind == FIELD_INDEXED ? field->element : NULL;
}

static inline const struct selection *field_select(const struct field *field)
{
	return field->kind == FIELD_SELECT ? field->select : NULL;
}

static inline const struct names *field_names(const struct field *field)
{
	switch (field_reads_as(field)) {
	case FIELD_RECORD:
	case FIELD_LIST:
	case FIELD_INDEXED:
	case FIELD_SELECT:
	case FIELD_CODEC:
		return NULL;
	default:
		return field->names;
	}
}

/* All 0 where FIELD has none. */
static inline const struct field_limits *field_limits(const struct field *field)
{
	static const struct field_limits none;
	const struct field_limits *limits = field->kind != FIELD_CODEC ? field->limits : field->codec ? field->codec->limits : NULL;

	return limits ? limits : &none;
}

/* The bits that signify in a comparison. */
static inline uint64_t field_significance(const struct field *field)
{
	const uint64_t mask = field_limits(field)->mask;

	return mask ? mask : UINT64_MAX;
}

struct schema {
	const char *name;
	const char *help;
	const struct field *header;
	const struct field *attributes; /* indexed by attribute number */
	/* Bit N: attribute N is a FIELD_PREFIX, which means something by its absence as well. Said here so that a message does not go through all
	 * fields for it; a unit test sees to it that it is said of each. */
	uint64_t prefixes;
	uint32_t attribute_count;
	uint16_t header_size; /* bytes of fixed header before the attributes, 0 for a nest */
	uint16_t header_count;
};

#define HEADER_FIELD(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* Decodes a fixed header (where the schema has one) and attributes. Bounds-checked against hostile input: a truncated or malformed run is
 * -EBADMSG, with RET holding what was read before it. An unknown attribute, or a known one of a wrong length, becomes an unknown
 * entry (number and bytes). Of a known attribute that comes more than once the last counts, as it does for the kernel; of one that is
 * FIELD_MANY all are told. Values borrow from DATA.
 * Network-byte-order and nested bits in a type are stripped. */
int schema_decode(const struct schema *schema, const void *data, size_t length, struct arena *arena, struct record **ret) _must_check_;

/* The same for a nest inside a message, for codecs: the header, depth and arena of DECODE stay. -EBADMSG also where it is nested too deeply. */
int schema_decode_nest(struct decode *decode, const struct schema *schema, const void *data, size_t length, struct record **ret) _must_check_;

/* Appends header and attributes of RECORD for which FILTER (flags, any of: FIELD_KEY, FIELD_SETTABLE, FIELD_CREATE; 0 = all) holds; unknown entries
 * are sent as they came only where FILTER is 0. Checks every value as schema_check() does. 0, or -EINVAL / -ERANGE with words that name the field. */
int schema_encode(const struct record *record, uint32_t filter, struct buffer *buffer, struct error *error) _must_check_;

/* Every value against its field: type, range, known word, length. Words name the path of the field ("linkinfo/data/id"). */
int schema_check(const struct record *record, struct error *error) _must_check_;

/* The path of the attribute at byte OFFSET of a message (from the start of its payload behind the netlink header), such as "linkinfo/data/id", for an
 * extended ACK. 0, or -ENOENT with RET untouched. */
int schema_path_at(const struct schema *schema, const void *data, size_t length, size_t offset, struct buffer *ret) _must_check_;

/* The field NAME of a schema (attributes first, then header), or NULL. */
const struct field *schema_field(const struct schema *schema, const char *name);

/* Attribute building blocks for codecs. Offsets, not pointers, since the buffer may move. */
void attribute_add(struct buffer *buffer, uint16_t type, const void *data, size_t length);
size_t attribute_begin(struct buffer *buffer, uint16_t type);
void attribute_end(struct buffer *buffer, size_t begin);

/* Walks a run of attributes: for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);). ERROR is set where the run ends
 * malformed. */
struct attribute_iterator {
	const uint8_t *next, *end;
	uint16_t type; /* without the nested and byte order bits */
	const void *data;
	uint16_t length;
	bool malformed;
};
static inline struct attribute_iterator attributes(const void *data, size_t length)
{
	return (struct attribute_iterator){ .next = data, .end = length ? (const uint8_t *)data + length : data };
}
static inline bool attribute_next(struct attribute_iterator *iterator)
{
	const size_t left = (size_t)(iterator->end - iterator->next);
	struct nlattr attribute;
	size_t step;

	if (left < sizeof(attribute)) {
		iterator->malformed = left != 0;
		iterator->next = iterator->end;
		return false;
	}
	memcpy(&attribute, iterator->next, sizeof(attribute));
	if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > left) {
		iterator->malformed = true;
		iterator->next = iterator->end;
		return false;
	}
	iterator->type = attribute.nla_type & NLA_TYPE_MASK;
	iterator->data = iterator->next + sizeof(attribute);
	iterator->length = (uint16_t)(attribute.nla_len - sizeof(attribute));
	/* The last one of a run may come without its padding. */
	step = NLA_ALIGN((size_t)attribute.nla_len);
	iterator->next += step < left ? step : left;
	return true;
}

/* Text. One printer for all: what `get` prints, what `apply` reads back. */
/* A value as text: bare words and numbers, lists "[a, b]", records "{name=value, name=value}". FIELD may be NULL. Text is escaped for a terminal. */
void value_print(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming);
/* The same as JSON, compact. Hidden fields are left out, secrets are "(secret)", an unknown attribute N is "attribute N":"hex". Numbers beyond 2^53
 * stay exact integers. */
void value_json(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming);
void record_json(struct buffer *buffer, const struct record *record, const struct naming *naming);

/* JSON back to values. With SCHEMA a record by its fields (words to numbers, names to indexes, "attribute N" to bytes), refusing an unknown field, a
 * wrong type or range in words; SCHEMA NULL: a generic value. "(secret)" is refused. */
int value_parse_json(const char *text, size_t length, struct arena *arena, struct value *ret, struct error *error) _must_check_;
int record_parse_json(const struct schema *schema, const char *text, size_t length, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error) _must_check_;

/* Text back to values: what value_print() printed comes back as the value that it was; JSON is taken as well where TEXT begins with {, [ or ". Blanks
 * around TEXT do not count. -EINVAL or -ERANGE with words that name the field.
 *
 * The value of FIELD: what the field's type makes of it (words to numbers, names to indexes; text as it stands, or in quotes with escapes). SIBLINGS
 * is the record that FIELD is in, generic or by its schema, and only asked for what a selection goes by; it may be NULL. FIELD NULL: a file's value,
 * which is an integer where it reads as one, else text. */
int value_parse_text(const char *text, size_t length, const struct field *field, const struct record *siblings, const struct naming *naming,
		     struct arena *arena, struct value *ret, struct error *error) _must_check_;
/* "{name=value, ...}" or a JSON object, to a record of SCHEMA; SCHEMA NULL: to a generic one. */
int record_parse_text(const struct schema *schema, const char *text, size_t length, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error) _must_check_;

/* The same in two steps, for records that are put together from several texts. To a generic value, in which what stood bare is marked as such: its
 * field is to say what it means. WHOLE: brackets at the start are part of a text. */
int value_parse_generic(const char *text, size_t length, bool whole, struct arena *arena, struct value *ret, struct error *error) _must_check_;
/* Puts VALUE at PATH ("linkinfo/data/id") of the generic record RECORD, and makes the records on the way; PATH "": joins the fields of VALUE, a
 * record. -EEXIST where it stands there already, -ENOTDIR where something else than a record is on the way. */
int record_add_at(struct arena *arena, struct record *record, const char *path, const struct value *value, struct error *error) _must_check_;
/* A generic value to one of FIELD, as value_parse_text() does it. */
int value_of_generic(const struct value *generic, const struct field *field, const struct record *siblings, const struct naming *naming,
		     struct arena *arena, struct value *ret, struct error *error) _must_check_;
/* A generic record to one of SCHEMA; SCHEMA NULL: what is marked as bare becomes null, a boolean, a number or a text by its looks. */
int record_of_generic(const struct schema *schema, const struct record *generic, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error) _must_check_;

/* The integer in TEXT, where it is one in the form that the kernel and the printer write: no sign but -, no zeros before it. */
bool integer_parse(const char *text, size_t length, struct value *ret);

/* A number of FIELD_HANDLE: "1:a", "1:". */
void handle_format(struct buffer *buffer, uint64_t number);
/* The way back; ":a" is taken as well. False where TEXT is something else. */
bool handle_parse(const char *text, size_t length, uint64_t *ret);

/* An IP address or prefix, or a link-layer address, from text; -EINVAL. DATA has room for 32 bytes. PREFIX is -1 where none is given. */
int address_parse_bytes(const char *text, size_t length, uint8_t data[32], uint32_t *ret_length, int16_t *ret_prefix) _must_check_;

#endif
