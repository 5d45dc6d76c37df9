/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is secret in a message (the keys of an IPsec state) is overwritten in the recorder's own copy of it as soon as it is read, and left out of the
 * arguments of the program that sent it. */
#include <string.h>

#include "channel/netlink_source.h"

static bool is_zero(const uint8_t *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (data[i])
			return false;
	return true;
}

static void wipe(const struct ferry_actor *actor, const struct value *value)
{
	if ((value->type != VALUE_BYTES && value->type != VALUE_TEXT) || !value->bytes.length)
		return;
	if (actor)
		actor_withhold(actor, value->bytes.data, value->bytes.length);
	/* The message that it borrows from is ours. That there is none (zeros, to WireGuard) is no secret. */
	if (!is_zero(value->bytes.data, value->bytes.length))
		memset((void *)(uintptr_t)value->bytes.data, 0xff, value->bytes.length);
}

static void walk(const struct ferry_actor *actor, const struct record *record)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (entry->value.type == VALUE_RECORD)
			walk(actor, entry->value.record);
		else if (entry->field && entry->field->flags & FIELD_SECRET)
			wipe(actor, &entry->value);
	}
}

/* What is told twice in a message is read once: so not the record that is told is gone through, but all of the message. */
void source_withhold(struct arena *arena, const struct object *object, const struct nlmsghdr *message, const struct ferry_actor *actor)
{
	struct record *record = NULL;

	if (!object->has_secrets)
		return;
	(void)!schema_decode(object->schema, NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN, arena, &record);
	if (record)
		walk(actor, record);
}
