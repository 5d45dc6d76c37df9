/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A full disk, a limit on the size of files, a read-only file system, another user's file: told in words, and nothing is lost in silence. As root, in
 * a mount namespace of its own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "history/history.h"

#define NOBODY 65534

static char folder[] = "/tmp/fault-history-XXXXXX", path[64], filler[64];
static bool mounted;

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/history.db", folder);
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	mounted = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int mount_small(void **state)
{
	(void)state;
	return !mounted || mount("tmpfs", folder, "tmpfs", 0, "size=4m,mode=0755") == 0 ? 0 : -1;
}

static int unmount(void **state)
{
	(void)state;
	return !mounted || umount2(folder, MNT_DETACH) == 0 ? 0 : -1;
}

#define need_mount()            \
	do {                    \
		if (!mounted)   \
			skip(); \
	} while (0)

static int add(struct history *history, struct error *error)
{
	static const struct ferry_actor actor = { .pid = 7, .comm = "storm" };
	static const char value[] = "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"";
	struct ferry_change change = { .id = history_next_id(history),
				       .time = time_real(),
				       .kind = FERRY_CHANGED,
				       .address = "sysctl/a",
				       .before = value,
				       .after = value,
				       .actor = &actor };

	return history_add(history, &change, error);
}

static void write_filler(off_t size)
{
	int descriptor = open(filler, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(descriptor >= 0);
	assert_int_equal(posix_fallocate(descriptor, 0, size), 0);
	close(descriptor);
}

static int count_change(void *data, const struct ferry_change *change)
{
	uint64_t *next = data;

	assert_int_equal(change->id, *next);
	++*next;
	return 0;
}

/* How many changes there are; their ids must be 1 and on without a hole. */
static uint64_t count_changes(void)
{
	struct history_reader *reader;
	struct error error = { 0 };
	uint64_t next = 1;

	if (history_reader_open(path, &reader, &error) < 0 || history_changes(reader, NULL, count_change, &next, &error) < 0)
		fail_msg("%s", error.text);
	history_reader_close(reader);
	return next - 1;
}

/* Flushes a hundred changes at a time until it fails; returns how. */
static int fill(struct history *history, struct error *error)
{
	int r = 0;

	for (int i = 0; i < 200 && r == 0; i++) {
		for (int j = 0; j < 100; j++)
			assert_int_equal(add(history, error), 0);
		r = history_flush(history, error);
	}
	return r;
}

static void test_disk_full(void **state)
{
	struct history *history;
	struct error error = { 0 };
	uint64_t kept, added;
	int r = 0;

	(void)state;
	need_mount();
	write_filler(1024 * 1024);
	assert_int_equal(history_create(path, 0, 0, &history, &error), 0);
	assert_int_equal(fill(history, &error), -ENOSPC);
	assert_non_null(strstr(error.text, "no space left"));
	kept = history_kept(history);
	added = history_next_id(history) - 1;
	assert_int_equal(added, kept + 100);
	assert_int_equal(count_changes(), kept);
	assert_int_equal(history_flush(history, &error), -ENOSPC);
	/* Room again: what was held in memory goes in, nothing is missing. */
	assert_int_equal(unlink(filler), 0);
	assert_int_equal(history_flush(history, &error), 0);
	assert_int_equal(history_kept(history), added);
	assert_int_equal(count_changes(), added);
	/* Full for good: memory is bounded too, and then each change is refused, so that the caller can count it. */
	assert_int_equal(fill(history, &error), -ENOSPC);
	kept = history_kept(history);
	for (int i = 0; i < 200000 && r == 0; i++)
		r = add(history, &error);
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(error.text, "not kept"));
	added = history_next_id(history);
	assert_int_equal(add(history, &error), -ENOSPC);
	assert_int_equal(history_next_id(history), added);
	history_close(history);
	assert_int_equal(count_changes(), kept);
}

static void test_file_limit(void **state)
{
	struct rlimit old, small;
	struct history *history;
	struct error error = { 0 };
	uint64_t added;

	(void)state;
	need_mount();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(history_create(path, 0, 0, &history, &error), 0);
	signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){ 300 * 1024, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(fill(history, &error) < 0);
	assert_true(error.text[0] != '\0');
	added = history_next_id(history) - 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(history_flush(history, &error), 0);
	assert_int_equal(history_kept(history), added);
	history_close(history);
	assert_int_equal(count_changes(), added);
}

static void make_history(void)
{
	struct history *history;
	struct error error = { 0 };

	if (history_create(path, 0, 0, &history, &error) < 0)
		fail_msg("%s", error.text);
	for (int i = 0; i < 10; i++)
		assert_int_equal(add(history, &error), 0);
	history_close(history);
}

static void test_read_only(void **state)
{
	struct history *history;
	struct error error = { 0 };

	(void)state;
	need_mount();
	make_history();
	assert_int_equal(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(history_create(path, 0, 0, &history, &error), -EROFS);
	assert_non_null(strstr(error.text, "Read-only file system"));
	assert_int_equal(count_changes(), 10);
}

/* Runs FUNCTION as an ordinary user. */
static void as_nobody(void (*function)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(99);
		function();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define child_expect(condition)                                                                         \
	do {                                                                                            \
		if (!(condition)) {                                                                     \
			fprintf(stderr, "%s:%d: %s: %s\n", __func__, __LINE__, #condition, error.text); \
			_exit(1);                                                                       \
		}                                                                                       \
	} while (0)

static void expect_no_right(void)
{
	struct history_reader *reader;
	struct history *history;
	struct error error = { 0 };

	child_expect(history_reader_open(path, &reader, &error) == -EACCES && strstr(error.text, path));
	child_expect(history_create(path, 0, 0, &history, &error) < 0 && error.text[0]);
}

static int nothing(void *data, const struct ferry_change *change)
{
	(void)change;
	++*(int *)data;
	return 0;
}

static void expect_readable(void)
{
	struct history_reader *reader;
	struct error error = { 0 };
	int count = 0;

	child_expect(history_reader_open(path, &reader, &error) == 0);
	child_expect(history_changes(reader, NULL, nothing, &count, &error) == 0 && count == 10);
	history_reader_close(reader);
}

/* A log that was left behind, in a folder where no lock file can be made: either read in full or refused in words, never a part. */
static void expect_whole_or_words(void)
{
	struct history_reader *reader;
	struct error error = { 0 };
	int count = 0;

	if (history_reader_open(path, &reader, &error) < 0) {
		child_expect(strstr(error.text, "-wal"));
		return;
	}
	child_expect(history_changes(reader, NULL, nothing, &count, &error) == 0 && count == 10);
	history_reader_close(reader);
}

static void make_readable(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[96];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (chmod(name, 0644) < 0)
			assert_int_equal(errno, ENOENT);
	}
}

static void test_other_user(void **state)
{
	struct history *history;
	struct error error = { 0 };
	char name[96];
	int status;
	pid_t child;

	(void)state;
	need_mount();
	make_history();
	as_nobody(expect_no_right);
	make_readable();
	as_nobody(expect_readable); /* no log, no lock file, none can be made */
	assert_int_equal(history_create(path, 0, 0, &history, &error), 0);
	make_readable();
	as_nobody(expect_readable); /* while it is open for writing */
	history_close(history);

	/* A recorder that is killed leaves its log behind. */
	assert_int_equal(unlink(path), 0);
	child = fork();
	if (child == 0) {
		if (history_create(path, 0, 0, &history, NULL) < 0)
			_exit(1);
		for (int i = 0; i < 10; i++)
			if (add(history, NULL) < 0)
				_exit(1);
		_exit(history_flush(history, NULL) < 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	make_readable();
	as_nobody(expect_whole_or_words);
	snprintf(name, sizeof(name), "%s-shm", path);
	assert_int_equal(unlink(name), 0);
	as_nobody(expect_whole_or_words);
	assert_int_equal(count_changes(), 10);

	/* Root must not write into what somebody else owns. */
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	assert_int_equal(history_create(path, 0, 0, &history, &error), -EPERM);
	assert_non_null(strstr(error.text, "another user"));
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
	assert_int_equal(history_create(path, 0, 0, &history, &error), -EPERM);
	assert_non_null(strstr(error.text, "another user"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, mount_small, unmount)
	const struct CMUnitTest tests[] = { TEST(test_disk_full), TEST(test_file_limit), TEST(test_read_only), TEST(test_other_user) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
