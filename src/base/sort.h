/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many texts into order, as strcmp() has it, without a comparison for each step. */
#ifndef FERRY_BASE_SORT_H
#define FERRY_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* A text of the list, ended by a NUL, and what belongs to it. */
struct sort_text {
	uint64_t key; /* scratch */
	const char *text;
	const void *other;
};

/* Sorts LIST by its texts; equal ones stay in the order that they have. 0 or -ENOMEM, with the list in its old order. */
int sort_texts(struct sort_text *list, size_t count) _must_check_;

#endif
