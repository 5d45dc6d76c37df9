/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of two documents, chain by chain, in their order. */
#ifndef FERRY_LIB_DECLARE_DIFF_RULES_H
#define FERRY_LIB_DECLARE_DIFF_RULES_H

#include "lib/declare.h"

/* Whether WISH is compared here. */
bool diff_is_of_rules(const struct wish *wish);
/* TELL is given an address and JSON of what is there before and after, NULL where nothing is. What it returns, where that is not 0, ends it. */
int diff_rules(struct ferry *ferry, const struct wishes *a, const struct wishes *b,
	       int (*tell)(void *data, const char *address, const char *before, const char *after), void *data) _must_check_;

#endif
