/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/call.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "crossing/chunk.h"
#include "crossing/structures.h"
#include "crossing/words.h"

struct decoding {
	const struct signature *signature;
	const struct trace_call *event;
	size_t length;
	struct arena *arena;
	struct call *call;
};

static const struct field fields_memory[] = { { "read", FIELD_U32 }, { "of", FIELD_U32 }, { "error", FIELD_TEXT }, { "messages", FIELD_U32 } };
static const struct field field_text = { "text", FIELD_TEXT };
static const struct field field_int = { "int", FIELD_S32 };
static const struct field field_record = { "struct", FIELD_RECORD };
/* Lists of what the name says. */
static const struct field field_texts = { "texts", FIELD_LIST, .element = &field_text };
static const struct field field_pair = { "pair", FIELD_LIST, .element = &field_int };
static const struct field field_array = { "array", FIELD_LIST, .element = &field_record };
static const struct field field_pointer = { "pointer", FIELD_U64, FIELD_HEX };

/* ---- Chunks ---- */

static bool is_of(const struct trace_chunk *chunk, unsigned int index, unsigned int message, unsigned int kind)
{
	return chunk->argument == index && chunk->message == message && chunk->kind == kind;
}

static bool chunk_of_message(const struct decoding *decoding, unsigned int index, unsigned int message, unsigned int kind, struct chunk_iterator *ret)
{
	for (struct chunk_iterator i = chunks(decoding->event, decoding->length); chunk_next(&i);)
		if (is_of(&i.chunk, index, message, kind)) {
			*ret = i;
			return true;
		}
	return false;
}

static bool chunk_of(const struct decoding *decoding, unsigned int index, unsigned int kind, struct chunk_iterator *ret)
{
	return chunk_of_message(decoding, index, 0, kind, ret);
}

int call_content(const struct trace_call *event, size_t length, unsigned int index, unsigned int message, struct arena *arena,
		 struct content_part *ret)
{
	struct content_part content = { .data = "" };
	unsigned int count = 0;
	char *data, *at;

	for (struct chunk_iterator i = chunks(event, length); chunk_next(&i);)
		if (is_of(&i.chunk, index, message, TRACE_DATA)) {
			content.data = count++ ? content.data : i.data;
			content.length += i.chunk.length;
			content.total += i.chunk.total;
		}
	if (count > 1) {
		at = data = arena_allocate_plain(arena, content.length + 1);
		if (!data)
			return -ENOMEM;
		for (struct chunk_iterator i = chunks(event, length); chunk_next(&i);)
			if (is_of(&i.chunk, index, message, TRACE_DATA))
				at = mempcpy(at, i.data, i.chunk.length);
		content.data = data;
	}
	*ret = content;
	return 0;
}

unsigned int call_messages(const struct trace_call *event, size_t length, unsigned int index)
{
	unsigned int count = 1;

	for (struct chunk_iterator i = chunks(event, length); chunk_next(&i);)
		if (i.chunk.argument == index && i.chunk.message >= count)
			count = i.chunk.message + 1u;
	return count;
}

/* ---- Values ---- */

static struct value number_value(const struct field *field, uint64_t number)
{
	switch (field->kind) {
	case FIELD_S32:
		/* A choice is looked up by its number without a sign. */
		return field_names(field) ? value_uint((uint32_t)number) : value_int((int32_t)number);
	case FIELD_U16:
		return value_uint((uint16_t)number);
	case FIELD_U32:
		return value_uint((uint32_t)number);
	case FIELD_S64:
		return value_int((int64_t)number);
	default:
		return value_uint(number);
	}
}

/* Where there is nothing to show of what it points to. */
static void set_pointer(struct entry *entry, uint64_t address)
{
	entry->field = &field_pointer;
	entry->value = address ? value_uint(address) : (struct value){ .type = VALUE_NULL };
}

static int decode_structure(struct decoding *decoding, const struct schema *schema, const char *data, size_t length, struct value *ret)
{
	struct record *record;
	int r = schema_decode(schema, data, length, decoding->arena, &record);

	/* Of which only a part could be read. */
	if (r == -EBADMSG) {
		*ret = value_data(VALUE_BYTES, data, length);
		return 0;
	}
	if (r < 0)
		return r;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int decode_array(struct decoding *decoding, const struct schema *schema, const char *data, size_t length, struct value *ret)
{
	const size_t count = length / schema->header_size;
	struct value *items = arena_array(decoding->arena, struct value, count ? count : 1);
	int r = items ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = decode_structure(decoding, schema, data + i * schema->header_size, schema->header_size, &items[i]);
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } };
	return r;
}

static int decode_pair(struct decoding *decoding, const char *data, size_t length, struct value *ret)
{
	const size_t count = length / sizeof(int32_t);
	struct value *items = arena_array(decoding->arena, struct value, count ? count : 1);

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int32_t number;

		memcpy(&number, data + i * sizeof(number), sizeof(number));
		items[i] = value_int(number);
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } };
	return 0;
}

/* Texts in chunks of their own; or, of a program that runs, one behind the other with a NUL after each. */
static int decode_texts(struct decoding *decoding, unsigned int index, bool joined, struct value *ret)
{
	struct value *items = arena_array(decoding->arena, struct value, joined ? TRACE_TEXT_MAXIMUM : 65);
	uint32_t count = 0;

	if (!items)
		return -ENOMEM;
	for (struct chunk_iterator i = chunks(decoding->event, decoding->length); chunk_next(&i);) {
		const char *at = i.data, *end = i.data + i.chunk.length;

		if (i.chunk.argument != index || i.chunk.kind != TRACE_DATA)
			continue;
		if (!joined && count < 65)
			items[count++] = value_data(VALUE_TEXT, i.data, i.chunk.length);
		while (joined && at < end && count < TRACE_TEXT_MAXIMUM) {
			const size_t length = strnlen(at, (size_t)(end - at));

			items[count++] = value_data(VALUE_TEXT, at, length);
			at += length + 1;
		}
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return 0;
}

static int add_named(struct arena *arena, struct record *record, const char *name, const struct field *field, struct value value)
{
	return record_add(arena, record, (struct entry){ .name = name, .field = field, .value = value });
}

static int decode_message(struct decoding *decoding, unsigned int index, unsigned int message, struct value *ret)
{
	struct record *record = record_new_sized(decoding->arena, NULL, 3), *peer;
	struct content_part content;
	struct chunk_iterator chunk;
	int r = record ? 0 : -ENOMEM;

	if (r == 0 && chunk_of_message(decoding, index, message, TRACE_PEER, &chunk)) {
		r = structure_peer(chunk.data, chunk.chunk.length, decoding->arena, &peer);
		if (r == 0)
			r = add_named(decoding->arena, record, "name", &field_record, (struct value){ .type = VALUE_RECORD, .record = peer });
	}
	if (r == 0)
		r = call_content(decoding->event, decoding->length, index, message, decoding->arena, &content);
	if (r == 0)
		r = add_named(decoding->arena, record, "data", &field_text, value_data(VALUE_TEXT, content.data, content.length));
	if (r == 0 && chunk_of_message(decoding, index, message, TRACE_CONTROL, &chunk))
		r = add_named(decoding->arena, record, "control", NULL, value_data(VALUE_BYTES, chunk.data, chunk.chunk.length));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int decode_messages(struct decoding *decoding, unsigned int index, struct value *ret)
{
	const unsigned int count = call_messages(decoding->event, decoding->length, index);
	struct value *items = arena_array(decoding->arena, struct value, count);
	int r = items ? 0 : -ENOMEM;

	for (unsigned int i = 0; r == 0 && i < count; i++)
		r = decode_message(decoding, index, i, &items[i]);
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return r;
}

static uint64_t number_of(const char *data, size_t length)
{
	uint64_t number = 0;

	memcpy(&number, data, length < sizeof(number) ? length : sizeof(number));
	return number;
}

static int decode_peer(struct decoding *decoding, const char *data, size_t length, struct value *ret)
{
	struct record *record;
	int r = structure_peer(data, length, decoding->arena, &record);

	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

/* An option by the level that it belongs to. */
static void set_option(struct entry *entry, uint64_t level, uint64_t option)
{
	static const struct field socket = { "optname", FIELD_U32, .names = &call_words_socket_option };
	static const struct field netlink = { "optname", FIELD_U32, .names = &call_words_netlink_option };

	if ((uint32_t)level == SOL_SOCKET)
		entry->field = &socket;
	else if ((uint32_t)level == SOL_NETLINK)
		entry->field = &netlink;
	entry->value = value_uint((uint32_t)option);
}

static void set_request(struct entry *entry, uint32_t request)
{
	const char *name = request_name(request);

	entry->value = value_uint(request);
	if (!name)
		return;
	entry->field = &field_text;
	entry->value = value_text(name);
}

/* The argument INDEX, which points to what CHUNK (the first of its chunks) holds. */
static int decode_pointed(struct decoding *decoding, unsigned int index, const struct chunk_iterator *chunk, struct entry *entry)
{
	const struct argument *argument = &decoding->signature->arguments[index];
	const size_t length = chunk->chunk.length;
	const uint64_t request = argument->copy.by < TRACE_ARGUMENTS ? decoding->event->arguments[argument->copy.by] : 0;
	struct content_part content;
	int r = 0;

	switch (argument->kind) {
	case ARGUMENT_TEXT:
		entry->value = value_data(VALUE_TEXT, chunk->data, length);
		return 0;
	case ARGUMENT_CONTENT:
		r = call_content(decoding->event, decoding->length, index, 0, decoding->arena, &content);
		if (r < 0)
			return r;
		entry->value = value_data(VALUE_TEXT, content.data, content.length);
		if (!decoding->call->content.data)
			decoding->call->content = content;
		return 0;
	case ARGUMENT_TEXTS:
		entry->field = &field_texts;
		return decode_texts(decoding, index, decoding->event->result == 0, &entry->value);
	case ARGUMENT_STRUCTURE:
		return decode_structure(decoding, argument->field.schema, chunk->data, length, &entry->value);
	case ARGUMENT_ARRAY:
		entry->field = &field_array;
		return decode_array(decoding, argument->field.schema, chunk->data, length, &entry->value);
	case ARGUMENT_POINTED:
		entry->value = number_value(&argument->field, number_of(chunk->data, length));
		return 0;
	case ARGUMENT_PAIR:
		entry->field = &field_pair;
		return decode_pair(decoding, chunk->data, length, &entry->value);
	case ARGUMENT_PEER:
		return decode_peer(decoding, chunk->data, length, &entry->value);
	case ARGUMENT_REQUESTED:
		r = request_decode((uint32_t)request, chunk->data, length, decoding->arena, &entry->value);
		if (r == -ENOENT) {
			entry->field = NULL;
			entry->value = value_data(VALUE_BYTES, chunk->data, length);
			r = 0;
		}
		return r;
	default:
		return 0;
	}
}

/* How much of what argument INDEX points to was read, and why no more. */
static int note_memory(struct decoding *decoding, unsigned int index)
{
	const struct argument *argument = &decoding->signature->arguments[index];
	uint64_t read = 0, of = 0;
	struct record *record;
	int error = 0, r;
	bool any = false;

	for (struct chunk_iterator i = chunks(decoding->event, decoding->length); chunk_next(&i);)
		if (i.chunk.argument == index && i.chunk.kind == TRACE_DATA) {
			any = true;
			read += i.chunk.length;
			of += i.chunk.total;
			error = i.chunk.error ? i.chunk.error : error;
		}
	if (!any)
		return 0;
	record = record_new_sized(decoding->arena, NULL, 4);
	r = record ? 0 : -ENOMEM;
	if (r == 0)
		r = add_named(decoding->arena, record, "read", &fields_memory[0], value_uint(read));
	if (r == 0)
		r = add_named(decoding->arena, record, "of", &fields_memory[1], value_uint(of));
	if (r == 0 && error)
		r = add_named(decoding->arena, record, "error", &fields_memory[2], value_text("not resident"));
	if (r == 0 && argument->kind == ARGUMENT_MESSAGES)
		r = add_named(decoding->arena, record, "messages", &fields_memory[3],
			      value_uint(call_messages(decoding->event, decoding->length, index)));
	if (r == 0)
		r = add_named(decoding->arena, decoding->call->memory, argument->field.name, &field_record,
			      (struct value){ .type = VALUE_RECORD, .record = record });
	return r;
}

static int decode_argument(struct decoding *decoding, unsigned int index, struct entry *entry)
{
	const struct argument *argument = &decoding->signature->arguments[index];
	const uint64_t number = decoding->event->arguments[index];
	struct chunk_iterator chunk;

	entry->name = argument->field.name;
	entry->field = &argument->field;
	switch (argument->kind) {
	case ARGUMENT_NUMBER:
		entry->value = number_value(&argument->field, number);
		return 0;
	case ARGUMENT_REQUEST:
		set_request(entry, (uint32_t)number);
		return 0;
	case ARGUMENT_OPTION:
		set_option(entry, decoding->event->arguments[argument->copy.by], number);
		return 0;
	default:
		break;
	}
	if (argument->kind == ARGUMENT_MESSAGE && number && decoding->event->result >= 0 && !(decoding->event->event.flags & TRACE_COMPAT))
		return decode_message(decoding, index, 0, &entry->value);
	if (argument->kind == ARGUMENT_MESSAGES && chunk_of(decoding, index, TRACE_LENGTH, &chunk)) {
		entry->field = &field_array;
		return decode_messages(decoding, index, &entry->value);
	}
	if ((chunk_of(decoding, index, TRACE_DATA, &chunk) && (chunk.chunk.length || !chunk.chunk.error)) ||
	    chunk_of(decoding, index, TRACE_LENGTH, &chunk))
		return decode_pointed(decoding, index, &chunk, entry);
	/* Where nothing of it is known. */
	set_pointer(entry, number);
	return 0;
}

static bool set_file(struct call *call, const struct chunk_iterator *chunk)
{
	if (chunk->chunk.length < sizeof(call->file))
		return false;
	memcpy(&call->file, chunk->data, sizeof(call->file));
	call->has_file = true;
	call->path_parts = chunk->data + sizeof(call->file);
	call->path_length = chunk->chunk.length - (uint32_t)sizeof(call->file);
	return true;
}

static void take_file(struct decoding *decoding)
{
	struct call *call = decoding->call;

	for (struct chunk_iterator i = chunks(decoding->event, decoding->length); chunk_next(&i);)
		if (i.chunk.kind == TRACE_BEFORE) {
			call->before = i.data;
			call->before_length = i.chunk.length;
		} else if (i.chunk.kind == TRACE_WRITTEN) {
			call->content = (struct content_part){ i.data, i.chunk.length, i.chunk.total };
		} else if (i.chunk.kind == TRACE_FILE) {
			set_file(call, &i);
		}
}

bool call_choose_file(const struct trace_call *event, size_t length, unsigned int index, struct call *call)
{
	for (struct chunk_iterator i = chunks(event, length); chunk_next(&i);)
		if (is_of(&i.chunk, index, 0, TRACE_FILE) && set_file(call, &i))
			return true;
	return false;
}

int call_decode(const struct signature *signature, const struct trace_call *event, size_t length, struct arena *arena, struct call *ret)
{
	struct decoding decoding = { signature, event, length, arena, ret };
	int r = 0;

	*ret = (struct call){ .arguments = record_new_sized(arena, NULL, signature->count), .memory = record_new_sized(arena, NULL, 2) };
	if (!ret->arguments || !ret->memory)
		return -ENOMEM;
	for (unsigned int i = 0; r == 0 && event->event.count && i < signature->count && i < TRACE_ARGUMENTS; i++) {
		struct entry entry = { 0 };

		r = decode_argument(&decoding, i, &entry);
		if (r == 0)
			r = record_add(arena, ret->arguments, entry);
		if (r == 0)
			r = note_memory(&decoding, i);
	}
	take_file(&decoding);
	return r;
}
