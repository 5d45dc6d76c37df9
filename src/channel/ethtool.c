/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes and times of a device: rings, channels, coalescing, flow control; and the state of its link, which is read alone. */
#include "channel/ethtool.h"
#include "channel/generic.h"

NAMES(counters_of, false, { 0, "aggregate" }, { 1, "emac" }, { 2, "pmac" });
NAMES(reasons, false, { 0, "autoneg" }, { 1, "link_training_failure" }, { 2, "link_logical_mismatch" }, { 3, "bad_signal_integrity" },
      { 4, "no_cable" }, { 5, "cable_issue" }, { 6, "eeprom_issue" }, { 7, "calibration_failure" }, { 8, "power_budget_exceeded" }, { 9, "overheat" },
      { 10, "module" });
NAMES(splits, false, { 0, "unknown" }, { 1, "off" }, { 2, "on" });

static const struct field fields_rings[] = {
	DEVICE,
	[ETHTOOL_A_RINGS_RX_MAX] = TOLD("rx_max", 0, "the most for receiving"),
	[ETHTOOL_A_RINGS_RX_MINI_MAX] = TOLD("rx_mini_max", 0, "the most for receiving small frames"),
	[ETHTOOL_A_RINGS_RX_JUMBO_MAX] = TOLD("rx_jumbo_max", 0, "the most for receiving large frames"),
	[ETHTOOL_A_RINGS_TX_MAX] = TOLD("tx_max", 0, "the most for sending"),
	[ETHTOOL_A_RINGS_RX] = COUNT("rx", 0, "for receiving"),
	[ETHTOOL_A_RINGS_RX_MINI] = COUNT("rx_mini", 0, "for receiving small frames"),
	[ETHTOOL_A_RINGS_RX_JUMBO] = COUNT("rx_jumbo", 0, "for receiving large frames"),
	[ETHTOOL_A_RINGS_TX] = COUNT("tx", 0, "for sending"),
	[ETHTOOL_A_RINGS_RX_BUF_LEN] = { "rx_buf_len", FIELD_U32, SET, UNIT_BYTES, "length of a buffer for receiving" },
	[ETHTOOL_A_RINGS_TCP_DATA_SPLIT] = { "tcp_data_split", FIELD_U8, SET, 0, "headers and data of TCP go into buffers of their own",
					     .names = &splits },
	[ETHTOOL_A_RINGS_CQE_SIZE] = { "cqe_size", FIELD_U32, SET, UNIT_BYTES, "size of a completion" },
	[ETHTOOL_A_RINGS_TX_PUSH] = ON_OFF("tx_push", "the driver writes descriptors to the device"),
	[14] = ON_OFF("rx_push", "the driver writes descriptors to the device"),
	[15] = { "tx_push_buf_len", FIELD_U32, SET, UNIT_BYTES, "of what is written to the device" },
	[16] = { "tx_push_buf_len_max", FIELD_U32, 0, UNIT_BYTES, "the most of it" },
	[17] = { "hds_thresh", FIELD_U32, SET, UNIT_BYTES, "from which length on headers are split off" },
	[18] = { "hds_thresh_max", FIELD_U32, 0, UNIT_BYTES, "the most of it" },
};
ETHTOOL_KIND(rings, ETHTOOL_MSG_RINGS_GET, ETHTOOL_MSG_RINGS_GET_REPLY, "sizes of the rings of a device");

static const struct field fields_channels[] = {
	DEVICE,
	[ETHTOOL_A_CHANNELS_RX_MAX] = TOLD("rx_max", 0, "the most for receiving alone"),
	[ETHTOOL_A_CHANNELS_TX_MAX] = TOLD("tx_max", 0, "the most for sending alone"),
	[ETHTOOL_A_CHANNELS_OTHER_MAX] = TOLD("other_max", 0, "the most for other things"),
	[ETHTOOL_A_CHANNELS_COMBINED_MAX] = TOLD("combined_max", 0, "the most for both ways"),
	[ETHTOOL_A_CHANNELS_RX_COUNT] = COUNT("rx_count", 0, "for receiving alone"),
	[ETHTOOL_A_CHANNELS_TX_COUNT] = COUNT("tx_count", 0, "for sending alone"),
	[ETHTOOL_A_CHANNELS_OTHER_COUNT] = COUNT("other_count", 0, "for other things"),
	[ETHTOOL_A_CHANNELS_COMBINED_COUNT] = COUNT("combined_count", 0, "for both ways"),
};
ETHTOOL_KIND(channels, ETHTOOL_MSG_CHANNELS_GET, ETHTOOL_MSG_CHANNELS_GET_REPLY, "how many queues a device has");

static const struct field fields_moderation[] = {
	[1] = USECS("usec", "until an interrupt"), /* ETHTOOL_A_IRQ_MODERATION_USEC */
	[2] = COUNT("pkts", 0, "packets before an interrupt"),
	[3] = COUNT("comps", 0, "completions before an interrupt"),
};
static const struct schema schema_moderation = { .name = "irq_moderation",
						 .attributes = fields_moderation,
						 .attribute_count = ARRAY_SIZE(fields_moderation) };
static const struct field moderation = { "irq_moderation", FIELD_RECORD, SET, 1, "a step", .schema = &schema_moderation };
#define PROFILE(name, words)                                            \
	{                                                               \
		name, FIELD_LIST, SET, 0, words, .element = &moderation \
	}

static const struct field fields_coalesce[] = {
	DEVICE,
	[ETHTOOL_A_COALESCE_RX_USECS] = USECS("rx_usecs", "from a frame received to the interrupt"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES] = COUNT("rx_max_frames", 0, "frames received before an interrupt"),
	[ETHTOOL_A_COALESCE_RX_USECS_IRQ] = USECS("rx_usecs_irq", "the same while one is handled"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES_IRQ] = COUNT("rx_max_frames_irq", 0, "the same while one is handled"),
	[ETHTOOL_A_COALESCE_TX_USECS] = USECS("tx_usecs", "from a frame sent to the interrupt"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES] = COUNT("tx_max_frames", 0, "frames sent before an interrupt"),
	[ETHTOOL_A_COALESCE_TX_USECS_IRQ] = USECS("tx_usecs_irq", "the same while one is handled"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES_IRQ] = COUNT("tx_max_frames_irq", 0, "the same while one is handled"),
	[ETHTOOL_A_COALESCE_STATS_BLOCK_USECS] = USECS("stats_block_usecs", "between two updates of the statistics"),
	[ETHTOOL_A_COALESCE_USE_ADAPTIVE_RX] = ON_OFF("use_adaptive_rx", "adapts itself, for receiving"),
	[ETHTOOL_A_COALESCE_USE_ADAPTIVE_TX] = ON_OFF("use_adaptive_tx", "adapts itself, for sending"),
	[ETHTOOL_A_COALESCE_PKT_RATE_LOW] = { "pkt_rate_low", FIELD_U32, SET, UNIT_PACKETS_A_SECOND, "what counts as a low rate" },
	[ETHTOOL_A_COALESCE_RX_USECS_LOW] = USECS("rx_usecs_low", "at a low rate"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES_LOW] = COUNT("rx_max_frames_low", 0, "at a low rate"),
	[ETHTOOL_A_COALESCE_TX_USECS_LOW] = USECS("tx_usecs_low", "at a low rate"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES_LOW] = COUNT("tx_max_frames_low", 0, "at a low rate"),
	[ETHTOOL_A_COALESCE_PKT_RATE_HIGH] = { "pkt_rate_high", FIELD_U32, SET, UNIT_PACKETS_A_SECOND, "what counts as a high rate" },
	[ETHTOOL_A_COALESCE_RX_USECS_HIGH] = USECS("rx_usecs_high", "at a high rate"),
	[ETHTOOL_A_COALESCE_RX_MAX_FRAMES_HIGH] = COUNT("rx_max_frames_high", 0, "at a high rate"),
	[ETHTOOL_A_COALESCE_TX_USECS_HIGH] = USECS("tx_usecs_high", "at a high rate"),
	[ETHTOOL_A_COALESCE_TX_MAX_FRAMES_HIGH] = COUNT("tx_max_frames_high", 0, "at a high rate"),
	[ETHTOOL_A_COALESCE_RATE_SAMPLE_INTERVAL] = { "rate_sample_interval", FIELD_U32, SET, UNIT_SECONDS, "between two looks at the rate" },
	[ETHTOOL_A_COALESCE_USE_CQE_MODE_TX] = ON_OFF("use_cqe_mode_tx", "the timer begins anew with each completion, for sending"),
	[ETHTOOL_A_COALESCE_USE_CQE_MODE_RX] = ON_OFF("use_cqe_mode_rx", "the same for receiving"),
	[26] = { "tx_aggr_max_bytes", FIELD_U32, SET, UNIT_BYTES, "the most that are sent as one" },
	[27] = COUNT("tx_aggr_max_frames", 0, "frames that are sent as one"),
	[28] = USECS("tx_aggr_time_usecs", "until what is gathered is sent"),
	[29] = PROFILE("rx_profile", "what it adapts itself by, for receiving"),
	[30] = PROFILE("tx_profile", "what it adapts itself by, for sending"),
};
ETHTOOL_KIND(coalesce, ETHTOOL_MSG_COALESCE_GET, ETHTOOL_MSG_COALESCE_GET_REPLY, "when a device interrupts");

static const struct field fields_pause_stats[] = {
	[ETHTOOL_A_PAUSE_STAT_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_PAUSE_STAT_TX_FRAMES] = COUNTED("tx_frames", UNIT_FRAMES, "pause frames sent"),
	[ETHTOOL_A_PAUSE_STAT_RX_FRAMES] = COUNTED("rx_frames", UNIT_FRAMES, "pause frames received"),
	[4] = COUNTED("tx_pause_storm_events", 0, "times that too many were sent"),
};
static const struct schema schema_pause_stats = {
	.name = "pause_stats", .help = "pause frames", .attributes = fields_pause_stats, .attribute_count = ARRAY_SIZE(fields_pause_stats)
};

static const struct field fields_pause[] = {
	DEVICE,
	[ETHTOOL_A_PAUSE_AUTONEG] = ON_OFF("autoneg", "agreed with the other end"),
	[ETHTOOL_A_PAUSE_RX] = ON_OFF("rx", "pauses when it is told to"),
	[ETHTOOL_A_PAUSE_TX] = ON_OFF("tx", "tells the other end to pause"),
	[ETHTOOL_A_PAUSE_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "pause frames", .schema = &schema_pause_stats },
	[6] = CHOICE_LONG("stats_src", 0, "whose counters these are", counters_of),
};
ETHTOOL_KIND_COUNTED(pause, ETHTOOL_MSG_PAUSE_GET, ETHTOOL_MSG_PAUSE_GET_REPLY, "flow control of a device");

/* ---- Read alone ---- */

static const struct field fields_linkstate[] = {
	[ETHTOOL_A_LINKSTATE_HEADER] = READ_DEVICE,
	[ETHTOOL_A_LINKSTATE_LINK] = { "link", FIELD_BOOL, FIELD_VOLATILE, 0, "whether it is there" },
	[ETHTOOL_A_LINKSTATE_SQI] = TOLD("sqi", 0, "quality of the signal"),
	[ETHTOOL_A_LINKSTATE_SQI_MAX] = TOLD("sqi_max", 0, "the best that there is"),
	[ETHTOOL_A_LINKSTATE_EXT_STATE] = CHOICE("ext_state", 0, "why it is not there", reasons),
	[ETHTOOL_A_LINKSTATE_EXT_SUBSTATE] = { "ext_substate", FIELD_U8, 0, 0, "the same in detail" },
	[7] = TOLD("ext_down_cnt", 0, "how often it went"),
};
ETHTOOL_READ(linkstate, ETHTOOL_MSG_LINKSTATE_GET, "state of the link of a device", ETHTOOL_MSG_LINKSTATE_GET_REPLY);

NAMES(tunnels, false, { 0, "vxlan" }, { 1, "geneve" }, { 2, "vxlan_gpe" });

static const struct field fields_tunnel_entry[] = {
	[ETHTOOL_A_TUNNEL_UDP_ENTRY_PORT] = { "port", FIELD_BE16, 0, 0, "port of UDP" },
	[ETHTOOL_A_TUNNEL_UDP_ENTRY_TYPE] = CHOICE_LONG("type", 0, "what comes through it", tunnels),
};
static const struct schema schema_tunnel_entry = { .name = "entry",
						   .attributes = fields_tunnel_entry,
						   .attribute_count = ARRAY_SIZE(fields_tunnel_entry) };
static const struct field fields_tunnel_table[] = {
	[ETHTOOL_A_TUNNEL_UDP_TABLE_SIZE] = TOLD("size", UNIT_ENTRIES, "that it has room for"),
	[ETHTOOL_A_TUNNEL_UDP_TABLE_TYPES] = { "types", FIELD_CODEC, 0, 0, "what it is for", .codec = &codec_bitset_named },
	[ETHTOOL_A_TUNNEL_UDP_TABLE_ENTRY] = { "entry", FIELD_RECORD, FIELD_MANY, 0, "ports that are in it", .schema = &schema_tunnel_entry },
};
static const struct schema schema_tunnel_table = { .name = "table",
						   .attributes = fields_tunnel_table,
						   .attribute_count = ARRAY_SIZE(fields_tunnel_table) };
static const struct field fields_tunnel_ports[] = {
	[ETHTOOL_A_TUNNEL_UDP_TABLE] = { "table", FIELD_RECORD, FIELD_MANY, 0, "tables of the device", .schema = &schema_tunnel_table },
};
static const struct schema schema_tunnel_ports = { .name = "udp_ports",
						   .attributes = fields_tunnel_ports,
						   .attribute_count = ARRAY_SIZE(fields_tunnel_ports) };
static const struct field fields_tunnel_info[] = {
	[ETHTOOL_A_TUNNEL_INFO_HEADER] = READ_DEVICE,
	[ETHTOOL_A_TUNNEL_INFO_UDP_PORTS] = { "udp_ports", FIELD_RECORD, 0, 0, "ports of UDP", .schema = &schema_tunnel_ports },
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_tunnel_info, "tunnel_info", "tunnels that a device looks into", fields_tunnel_info);

/* A dump is refused as soon as one device looks into none. */
const struct operation operation_ethtool_tunnel_info = {
	ETHTOOL_OPERATION("tunnel_info", ETHTOOL_MSG_TUNNEL_INFO_GET, "tunnels that a device looks into", schema_tunnel_info),
	.answers = { ETHTOOL_MSG_TUNNEL_INFO_GET_REPLY },
	.ask = ethtool_name_device,
	.form = "a device by its name, such as eth0",
};
