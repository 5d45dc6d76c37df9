/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

int tracefs_open(void)
{
	_cleanup_close_ int context = -1;
	int mount;

	for (unsigned int i = 0; i < 2; i++) {
		_cleanup_close_ int root = open(i ? "/sys/kernel/debug/tracing" : "/sys/kernel/tracing", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (root >= 0 && faccessat(root, "events/syscalls", F_OK, 0) == 0)
			return TAKE_DESCRIPTOR(root);
	}
	context = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? -errno : mount;
}
