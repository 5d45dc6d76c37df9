/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devices count in the terms of the standards, the same for all drivers: "ethtool -S LINK --all-groups". Names are those of the kernel's own
 * sets of strings. A device that sends frames in parts (MAC merge) counts what its two halves do as well: stats_src/LINK/emac and pmac. Sources:
 * Documentation/networking/statistics.rst, Documentation/netlink/specs/ethtool.yaml of the kernel. */
#include <errno.h>
#include <string.h>

#include "channel/ethtool.h"
#include "channel/object-inside.h"
#include "model/field.h"

#define STATS_SOURCE 5              /* ETHTOOL_A_STATS_SRC */
#define OWN          ETHTOOL_DEVICE /* from here on numbers are ours */

enum { AGGREGATE, EMAC, PMAC };
NAMES(halves, false, { AGGREGATE, "aggregate" }, { EMAC, "emac" }, { PMAC, "pmac" });
NAMES(groups, false, { 0, "eth-phy" }, { 1, "eth-mac" }, { 2, "eth-ctrl" }, { 3, "rmon" }, { 4, "phydev" });

/* ---- The groups: numbers of a statistic begin with 0 ---- */

#define FRAMES(name, words) COUNTED(name, UNIT_FRAMES, words)
#define OCTETS(name, words) COUNTED(name, UNIT_BYTES, words)
#define GROUP_OF(identifier, text, words)                                                                                          \
	static const struct schema schema_##identifier = {                                                                         \
		.name = text, .help = words, .attributes = fields_##identifier, .attribute_count = ARRAY_SIZE(fields_##identifier) \
	}

static const struct field fields_eth_phy[] = {
	[ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR] = COUNTED("SymbolErrorDuringCarrier", 0, "times that a carrier held what is no symbol"),
};
GROUP_OF(eth_phy, "eth-phy", "what the transceiver counts, by IEEE 802.3");

static const struct field fields_eth_mac[] = {
	[ETHTOOL_A_STATS_ETH_MAC_2_TX_PKT] = FRAMES("FramesTransmittedOK", "sent"),
	[ETHTOOL_A_STATS_ETH_MAC_3_SINGLE_COL] = FRAMES("SingleCollisionFrames", "sent after one collision"),
	[ETHTOOL_A_STATS_ETH_MAC_4_MULTI_COL] = FRAMES("MultipleCollisionFrames", "sent after several collisions"),
	[ETHTOOL_A_STATS_ETH_MAC_5_RX_PKT] = FRAMES("FramesReceivedOK", "received"),
	[ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR] = FRAMES("FrameCheckSequenceErrors", "received with a wrong sum"),
	[ETHTOOL_A_STATS_ETH_MAC_7_ALIGN_ERR] = FRAMES("AlignmentErrors", "received that were no whole bytes"),
	[ETHTOOL_A_STATS_ETH_MAC_8_TX_BYTES] = OCTETS("OctetsTransmittedOK", "sent"),
	[ETHTOOL_A_STATS_ETH_MAC_9_TX_DEFER] = FRAMES("FramesWithDeferredXmissions", "that had to wait for the line"),
	[ETHTOOL_A_STATS_ETH_MAC_10_LATE_COL] = FRAMES("LateCollisions", "that collided late"),
	[ETHTOOL_A_STATS_ETH_MAC_11_XS_COL] = FRAMES("FramesAbortedDueToXSColls", "given up after too many collisions"),
	[ETHTOOL_A_STATS_ETH_MAC_12_TX_INT_ERR] = FRAMES("FramesLostDueToIntMACXmitError", "lost within when they were to be sent"),
	[ETHTOOL_A_STATS_ETH_MAC_13_CS_ERR] = COUNTED("CarrierSenseErrors", 0, "times that there was no carrier in a frame"),
	[ETHTOOL_A_STATS_ETH_MAC_14_RX_BYTES] = OCTETS("OctetsReceivedOK", "received"),
	[ETHTOOL_A_STATS_ETH_MAC_15_RX_INT_ERR] = FRAMES("FramesLostDueToIntMACRcvError", "lost within when they were received"),
	[ETHTOOL_A_STATS_ETH_MAC_18_TX_MCAST] = FRAMES("MulticastFramesXmittedOK", "sent to groups"),
	[ETHTOOL_A_STATS_ETH_MAC_19_TX_BCAST] = FRAMES("BroadcastFramesXmittedOK", "sent to all"),
	[ETHTOOL_A_STATS_ETH_MAC_20_XS_DEFER] = FRAMES("FramesWithExcessiveDeferral", "that had to wait too long"),
	[ETHTOOL_A_STATS_ETH_MAC_21_RX_MCAST] = FRAMES("MulticastFramesReceivedOK", "received, to groups"),
	[ETHTOOL_A_STATS_ETH_MAC_22_RX_BCAST] = FRAMES("BroadcastFramesReceivedOK", "received, to all"),
	[ETHTOOL_A_STATS_ETH_MAC_23_IR_LEN_ERR] = FRAMES("InRangeLengthErrors", "received that are not as long as they say"),
	[ETHTOOL_A_STATS_ETH_MAC_24_OOR_LEN] = FRAMES("OutOfRangeLengthField", "received that say a length that is none"),
	[ETHTOOL_A_STATS_ETH_MAC_25_TOO_LONG_ERR] = FRAMES("FrameTooLongErrors", "received that are too long"),
};
GROUP_OF(eth_mac, "eth-mac", "what the device counts, by IEEE 802.3");

static const struct field fields_eth_ctrl[] = {
	[ETHTOOL_A_STATS_ETH_CTRL_3_TX] = FRAMES("MACControlFramesTransmitted", "sent"),
	[ETHTOOL_A_STATS_ETH_CTRL_4_RX] = FRAMES("MACControlFramesReceived", "received"),
	[ETHTOOL_A_STATS_ETH_CTRL_5_RX_UNSUP] = FRAMES("UnsupportedOpcodesReceived", "received that nobody understands"),
};
GROUP_OF(eth_ctrl, "eth-ctrl", "frames that control the line");

static const struct field fields_bucket[] = {
	[ETHTOOL_A_STATS_GRP_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_STATS_GRP_HIST_BKT_LOW] = { "low", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "from so many" },
	[ETHTOOL_A_STATS_GRP_HIST_BKT_HI] = { "high", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "to so many" },
	[ETHTOOL_A_STATS_GRP_HIST_VAL] = FRAMES("val", "of that length"),
};
static const struct schema schema_bucket = { .name = "bucket", .attributes = fields_bucket, .attribute_count = ARRAY_SIZE(fields_bucket) };

#define HISTOGRAM(name, words)                                                                                \
	{                                                                                                     \
		name, FIELD_RECORD, FIELD_VOLATILE | FIELD_MANY, UNIT_FRAMES, words, .schema = &schema_bucket \
	}
static const struct field fields_rmon[] = {
	[ETHTOOL_A_STATS_RMON_UNDERSIZE] = FRAMES("etherStatsUndersizePkts", "too short"),
	[ETHTOOL_A_STATS_RMON_OVERSIZE] = FRAMES("etherStatsOversizePkts", "too long"),
	[ETHTOOL_A_STATS_RMON_FRAG] = FRAMES("etherStatsFragments", "too short, with a wrong sum"),
	[ETHTOOL_A_STATS_RMON_JABBER] = FRAMES("etherStatsJabbers", "too long, with a wrong sum"),
	/* Told beside these. */
	[OWN] = HISTOGRAM("hist_rx", "received, by their length"),
	HISTOGRAM("hist_tx", "sent, by their length"),
};
GROUP_OF(rmon, "rmon", "what was received, by RFC 2819");

static const struct field fields_phydev[] = {
	[0] = FRAMES("RxFrames", "received"), /* ETHTOOL_A_STATS_PHY_RX_PKTS */
	[1] = OCTETS("RxOctets", "received"), [2] = COUNTED("RxErrors", 0, "errors in what was received"), [3] = FRAMES("TxFrames", "sent"),
	[4] = OCTETS("TxOctets", "sent"),     [5] = COUNTED("TxErrors", 0, "errors in what was sent"),
};
GROUP_OF(phydev, "phydev", "what a transceiver that the kernel drives counts");

/* By the number of the group. */
static const struct schema *const schemas[] = { &schema_eth_phy, &schema_eth_mac, &schema_eth_ctrl, &schema_rmon, &schema_phydev };

/* ---- A group as it is told: its statistics each in a nest of its own ---- */

/* Which group they are of says what stands before them. */
static int decode_statistic(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const uint64_t group = decode->parent ? record_number(decode->parent, "id", UINT64_MAX) : UINT64_MAX;
	static const struct schema unknown = { .name = "statistics" };
	struct record *record;
	int r = schema_decode(group < ARRAY_SIZE(schemas) ? schemas[group] : &unknown, data, length, decode->arena, &record);

	(void)field;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static const struct codec codec_statistic = { decode_statistic, NULL, FIELD_RECORD };

static const struct field fields_group[] = {
	[ETHTOOL_A_STATS_GRP_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_STATS_GRP_ID] = CHOICE_LONG("id", 0, "number of the group", groups),
	[ETHTOOL_A_STATS_GRP_SS_ID] = { "ss_id", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "number of the set of its names" },
	[ETHTOOL_A_STATS_GRP_STAT] = { "stat", FIELD_CODEC, FIELD_VOLATILE | FIELD_MANY, 0, "a statistic", .codec = &codec_statistic },
	[ETHTOOL_A_STATS_GRP_HIST_RX] = HISTOGRAM("hist_rx", "received, by their length"),
	[ETHTOOL_A_STATS_GRP_HIST_TX] = HISTOGRAM("hist_tx", "sent, by their length"),
};
static const struct schema schema_group = { .name = "group", .attributes = fields_group, .attribute_count = ARRAY_SIZE(fields_group) };

/* ---- All of a device ---- */

#define STATISTICS_OF(name, described)                                                             \
	{                                                                                          \
		name, FIELD_RECORD, FIELD_VOLATILE, 0, "statistics", .schema = &schema_##described \
	}
static const struct field fields_stats[] = {
	[ETHTOOL_A_STATS_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_STATS_HEADER] = { "header", FIELD_RECORD, FIELD_HIDDEN, 0, "the device", .schema = &schema_ethtool_header },
	[ETHTOOL_A_STATS_GROUPS] = { "groups", FIELD_CODEC, FIELD_DERIVED, 0, "groups that are asked for", .codec = &codec_bitset_groups_on },
	[ETHTOOL_A_STATS_GRP] = { "group", FIELD_RECORD, FIELD_VOLATILE | FIELD_MANY, 0, "a group", .schema = &schema_group },
	[5] = CHOICE_LONG("src", FIELD_KEY, "what of the device counts", halves),
	[ETHTOOL_DEVICE] = { "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link that it is of" },
	/* Ours: the groups, each once. */
	STATISTICS_OF("eth-phy", eth_phy),
	STATISTICS_OF("eth-mac", eth_mac),
	STATISTICS_OF("eth-ctrl", eth_ctrl),
	STATISTICS_OF("rmon", rmon),
	STATISTICS_OF("phydev", phydev),
};
ETHTOOL_SCHEMA(stats, "what devices count in the terms of the standards");

static int add_statistic(struct arena *arena, struct record *ret, const struct entry *told, const struct value *value)
{
	int r = 0;

	/* One that is malformed stays as it came. */
	if (value->type != VALUE_RECORD)
		return record_add(arena, ret, *told);
	for (uint32_t i = 0; r == 0 && i < value->record->count; i++)
		r = record_add(arena, ret, value->record->entries[i]);
	return r;
}

static int add_statistics(struct arena *arena, struct record *ret, const struct entry *told)
{
	const struct value *value = &told->value;
	int r = 0;

	if (value->type != VALUE_LIST)
		return add_statistic(arena, ret, told, value);
	for (uint32_t i = 0; r == 0 && i < value->list.count; i++)
		r = add_statistic(arena, ret, told, &value->list.items[i]);
	return r;
}

/* Lists of what is told beside statistics stand among them. */
static int add_to_group(struct arena *arena, struct record *group, const struct entry *told)
{
	if (told->number == ETHTOOL_A_STATS_GRP_STAT)
		return add_statistics(arena, group, told);
	if (told->name && schema_field(group->schema, told->name))
		return record_put(arena, group, told->name, told->value);
	return told->field ? 0 : record_add(arena, group, *told);
}

/* One of a number that no table has keeps the form in which it was told. */
static int mend_group(struct arena *arena, struct record *record, const struct record *told)
{
	const uint64_t number = record_number(told, "id", UINT64_MAX);
	struct record *group;
	int r = 0;

	if (number >= ARRAY_SIZE(schemas))
		return 0;
	group = record_new(arena, schemas[number]);
	if (!group)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < told->count; i++)
		r = add_to_group(arena, group, &told->entries[i]);
	if (r < 0 || group->count == 0)
		return r;
	return record_put(arena, record, schemas[number]->name, (struct value){ .type = VALUE_RECORD, .record = group });
}

static int mend(struct arena *arena, struct record *record)
{
	const struct value told = record_find(record, "group") ? *record_find(record, "group") : value_uint(0);
	const uint32_t count = told.type == VALUE_LIST ? told.list.count : 1;
	const struct value *items = told.type == VALUE_LIST ? told.list.items : &told;
	bool known = true;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		if (items[i].type != VALUE_RECORD)
			continue;
		known &= record_number(items[i].record, "id", UINT64_MAX) < ARRAY_SIZE(schemas);
		r = mend_group(arena, record, items[i].record);
	}
	if (known)
		record_drop(record, "group");
	return r < 0 ? r : ethtool_mend(arena, record);
}

/* ---- Whose they are ---- */

static bool counts(const void *data, size_t length)
{
	for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);)
		if (i.type >= ETHTOOL_A_STATS_GRP_STAT && i.type <= ETHTOOL_A_STATS_GRP_HIST_TX)
			return true;
	return false;
}

/* What counts, as MESSAGE says; none where it says nothing that was counted. Kernels before 6.4 have no halves. */
static unsigned int source_of(const struct nlmsghdr *message)
{
	const uint8_t *data = (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN);
	uint32_t source = AGGREGATE;
	bool counted = false;

	for (struct attribute_iterator i = attributes(data, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); attribute_next(&i);)
		if (i.type == STATS_SOURCE)
			(void)bitset_number(&i, &source);
		else if (i.type == ETHTOOL_A_STATS_GRP)
			counted |= counts(i.data, i.length);
	return counted ? source : UINT32_MAX;
}

static bool is_aggregate(const struct nlmsghdr *message)
{
	return source_of(message) == AGGREGATE;
}

static bool is_half(const struct nlmsghdr *message)
{
	const unsigned int source = source_of(message);

	return source != AGGREGATE && source != UINT32_MAX;
}

/* ---- Asking: which groups there are the kernel says ---- */

static void ask(struct buffer *request, const struct value *device, uint32_t source)
{
	const uint32_t count = bitset_groups.told.attribute_count, bits = count < 32 ? (UINT32_C(1) << count) - 1 : UINT32_MAX;
	size_t nest;

	ethtool_begin(request, ETHTOOL_A_STATS_HEADER, 0, device);
	nest = attribute_begin(request, ETHTOOL_A_STATS_GROUPS | NLA_F_NESTED);
	attribute_add(request, ETHTOOL_A_BITSET_NOMASK, NULL, 0);
	attribute_add(request, ETHTOOL_A_BITSET_SIZE, &count, sizeof(count));
	attribute_add(request, ETHTOOL_A_BITSET_VALUE, &bits, sizeof(bits));
	attribute_end(request, nest);
	if (source != AGGREGATE)
		attribute_add(request, STATS_SOURCE, &source, sizeof(source));
}

static void ask_aggregate(struct buffer *request, const struct value *device)
{
	ask(request, device, AGGREGATE);
}

static void ask_emac(struct buffer *request, const struct value *device)
{
	ask(request, device, EMAC);
}

static void ask_pmac(struct buffer *request, const struct value *device)
{
	ask(request, device, PMAC);
}

static int each(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		bool *ret_interrupted, struct error *error)
{
	static ethtool_request *const requests[] = { ask_aggregate, NULL };

	*ret_interrupted = false;
	bitset_load_groups(netlink);
	return bitset_groups.told.attribute_count ? ethtool_each_of(object, netlink, key, requests, function, data, ret_interrupted, error) : 0;
}

static int each_half(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		     bool *ret_interrupted, struct error *error)
{
	static ethtool_request *const both[] = { ask_emac, ask_pmac, NULL }, *const emac[] = { ask_emac, NULL }, *const pmac[] = { ask_pmac, NULL };
	const uint64_t wanted = key ? record_number(key, "src", AGGREGATE) : AGGREGATE;

	*ret_interrupted = false;
	bitset_load_groups(netlink);
	if (!bitset_groups.told.attribute_count)
		return 0;
	return ethtool_each_of(object, netlink, key, wanted == EMAC ? emac : wanted == PMAC ? pmac : both, function, data, ret_interrupted, error);
}

/* ---- Their places ---- */

static int parse_stats(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		       struct error *error)
{
	return object_parse_of_link(&schema_stats, text, naming, arena, ret, ret_rest, error);
}

static void path_of_half(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *source = record_find(record, "src");
	const char *word = names_find(&halves, source && source->type == VALUE_UINT ? source->number : UINT64_MAX);

	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	buffer_add_text(ret, word ? word : "?");
}

static int parse_half(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		      struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema_stats), error };
	int r = left.record ? object_parse_interface(&left, "dev") : -ENOMEM;

	if (r == 0)
		r = object_parse_word(&left, "src", &halves);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no half of a device: LINK/emac and LINK/pmac are, such as eth0/pmac", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

#define STATS(identifier, words, ...)                                                                                    \
	static const struct object object_##identifier = {                                                               \
		ETHTOOL_OF_LINK(identifier, schema_stats, ETHTOOL_MSG_STATS_GET, 0, ETHTOOL_MSG_STATS_GET_REPLY, words), \
		.comes_by_itself = "it is what a device has counted", .mend = mend, .untold = true, __VA_ARGS__          \
	};                                                                                                               \
	OBJECT_CHANNEL_AT(ethtool_##identifier, "netlink/ethtool/" #identifier, object_##identifier, words, "sampled")

STATS(stats, "what devices count in the terms of the standards", .path = object_path_of_link, .parse = parse_stats, .dump_each = each,
      .concerns = is_aggregate, .why_none = "there is no such link, or its driver counts nothing in these terms");
STATS(stats_src, "what the two halves of devices count that send frames in parts", .path = path_of_half, .parse = parse_half, .dump_each = each_half,
      .concerns = is_half, .why_none = "there is no such link, or it does not send frames in parts");
