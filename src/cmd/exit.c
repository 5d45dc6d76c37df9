/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/exit.h"

#include <errno.h>

enum exit_status exit_of(int error)
{
	switch (error < 0 ? -error : error) {
	case 0:
		return EXIT_DONE;
	case ENOENT:
	case ENODEV: /* no such interface */
	case ESRCH:  /* no such route, rule or process */
		return EXIT_NOT_FOUND;
	case EPERM:
	case EACCES:
		return EXIT_NOT_PERMITTED;
	default:
		return EXIT_REFUSED;
	}
}

enum exit_status exit_worse(enum exit_status first, enum exit_status second)
{
	if (first == EXIT_DONE || (first == EXIT_INCOMPLETE && second != EXIT_DONE))
		return second;
	return first;
}
