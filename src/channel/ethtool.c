/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ethtool reads: netlink/ethtool/rings/eth0/rx. Read only. Attributes that are newer than some headers stand by their number. Source:
 * <linux/ethtool_netlink.h>, Documentation/networking/ethtool-netlink.rst of the kernel. */
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>

#include "channel/bitset.h"
#include "channel/codecs.h"
#include "channel/generic.h"

NAMES(off_on, false, { 0, "off" }, { 1, "on" });
NAMES(duplexes, false, { DUPLEX_HALF, "half" }, { DUPLEX_FULL, "full" }, { DUPLEX_UNKNOWN, "unknown" });
NAMES(ports, false, { PORT_TP, "tp" }, { PORT_AUI, "aui" }, { PORT_MII, "mii" }, { PORT_FIBRE, "fibre" }, { PORT_BNC, "bnc" },
      { PORT_DA, "direct_attach" }, { PORT_NONE, "none" }, { PORT_OTHER, "other" });
NAMES(crossings, false, { ETH_TP_MDI_INVALID, "unknown" }, { ETH_TP_MDI, "off" }, { ETH_TP_MDI_X, "on" }, { ETH_TP_MDI_AUTO, "auto" });
NAMES(transceivers, false, { XCVR_INTERNAL, "internal" }, { XCVR_EXTERNAL, "external" });
NAMES(splits, false, { 0, "unknown" }, { 1, "off" }, { 2, "on" });

static const struct field header[] = {
	[ETHTOOL_A_HEADER_DEV_INDEX] = { "dev_index", FIELD_U32, 0, NULL, "number of the device" },
	[ETHTOOL_A_HEADER_DEV_NAME] = { "dev_name", FIELD_TEXT, 0, NULL, "name of the device" },
	[ETHTOOL_A_HEADER_FLAGS] = { "flags", FIELD_U32, FIELD_HEX, NULL, "how the request is to be answered" },
	[4] = { "phy_index", FIELD_U32, 0, NULL, "number of the transceiver" },
};
static const struct schema schema_header = { .name = "header", .attributes = header, .attribute_count = ARRAY_SIZE(header) };

#define HEADER                                                                          \
	{                                                                               \
		"header", FIELD_RECORD, 0, NULL, "the device", .schema = &schema_header \
	}
#define SET(identifier, words)                                                                                                            \
	static const struct schema schema_##identifier = {                                                                                \
		.name = #identifier, .help = words, .attributes = fields_##identifier, .attribute_count = ARRAY_SIZE(fields_##identifier) \
	}
/* A dump of all devices. */
#define READ(identifier, number, words)                                                                                                              \
	SET(identifier, words);                                                                                                                      \
	const struct operation operation_ethtool_##identifier = {                                                                                    \
		.family = "ethtool", .name = #identifier, .command = number, .help = words, .schema = &schema_##identifier, .key = "header/dev_name" \
	}
#define BITS(name, words)                                                 \
	{                                                                 \
		name, FIELD_CODEC, 0, NULL, words, .codec = &codec_bitset \
	}
#define COUNT(name, words)                      \
	{                                       \
		name, FIELD_U32, 0, NULL, words \
	}
#define USECS(name, words)                                \
	{                                                 \
		name, FIELD_U32, 0, "microseconds", words \
	}
#define ON_OFF(name, words)                                      \
	{                                                        \
		name, FIELD_U8, 0, NULL, words, .names = &off_on \
	}

static const struct field fields_rings[] = {
	[ETHTOOL_A_RINGS_HEADER] = HEADER,
	[ETHTOOL_A_RINGS_RX_MAX] = COUNT("rx_max", "the most for receiving"),
	[ETHTOOL_A_RINGS_RX_MINI_MAX] = COUNT("rx_mini_max", "the most for receiving small frames"),
	[ETHTOOL_A_RINGS_RX_JUMBO_MAX] = COUNT("rx_jumbo_max", "the most for receiving large frames"),
	[ETHTOOL_A_RINGS_TX_MAX] = COUNT("tx_max", "the most for sending"),
	[ETHTOOL_A_RINGS_RX] = COUNT("rx", "for receiving"),
	[ETHTOOL_A_RINGS_RX_MINI] = COUNT("rx_mini", "for receiving small frames"),
	[ETHTOOL_A_RINGS_RX_JUMBO] = COUNT("rx_jumbo", "for receiving large frames"),
	[ETHTOOL_A_RINGS_TX] = COUNT("tx", "for sending"),
	[ETHTOOL_A_RINGS_RX_BUF_LEN] = { "rx_buf_len", FIELD_U32, 0, "bytes", "length of a buffer for receiving" },
	[ETHTOOL_A_RINGS_TCP_DATA_SPLIT] = { "tcp_data_split", FIELD_U8, 0, NULL, "headers and data of TCP go into buffers of their own",
					     .names = &splits },
	[ETHTOOL_A_RINGS_CQE_SIZE] = { "cqe_size", FIELD_U32, 0, "bytes", "size of a completion" },
	[ETHTOOL_A_RINGS_TX_PUSH] = ON_OFF("tx_push", "the driver writes descriptors to the device"),
	[14] = ON_OFF("rx_push", "the driver writes descriptors to the device"),
	[15] = { "tx_push_buf_len", FIELD_U32, 0, "bytes", "of what is written to the device" },
	[16] = { "tx_push_buf_len_max", FIELD_U32, 0, "bytes", "the most of it" },
	[17] = { "hds_thresh", FIELD_U32, 0, "bytes", "from which length on headers are split off" },
	[18] = { "hds_thresh_max", FIELD_U32, 0, "bytes", "the most of it" },
};
READ(rings, ETHTOOL_MSG_RINGS_GET, "sizes of the rings of a device");

static const struct field fields_channels[] = {
	[ETHTOOL_A_CHANNELS_HEADER] = HEADER,
	[ETHTOOL_A_CHANNELS_RX_MAX] = COUNT("rx_max", "the most for receiving alone"),
	[ETHTOOL_A_CHANNELS_TX_MAX] = COUNT("tx_max", "the most for sending alone"),
	[ETHTOOL_A_CHANNELS_OTHER_MAX] = COUNT("other_max", "the most for other things"),
	[ETHTOOL_A_CHANNELS_COMBINED_MAX] = COUNT("combined_max", "the most for both ways"),
	[ETHTOOL_A_CHANNELS_RX_COUNT] = COUNT("rx_count", "for receiving alone"),
	[ETHTOOL_A_CHANNELS_TX_COUNT] = COUNT("tx_count", "for sending alone"),
	[ETHTOOL_A_CHANNELS_OTHER_COUNT] = COUNT("other_count", "for other things"),
	[ETHTOOL_A_CHANNELS_COMBINED_COUNT] = COUNT("combined_count", "for both ways"),
};
READ(channels, ETHTOOL_MSG_CHANNELS_GET, "how many queues a device has");

static const struct field fields_coalesce[] = {
	[ETHTOOL_A_COALESCE_HEADER] = HEADER,
	[ETHTOOL_A_COALESCE_RX_USECS] = USECS("rx_usecs", "from a frame received to the interrupt"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES] = COUNT("rx_max_frames", "frames received before an interrupt"),
	[ETHTOOL_A_COALESCE_RX_USECS_IRQ] = USECS("rx_usecs_irq", "the same while one is handled"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES_IRQ] = COUNT("rx_max_frames_irq", "the same while one is handled"),
	[ETHTOOL_A_COALESCE_TX_USECS] = USECS("tx_usecs", "from a frame sent to the interrupt"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES] = COUNT("tx_max_frames", "frames sent before an interrupt"),
	[ETHTOOL_A_COALESCE_TX_USECS_IRQ] = USECS("tx_usecs_irq", "the same while one is handled"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES_IRQ] = COUNT("tx_max_frames_irq", "the same while one is handled"),
	[ETHTOOL_A_COALESCE_STATS_BLOCK_USECS] = USECS("stats_block_usecs", "between two updates of the statistics"),
	[ETHTOOL_A_COALESCE_USE_ADAPTIVE_RX] = ON_OFF("use_adaptive_rx", "adapts itself, for receiving"),
	[ETHTOOL_A_COALESCE_USE_ADAPTIVE_TX] = ON_OFF("use_adaptive_tx", "adapts itself, for sending"),
	[ETHTOOL_A_COALESCE_PKT_RATE_LOW] = { "pkt_rate_low", FIELD_U32, 0, "packets a second", "what counts as a low rate" },
	[ETHTOOL_A_COALESCE_RX_USECS_LOW] = USECS("rx_usecs_low", "at a low rate"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES_LOW] = COUNT("rx_max_frames_low", "at a low rate"),
	[ETHTOOL_A_COALESCE_TX_USECS_LOW] = USECS("tx_usecs_low", "at a low rate"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES_LOW] = COUNT("tx_max_frames_low", "at a low rate"),
	[ETHTOOL_A_COALESCE_PKT_RATE_HIGH] = { "pkt_rate_high", FIELD_U32, 0, "packets a second", "what counts as a high rate" },
	[ETHTOOL_A_COALESCE_RX_USECS_HIGH] = USECS("rx_usecs_high", "at a high rate"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES_HIGH] = COUNT("rx_max_frames_high", "at a high rate"),
	[ETHTOOL_A_COALESCE_TX_USECS_HIGH] = USECS("tx_usecs_high", "at a high rate"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES_HIGH] = COUNT("tx_max_frames_high", "at a high rate"),
	[ETHTOOL_A_COALESCE_RATE_SAMPLE_INTERVAL] = { "rate_sample_interval", FIELD_U32, 0, "seconds", "between two looks at the rate" },
	[ETHTOOL_A_COALESCE_USE_CQE_MODE_TX] = ON_OFF("use_cqe_mode_tx", "the timer begins anew with each completion, for sending"),
	[ETHTOOL_A_COALESCE_USE_CQE_MODE_RX] = ON_OFF("use_cqe_mode_rx", "the same for receiving"),
	[26] = { "tx_aggr_max_bytes", FIELD_U32, 0, "bytes", "the most that are sent as one" },
	[27] = COUNT("tx_aggr_max_frames", "frames that are sent as one"),
	[28] = USECS("tx_aggr_time_usecs", "until what is gathered is sent"),
};
READ(coalesce, ETHTOOL_MSG_COALESCE_GET, "when a device interrupts");

static const struct field fields_pause_stats[] = {
	[ETHTOOL_A_PAUSE_STAT_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_PAUSE_STAT_TX_FRAMES] = { "tx_frames", FIELD_U64, FIELD_VOLATILE, "frames", "pause frames sent" },
	[ETHTOOL_A_PAUSE_STAT_RX_FRAMES] = { "rx_frames", FIELD_U64, FIELD_VOLATILE, "frames", "pause frames received" },
};
SET(pause_stats, "pause frames");

static const struct field fields_pause[] = {
	[ETHTOOL_A_PAUSE_HEADER] = HEADER,
	[ETHTOOL_A_PAUSE_AUTONEG] = ON_OFF("autoneg", "agreed with the other end"),
	[ETHTOOL_A_PAUSE_RX] = ON_OFF("rx", "pauses when it is told to"),
	[ETHTOOL_A_PAUSE_TX] = ON_OFF("tx", "tells the other end to pause"),
	[ETHTOOL_A_PAUSE_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, NULL, "pause frames", .schema = &schema_pause_stats },
	[6] = COUNT("stats_src", "whose counters these are"),
};
READ(pause, ETHTOOL_MSG_PAUSE_GET, "flow control of a device");

static const struct field fields_features[] = {
	[ETHTOOL_A_FEATURES_HEADER] = HEADER,
	[ETHTOOL_A_FEATURES_HW] = BITS("hw", "can be switched"),
	[ETHTOOL_A_FEATURES_WANTED] = BITS("wanted", "are wanted"),
	[ETHTOOL_A_FEATURES_ACTIVE] = BITS("active", "are in use"),
	[ETHTOOL_A_FEATURES_NOCHANGE] = BITS("nochange", "never change"),
};
READ(features, ETHTOOL_MSG_FEATURES_GET, "what a device does for the kernel");

static const struct field fields_linkinfo[] = {
	[ETHTOOL_A_LINKINFO_HEADER] = HEADER,
	[ETHTOOL_A_LINKINFO_PORT] = { "port", FIELD_U8, 0, NULL, "kind of port", .names = &ports },
	[ETHTOOL_A_LINKINFO_PHYADDR] = { "phyaddr", FIELD_U8, 0, NULL, "address of the transceiver" },
	[ETHTOOL_A_LINKINFO_TP_MDIX] = { "tp_mdix", FIELD_U8, 0, NULL, "whether the pairs are crossed", .names = &crossings },
	[ETHTOOL_A_LINKINFO_TP_MDIX_CTRL] = { "tp_mdix_ctrl", FIELD_U8, 0, NULL, "whether they are to be", .names = &crossings },
	[ETHTOOL_A_LINKINFO_TRANSCEIVER] = { "transceiver", FIELD_U8, 0, NULL, "where the transceiver is", .names = &transceivers },
};
READ(linkinfo, ETHTOOL_MSG_LINKINFO_GET, "how a device is connected");

static const struct field fields_linkmodes[] = {
	[ETHTOOL_A_LINKMODES_HEADER] = HEADER,
	[ETHTOOL_A_LINKMODES_AUTONEG] = ON_OFF("autoneg", "agreed with the other end"),
	[ETHTOOL_A_LINKMODES_OURS] = BITS("ours", "modes that it can do: advertised (on) and not (off)"),
	[ETHTOOL_A_LINKMODES_PEER] = BITS("peer", "modes that the other end advertises"),
	[ETHTOOL_A_LINKMODES_SPEED] = { "speed", FIELD_U32, 0, "Mbit/s", "rate; 4294967295 is unknown" },
	[ETHTOOL_A_LINKMODES_DUPLEX] = { "duplex", FIELD_U8, 0, NULL, "one way at a time, or both", .names = &duplexes },
	[ETHTOOL_A_LINKMODES_MASTER_SLAVE_CFG] = { "master_slave_cfg", FIELD_U8, 0, NULL, "which end is to give the clock" },
	[ETHTOOL_A_LINKMODES_MASTER_SLAVE_STATE] = { "master_slave_state", FIELD_U8, 0, NULL, "which end gives the clock" },
	[ETHTOOL_A_LINKMODES_LANES] = COUNT("lanes", "lanes in use"),
	[ETHTOOL_A_LINKMODES_RATE_MATCHING] = { "rate_matching", FIELD_U8, 0, NULL, "how two rates are made to fit" },
};
READ(linkmodes, ETHTOOL_MSG_LINKMODES_GET, "modes of the link of a device");

static const struct field fields_linkstate[] = {
	[ETHTOOL_A_LINKSTATE_HEADER] = HEADER,
	[ETHTOOL_A_LINKSTATE_LINK] = { "link", FIELD_BOOL, FIELD_VOLATILE, NULL, "whether it is there" },
	[ETHTOOL_A_LINKSTATE_SQI] = COUNT("sqi", "quality of the signal"),
	[ETHTOOL_A_LINKSTATE_SQI_MAX] = COUNT("sqi_max", "the best that there is"),
	[ETHTOOL_A_LINKSTATE_EXT_STATE] = { "ext_state", FIELD_U8, 0, NULL, "why it is not there" },
	[ETHTOOL_A_LINKSTATE_EXT_SUBSTATE] = { "ext_substate", FIELD_U8, 0, NULL, "the same in detail" },
	[7] = COUNT("ext_down_cnt", "how often it went"),
};
READ(linkstate, ETHTOOL_MSG_LINKSTATE_GET, "state of the link of a device");

static const struct field fields_debug[] = {
	[ETHTOOL_A_DEBUG_HEADER] = HEADER,
	[ETHTOOL_A_DEBUG_MSGMASK] = BITS("msgmask", "kinds of messages"),
};
READ(debug, ETHTOOL_MSG_DEBUG_GET, "what the driver of a device logs");

static const struct field fields_wol[] = {
	[ETHTOOL_A_WOL_HEADER] = HEADER,
	[ETHTOOL_A_WOL_MODES] = BITS("modes", "what can: armed (on) and not (off)"),
	[ETHTOOL_A_WOL_SOPASS] = { "sopass", FIELD_BYTES, FIELD_SECRET, NULL, "password that wakes it" },
};
READ(wol, ETHTOOL_MSG_WOL_GET, "what wakes the machine by a device");

static const struct field fields_eee[] = {
	[ETHTOOL_A_EEE_HEADER] = HEADER,
	[ETHTOOL_A_EEE_MODES_OURS] = BITS("modes_ours", "modes that it can do: advertised (on) and not (off)"),
	[ETHTOOL_A_EEE_MODES_PEER] = BITS("modes_peer", "modes that the other end advertises"),
	[ETHTOOL_A_EEE_ACTIVE] = ON_OFF("active", "in use"),
	[ETHTOOL_A_EEE_ENABLED] = ON_OFF("enabled", "wanted"),
	[ETHTOOL_A_EEE_TX_LPI_ENABLED] = ON_OFF("tx_lpi_enabled", "the sender rests"),
	[ETHTOOL_A_EEE_TX_LPI_TIMER] = USECS("tx_lpi_timer", "without a frame until it rests"),
};
READ(eee, ETHTOOL_MSG_EEE_GET, "energy efficient Ethernet of a device");
