/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* object-set ADDRESS [JSON]: writes JSON to an object or a field of one (without JSON: removes the object) and prints what stands there then. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "channel/channel.h"

int main(int argc, char **argv)
{
	const struct channel *channel;
	struct machine machine;
	const char *path;
	char *now = NULL;
	int r;

	if (argc < 2)
		return 2;
	channel = channel_of(argv[1], &path);
	if (!channel || !channel->set)
		return 2;
	machine_init(&machine);
	r = channel->set(channel, &machine, path, argc > 2 ? argv[2] : NULL, &now);
	if (r < 0)
		fprintf(stderr, "%s\n", machine.error.text);
	else
		puts(now ? now : "");
	free(now);
	machine_done(&machine);
	return r < 0 ? 1 : 0;
}
