/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What granted requests to ipset and nfacct ask for, and whether that is what a set, an entry or a counter has become. Sources:
 * <linux/netfilter/ipset/ip_set.h>, net/netfilter/ipset/ip_set_core.c, <linux/netfilter/nfnetlink_acct.h>. */
#include <errno.h>
#include <linux/netfilter/nfnetlink_acct.h>
#include <string.h>

#include "channel/ipset_asked.h"
#include "channel/netfilter.h"
#include "channel/netlink_source.h"

/* What a name is of; the name is behind it. Each is asked to be there, or (GONE) to be gone: who asks for one does not ask for the other. */
enum kind { COUNTER = 'c', SET = 's', ALL_IN_SET = 'a', ENTRY = 'e' };
#define GONE 0x80

struct asked_name {
	size_t length;
	char text[];
};

struct asked {
	size_t taken; /* of what is kept of the check's requests */
	struct table names;
	struct ipset_place *ranges;
	size_t range_count;
	bool anything, all_gone;
};

#define RANGES_MAXIMUM 1024 /* every entry is compared with each; where there are more, all of the set is taken for asked for */

static bool match(const void *entry, const void *key, size_t length)
{
	const struct asked_name *name = entry;

	return name->length == length && memcmp(name->text, key, length) == 0;
}

static bool has(const struct asked *asked, unsigned int kind, const void *text, size_t length)
{
	_cleanup_buffer_ struct buffer key = { 0 };

	buffer_add_char(&key, (char)kind);
	buffer_add(&key, text, length);
	return key.failed || table_find(&asked->names, key.data, key.length);
}

static bool has_value(const struct asked *asked, unsigned int kind, const struct value *name)
{
	return name && name->type == VALUE_TEXT && has(asked, kind, name->bytes.data, name->bytes.length);
}

static void add(struct asked *asked, unsigned int kind, const void *text, size_t length)
{
	struct asked_name *name;

	if (has(asked, kind, text, length))
		return;
	name = malloc(sizeof(*name) + 1 + length);
	if (name) {
		name->length = 1 + length;
		name->text[0] = (char)kind;
		memcpy(name->text + 1, text, length);
		if (table_add(&asked->names, name->text, name->length, name) == 0)
			return;
	}
	free(name);
	asked->anything = true;
}

/* ---- Entries that are asked for ---- */

static int add_range(struct asked *asked, struct ipset_place *place)
{
	struct ipset_place *ranges;

	if (asked->range_count == RANGES_MAXIMUM)
		return -E2BIG;
	ranges = reallocarray(asked->ranges, asked->range_count + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	asked->ranges = ranges;
	ranges[asked->range_count++] = *place;
	*place = (struct ipset_place){ 0 };
	return 0;
}

/* OWN is the nest of one entry of the set NAME. What it means is not known without its set. */
static int take_entry(struct asked *asked, const struct ipset_layout *layout, const struct nlmsghdr *request, const struct attribute_iterator *name,
		      const struct attribute_iterator *own)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *one = ipset_entry_message(request, name->data, name->length, own, &room);
	const unsigned int gone = request->nlmsg_type == IPSET_TYPE(IPSET_CMD_DEL) ? GONE : 0;
	struct ipset_place place = { 0 };
	struct record *record;
	int r = one == request ? -ENOMEM : object_decode(&object_ipset_entry, one, &arena, &record);

	if (r >= 0)
		r = ipset_place(layout, record, &place);
	place.gone = gone;
	if (r == 0 && ipset_place_is_one(&place))
		add(asked, ENTRY | gone, place.key.data, place.key.length);
	else if (r == 0)
		r = add_range(asked, &place);
	ipset_place_done(&place);
	return r;
}

static void take_entries(struct netlink_source *source, struct asked *asked, const struct nlmsghdr *request, const struct attribute_iterator *name)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg)), length = strnlen(name->data, name->length);
	const unsigned int gone = request->nlmsg_type == IPSET_TYPE(IPSET_CMD_DEL) ? GONE : 0;
	_cleanup_arena_ struct arena arena = { 0 };
	struct ipset_layout layout;
	int r = ipset_layout(source, &arena, name->data, length, &layout);

	for (struct attribute_iterator i = attributes((const char *)request + skip, request->nlmsg_len - skip); r >= 0 && attribute_next(&i);) {
		if (i.type == IPSET_ATTR_DATA)
			r = take_entry(asked, &layout, request, name, &i);
		if (i.type != IPSET_ATTR_ADT)
			continue;
		for (struct attribute_iterator own = attributes(i.data, i.length); r >= 0 && attribute_next(&own);)
			r = take_entry(asked, &layout, request, name, &own);
	}
	if (r < 0)
		add(asked, ALL_IN_SET | gone, name->data, length);
	/* One that comes takes the place of another. */
	if (r >= 0 && layout.evicts && !gone)
		add(asked, ALL_IN_SET | GONE, name->data, length);
}

/* ---- Requests ---- */

static void take_set(struct netlink_source *source, struct asked *asked, const struct nlmsghdr *request, const struct attribute_iterator *name)
{
	const size_t length = strnlen(name->data, name->length);

	switch (request->nlmsg_type) {
	case IPSET_TYPE(IPSET_CMD_CREATE):
		add(asked, SET, name->data, length);
		break;
	case IPSET_TYPE(IPSET_CMD_ADD):
	case IPSET_TYPE(IPSET_CMD_DEL):
		add(asked, SET, name->data, length);
		take_entries(source, asked, request, name);
		break;
	case IPSET_TYPE(IPSET_CMD_RENAME):
	case IPSET_TYPE(IPSET_CMD_SWAP):
		add(asked, SET, name->data, length);
		add(asked, ALL_IN_SET, name->data, length);
		/* fall through */
	default:
		add(asked, SET | GONE, name->data, length);
		add(asked, ALL_IN_SET | GONE, name->data, length);
	}
}

static bool is_removal(const struct nlmsghdr *request)
{
	return request->nlmsg_type == IPSET_TYPE(IPSET_CMD_DESTROY) || request->nlmsg_type == IPSET_TYPE(IPSET_CMD_FLUSH) ||
	       request->nlmsg_type == (NFNL_SUBSYS_ACCT << 8 | NFNL_MSG_ACCT_DEL);
}

static void take(struct netlink_source *source, struct asked *asked, const struct nlmsghdr *request)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const bool sets = request->nlmsg_type >> 8 == NFNL_SUBSYS_IPSET;
	bool named = false;

	for (struct attribute_iterator i = attributes((const char *)request + skip, request->nlmsg_len - skip); attribute_next(&i);) {
		const bool second = i.type == IPSET_ATTR_SETNAME2 &&
				    (request->nlmsg_type == IPSET_TYPE(IPSET_CMD_RENAME) || request->nlmsg_type == IPSET_TYPE(IPSET_CMD_SWAP));

		if (!sets && i.type == NFACCT_NAME)
			add(asked, COUNTER | (is_removal(request) ? GONE : 0), i.data, strnlen(i.data, i.length));
		else if (sets && (i.type == IPSET_ATTR_SETNAME || second))
			take_set(source, asked, request, &i);
		else
			continue;
		named = true;
	}
	/* Without a name it is for all of them. */
	asked->all_gone |= !named && is_removal(request);
	asked->anything |= !named && !is_removal(request);
}

/* All of it: what an entry means is known once its set is. */
bool netfilter_keep_request(struct netlink_source *source, const struct nlmsghdr *request, struct buffer *ret)
{
	(void)source;
	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return false;
	buffer_add(ret, request, request->nlmsg_len);
	buffer_add(ret, "\0\0\0\0\0\0\0", (8 - request->nlmsg_len % 8) % 8);
	return true;
}

/* The kernel takes entries one by one, and gives up at the first that it refuses. */
bool netfilter_asks_for_several(const struct nlmsghdr *request)
{
	static const uint64_t ranges = UINT64_C(1) << IPSET_ATTR_IP_TO | UINT64_C(1) << IPSET_ATTR_CIDR | UINT64_C(1) << IPSET_ATTR_PORT_TO |
				       UINT64_C(1) << IPSET_ATTR_IP2_TO;
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	uint64_t found = 0;

	if ((request->nlmsg_type != IPSET_TYPE(IPSET_CMD_ADD) && request->nlmsg_type != IPSET_TYPE(IPSET_CMD_DEL)) || request->nlmsg_len < skip)
		return false;
	for (struct attribute_iterator i = attributes((const char *)request + skip, request->nlmsg_len - skip); attribute_next(&i);) {
		if (i.type == IPSET_ATTR_ADT)
			return true;
		for (struct attribute_iterator own = attributes(i.data, i.type == IPSET_ATTR_DATA ? i.length : 0); attribute_next(&own);)
			found |= own.type < 64 ? UINT64_C(1) << own.type : 0;
	}
	return found & ranges;
}

/* What CHECK's requests ask for, as far as they have come. NULL where memory ran out. */
static struct asked *asked_of(struct netlink_source *source, struct check *check)
{
	if (!check->asked) {
		check->asked = calloc(1, sizeof(*check->asked));
		if (!check->asked)
			return NULL;
		table_init(&check->asked->names, match);
	}
	while (check->asked->taken < check->requests.length) {
		const struct nlmsghdr *request = (const struct nlmsghdr *)(check->requests.data + check->asked->taken);

		take(source, check->asked, request);
		check->asked->taken += (request->nlmsg_len + 7) & ~7u;
	}
	return check->asked;
}

void netfilter_asked_done(struct asked *asked)
{
	struct asked_name *name;
	size_t position = 0;

	while ((name = table_next(&asked->names, &position)))
		free(name);
	table_done(&asked->names);
	for (size_t i = 0; i < asked->range_count; i++)
		ipset_place_done(&asked->ranges[i]);
	free(asked->ranges);
	free(asked);
}

/* ---- What has become of it ---- */

static bool has_entry(struct netlink_source *source, const struct asked *asked, const struct record *record, unsigned int gone)
{
	const struct value *set = record_find(record, "set");
	_cleanup_arena_ struct arena arena = { 0 };
	struct ipset_place place = { 0 };
	struct ipset_layout layout;
	bool found;

	/* A list calls its members by the names that they have now. */
	if (has_value(asked, ALL_IN_SET | gone, set) || has_value(asked, ALL_IN_SET | gone, record_find(record, "member")))
		return true;
	if (!has_value(asked, SET, set))
		return false;
	found = ipset_layout(source, &arena, set->bytes.data, set->bytes.length, &layout) < 0 || ipset_place(&layout, record, &place) < 0 ||
		has(asked, ENTRY | gone, place.key.data, place.key.length) ||
		(layout.ether_beside && has(asked, ENTRY, place.key.data, place.key.length));
	for (size_t i = 0; !found && i < asked->range_count; i++)
		found = asked->ranges[i].gone == gone && ipset_place_is_within(&place, &asked->ranges[i]);
	ipset_place_done(&place);
	return found;
}

bool netfilter_asked(struct netlink_source *source, struct check *check, const struct object *object, const struct record *record, bool is_gone)
{
	const struct asked *asked = asked_of(source, check);
	const unsigned int gone = is_gone ? GONE : 0;

	if (!asked || asked->anything || (is_gone && asked->all_gone))
		return true;
	if (object == &object_ipset_entry)
		return has_entry(source, asked, record, gone);
	return has_value(asked, (object == &object_ipset ? SET : COUNTER) | gone, record_find(record, "name"));
}
