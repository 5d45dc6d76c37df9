/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ioctl(2) on a socket, as ifconfig(8) and route(8) use it. Sources: netdevice(7), <linux/sockios.h>, <linux/if.h>, <linux/route.h>. */
#ifndef FERRY_WIRE_CONTROL_H
#define FERRY_WIRE_CONTROL_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/* An AF_INET datagram socket. -EAFNOSUPPORT, with words. */
int control_open(struct error *error) _must_check_;

/* 0 or the negative errno of ioctl(2). */
int control_call(int descriptor, unsigned long request, void *argument) _must_check_;

/* Appends the names that SIOCGIFCONF tells, each with its NUL: interfaces that are up or have an IPv4 address, and their labels (eth0:1). */
int control_interfaces(int descriptor, struct buffer *ret_names) _must_check_;

/* The same of LENGTH bytes as SIOCGIFCONF fills them, and of the text of /proc/net/dev. What is malformed is passed over. */
void control_names_of(const void *data, size_t length, struct buffer *ret_names);
void control_names_in(const char *text, size_t length, struct buffer *ret_names);

#endif
