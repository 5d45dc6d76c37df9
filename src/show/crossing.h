/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One crossing as one line: for people, or as JSON. */
#ifndef FERRY_SHOW_CROSSING_H
#define FERRY_SHOW_CROSSING_H

#include "ferry.h"
#include "show/output.h"

struct crossing_printer {
	struct output *output;
	bool json;
	bool brief;         /* of a large record its first fields */
	struct buffer text; /* of one part of a line, kept so that a storm does not allocate */
};

void crossing_printer_init(struct crossing_printer *printer, struct output *output, bool json, bool brief);
/* Builds the line in printer->output->line and commits it. Whether anybody still wants more. */
bool crossing_print(struct crossing_printer *printer, const struct ferry_crossing *crossing);
void crossing_printer_done(struct crossing_printer *printer);

#endif
