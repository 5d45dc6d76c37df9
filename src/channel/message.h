/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of families that have no objects here, to records: by the family's schema where there is one, else by what their bytes look like. */
#ifndef FERRY_CHANNEL_MESSAGE_H
#define FERRY_CHANNEL_MESSAGE_H

#include "channel/family.h"

/* What a message says. VALUE borrows from it. */
struct message {
	bool framed; /* it has a netlink header: then TYPE, FLAGS and SEQUENCE are its */
	uint16_t type, flags;
	uint32_t sequence;
	int command; /* of a generic message; -1: none */
	size_t length;
	struct value value; /* a record */
	enum provenance provenance;
};

/* One framed message of FAMILY. What its bytes can not be taken for is shown in hexadecimal. -ENOMEM. */
int message_decode(const struct family *family, const struct nlmsghdr *header, struct arena *arena, struct message *ret) _must_check_;
/* Takes out of MESSAGE, decoded and of FAMILY, what may be a key: what is known by number alone of a family that has some, and all that is guessed.
 * What the kernel itself tells to a group has none. -ENOMEM. */
int message_withhold(const struct family *family, struct arena *arena, struct message *message) _must_check_;
/* DATA as text, where it is text, else in hexadecimal. -ENOMEM. */
int message_plain(const void *data, size_t length, struct arena *arena, struct message *ret) _must_check_;
/* A device event: "ACTION@PATH" and lines of KEY=VALUE from the kernel, or what udev makes of it and tells on, which has a header of its own.
 * -EBADMSG where it is neither, -ENOMEM. Sources: lib/kobject_uevent.c of the kernel, libudev's udev_monitor_netlink_header. */
int message_uevent(const void *data, size_t length, struct arena *arena, struct message *ret) _must_check_;

#endif
