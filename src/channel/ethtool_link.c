/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device does for the kernel, and its link: features, modes, what wakes the machine, and what its driver logs. */
#include <errno.h>
#include <string.h>

#include "channel/codecs.h"
#include "channel/ethtool.h"

NAMES(duplexes, false, { DUPLEX_HALF, "half" }, { DUPLEX_FULL, "full" }, { DUPLEX_UNKNOWN, "unknown" });
NAMES(ports, false, { PORT_TP, "tp" }, { PORT_AUI, "aui" }, { PORT_MII, "mii" }, { PORT_FIBRE, "fibre" }, { PORT_BNC, "bnc" },
      { PORT_DA, "direct_attach" }, { PORT_NONE, "none" }, { PORT_OTHER, "other" });
NAMES(crossings, false, { ETH_TP_MDI_INVALID, "unknown" }, { ETH_TP_MDI, "off" }, { ETH_TP_MDI_X, "on" }, { ETH_TP_MDI_AUTO, "auto" });
NAMES(transceivers, false, { XCVR_INTERNAL, "internal" }, { XCVR_EXTERNAL, "external" });
NAMES(speeds, false, { 0xffffffff, "unknown" });
NAMES(clocks, false, { 1, "unknown" }, { 2, "preferred_master" }, { 3, "preferred_slave" }, { 4, "forced_master" }, { 5, "forced_slave" });
NAMES(clock_states, false, { 1, "unknown" }, { 2, "master" }, { 3, "slave" }, { 4, "error" });
NAMES(rate_matchings, false, { 0, "none" }, { 1, "pause" }, { 2, "crs" }, { 3, "open_loop" });
NAMES(power_policies, false, { 1, "high" }, { 2, "auto" });
NAMES(power_modes, false, { 1, "low" }, { 2, "high" });

/* ---- Features ---- */

static const struct field fields_features[] = {
	DEVICE,
	[ETHTOOL_A_FEATURES_HW] = BITS_ON("hw", features, 0, "can be switched"),
	[ETHTOOL_A_FEATURES_WANTED] = BITS("wanted", features, "asked for, of those that can be switched"),
	[ETHTOOL_A_FEATURES_ACTIVE] = BITS_TOLD("active", features, FIELD_STATE, "in use, of those that can be switched or are"),
	[ETHTOOL_A_FEATURES_NOCHANGE] = BITS_ON("nochange", features, 0, "never change"),
};

static bool has(const struct record *record, const char *name, const char *word)
{
	const struct value *list = record_find(record, name);

	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++)
		if (list->list.items[i].type == VALUE_TEXT && strcmp(list->list.items[i].bytes.data, word) == 0)
			return true;
	return false;
}

/* A feature that can neither be switched nor is in use is none of the device. */
static int mend_features(struct arena *arena, struct record *record)
{
	struct record *wanted = record_inside(record, "wanted"), *active = record_inside(record, "active");
	bool told = record_find(record, "hw");

	for (uint32_t i = wanted && told ? wanted->count : 0; i-- > 0;)
		if (!has(record, "hw", wanted->entries[i].name) || has(record, "nochange", wanted->entries[i].name))
			record_drop_entry(wanted, &wanted->entries[i]);
	for (uint32_t i = active && told ? active->count : 0; i-- > 0;)
		if (active->entries[i].value.number == 0 && !has(record, "hw", active->entries[i].name))
			record_drop_entry(active, &active->entries[i]);
	return ethtool_mend(arena, record);
}

/* What one feature needs of others, or of the driver, the kernel sees to. */
static void remark_features(const struct record *given, const struct record *present, struct buffer *ret)
{
	const struct record *wanted = record_inside(given, "wanted"), *active = record_inside(present, "active");

	for (uint32_t i = 0; wanted && active && i < wanted->count; i++) {
		const struct entry *entry = &wanted->entries[i];
		const uint64_t now = record_number(active, entry->name, 0);

		if (entry->value.type != VALUE_UINT || entry->value.number == now)
			continue;
		buffer_printf(ret, "%s%s is %s all the same", ret->length ? ", " : "", entry->name, now ? "on" : "off");
	}
	if (ret->length)
		buffer_add_text(ret, ": it depends on another feature, or on the driver");
}

ETHTOOL_KIND_OF(features, ETHTOOL_MSG_FEATURES_GET, ETHTOOL_MSG_FEATURES_SET, ETHTOOL_MSG_FEATURES_GET_REPLY, ETHTOOL_MSG_FEATURES_NTF,
		"what a device does for the kernel", .mend = mend_features, .remark = remark_features, .get = ethtool_get,
		.more_notices = { NETLINK_TOLD(ETHTOOL_MSG_FEATURES_SET_REPLY) });

/* ---- The link ---- */

static const struct field fields_linkinfo[] = {
	DEVICE,
	[ETHTOOL_A_LINKINFO_PORT] = CHOICE("port", SET, "kind of port", ports),
	[ETHTOOL_A_LINKINFO_PHYADDR] = { "phyaddr", FIELD_U8, SET, 0, "address of the transceiver" },
	[ETHTOOL_A_LINKINFO_TP_MDIX] = CHOICE("tp_mdix", FIELD_STATE, "whether the pairs are crossed", crossings),
	[ETHTOOL_A_LINKINFO_TP_MDIX_CTRL] = CHOICE("tp_mdix_ctrl", SET, "whether they are to be", crossings),
	[ETHTOOL_A_LINKINFO_TRANSCEIVER] = CHOICE("transceiver", 0, "where the transceiver is", transceivers),
};
ETHTOOL_KIND(linkinfo, ETHTOOL_MSG_LINKINFO_GET, ETHTOOL_MSG_LINKINFO_GET_REPLY, "how a device is connected");

static const struct field fields_linkmodes[] = {
	DEVICE,
	[ETHTOOL_A_LINKMODES_AUTONEG] = ON_OFF("autoneg", "agreed with the other end"),
	[ETHTOOL_A_LINKMODES_OURS] = BITS("ours", link_modes, "modes that it can do: advertised or not"),
	[ETHTOOL_A_LINKMODES_PEER] = BITS_ON("peer", link_modes, FIELD_STATE, "modes that the other end advertises"),
	[ETHTOOL_A_LINKMODES_SPEED] = { "speed", FIELD_U32, SET, UNIT_MEGABITS_A_SECOND, "rate", .names = &speeds },
	[ETHTOOL_A_LINKMODES_DUPLEX] = CHOICE("duplex", SET, "one way at a time, or both", duplexes),
	[ETHTOOL_A_LINKMODES_MASTER_SLAVE_CFG] = CHOICE("master_slave_cfg", SET, "which end is to give the clock", clocks),
	[ETHTOOL_A_LINKMODES_MASTER_SLAVE_STATE] = CHOICE("master_slave_state", FIELD_STATE, "which end gives the clock", clock_states),
	[ETHTOOL_A_LINKMODES_LANES] = COUNT("lanes", 0, "lanes in use"),
	[ETHTOOL_A_LINKMODES_RATE_MATCHING] = CHOICE("rate_matching", 0, "how two rates are made to fit", rate_matchings),
};
/* What both ends have agreed on is no setting. */
static const struct field agreed[] = {
	{ "speed", FIELD_U32, FIELD_STATE, UNIT_MEGABITS_A_SECOND, "rate", .names = &speeds },
	CHOICE("duplex", FIELD_STATE, "one way at a time, or both", duplexes),
	{ "lanes", FIELD_U32, FIELD_STATE, 0, "lanes in use" },
};

static int mend_linkmodes(struct arena *arena, struct record *record)
{
	for (size_t i = 0; record_number(record, "autoneg", 0) && i < ARRAY_SIZE(agreed); i++) {
		struct entry *entry = record_at(record, agreed[i].name);

		if (entry)
			entry->field = &agreed[i];
	}
	return ethtool_mend(arena, record);
}

ETHTOOL_KIND_OF(linkmodes, ETHTOOL_MSG_LINKMODES_GET, ETHTOOL_MSG_LINKMODES_SET, ETHTOOL_MSG_LINKMODES_GET_REPLY, ETHTOOL_MSG_LINKMODES_NTF,
		"modes of the link of a device", .mend = mend_linkmodes, .get = ethtool_get);

/* Of the device as a whole, then of each lane. */
static const struct field fec_count = { "count", FIELD_U64, FIELD_VOLATILE, 0, "count" };
#define FEC_COUNTS(name, words)                                                      \
	{                                                                            \
		name, FIELD_INDEXED, FIELD_VOLATILE, 0, words, .element = &fec_count \
	}
static const struct field fields_fec_bin[] = {
	[1] = { "pad", FIELD_PAD }, /* ETHTOOL_A_FEC_HIST_PAD */
	[2] = { "low", FIELD_U32, FIELD_VOLATILE, 0, "from so many errors in a block" },
	[3] = { "high", FIELD_U32, FIELD_VOLATILE, 0, "to so many" },
	[4] = { "blocks", FIELD_CODEC, FIELD_VOLATILE, 0, "blocks that had them", .codec = &codec_uint },
	[5] = FEC_COUNTS("blocks_of_lanes", "the same of each lane"),
};
static const struct schema schema_fec_bin = { .name = "bin", .attributes = fields_fec_bin, .attribute_count = ARRAY_SIZE(fields_fec_bin) };
static const struct field fields_fec_stats[] = {
	[ETHTOOL_A_FEC_STAT_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_FEC_STAT_CORRECTED] = FEC_COUNTS("corrected", "blocks mended: all, and of each lane"),
	[ETHTOOL_A_FEC_STAT_UNCORR] = FEC_COUNTS("uncorr", "blocks lost: all, and of each lane"),
	[ETHTOOL_A_FEC_STAT_CORR_BITS] = FEC_COUNTS("corr_bits", "bits mended: all, and of each lane"),
	[5] = { "hist", FIELD_RECORD, FIELD_VOLATILE | FIELD_MANY, 0, "blocks by their errors", .schema = &schema_fec_bin },
};
static const struct schema schema_fec_stats = { .name = "fec_stats",
						.attributes = fields_fec_stats,
						.attribute_count = ARRAY_SIZE(fields_fec_stats) };
static const struct field fields_fec[] = {
	DEVICE,
	[ETHTOOL_A_FEC_MODES] = BITS_ON("modes", link_modes, SET, "ways that may be used"),
	[ETHTOOL_A_FEC_AUTO] = ON_OFF("auto", "the device chooses"),
	[ETHTOOL_A_FEC_ACTIVE] = { "active", FIELD_U32, FIELD_STATE, 0, "number of the way in use among link modes" },
	[ETHTOOL_A_FEC_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "errors mended", .schema = &schema_fec_stats },
};
ETHTOOL_KIND_COUNTED(fec, ETHTOOL_MSG_FEC_GET, ETHTOOL_MSG_FEC_GET_REPLY, "forward error correction of a device");

static const struct field fields_eee[] = {
	DEVICE,
	[ETHTOOL_A_EEE_MODES_OURS] = BITS("modes_ours", link_modes, "modes that it can do: advertised or not"),
	[ETHTOOL_A_EEE_MODES_PEER] = BITS_ON("modes_peer", link_modes, FIELD_STATE, "modes that the other end advertises"),
	[ETHTOOL_A_EEE_ACTIVE] = CHOICE("active", FIELD_STATE, "in use", words_ethtool_off_on),
	[ETHTOOL_A_EEE_ENABLED] = ON_OFF("enabled", "wanted"),
	[ETHTOOL_A_EEE_TX_LPI_ENABLED] = ON_OFF("tx_lpi_enabled", "the sender rests"),
	[ETHTOOL_A_EEE_TX_LPI_TIMER] = USECS("tx_lpi_timer", "without a frame until it rests"),
};
ETHTOOL_KIND(eee, ETHTOOL_MSG_EEE_GET, ETHTOOL_MSG_EEE_GET_REPLY, "energy efficient Ethernet of a device");

static const struct field fields_module[] = {
	DEVICE,
	[ETHTOOL_A_MODULE_POWER_MODE_POLICY] = CHOICE("power_mode_policy", SET, "power that it is to take", power_policies),
	[ETHTOOL_A_MODULE_POWER_MODE] = CHOICE("power_mode", FIELD_STATE, "power that it takes", power_modes),
};
ETHTOOL_KIND(module, 34, 35, "the pluggable module of a device");

/* ---- The device ---- */

static const struct field fields_debug[] = {
	DEVICE,
	[ETHTOOL_A_DEBUG_MSGMASK] = BITS("msgmask", messages, "kinds of messages"),
};
ETHTOOL_KIND(debug, ETHTOOL_MSG_DEBUG_GET, ETHTOOL_MSG_DEBUG_GET_REPLY, "what the driver of a device logs");

static const struct field fields_wol[] = {
	DEVICE,
	[ETHTOOL_A_WOL_MODES] = BITS("modes", wake, "ways that it can do: armed or not"),
	[ETHTOOL_A_WOL_SOPASS] = { "sopass", FIELD_BYTES, SET | FIELD_SECRET, 0, "password that wakes it" },
};
ETHTOOL_KIND_OF(wol, ETHTOOL_MSG_WOL_GET, ETHTOOL_MSG_WOL_SET, ETHTOOL_MSG_WOL_GET_REPLY, ETHTOOL_MSG_WOL_NTF, "what wakes the machine by a device",
		.mend = ethtool_mend, .get = ethtool_get, .has_secrets = true);

/* A notice tells the flags by their numbers, which mean something with this device alone. */
static const struct field fields_privflags[] = {
	DEVICE,
	[ETHTOOL_A_PRIVFLAGS_FLAGS] = { "flags", FIELD_CODEC, SET | FIELD_NESTED, 0, "flags of the driver's own", .schema = &schema_bitset_private,
					.codec = &codec_bitset_private },
};
ETHTOOL_KIND(privflags, ETHTOOL_MSG_PRIVFLAGS_GET, ETHTOOL_MSG_PRIVFLAGS_GET_REPLY, "flags of a driver's own");
