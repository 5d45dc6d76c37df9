/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/user.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

int user_number(const char *name, uint32_t *ret)
{
	_cleanup_fclose_ FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;

	while (file && (entry = fgetpwent(file)))
		if (strcmp(entry->pw_name, name) == 0) {
			*ret = entry->pw_uid;
			return 0;
		}
	return -ENOENT;
}
