/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two sequences of the same things: which of them can stay where they are. */
#ifndef FERRY_BASE_SEQUENCE_H
#define FERRY_BASE_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define SEQUENCE_NONE SIZE_MAX

/* For each of the things of B, by its number, the place in A of the one that it is, or SEQUENCE_NONE. The places rise: what is in both in the same
 * order stays. Of things of one number each is paired with the one that is as many times before it. 0 or -ENOMEM. */
int sequence_match(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b, size_t *ret_places) _must_check_;

#endif
