/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program says to the kernel over its channels: each read and write of a file of theirs, each ioctl(2) of a socket, each netlink request. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "channel/content.h"
#include "channel/files.h"
#include "channel/path-parts.h"
#include "lib/context.h"
#include "lib/trace.h"

/* ---- Where ---- */

/* The path below the mount, as text, or NULL. */
static const char *path_of(struct ferry_tracer *tracer, const struct call *call)
{
	char path[PATH_PARTS_ROOM];
	size_t length =
		path_parts_join(call->path_parts, call->path_length < call->file.path_length ? call->path_length : call->file.path_length, path);

	return arena_copy(&tracer->arena, path, length - 1);
}

static const char *joined(struct ferry_tracer *tracer, const char *before, const char *behind)
{
	const size_t first = strlen(before), second = strlen(behind);
	char *text = arena_allocate(&tracer->arena, first + second + 1);

	if (text)
		memcpy(mempcpy(text, before, first), behind, second);
	return text;
}

/* sysfs has one file by many paths; the shortest is its address. */
static const char *sysfs_address(struct ferry_tracer *tracer, const char *path)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	const char *whole = joined(tracer, "/sys", path);

	if (whole && file_canonical(&tracer->ferry->machine, whole, &address) == 0 && !address.failed)
		return arena_copy(&tracer->arena, address.data, address.length);
	return joined(tracer, "sysfs", path);
}

static const char *find_address(struct ferry_tracer *tracer, const struct call *call, enum ferry_door *ret_door)
{
	const char *path;

	*ret_door = FERRY_DOOR_UNKNOWN;
	if (!call->has_file)
		return NULL;
	switch (call->file.channel) {
	case TRACE_PROCFS:
		path = path_of(tracer, call);
		*ret_door = path && strncmp(path, "/sys/", 5) == 0 ? FERRY_DOOR_SYSCTL : FERRY_DOOR_PROCFS;
		if (!path)
			return NULL;
		return *ret_door == FERRY_DOOR_SYSCTL ? joined(tracer, "sysctl", path + 4) : joined(tracer, "procfs", path);
	case TRACE_SYSFS:
		path = path_of(tracer, call);
		*ret_door = FERRY_DOOR_SYSFS;
		return path ? sysfs_address(tracer, path) : NULL;
	case TRACE_NETLINK:
		*ret_door = FERRY_DOOR_NETLINK;
		return spoken_family(tracer, call->file.protocol, 0);
	default:
		return NULL;
	}
}

const char *trace_address(struct ferry_tracer *tracer, const struct call *call, enum ferry_door *ret_door)
{
	if (!tracer->place.known) {
		tracer->place.address = find_address(tracer, call, &tracer->place.door);
		tracer->place.known = true;
	}
	*ret_door = tracer->place.door;
	return tracer->place.address;
}

/* ---- Telling ---- */

static const struct ferry_value *value_of(struct ferry_value *item, const struct ferry_tracer *tracer, const struct value *value,
					  const struct field *field)
{
	struct ferry_value *result = trace_value(item, tracer, value);

	if (result)
		result->field = field;
	return result;
}

int conversation_tell(struct ferry_tracer *tracer, const struct trace_event *event, struct spoken *spoken)
{
	struct ferry_crossing *crossing = &spoken->crossing;
	struct ferry_value items[3] = { 0 };
	int r;

	if (tracer->filter.doors && !(tracer->filter.doors & 1u << crossing->door))
		return 0;
	crossing->asked = value_of(&items[0], tracer, spoken->asked, spoken->asked_field);
	crossing->answered = value_of(&items[1], tracer, spoken->answered, spoken->answered_field);
	crossing->before = value_of(&items[2], tracer, spoken->before, spoken->before_field);
	if (!crossing->error && crossing->has_result && crossing->result < 0)
		crossing->error = error_symbol((int)crossing->result);
	r = trace_tell(tracer, event, crossing);
	for (unsigned int i = 0; i < ARRAY_SIZE(items); i++)
		channel_value_done(&items[i]);
	return r;
}

static struct ferry_crossing crossing_of(const struct trace_call *event, const char *name)
{
	return (struct ferry_crossing){
		.kind = FERRY_CROSSING_SPOKEN,
		.duration = event->entered ? event->event.time - event->entered : UINT64_MAX,
		.name = name,
		.has_result = true,
		.result = event->result,
	};
}

/* ---- Files ---- */

/* What a knob was last seen to hold, by its address. */
struct content_entry {
	size_t address_length, length;
	char data[];
};

static bool content_matches(const void *entry, const void *key, size_t length)
{
	const struct content_entry *content = entry;

	return content->address_length == length && memcmp(content->data, key, length) == 0;
}

static const struct content_entry *content_find(struct ferry_tracer *tracer, const char *address)
{
	return table_find(&tracer->contents, address, strlen(address));
}

#define CONTENTS_MAXIMUM 65536

static int content_keep(struct ferry_tracer *tracer, const char *address, const char *data, size_t length)
{
	const size_t address_length = strlen(address);
	struct content_entry *old = table_find(&tracer->contents, address, address_length), *entry;
	int r = 0;

	if (!old && tracer->contents.count >= CONTENTS_MAXIMUM)
		return 0;
	entry = malloc(sizeof(*entry) + address_length + length);
	if (!entry)
		return -ENOMEM;
	entry->address_length = address_length;
	entry->length = length;
	memcpy(mempcpy(entry->data, address, address_length), data, length);
	if (old)
		table_replace(&tracer->contents, address, address_length, entry);
	else
		r = table_add(&tracer->contents, address, address_length, entry);
	free(old);
	if (r < 0)
		free(entry);
	return r;
}

static int content_decode(struct ferry_tracer *tracer, enum ferry_door door, const char *data, size_t length, struct content *ret)
{
	return content_value(data, content_length(data, length), door == FERRY_DOOR_SYSFS, &tracer->arena, ret);
}

/* A write: from what was there to what is written. */
static int tell_write(struct ferry_tracer *tracer, const struct trace_call *event, const struct call *call, struct spoken *spoken)
{
	const char *address = spoken->crossing.address;
	const struct content_entry *known = call->before ? NULL : content_find(tracer, address);
	const char *old = call->before ? call->before : known ? known->data + known->address_length : NULL;
	struct content before, after;
	int r = content_decode(tracer, spoken->crossing.door, call->content.data, call->content.length, &after);

	if (r == 0 && old) {
		r = content_decode(tracer, spoken->crossing.door, old, call->before ? call->before_length : known->length, &before);
		spoken->before = &before.value;
		spoken->before_field = before.field;
	}
	if (r < 0)
		return r;
	spoken->asked = &after.value;
	spoken->asked_field = after.field;
	r = conversation_tell(tracer, &event->event, spoken);
	if (r == 0 && event->result > 0 && call->content.length == call->content.total)
		r = content_keep(tracer, address, call->content.data, call->content.length);
	return r;
}

static int tell_read(struct ferry_tracer *tracer, const struct trace_call *event, const struct call *call, struct spoken *spoken)
{
	const bool knob = spoken->crossing.door != FERRY_DOOR_PROCFS;
	struct content content;
	int r = 0;

	/* That a file has ended is no news. */
	if (event->result == 0)
		return 0;
	if (event->result > 0 && call->content.data && (knob || tracer->options.details)) {
		r = content_decode(tracer, spoken->crossing.door, call->content.data, call->content.length, &content);
		spoken->answered = &content.value;
		spoken->answered_field = content.field;
	}
	if (r == 0 && knob && event->result > 0 && call->content.data && call->file.position == (uint64_t)event->result)
		r = content_keep(tracer, spoken->crossing.address, call->content.data, call->content.length);
	return r < 0 ? r : conversation_tell(tracer, &event->event, spoken);
}

static int take_file(struct ferry_tracer *tracer, const struct trace_call *event, const struct signature *signature, const struct call *call)
{
	const enum signature_direction direction = signature_direction(signature->name);
	const bool writes = direction == SIGNATURE_SENDS;
	struct spoken spoken = { .crossing = crossing_of(event, writes ? "write" : "read") };

	if (direction == SIGNATURE_NEITHER)
		return 0;
	if (event->event.flags & TRACE_RING)
		spoken.crossing.words = "by io_uring";
	spoken.crossing.address = trace_address(tracer, call, &spoken.crossing.door);
	if (!spoken.crossing.address)
		return -ENOMEM;
	return writes && call->content.data ? tell_write(tracer, event, call, &spoken) : tell_read(tracer, event, call, &spoken);
}

/* sendfile(2) and its like, which carry from one file to another and show the program nothing: of a write to a sysctl the kernel tells what it was.
 */
static int take_carried(struct ferry_tracer *tracer, const struct trace_call *event, size_t length, const struct signature *signature,
			struct call *call)
{
	char words[32];
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < signature->count; i++) {
		const bool writes = signature->arguments[i].carries == SIGNATURE_SENDS;
		struct spoken spoken = { .crossing = crossing_of(event, writes ? "write" : "read") };

		if (!signature->arguments[i].carries || !call_choose_file(event, length, i, call) ||
		    (call->file.channel != TRACE_PROCFS && call->file.channel != TRACE_SYSFS))
			continue;
		tracer->place.known = false;
		trace_withhold(tracer, signature, call);
		spoken.crossing.address = trace_address(tracer, call, &spoken.crossing.door);
		if (!spoken.crossing.address)
			return -ENOMEM;
		snprintf(words, sizeof(words), "by %s", signature->name);
		spoken.crossing.words = words;
		r = writes && call->content.data ? tell_write(tracer, event, call, &spoken) : conversation_tell(tracer, &event->event, &spoken);
	}
	return r;
}

/* A file of a channel that cannot be opened. */
static int take_opening(struct ferry_tracer *tracer, const struct trace_call *event, const struct call *call)
{
	struct spoken spoken = { .crossing = crossing_of(event, "open") };
	const struct value *path = record_find(call->arguments, "filename");
	const char *text = path && path->type == VALUE_TEXT ? arena_copy(&tracer->arena, path->bytes.data, path->bytes.length) : NULL;

	if (!text || event->result >= 0)
		return 0;
	if (strncmp(text, "/proc/sys/", 10) == 0) {
		spoken.crossing.door = FERRY_DOOR_SYSCTL;
		spoken.crossing.address = joined(tracer, "sysctl", text + 9);
	} else if (strncmp(text, "/proc/", 6) == 0) {
		spoken.crossing.door = FERRY_DOOR_PROCFS;
		spoken.crossing.address = joined(tracer, "procfs", text + 5);
	} else if (strncmp(text, "/sys/", 5) == 0) {
		spoken.crossing.door = FERRY_DOOR_SYSFS;
		spoken.crossing.address = joined(tracer, "sysfs", text + 4);
	}
	return spoken.crossing.address ? conversation_tell(tracer, &event->event, &spoken) : 0;
}

/* ---- ioctl ---- */

static int take_ioctl(struct ferry_tracer *tracer, const struct trace_call *event, size_t length, const struct call *call)
{
	const uint32_t request = (uint32_t)event->arguments[1];
	const char *name = request_name(request), *interface;
	const struct value *value = record_find(call->arguments, "arg");
	struct spoken spoken = { .crossing = crossing_of(event, name) };
	struct content_part content;
	int r;

	/* Those of sockets; a terminal's are no channel to the kernel's state. */
	if (!name || request >> 8 != 0x89)
		return 0;
	r = call_content(event, length, 2, 0, &tracer->arena, &content);
	if (r < 0)
		return r;
	interface = request_interface(request, content.data, content.length, &tracer->arena);
	spoken.crossing.door = FERRY_DOOR_IOCTL;
	spoken.crossing.address = interface ? joined(tracer, "ioctl/", interface) : "ioctl";
	if (value && value->type != VALUE_NULL)
		*(request_writes(request) ? &spoken.asked : &spoken.answered) = value;
	return conversation_tell(tracer, &event->event, &spoken);
}

/* ---- All of it ---- */

static int take_netlink(struct ferry_tracer *tracer, const struct trace_call *event, size_t length, const struct signature *signature,
			const struct call *call)
{
	const enum signature_direction direction = signature_direction(signature->name);
	const bool several = signature->count > 1 && signature->arguments[1].kind == ARGUMENT_MESSAGES;
	const unsigned int messages = call_messages(event, length, 1);
	struct netlink_part part = { .event = event, .call = call, .received = direction == SIGNATURE_RECEIVES };
	const struct value *flags = record_find(call->arguments, "flags");
	int r = 0;

	if (direction == SIGNATURE_NEITHER || event->result <= 0)
		return 0;
	/* What is only looked at comes again. */
	if (part.received && flags && flags->type == VALUE_UINT && flags->number & MSG_PEEK)
		return 0;
	for (unsigned int i = 0; r == 0 && i < messages; i++) {
		r = call_content(event, length, 1, i, &tracer->arena, &part.content);
		/* Of many parts not all are looked at. */
		if (!several && part.content.total < (uint64_t)event->result)
			part.content.total = (uint64_t)event->result;
		if (r == 0)
			r = exchange_take(tracer, &part);
	}
	if (r == 0 && several && messages < (uint64_t)event->result)
		r = exchange_tell_cut(tracer, &part, messages, (uint64_t)event->result, "messages");
	return r;
}

static bool carries(const struct signature *signature)
{
	for (unsigned int i = 0; i < signature->count; i++)
		if (signature->arguments[i].carries)
			return true;
	return false;
}

int conversation_take(struct ferry_tracer *tracer, const struct trace_call *event, size_t length, const struct signature *signature,
		      struct call *call)
{
	if (event->event.flags & TRACE_UNENDED)
		return 0;
	if (carries(signature))
		return tracer->options.all ? 0 : take_carried(tracer, event, length, signature, call);
	if (!call->has_file)
		return tracer->options.all ? 0 : take_opening(tracer, event, call);
	if (call->file.channel == TRACE_NETLINK && strcmp(signature->name, "ioctl") != 0)
		return take_netlink(tracer, event, length, signature, call);
	if (tracer->options.all)
		return 0;
	if (strcmp(signature->name, "ioctl") == 0)
		return call->file.channel == TRACE_SOCKET || call->file.channel == TRACE_NETLINK ? take_ioctl(tracer, event, length, call) : 0;
	if (call->file.channel == TRACE_PROCFS || call->file.channel == TRACE_SYSFS)
		return take_file(tracer, event, signature, call);
	return 0;
}

void conversation_init(struct ferry_tracer *tracer)
{
	table_init(&tracer->contents, content_matches);
	exchange_init(tracer);
}

int conversation_finish(struct ferry_tracer *tracer)
{
	return exchange_finish(tracer);
}

void conversation_done(struct ferry_tracer *tracer)
{
	struct content_entry *entry;
	size_t position = 0;

	while ((entry = table_next(&tracer->contents, &position)))
		free(entry);
	table_done(&tracer->contents);
	exchange_done(tracer);
}
