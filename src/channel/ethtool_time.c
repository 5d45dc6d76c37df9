/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time stamps of frames: what a device can do, what it is set to, and its clocks. Numbers of messages and attributes stand for themselves, since few
 * headers have them. Source: Documentation/netlink/specs/ethtool.yaml of the kernel. */
#include "channel/codecs.h"
#include "channel/ethtool.h"
#include "channel/generic.h"

#define STAMPS(name, more, words)                                                                \
	{                                                                                        \
		name, FIELD_CODEC, FIELD_NESTED | (more), 0, words, .codec = &codec_bitset_named \
	}

NAMES(qualifiers, false, { 0, "precise" }, { 1, "approx" });
NAMES(sources, false, { 1, "netdev" }, { 2, "phylib" });

static const struct field fields_provider[] = {
	[1] = COUNT("index", 0, "number of its clock"), /* ETHTOOL_A_TS_HWTSTAMP_PROVIDER_INDEX */
	[2] = CHOICE_LONG("qualifier", SET, "how exact it is", qualifiers),
};
static const struct schema schema_provider = { .name = "hwtstamp_provider",
					       .attributes = fields_provider,
					       .attribute_count = ARRAY_SIZE(fields_provider) };
#define PROVIDER(more)                                                                                    \
	{                                                                                                 \
		"hwtstamp_provider", FIELD_RECORD, more, 0, "who stamps them", .schema = &schema_provider \
	}

/* ---- What is set ---- */

static const struct field fields_tsconfig[] = {
	DEVICE,
	[2] = PROVIDER(SET), /* ETHTOOL_A_TSCONFIG_HWTSTAMP_PROVIDER */
	[3] = STAMPS("tx_types", SET, "frames that are stamped when they are sent: one"),
	[4] = STAMPS("rx_filters", SET, "frames that are stamped when they are received: one"),
	[5] = STAMPS("hwtstamp_flags", SET, "how the clock is chosen"),
};
ETHTOOL_KIND_UNTOLD(tsconfig, 46, 47, "frames that a device puts a time stamp on", .mend = ethtool_mend, .get = ethtool_get,
		    .more_notices = { NETLINK_TOLD(48) }); /* ETHTOOL_MSG_TSCONFIG_SET_REPLY */

/* ---- What there is ---- */

#define STAMPED(name, words)                                                                \
	{                                                                                   \
		name, FIELD_CODEC, FIELD_VOLATILE, UNIT_FRAMES, words, .codec = &codec_uint \
	}
static const struct field fields_stamped[] = {
	[1] = STAMPED("tx_pkts", "sent with a stamp"), /* ETHTOOL_A_TS_STAT_TX_PKTS */
	[2] = STAMPED("tx_lost", "whose stamp never came"),
	[3] = STAMPED("tx_err", "that could not be stamped"),
	[4] = STAMPED("tx_onestep_pkts_unconfirmed", "that were to be stamped on their way"),
};
static const struct schema schema_stamped = { .name = "stats", .attributes = fields_stamped, .attribute_count = ARRAY_SIZE(fields_stamped) };

static const struct field fields_tsinfo[] = {
	[ETHTOOL_A_TSINFO_HEADER] = READ_DEVICE,
	[ETHTOOL_A_TSINFO_TIMESTAMPING] = STAMPS("timestamping", 0, "ways to stamp"),
	[ETHTOOL_A_TSINFO_TX_TYPES] = STAMPS("tx_types", 0, "frames that can be stamped when they are sent"),
	[ETHTOOL_A_TSINFO_RX_FILTERS] = STAMPS("rx_filters", 0, "frames that can be stamped when they are received"),
	[ETHTOOL_A_TSINFO_PHC_INDEX] = TOLD("phc_index", 0, "number of its clock: /dev/ptpN"),
	[6] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "frames", .schema = &schema_stamped },
	[7] = PROVIDER(0),
	[8] = CHOICE_LONG("hwtstamp_source", 0, "what part stamps them", sources),
	[9] = TOLD("hwtstamp_phyindex", 0, "number of the transceiver that does"),
};
ETHTOOL_READ(tsinfo, ETHTOOL_MSG_TSINFO_GET, "what a device can put a time stamp on", ETHTOOL_MSG_TSINFO_GET_REPLY);

static const struct field clock_number = { "clock", FIELD_S32, 0, 0, "number of a clock" };
static const struct field fields_phc_vclocks[] = {
	[ETHTOOL_A_PHC_VCLOCKS_HEADER] = READ_DEVICE,
	[ETHTOOL_A_PHC_VCLOCKS_NUM] = TOLD("num", 0, "how many there are"),
	[ETHTOOL_A_PHC_VCLOCKS_INDEX] = { "index", FIELD_INDEXED, 0, 0, "their numbers", .element = &clock_number },
};
ETHTOOL_READ(phc_vclocks, ETHTOOL_MSG_PHC_VCLOCKS_GET, "virtual clocks of a device", ETHTOOL_MSG_PHC_VCLOCKS_GET_REPLY);
