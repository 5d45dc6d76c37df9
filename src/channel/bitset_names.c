/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel that runs calls the bits of ethtool's sets. */
#include "channel/bitset.h"

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <pthread.h>

#include "wire/netlink.h"

/* The fields lie apart, so that no start has to relocate what is among them. */
#define BITSET(identifier, singular)                                                          \
	static struct bitset_fields identifier##_fields;                                      \
	struct bitset_names bitset_##identifier = {                                           \
		.settable = { .name = singular, .attributes = identifier##_fields.settable }, \
		.told = { .name = singular, .attributes = identifier##_fields.told },         \
		.fields = &identifier##_fields,                                               \
	}
BITSET(features, "feature");
BITSET(link_modes, "link mode");
BITSET(messages, "kind of message");
BITSET(wake, "way to wake");
BITSET(groups, "group of statistics");

#define STATISTICS 16 /* ETH_SS_STATS_STD */

static struct bitset_names *set_of(uint32_t number)
{
	switch (number) {
	case ETH_SS_FEATURES:
		return &bitset_features;
	case ETH_SS_LINK_MODES:
		return &bitset_link_modes;
	case ETH_SS_MSG_CLASSES:
		return &bitset_messages;
	case ETH_SS_WOL_MODES:
		return &bitset_wake;
	case STATISTICS:
		return &bitset_groups;
	default:
		return NULL;
	}
}

bool bitset_number(const struct attribute_iterator *at, uint32_t *ret)
{
	if (at->length != sizeof(*ret))
		return false;
	memcpy(ret, at->data, sizeof(*ret));
	return true;
}

static void name_bit(struct bitset_names *set, uint32_t bit, const char *text, size_t length)
{
	const struct field field = { set->fields->texts[bit], FIELD_U8, FIELD_SETTABLE, 0, set->told.name, .names = &words_ethtool_off_on };

	if (length == 0 || length >= sizeof(set->fields->texts[0]))
		return;
	/* A slash would be another part of an address: the kernel's own constants have this in its place. */
	for (size_t i = 0; i < length; i++)
		set->fields->texts[bit][i] = text[i] == '/' ? '_' : text[i];
	set->fields->settable[bit] = set->fields->told[bit] = field;
	set->fields->told[bit].flags = 0;
	if (set->settable.attribute_count <= bit)
		set->settable.attribute_count = set->told.attribute_count = bit + 1;
}

static void take_name(struct bitset_names *set, const struct attribute_iterator *nest)
{
	uint32_t bit = BITSET_MAXIMUM;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); attribute_next(&at);)
		if (at.type == ETHTOOL_A_STRING_INDEX)
			(void)bitset_number(&at, &bit);
		else if (at.type == ETHTOOL_A_STRING_VALUE && bit < BITSET_MAXIMUM)
			name_bit(set, bit, at.data, strnlen(at.data, at.length));
}

/* The number of a set comes before its names. */
static void take_set(const struct attribute_iterator *nest)
{
	struct bitset_names *set = NULL;
	uint32_t number;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); attribute_next(&at);) {
		if (at.type == ETHTOOL_A_STRINGSET_ID && bitset_number(&at, &number))
			set = set_of(number);
		if (at.type != ETHTOOL_A_STRINGSET_STRINGS || !set)
			continue;
		for (struct attribute_iterator string = attributes(at.data, at.length); attribute_next(&string);)
			take_name(set, &string);
	}
}

void bitset_take_names(const struct nlmsghdr *message)
{
	const uint8_t *data = (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN);

	if (message->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return;
	for (struct attribute_iterator at = attributes(data, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); attribute_next(&at);) {
		if (at.type != ETHTOOL_A_STRSET_STRINGSETS)
			continue;
		for (struct attribute_iterator set = attributes(at.data, at.length); attribute_next(&set);)
			take_set(&set);
	}
}

static int take_answer(void *data, const struct nlmsghdr *message)
{
	(void)data;
	if (message->nlmsg_type == NETLINK_TOLD(ETHTOOL_MSG_STRSET_GET_REPLY))
		bitset_take_names(message);
	return 0;
}

static void add_request(struct buffer *request, const uint32_t *wanted, size_t count)
{
	const struct genlmsghdr header = { 0 };
	size_t sets, set;

	buffer_add(request, &header, sizeof(header));
	attribute_end(request, attribute_begin(request, ETHTOOL_A_STRSET_HEADER | NLA_F_NESTED));
	sets = attribute_begin(request, ETHTOOL_A_STRSET_STRINGSETS | NLA_F_NESTED);
	for (size_t i = 0; i < count; i++) {
		set = attribute_begin(request, ETHTOOL_A_STRINGSETS_STRINGSET | NLA_F_NESTED);
		attribute_add(request, ETHTOOL_A_STRINGSET_ID, &wanted[i], sizeof(wanted[i]));
		attribute_end(request, set);
	}
	attribute_end(request, sets);
}

/* Asks for sets, unless FIRST, one of them, is known. */
static void load(struct netlink *netlink, const struct bitset_names *first, const uint32_t *wanted, size_t count)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	_cleanup_buffer_ struct buffer request = { 0 };

	add_request(&request, wanted, count);
	pthread_mutex_lock(&lock);
	if (!first->told.attribute_count && !request.failed)
		(void)!netlink_request(netlink, NETLINK_ASKED(ETHTOOL_MSG_STRSET_GET), 0, request.data, request.length, take_answer, NULL, NULL);
	pthread_mutex_unlock(&lock);
}

void bitset_load(struct netlink *netlink)
{
	static const uint32_t wanted[] = { ETH_SS_FEATURES, ETH_SS_LINK_MODES, ETH_SS_MSG_CLASSES, ETH_SS_WOL_MODES };

	load(netlink, &bitset_features, wanted, ARRAY_SIZE(wanted));
}

void bitset_load_groups(struct netlink *netlink)
{
	static const uint32_t wanted[] = { STATISTICS };

	load(netlink, &bitset_groups, wanted, ARRAY_SIZE(wanted));
}

/* ---- Looking them up ---- */

const char *bitset_name(const struct bitset_names *set, uint32_t bit)
{
	return set && bit < set->told.attribute_count ? set->fields->told[bit].name : NULL;
}

bool bitset_is_named(const struct bitset_names *set, uint32_t bit, const char *text, size_t length)
{
	const char *name = bitset_name(set, bit);
	size_t i = 0;

	while (name && i < length && name[i] == (text[i] == '/' ? '_' : text[i]))
		i++;
	return name && i == length && !name[i];
}

uint32_t bitset_find(const struct bitset_names *set, const char *text, size_t length)
{
	for (uint32_t bit = 0; set && bit < set->told.attribute_count; bit++)
		if (bitset_is_named(set, bit, text, length))
			return bit;
	return BITSET_MAXIMUM;
}
