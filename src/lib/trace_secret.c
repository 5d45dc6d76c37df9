/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program says may hold keys: of IPsec states, of tunnels, of files that nature.def names. They are told nowhere, neither decoded nor as the
 * bytes that crossed. */
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/learned.h"
#include "channel/nature.h"
#include "channel/netlink_source.h"
#include "channel/object.h"
#include "channel/protocol.h"
#include "lib/trace.h"

static const char hidden[] = "(secret)";

static bool has_object_with_secrets(const struct protocol *protocol)
{
	const struct object *object;
	unsigned int position = 0;

	while (protocol && (object = object_next(protocol, &position)))
		if (object->has_secrets)
			return true;
	return false;
}

/* Texts and bytes within VALUE. */
static void hide(struct value *value)
{
	switch (value->type) {
	case VALUE_TEXT:
	case VALUE_BYTES:
		*value = value_text(hidden);
		break;
	case VALUE_LIST:
		for (uint32_t i = 0; i < value->list.count; i++)
			hide((struct value *)(uintptr_t)&value->list.items[i]);
		break;
	case VALUE_RECORD:
		for (uint32_t i = 0; i < value->record->count; i++)
			hide(&((struct record *)(uintptr_t)value->record)->entries[i].value);
		break;
	default:
		break;
	}
}

static void hide_arguments(struct record *arguments)
{
	struct value value = { .type = VALUE_RECORD, .record = arguments };

	hide(&value);
}

/* A program's arguments but for its name, where the recorder would leave them out too. */
static void hide_program_arguments(const struct value *list)
{
	_cleanup_buffer_ struct buffer joined = { 0 };

	for (uint32_t i = 0; i < list->list.count; i++) {
		const struct value *item = &list->list.items[i];

		if (item->type == VALUE_TEXT)
			buffer_add(&joined, item->bytes.data, item->bytes.length);
		buffer_add_char(&joined, '\0');
	}
	if (!joined.failed && !nature_names_secret(joined.data, joined.length))
		return;
	for (uint32_t i = 1; i < list->list.count; i++)
		hide((struct value *)(uintptr_t)&list->list.items[i]);
}

void trace_withhold(struct ferry_tracer *tracer, const struct signature *signature, struct call *call)
{
	enum ferry_door door;
	const bool file = call->has_file && (call->file.channel == TRACE_PROCFS || call->file.channel == TRACE_SYSFS);
	const char *address = file ? trace_address(tracer, call, &door) : NULL;
	const struct nature *nature = address ? nature_of(address) : NULL;
	const struct value *program = strncmp(signature->name, "execve", 6) ? NULL : record_find(call->arguments, "argv");

	if (program && program->type == VALUE_LIST)
		hide_program_arguments(program);
	if (call->has_file && call->file.channel == TRACE_NETLINK &&
	    (call->file.protocol == NETLINK_GENERIC || has_object_with_secrets(protocol_of(call->file.protocol))))
		hide_arguments(call->arguments);
	if (!nature || !(nature->flags & NATURE_SECRET))
		return;
	hide_arguments(call->arguments);
	if (call->content.data)
		call->content = (struct content_part){ hidden, strlen(hidden), strlen(hidden) };
	if (call->before) {
		call->before = hidden;
		call->before_length = strlen(hidden);
	}
}

/* COPY, which is ours, of a message of PROTOCOL; all behind its header goes where it cannot be read. */
static void wipe(struct ferry_tracer *tracer, const struct protocol *protocol, struct nlmsghdr *copy)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *unified = protocol_unify(protocol, copy, &room);
	const struct object *object;
	bool removed = false;

	object = object_of(protocol, unified, &removed);
	if (object && object->has_secrets && !removed && unified->nlmsg_len == copy->nlmsg_len)
		source_withhold(&tracer->arena, object, copy, NULL);
	else if ((!object && !protocol->family) || (object && object->has_secrets && !removed))
		memset(NLMSG_DATA(copy), 0, copy->nlmsg_len - NLMSG_HDRLEN);
}

static void wipe_message(struct ferry_tracer *tracer, int number, struct nlmsghdr *copy)
{
	const struct protocol *protocol = spoken_protocol(tracer, number, copy->nlmsg_type);
	const struct family *family = number == NETLINK_GENERIC ? spoken_find_family(tracer, number, copy->nlmsg_type) : NULL;

	if (family && family_has_secrets(family->name) && copy->nlmsg_len > NLMSG_LENGTH(GENL_HDRLEN))
		memset((char *)NLMSG_DATA(copy) + GENL_HDRLEN, 0, copy->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	else if (protocol && has_object_with_secrets(protocol))
		wipe(tracer, protocol, copy);
}

/* A refusal quotes the request. */
static void wipe_quoted(struct ferry_tracer *tracer, int number, struct nlmsghdr *copy)
{
	const size_t skip = NLMSG_HDRLEN + sizeof(int);
	struct nlmsghdr *quoted = (struct nlmsghdr *)((char *)copy + skip);
	const size_t left = copy->nlmsg_len > skip ? copy->nlmsg_len - skip : 0;
	uint32_t length;

	if (left <= NLMSG_HDRLEN)
		return;
	length = quoted->nlmsg_len;
	if (length > left || length < NLMSG_HDRLEN)
		quoted->nlmsg_len = (uint32_t)left;
	wipe_message(tracer, number, quoted);
	quoted->nlmsg_len = length;
}

int trace_message_withhold(struct ferry_tracer *tracer, int number, const void *data, size_t length, const void **ret)
{
	struct nlmsghdr *copy;

	if (number != NETLINK_GENERIC && !has_object_with_secrets(protocol_of(number))) {
		*ret = data;
		return 0;
	}
	copy = (struct nlmsghdr *)arena_copy(&tracer->arena, data, length);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	if (length < NLMSG_HDRLEN || copy->nlmsg_len != length)
		memset(copy, 0, length);
	else if (copy->nlmsg_type == NLMSG_ERROR)
		wipe_quoted(tracer, number, copy);
	else if (copy->nlmsg_type >= NLMSG_MIN_TYPE)
		wipe_message(tracer, number, copy);
	return 0;
}
