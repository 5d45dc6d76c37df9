/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change on its way from a source to the history and the caller. */
#include <errno.h>
#include <string.h>

#include "lib/recorder.h"

static bool wanted(const struct ferry_recorder *recorder, const struct ferry_change *change)
{
	if (!recorder->addresses || change->kind == FERRY_GAP)
		return true;
	for (char **address = recorder->addresses; *address; address++)
		if (match_address(change, *address))
			return true;
	return false;
}

/* ferry's own undo says in the history which change it takes back. */
static void find_intention(struct ferry_recorder *recorder, struct ferry_change *change)
{
	if (change->cause || !recorder->history || !change->actor || !change->address || strcmp(change->actor->comm, "ferry"))
		return;
	change->cause = history_intended(recorder->history, change->actor->pid, change->address, change->boottime);
}

static void not_kept(struct ferry_recorder *recorder, const struct ferry_change *change)
{
	if (!recorder->history_lost++)
		recorder->history_lost_from = change->time;
}

uint64_t recorder_emit(void *sink, struct ferry_change *change)
{
	struct ferry_recorder *recorder = sink;
	int r;

	if (!wanted(recorder, change))
		return 0;
	if (!change->time)
		change->time = recorder->offset ? change->boottime + recorder->offset : boottime_to_realtime(change->boottime);
	find_intention(recorder, change);
	change->id = recorder->history ? history_next_id(recorder->history) : ++recorder->number;
	if (change->kind != FERRY_GAP) {
		recorder->counts.changes++;
		if (change->actor && change->actor->unknown)
			recorder->counts.unknown++;
	}
	if (recorder->history) {
		r = history_add(recorder->history, change, &recorder->history_error);
		if (r < 0) {
			not_kept(recorder, change);
			change->id = 0;
		}
	}
	if (recorder->function && !recorder->stopped)
		recorder->stopped = recorder->function(recorder->data, change);
	/* A storm can keep us here for longer than the history may wait. */
	recorder_flush(recorder, false);
	return change->id;
}

void recorder_count(void *sink, uint64_t delivered, uint64_t lost)
{
	struct ferry_recorder *recorder = sink;

	recorder->counts.delivered += delivered;
	recorder->counts.lost += lost;
	recorder->counts.seen += delivered + lost;
}

void recorder_drop(void *sink, const char *source, uint64_t boottime)
{
	struct ferry_recorder *recorder = sink;
	struct dropped *dropped = recorder->dropped;

	/* There are fewer sources that drop than places; past them it would be told as the last one's. */
	for (unsigned int i = 0; i + 1 < DROPPED_SOURCES && dropped->source && dropped->source != source; i++)
		dropped++;
	dropped->source = source;
	if (!dropped->lost++)
		dropped->from = boottime;
	recorder_count(recorder, 0, 1);
}

void recorder_tell_dropped(struct ferry_recorder *recorder)
{
	for (unsigned int i = 0; i < DROPPED_SOURCES; i++) {
		struct dropped *dropped = &recorder->dropped[i];
		struct ferry_change gap = { .kind = FERRY_GAP, .boottime = boottime_now(), .source = dropped->source, .lost = dropped->lost };

		if (!dropped->lost)
			continue;
		gap.from = boottime_to_realtime(dropped->from);
		gap.to = boottime_to_realtime(gap.boottime);
		dropped->lost = 0;
		recorder_emit(recorder, &gap);
	}
}

/* What the history had no room for (a full disk) is told as a gap of it, once it can be told there again. */
static void tell_not_kept(struct ferry_recorder *recorder)
{
	struct ferry_change gap = { .kind = FERRY_GAP,
				    .boottime = boottime_now(),
				    .source = "history",
				    .lost = recorder->history_lost,
				    .from = recorder->history_lost_from };

	if (!recorder->history_lost)
		return;
	gap.to = gap.time = boottime_to_realtime(gap.boottime);
	gap.id = history_next_id(recorder->history);
	if (history_add(recorder->history, &gap, &recorder->history_error) < 0)
		return;
	recorder->history_lost = 0;
	if (recorder->function && !recorder->stopped)
		recorder->stopped = recorder->function(recorder->data, &gap);
}

void recorder_flush(struct ferry_recorder *recorder, bool always)
{
	uint64_t due;

	if (!recorder->history)
		return;
	tell_not_kept(recorder);
	due = history_due(recorder->history);
	if (due && always)
		(void)!history_finish(recorder->history, &recorder->history_error);
	else if (due && due <= boottime_now())
		(void)!history_flush(recorder->history, &recorder->history_error);
}
