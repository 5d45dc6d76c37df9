/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder's parts, between its own files only. */
#ifndef FERRY_LIB_RECORDER_H
#define FERRY_LIB_RECORDER_H

#include "channel/protocol.h"
#include "channel/source.h"
#include "history/history.h"
#include "lib/context.h"

#define DROPPED_SOURCES 4

/* What a source had no room for, and is not told yet. */
struct dropped {
	const char *source; /* NULL: free */
	uint64_t lost, from;
};

/* A change that another has to be told before: kept until then. */
struct ferry_recorder {
	struct ferry *ferry;
	struct recording recording;
	struct probe *probe;
	struct netlink_source *netlink[PROTOCOL_COUNT];   /* by protocol; NULL where it cannot be watched */
	struct netlink_source *by_socket[PROTOCOL_COUNT]; /* as the probe numbers them */
	struct sysctl_source *sysctl;
	struct file_source *file;
	struct module_source *module; /* NULL where the kernel tells of none */
	struct baseline *baseline;
	bool baseline_more; /* it is not complete yet */
	struct history *history;
	char **addresses; /* canonical, NULL-terminated; NULL = all */
	ferry_change_function *function;
	void *data;
	int stopped;        /* what the callback returned, if not 0 */
	int poll, timer;    /* epoll and timerfd descriptors */
	uint64_t offset;    /* CLOCK_REALTIME less CLOCK_BOOTTIME, as of the last wake-up */
	uint64_t number;    /* of the last change, where there is no history */
	uint64_t told_lost; /* of the probe's own losses, as far as told */
	struct dropped dropped[DROPPED_SOURCES];
	struct ferry_recorder_counts counts;
	struct error history_error; /* the last failure to keep a change; told as a gap */
	uint64_t history_lost;      /* changes that could not be kept since then */
	uint64_t history_lost_from;
	struct {
		char *netlink[PROTOCOL_COUNT], *sysctl, *file; /* why a source is missing */
	} missing;
};

/* recorder_emit.c */
uint64_t recorder_emit(void *sink, struct ferry_change *change);
void recorder_count(void *sink, uint64_t delivered, uint64_t lost);
void recorder_drop(void *sink, const char *source, uint64_t boottime);
void recorder_tell_dropped(struct ferry_recorder *recorder);
/* Flushes the history where it is due (or ALWAYS) and tells what could not be kept. */
void recorder_flush(struct ferry_recorder *recorder, bool always);
/* recorder_coverage.c */
int recorder_coverage(const struct ferry_recorder *recorder, ferry_coverage_function *function, void *data);

#endif
