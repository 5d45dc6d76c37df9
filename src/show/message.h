/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message as one line: for people, or as JSON. */
#ifndef FERRY_SHOW_MESSAGE_H
#define FERRY_SHOW_MESSAGE_H

#include "ferry.h"
#include "show/output.h"
#include "show/user.h"

struct message_printer {
	struct output *output;
	bool json;
	struct user_names users;
	struct buffer text; /* of one part of a line, kept so that a storm does not allocate */
};

void message_printer_init(struct message_printer *printer, struct output *output, bool json);
/* Builds the line in printer->output->line and commits it. Whether anybody still wants more. */
bool message_print(struct message_printer *printer, const struct ferry_message *message);
/* Appends what a message says that no schema knows: "header=00 3=dc050000 (1500) 4=...". */
void message_add_guess(struct buffer *line, const struct ferry_value *body);
void message_printer_done(struct message_printer *printer);

#endif
