/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of knob a file of sysctl, sysfs or procfs is, where it is not a plain setting. nature.def is the table. */
#ifndef FERRY_CHANNEL_NATURE_H
#define FERRY_CHANNEL_NATURE_H

#include "base/buffer.h"
#include "ferry.h"

enum nature_flags {
	NATURE_SECRET = 1 << 0, /* never shown, never stored */
	NATURE_NOISE = 1 << 1,  /* written all the time by programs (procfs/PID/mem, clear_refs): not recorded unless asked for by address */
	NATURE_SLOW =
		1
		<< 2, /* reading it has side effects, blocks or is dear: never read for a baseline or a recursive get; a folder: not entered by one */
	NATURE_QUIET = 1 << 4, /* a file that mirrors a link attribute, of whose change the kernel sends no message */
	NATURE_MOUNT = 1 << 3, /* with SLOW: a folder where another file system is mounted, which is walked only when it is asked for */
};

struct nature {
	uint16_t pattern, other, help; /* where its texts stand: the functions below */
	uint16_t flags;                /* enum nature_flags */
	enum ferry_nature nature;
};

/* An address with globs within a part: "sysctl/kernel/random/u*"; a part "**" stands for any number of parts. */
const char *nature_pattern(const struct nature *nature);
/* FANOUT: patterns of what is rewritten, split by spaces; TWIN: the other spelling; in both "%" is the text that the pattern's first glob matched:
 * see nature_add_others(). LATCH: the value that latches, NULL = any write. For a sysfs file that mirrors a link attribute: "netlink/route/link". */
const char *nature_other(const struct nature *nature);
/* One line, with its source (Documentation/..., man page). */
const char *nature_help(const struct nature *nature);

/* The first row that matches, or NULL for a plain setting. */
const struct nature *nature_of(const char *address);

/* Appends the other of a FANOUT or TWIN as it is for ADDRESS: patterns split by spaces, with each "%" filled in. Appends nothing for other natures.
 */
void nature_add_others(const struct nature *nature, const char *address, struct buffer *ret);

/* Whether TEXT, a program's arguments with a NUL after each, speaks of a file that holds a secret, or makes an object that has one: then the secret
 * may stand there too. */
bool nature_names_secret(const char *text, size_t length);

/* Row INDEX of the table, NULL behind its end. */
const struct nature *nature_row(unsigned int index);

/* Whether ADDRESS matches PATTERN, both whole. "*", "?" and "[a-z]" (with "!" or "^" for all others) match within a part. */
bool nature_match(const char *pattern, const char *address);

#endif
