/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a set of sysctl files comes to: for each key the line that sets it and the lines that do not, as the program that loads them would have it.
 * Sources: sysctl.d(5), sysctl.conf(5); doc/architecture.md says how the programs differ. */
#ifndef FERRY_STATE_CONFIGURED_H
#define FERRY_STATE_CONFIGURED_H

#include "base/arena.h"
#include "base/table.h"
#include "ferry.h"
#include "model/assignment.h"

struct configured_file {
	const char *path;
	const char *masked_by; /* the file that is loaded in its place, or NULL */
	const char *content;
	size_t length;
};

struct configured_line {
	const char *file;
	unsigned int number;
	unsigned int order; /* over all files, from 0 */
	const char *key;    /* as the program has it: a path below /proc/sys, perhaps with doubled slashes */
	const char *value;  /* NULL: "-key" */
	bool pattern;       /* the key is one */
	bool ignore_errors;
	const char *masked_by;                 /* its file is not loaded but this one, or NULL */
	const struct configured_line *instead; /* a later line with the same key that took its place, or NULL */
};

struct configured_entry {
	const struct configured_line *line;
	enum ferry_fate fate;
	const struct configured_line *by; /* whom it lost to; NULL for FERRY_FATE_SET and FERRY_FATE_MASKED */
	struct configured_entry *next;
};

struct configured_key {
	const char *address;
	struct configured_entry *entries; /* in the order of the lines */
	unsigned int count;
	struct configured_entry *winner; /* NULL where nothing sets it */
	unsigned int order;              /* among all that is written: when it is written last */
	bool unmatched;                  /* ADDRESS is a pattern that nothing matches */
};

struct configured_note {
	const char *file;
	unsigned int line;
	const char *text; /* what is wrong with it */
	const char *what; /* the line or its key, or NULL */
	struct configured_note *next;
};

struct configured {
	struct configured_key **keys; /* sorted by address */
	unsigned int count;
	struct configured_note *notes; /* lines that mean nothing, in their order */
};

typedef int configured_found_function(void *data, const char *path);
/* Hands each key that PATTERN matches to FOUND, in the pattern's own spelling, as a path below /proc/sys. */
typedef int configured_expand_function(void *data, const char *pattern, configured_found_function *found, void *found_data);

/* LOADER is FERRY_LOADER_SYSTEMD, FERRY_LOADER_PROCPS_OLD or FERRY_LOADER_PROCPS_NEW; FILES are those that it loads, in its order, with the masked
 * ones among them. All of RET lives in ARENA and borrows paths from FILES. -ENOMEM, or what EXPAND returned. */
int configured_resolve(const struct configured_file *files, unsigned int count, enum ferry_loader loader, configured_expand_function *expand,
		       void *expand_data, struct arena *arena, struct configured *ret) _must_check_;

/* The key at ADDRESS, or NULL. */
const struct configured_key *configured_find(const struct configured *configured, const char *address);

#endif
