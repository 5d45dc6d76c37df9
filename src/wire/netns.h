/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Going into another network namespace, so that every file and socket that is opened from then on is of that one. Sources: setns(2),
 * network_namespaces(7), mount_namespaces(7), sysfs(5). */
#ifndef FERRY_WIRE_NETNS_H
#define FERRY_WIRE_NETNS_H

#include "base/error.h"

/* A descriptor of the network namespace NAME: a name below /run/netns, the number of a process that is in it, or the path of a namespace file (what
 * has a slash). -ENOENT where there is none; -EINVAL where the file is no network namespace; with words. */
int netns_open(const char *name, struct error *error) _must_check_;

/* The calling thread goes into the namespace of DESCRIPTOR (NAME for the words), and into a mount namespace of its own where /sys is the sysfs of
 * that namespace; what is mounted below /sys stays in its place. /proc needs no mount: what it shows of the network follows the one who opens it.
 * Nothing that other processes see changes. -EPERM without CAP_SYS_ADMIN. After a failure the thread is in the network namespace where it was. */
int netns_enter(int descriptor, const char *name, struct error *error) _must_check_;

/* The same into a new one. Who has not the right goes into a user namespace of its own for it, where it is root. -EPERM where that is not allowed
 * either. Source: user_namespaces(7). */
int netns_make(struct error *error) _must_check_;

#endif
