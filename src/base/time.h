/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points and lengths of time, and sizes, from what people write, and back. Times are nanoseconds since 1970 (CLOCK_REALTIME). */
#ifndef FERRY_BASE_TIME_H
#define FERRY_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define SECOND       UINT64_C(1000000000)
#define TIME_MAXIMUM ((uint64_t)INT64_MAX) /* in the year 2262: what a store of signed 64 bits can hold */

uint64_t time_real(void);
/* The kernel's own clocks, which its events and BPF programs have: CLOCK_BOOTTIME and CLOCK_MONOTONIC of a time namespace (a container that was moved
 * here) may go ahead of them or behind. Source: time_namespaces(7). */
uint64_t time_boot(void);
uint64_t time_monotonic(void);
/* What CLOCK_BOOTTIME of our time namespace, or the start of a process in /proc, says as time_boot(). */
uint64_t time_boot_of(uint64_t clock);
/* A timer of CLOCK_BOOTTIME for the moment BOOTTIME of time_boot(); 0: for none. */
int time_boot_arm(int timer, uint64_t boottime);

/* A point in time: "10m", "2h ago", "1h30m ago" before NOW; "now", "today", "yesterday", each with "15:04" behind it if need be; "15:04",
 * "15:04:05.678" today; "2026-01-02", "2026-01-02 15:04:05" or RFC 3339 with a fraction and a zone; "@1767323045.5" since 1970. Local time where no
 * zone is given. -EINVAL for anything else, and for a time before 1970 or past TIME_MAXIMUM. */
int time_parse(const char *text, uint64_t now, uint64_t *ret_time) _must_check_;
/* A length: "30d", "90s", "1h30m", "1.5 hours", "2 weeks"; a bare number is seconds. -EINVAL, -ERANGE past TIME_MAXIMUM. */
int duration_parse(const char *text, uint64_t *ret_duration) _must_check_;
/* A size: "1G", "512K", "1.5MiB", "4096"; the letters are powers of 1,024. -EINVAL, -ERANGE past 64 bits. */
int size_parse(const char *text, uint64_t *ret_size) _must_check_;

#define TIME_TEXT_SIZE 32

/* "2026-01-02T03:04:05.678901234Z" */
void time_format(uint64_t time, char text[TIME_TEXT_SIZE]);

/* The last second that was turned into local time: in a storm the same one comes a hundred thousand times. Starts zeroed. */
struct time_local {
	uint64_t second;           /* plus one, so that 0 says "none" */
	char text[TIME_TEXT_SIZE]; /* "2026-01-02 15:04:05" */
};

/* "15:04:05.678", local time. */
void time_format_clock(struct time_local *local, uint64_t time, char text[TIME_TEXT_SIZE]);
/* "2026-01-02 15:04:05.678", local time. */
void time_format_date(struct time_local *local, uint64_t time, char text[TIME_TEXT_SIZE]);

#endif
