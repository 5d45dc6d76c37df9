/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One change as one line: for people, or as JSON. */
#ifndef FERRY_SHOW_CHANGE_H
#define FERRY_SHOW_CHANGE_H

#include "ferry.h"
#include "show/output.h"
#include "show/user.h"

struct change_printer {
	struct ferry *ferry;
	struct output *output;
	bool json;
	bool dated;     /* the day too, not the time of day alone */
	uint64_t netns; /* our own network namespace: told only where a change is of another */
	struct user_names users;
	struct buffer head, what, why, who, tail; /* parts of a line, kept so that a storm does not allocate */
};

void change_printer_init(struct change_printer *printer, struct ferry *ferry, struct output *output, bool json, bool dated);
/* Builds the line in printer->output->line and commits it. Whether anybody still wants more. */
bool change_print(struct change_printer *printer, const struct ferry_change *change);
/* Appends who did it: "ifconfig d0 mtu 1400" to WHO, "(pid 4242, root)" to IDENTITY; escaped. */
void change_who(struct change_printer *printer, const struct ferry_actor *actor, struct buffer *who, struct buffer *identity);
void change_printer_done(struct change_printer *printer);

#endif
