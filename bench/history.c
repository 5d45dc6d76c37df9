/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bench/history [CHANGES [FOLDER]]: how many changes a second the store keeps on one core, beside a bare SQLite insert of the same bytes. Each line:
 * changes kept a second by processor time and by the clock, the longest flush, the size. Addresses come in order, as a routing daemon installs them,
 * or scattered over 250,000. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/time.h"
#include "history/history.h"

struct storm {
	const char *name;
	bool scattered;      /* addresses */
	bool many_actors;    /* a new process for every change */
	uint64_t keep_bytes; /* retention */
	unsigned int value;  /* bytes of padding in each value */
};

static uint64_t cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

struct texts {
	char address[96], value[512], argv[64];
	size_t argv_length;
};

/* A route that comes and goes: change NUMBER of a storm. */
static struct ferry_change make_change(const struct storm *storm, struct texts *texts, struct ferry_actor *actor, uint64_t number)
{
	uint32_t route = (uint32_t)(number / 2);
	struct ferry_change change = { .time = UINT64_C(1767323045000000000) + number * 10000,
				       .boottime = UINT64_C(1000000000000) + number * 10000,
				       .kind = number % 2 ? FERRY_REMOVED : FERRY_ADDED,
				       .door = FERRY_DOOR_NETLINK,
				       .actor = actor,
				       .netns = 4026531840,
				       .source = "netlink/route" };
	char prefix[32];

	if (storm->scattered)
		route = (uint32_t)((route * UINT64_C(2654435761)) % 250000);
	snprintf(prefix, sizeof(prefix), "10.%u.%u.%u/32", route >> 16 & 255, route >> 8 & 255, route & 255);
	snprintf(texts->address, sizeof(texts->address), "netlink/route/route/main/%s", prefix);
	snprintf(texts->value, sizeof(texts->value),
		 "{\"family\":\"inet\",\"dst\":\"%s\",\"table\":\"main\",\"protocol\":\"static\",\"scope\":\"link\",\"type\":\"unicast\",\"oif\":"
		 "\"eth0\",\"priority\":%u%*s}",
		 prefix, (unsigned int)number % 8, (int)storm->value, "");
	change.address = texts->address;
	if (number % 2)
		change.before = texts->value;
	else
		change.after = texts->value;
	if (storm->many_actors) {
		actor->pid = actor->tid = (uint32_t)(1000 + number);
		actor->start = number;
	}
	return change;
}

static struct ferry_actor make_actor(struct texts *texts)
{
	texts->argv_length = (size_t)snprintf(texts->argv, sizeof(texts->argv), "ip%croute%cadd%c10.0.0.0/8%cdev%ceth0", 0, 0, 0, 0, 0) + 1;
	return (struct ferry_actor){ .pid = 7,
				     .tid = 7,
				     .ppid = 5,
				     .start = 99,
				     .comm = "ip",
				     .exe = "/usr/sbin/ip",
				     .argv = texts->argv,
				     .argv_length = texts->argv_length,
				     .login_uid = UINT32_MAX,
				     .cgroup = "/user.slice/user-0.slice/session-1.scope",
				     .netns = 4026531840 };
}

static void fail(const char *words)
{
	fprintf(stderr, "bench/history: %s\n", words);
	exit(1);
}

static void report(const char *name, uint64_t changes, uint64_t cpu_time, uint64_t clock_time, uint64_t longest, const char *path)
{
	struct stat status = { 0 };

	if (stat(path, &status) < 0)
		status.st_size = 0;
	printf("%-44s %8.0f/s cpu %8.0f/s clock  longest flush %6.1f ms  %4.0f bytes a change\n", name, (double)changes * 1e9 / (double)cpu_time,
	       (double)changes * 1e9 / (double)clock_time, (double)longest / 1e6, (double)status.st_size / (double)changes);
}

static void remove_files(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[256];

	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

static void run(const struct storm *storm, const char *path, uint64_t changes)
{
	uint64_t begun, cpu_begun, longest = 0, generating;
	struct texts texts;
	struct ferry_actor actor = make_actor(&texts);
	struct error error = { 0 };
	struct history *history;

	/* What it costs to make up the changes is not the store's. */
	cpu_begun = cpu();
	for (uint64_t i = 0; i < changes; i++) {
		struct ferry_change change = make_change(storm, &texts, &actor, i);

		__asm__ volatile("" : : "r"(&change) : "memory");
	}
	generating = cpu() - cpu_begun;

	remove_files(path);
	if (history_create(path, 0, storm->keep_bytes, &history, &error) < 0)
		fail(error.text);
	begun = time_boot();
	cpu_begun = cpu();
	for (uint64_t i = 0; i < changes; i++) {
		struct ferry_change change = make_change(storm, &texts, &actor, i);

		change.id = history_next_id(history);
		if (history_add(history, &change, &error) < 0)
			fail(error.text);
		if (i % 16 == 15 && history_due(history) <= time_boot()) {
			uint64_t before = time_boot(), took;

			if (history_flush(history, &error) < 0)
				fail(error.text);
			took = time_boot() - before;
			longest = took > longest ? took : longest;
		}
	}
	if (history_flush(history, &error) < 0)
		fail(error.text);
	report(storm->name, changes, cpu() - cpu_begun - generating, time_boot() - begun - generating, longest, path);
	history_close(history);
	remove_files(path);
}

/* The floor: the same rows by SQLite alone, prepared, in transactions of the same size, no index, nobody to look up. */
static void run_bare(const char *path, uint64_t changes)
{
	static const struct storm storm = { .name = "floor: bare SQLite inserts, no index" };
	uint64_t begun, cpu_begun, longest = 0;
	struct texts texts;
	struct ferry_actor actor = make_actor(&texts);
	sqlite3_stmt *insert;
	sqlite3 *database;

	remove_files(path);
	if (sqlite3_open(path, &database) != SQLITE_OK ||
	    sqlite3_exec(database,
			 "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			 "CREATE TABLE change (id INTEGER PRIMARY KEY, time, boottime, kind, address, value, door, actor, netns, source)",
			 NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(database, "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?, 1)", -1, &insert, NULL) != SQLITE_OK)
		fail(sqlite3_errmsg(database));
	begun = time_boot();
	cpu_begun = cpu();
	for (uint64_t i = 0; i < changes; i++) {
		struct ferry_change change = make_change(&storm, &texts, &actor, i);

		if (i % 4096 == 0)
			sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
		sqlite3_bind_int64(insert, 1, (int64_t)i + 1);
		sqlite3_bind_int64(insert, 2, (int64_t)change.time);
		sqlite3_bind_int64(insert, 3, (int64_t)change.boottime);
		sqlite3_bind_int(insert, 4, (int)change.kind);
		sqlite3_bind_text(insert, 5, change.address, -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 6, texts.value, -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 7, (int64_t)change.netns);
		if (sqlite3_step(insert) != SQLITE_DONE)
			fail(sqlite3_errmsg(database));
		sqlite3_reset(insert);
		if (i % 4096 == 4095 || i == changes - 1) {
			uint64_t before = time_boot(), took;

			sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
			took = time_boot() - before;
			longest = took > longest ? took : longest;
		}
	}
	report(storm.name, changes, cpu() - cpu_begun, time_boot() - begun, longest, path);
	sqlite3_finalize(insert);
	sqlite3_close(database);
	remove_files(path);
}

int main(int argc, char **argv)
{
	static const struct storm storms[] = {
		{ .name = "routes in order, one program" },
		{ .name = "routes in order, a new process each", .many_actors = true },
		{ .name = "routes scattered over 250,000", .scattered = true },
		{ .name = "routes in order, kept below 32 MiB", .keep_bytes = 32 << 20 },
		{ .name = "routes in order, values of 500 bytes", .value = 330 },
	};
	uint64_t changes = argc > 1 ? strtoull(argv[1], NULL, 10) : 500000;
	char path[128];

	if (changes == 0)
		fail("usage: bench/history [CHANGES [FOLDER]]");
	snprintf(path, sizeof(path), "%s/bench-history-%d.db", argc > 2 ? argv[2] : "/tmp", (int)getpid());
	run_bare(path, changes);
	for (size_t i = 0; i < ARRAY_SIZE(storms); i++)
		run(&storms[i], path, changes);
	return 0;
}
