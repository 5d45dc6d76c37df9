/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel.h"

void channel_value_done(struct ferry_value *value)
{
	while (value->item) {
		struct ferry_value *gone = value->item;

		value->item = gone->item;
		free(gone);
	}
}

int channel_item(struct ferry_item *item, const struct value *value, const struct field *field, const struct naming *naming,
		 ferry_item_function *function, void *data)
{
	struct ferry_value carried = { .value = *value, .field = field, .naming = naming };
	int r;

	item->value = &carried;
	r = function(data, item);
	item->value = NULL;
	channel_value_done(&carried);
	return r;
}
