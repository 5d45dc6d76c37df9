/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read in order to learn, and what was learned: the first byte picks the kept file (with a message that is decoded by it), the kernel's
 * types, its policies, its notes, or an answer that a table describes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/generic.h"
#include "channel/kernel-enums.h"
#include "channel/learned-file.h"
#include "channel/policy.h"

#define BUILD "00112233"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* A message of attributes 0 to 31, each a nest of the others. */
static size_t make_message(uint8_t *message, size_t room)
{
	size_t length = 0;

	for (uint16_t number = 0; number < 32 && length + 12 <= room; number++) {
		const struct nlattr outer = { 12, number }, inner = { 8, (uint16_t)(31 - number) };

		memcpy(message + length, &outer, sizeof(outer));
		memcpy(message + length + 4, &inner, sizeof(inner));
		memset(message + length + 8, number, 4);
		length += 12;
	}
	return length;
}

static void decode(const struct learned_set *set)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record;
	uint8_t message[512];
	size_t length = make_message(message, sizeof(message));

	if (schema_decode(&set->schema, message, length, &arena, &record) < 0)
		return;
	record_json(&text, record, NULL);
	require(!text.failed);
}

/* What is taken is printed as the same again. */
static void test_file(const uint8_t *data, size_t size)
{
	_cleanup_learned_ struct learned learned = { 0 }, again = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 }, second = { 0 };
	struct error error = { 0 };
	char *copy = malloc(size ? size : 1); /* just as long, so that a step beyond it is seen */

	require(copy != NULL);
	memcpy(copy, data, size);
	if (learned_parse(copy, size, BUILD, &learned, &error) == 0) {
		free(copy);
		for (size_t i = 0; i < learned.family_count; i++)
			for (size_t j = 0; j < learned.families[i]->set_count; j++)
				decode(learned.families[i]->sets[j]);
		learned_print(&text, &learned, NULL, BUILD);
		require(!text.failed && learned_parse(text.data, text.length, BUILD, &again, &error) == 0);
		learned_print(&second, &again, NULL, BUILD);
		require(second.length == text.length && memcmp(second.data, text.data, text.length) == 0);
	} else {
		require(error.code != 0 && error.text[0]);
		free(copy);
	}
}

static void test_types(const uint8_t *data, size_t size)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	/* The second half as those of a module that stand on the first. Aligned, as the kernel's are. */
	const size_t half = size / 2 & ~(size_t)3;
	uint8_t *copy = malloc(size ? size : 1);

	require(copy != NULL);
	memcpy(copy, data, size);
	(void)!kernel_enums_add(&enums, copy, size, NULL, 0);
	(void)!kernel_enums_add(&enums, copy + half, size - half, copy, half);
	free(copy);
	for (size_t i = 0; i < enums.count; i++)
		for (size_t j = 0; j < enums.list[i].count; j++)
			require(strncmp(enums.list[i].list[j].name, enums.list[i].prefix, enums.list[i].prefix_length) == 0);
}

static void test_policies(const uint8_t *data, size_t size)
{
	_cleanup_policies_ struct policies policies = { 0 };
	uint8_t *copy = malloc(size ? size : 1);

	require(copy != NULL);
	memcpy(copy, data, size);
	(void)!policies_take(&policies, copy, size);
	for (size_t i = 0; i < policies.count; i++)
		for (size_t j = 0; j < policies.list[i].count; j++)
			require(learned_kind_word(policy_kind(&policies.list[i].list[j])) != NULL);
	free(copy);
}

static void test_notes(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	char build[BUILD_ID_TEXT];

	require(copy != NULL);
	memcpy(copy, data, size);
	if (learned_build_id_in(copy, size, build) == 0)
		require(strspn(build, "0123456789abcdef") == strlen(build));
	free(copy);
}

extern const struct operation operation_ethtool_linkstate, operation_netdev_dev, operation_netdev_queue, operation_netdev_napi;

/* The first byte picks the operation. */
static void test_answer(const uint8_t *data, size_t size)
{
	static const struct operation *const operations[] = { &operation_ethtool_linkstate, &operation_netdev_dev, &operation_netdev_queue,
							      &operation_netdev_napi };
	_cleanup_buffer_ struct buffer text = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	uint8_t *copy = malloc(size ? size : 1);
	struct record *record = NULL;

	require(copy != NULL);
	if (size > 0) {
		memcpy(copy, data + 1, size - 1);
		(void)!schema_decode(operations[data[0] % ARRAY_SIZE(operations)]->schema, copy, size - 1, &arena, &record);
	}
	if (record)
		record_json(&text, record, NULL);
	require(!text.failed);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tests[])(const uint8_t *, size_t) = { test_file, test_types, test_policies, test_notes, test_answer };

	if (size > 0)
		tests[data[0] % ARRAY_SIZE(tests)](data + 1, size - 1);
	return 0;
}
