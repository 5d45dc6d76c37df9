/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "crossing/structures.h"
#include "crossing/words.h"

static const struct name list_directory[] = { { (uint32_t)AT_FDCWD, "AT_FDCWD" }, { (uint64_t)(int64_t)AT_FDCWD, "AT_FDCWD" } };
static const struct names call_words_directory = { list_directory, ARRAY_SIZE(list_directory), false };

/* An argument as it stands in the table. */
struct row {
	const char *name;
	union {
		const struct names *names;
		const struct schema *schema; /* FIELD_RECORD */
	};
	struct trace_copy copy;
	enum field_kind type : 8;
	enum argument_kind kind : 8;
	enum signature_direction carries : 8;
	bool descriptor;
	uint16_t flags; /* enum field_flags */
};

#define COPY(kind_, by_, size_, flags_) .copy = { .kind = TRACE_COPY_##kind_, .by = (by_), .size = (size_), .flags = (flags_) }
#define AFTER                           TRACE_COPY_AFTER
#define BULK                            TRACE_COPY_BULK

#define NUMBER(label, kind_, flags_)                                                       \
	{                                                                                  \
		.name = label, .type = (kind_), .flags = (flags_), .kind = ARGUMENT_NUMBER \
	}
#define INT(label)     NUMBER(label, FIELD_S32, 0)
#define UINT(label)    NUMBER(label, FIELD_U32, 0)
#define LONG(label)    NUMBER(label, FIELD_S64, 0)
#define SIZE(label)    NUMBER(label, FIELD_U64, 0)
#define HEX(label)     NUMBER(label, FIELD_U64, FIELD_HEX)
#define POINTER(label) NUMBER(label, FIELD_U64, FIELD_HEX)
#define MODE(label)    NUMBER(label, FIELD_U16, FIELD_OCTAL)
#define DESCRIPTOR(label)                                                                     \
	{                                                                                     \
		.name = label, .type = FIELD_S32, .kind = ARGUMENT_NUMBER, .descriptor = true \
	}
#define LONG_DESCRIPTOR(label) DESCRIPTOR(label)
#define CARRIES(label, way)                                                                                               \
	{                                                                                                                 \
		.name = label, .type = FIELD_S32, .kind = ARGUMENT_NUMBER, .descriptor = true, .carries = SIGNATURE_##way \
	}
#define SOURCE(label) CARRIES(label, RECEIVES)
#define SINK(label)   CARRIES(label, SENDS)
#define DIRECTORY(label)                                                                                  \
	{                                                                                                 \
		.name = label, .type = FIELD_S32, .names = &call_words_directory, .kind = ARGUMENT_NUMBER \
	}
#define WORDS(label, list)                                                                             \
	{                                                                                              \
		.name = label, .type = FIELD_U32, .names = &call_words_##list, .kind = ARGUMENT_NUMBER \
	}
#define TEXT(label)                                                                           \
	{                                                                                     \
		.name = label, .type = FIELD_TEXT, .kind = ARGUMENT_TEXT, COPY(TEXT, 0, 0, 0) \
	}
#define TEXTS(label)                                                                              \
	{                                                                                         \
		.name = label, .type = FIELD_LIST, .kind = ARGUMENT_TEXTS, COPY(STRINGS, 0, 0, 0) \
	}
#define GOT_BYTES(label)                                                                                      \
	{                                                                                                     \
		.name = label, .type = FIELD_TEXT, .kind = ARGUMENT_CONTENT, COPY(RESULT, 0, 1, AFTER | BULK) \
	}
#define SENT_BYTES(label, length)                                                                          \
	{                                                                                                  \
		.name = label, .type = FIELD_TEXT, .kind = ARGUMENT_CONTENT, COPY(LENGTH, length, 1, BULK) \
	}
#define GOT_PARTS(label, count_)                                                                                  \
	{                                                                                                         \
		.name = label, .type = FIELD_TEXT, .kind = ARGUMENT_CONTENT, COPY(PARTS, count_, 0, AFTER | BULK) \
	}
#define SENT_PARTS(label, count_)                                                                         \
	{                                                                                                 \
		.name = label, .type = FIELD_TEXT, .kind = ARGUMENT_CONTENT, COPY(PARTS, count_, 0, BULK) \
	}
#define GOT_POINTED(label, length)                                                                           \
	{                                                                                                    \
		.name = label, .type = FIELD_TEXT, .kind = ARGUMENT_CONTENT, COPY(POINTED, length, 0, AFTER) \
	}
#define STRUCTURED(label, kind_, list) .name = label, .type = FIELD_RECORD, .schema = &structure_##list, .kind = kind_
#define IN(label, list)                                                           \
	{                                                                         \
		STRUCTURED(label, ARGUMENT_STRUCTURE, list), COPY(FIXED, 0, 0, 0) \
	}
#define OUT(label, list)                                                              \
	{                                                                             \
		STRUCTURED(label, ARGUMENT_STRUCTURE, list), COPY(FIXED, 0, 0, AFTER) \
	}
#define IN_MANY(label, list, count_)                                               \
	{                                                                          \
		STRUCTURED(label, ARGUMENT_ARRAY, list), COPY(FIXED, count_, 0, 0) \
	}
#define IN_COUNT(label, list, by_)                                               \
	{                                                                        \
		STRUCTURED(label, ARGUMENT_ARRAY, list), COPY(LENGTH, by_, 0, 0) \
	}
#define OUT_RESULT(label, list)                                                    \
	{                                                                          \
		STRUCTURED(label, ARGUMENT_ARRAY, list), COPY(RESULT, 0, 0, AFTER) \
	}
#define SIGNAL_SET(label, flags_)                                                                                                      \
	{                                                                                                                              \
		.name = label, .type = FIELD_U64, .names = &call_words_signal_set, .kind = ARGUMENT_POINTED, COPY(FIXED, 0, 8, flags_) \
	}
#define SIGNALS(label)     SIGNAL_SET(label, 0)
#define OUT_SIGNALS(label) SIGNAL_SET(label, AFTER)
#define OUT_NUMBER(label, kind_, hex)                                                                              \
	{                                                                                                          \
		.name = label, .type = (kind_), .flags = (hex), .kind = ARGUMENT_POINTED, COPY(FIXED, 0, 4, AFTER) \
	}
#define OUT_NUMBERS(label, count_)                                                                         \
	{                                                                                                  \
		.name = label, .type = FIELD_S32, .kind = ARGUMENT_PAIR, COPY(FIXED, 0, (count_)*4, AFTER) \
	}
#define PEER(label, length)                                                                            \
	{                                                                                              \
		.name = label, .type = FIELD_RECORD, .kind = ARGUMENT_PEER, COPY(LENGTH, length, 1, 0) \
	}
#define GOT_PEER(label, length)                                                                             \
	{                                                                                                   \
		.name = label, .type = FIELD_RECORD, .kind = ARGUMENT_PEER, COPY(POINTED, length, 0, AFTER) \
	}
#define LENGTH(label)                                                      \
	{                                                                  \
		.name = label, .type = FIELD_U32, .kind = ARGUMENT_POINTED \
	}
#define SENT_MESSAGE(label)                                                                              \
	{                                                                                                \
		.name = label, .type = FIELD_RECORD, .kind = ARGUMENT_MESSAGE, COPY(MESSAGE, 0, 0, BULK) \
	}
#define GOT_MESSAGE(label)                                                                                       \
	{                                                                                                        \
		.name = label, .type = FIELD_RECORD, .kind = ARGUMENT_MESSAGE, COPY(MESSAGE, 0, 0, AFTER | BULK) \
	}
#define MESSAGES(label)                                                                                  \
	{                                                                                                \
		.name = label, .type = FIELD_LIST, .kind = ARGUMENT_MESSAGES, COPY(MESSAGES, 0, 0, BULK) \
	}
#define REQUEST(label)                                                                         \
	{                                                                                      \
		.name = label, .type = FIELD_U32, .flags = FIELD_HEX, .kind = ARGUMENT_REQUEST \
	}
#define REQUESTED(label, by_)                                                                           \
	{                                                                                               \
		.name = label, .type = FIELD_RECORD, .kind = ARGUMENT_REQUESTED, COPY(IOCTL, by_, 0, 0) \
	}
#define OPTION(label, by_)                                                                  \
	{                                                                                   \
		.name = label, .type = FIELD_U32, .kind = ARGUMENT_OPTION, .copy.by = (by_) \
	}

#define CALL(name, ...) +ARRAY_SIZE(((const struct row[]){ __VA_ARGS__ }))
#define RENAMED(name, function)
static struct argument arguments[0
#include "crossing/arguments.def"
];
#undef CALL

#define CALL(name, ...) +1
static struct signature signatures[0
#include "crossing/arguments.def"
];
#undef CALL
#undef RENAMED

static const struct {
	const char *name, *function;
} renamed[] = {
#define CALL(name, ...)
#define RENAMED(name, function) { #name, #function },
#include "crossing/arguments.def"
#undef CALL
#undef RENAMED
};

static unsigned int signature_count, argument_count;

static void make_signature(const char *name, const struct row *rows, unsigned int count)
{
	signatures[signature_count++] = (struct signature){ name, &arguments[argument_count], count };
	for (const struct row *row = rows; row < rows + count; row++) {
		struct argument *argument = &arguments[argument_count++];

		*argument = (struct argument){ .copy = row->copy, .kind = row->kind, .carries = row->carries, .descriptor = row->descriptor };
		/* NAMES is the place of the schema too. */
		argument->field = (struct field){ .name = row->name, .kind = row->type, .flags = row->flags, .names = row->names };
	}
}

/* By code and not by tables, whose pointers each start of the program would relocate. */
static void make_signatures(void)
{
#define CALL(name, ...)                                        \
	{                                                      \
		const struct row rows[] = { __VA_ARGS__ };     \
		make_signature(#name, rows, ARRAY_SIZE(rows)); \
	}
#define RENAMED(name, function)
#include "crossing/arguments.def"
#undef CALL
#undef RENAMED
}

const struct signature *signature_at(unsigned int index)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)!pthread_once(&once, make_signatures);
	return index < ARRAY_SIZE(signatures) ? &signatures[index] : NULL;
}

const struct signature *signature_find(const char *name)
{
	const struct signature *signature;

	for (unsigned int i = 0; (signature = signature_at(i)); i++)
		if (strcmp(signature->name, name) == 0)
			return signature;
	return NULL;
}

const char *signature_function(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(renamed); i++)
		if (strcmp(renamed[i].name, name) == 0)
			return renamed[i].function;
	return name;
}

/* ---- For the kernel side ---- */

static const char *const sending[] = { "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg" };
static const char *const receiving[] = { "read", "pread64", "readv", "preadv", "preadv2", "recvfrom", "recvmsg", "recvmmsg" };
static const char *const opening[] = { "open", "openat", "openat2", "creat" };
static const char *const forking[] = { "fork", "vfork", "clone", "clone3" };

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

enum signature_direction signature_direction(const char *name)
{
	if (is_one_of(name, sending, ARRAY_SIZE(sending)))
		return SIGNATURE_SENDS;
	return is_one_of(name, receiving, ARRAY_SIZE(receiving)) ? SIGNATURE_RECEIVES : SIGNATURE_NEITHER;
}

static uint16_t shape_flags(const char *name)
{
	const bool ioctl = strcmp(name, "ioctl") == 0;

	return (ioctl || signature_direction(name) != SIGNATURE_NEITHER ? TRACE_SHAPE_TALKS : 0) |
	       (is_one_of(name, opening, ARRAY_SIZE(opening)) ? TRACE_SHAPE_OPENS : 0) |
	       (is_one_of(name, forking, ARRAY_SIZE(forking)) ? TRACE_SHAPE_FORKS : 0) | (strncmp(name, "execve", 6) == 0 ? TRACE_SHAPE_RUNS : 0) |
	       (ioctl ? TRACE_SHAPE_IOCTL : 0);
}

void signature_shape(const struct signature *signature, struct trace_shape *ret)
{
	bool plain = true;

	*ret = (struct trace_shape){ .flags = shape_flags(signature->name), .count = (uint8_t)signature->count };
	for (unsigned int i = 0; i < signature->count && i < TRACE_ARGUMENTS; i++) {
		const struct argument *argument = &signature->arguments[i];
		struct trace_copy *copy = &ret->copies[i];

		*copy = argument->copy;
		if (argument->kind == ARGUMENT_OPTION)
			copy->by = 0;
		if (field_schema(&argument->field))
			copy->size = (uint16_t)argument->field.schema->header_size;
		if (argument->kind == ARGUMENT_ARRAY && copy->kind == TRACE_COPY_FIXED)
			copy->size *= copy->by;
		if (argument->descriptor)
			*(ret->descriptor ? &ret->other : &ret->descriptor) = (uint8_t)(i + 1);
		if (argument->carries)
			ret->flags |= TRACE_SHAPE_TALKS;
		plain &= copy->kind == TRACE_COPY_NONE;
	}
	/* Of a plain call nobody asks what its descriptor is. */
	if (plain && !(ret->flags & TRACE_SHAPE_TALKS))
		ret->flags |= TRACE_SHAPE_PLAIN;
}
