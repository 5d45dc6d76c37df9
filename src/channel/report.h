/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The typed files of procfs: those that are records or tables, each with the layout of its text and the schema of its fields. All others are text.
 * To add one: a row in report-machine.c, report-network.c or report-process.c. Source: proc(5), Documentation/filesystems/proc.rst. */
#ifndef FERRY_CHANNEL_REPORT_H
#define FERRY_CHANNEL_REPORT_H

#include "channel/record-items.h"
#include "model/layout.h"

#define STEADY_ALL UINT8_MAX

struct report {
	const char *name;            /* below /proc, or below a process's folder; a last part "*" stands for any */
	const struct layout *layout; /* NULL: a link, of which report_link() makes a record or a number */
	/* The kernel makes a file of more than a page piece by piece, and what changes meanwhile can be missing or doubled: such a file is read until
	 * two readings have the same first STEADY words in each line. 0: the kernel makes all of it at once. */
	uint8_t steady;
};

/* Each ends with a row without a name. */
extern const struct report reports_machine[], reports_network[], reports_process[];

/* The typed file that PATH (below /proc) names, and what follows behind its name and a slash ("" for nothing); NULL where it names none. */
const struct report *report_of(const char *path, const char **ret_rest);

/* Reads all of DESCRIPTOR into RET, as often as it takes. FERRY_WHOLE, or FERRY_INTERRUPTED where no two readings agreed, or for a file that is no
 * report (NULL) FERRY_UNKNOWN where it took more than one read(2). As file_read(). */
int report_read(const struct report *report, int descriptor, unsigned int flags, uint64_t deadline, struct buffer *ret,
		enum ferry_consistency *ret_consistency) _must_check_;

/* Whether two readings have the same rows by their first WORDS words. */
bool report_same_rows(const char *a, size_t a_length, const char *b, size_t b_length, unsigned int words);

/* What of a file is told: ITEMS->address is the file's. REST is what follows its address, NAMED says that it was asked for by its own address. */
int report_tell(const struct report *report, const struct buffer *content, const char *rest, bool named, struct arena *arena,
		struct record_items *items) _must_check_;

/* The same for a link's TARGET. */
int report_tell_link(const struct report *report, const struct buffer *target, const char *rest, bool named, struct arena *arena,
		     struct record_items *items) _must_check_;

/* Whether the file holds several records, which are children, rather than one record or list. */
bool report_has_rows(const struct report *report);

#endif
