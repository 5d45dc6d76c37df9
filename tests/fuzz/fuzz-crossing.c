/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of the tracer and what the kernel says of its system calls. The first byte picks: an event as the kernel side would write it, of any call;
 * a description of a call; a socket address. Whatever comes must be refused or shown, and nothing outside of it is read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crossing/call.h"
#include "crossing/structures.h"
#include "crossing/tracer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void show(const struct record *record)
{
	const struct value value = { .type = VALUE_RECORD, .record = record };
	_cleanup_buffer_ struct buffer text = { 0 }, json = { 0 };

	value_print(&text, &value, NULL, NULL);
	value_json(&json, &value, NULL, NULL);
	require(!text.failed && !json.failed);
	for (size_t i = 0; i < text.length; i++)
		require((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f);
}

/* What is borrowed from the event lies in it. */
static void test_borrowed(const struct trace_call *event, size_t size, struct call *call)
{
	_cleanup_buffer_ struct buffer copy = { 0 };

	if (call->before)
		buffer_add(&copy, call->before, call->before_length);
	if (call->content.data)
		buffer_add(&copy, call->content.data, call->content.length);
	for (unsigned int i = 0; i < TRACE_ARGUMENTS; i++)
		if (call_choose_file(event, size, i, call))
			buffer_add(&copy, call->path_parts, call->path_length);
	require(!copy.failed);
}

static void test_event(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct trace_event *event = malloc(size ? size : 1); /* just as long, so that a step beyond it is seen */
	const struct signature *signature;
	unsigned int count = 0;
	struct call call;

	require(event != NULL);
	memcpy(event, data, size);
	while (signature_at(count))
		count++;
	if (trace_event_check(event, size) && event->type == TRACE_CALL) {
		signature = signature_at(event->call % count);
		require(call_decode(signature, (const struct trace_call *)event, size, &arena, &call) == 0);
		require(call.arguments->count == (event->count ? signature->count : 0));
		show(call.arguments);
		show(call.memory);
		test_borrowed((const struct trace_call *)event, size, &call);
	}
	free(event);
}

static void test_signature(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char *text = malloc(size ? size : 1);
	struct signature signature = { .name = "fuzz" };
	struct trace_shape shape;

	require(text != NULL);
	memcpy(text, data, size);
	if (signature_parse(text, size, &arena, &signature) == 0) {
		require(signature.count <= TRACE_ARGUMENTS);
		for (unsigned int i = 0; i < signature.count; i++)
			require(signature.arguments[i].field.name[0] != '\0');
		signature_shape(&signature, &shape);
		require(shape.count == signature.count);
	}
	free(text);
}

static void test_peer(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	uint8_t *copy = malloc(size ? size : 1);
	struct record *record;

	require(copy != NULL);
	memcpy(copy, data, size);
	require(structure_peer(copy, size, &arena, &record) == 0);
	show(record);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		test_signature(data + 1, size - 1);
		break;
	case 1:
		test_peer(data + 1, size - 1);
		break;
	default:
		test_event(data + 1, size - 1);
		break;
	}
	return 0;
}
