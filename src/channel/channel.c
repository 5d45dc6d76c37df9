/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel.h"

#include <string.h>

#define CHANNEL(identifier) extern const struct channel channel_##identifier;
#include "channel/channels.def"
#undef CHANNEL

const struct channel *const channels[] = {
#define CHANNEL(identifier) &channel_##identifier,
#include "channel/channels.def"
#undef CHANNEL
};

const unsigned int channel_count = ARRAY_SIZE(channels);

const struct channel *channel_of(const char *address, const char **ret_path)
{
	for (unsigned int i = 0; i < channel_count; i++) {
		const size_t length = strlen(channels[i]->name);

		if (strncmp(address, channels[i]->name, length) != 0 || (address[length] != '\0' && address[length] != '/'))
			continue;
		*ret_path = address + length + (address[length] == '/');
		return channels[i];
	}
	return NULL;
}

const struct object *channel_object(const char *address)
{
	const char *path;
	const struct channel *channel = channel_of(address, &path);

	return channel ? channel->object : NULL;
}
