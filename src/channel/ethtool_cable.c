/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the cable, which the transceiver makes: an action, in which the link goes down for a while. What comes of it the kernel tells to the
 * family's group. Source: Documentation/networking/ethtool-netlink.rst of the kernel. */
#include <errno.h>

#include "channel/ethtool.h"
#include "channel/generic.h"

NAMES(pairs, false, { 0, "A" }, { 1, "B" }, { 2, "C" }, { 3, "D" });
NAMES(codes, false, { 1, "ok" }, { 2, "open" }, { 3, "same_short" }, { 4, "cross_short" }, { 5, "impedance_mismatch" }, { 6, "noise" },
      { 7, "resolution_not_possible" });
NAMES(ways, false, { 1, "tdr" }, { 2, "alcd" });
NAMES(progress, false, { 1, "started" }, { 2, "completed" });

#define CENTIMETRES(name, flags, words)                         \
	{                                                       \
		name, FIELD_U32, flags, UNIT_CENTIMETRES, words \
	}
#define MILLIVOLTS(name, words)                            \
	{                                                  \
		name, FIELD_S16, 0, UNIT_MILLIVOLTS, words \
	}
#define NEST(name, described, more, words)                               \
	{                                                                \
		name, FIELD_RECORD, more, 0, words, .schema = &described \
	}

/* ---- What comes of one ---- */

static const struct field fields_result[] = {
	[ETHTOOL_A_CABLE_RESULT_PAIR] = CHOICE("pair", 0, "pair of wires", pairs),
	[ETHTOOL_A_CABLE_RESULT_CODE] = CHOICE("code", 0, "how it is", codes),
	[3] = CHOICE_LONG("src", 0, "how that was found", ways),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_result, "result", "how a pair is", fields_result);

static const struct field fields_fault_length[] = {
	[ETHTOOL_A_CABLE_FAULT_LENGTH_PAIR] = CHOICE("pair", 0, "pair of wires", pairs),
	[ETHTOOL_A_CABLE_FAULT_LENGTH_CM] = CENTIMETRES("cm", 0, "to the fault"),
	[3] = CHOICE_LONG("src", 0, "how that was found", ways),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_fault_length, "fault_length", "where a fault is", fields_fault_length);

static const struct field fields_results[] = {
	[ETHTOOL_A_CABLE_NEST_RESULT] = NEST("result", schema_result, FIELD_MANY, "how a pair is"),
	[ETHTOOL_A_CABLE_NEST_FAULT_LENGTH] = NEST("fault_length", schema_fault_length, FIELD_MANY, "where a fault is"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_results, "results", "what was found", fields_results);

static const struct field fields_step[] = {
	[ETHTOOL_A_CABLE_STEP_FIRST_DISTANCE] = CENTIMETRES("first", 0, "from"),
	[ETHTOOL_A_CABLE_STEP_LAST_DISTANCE] = CENTIMETRES("last", 0, "to"),
	[ETHTOOL_A_CABLE_STEP_STEP_DISTANCE] = CENTIMETRES("step", 0, "in steps of"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_step, "step", "where the echo is measured", fields_step);

static const struct field fields_amplitude[] = {
	[ETHTOOL_A_CABLE_AMPLITUDE_PAIR] = CHOICE("pair", 0, "pair of wires", pairs),
	[ETHTOOL_A_CABLE_AMPLITUDE_mV] = MILLIVOLTS("mV", "of the echo"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_amplitude, "amplitude", "an echo", fields_amplitude);

static const struct field fields_pulse[] = {
	[ETHTOOL_A_CABLE_PULSE_mV] = MILLIVOLTS("mV", "of the pulse"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_pulse, "pulse", "the pulse that was sent", fields_pulse);

static const struct field fields_echoes[] = {
	[ETHTOOL_A_CABLE_TDR_NEST_STEP] = NEST("step", schema_step, FIELD_MANY, "where the echo is measured"),
	[ETHTOOL_A_CABLE_TDR_NEST_AMPLITUDE] = NEST("amplitude", schema_amplitude, FIELD_MANY, "echoes, one a step"),
	[ETHTOOL_A_CABLE_TDR_NEST_PULSE] = NEST("pulse", schema_pulse, 0, "the pulse that was sent"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_echoes, "echoes", "what was measured", fields_echoes);

static const struct field fields_told_test[] = {
	[ETHTOOL_A_CABLE_TEST_NTF_HEADER] = READ_DEVICE,
	[ETHTOOL_A_CABLE_TEST_NTF_STATUS] = CHOICE("status", 0, "how far it is", progress),
	[ETHTOOL_A_CABLE_TEST_NTF_NEST] = NEST("nest", schema_results, 0, "what was found"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_told_test, "cable_test_result", "what came of a test of the cable", fields_told_test);
ETHTOOL_SPOKEN(cable_test_result, "what came of a test of the cable", schema_told_test, .answers = { ETHTOOL_MSG_CABLE_TEST_NTF });

static const struct field fields_told_tdr[] = {
	[ETHTOOL_A_CABLE_TEST_TDR_NTF_HEADER] = READ_DEVICE,
	[ETHTOOL_A_CABLE_TEST_TDR_NTF_STATUS] = CHOICE("status", 0, "how far it is", progress),
	[ETHTOOL_A_CABLE_TEST_TDR_NTF_NEST] = NEST("nest", schema_echoes, 0, "what was measured"),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_told_tdr, "cable_test_tdr_result", "echoes of a pulse in the cable", fields_told_tdr);
ETHTOOL_SPOKEN(cable_test_tdr_result, "echoes of a pulse in the cable", schema_told_tdr, .answers = { ETHTOOL_MSG_CABLE_TEST_TDR_NTF });

/* ---- Asking for one ---- */

static int nothing(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		   bool *ret_interrupted, struct error *error)
{
	(void)object;
	(void)netlink;
	(void)key;
	(void)function;
	(void)data;
	(void)error;
	*ret_interrupted = false;
	return 0;
}

static int start(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	if (write != OBJECT_CREATE)
		return error_set(&machine->error, -EOPNOTSUPP, "%s: what was begun cannot be taken back", object->name);
	return ethtool_send(object, machine, object->create_type, record);
}

/* The layout of a request is all that there is of one. */
#define ETHTOOL_ACTION(identifier, number, words)                                                                                             \
	ETHTOOL_SCHEMA(identifier, words);                                                                                                    \
	ETHTOOL_PARSE(identifier)                                                                                                             \
	static const struct object object_##identifier = {                                                                                    \
		.name = #identifier,                                                                                                          \
		.help = words,                                                                                                                \
		.protocol = &protocol_ethtool,                                                                                                \
		.new_type = NETLINK_ASKED(number),                                                                                            \
		.create_type = NETLINK_ASKED(number),                                                                                         \
		.schema = &schema_##identifier,                                                                                               \
		.dump_each = nothing,                                                                                                         \
		.path = object_path_of_link,                                                                                                  \
		.parse = parse_##identifier,                                                                                                  \
		.mend = ethtool_mend,                                                                                                         \
		.write = start,                                                                                                               \
		.may_lack = true,                                                                                                             \
		.untold = true,                                                                                                               \
		.action = "the link goes down for it; what comes of it is told to those who watch netlink/ethtool/monitor",                   \
		.why_none = "it is an action, of which nothing stands: what comes of one is told to those who watch netlink/ethtool/monitor", \
	};                                                                                                                                    \
	OBJECT_CHANNEL_AT(ethtool_##identifier, "netlink/ethtool/" #identifier, object_##identifier, words, "action")

static const struct field fields_cable_test[] = { DEVICE };
ETHTOOL_ACTION(cable_test, ETHTOOL_MSG_CABLE_TEST_ACT, "tests of the cable of a device");

static const struct field fields_configuration[] = {
	[ETHTOOL_A_CABLE_TEST_TDR_CFG_FIRST] = CENTIMETRES("first", SET, "from"),
	[ETHTOOL_A_CABLE_TEST_TDR_CFG_LAST] = CENTIMETRES("last", SET, "to"),
	[ETHTOOL_A_CABLE_TEST_TDR_CFG_STEP] = CENTIMETRES("step", SET, "in steps of"),
	[ETHTOOL_A_CABLE_TEST_TDR_CFG_PAIR] = CHOICE("pair", SET, "pair of wires; none: all", pairs),
};
ETHTOOL_SCHEMA_OF_OPERATION(schema_configuration, "cfg", "where to measure", fields_configuration);
static const struct field fields_cable_test_tdr[] = {
	DEVICE,
	[ETHTOOL_A_CABLE_TEST_TDR_CFG] = NEST("cfg", schema_configuration, SET, "where to measure"),
};
ETHTOOL_ACTION(cable_test_tdr, ETHTOOL_MSG_CABLE_TEST_TDR_ACT, "echoes of a pulse in the cable of a device");
