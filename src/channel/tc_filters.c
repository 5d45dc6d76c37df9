/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each kind of filter has of its own. A kind that is not here is kept as its bytes. Sources: <linux/pkt_cls.h>, tc-u32(8), tc-bpf(8),
 * tc-matchall(8). */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "channel/tc.h"

#define SET TC_SET

#define ACTIONS(number) [number] = { "actions", FIELD_LIST, SET, 0, "what is done with the packets, in order", .element = &field_tc_action }
#define CLASS(number)   [number] = { "classid", FIELD_U32, SET | FIELD_HANDLE, 0, "class to which they go" }
#define POLICE(number) \
	[number] = { "police", FIELD_CODEC, SET, 0, "rate to which they are held", .codec = &codec_tc_police, .schema = &schema_tc_police }
#define COUNTS(number) [number] = { "pcnt", FIELD_BYTES, FIELD_VOLATILE | FIELD_HIDDEN, 0, "hits" }
#define OFFLOAD(number) \
	[number] = { "offload", FIELD_U32, SET, 0, "whether a device does it", .names = &words_tc_offload, LIMITS(.mask = 3, .taken = 3) }

const struct names words_tc_offload = {
	(const struct name[]){ { TCA_CLS_FLAGS_SKIP_HW, "skip_hw" },
			       { TCA_CLS_FLAGS_SKIP_SW, "skip_sw" },
			       { TCA_CLS_FLAGS_IN_HW, "in_hw" },
			       { TCA_CLS_FLAGS_NOT_IN_HW, "not_in_hw" },
			       { TCA_CLS_FLAGS_VERBOSE, "verbose" } },
	5,
	true,
};

/* ---- u32 ---- */

NAMES(selector_flags, true, { TC_U32_TERMINAL, "terminal" }, { TC_U32_OFFSET, "offset" }, { TC_U32_VAROFFSET, "varoffset" }, { TC_U32_EAT, "eat" });

static const struct field key[] = {
	{ "mask", FIELD_BE32, SET | FIELD_HEX, 0, "bits that are compared", HEADER_FIELD(struct tc_u32_key, mask) },
	{ "value", FIELD_BE32, SET | FIELD_HEX, 0, "what they must be", HEADER_FIELD(struct tc_u32_key, val) },
	{ "offset", FIELD_S32, SET, UNIT_BYTES, "where they stand", HEADER_FIELD(struct tc_u32_key, off) },
	{ "offmask", FIELD_U32, SET | FIELD_HEX, 0, "of the offset that the filter before has found", HEADER_FIELD(struct tc_u32_key, offmask) },
};
static TC_STRUCT(schema_key, "key", struct tc_u32_key, key);
static const struct field field_key = { "key", FIELD_RECORD, SET, 0, "a comparison", .schema = &schema_key };

static const struct field selector_header[] = {
	{ "flags", FIELD_U8, SET, 0, "what follows a match", HEADER_FIELD(struct tc_u32_sel, flags), .names = &selector_flags },
	{ "offshift", FIELD_U8, SET, 0, "of the offset for the next table", HEADER_FIELD(struct tc_u32_sel, offshift) },
	{ "nkeys", FIELD_U8, FIELD_HIDDEN | FIELD_DERIVED, 0, "comparisons", HEADER_FIELD(struct tc_u32_sel, nkeys) },
	{ "offmask", FIELD_BE16, SET | FIELD_HEX, 0, "of the offset for the next table", HEADER_FIELD(struct tc_u32_sel, offmask) },
	{ "off", FIELD_U16, SET, UNIT_BYTES, "offset for the next table", HEADER_FIELD(struct tc_u32_sel, off) },
	{ "offoff", FIELD_S16, SET, UNIT_BYTES, "where that offset is read", HEADER_FIELD(struct tc_u32_sel, offoff) },
	{ "hoff", FIELD_S16, SET, UNIT_BYTES, "where the bucket is read", HEADER_FIELD(struct tc_u32_sel, hoff) },
	{ "hmask", FIELD_BE32, SET | FIELD_HEX, 0, "bits of the bucket", HEADER_FIELD(struct tc_u32_sel, hmask) },
};
static const struct field selector_keys[] = {
	[1] = { "keys", FIELD_LIST, SET, 0, "comparisons, of which all must hold", .element = &field_key },
};
static const struct schema schema_selector = {
	.name = "selector",
	.header_size = sizeof(struct tc_u32_sel),
	.header = selector_header,
	.header_count = ARRAY_SIZE(selector_header),
	.attributes = selector_keys,
	.attribute_count = ARRAY_SIZE(selector_keys),
};

static int encode_selector(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	return tc_encode_keys(field, value, offsetof(struct tc_u32_sel, nkeys), buffer, error);
}

static const struct codec codec_selector = { tc_decode_keys, encode_selector, FIELD_RECORD };

static const struct field mark[] = {
	{ "value", FIELD_U32, SET | FIELD_HEX, 0, "mark", HEADER_FIELD(struct tc_u32_mark, val) },
	{ "mask", FIELD_U32, SET | FIELD_HEX, 0, "bits of it", HEADER_FIELD(struct tc_u32_mark, mask) },
	{ "success", FIELD_U32, FIELD_VOLATILE | FIELD_HIDDEN, UNIT_PACKETS, "that had it", HEADER_FIELD(struct tc_u32_mark, success) },
};
static TC_STRUCT(schema_mark, "mark", struct tc_u32_mark, mark);

static const struct field u32[] = {
	CLASS(TCA_U32_CLASSID),
	[TCA_U32_HASH] = { "table", FIELD_U32, SET | FIELD_HEX, 0, "table and bucket in which it stands" },
	[TCA_U32_LINK] = { "link", FIELD_U32, SET | FIELD_HEX, 0, "table that is asked next" },
	[TCA_U32_DIVISOR] = { "divisor", FIELD_U32, SET, 0, "buckets of a table" },
	[TCA_U32_SEL] = { "selector", FIELD_CODEC, SET, 0, "packets", .codec = &codec_selector, .schema = &schema_selector },
	POLICE(TCA_U32_POLICE),
	ACTIONS(TCA_U32_ACT),
	[TCA_U32_INDEV] = { "indev", FIELD_TEXT, SET, 0, "link by which they came" },
	COUNTS(TCA_U32_PCNT),
	[TCA_U32_MARK] = { "mark", FIELD_RECORD, SET, 0, "their mark", .schema = &schema_mark },
	OFFLOAD(TCA_U32_FLAGS),
	[TCA_U32_PAD] = { "pad", FIELD_PAD },
};
static TC_NEST(schema_u32, "u32", u32);

/* ---- matchall, basic, fw, cgroup, bpf ---- */

static const struct field matchall[] = {
	CLASS(TCA_MATCHALL_CLASSID),
	ACTIONS(TCA_MATCHALL_ACT),
	OFFLOAD(TCA_MATCHALL_FLAGS),
	COUNTS(TCA_MATCHALL_PCNT),
	[TCA_MATCHALL_PAD] = { "pad", FIELD_PAD },
};
static TC_NEST(schema_matchall, "matchall", matchall);

static const struct field basic[] = {
	CLASS(TCA_BASIC_CLASSID),
	[TCA_BASIC_EMATCHES] = { "ematches", FIELD_BYTES, SET, 0, "packets, as the tree of matches" },
	ACTIONS(TCA_BASIC_ACT),
	POLICE(TCA_BASIC_POLICE),
	[5] = { "pcnt", FIELD_BYTES, FIELD_VOLATILE | FIELD_HIDDEN, 0, "hits" }, /* TCA_BASIC_PCNT, 5.4 */
	[6] = { "pad", FIELD_PAD },
};
static TC_NEST(schema_basic, "basic", basic);

static const struct field fw[] = {
	CLASS(TCA_FW_CLASSID),
	POLICE(TCA_FW_POLICE),
	[TCA_FW_INDEV] = { "indev", FIELD_TEXT, SET, 0, "link by which they came" },
	ACTIONS(TCA_FW_ACT),
	[TCA_FW_MASK] = { "mask", FIELD_U32, SET | FIELD_HEX, 0, "bits of the mark that are compared with the handle" },
};
static TC_NEST(schema_fw, "fw", fw);

static const struct field cgroup[] = {
	ACTIONS(TCA_CGROUP_ACT),
	POLICE(TCA_CGROUP_POLICE),
	[TCA_CGROUP_EMATCHES] = { "ematches", FIELD_BYTES, SET, 0, "packets, as the tree of matches" },
};
static TC_NEST(schema_cgroup, "cgroup", cgroup);

NAMES(bpf_flags, true, { TCA_BPF_FLAG_ACT_DIRECT, "direct-action" });

static const struct field bpf[] = {
	ACTIONS(TCA_BPF_ACT),
	POLICE(TCA_BPF_POLICE),
	CLASS(TCA_BPF_CLASSID),
	[TCA_BPF_OPS_LEN] = { "ops_count", FIELD_U16, SET, 0, "instructions" },
	[TCA_BPF_OPS] = { "ops", FIELD_BYTES, SET, 0, "classic program" },
	[TCA_BPF_FD] = { "fd", FIELD_U32, FIELD_HIDDEN, 0, "program, by a descriptor" },
	[TCA_BPF_NAME] = { "name", FIELD_TEXT, SET, 0, "file and section" },
	[TCA_BPF_FLAGS] = { "flags", FIELD_U32, SET, 0, "direct-action: the program says what is done", .names = &bpf_flags },
	OFFLOAD(TCA_BPF_FLAGS_GEN),
	[TCA_BPF_TAG] = { "tag", FIELD_BYTES, FIELD_DERIVED, 0, "digest of the program" },
	[TCA_BPF_ID] = { "id", FIELD_U32, 0, 0, "number of the program" },
};
static TC_NEST(schema_bpf, "bpf", bpf);

/* ---- The choice by kind ---- */

static const struct selection_row filters[] = {
	{ "u32", &schema_u32, NULL }, { "matchall", &schema_matchall, NULL }, { "flower", &schema_tc_flower, NULL }, { "basic", &schema_basic, NULL },
	{ "fw", &schema_fw, NULL },   { "cgroup", &schema_cgroup, NULL },     { "bpf", &schema_bpf, NULL },
};
const struct selection tc_filter_options = { "kind", filters, ARRAY_SIZE(filters), .keeps_others = true };
