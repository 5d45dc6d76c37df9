/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAXIMUM 4096

struct user_name {
	uint32_t uid;
	char name[32];
};

static void read_names(struct user_names *users)
{
	_cleanup_fclose_ FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;

	users->read = true;
	if (!file)
		return;
	while (users->count < NAMES_MAXIMUM && (entry = fgetpwent(file))) {
		if (users->count == users->room) {
			size_t room = users->room ? users->room * 2 : 64;
			struct user_name *names = reallocarray(users->names, room, sizeof(*names));
			if (!names)
				return;
			users->names = names;
			users->room = room;
		}
		struct user_name *name = &users->names[users->count++];
		name->uid = entry->pw_uid;
		snprintf(name->name, sizeof(name->name), "%s", entry->pw_name);
	}
}

void user_name(struct user_names *users, uint32_t uid, struct buffer *buffer)
{
	if (!users->read)
		read_names(users);
	for (size_t i = 0; i < users->count; i++)
		if (users->names[i].uid == uid) {
			buffer_add_escaped(buffer, users->names[i].name, strlen(users->names[i].name));
			return;
		}
	buffer_printf(buffer, "uid %u", uid);
}

void user_names_done(struct user_names *users)
{
	free(users->names);
	*users = (struct user_names){};
}
