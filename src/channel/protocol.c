/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/protocol.h"

const struct protocol *const protocols[PROTOCOL_COUNT] = {
#define PROTOCOL(identifier) &protocol_##identifier,
#include "channel/protocols.def"
#undef PROTOCOL
};

const struct protocol *protocol_of(int number)
{
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		if (protocols[i]->number == number)
			return protocols[i];
	return NULL;
}

const struct nlmsghdr *protocol_unify(const struct protocol *protocol, const struct nlmsghdr *message, struct buffer *room)
{
	return protocol->unify ? protocol->unify(message, room) : message;
}
