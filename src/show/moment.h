/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points in time and lengths of it as people read them, in the local time zone. */
#ifndef FERRY_SHOW_MOMENT_H
#define FERRY_SHOW_MOMENT_H

#include <stdint.h>

#include "base/buffer.h"

/* "12:04:05.678" */
void moment_clock(struct buffer *buffer, uint64_t time);
/* "2026-01-02 12:04:05.678" */
void moment_date(struct buffer *buffer, uint64_t time);
/* "850 ms", "12.3 s", "4 min 10 s", "2 h 5 min", "3 d 4 h" */
void moment_length(struct buffer *buffer, uint64_t duration);
/* "12,345" */
void moment_count(struct buffer *buffer, uint64_t number);

#endif
