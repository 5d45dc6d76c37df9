/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Learning in its parts: the kernel's enums, its policies, what links the two, the file, and messages decoded by what was learned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/btf.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/learn.h"
#include "channel/learned-file.h"
#include "channel/message.h"

#define BUILD "00112233"

/* ---- Types as the kernel lays them out ---- */

struct member {
	const char *name;
	int32_t value;
};

struct made {
	struct buffer types, texts;
};

/* FROM: where the names begin, for those of a module. */
static void add_enum(struct made *made, size_t from, const struct member *members, uint32_t count)
{
	const struct btf_type type = { .info = BTF_KIND_ENUM << 24 | count, .size = 4 };

	buffer_add(&made->types, &type, sizeof(type));
	for (uint32_t i = 0; i < count; i++) {
		const struct btf_enum member = { (uint32_t)(from + made->texts.length), members[i].value };

		buffer_add(&made->types, &member, sizeof(member));
		buffer_add(&made->texts, members[i].name, strlen(members[i].name) + 1);
	}
}

static void finish(struct made *made, struct buffer *ret)
{
	const struct btf_header header = { .magic = BTF_MAGIC,
					   .version = BTF_VERSION,
					   .hdr_len = sizeof(header),
					   .type_len = (uint32_t)made->types.length,
					   .str_off = (uint32_t)made->types.length,
					   .str_len = (uint32_t)made->texts.length };

	buffer_add(ret, &header, sizeof(header));
	buffer_add(ret, made->types.data, made->types.length);
	buffer_add(ret, made->texts.data, made->texts.length);
	buffer_done(&made->types);
	buffer_done(&made->texts);
	assert_false(ret->failed);
}

static void make_types(struct buffer *ret)
{
	static const struct member commands[] = {
		{ "DEMO_CMD_THING_GET", 1 }, { "DEMO_CMD_THING_SET", 2 }, { "__DEMO_CMD_MAX", 3 }, { "DEMO_CMD_MAX", 2 }
	};
	static const struct member things[] = { { "DEMO_A_THING_UNSPEC", 0 }, { "DEMO_A_THING_ID", 1 },  { "DEMO_A_THING_PART", 2 },
						{ "DEMO_A_THING_STATE", 3 },  { "DEMO_A_THING_PAD", 4 }, { "__DEMO_A_THING_CNT", 5 },
						{ "DEMO_A_THING_MAX", 4 } };
	/* Two members that have more in common than the set's name, which the bound tells. */
	static const struct member parts[] = { { "DEMO_A_PART_RX_RATE", 1 }, { "DEMO_A_PART_RX_MAX", 2 }, { "__DEMO_A_PART_MAX", 3 } };
	static const struct member counted[] = {
		{ "DEMO_A_STAT_RX", 1 }, { "__DEMO_A_STAT_END", 2 }, { "NUM_DEMO_A_STAT", 2 }, { "DEMO_A_STAT_MAX", 1 }
	};
	static const struct member others[] = { { "low", 0 }, { "DEMO_HIGH", 1 } };
	static const struct member large[] = { { "DEMO_FLAG_A", 1 }, { "DEMO_FLAG_B", 65536 } };
	struct made made = { 0 };

	buffer_add_char(&made.texts, '\0');
	add_enum(&made, 0, commands, ARRAY_SIZE(commands));
	add_enum(&made, 0, things, ARRAY_SIZE(things));
	add_enum(&made, 0, parts, ARRAY_SIZE(parts));
	add_enum(&made, 0, counted, ARRAY_SIZE(counted));
	add_enum(&made, 0, others, ARRAY_SIZE(others));
	add_enum(&made, 0, large, ARRAY_SIZE(large));
	finish(&made, ret);
}

static void test_enums(void **state)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_buffer_ struct buffer types = { 0 };
	const struct kernel_enum *list;

	(void)state;
	make_types(&types);
	assert_int_equal(kernel_enums_add(&enums, types.data, types.length, NULL, 0), 0);
	assert_int_equal(enums.count, 4);
	list = kernel_enum_with(&enums, "DEMO_A_STAT_RX");
	assert_non_null(list);
	assert_int_equal(list->count, 1);
	list = kernel_enum_of_prefix(&enums, "DEMO_A_PART_", strlen("DEMO_A_PART_"));
	assert_non_null(list);
	/* ..._RX_MAX is a member, and no bound. */
	assert_string_equal(kernel_enum_name(list, 2), "DEMO_A_PART_RX_MAX");
	list = kernel_enum_with(&enums, "DEMO_A_THING_STATE");
	assert_non_null(list);
	assert_string_equal(list->prefix, "DEMO_A_THING_");
	assert_int_equal(list->count, 5);
	assert_int_equal(list->highest, 4);
	assert_null(kernel_enum_name(list, 5));
	for (size_t cut = 0; cut < types.length; cut++) {
		_cleanup_kernel_enums_ struct kernel_enums some = { 0 };

		assert_int_equal(kernel_enums_add(&some, types.data, cut, NULL, 0), -EBADMSG);
	}
}

/* Names of a module's types go on where those of the kernel end. */
static void test_enums_of_a_module(void **state)
{
	static const struct member members[] = { { "MODULE_A_UNSPEC", 0 }, { "MODULE_A_ONE", 1 } };
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_buffer_ struct buffer types = { 0 }, module = { 0 };
	const struct btf_header *header;
	struct made made = { 0 };

	(void)state;
	make_types(&types);
	header = (const void *)types.data;
	add_enum(&made, header->str_len, members, ARRAY_SIZE(members));
	finish(&made, &module);
	assert_int_equal(kernel_enums_add(&enums, module.data, module.length, types.data, types.length), 0);
	assert_int_equal(enums.count, 1);
	assert_string_equal(enums.list[0].prefix, "MODULE_A_");
}

/* ---- Policies ---- */

static void add_policy_attribute(struct buffer *buffer, uint16_t number, uint32_t type, uint32_t nest)
{
	const size_t attribute = attribute_begin(buffer, number);

	attribute_add(buffer, NL_POLICY_TYPE_ATTR_TYPE, &type, sizeof(type));
	if (nest != POLICY_NONE)
		attribute_add(buffer, NL_POLICY_TYPE_ATTR_POLICY_IDX, &nest, sizeof(nest));
	attribute_end(buffer, attribute);
}

static void add_operation(struct buffer *buffer, uint16_t command, uint32_t policy)
{
	const size_t outer = attribute_begin(buffer, CTRL_ATTR_OP_POLICY), inner = attribute_begin(buffer, command);

	attribute_add(buffer, CTRL_ATTR_POLICY_DO, &policy, sizeof(policy));
	attribute_end(buffer, inner);
	attribute_end(buffer, outer);
}

/* Policy 0: ID and PART, which leads into policy 1: RX_RATE. LAST (0: none) has no name in the enum. */
static void make_policies(struct buffer *ret, uint32_t id_type, uint16_t last)
{
	size_t outer = attribute_begin(ret, CTRL_ATTR_POLICY), inner = attribute_begin(ret, 0);

	add_policy_attribute(ret, 1, id_type, POLICY_NONE);
	add_policy_attribute(ret, 2, NL_ATTR_TYPE_NESTED, 1);
	if (last)
		add_policy_attribute(ret, last, NL_ATTR_TYPE_U8, POLICY_NONE);
	attribute_end(ret, inner);
	inner = attribute_begin(ret, 1);
	add_policy_attribute(ret, 1, NL_ATTR_TYPE_U64, POLICY_NONE);
	attribute_end(ret, inner);
	attribute_end(ret, outer);
	add_operation(ret, 2, 0);
}

static void link_demo(struct learned *learned, struct kernel_enums *enums, struct linking *ret)
{
	_cleanup_buffer_ struct buffer types = { 0 };

	make_types(&types);
	assert_int_equal(kernel_enums_add(enums, types.data, types.length, NULL, 0), 0);
	assert_int_equal(link_begin(learned, enums, "demo", ret), 0);
	assert_int_equal(link_commands(ret), 0);
	assert_int_equal(link_nests(ret), 0);
}

static void apply(struct linking *linking, uint32_t id_type, uint16_t last)
{
	_cleanup_policies_ struct policies policies = { 0 };
	_cleanup_buffer_ struct buffer answer = { 0 };

	make_policies(&answer, id_type, last);
	assert_int_equal(policies_take(&policies, answer.data, answer.length), 0);
	assert_int_equal(policies.count, 2);
	assert_int_equal(link_policies(linking, &policies), 0);
}

static const struct learned_set *set_of(const struct linking *linking, const char *name)
{
	const struct learned_set *set = learned_set(linking->family, name, strlen(name));

	assert_non_null(set);
	return set;
}

static void test_linking(void **state)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_learned_ struct learned learned = { 0 };
	const struct learned_set *thing, *part;
	unsigned int named = 0, typed = 0;
	struct linking linking;

	(void)state;
	link_demo(&learned, &enums, &linking);
	assert_int_equal(linking.family->command_count, 2);
	assert_string_equal(linking.family->commands[1].name, "thing_set");
	apply(&linking, NL_ATTR_TYPE_U32, 0);
	thing = set_of(&linking, "DEMO_A_THING");
	part = set_of(&linking, "DEMO_A_PART");
	assert_string_equal(thing->fields[1].name, "id");
	assert_int_equal(thing->kinds[1], LEARNED_U32);
	assert_int_equal(thing->kinds[2], LEARNED_NEST);
	assert_ptr_equal(thing->fields[2].schema, &part->schema);
	assert_int_equal(thing->kinds[3], LEARNED_LOOKS);
	assert_int_equal(thing->fields[3].flags, FIELD_GUESSED | FIELD_MANY);
	assert_int_equal(thing->kinds[4], LEARNED_PAD);
	assert_int_equal(part->kinds[1], LEARNED_U64);
	learned_figures(thing, &named, &typed);
	assert_int_equal(named, 3);
	assert_int_equal(typed, 2);
	/* The same number for two things: neither is believed, whatever comes behind. */
	apply(&linking, NL_ATTR_TYPE_U16, 0);
	assert_int_equal(thing->kinds[1], LEARNED_DISPUTED);
	apply(&linking, NL_ATTR_TYPE_U32, 0);
	assert_int_equal(thing->kinds[1], LEARNED_DISPUTED);
}

/* A policy with a number that the enum has no name for is of another enum. */
static void test_a_policy_that_does_not_fit(void **state)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_learned_ struct learned learned = { 0 };
	struct linking linking;

	(void)state;
	link_demo(&learned, &enums, &linking);
	apply(&linking, NL_ATTR_TYPE_U32, 9);
	assert_int_equal(set_of(&linking, "DEMO_A_THING")->kinds[1], LEARNED_LOOKS);
}

/* ---- Messages ---- */

static void test_decoding(void **state)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_learned_ struct learned learned = { 0 };
	_cleanup_buffer_ struct buffer bytes = { 0 }, json = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct nlmsghdr header = { .nlmsg_type = 30 };
	const struct genlmsghdr generic = { .cmd = 1 };
	const uint32_t id = 7, state_number = 3;
	const uint64_t rate = 5;
	struct family family = { .name = "demo", .protocol = NETLINK_GENERIC, .type = 30, .header_size = GENL_HDRLEN };
	struct linking linking;
	struct message message;
	size_t nest;

	(void)state;
	link_demo(&learned, &enums, &linking);
	apply(&linking, NL_ATTR_TYPE_U32, 0);
	family.learned = linking.family;
	buffer_add(&bytes, &header, sizeof(header));
	buffer_add(&bytes, &generic, sizeof(generic));
	attribute_add(&bytes, 1, &id, sizeof(id));
	for (int i = 0; i < 3; i++) {
		nest = attribute_begin(&bytes, 2);
		attribute_add(&bytes, 1, &rate, sizeof(rate));
		attribute_end(&bytes, nest);
	}
	attribute_add(&bytes, 3, &state_number, sizeof(state_number));
	attribute_add(&bytes, 9, "xy", 2);
	header.nlmsg_len = (uint32_t)bytes.length;
	memcpy(bytes.data, &header, sizeof(header));
	assert_int_equal(message_decode(&family, (const struct nlmsghdr *)bytes.data, &arena, &message), 0);
	assert_int_equal(message.provenance, PROVENANCE_LEARNED);
	value_json(&json, &message.value, NULL, NULL);
	/* What comes several times is told as often, what has no name by its number. */
	assert_string_equal(json.data, "{\"id\":7,\"part\":[{\"rx_rate\":5},{\"rx_rate\":5},{\"rx_rate\":5}],\"state\":3,\"attribute 9\":\"7879\"}");
}

/* ---- The file ---- */

static void parse_fails(const char *text, size_t length)
{
	struct learned learned = { 0 };
	struct error error = { 0 };

	assert_int_equal(learned_parse(text, length, BUILD, &learned, &error), -EBADMSG);
	assert_null(learned.families);
	assert_true(error.text[0]);
}

static void test_file(void **state)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_learned_ struct learned learned = { 0 }, again = { 0 }, none = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 }, second = { 0 }, kept = { 0 };
	struct error error = { 0 };
	struct linking linking;

	(void)state;
	link_demo(&learned, &enums, &linking);
	apply(&linking, NL_ATTR_TYPE_U32, 0);
	learned_print(&text, &learned, NULL, BUILD);
	assert_int_equal(learned_parse(text.data, text.length, BUILD, &again, &error), 0);
	learned_print(&second, &again, NULL, BUILD);
	assert_string_equal(text.data, second.data);
	/* What is not learned anew is kept, what is is not told twice. */
	learned_print(&kept, &none, &again, BUILD);
	assert_string_equal(text.data, kept.data);
	buffer_clear(&kept);
	learned_print(&kept, &learned, &again, BUILD);
	assert_string_equal(text.data, kept.data);
	for (size_t cut = 0; cut < text.length; cut++)
		parse_fails(text.data, cut);
}

/* Each line of these is one that the file could not have. */
static void test_hostile_file(void **state)
{
	static const char *const bad[] = {
		"family ../../x\n",
		"family x\nset A 1024\n",
		"family x\nset A 4\nset A 4\n",
		"family x\nset A 4\nattribute 5 A_X u8 learned 0 0 -\n",
		"family x\nset A 4\nattribute 1 B_X u8 learned 0 0 -\n",
		"family x\nset A 4\nattribute 1 A_X u8 learned 0 0 B\n",
		"family x\nset A 4\nattribute 1 A_X nest learned 0 0 B\n",
		"family x\nset A 4\nattribute 1 A_X array learned 0 0 -\n",
		"family x\nset A 4\nattribute 1 A_X u9 learned 0 0 -\n",
		"family x\nset A 4\nattribute 1 A_X u8 told 0 0 -\n",
		"family x\nset A 4\nattribute 1 A_X u8 learned -1 0 -\n",
		"family x\nset A 4\nattribute 1 A_X u8 learned 18446744073709551616 0 -\n",
		"family x\nset A 4\nattribute 1 A_\x1b[31m u8 learned 0 0 -\n",
		"family x\ncommand 1 get 0 A -\n",
		"family x\ncommand 65536 get 0 - -\n",
		"family x\n\n",
		"set A 4\n",
		"attribute 1 A_X u8 learned 0 0 -\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buffer_ struct buffer text = { 0 };
		unsigned int lines = 1;

		for (const char *at = bad[i]; *at; at++)
			lines += *at == '\n';
		buffer_printf(&text, "ferry learned 1 " BUILD "\n%send %u\n", bad[i], lines);
		parse_fails(text.data, text.length);
	}
	parse_fails("ferry learned 1 " BUILD "0\nend 1\n", strlen("ferry learned 1 " BUILD "0\nend 1\n"));
}

static void test_build_id(void **state)
{
	static const uint8_t notes[] = {
		4, 0, 0, 0, 4, 0, 0, 0, 1, 1, 0,   0,   'X', 'e', 'n', 0, 9, 9, 9,    9,    4,    0,
		0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0,   0,   1, 2, 3, 0xab, 0xcd, 0xef, 0xff,
	};
	char build[BUILD_ID_TEXT];

	(void)state;
	assert_int_equal(learned_build_id_in(notes, sizeof(notes), build), 0);
	assert_string_equal(build, "00010203abcdefff");
	for (size_t cut = 0; cut < sizeof(notes); cut++)
		assert_int_equal(learned_build_id_in(notes, cut, build), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enums),        cmocka_unit_test(test_enums_of_a_module),
		cmocka_unit_test(test_linking),      cmocka_unit_test(test_a_policy_that_does_not_fit),
		cmocka_unit_test(test_decoding),     cmocka_unit_test(test_file),
		cmocka_unit_test(test_hostile_file), cmocka_unit_test(test_build_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
