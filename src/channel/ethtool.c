/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes and times of a device: rings, channels, coalescing, flow control; and the state of its link, which is read alone. */
#include "channel/ethtool.h"
#include "channel/generic.h"

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
};
ETHTOOL_KIND(coalesce, ETHTOOL_MSG_COALESCE_GET, ETHTOOL_MSG_COALESCE_GET_REPLY, "when a device interrupts");

static const struct field fields_pause_stats[] = {
	[ETHTOOL_A_PAUSE_STAT_PAD] = { "pad", FIELD_PAD },
	[ETHTOOL_A_PAUSE_STAT_TX_FRAMES] = { "tx_frames", FIELD_U64, FIELD_VOLATILE, UNIT_FRAMES, "pause frames sent" },
	[ETHTOOL_A_PAUSE_STAT_RX_FRAMES] = { "rx_frames", FIELD_U64, FIELD_VOLATILE, UNIT_FRAMES, "pause frames received" },
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
	[6] = TOLD("stats_src", 0, "whose counters these are"),
};
ETHTOOL_KIND_COUNTED(pause, ETHTOOL_MSG_PAUSE_GET, ETHTOOL_MSG_PAUSE_GET_REPLY, "flow control of a device");

/* ---- Read alone ---- */

static const struct field fields_linkstate[] = {
	[ETHTOOL_A_LINKSTATE_HEADER] = { "header", FIELD_RECORD, 0, 0, "the device", .schema = &schema_ethtool_header },
	[ETHTOOL_A_LINKSTATE_LINK] = { "link", FIELD_BOOL, FIELD_VOLATILE, 0, "whether it is there" },
	[ETHTOOL_A_LINKSTATE_SQI] = TOLD("sqi", 0, "quality of the signal"),
	[ETHTOOL_A_LINKSTATE_SQI_MAX] = TOLD("sqi_max", 0, "the best that there is"),
	[ETHTOOL_A_LINKSTATE_EXT_STATE] = { "ext_state", FIELD_U8, 0, 0, "why it is not there" },
	[ETHTOOL_A_LINKSTATE_EXT_SUBSTATE] = { "ext_substate", FIELD_U8, 0, 0, "the same in detail" },
	[7] = TOLD("ext_down_cnt", 0, "how often it went"),
};
static const struct schema schema_linkstate = {
	.name = "linkstate", .help = "state of the link of a device", .attributes = fields_linkstate, .attribute_count = ARRAY_SIZE(fields_linkstate)
};
const struct operation operation_ethtool_linkstate = {
	.family = "ethtool",
	.name = "linkstate",
	.command = ETHTOOL_MSG_LINKSTATE_GET,
	.help = "state of the link of a device",
	.schema = &schema_linkstate,
	.key = "header/dev_name",
};
