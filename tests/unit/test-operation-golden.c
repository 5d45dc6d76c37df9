/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What generic families answer that is told by no object: the kernel's own bytes (tests/golden/FAMILY-NAME.bin) must read as FAMILY-NAME.json says.
 * An operation has such bytes, or golden.h says why it has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/bitset.h"
#include "channel/generic.h"
#include "golden.h"

#define OPERATION(identifier) extern const struct operation operation_##identifier;
#include "channel/operations.def"
#undef OPERATION

static const struct operation *const operations[] = {
#define OPERATION(identifier) &operation_##identifier,
#include "channel/operations.def"
#undef OPERATION
};

struct golden {
	const struct operation *operation;
	struct buffer bytes;
};

static int decode(const struct operation *operation, const struct nlmsghdr *message, struct arena *arena, struct record **ret)
{
	if (message->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	return schema_decode(operation->schema, (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN), message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN),
			     arena, ret);
}

static void test_reads(void **state)
{
	const struct golden *golden = *state;
	_cleanup_free_ char *name = golden_name(golden->operation->family, golden->operation->name, "json");
	_cleanup_buffer_ struct buffer now = { 0 };
	const struct nlmsghdr *message;

	for (size_t position = 0; golden_next(&golden->bytes, &position, &message);) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct record *record;

		assert_int_equal(decode(golden->operation, message, &arena, &record), 0);
		golden_check_known(record, golden->operation->name);
		record_json(&now, record, NULL);
		buffer_add_char(&now, '\n');
	}
	golden_compare(name, &now);
}

static void take_cut(const void *data, const struct nlmsghdr *cut)
{
	const struct golden *golden = data;
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 };
	struct record *record = NULL;

	(void)!decode(golden->operation, cut, &arena, &record);
	if (record)
		record_json(&text, record, NULL);
}

/* A message that is cut is refused or read as far as it goes, and never read past its end. */
static void test_cut(void **state)
{
	const struct golden *golden = *state;

	golden_cut(&golden->bytes, take_cut, golden);
}

int main(void)
{
	struct golden goldens[ARRAY_SIZE(operations)];
	struct CMUnitTest tests[ARRAY_SIZE(goldens) * 2];
	char names[ARRAY_SIZE(tests)][64];
	unsigned int count = 0, test_count = 0;
	int r;

	golden_load_bit_names();
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		_cleanup_free_ char *name = golden_name(operations[i]->family, operations[i]->name, "bin");
		struct golden *golden = &goldens[count];

		if (golden_is_absent(name))
			continue;
		*golden = (struct golden){ .operation = operations[i] };
		golden_read(name, &golden->bytes);
		snprintf(names[test_count], sizeof(names[0]), "%s %s reads", operations[i]->family, operations[i]->name);
		tests[test_count] = (struct CMUnitTest){ names[test_count], test_reads, NULL, NULL, golden };
		test_count++;
		snprintf(names[test_count], sizeof(names[0]), "%s %s cut", operations[i]->family, operations[i]->name);
		tests[test_count] = (struct CMUnitTest){ names[test_count], test_cut, NULL, NULL, golden };
		test_count++;
		count++;
	}
	r = _cmocka_run_group_tests("operation-golden", tests, test_count, NULL, NULL);
	for (unsigned int i = 0; i < count; i++)
		buffer_done(&goldens[i].bytes);
	return r;
}
