/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of ferry_configured(), between its own files only. */
#ifndef FERRY_LIB_CONFIGURED_H
#define FERRY_LIB_CONFIGURED_H

#include "channel/sysctl-files.h"
#include "lib/context.h"
#include "state/configured.h"

struct ferry_configured {
	struct ferry *ferry;
	struct arena arena;
	struct sysctl_files files;
	enum ferry_loader loader, other_loader;
	char *why;
	struct configured own, other;
	struct ferry_configured_key *keys; /* sorted by address */
	unsigned int count;
	unsigned int *found, address_count; /* keys by each address that was asked for */
};

/* configured_key.c: the public face of KEY, not compared yet. */
int configured_key_fill(struct ferry_configured *configured, const struct configured_key *key, struct ferry_configured_key *ret) _must_check_;
/* Compares it with what runs. */
int configured_key_compare(struct ferry_configured *configured, struct ferry_configured_key *key) _must_check_;

/* configured_rewrite.c: appends the patterns of what a write to ADDRESS rewrites, each with a space behind it; nothing for most keys. */
int configured_rewritten(const char *address, struct buffer *ret) _must_check_;
/* Whether ADDRESS matches one of PATTERNS, which spaces part. */
bool configured_matches(const char *patterns, const char *address);
/* Notes which keys are rewritten by one that is written later. */
int configured_rewrites(struct ferry_configured *configured) _must_check_;

/* The keys that are set, in the order in which they are written; to be freed with free(). NULL where memory ran out. */
struct ferry_configured_key **configured_in_order(struct ferry_configured *configured, unsigned int *ret_count);
/* Whether something that LOADER would load could not be read. */
bool configured_incomplete(const struct ferry_configured *configured);

#endif
