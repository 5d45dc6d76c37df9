/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of user ids from /etc/passwd alone: asking the name service could wait for a network that the recorder must not wait for. */
#ifndef FERRY_SHOW_USER_H
#define FERRY_SHOW_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct user_names {
	struct user_name *names;
	size_t count, room;
	bool read;
};

/* Appends "root", or "uid 1001" where the file has no such user. */
void user_name(struct user_names *users, uint32_t uid, struct buffer *buffer);
void user_names_done(struct user_names *users);

#endif
