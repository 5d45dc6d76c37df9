/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Amounts with three digits that count. */
#ifndef FERRY_SHOW_AMOUNT_H
#define FERRY_SHOW_AMOUNT_H

#include <stdint.h>

#include "base/buffer.h"

/* "846 ns", "1.23 us", "45.6 ms", "789 s" */
void amount_time(struct buffer *buffer, uint64_t nanoseconds);
/* "846 B", "1.23 KiB", "45.6 MiB" */
void amount_bytes(struct buffer *buffer, uint64_t bytes);

#endif
