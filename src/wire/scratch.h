/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A netlink socket in a network namespace of its own, where nothing is and nothing can be harmed. It needs no rights where user namespaces may be
 * made. Sources: unshare(2), user_namespaces(7), unix(7). */
#ifndef FERRY_WIRE_SCRATCH_H
#define FERRY_WIRE_SCRATCH_H

#include "wire/netlink.h"

/* The namespace goes with the socket. -EPERM where no namespace may be made, with words. */
int scratch_open(int protocol, struct netlink **ret, struct error *error) _must_check_;

#endif
