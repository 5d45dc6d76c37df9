/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an apply is about to change, as it stands on the disk before the first write: enough to take it back after any death. Lines of JSON: a header,
 * an entry a line, and an end that counts them, so that a journal that was cut is known as one. */
#ifndef FERRY_STATE_JOURNAL_H
#define FERRY_STATE_JOURNAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/table.h"
#include "ferry.h"

enum journal_state {
	JOURNAL_APPLYING,    /* the writes are being made */
	JOURNAL_WAITING,     /* they are made; unless confirmed in time they are taken back */
	JOURNAL_DONE,        /* kept, or confirmed */
	JOURNAL_ROLLED_BACK, /* taken back */
	JOURNAL_STATES,
};

struct journal_entry {
	enum ferry_change_kind kind;
	bool stood; /* not to be changed by itself, but may be by what is: then BEFORE is to stand there again. AFTER is not known yet. */
	const char *address;
	const char *before, *after; /* JSON, NULL: nothing */
};

struct journal {
	enum journal_state state;
	char id[33];       /* hexadecimal, of this apply alone */
	const char *boot;  /* of which boot */
	uint64_t netns;    /* inode number of the network namespace */
	uint64_t time;     /* CLOCK_REALTIME at which it began */
	uint64_t deadline; /* CLOCK_BOOTTIME until which it must be confirmed, 0 = need not be */
	uint64_t seconds;  /* how long that was from the start */
	uint32_t pid;      /* who applies */
	const char *document;
	const char *words; /* what was told at the end, "" = nothing */
	struct journal_entry *entries;
	size_t count, size;
	bool unsaved;                /* it is not as the file has it that it was saved to or loaded from last, but for STATE, DEADLINE and WORDS */
	struct table changed, stood; /* the first entry of each address, of those that are changed and of those that stood */
	struct arena arena;
};

/* Appends an entry, whose texts are copied. -ENOMEM. */
int journal_add(struct journal *journal, const struct journal_entry *entry) _must_check_;
/* The first entry of ADDRESS that is to be changed, or with STOOD the first that may go along; NULL where there is none. As long as entries are added
 * alone, and none is taken out. */
struct journal_entry *journal_find(const struct journal *journal, const char *address, bool stood);
/* A copy of TEXT that belongs to JOURNAL; NULL where memory ran out. */
const char *journal_text(struct journal *journal, const char *text);
void journal_format(const struct journal *journal, struct buffer *ret);
/* From hostile text: -EBADMSG with words. RET is given back by journal_done(). */
int journal_parse(const char *text, size_t length, struct journal *ret, struct error *error) _must_check_;
void journal_done(struct journal *journal);
#define _cleanup_journal_ _cleanup_(journal_done)

/* Replaces the file PATH, synced. */
int journal_save(struct journal *journal, const char *path, struct error *error) _must_check_;
/* -ENOENT where there is none. */
int journal_load(const char *path, struct journal *ret, struct error *error) _must_check_;

#endif
