/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between an apply and its way back. */
#ifndef FERRY_LIB_DECLARE_JOURNAL_H
#define FERRY_LIB_DECLARE_JOURNAL_H

#include "lib/declare.h"
#include "state/pending.h"

/* A journal for ferry's namespace and this boot, without entries. */
int journal_begin(struct ferry *ferry, const char *document, uint64_t confirm, struct journal *ret) _must_check_;
/* Whether JOURNAL was made in this boot of the machine. */
bool journal_is_of_boot(const struct journal *journal);
/* Adds what the steps of PLAN will change, as it stands before; where FIRST also what may go with it. */
int journal_note(struct journal *journal, const struct plan *plan, bool first) _must_check_;
/* All is done: of what may have gone along, what did so. */
int journal_settle(struct ferry *ferry, struct journal *journal) _must_check_;

struct back {
	size_t done, left, refused;
	struct buffer words; /* what was left, a line each */
};
/* Takes back what JOURNAL says, as far as nobody else has changed it since. */
int journal_back(struct ferry *ferry, const struct journal *journal, ferry_change_function *function, void *data, struct back *ret) _must_check_;

/* The folder, STATE or the usual one. */
int state_open(struct ferry *ferry, const char *state, bool make, struct pending *ret) _must_check_;

#endif
