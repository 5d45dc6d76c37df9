/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints what stands at each address that is given, and below it: cc values.c $(pkg-config --cflags --libs ferry) */
#include <stdio.h>
#include <stdlib.h>

#include <ferry.h>

static int print(void *data, const struct ferry_item *item)
{
	char *text = item->value ? ferry_value_text(item->value) : NULL;

	(void)data;
	if (text)
		printf("%s = %s\n", item->address, text);
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	struct ferry *ferry;
	int status = EXIT_SUCCESS;

	if (ferry_new(&ferry) < 0)
		return EXIT_FAILURE;
	for (int i = 1; i < argc; i++) {
		char *address;

		/* Any spelling: net.ipv4.ip_forward, /sys/class/net/lo/mtu. */
		if (ferry_address(ferry, argv[i], &address) < 0 || ferry_get(ferry, address, FERRY_READ_LEAVES, print, NULL) < 0) {
			fprintf(stderr, "%s\n", ferry_error(ferry));
			status = EXIT_FAILURE;
			continue;
		}
		free(address);
	}
	ferry_free(ferry);
	return status;
}
