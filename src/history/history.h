/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store: changes in an SQLite file in WAL mode. One writer, any number of readers while it writes.
 *
 * What is promised: a change that history_flush() has returned 0 for survives the death of the process, however sudden. A power cut may take what was
 * flushed since the last checkpoint (the tail, in order; the file stays whole), since a flush does not wait for the disk. Between two flushes lie at
 * most 100 ms, where the caller heeds history_due(). */
#ifndef FERRY_HISTORY_HISTORY_H
#define FERRY_HISTORY_HISTORY_H

#include "base/error.h"
#include "ferry.h"

#define HISTORY_VERSION 1 /* PRAGMA user_version */

/* ---- Writing ---- */

struct history; /* the writer */

/* Opens or creates PATH (mode 0600, its folder 0700) and locks it against a second writer. -EBUSY another recorder holds it (words name its pid),
 * -EPROTO a newer version, -ENOTSUP not a history, -EBADMSG damaged, -ELOOP a symbolic link, -EPERM where another user could tamper with it; an older
 * version is migrated. KEEP_TIME (ns) and KEEP_BYTES (file and its log together) bound it, 0 = no bound. */
int history_create(const char *path, uint64_t keep_time, uint64_t keep_bytes, struct history **ret, struct error *error) _must_check_;
/* The id that the next change will have. Ids rise by one a change and are never used again, so a caller can number causes before they are stored. */
uint64_t history_next_id(const struct history *history);
/* Adds CHANGE under change->id (which must be history_next_id(), else -EINVAL). Everything is copied. Buffered until history_flush(): see
 * history_due(). Fails only where the buffer is full because flushes have failed (with that failure) or memory ran out: then the change is not kept,
 * its id stays the next one, and the caller counts it. */
int history_add(struct history *history, const struct ferry_change *change, struct error *error) _must_check_;
/* Boottime at which the open batch must be flushed: 20 ms after its first change (so that no more than 100 ms are ever lost), at once where 4,096
 * have gathered; 0 where there is none. After a failed flush it is a second later. */
uint64_t history_due(const struct history *history);
/* Commits the batch; a slice of retention's work; stores a (boottime, realtime) anchor at most once a minute. On failure (disk full, file gone) the
 * batch stays in memory and the next flush tries it again. */
int history_flush(struct history *history, struct error *error) _must_check_;
/* The same for the last time: waits for somebody else who writes. */
int history_finish(struct history *history, struct error *error) _must_check_;
/* Changes committed since history_create(). */
uint64_t history_kept(const struct history *history);
/* Changes that are taken and not committed yet. */
uint64_t history_waiting(const struct history *history);
/* Why they could not be committed when that was tried last, as a negative errno with words; 0 where they could. */
int history_trouble(const struct history *history, const char **ret_words);
/* Flushes and closes; takes NULL, returns NULL. A failure has no words here: flush first. */
struct history *history_close(struct history *history);

/* An undo in progress tells the recorder, through the file, of which change it is the undo: "what I am about to do to ADDRESS, and whatever changes
 * with it below SCOPE (NULL: nothing), has the cause CAUSE". */
struct history_intent {
	const char *address;
	const char *scope;
	uint64_t cause;
};
/* Process PID intends so. Waits up to 2 s for the file. */
int history_intend(const char *path, uint32_t pid, const struct history_intent *intent, struct error *error) _must_check_;
/* The cause that process PID had last announced, within 10 s before BOOTTIME, for ADDRESS itself, else for something above or below it, or 0: the
 * kernel may tell of an object so late that the next undo has been announced. Asked only for changes made by ferry itself. */
uint64_t history_intended(struct history *history, uint32_t pid, const char *address, uint64_t boottime);
/* Whether a recorder holds the file at the moment. */
bool history_recording(const char *path);

/* ---- Reading ---- */

struct history_reader;

/* -ENOENT, -EACCES, -ENOTSUP not a history, -EPROTO a newer version, -EBADMSG damaged. Never writes, also where a recorder has died and left its log
 * behind. */
int history_reader_open(const char *path, struct history_reader **ret, struct error *error) _must_check_;
struct history_reader *history_reader_close(struct history_reader *reader);
const char *history_reader_path(const struct history_reader *reader);
/* As ferry_history_changes(). Shows what was there when it began; holds no lock and no snapshot while FUNCTION runs, so a slow reader never makes the
 * log grow. A gap is shown where it may hide a change that the filter asks for. An address may name a field below an object
 * ("netlink/route/link/d0/mtu"). */
int history_changes(struct history_reader *reader, const struct ferry_history_filter *filter, ferry_change_function *function, void *data,
		    struct error *error);
/* As ferry_history_blame(). Objects of the same address in different network namespaces are different objects. */
int history_blame(struct history_reader *reader, const char *address, ferry_blame_function *function, void *data, struct error *error);

DEFINE_CLEANUP(struct history *, history, history_close)
DEFINE_CLEANUP(struct history_reader *, history_reader, history_reader_close)
#define _cleanup_history_        _cleanup_(cleanup_history)
#define _cleanup_history_reader_ _cleanup_(cleanup_history_reader)

/* Whether CHANGE touched something at or below FILTER (which may have globs), a field of its object included. A gap: whether it may hide such a
 * change. */
bool match_address(const struct ferry_change *change, const char *filter);

#endif
