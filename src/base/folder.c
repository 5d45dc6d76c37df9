/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int folders_make(const char *folder, struct error *error)
{
	_cleanup_free_ char *path = strdup(folder);

	if (!path)
		return error_set(error, -ENOMEM, "no memory for the name of a folder");
	for (char *slash = path + 1;; slash++) {
		char character = *slash;
		int r;

		if (character != '/' && character != '\0')
			continue;
		*slash = '\0';
		r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
		/* Another's folder on a read-only file system says EROFS although it is there. */
		if (r < 0 && access(path, F_OK) == 0)
			r = 0;
		if (r < 0)
			return error_set(error, r, "cannot create the folder %s: %s", path, error_text(r));
		*slash = character;
		if (!character)
			return 0;
	}
}
