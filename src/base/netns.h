/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FERRY_BASE_NETNS_H
#define FERRY_BASE_NETNS_H

#include <stdint.h>
#include <sys/stat.h>

/* The inode number of the network namespace that we are in (namespaces(7)), 0 where /proc does not tell. */
static inline uint64_t own_netns(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) < 0 ? 0 : status.st_ino;
}

#endif
