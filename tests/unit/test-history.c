/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store: what goes in comes out, whoever holds the file, whatever the file is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "history/history.h"
#include "history/store.h"

#define SECONDS UINT64_C(1000000000)

struct place {
	char folder[64], path[96];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	snprintf(place->folder, sizeof(place->folder), "/tmp/test-history-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/history.db", place->folder);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[160];

	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", place->folder, place->folder);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static int run_sql(const struct place *place, const char *sql)
{
	char command[1024];

	snprintf(command, sizeof(command), "sqlite3 %s \"%s\" >/dev/null", place->path, sql);
	return system(command);
}

#define assert_done(expression)                                                 \
	do {                                                                    \
		int done_ = (expression);                                       \
		if (done_ != 0)                                                 \
			fail_msg("%s: %d, %s", #expression, done_, error.text); \
	} while (0)

static const struct ferry_actor ip = {
	.pid = 7,
	.tid = 7,
	.ppid = 5,
	.start = 99,
	.comm = "ip",
	.exe = "/sbin/ip",
	.argv = "ip\0link\0",
	.argv_length = 8,
	.uid = 0,
	.login_uid = 1000,
	.cgroup = "/user.slice/session-3.scope",
	.netns = 4026531840,
};

static struct ferry_change knob(const char *address, const char *before, const char *after)
{
	return (struct ferry_change){ .time = 1000 * SECONDS,
				      .boottime = 10 * SECONDS,
				      .kind = FERRY_CHANGED,
				      .address = address,
				      .before = before,
				      .after = after,
				      .door = FERRY_DOOR_SYSCTL,
				      .actor = &ip,
				      .source = "sysctl" };
}

static void add(struct history *history, struct ferry_change change)
{
	struct error error = { 0 };

	change.id = history_next_id(history);
	assert_done(history_add(history, &change, &error));
}

static void store(const struct place *place, const struct ferry_change *list, size_t count)
{
	struct error error = { 0 };
	struct history *history;

	assert_done(history_create(place->path, 0, 0, &history, &error));
	for (size_t i = 0; i < count; i++)
		add(history, list[i]);
	assert_done(history_flush(history, &error));
	history_close(history);
}

/* What a query gave: ids, and the leaves of a blame, in words. */
struct result {
	char text[4096];
	int stop_after;
};

static int note_change(void *data, const struct ferry_change *change)
{
	struct result *result = data;

	snprintf(result->text + strlen(result->text), sizeof(result->text) - strlen(result->text), "%s%llu", *result->text ? " " : "",
		 (unsigned long long)change->id);
	return result->stop_after && --result->stop_after == 0 ? 77 : 0;
}

static int note_leaf(void *data, const char *leaf, const struct ferry_change *change)
{
	struct result *result = data;

	snprintf(result->text + strlen(result->text), sizeof(result->text) - strlen(result->text), "%s%s:%llu", *result->text ? " " : "", leaf,
		 (unsigned long long)change->id);
	return 0;
}

static void expect(const struct place *place, struct ferry_history_filter filter, const char *expected)
{
	struct result result = { 0 };
	struct history_reader *reader;
	struct error error = { 0 };

	filter.size = sizeof(filter);
	assert_done(history_reader_open(place->path, &reader, &error));
	assert_done(history_changes(reader, &filter, note_change, &result, &error));
	assert_string_equal(result.text, expected);
	history_reader_close(reader);
}

static void expect_blame(const struct place *place, const char *address, const char *expected)
{
	struct result result = { 0 };
	struct history_reader *reader;
	struct error error = { 0 };
	int r;

	assert_done(history_reader_open(place->path, &reader, &error));
	r = history_blame(reader, address, note_leaf, &result, &error);
	if (!*expected)
		assert_int_equal(r, -ENOENT);
	else
		assert_done(r);
	assert_string_equal(result.text, expected);
	history_reader_close(reader);
}

static void same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void same_actor(const struct ferry_actor *a, const struct ferry_actor *b)
{
	if (!a || !b) {
		assert_ptr_equal(a, b);
		return;
	}
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->ppid, b->ppid);
	assert_int_equal(a->start, b->start);
	same_text(a->comm, b->comm);
	same_text(a->exe, b->exe);
	assert_int_equal(a->argv_length, b->argv_length);
	assert_int_equal(!a->argv, !b->argv);
	if (a->argv)
		assert_memory_equal(a->argv, b->argv, a->argv_length);
	assert_int_equal(a->argv_cut, b->argv_cut);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->login_uid, b->login_uid);
	same_text(a->cgroup, b->cgroup);
	assert_int_equal(a->netns, b->netns);
	assert_int_equal(a->kernel, b->kernel);
	same_text(a->unknown, b->unknown);
}

struct expected_changes {
	const struct ferry_change *list;
	size_t next;
};

static int compare_change(void *data, const struct ferry_change *b)
{
	struct expected_changes *expected = data;
	const struct ferry_change *a = &expected->list[expected->next++];

	assert_int_equal(b->id, expected->next);
	assert_int_equal(a->time, b->time);
	assert_int_equal(a->boottime, b->boottime);
	assert_int_equal(a->kind, b->kind);
	same_text(a->address, b->address);
	same_text(a->before, b->before);
	same_text(a->after, b->after);
	assert_int_equal(a->door, b->door);
	assert_int_equal(a->result, b->result);
	same_text(a->result_text, b->result_text);
	same_actor(a->actor, b->actor);
	assert_int_equal(a->cause, b->cause);
	assert_int_equal(a->consistency, b->consistency);
	assert_int_equal(a->netns, b->netns);
	same_text(a->source, b->source);
	assert_int_equal(a->lost, b->lost);
	assert_int_equal(a->from, b->from);
	assert_int_equal(a->to, b->to);
	return 0;
}

static void test_round_trip(void **state)
{
	static const struct ferry_actor odd = { .pid = UINT32_MAX,
						.tid = UINT32_MAX,
						.start = UINT64_MAX,
						.comm = "",
						.exe = "/tmp/\xff\xfe (deleted)",
						.argv = "",
						.uid = UINT32_MAX,
						.login_uid = UINT32_MAX,
						.netns = UINT64_MAX,
						.unknown = "needs CAP_BPF",
						.argv_cut = true };
	static const struct ferry_actor worker = { .comm = "kworker/0:1", .kernel = true, .argv = "a\0\0b\xff", .argv_length = 5 };
	const struct ferry_change list[] = {
		{ .time = 1,
		  .boottime = 2,
		  .kind = FERRY_ADDED,
		  .address = "netlink/route/link/d0",
		  .after = "{\"mtu\":1500,\"name\":\"d0\"}",
		  .door = FERRY_DOOR_NETLINK,
		  .actor = &ip,
		  .cause = 0,
		  .consistency = FERRY_WHOLE,
		  .netns = 4026531840,
		  .source = "netlink/route" },
		{ .time = INT64_MAX,
		  .boottime = INT64_MAX,
		  .kind = FERRY_CHANGED,
		  .address = "sysfs/\xff\xfe",
		  .before = "\"\"",
		  .after = "\"\xc3\xa4\"",
		  .door = FERRY_DOOR_KERNEL,
		  .actor = &odd,
		  .cause = UINT64_MAX,
		  .consistency = FERRY_UNKNOWN,
		  .netns = UINT64_MAX,
		  .source = "sysfs" },
		{ .time = 5,
		  .kind = FERRY_CHANGED,
		  .address = "sysctl/kernel/x",
		  .after = "\"abc\"",
		  .door = FERRY_DOOR_SYSCTL,
		  .result = -EINVAL,
		  .result_text = "no: \"%s\"",
		  .actor = &worker },
		{ .time = 6, .kind = FERRY_GAP, .source = "netlink/route", .lost = UINT64_MAX, .from = 4, .to = 6, .consistency = FERRY_INTERRUPTED },
		{ .time = 7, .kind = FERRY_REMOVED, .address = "a", .before = "{}", .actor = &ip, .consistency = FERRY_INFERRED },
	};
	struct expected_changes expected = { list, 0 };
	struct place *place = *state;
	struct history_reader *reader;
	struct error error = { 0 };
	struct stat status;

	store(place, list, ARRAY_SIZE(list));
	assert_done(history_reader_open(place->path, &reader, &error));
	assert_done(history_changes(reader, NULL, compare_change, &expected, &error));
	assert_int_equal(expected.next, ARRAY_SIZE(list));
	history_reader_close(reader);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

/* The same memory with other content is another actor; equal content is one row. */
static void test_actors(void **state)
{
	struct place *place = *state;
	struct ferry_actor actor = ip;
	struct history *history;
	struct error error = { 0 };
	struct ferry_change change = knob("sysctl/a", "1", "2");

	change.actor = &actor;
	assert_done(history_create(place->path, 0, 0, &history, &error));
	for (int i = 0; i < 300; i++) {
		actor.pid = 100 + (unsigned int)i % 3;
		actor.comm = i % 2 ? "odd" : "even";
		add(history, change);
		if (i % 50 == 0)
			assert_done(history_flush(history, &error));
	}
	history_close(history);
	assert_int_equal(run_sql(place, "CREATE TABLE x(n CHECK (n = 6)); INSERT INTO x SELECT count(*) FROM actor; DROP TABLE x;"), 0);
	expect(place, (struct ferry_history_filter){ .by = "odd", .last = 3 }, "296 298 300");
	expect(place, (struct ferry_history_filter){ .by = "100", .last = 2 }, "295 298");
}

static const char long_name[] = "netlink/route/link/d0x";

static void fill_for_filters(const struct place *place)
{
	static const struct ferry_actor other = { .pid = 12,
						  .tid = 12,
						  .comm = "daemon",
						  .exe = "/usr/sbin/networkd",
						  .uid = 33,
						  .login_uid = UINT32_MAX,
						  .cgroup = "/system.slice/net.service" };
	struct ferry_change list[] = {
		/* 1 */ { .time = 100 * SECONDS,
			  .kind = FERRY_ADDED,
			  .address = "netlink/route/link/d0",
			  .after = "{\"mtu\":1500,\"up\":false,\"linkinfo\":{\"kind\":\"dummy\"}}",
			  .actor = &ip },
		/* 2 */
		{ .time = 101 * SECONDS,
		  .kind = FERRY_CHANGED,
		  .address = "netlink/route/link/d0",
		  .before = "{\"mtu\":1500}",
		  .after = "{\"mtu\":1400}",
		  .actor = &other },
		/* 3 */
		{ .time = 102 * SECONDS,
		  .kind = FERRY_CHANGED,
		  .address = long_name,
		  .before = "{\"mtu\":1500}",
		  .after = "{\"mtu\":1400}",
		  .actor = &ip },
		/* 4 */
		{ .time = 103 * SECONDS, .kind = FERRY_CHANGED, .address = "sysctl/net/ipv4/ip_forward", .before = "0", .after = "1", .actor = &ip },
		/* 5 */ { .time = 104 * SECONDS, .kind = FERRY_GAP, .source = "netlink/route", .lost = 3 },
		/* 6 */
		{ .time = 105 * SECONDS,
		  .kind = FERRY_CHANGED,
		  .address = "netlink/route/link/d0",
		  .before = "{\"up\":false}",
		  .after = "{\"up\":true}",
		  .actor = &ip,
		  .result = -EPERM },
		/* 7 */
		{ .time = 106 * SECONDS,
		  .kind = FERRY_CHANGED,
		  .address = "netlink/route/link/d0",
		  .before = "{\"linkinfo\":{\"data\":{\"id\":1}}}",
		  .after = "{\"linkinfo\":{\"data\":{\"id\":2}}}",
		  .actor = &ip },
		/* 8: the clock was set back */
		{ .time = 50 * SECONDS,
		  .kind = FERRY_CHANGED,
		  .address = "sysctl/net/ipv4/ip_forward",
		  .before = "1",
		  .after = "0",
		  .actor = &other },
	};
	struct history *history;
	struct error error = { 0 };

	assert_done(history_create(place->path, 0, 0, &history, &error));
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		add(history, list[i]);
		assert_done(history_flush(history, &error)); /* one batch each */
	}
	history_close(history);
}

#define ADDRESSES(...)                     \
	.addresses = (const char *const[]) \
	{                                  \
		__VA_ARGS__, NULL          \
	}

static void test_filters(void **state)
{
	struct place *place = *state;
	const struct {
		struct ferry_history_filter filter;
		const char *expected;
	} cases[] = {
		{ { 0 }, "1 2 3 4 5 6 7 8" },
		{ { .last = 3 }, "6 7 8" },
		{ { .last = 100 }, "1 2 3 4 5 6 7 8" },
		{ { .id = 4 }, "4" },
		{ { .id = 9 }, "" },
		{ { .id = UINT64_MAX }, "" },
		{ { .since = 103 * SECONDS }, "4 5 6 7" },
		{ { .until = 101 * SECONDS }, "1 2 8" },
		{ { .since = 101 * SECONDS, .until = 103 * SECONDS }, "2 3 4" },
		{ { .since = 101 * SECONDS + 1, .until = 103 * SECONDS - 1 }, "3" },
		{ { .since = 200 * SECONDS }, "" },
		{ { .until = 1 }, "" },
		{ { ADDRESSES("netlink/route/link/d0") }, "1 2 5 6 7" },
		{ { ADDRESSES("netlink/route/link/d0"), .last = 2 }, "6 7" },
		{ { ADDRESSES("netlink/route/link/d0x") }, "3 5" },
		{ { ADDRESSES("netlink/route/link/d*") }, "1 2 3 5 6 7" },
		{ { ADDRESSES("netlink/route/link/d?x") }, "3 5" },
		{ { ADDRESSES("netlink/route/link/[a-e]0") }, "1 2 5 6 7" },
		{ { ADDRESSES("netlink") }, "1 2 3 5 6 7" },
		{ { ADDRESSES("*") }, "1 2 3 4 5 6 7 8" },
		{ { ADDRESSES("") }, "1 2 3 4 5 6 7 8" },
		{ { ADDRESSES("*/net") }, "4 8" },
		{ { ADDRESSES("net") }, "" },
		{ { ADDRESSES("sysctl/net/ipv4/ip_forward") }, "4 8" },
		{ { ADDRESSES("sysctl/net", "netlink/route/link/d0x") }, "3 4 5 8" },
		{ { ADDRESSES("sysctl/net", "*x") }, "4 8" },
		{ { ADDRESSES("netlink/route/link/d0/mtu") }, "1 2 5" },
		{ { ADDRESSES("netlink/route/link/*/mtu") }, "1 2 3 5" },
		{ { ADDRESSES("netlink/route/link/d0/linkinfo") }, "1 5 7" },
		{ { ADDRESSES("netlink/route/link/d0/linkinfo/data/id") }, "5 7" },
		{ { ADDRESSES("netlink/route/link/d0/nothing") }, "5" },
		{ { ADDRESSES("sysfs") }, "" },
		{ { .by = "ip" }, "1 3 4 6 7" },
		{ { .by = "7" }, "1 3 4 6 7" },
		{ { .by = "uid=33" }, "2 8" },
		{ { .by = "uid=root" }, "1 3 4 6 7" },
		{ { .by = "networkd" }, "2 8" },
		{ { .by = "net.service" }, "2 8" },
		{ { .by = "daemon", .last = 1 }, "8" },
		{ { .by = "nobody" }, "" },
		{ { .by = "daemon", ADDRESSES("netlink") }, "2" },
		{ { .by = "daemon", .since = 60 * SECONDS }, "2" },
	};

	fill_for_filters(place);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("case %zu\n", i);
		expect(place, cases[i].filter, cases[i].expected);
	}
}

/* A gap is shown to everybody whose changes it may hide. */
static void test_gaps(void **state)
{
	const struct ferry_change list[] = {
		/* 1 */ { .kind = FERRY_GAP, .source = "netlink/route", .lost = 1 },
		/* 2 */ { .kind = FERRY_GAP, .source = "sysctl", .lost = 1 },
		/* 3 */ { .kind = FERRY_GAP, .source = "history", .lost = 1 },
		/* 4 */ { .kind = FERRY_GAP, .lost = 1 },
	};
	struct place *place = *state;

	store(place, list, ARRAY_SIZE(list));
	expect(place, (struct ferry_history_filter){ ADDRESSES("netlink/route/link/d0") }, "1 3 4");
	expect(place, (struct ferry_history_filter){ ADDRESSES("netlink") }, "1 3 4");
	expect(place, (struct ferry_history_filter){ ADDRESSES("sysctl/net/*") }, "2 3 4");
	expect(place, (struct ferry_history_filter){ 0 }, "1 2 3 4");
	expect(place, (struct ferry_history_filter){ .by = "ip" }, "");
	expect_blame(place, "", "");
}

static void test_callback(void **state)
{
	struct result result = { .stop_after = 2 };
	struct ferry_history_filter filter = { .size = sizeof(filter), .by = "uid=x" };
	struct place *place = *state;
	struct history_reader *reader;
	struct error error = { 0 };

	fill_for_filters(place);
	assert_done(history_reader_open(place->path, &reader, &error));
	assert_int_equal(history_changes(reader, NULL, note_change, &result, &error), 77);
	assert_string_equal(result.text, "1 2");
	assert_int_equal(history_changes(reader, &filter, note_change, &result, &error), -EINVAL);
	assert_non_null(strstr(error.text, "uid="));
	history_reader_close(reader);
}

static void test_blame(void **state)
{
	struct place *place = *state;

	fill_for_filters(place);
	expect_blame(place, "netlink/route/link/d0",
		     "netlink/route/link/d0/linkinfo/data/id:7 netlink/route/link/d0/linkinfo/kind:1 netlink/route/link/d0/mtu:2 "
		     "netlink/route/link/d0/up:1");
	expect_blame(place, "netlink/route/link/d0/mtu", "netlink/route/link/d0/mtu:2");
	expect_blame(place, "netlink/route/link/*/mtu", "netlink/route/link/d0/mtu:2 netlink/route/link/d0x/mtu:3");
	expect_blame(place, "netlink/route/link/d0/linkinfo", "netlink/route/link/d0/linkinfo/data/id:7 netlink/route/link/d0/linkinfo/kind:1");
	expect_blame(place, "sysctl", "sysctl/net/ipv4/ip_forward:8");
	expect_blame(place, "",
		     "netlink/route/link/d0/linkinfo/data/id:7 netlink/route/link/d0/linkinfo/kind:1 netlink/route/link/d0/mtu:2 "
		     "netlink/route/link/d0/up:1 "
		     "netlink/route/link/d0x/mtu:3 sysctl/net/ipv4/ip_forward:8");
	expect_blame(place, "netlink/route/link/d1", "");
	expect_blame(place, "netlink/route/link/d", "");
	expect_blame(place, "netlink/route/link/d0/nothing", "");
}

/* Removal takes all leaves, what comes again starts anew; the same name in another network namespace is another object. */
static void test_blame_lives(void **state)
{
	const struct ferry_change list[] = {
		/* 1 */ { .kind = FERRY_ADDED, .address = "l/d0", .after = "{\"mtu\":1,\"old\":1}", .netns = 1 },
		/* 2 */ { .kind = FERRY_REMOVED, .address = "l/d0", .before = "{\"mtu\":1,\"old\":1}", .netns = 1 },
		/* 3 */
		{ .kind = FERRY_ADDED, .address = "l/d0", .after = "{\"mtu\":2,\"list\":[1,{\"a\":1}],\"empty\":{},\"null\":null}", .netns = 1 },
		/* 4 */ { .kind = FERRY_CHANGED, .address = "l/d0", .before = "{\"master\":\"br0\"}", .after = "{\"master\":null}", .netns = 1 },
		/* 5 */ { .kind = FERRY_ADDED, .address = "l/d0", .after = "{\"mtu\":9}", .netns = 2 },
		/* 6 */ { .kind = FERRY_REMOVED, .address = "l/d1", .before = "{\"mtu\":1}", .netns = 1 },
		/* 7 */ { .kind = FERRY_CHANGED, .address = "s/knob", .before = "1", .after = "\"text\"" },
		/* 8 */ { .kind = FERRY_CHANGED, .address = "s/broken", .after = "{\"unfinished\":" },
	};
	struct place *place = *state;

	store(place, list, ARRAY_SIZE(list));
	expect_blame(place, "l", "l/d0/empty:3 l/d0/list:3 l/d0/master:4 l/d0/mtu:3 l/d0/mtu:5 l/d0/null:3 l/d1:6");
	expect_blame(place, "l/d1/mtu", "l/d1:6");
	expect_blame(place, "s", "s/broken:8 s/knob:7");
}

static void test_ids(void **state)
{
	struct place *place = *state;
	struct history *history;
	struct error error = { 0 };
	struct ferry_change change = knob("sysctl/a", "1", "2");

	assert_done(history_create(place->path, 0, 0, &history, &error));
	assert_int_equal(history_next_id(history), 1);
	assert_int_equal(history_due(history), 0);
	change.id = 2;
	assert_int_equal(history_add(history, &change, &error), -EINVAL);
	add(history, knob("sysctl/a", "1", "2"));
	add(history, knob("sysctl/a", "2", "3"));
	assert_int_equal(history_next_id(history), 3);
	assert_true(history_due(history) > 0 && history_due(history) <= time_boot() + SECONDS / 10);
	assert_int_equal(history_kept(history), 0);
	assert_done(history_flush(history, &error));
	assert_int_equal(history_kept(history), 2);
	assert_int_equal(history_due(history), 0);
	for (int i = 0; i < 5000; i++)
		add(history, knob("sysctl/a", "1", "2"));
	assert_true(history_due(history) <= time_boot());
	history_close(history); /* flushes */
	assert_done(history_create(place->path, 0, 0, &history, &error));
	assert_int_equal(history_next_id(history), 5003);
	history_close(history);
	expect(place, (struct ferry_history_filter){ .last = 2 }, "5001 5002");
}

static void test_lock(void **state)
{
	struct place *place = *state;
	struct history *history, *second = NULL;
	struct error error = { 0 };
	char words[64];
	int status;
	pid_t child;

	assert_false(history_recording(place->path));
	assert_done(history_create(place->path, 0, 0, &history, &error));
	assert_true(history_recording(place->path));
	assert_int_equal(history_create(place->path, 0, 0, &second, &error), -EBUSY);
	snprintf(words, sizeof(words), "another recorder (pid %d) keeps", (int)getpid());
	assert_non_null(strstr(error.text, words));
	child = fork();
	if (child == 0)
		_exit(history_create(place->path, 0, 0, &second, NULL) == -EBUSY && history_recording(place->path) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(history_recording(place->path));
	history_close(history);
	assert_false(history_recording(place->path));
	assert_done(history_create(place->path, 0, 0, &history, &error));
	history_close(history);
}

static int write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	return !file || fputs(text, file) == EOF || fclose(file) != 0;
}

static void expect_refused(const struct place *place, int expected, const char *words)
{
	struct history_reader *reader = NULL;
	struct history *history = NULL;
	struct error error = { 0 };

	if (history_create(place->path, 0, 0, &history, &error) != expected || !strstr(error.text, words))
		fail_msg("writer: %s (%d), expected \"%s\" (%d)", error.text, error.code, words, expected);
	if (history_reader_open(place->path, &reader, &error) != expected || !strstr(error.text, words))
		fail_msg("reader: %s (%d), expected \"%s\" (%d)", error.text, error.code, words, expected);
	assert_null(history);
	assert_null(reader);
}

static void test_refused(void **state)
{
	struct place *place = *state;
	struct history_reader *reader = NULL;
	struct error error = { 0 };

	assert_int_equal(history_reader_open(place->path, &reader, &error), -ENOENT);
	assert_int_equal(history_reader_open("/tmp/no/such/folder/x.db", &reader, &error), -ENOENT);
	assert_int_equal(
		write_file(place->path, "a text that is longer than the header of an SQLite file, which has a hundred bytes, and so is none.\n"), 0);
	expect_refused(place, -ENOTSUP, "not an SQLite file");
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0);
	assert_int_equal(history_reader_open(place->path, &reader, &error), -ENOTSUP);
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(run_sql(place, "CREATE TABLE t(x)"), 0);
	expect_refused(place, -ENOTSUP, "another program's");
	assert_int_equal(unlink(place->path), 0);
	store(place, NULL, 0);
	assert_int_equal(run_sql(place, "PRAGMA user_version = 99"), 0);
	expect_refused(place, -EPROTO, "newer ferry");
}

static void test_damaged(void **state)
{
	struct place *place = *state;
	struct history_reader *reader;
	struct result result = { 0 };
	struct error error = { 0 };
	struct ferry_change list[400];
	int descriptor, r;
	char noise[PAGE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		list[i] = knob("sysctl/net/ipv4/ip_forward", "\"a long enough value to fill some pages of the file\"", "1");
	store(place, list, ARRAY_SIZE(list));
	memset(noise, 0x5a, sizeof(noise));
	descriptor = open(place->path, O_WRONLY);
	for (int page = 2; page < 6; page++)
		assert_int_equal(pwrite(descriptor, noise, sizeof(noise), (off_t)page * PAGE_SIZE), sizeof(noise));
	close(descriptor);
	r = history_reader_open(place->path, &reader, &error);
	if (r == 0) {
		result.stop_after = 500;
		r = history_changes(reader, NULL, note_change, &result, &error);
		history_reader_close(reader);
	}
	assert_int_equal(r, -EBADMSG);
	assert_non_null(strstr(error.text, "damaged"));
}

static void test_links(void **state)
{
	struct place *place = *state;
	struct history *history = NULL;
	struct error error = { 0 };
	char target[128], deep[128];
	struct stat status;

	snprintf(target, sizeof(target), "%s/target", place->folder);
	assert_int_equal(symlink(target, place->path), 0);
	assert_int_equal(history_create(place->path, 0, 0, &history, &error), -ELOOP);
	assert_int_equal(access(target, F_OK), -1);
	/* A link in the folder's path is the administrator's own choice. */
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(symlink(".", target), 0);
	snprintf(deep, sizeof(deep), "%s/target/a/b/history.db", place->folder);
	assert_done(history_create(deep, 0, 0, &history, &error));
	history_close(history);
	snprintf(deep, sizeof(deep), "%s/a/b", place->folder);
	assert_int_equal(stat(deep, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	/* A folder in which everybody may write, and rename. */
	assert_int_equal(chmod(deep, 0777), 0);
	snprintf(deep, sizeof(deep), "%s/a/b/other.db", place->folder);
	assert_int_equal(history_create(deep, 0, 0, &history, &error), -EPERM);
	assert_int_equal(history_create(place->folder, 0, 0, &history, &error), -ENOTSUP);
	assert_int_equal(history_create("", 0, 0, &history, &error), -EINVAL);
	assert_int_equal(history_create("/", 0, 0, &history, &error), -EINVAL);
}

static void test_reader_beside_writer(void **state)
{
	struct place *place = *state;
	struct history_reader *reader;
	struct result result = { 0 };
	struct history *history;
	struct error error = { 0 };

	assert_done(history_create(place->path, 0, 0, &history, &error));
	add(history, knob("sysctl/a", "1", "2"));
	assert_done(history_flush(history, &error));
	assert_done(history_reader_open(place->path, &reader, &error));
	add(history, knob("sysctl/a", "2", "3"));
	expect(place, (struct ferry_history_filter){ 0 }, "1");
	assert_done(history_flush(history, &error));
	assert_done(history_changes(reader, NULL, note_change, &result, &error));
	assert_string_equal(result.text, "1 2");
	/* The reader's end must not take the writer's locks away. */
	history_reader_close(reader);
	add(history, knob("sysctl/a", "2", "3"));
	assert_done(history_flush(history, &error));
	expect(place, (struct ferry_history_filter){ 0 }, "1 2 3");
	history_close(history);
}

/* The writer's and retention's pace against a reader in another process: always a whole row of ids, never an error. */
static int check_rising(void *data, const struct ferry_change *change)
{
	uint64_t *last = data;

	if (*last)
		assert_int_equal(change->id, *last + 1);
	*last = change->id;
	return 0;
}

static void write_much(const struct place *place)
{
	struct history *history;

	if (history_create(place->path, 0, 1024 * 1024, &history, NULL) < 0)
		_exit(1);
	for (int i = 0; i < 40000; i++) {
		struct ferry_change change = knob("sysctl/net/ipv4/ip_forward", "\"0123456789012345678901234567890123456789\"", "1");

		change.id = history_next_id(history);
		if (history_add(history, &change, NULL) < 0 || (i % 100 == 99 && history_flush(history, NULL) < 0))
			_exit(1);
	}
	history_close(history);
	_exit(0);
}

static void test_readers_under_load(void **state)
{
	struct place *place = *state;
	struct history_reader *reader;
	struct error error = { 0 };
	unsigned int readings = 0;
	int status;
	pid_t child;

	store(place, NULL, 0);
	child = fork();
	if (child == 0)
		write_much(place);
	while (waitpid(child, &status, WNOHANG) == 0) {
		uint64_t last = 0;

		assert_done(history_reader_open(place->path, &reader, &error));
		/* Retention may take rows away between two slices, so the middle may start later, but only at the front. */
		assert_done(history_changes(reader, &(struct ferry_history_filter){ .size = sizeof(struct ferry_history_filter), .last = 100 },
					    check_rising, &last, &error));
		history_reader_close(reader);
		readings += last > 0;
	}
	assert_int_equal(status, 0);
	assert_true(readings > 0);
}

static void test_removed_file(void **state)
{
	struct place *place = *state;
	struct history *history;
	struct error error = { 0 };
	char other[128];

	assert_done(history_create(place->path, 0, 0, &history, &error));
	add(history, knob("sysctl/a", "1", "2"));
	assert_done(history_flush(history, &error));
	add(history, knob("sysctl/a", "1", "2"));
	snprintf(other, sizeof(other), "%s/moved", place->folder);
	assert_int_equal(rename(place->path, other), 0);
	assert_int_equal(history_flush(history, &error), -ENOENT);
	assert_non_null(strstr(error.text, "removed"));
	assert_true(history_due(history) > time_boot());
	assert_int_equal(history_kept(history), 1);
	assert_int_equal(write_file(place->path, ""), 0);
	assert_int_equal(history_flush(history, &error), -ESTALE);
	/* Put back, the batch that was held goes in. */
	assert_int_equal(rename(other, place->path), 0);
	assert_done(history_flush(history, &error));
	assert_int_equal(history_kept(history), 2);
	history_close(history);
	expect(place, (struct ferry_history_filter){ 0 }, "1 2");
}

static int first_id(void *data, const struct ferry_change *change)
{
	*(uint64_t *)data = change->id;
	return 1;
}

static uint64_t oldest(const struct place *place)
{
	struct history_reader *reader;
	struct error error = { 0 };
	uint64_t id = 0;

	assert_done(history_reader_open(place->path, &reader, &error));
	assert_int_equal(history_changes(reader, NULL, first_id, &id, &error), 1);
	history_reader_close(reader);
	return id;
}

static void test_keep_time(void **state)
{
	struct place *place = *state;
	struct ferry_change change = knob("sysctl/a", "1", "2");
	struct history *history;
	struct error error = { 0 };
	uint64_t now = time_real();

	assert_done(history_create(place->path, 3600 * SECONDS, 0, &history, &error));
	for (unsigned int i = 0; i < 3000; i++) {
		change.time = i < 2500 ? now - 7200 * SECONDS : now;
		add(history, change);
	}
	assert_done(history_flush(history, &error));
	while (history_due(history))
		assert_done(history_flush(history, &error));
	assert_int_equal(oldest(place), 2501);
	history_close(history);
	/* All of them old: the last stays, and no id comes again. */
	assert_done(history_create(place->path, 1, 0, &history, &error));
	assert_int_equal(history_next_id(history), 3001);
	assert_done(history_flush(history, &error));
	while (history_due(history))
		assert_done(history_flush(history, &error));
	assert_int_equal(oldest(place), 3000);
	history_close(history);
	assert_done(history_create(place->path, 1, 0, &history, &error));
	assert_int_equal(history_next_id(history), 3001);
	history_close(history);
}

static off_t size_of(const struct place *place, const char *suffix)
{
	struct stat status;
	char path[128];

	snprintf(path, sizeof(path), "%s%s", place->path, suffix);
	return stat(path, &status) == 0 ? status.st_size : 0;
}

static void test_keep_bytes(void **state)
{
	const off_t bound = 4 * 1024 * 1024;
	struct place *place = *state;
	struct history *history;
	struct error error = { 0 };
	char value[600];

	assert_int_equal(history_create(place->path, 0, 1000, &history, &error), -EINVAL);
	memset(value, 'x', sizeof(value) - 1);
	value[0] = value[sizeof(value) - 2] = '"';
	value[sizeof(value) - 1] = '\0';
	/* First too large without a bound, then with one: the file itself must shrink. */
	assert_done(history_create(place->path, 0, 0, &history, &error));
	for (int i = 0; i < 30000; i++)
		add(history, knob("sysctl/net/ipv4/ip_forward", value, "1"));
	history_close(history);
	assert_true(size_of(place, "") > 4 * bound);
	assert_done(history_create(place->path, 0, (uint64_t)bound, &history, &error));
	for (int i = 0; i < 20000; i++) {
		add(history, knob("sysctl/net/ipv4/ip_forward", value, "1"));
		if (i % 100 == 99)
			assert_done(history_flush(history, &error));
	}
	for (int i = 0; history_due(history) && i < 1000; i++)
		assert_done(history_flush(history, &error));
	if (size_of(place, "") + size_of(place, "-wal") > bound)
		fail_msg("%lld and %lld bytes", (long long)size_of(place, ""), (long long)size_of(place, "-wal"));
	/* And not more was taken away than had to be. */
	assert_true(50000 - oldest(place) > 2000);
	assert_int_equal(history_next_id(history), 50001);
	history_close(history);
	assert_true(size_of(place, "") <= bound);
	assert_int_equal(run_sql(place, "CREATE TABLE x(n CHECK (n = 'ok')); INSERT INTO x SELECT * FROM pragma_integrity_check; DROP TABLE x;"), 0);
}

static void test_actors_swept(void **state)
{
	struct place *place = *state;
	struct ferry_actor actor = ip;
	struct ferry_change change = knob("sysctl/a", "1", "2");
	struct history *history;
	struct error error = { 0 };

	change.actor = &actor;
	assert_done(history_create(place->path, SECONDS, 0, &history, &error));
	for (unsigned int i = 0; i < 6000; i++) {
		actor.pid = i < 5000 ? 1000 + i : 1000; /* the first comes again after its row was taken away */
		change.time = i < 5000 ? 1 : time_real();
		add(history, change);
		if (i % 500 == 499)
			assert_done(history_flush(history, &error));
	}
	while (history_due(history))
		assert_done(history_flush(history, &error));
	history_close(history);
	expect(place, (struct ferry_history_filter){ .by = "1000", .last = 1 }, "6000");
	assert_int_equal(run_sql(place, "CREATE TABLE x(n CHECK (n < 2000)); INSERT INTO x SELECT count(*) FROM actor; DROP TABLE x;"), 0);
	assert_int_equal(run_sql(place, "CREATE TABLE x(n CHECK (n = 0)); INSERT INTO x SELECT count(*) FROM change WHERE actor NOT IN (SELECT id "
					"FROM actor); DROP TABLE x;"),
			 0);
}

static void test_intent(void **state)
{
	struct place *place = *state;
	struct history *history;
	struct error error = { 0 };

	/* Without a recorder nobody asks, and no file appears. */
	assert_done(history_intend(place->path, 7, &(struct history_intent){ "a/b", NULL, 3 }, &error));
	assert_int_equal(access(place->path, F_OK), -1);
	assert_done(history_create(place->path, 0, 0, &history, &error));
	assert_int_equal(history_intended(history, 7, "a/b", time_boot()), 0);
	assert_done(history_intend(place->path, 7, &(struct history_intent){ "a/b", NULL, 3 }, &error));
	assert_done(history_intend(place->path, 7, &(struct history_intent){ "c", NULL, 4 }, &error));
	assert_int_equal(history_intended(history, 7, "a/b", time_boot()), 3);
	assert_int_equal(history_intended(history, 7, "a/b/c", time_boot()), 3);
	assert_int_equal(history_intended(history, 7, "a", time_boot()), 3);
	assert_int_equal(history_intended(history, 7, "a/bc", time_boot()), 0);
	assert_int_equal(history_intended(history, 7, "c", time_boot()), 4);
	assert_int_equal(history_intended(history, 8, "c", time_boot()), 0);
	/* Told late, after the next announcement for the same scope: by its own address. */
	assert_done(history_intend(place->path, 7, &(struct history_intent){ "s/first", "s", 8 }, &error));
	assert_done(history_intend(place->path, 7, &(struct history_intent){ "s/second", "s", 9 }, &error));
	assert_int_equal(history_intended(history, 7, "s/first", time_boot()), 8);
	assert_int_equal(history_intended(history, 7, "s/second", time_boot()), 9);
	assert_int_equal(history_intended(history, 7, "s/other", time_boot()), 9);
	add(history, knob("sysctl/a", "1", "2"));
	assert_done(history_flush(history, &error));
	assert_int_equal(run_sql(place, "UPDATE intent SET boottime = boottime - 11000000000"), 0);
	assert_int_equal(history_intended(history, 7, "c", time_boot()), 0);
	assert_done(history_intend(place->path, 7, &(struct history_intent){ "d", NULL, 5 }, &error));
	assert_int_equal(run_sql(place, "CREATE TABLE x(n CHECK (n = 1)); INSERT INTO x SELECT count(*) FROM intent; DROP TABLE x;"), 0);
	history_close(history);
}

/* Another writer that holds the file for a moment costs nothing but time. */
static void test_busy(void **state)
{
	struct place *place = *state;
	struct history *history;
	struct error error = { 0 };
	sqlite3 *other;

	assert_done(history_create(place->path, 0, 0, &history, &error));
	assert_int_equal(sqlite3_open(place->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	add(history, knob("sysctl/a", "1", "2"));
	assert_done(history_flush(history, &error));
	assert_int_equal(history_kept(history), 0);
	assert_true(history_due(history) > 0);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_done(history_flush(history, &error));
	assert_int_equal(history_kept(history), 1);
	sqlite3_close(other);
	history_close(history);
}

/* Migration: today's steps and one that a later version may bring; one that fails leaves everything as it was. */
static int add_column(sqlite3 *database, struct error *error)
{
	return database_execute(database, "ALTER TABLE change ADD COLUMN note TEXT", error);
}

static int fail_late(sqlite3 *database, struct error *error)
{
	int r = database_execute(database, "ALTER TABLE change RENAME TO gone", error);

	return r < 0 ? r : error_set(error, -EIO, "half way");
}

static void test_migration(void **state)
{
	layout_step *const good[] = { layout_steps[0], add_column }, *const bad[] = { layout_steps[0], add_column, fail_late };
	struct place *place = *state;
	struct error error = { 0 };
	struct ferry_change change = knob("sysctl/a", "1", "2");
	sqlite3 *database;
	int64_t number;

	store(place, &change, 1);
	assert_done(database_open(place->path, SQLITE_OPEN_READWRITE, &database, &error));
	assert_done(layout_upgrade(database, place->path, good, 2, &error));
	assert_done(database_number(database, "SELECT count(*) FROM change WHERE note IS NULL", 9, &number, &error));
	assert_int_equal(number, 1);
	assert_done(database_number(database, "PRAGMA user_version", 0, &number, &error));
	assert_int_equal(number, 2);
	assert_int_equal(layout_upgrade(database, place->path, bad, 3, &error), -EIO);
	assert_non_null(strstr(error.text, "from version 2 to 3: half way"));
	assert_done(database_number(database, "SELECT count(*) FROM change", 9, &number, &error));
	assert_int_equal(number, 1);
	assert_done(database_number(database, "PRAGMA user_version", 0, &number, &error));
	assert_int_equal(number, 2);
	sqlite3_close(database);
	expect_refused(place, -EPROTO, "newer ferry");
}

/* Columns that the file must not have: nulls and numbers beyond every list. */
static void test_hostile_rows(void **state)
{
	struct ferry_change change = knob("sysctl/a", "1", "2");
	struct place *place = *state;
	struct result result = { 0 };
	struct history_reader *reader;
	struct error error = { 0 };

	store(place, &change, 1);
	assert_int_equal(run_sql(place, "INSERT INTO change (id, time, boottime, kind) VALUES (2, 'x', x'00', 99);"
					"INSERT INTO change (id, time, boottime, kind, address, after, result, actor, door, consistency) VALUES "
					"(4611686018427387904, 1, 1, 2, 'b', x'7b', 0, 1, -1, 77);"
					"INSERT INTO batch VALUES (2, 4611686018427387904, 0, 1)"),
			 0);
	assert_done(history_reader_open(place->path, &reader, &error));
	assert_done(history_changes(reader, NULL, note_change, &result, &error));
	assert_string_equal(result.text, "1 2 4611686018427387904");
	history_reader_close(reader);
	expect_blame(place, "", "b:4611686018427387904 sysctl/a:1");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_actors),
		TEST(test_filters),
		TEST(test_gaps),
		TEST(test_callback),
		TEST(test_blame),
		TEST(test_blame_lives),
		TEST(test_ids),
		TEST(test_lock),
		TEST(test_refused),
		TEST(test_damaged),
		TEST(test_links),
		TEST(test_reader_beside_writer),
		TEST(test_readers_under_load),
		TEST(test_removed_file),
		TEST(test_keep_time),
		TEST(test_keep_bytes),
		TEST(test_actors_swept),
		TEST(test_intent),
		TEST(test_busy),
		TEST(test_migration),
		TEST(test_hostile_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
