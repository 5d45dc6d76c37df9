/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that begin, change and end, as the kernel's connector tells them (netlink/connector). Sources: <linux/connector.h>, <linux/cn_proc.h>. */
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <string.h>

#include "channel/family.h"

#define BEGIN      sizeof(struct cn_msg) /* of the event */
#define AT(member) .offset = BEGIN + offsetof(struct proc_event, member), .size = sizeof(((struct proc_event *)0)->member)

NAMES(kinds, false, { PROC_EVENT_NONE, "answer" }, { PROC_EVENT_FORK, "fork" }, { PROC_EVENT_EXEC, "exec" }, { PROC_EVENT_UID, "uid" },
      { PROC_EVENT_GID, "gid" }, { PROC_EVENT_SID, "sid" }, { PROC_EVENT_PTRACE, "ptrace" }, { PROC_EVENT_COMM, "comm" },
      { PROC_EVENT_COREDUMP, "coredump" }, { PROC_EVENT_EXIT, "exit" });

/* What each kind tells, in words of four bytes one behind the other. "comm" stands for the text that is left. */
static const struct {
	uint32_t kind;
	const char *words[6];
} layouts[] = {
	{ PROC_EVENT_NONE, { "error" } },
	{ PROC_EVENT_FORK, { "parent_tid", "parent_pid", "tid", "pid" } },
	{ PROC_EVENT_EXEC, { "tid", "pid" } },
	{ PROC_EVENT_UID, { "tid", "pid", "ruid", "euid" } },
	{ PROC_EVENT_GID, { "tid", "pid", "rgid", "egid" } },
	{ PROC_EVENT_SID, { "tid", "pid" } },
	{ PROC_EVENT_PTRACE, { "tid", "pid", "tracer_tid", "tracer_pid" } },
	{ PROC_EVENT_COMM, { "tid", "pid", "comm" } },
	{ PROC_EVENT_COREDUMP, { "tid", "pid", "parent_tid", "parent_pid" } },
	{ PROC_EVENT_EXIT, { "tid", "pid", "exit_code", "exit_signal", "parent_tid", "parent_pid" } },
};

static int add_word(struct arena *arena, struct record *record, const char *name, const char *data, size_t length)
{
	struct value value;
	uint32_t number;

	if (strcmp(name, "comm") == 0) {
		value = value_data(VALUE_TEXT, data, strnlen(data, length));
	} else {
		memcpy(&number, data, sizeof(number));
		value = value_uint(number);
	}
	return record_add(arena, record, (struct entry){ .name = name, .value = value });
}

static int decode_event(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, NULL);
	const char *words = data;
	uint32_t kind;
	int r = record ? 0 : -ENOMEM;

	(void)field;
	if (decode->header_length < BEGIN + sizeof(kind))
		return -EBADMSG;
	memcpy(&kind, (const char *)decode->header + BEGIN, sizeof(kind));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(layouts); i++)
		for (size_t word = 0; r == 0 && layouts[i].kind == kind && word < ARRAY_SIZE(layouts[i].words) && layouts[i].words[word]; word++)
			r = (word + 1) * 4 > length ? -EBADMSG
						    : add_word(decode->arena, record, layouts[i].words[word], words + word * 4, length - word * 4);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int not_sent(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	(void)value;
	(void)buffer;
	return error_set(error, -EOPNOTSUPP, "%s is told by the kernel, not set", field->name);
}

static const struct codec codec_event = { decode_event, not_sent };

static const struct field header[] = {
	{ "index", FIELD_U32, FIELD_HIDDEN, 0, "who tells", HEADER_FIELD(struct cn_msg, id.idx) },
	{ "sequence", FIELD_U32, FIELD_HIDDEN, 0, "of the processor", HEADER_FIELD(struct cn_msg, seq) },
	{ "event", FIELD_U32, 0, 0, "what happened", AT(what), .names = &kinds },
	{ "cpu", FIELD_U32, 0, 0, "where it happened", AT(cpu) },
	{ "timestamp", FIELD_U64, 0, UNIT_NANOSECONDS, "when, since boot", AT(timestamp_ns) },
	{ "process", FIELD_CODEC, 0, 0, "to whom", AT(event_data), .codec = &codec_event },
};

const struct schema schema_process_event = {
	.name = "process",
	.help = "processes that begin, change and end",
	.header_size = BEGIN + sizeof(struct proc_event),
	.header = header,
	.header_count = ARRAY_SIZE(header),
};
