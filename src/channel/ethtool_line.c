/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is agreed with the other end of the line, beside its modes: turns on a shared one (PLCA), frames that give way to others (MAC merge), power
 * over it (PSE); and the transceivers that drive it. Numbers of messages and attributes stand for themselves, since few headers have them. Source:
 * Documentation/netlink/specs/ethtool.yaml of the kernel. */
#include "channel/codecs.h"
#include "channel/ethtool.h"
#include "channel/generic.h"

/* ---- Turns on a shared line ---- */

#define PLCA_GET_CFG    39
#define PLCA_SET_CFG    40
#define PLCA_GET_STATUS 41
#define PLCA_CFG_REPLY  39
#define PLCA_NOTICE     41

static const struct field fields_plca[] = {
	DEVICE,
	[2] = { "version", FIELD_U16, FIELD_HEX, 0, "of the registers: identity and version" }, /* ETHTOOL_A_PLCA_VERSION */
	[3] = ON_OFF("enabled", "stations take turns"),
	[4] = { "status", FIELD_PAD }, /* told by plca_status */
	[5] = COUNT("node_cnt", 0, "stations on the line, as the first one counts them"),
	[6] = COUNT("node_id", 0, "number of this one; 0: the first; 255: none"),
	[7] = COUNT("to_tmr", UNIT_BIT_TIMES, "that a station has to begin"),
	[8] = COUNT("burst_cnt", 0, "further frames in one turn"),
	[9] = COUNT("burst_tmr", UNIT_BIT_TIMES, "that may be between these"),
};
ETHTOOL_KIND_OF(plca, PLCA_GET_CFG, PLCA_SET_CFG, PLCA_CFG_REPLY, PLCA_NOTICE, "turns that stations take on a shared line (PLCA)",
		.mend = ethtool_mend, .get = ethtool_get);

static const struct field fields_plca_status[] = {
	[ETHTOOL_HEADER] = READ_DEVICE,
	[4] = { "status", FIELD_BOOL, FIELD_VOLATILE, 0, "whether the first station is heard" },
};
ETHTOOL_READ(plca_status, PLCA_GET_STATUS, "whether stations take turns on a shared line", 40);

/* ---- Frames that give way to others ---- */

NAMES(verifications, false, { 0, "unknown" }, { 1, "initial" }, { 2, "verifying" }, { 3, "succeeded" }, { 4, "failed" }, { 5, "disabled" });

static const struct field fields_mm_stats[] = {
	[1] = { "pad", FIELD_PAD }, /* ETHTOOL_A_MM_STAT_PAD */
	[2] = COUNTED("reassembly_errors", UNIT_FRAMES, "that could not be put together again"),
	[3] = COUNTED("smd_errors", UNIT_FRAMES, "with a beginning that is none"),
	[4] = COUNTED("reassembly_ok", UNIT_FRAMES, "put together again"),
	[5] = COUNTED("rx_frag_count", 0, "parts received"),
	[6] = COUNTED("tx_frag_count", 0, "parts sent"),
	[7] = COUNTED("hold_count", 0, "times that frames had to wait"),
};
static const struct schema schema_mm_stats = { .name = "mm_stats", .attributes = fields_mm_stats, .attribute_count = ARRAY_SIZE(fields_mm_stats) };

static const struct field fields_mm[] = {
	DEVICE,
	[2] = ON_OFF("pmac_enabled", "takes frames in parts"), /* ETHTOOL_A_MM_PMAC_ENABLED */
	[3] = ON_OFF("tx_enabled", "may send frames in parts"),
	[4] = CHOICE("tx_active", FIELD_STATE, "sends frames in parts", words_ethtool_off_on),
	[5] = { "tx_min_frag_size", FIELD_U32, SET, UNIT_BYTES, "the least of a part that is sent" },
	[6] = { "rx_min_frag_size", FIELD_U32, 0, UNIT_BYTES, "the least of a part that is taken" },
	[7] = ON_OFF("verify_enabled", "asks the other end whether it can do this"),
	[8] = CHOICE("verify_status", FIELD_STATE, "what came of that", verifications),
	[9] = { "verify_time", FIELD_U32, SET, UNIT_MILLISECONDS, "until it asks again" },
	[10] = { "max_verify_time", FIELD_U32, 0, UNIT_MILLISECONDS, "the most of it" },
	[11] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "parts of frames", .schema = &schema_mm_stats },
};
ETHTOOL_KIND_COUNTED(mm, 42, 42, "frames of a device that give way to others (MAC merge)");

/* ---- Power over the line ---- */

NAMES(admin_states, false, { 1, "unknown" }, { 2, "disabled" }, { 3, "enabled" });
NAMES(podl_detections, false, { 1, "unknown" }, { 2, "disabled" }, { 3, "searching" }, { 4, "delivering" }, { 5, "sleep" }, { 6, "idle" },
      { 7, "error" });
NAMES(c33_detections, false, { 1, "unknown" }, { 2, "disabled" }, { 3, "searching" }, { 4, "delivering" }, { 5, "test" }, { 6, "fault" },
      { 7, "otherfault" });
NAMES(c33_states, false, { 1, "error_condition" }, { 2, "mr_mps_valid" }, { 3, "mr_pse_enable" }, { 4, "option_detect_ted" },
      { 5, "option_vport_lim" }, { 6, "ovld_detected" }, { 7, "pd_dll_power_type" }, { 8, "power_not_available" }, { 9, "short_detected" });

static const struct field fields_limits[] = {
	[1] = TOLD("min", UNIT_MILLIWATTS, "from"), /* ETHTOOL_A_C33_PSE_PW_LIMIT_MIN */
	[2] = TOLD("max", UNIT_MILLIWATTS, "to"),
};
static const struct schema schema_limits = { .name = "pw_limit_range", .attributes = fields_limits, .attribute_count = ARRAY_SIZE(fields_limits) };

/* What is set as "control" the kernel tells as "state". */
static const struct field fields_pse[] = {
	DEVICE,
	[2] = CHOICE_LONG("podl_admin_state", FIELD_DERIVED, "whether power may be given, over one pair",
			  admin_states), /* ETHTOOL_A_PODL_PSE_ADMIN_STATE */
	[3] = CHOICE_LONG("podl_admin_control", SET, "whether it is to be", admin_states),
	[4] = CHOICE_LONG("podl_pw_d_status", FIELD_STATE, "how it goes", podl_detections),
	[5] = CHOICE_LONG("c33_admin_state", FIELD_DERIVED, "whether power may be given, over several pairs", admin_states),
	[6] = CHOICE_LONG("c33_admin_control", SET, "whether it is to be", admin_states),
	[7] = CHOICE_LONG("c33_pw_d_status", FIELD_STATE, "how it goes", c33_detections),
	[8] = { "c33_pw_class", FIELD_U32, FIELD_STATE, 0, "class of power that is asked for" },
	[9] = { "c33_actual_pw", FIELD_U32, FIELD_VOLATILE, UNIT_MILLIWATTS, "that is given" },
	[10] = CHOICE_LONG("c33_ext_state", FIELD_STATE, "why none is given", c33_states),
	[11] = { "c33_ext_substate", FIELD_U32, FIELD_STATE, 0, "the same in detail" },
	[12] = { "c33_avail_pw_limit", FIELD_U32, SET, UNIT_MILLIWATTS, "the most that may be given" },
	[13] = { "c33_pw_limit_ranges", FIELD_RECORD, FIELD_MANY, 0, "what that can be", .schema = &schema_limits },
	[14] = TOLD("pw_d_id", 0, "number of the domain that the power is of"),
	[15] = TOLD("prio_max", 0, "the last in turn"),
	[16] = COUNT("prio", 0, "its turn when there is not enough; 0: the first"),
};

static int follow(struct arena *arena, struct record *record, const char *control, const char *state)
{
	const struct value *told = record_find(record, state);

	if (!told || told->type != VALUE_UINT || told->number <= 1 || record_find(record, control))
		return 0;
	return record_put(arena, record, control, *told);
}

static int mend_pse(struct arena *arena, struct record *record)
{
	int r = follow(arena, record, "podl_admin_control", "podl_admin_state");

	if (r == 0)
		r = follow(arena, record, "c33_admin_control", "c33_admin_state");
	return r < 0 ? r : ethtool_mend(arena, record);
}

ETHTOOL_KIND_UNTOLD(pse, 36, 37, "power that a device gives over its line (PSE)", .mend = mend_pse, .get = ethtool_get);

#define EVENTS(name, words)                                                            \
	{                                                                              \
		name, FIELD_CODEC, 0, 0, words, .codec = &codec_uint, .names = &events \
	}
NAMES(events, true, { 1, "over-current" }, { 2, "over-temp" }, { 4, "detection" }, { 8, "classification" }, { 16, "disconnection" },
      { 32, "over-budget" }, { 64, "sw-pw-control-error" });
static const struct field fields_pse_event[] = {
	[1] = READ_DEVICE, /* ETHTOOL_A_PSE_NTF_HEADER */
	[2] = EVENTS("events", "what happened"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_pse_event, "pse_event", "what happens where power is given over a line", fields_pse_event);
ETHTOOL_SPOKEN(pse_event, "what happens where power is given over a line", schema_pse_event, .answers = { 49 });

/* ---- Transceivers ---- */

NAMES(upstreams, false, { 0, "mac" }, { 1, "phy" });

static const struct field fields_phy[] = {
	[ETHTOOL_HEADER] = READ_DEVICE,
	[2] = TOLD("index", 0, "number of the transceiver"), /* ETHTOOL_A_PHY_INDEX */
	[3] = { "drvname", FIELD_TEXT, 0, 0, "its driver" },
	[4] = { "name", FIELD_TEXT, 0, 0, "its name" },
	[5] = CHOICE_LONG("upstream_type", 0, "what it is behind", upstreams),
	[6] = TOLD("upstream_index", 0, "the transceiver that it is behind"),
	[7] = { "upstream_sfp_name", FIELD_TEXT, 0, 0, "the cage that it is in" },
	[8] = { "downstream_sfp_name", FIELD_TEXT, 0, 0, "the cage that it serves" },
};
ETHTOOL_READ(phy, 45, "transceivers of a device", 45, 46);

/* How far off the received symbols are (mean square error), since 6.19. */
#define ERROR_OF(name, flags, words)                                     \
	{                                                                \
		name, FIELD_CODEC, flags, 0, words, .codec = &codec_uint \
	}
static const struct field fields_capabilities[] = {
	[1] = ERROR_OF("max_average_mse", 0, "the most that the average can be"), /* ETHTOOL_A_MSE_CAPABILITIES_MAX_AVERAGE_MSE */
	[2] = ERROR_OF("max_peak_mse", 0, "the most that a peak can be"),
	[3] = { "refresh_rate_ps", FIELD_CODEC, 0, UNIT_PICOSECONDS, "between two measurements", .codec = &codec_uint },
	[4] = ERROR_OF("num_symbols", 0, "symbols in one"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_capabilities, "capabilities", "what can be measured", fields_capabilities);

static const struct field fields_snapshot[] = {
	[1] = ERROR_OF("average_mse", FIELD_VOLATILE, "the average"), /* ETHTOOL_A_MSE_SNAPSHOT_AVERAGE_MSE */
	[2] = ERROR_OF("peak_mse", FIELD_VOLATILE, "the peak"),
	[3] = ERROR_OF("worst_peak_mse", FIELD_VOLATILE, "the worst peak since it was read"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_snapshot, "snapshot", "what was measured", fields_snapshot);

#define MEASURED(name, words)                                                            \
	{                                                                                \
		name, FIELD_RECORD, FIELD_VOLATILE, 0, words, .schema = &schema_snapshot \
	}
static const struct field fields_mse[] = {
	[ETHTOOL_HEADER] = READ_DEVICE,
	[2] = { "capabilities", FIELD_RECORD, 0, 0, "what can be measured", .schema = &schema_capabilities }, /* ETHTOOL_A_MSE_CAPABILITIES */
	[3] = MEASURED("channel_a", "of one channel"),
	[4] = MEASURED("channel_b", "of one channel"),
	[5] = MEASURED("channel_c", "of one channel"),
	[6] = MEASURED("channel_d", "of one channel"),
	[7] = MEASURED("worst_channel", "of the worst channel"),
	[8] = MEASURED("link", "of all of them"),
};
ETHTOOL_READ(mse, 51, "how far off the symbols are that a device receives", 54);
