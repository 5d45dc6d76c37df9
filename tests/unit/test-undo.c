/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three-way rule of undo, over verbs that keep one value in memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "state/undo.h"

struct world {
	char *now;           /* NULL: nothing stands there */
	const char *becomes; /* what the kernel makes of a write, NULL = what was written */
	int refusal, writes;
	const char *forbidden;
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int verb_read(void *data, const char *address _unused_, char **ret, struct error *error)
{
	struct world *world = data;

	if (!world->now)
		return error_set(error, -ENOENT, "nothing there");
	*ret = copy(world->now);
	return 0;
}

static int verb_write(void *data, const char *address _unused_, const char *json, char **ret_now, struct error *error)
{
	struct world *world = data;

	world->writes++;
	if (world->refusal)
		return error_set(error, world->refusal, "refused");
	free(world->now);
	world->now = copy(json && world->becomes ? world->becomes : json);
	*ret_now = copy(world->now);
	return 0;
}

static int verb_matches(void *data _unused_, const char *address _unused_, const char *expected, const char *present, bool *ret,
			struct error *error _unused_)
{
	*ret = !strcmp(expected, present);
	return 0;
}

static char *verb_difference(void *data _unused_, const char *address _unused_, const char *expected _unused_, const char *present)
{
	return copy(present);
}

static const char *verb_forbids(void *data, const struct ferry_change *change _unused_)
{
	return ((struct world *)data)->forbidden;
}

/* Runs undo over a world where NOW stands; returns its result and what stands there then in END. */
static int run(const struct ferry_change *change, const char *now, unsigned int flags, struct world *world, struct undo_result *result)
{
	struct undo_verbs verbs = { world, verb_read, verb_write, verb_matches, verb_difference, verb_forbids };
	struct error error = { 0 };

	world->now = copy(now);
	*result = (struct undo_result){ 0 };
	return undo_change(change, flags, &verbs, result, &error);
}

#define CHECK(change, at_first, flags, world_init, expected, done_expected, writes_expected, at_last) \
	do {                                                                                          \
		struct world world = world_init;                                                      \
		struct undo_result result;                                                            \
		assert_int_equal(run(change, at_first, flags, &world, &result), expected);            \
		assert_int_equal(result.done, done_expected);                                         \
		assert_int_equal(world.writes, writes_expected);                                      \
		assert_string_equal(world.now ? world.now : "-", at_last);                            \
		undo_result_done(&result);                                                            \
		free(world.now);                                                                      \
	} while (0)

#define WORLD(...) ((struct world){ __VA_ARGS__ })

static const struct ferry_change changed = { .id = 3, .kind = FERRY_CHANGED, .address = "sysctl/x", .before = "1", .after = "2" };
static const struct ferry_change added = { .id = 4, .kind = FERRY_ADDED, .address = "netlink/route/rule/x", .after = "{}" };
static const struct ferry_change removed = { .id = 5, .kind = FERRY_REMOVED, .address = "netlink/route/rule/x", .before = "{}" };

static void test_changed(void **state)
{
	(void)state;
	CHECK(&changed, "2", 0, WORLD(0), 0, true, 1, "1");
	CHECK(&changed, "1", 0, WORLD(0), 0, false, 0, "1");       /* as it was already */
	CHECK(&changed, "9", 0, WORLD(0), -ESTALE, false, 0, "9"); /* someone else's */
	CHECK(&changed, "9", FERRY_UNDO_FORCE, WORLD(0), 0, true, 1, "1");
	CHECK(&changed, "2", FERRY_UNDO_DRY_RUN, WORLD(0), 0, true, 0, "2");
	CHECK(&changed, NULL, FERRY_UNDO_FORCE, WORLD(0), -ESTALE, false, 0, "-");
	CHECK(&changed, "2", 0, WORLD(.refusal = -EPERM), -EPERM, false, 1, "2");
	CHECK(&changed, "2", 0, WORLD(.becomes = "7"), -EIO, false, 1, "7");
}

static void test_added(void **state)
{
	(void)state;
	CHECK(&added, "{}", 0, WORLD(0), 0, true, 1, "-");
	CHECK(&added, NULL, 0, WORLD(0), 0, false, 0, "-");
	CHECK(&added, "{\"a\":1}", 0, WORLD(0), -ESTALE, false, 0, "{\"a\":1}");
	CHECK(&added, "{\"a\":1}", FERRY_UNDO_FORCE, WORLD(0), 0, true, 1, "-");
}

static void test_removed(void **state)
{
	(void)state;
	CHECK(&removed, NULL, 0, WORLD(0), 0, true, 1, "{}");
	CHECK(&removed, "{}", 0, WORLD(0), 0, false, 0, "{}");
	CHECK(&removed, "{\"a\":1}", 0, WORLD(0), -ESTALE, false, 0, "{\"a\":1}");
}

static void test_impossible(void **state)
{
	struct ferry_change refused = changed, unknown = changed, secret = changed, gap = { .kind = FERRY_GAP };

	(void)state;
	refused.result = -EINVAL;
	unknown.before = NULL;
	secret.before = "\"(secret)\"";
	CHECK(&refused, "2", FERRY_UNDO_FORCE, WORLD(0), -EOPNOTSUPP, false, 0, "2");
	CHECK(&unknown, "2", FERRY_UNDO_FORCE, WORLD(0), -EOPNOTSUPP, false, 0, "2");
	CHECK(&secret, "2", FERRY_UNDO_FORCE, WORLD(0), -EOPNOTSUPP, false, 0, "2");
	CHECK(&gap, "2", FERRY_UNDO_FORCE, WORLD(0), -EOPNOTSUPP, false, 0, "2");
	CHECK(&changed, "2", FERRY_UNDO_FORCE, WORLD(.forbidden = "a latch"), -EOPNOTSUPP, false, 0, "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_added),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_impossible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
