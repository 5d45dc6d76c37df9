/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was counted, as text for people and as stacks for flame graphs. */
#ifndef FERRY_CMD_STAT_PRINT_H
#define FERRY_CMD_STAT_PRINT_H

#include "ferry.h"
#include "show/output.h"

/* Everything. 0 or -ENOMEM. */
int stat_print(struct output *output, const struct ferry_value *counted);
/* A line for each call site: "main;read_all;read [call read] 1234", the outermost first, with its time in microseconds; the format that
 * flamegraph.pl and inferno take. */
void stat_print_folded(struct output *output, const struct ferry_value *counted);

#endif
