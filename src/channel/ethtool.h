/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ethtool(8) reads and sets, by generic netlink: netlink/ethtool/rings/eth0. What all kinds have in common; one is a table of its attributes and
 * an ETHTOOL_KIND. Messages and attributes that are newer than some headers stand by their number. Source: <linux/ethtool_netlink.h>,
 * Documentation/networking/ethtool-netlink.rst of the kernel. */
#ifndef FERRY_CHANNEL_ETHTOOL_H
#define FERRY_CHANNEL_ETHTOOL_H

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include "channel/bitset.h"
#include "channel/object.h"

#define ETHTOOL_HEADER 1  /* the device, in every message */
#define ETHTOOL_DEVICE 40 /* ours: the same, as the number of a link */

#define ETHTOOL_RSS_CREATED 52 /* ETHTOOL_MSG_RSS_CREATE_NTF */

extern const struct schema schema_ethtool_header;

#define SET FIELD_SETTABLE

/* Where every table of attributes begins. */
#define DEVICE                                                                                                                                     \
	[ETHTOOL_HEADER] = { "header", FIELD_RECORD, SET | FIELD_HIDDEN, 0, "the device", .schema = &schema_ethtool_header }, [ETHTOOL_DEVICE] = { \
		"dev", FIELD_INTERFACE, FIELD_KEY, 0, "link that it is of"                                                                         \
	}
#define TOLD(name, unit, words)                 \
	{                                       \
		name, FIELD_U32, 0, unit, words \
	}
#define COUNT(name, unit, words)                  \
	{                                         \
		name, FIELD_U32, SET, unit, words \
	}
#define USECS(name, words) COUNT(name, UNIT_MICROSECONDS, words)
/* One of a set of words, in a byte and in four. */
#define CHOICE(name, flags, words, choices)                          \
	{                                                            \
		name, FIELD_U8, flags, 0, words, .names = &(choices) \
	}
#define CHOICE_LONG(name, flags, words, choices)                      \
	{                                                             \
		name, FIELD_U32, flags, 0, words, .names = &(choices) \
	}
#define COUNTED(name, unit, words)                           \
	{                                                    \
		name, FIELD_U64, FIELD_VOLATILE, unit, words \
	}
#define ON_OFF(name, words)                                                   \
	{                                                                     \
		name, FIELD_U8, SET, 0, words, .names = &words_ethtool_off_on \
	}
/* Bits of a set: what can be set of them, what is told alone, and those that are on. */
#define BITS(name, set, words)                                                                                                  \
	{                                                                                                                       \
		name, FIELD_CODEC, SET | FIELD_NESTED, 0, words, .schema = &bitset_##set.settable, .codec = &codec_bitset_##set \
	}
#define BITS_TOLD(name, set, more, words)                                                                                      \
	{                                                                                                                      \
		name, FIELD_CODEC, FIELD_NESTED | (more), 0, words, .schema = &bitset_##set.told, .codec = &codec_bitset_##set \
	}
#define BITS_ON(name, set, more, words)                                                               \
	{                                                                                             \
		name, FIELD_CODEC, FIELD_NESTED | (more), 0, words, .codec = &codec_bitset_##set##_on \
	}

/* Its place in the tree, its requests, and how what it tells is read. */
void ethtool_dump(struct buffer *request, uint8_t family);
int ethtool_get(const struct record *key, struct buffer *request);
/* The same, with counters. */
void ethtool_dump_counted(struct buffer *request, uint8_t family);
int ethtool_get_counted(const struct record *key, struct buffer *request);
/* The header that a request begins with: attribute HEADER of FLAGS and, where it is not NULL, of DEVICE, its number or name. */
void ethtool_begin(struct buffer *request, uint16_t header, uint32_t flags, const struct value *device);
/* A request about DEVICE (NULL: about all). */
typedef void ethtool_request(struct buffer *request, const struct value *device);
/* All there are that REQUESTS (NULL at the end) tell of, link by link where a dump was refused: that of one link alone ends it. */
int ethtool_each_of(const struct object *object, struct netlink *netlink, const struct record *key, ethtool_request *const *requests,
		    object_message_function *function, void *data, bool *ret_interrupted, struct error *error);
/* The same of what a request says by its header alone. */
int ethtool_each(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		 bool *ret_interrupted, struct error *error);
int ethtool_mend(struct arena *arena, struct record *record);
int ethtool_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write);
/* For an operation that tells of one device alone: its header, from the name of it. -EINVAL. */
int ethtool_name_device(const char *name, size_t length, struct buffer *request);
/* One request of TYPE: the device, and what of RECORD can be set. */
int ethtool_send(const struct object *object, struct machine *machine, uint16_t type, const struct record *record);

#define ETHTOOL_SCHEMA(identifier, words)                                                     \
	static const struct schema schema_##identifier = { .name = #identifier,               \
							   .help = words,                     \
							   .header_size = GENL_HDRLEN,        \
							   .attributes = fields_##identifier, \
							   .attribute_count = ARRAY_SIZE(fields_##identifier) }
/* GET and SET are the numbers of the requests, REPLY that of the answer. */
#define ETHTOOL_OF_LINK(identifier, described, get_command, set_command, reply, words)                                                              \
	.name = #identifier, .help = words, .protocol = &protocol_ethtool, .new_type = NETLINK_TOLD(reply), .get_type = NETLINK_ASKED(get_command), \
	.replace_type = NETLINK_ASKED(set_command), .schema = &(described), .families = { AF_UNSPEC }, .family_count = 1, .dump = ethtool_dump,     \
	.may_lack = true, .dependent = true
#define ETHTOOL_OBJECT(identifier, described, get_command, set_command, reply, words, ...)                                                        \
	static const struct object object_##identifier = { ETHTOOL_OF_LINK(identifier, described, get_command, set_command, reply, words),        \
							   .write = ethtool_write, .why_none = "there is no such link, or its driver has none",   \
							   .comes_by_itself =                                                                     \
								   "it is there with its link, where the driver has it: it can be changed alone", \
							   __VA_ARGS__ }
#define ETHTOOL_PARSE(identifier)                                                                                              \
	static int parse_##identifier(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, \
				      const char **ret_rest, struct error *error)                                              \
	{                                                                                                                      \
		return object_parse_of_link(&schema_##identifier, text, naming, arena, ret, ret_rest, error);                  \
	}
/* One that a link has no more than one of; NOTICE is the number of the word that it has changed. */
#define ETHTOOL_KIND_OF(identifier, get_command, set_command, reply, notice, words, ...)                                             \
	ETHTOOL_SCHEMA(identifier, words);                                                                                           \
	ETHTOOL_PARSE(identifier)                                                                                                    \
	ETHTOOL_OBJECT(identifier, schema_##identifier, get_command, set_command, reply, words, .notice_type = NETLINK_TOLD(notice), \
		       .path = object_path_of_link, .parse = parse_##identifier, __VA_ARGS__);                                       \
	OBJECT_CHANNEL_AT(ethtool_##identifier, "netlink/ethtool/" #identifier, object_##identifier, words, "live")
/* The same, of which the kernel does not tell when it changes. */
#define ETHTOOL_KIND_UNTOLD(identifier, get_command, reply, words, ...)                                                            \
	ETHTOOL_SCHEMA(identifier, words);                                                                                         \
	ETHTOOL_PARSE(identifier)                                                                                                  \
	ETHTOOL_OBJECT(identifier, schema_##identifier, get_command, (get_command) + 1, reply, words, .path = object_path_of_link, \
		       .parse = parse_##identifier, .dump_each = ethtool_each, .untold = true, .declared = true, __VA_ARGS__);     \
	OBJECT_CHANNEL_AT(ethtool_##identifier, "netlink/ethtool/" #identifier, object_##identifier, words, "sampled")
#define ETHTOOL_KIND(identifier, get_command, reply, words) \
	ETHTOOL_KIND_OF(identifier, get_command, (get_command) + 1, reply, (reply) + 1, words, .mend = ethtool_mend, .get = ethtool_get)
#define ETHTOOL_KIND_COUNTED(identifier, get_command, reply, words)                                                                              \
	ETHTOOL_KIND_OF(identifier, get_command, (get_command) + 1, reply, (reply) + 1, words, .mend = ethtool_mend, .get = ethtool_get_counted, \
			.dump_all = ethtool_dump_counted)

/* What is read alone: rows go by their device. Behind WORDS the numbers of the messages that tell it. */
#define ETHTOOL_READ(identifier, number, words, ...)                                                                                  \
	ETHTOOL_SCHEMA_OF_OPERATION(schema_##identifier, #identifier, words, fields_##identifier);                                    \
	const struct operation operation_ethtool_##identifier = { ETHTOOL_OPERATION(#identifier, number, words, schema_##identifier), \
								  .key = "header/dev_name", .answers = { __VA_ARGS__ } }
#define ETHTOOL_SCHEMA_OF_OPERATION(schema_name, text, words, fields) \
	static const struct schema schema_name = { .name = text, .help = words, .attributes = fields, .attribute_count = ARRAY_SIZE(fields) }
/* A request says what it is about as the answer does, where .request does not say otherwise. */
#define ETHTOOL_OPERATION(text, number, words, described) \
	.family = "ethtool", .name = text, .command = number, .help = words, .schema = &(described), .request = &(described)
/* What others say and hear, and ferry does not ask for by that. */
#define ETHTOOL_SPOKEN(identifier, words, described, ...) \
	const struct operation operation_ethtool_##identifier = { ETHTOOL_OPERATION(#identifier, 0, words, described), __VA_ARGS__ }
/* In the tables of these. */
#define READ_DEVICE                                                                          \
	{                                                                                    \
		"header", FIELD_RECORD, 0, 0, "the device", .schema = &schema_ethtool_header \
	}

#endif
