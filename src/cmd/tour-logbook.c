/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last station: what the tour itself changed, and that nothing of it is left. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/netns.h"
#include "cmd/tour.h"
#include "show/value.h"

#define CHANGES_MAXIMUM 4096
#define SETTLE          2000000000 /* nanoseconds that the recorder may take for what is under way */

static const char *const covered[] = { "netlink", "sysctl/net", "sysfs/class/net/lo", NULL };

void tour_record_begin(struct tour *tour)
{
	char history[64];
	const struct ferry_recorder_options options = { .size = sizeof(options), .history = history };

	snprintf(history, sizeof(history), "%s/history.db", tour->folder);
	if (ferry_recorder_new(tour->ferry, &options, &tour->recorder) < 0) {
		const char *words = ferry_error(tour->ferry);

		tour->unrecorded = arena_copy(&tour->arena, words, strlen(words));
	}
	/* What the first write rewrites is told only where it is known what stood there. */
	while (tour->recorder && !ferry_recorder_ready(tour->recorder)) {
		if (ferry_recorder_process(tour->recorder) < 0)
			break;
		usleep(2000);
	}
	ferry_snapshot(tour->ferry, covered, FERRY_SNAPSHOT_ONLY, &tour->before);
}

/* Until nothing new has come for a moment. */
void tour_record(struct tour *tour)
{
	const uint64_t until = tour_now() + SETTLE;
	struct ferry_recorder_counts counts, last = { 0 };
	unsigned int calm = 0;

	while (tour->recorder && calm < 3 && tour_now() < until) {
		if (ferry_recorder_process(tour->recorder) < 0)
			return;
		ferry_recorder_counts(tour->recorder, &counts);
		calm = counts.seen == last.seen ? calm + 1 : 0;
		last = counts;
		usleep(2000);
	}
}

/* ---- Its changes ---- */

struct changes {
	struct tour *tour;
	ferry_change_function *function;
	void *data;
	uint64_t netns;
};

static int pass(void *data, const struct ferry_change *change)
{
	const struct changes *changes = data;
	const bool by_us = change->actor && (change->actor->pid == (uint32_t)getpid() || change->actor->ppid == (uint32_t)getpid());

	if (!change->address || change->result || (!by_us && change->netns != changes->netns))
		return 0;
	return changes->function(changes->data, change);
}

int tour_changes(struct tour *tour, ferry_change_function *function, void *data)
{
	struct changes changes = { .tour = tour, .function = function, .data = data, .netns = own_netns() };
	struct ferry_history *history = NULL;
	char path[64];
	int r;

	tour_record(tour);
	snprintf(path, sizeof(path), "%s/history.db", tour->folder);
	/* What was seen last is kept within a tenth of a second. */
	usleep(120000);
	tour_record(tour);
	r = ferry_history_open(tour->ferry, path, &history);
	if (r == 0)
		r = ferry_history_changes(history, NULL, pass, &changes);
	if (r < 0)
		tour_missing(tour, "%s", tour->unrecorded ? tour->unrecorded : ferry_error(tour->ferry));
	ferry_history_close(history);
	return r;
}

/* Those to take back: what a program did, and not what followed from it. */
struct log {
	struct tour *tour;
	uint64_t ids[CHANGES_MAXIMUM];
	const char *addresses[CHANGES_MAXIMUM];
	unsigned int count;
};

static int tell(void *data, const struct ferry_change *change)
{
	struct log *log = data;
	struct tour *tour = log->tour;

	tour_row(tour);
	tour_number(tour, change->id);
	tour_text(tour, change->address);
	tour_json(tour, change->before);
	tour_json(tour, change->after);
	tour_printf(tour, "%s (pid %u)", change->actor->comm, change->actor->pid);
	tour_text(tour, ferry_door_name(change->door));
	if (change->cause || change->actor->kernel || log->count == CHANGES_MAXIMUM)
		return 0;
	log->ids[log->count] = change->id;
	log->addresses[log->count++] = arena_copy(&tour->arena, change->address, strlen(change->address));
	return 0;
}

/* What WORDS say of ADDRESS, without it. */
static const char *reason(const char *words, const char *address)
{
	const char *place = strstr(words, address);

	return place ? place + strlen(address) + strspn(place + strlen(address), " :") : words;
}

static void undo(struct tour *tour, struct ferry_history *history, uint64_t id, const char *address)
{
	const int r = ferry_undo(tour->ferry, history, id, FERRY_UNDO_CONSEQUENCES, NULL, NULL);

	tour_row(tour);
	tour_number(tour, id);
	tour_text(tour, address);
	if (r == 0)
		tour_text(tour, "undone");
	else if (r == FERRY_UNCHANGED || r == -ESTALE)
		tour_text(tour, "went with another");
	else
		tour_text(tour, reason(ferry_error(tour->ferry), address));
}

static void say_undone(struct tour *tour, const struct log *log)
{
	struct ferry_history *history = NULL;
	char path[64];

	tour_say(tour, undone, COLUMN_id, COLUMN_address, COLUMN_result);
	snprintf(path, sizeof(path), "%s/history.db", tour->folder);
	if (ferry_history_open(tour->ferry, path, &history) < 0) {
		tour_missing(tour, "%s", tour->unrecorded ? tour->unrecorded : ferry_error(tour->ferry));
		return;
	}
	for (unsigned int i = log->count; i-- > 0;)
		undo(tour, history, log->ids[i], log->addresses[i]);
	ferry_history_close(history);
}

/* ---- What is left ---- */

struct left {
	uint64_t count;
	struct buffer words;
};

static int count_left(void *data, const struct ferry_change *change)
{
	struct left *left = data;

	left->count++;
	buffer_printf(&left->words, "%s%s", left->words.length ? ", " : "", change->address);
	return 0;
}

/* Removes what lies in our folder, and it; what is left of it. */
static uint64_t remove_folder(struct tour *tour)
{
	DIR *folder = opendir(tour->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	return rmdir(tour->folder) < 0;
}

static uint64_t children(void)
{
	char path[64], line[4096];
	_cleanup_fclose_ FILE *file = NULL;
	uint64_t count = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	if (file && fgets(line, sizeof(line), file))
		for (const char *place = line; *place; place++)
			count += *place == ' ';
	return count;
}

static void add_left(struct tour *tour, const char *what, uint64_t count, const char *names)
{
	tour_row(tour);
	tour_text(tour, what);
	tour_number(tour, count);
	tour_text(tour, names && *names ? names : "none");
}

/* What the log book does not cover, as where these rights allow no recorder to see it. */
static void restore(struct tour *tour)
{
	const struct ferry_apply_options options = {
		.size = sizeof(options), .document = "before", .state = tour->folder, .function = tour_tell_change, .data = tour
	};
	struct ferry_apply_result result = { .size = sizeof(result) };
	struct left left = { 0 };

	if (!tour->before || ferry_diff(tour->ferry, tour->before, strlen(tour->before), NULL, 0, count_left, &left) < 0 || left.count == 0)
		return;
	buffer_done(&left.words);
	tour_say(tour, restored, COLUMN_address, COLUMN_before, COLUMN_after);
	if (ferry_apply(tour->ferry, tour->before, strlen(tour->before), &options, &result) < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
}

void tour_logbook(struct tour *tour)
{
	static struct log log;
	struct left left = { 0 };
	int r = -1;

	/* It still waits where the station of memory was left out. */
	tour_visitor_end(tour->fresh);
	log = (struct log){ .tour = tour };
	tour_say(tour, changed, COLUMN_id, COLUMN_address, COLUMN_before, COLUMN_after, COLUMN_who, COLUMN_door);
	tour_changes(tour, tell, &log);
	say_undone(tour, &log);
	tour->recorder = ferry_recorder_free(tour->recorder);
	restore(tour);
	tour_say(tour, left, COLUMN_what, COLUMN_different, COLUMN_name);
	if (tour->before)
		r = ferry_diff(tour->ferry, tour->before, strlen(tour->before), NULL, 0, count_left, &left);
	if (r < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
	add_left(tour, "objects and settings", r < 0 ? UINT64_MAX : left.count, left.words.data);
	buffer_done(&left.words);
	add_left(tour, "processes of the tour", children(), NULL);
	add_left(tour, "files of the tour", remove_folder(tour), NULL);
	tour->folder[0] = '\0';
}
