/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments of system calls as the kernel that runs describes them: a line a field, "field:const char * filename;\toffset:24;\tsize:8;\tsigned:0;".
 */
#include <errno.h>
#include <string.h>

#include "crossing/arguments.h"

/* Types by what they are in 64-bit registers. What is not here is taken for 64 bits without a sign. */
static const struct {
	const char *type;
	enum field_kind kind;
	uint32_t flags;
} types[] = {
	{ "int", FIELD_S32, 0 },     { "pid_t", FIELD_S32, 0 },     { "key_t", FIELD_S32, 0 },           { "key_serial_t", FIELD_S32, 0 },
	{ "timer_t", FIELD_S32, 0 }, { "clockid_t", FIELD_S32, 0 }, { "const clockid_t", FIELD_S32, 0 }, { "mqd_t", FIELD_S32, 0 },
	{ "qid_t", FIELD_S32, 0 },   { "unsigned", FIELD_U32, 0 },  { "unsigned int", FIELD_U32, 0 },    { "uid_t", FIELD_U32, 0 },
	{ "gid_t", FIELD_U32, 0 },   { "u32", FIELD_U32, 0 },       { "__u32", FIELD_U32, 0 },           { "umode_t", FIELD_U16, FIELD_OCTAL },
	{ "long", FIELD_S64, 0 },    { "off_t", FIELD_S64, 0 },     { "loff_t", FIELD_S64, 0 },          { "size_t", FIELD_U64, 0 },
};

static void set_type(struct argument *argument, const char *type, size_t length)
{
	argument->kind = ARGUMENT_NUMBER;
	argument->field.kind = FIELD_U64;
	argument->field.flags = FIELD_HEX;
	if (length == strlen("const char *") && memcmp(type, "const char *", length) == 0) {
		argument->kind = ARGUMENT_TEXT;
		argument->field.kind = FIELD_TEXT;
		argument->field.flags = 0;
		argument->copy = (struct trace_copy){ .kind = TRACE_COPY_TEXT };
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i].type) == length && memcmp(types[i].type, type, length) == 0) {
			argument->field.kind = types[i].kind;
			argument->field.flags = types[i].flags;
		}
}

static bool is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= 'A' && text[i] <= 'Z') && !(text[i] >= '0' && text[i] <= '9') &&
		    text[i] != '_')
			return false;
	return length > 0;
}

/* "const char * filename": what stands before ";" and behind "field:". 1 where it is no argument. */
static int parse_field(const char *text, size_t length, struct arena *arena, struct argument *ret)
{
	const char *name = memrchr(text, ' ', length), *type_end = name;

	if (!name || name == text)
		return -EBADMSG;
	name++;
	length -= (size_t)(name - text);
	if (!is_name(name, length))
		return -EBADMSG;
	/* Those that every event has, the number of the call, and copies of what arguments point to. */
	if (memcmp(name, "_", 1) == 0 || (length > 7 && memcmp(name, "common_", 7) == 0))
		return 1;
	*ret = (struct argument){ .field.name = arena_copy(arena, name, length) };
	if (!ret->field.name)
		return -ENOMEM;
	set_type(ret, text, (size_t)(type_end - text));
	return 0;
}

int signature_parse(const char *text, size_t length, struct arena *arena, struct signature *ret)
{
	static const char mark[] = "\tfield:";
	const char *end = text + length;
	struct argument *arguments = arena_array(arena, struct argument, TRACE_ARGUMENTS);
	unsigned int count = 0;

	if (!arguments)
		return -ENOMEM;
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text)), *semicolon;
		struct argument argument;
		int r = 1;

		if (!line_end)
			line_end = end;
		if ((size_t)(line_end - text) > sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0) {
			text += sizeof(mark) - 1;
			semicolon = memchr(text, ';', (size_t)(line_end - text));
			r = semicolon ? parse_field(text, (size_t)(semicolon - text), arena, &argument) : -EBADMSG;
		}
		if (r < 0)
			return r;
		if (r == 0 && count == TRACE_ARGUMENTS)
			return -EBADMSG;
		if (r == 0)
			arguments[count++] = argument;
		text = line_end + 1;
	}
	ret->arguments = arguments;
	ret->count = count;
	return 0;
}
