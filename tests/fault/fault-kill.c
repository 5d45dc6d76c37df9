/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recorder that is killed at any moment, again and again on the same file: what was flushed is there, what is missing is younger than 100 ms, the
 * file is whole (sqlite3's own check is the judge), ids go on. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "history/history.h"

#define ROUNDS      50         /* unless the environment's KILLS says otherwise */
#define RING        (1u << 18) /* more than the store holds in memory */
#define MILLISECOND UINT64_C(1000000)
#define PROMISED    (100 * MILLISECOND)
#define KEEP_BYTES  (8 * 1024 * 1024)

/* What the killed process has left to say. */
struct shared {
	volatile uint64_t added;   /* the last id that history_add() took */
	volatile uint64_t flushed; /* the last id for which history_flush() returned 0 */
	volatile uint64_t tick;    /* when the loop last came round: a flush in progress does not count */
	volatile uint64_t pause;   /* the longest time between two rounds without a flush: the machine was busy with others */
	volatile uint64_t times[RING];
	char words[512];
};

static void write_without_end(const char *path, struct shared *shared)
{
	struct ferry_actor actor = { .pid = 7, .tid = 7, .comm = "storm", .uid = 0, .login_uid = UINT32_MAX };
	struct ferry_change change = { .kind = FERRY_CHANGED,
				       .before = "{\"mtu\":1500,\"up\":true}",
				       .after = "{\"mtu\":1400,\"up\":false}",
				       .actor = &actor,
				       .source = "netlink/route" };
	struct history *history;
	struct error error = { 0 };
	char address[64];

	if (history_create(path, 0, KEEP_BYTES, &history, &error) < 0)
		goto failed;
	for (shared->tick = time_boot();;) {
		uint64_t now = time_boot(), gap = now - shared->tick;

		if (gap > shared->pause)
			shared->pause = gap;
		shared->tick = now;
		change.id = history_next_id(history);
		change.time = time_real();
		change.boottime = now;
		snprintf(address, sizeof(address), "netlink/route/link/d%u", (unsigned int)(change.id * 7919 % 5000));
		change.address = address;
		actor.pid = (uint32_t)(change.id % 1000);
		shared->times[change.id % RING] = now;
		if (history_add(history, &change, &error) < 0)
			goto failed;
		shared->added = change.id;
		if (history_due(history) <= now) {
			if (history_flush(history, &error) < 0)
				goto failed;
			shared->flushed = change.id;
			shared->tick = time_boot();
		}
	}
failed:
	memcpy(shared->words, error.text, sizeof(shared->words));
	_exit(1);
}

struct found {
	uint64_t first, last, count;
};

static int note(void *data, const struct ferry_change *change)
{
	struct found *found = data;

	if (!found->count++)
		found->first = change->id;
	assert_true(change->id > found->last);
	found->last = change->id;
	assert_non_null(change->actor);
	assert_int_equal(change->actor->pid, change->id % 1000);
	return 0;
}

/* Only the last ones are looked at by us; all of them by the judge. */
static struct found read_back(const char *path)
{
	struct ferry_history_filter filter = { .size = sizeof(filter), .last = 1000 };
	struct found found = { 0 };
	struct history_reader *reader;
	struct error error = { 0 };

	if (history_reader_open(path, &reader, &error) < 0 || history_changes(reader, &filter, note, &found, &error) < 0)
		fail_msg("%s", error.text);
	history_reader_close(reader);
	return found;
}

static void judge(const char *path, char *text, size_t size)
{
	char command[320];
	FILE *pipe;
	size_t length;

	snprintf(command, sizeof(command),
		 "sqlite3 -list %s 'PRAGMA integrity_check; SELECT coalesce(max(id), 0), coalesce(max(id) - min(id) + 1 - count(*), 0) FROM change; "
		 "SELECT count(*) FROM change WHERE actor NOT IN (SELECT id FROM actor)'",
		 path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	length = fread(text, 1, size - 1, pipe);
	text[length] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static void round_of(const char *path, struct shared *shared, uint64_t *longest)
{
	struct timespec pause = { 0, (5 + random() % 120) * (long)MILLISECOND };
	char text[512], expected[64];
	struct found found;
	uint64_t lost = 0;
	int status;
	pid_t child;

	shared->pause = 0;
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_without_end(path, shared);
	nanosleep(&pause, NULL);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		fail_msg("the writer: %s", shared->words);
	if (shared->added == 0)
		return; /* killed before the first change */

	found = read_back(path);
	assert_true(found.last >= shared->flushed);
	assert_true(found.last <= shared->added + 1); /* killed between the flush and its note */
	if (found.last < shared->added)
		lost = shared->tick - shared->times[(found.last + 1) % RING];
	if (lost > PROMISED + shared->pause)
		fail_msg("%llu changes of the last %llu ms are missing", (unsigned long long)(shared->added - found.last),
			 (unsigned long long)(lost / MILLISECOND));
	*longest = lost > *longest ? lost : *longest;

	judge(path, text, sizeof(text));
	snprintf(expected, sizeof(expected), "ok\n%llu|0\n0\n", (unsigned long long)found.last);
	assert_string_equal(text, expected);
	/* The next one goes on from here. */
	shared->added = shared->flushed = found.last;
}

static void test_kill(void **state)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char folder[] = "/tmp/fault-kill-XXXXXX", path[64], command[64];
	const char *given = getenv("KILLS");
	int rounds = given ? (int)strtol(given, NULL, 10) : ROUNDS;
	uint64_t longest = 0;

	(void)state;
	assert_true(shared != MAP_FAILED);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/history.db", folder);
	srandom(1);
	for (int i = 0; i < rounds; i++)
		round_of(path, shared, &longest);
	print_message("# %llu changes, at most %llu ms of them lost in %d kills\n", (unsigned long long)shared->added,
		      (unsigned long long)(longest / MILLISECOND), rounds);
	assert_true(shared->added > (uint64_t)rounds);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kill) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
