/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

int capture_format_of(const char *name, enum capture_format *ret)
{
	const char *dot = strrchr(name, '.');

	if (dot && strcmp(dot, ".pcapng") == 0)
		*ret = CAPTURE_PCAPNG;
	else if (dot && strcmp(dot, ".json") == 0)
		*ret = CAPTURE_CHROME;
	else
		return -EINVAL;
	return 0;
}

/* ---- pcapng ---- */

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6, BYTE_ORDER_MAGIC = 0x1a2b3c4d };
enum { LINKTYPE_NETLINK = 253, OPTION_COMMENT = 1, OPTION_RESOLUTION = 9, OPTION_APPLICATION = 4, NANOSECONDS = 9 };

/* Before each message: who it is for, as a capture on nlmon has it. In network byte order. Source: LINKTYPE_NETLINK. */
struct cooked {
	uint16_t packet_type;   /* <linux/if_packet.h>: to user space, to the kernel */
	uint16_t hardware_type; /* ARPHRD_NETLINK */
	uint16_t address_length;
	uint8_t address[8];
	uint16_t protocol;
};
enum { PACKET_TO_USER = 6, PACKET_TO_KERNEL = 7, HARDWARE_NETLINK = 824 };

static void add_u32(struct buffer *block, uint32_t number)
{
	buffer_add(block, &number, sizeof(number));
}

static void add_padded(struct buffer *block, const void *data, size_t length)
{
	static const char zero[4];

	buffer_add(block, data, length);
	buffer_add(block, zero, -length & 3);
}

static void add_option(struct buffer *block, uint16_t code, const void *data, size_t length)
{
	const uint16_t head[2] = { code, (uint16_t)length };

	buffer_add(block, head, sizeof(head));
	add_padded(block, data, length);
}

/* The block's length stands at its beginning and its end. */
static bool commit_block(struct capture *capture, uint32_t type)
{
	struct buffer *block = &capture->block, *line = &capture->output.line;
	const uint32_t length = (uint32_t)block->length + 12;

	line->failed |= block->failed;
	add_u32(line, type);
	add_u32(line, length);
	buffer_add(line, block->data, block->length);
	add_u32(line, length);
	buffer_clear(block);
	return output_commit(&capture->output);
}

static void begin_pcapng(struct capture *capture)
{
	struct buffer *block = &capture->block;
	const uint16_t version[2] = { 1, 0 }, link[2] = { LINKTYPE_NETLINK, 0 };
	const int64_t unknown = -1;
	const uint8_t resolution = NANOSECONDS;

	add_u32(block, BYTE_ORDER_MAGIC);
	buffer_add(block, version, sizeof(version));
	buffer_add(block, &unknown, sizeof(unknown));
	add_option(block, OPTION_APPLICATION, "ferry", 5);
	add_option(block, 0, NULL, 0);
	commit_block(capture, BLOCK_SECTION);
	buffer_add(block, link, sizeof(link));
	add_u32(block, 0); /* no limit of a packet's length */
	add_option(block, OPTION_RESOLUTION, &resolution, sizeof(resolution));
	add_option(block, 0, NULL, 0);
	commit_block(capture, BLOCK_INTERFACE);
}

static bool add_packet(struct capture *capture, const struct ferry_crossing *crossing)
{
	const struct cooked cooked = {
		.packet_type = htons(crossing->received ? PACKET_TO_USER : PACKET_TO_KERNEL),
		.hardware_type = htons(HARDWARE_NETLINK),
		.protocol = htons((uint16_t)crossing->protocol),
	};
	struct buffer *block = &capture->block;
	const uint32_t length = (uint32_t)(sizeof(cooked) + crossing->length);
	_cleanup_free_ char *comment = NULL;

	if (crossing->kind != FERRY_CROSSING_MESSAGE)
		return true;
	add_u32(block, 0);
	add_u32(block, (uint32_t)(crossing->time >> 32));
	add_u32(block, (uint32_t)crossing->time);
	add_u32(block, length);
	add_u32(block, length);
	buffer_add(block, &cooked, sizeof(cooked));
	add_padded(block, crossing->data, crossing->length);
	if (asprintf(&comment, "%s[%u] %s %s: %s", crossing->comm, crossing->tid, crossing->received ? "received" : "sent",
		     crossing->address ? crossing->address : "", crossing->name) < 0) {
		comment = NULL;
		block->failed = true;
	} else {
		add_option(block, OPTION_COMMENT, comment, strlen(comment));
	}
	add_option(block, 0, NULL, 0);
	return commit_block(capture, BLOCK_PACKET);
}

/* ---- Chrome trace ---- */

static void add_json_text(struct buffer *line, const char *name, const char *text)
{
	buffer_printf(line, ",\"%s\":", name);
	buffer_add_json(line, text, strlen(text));
}

/* Times are microseconds there. */
static void add_json_time(struct buffer *line, const char *name, uint64_t time)
{
	buffer_printf(line, ",\"%s\":%llu.%03llu", name, (unsigned long long)(time / 1000), (unsigned long long)(time % 1000));
}

static void begin_object(struct capture *capture, const char *phase, uint32_t pid, uint32_t tid)
{
	struct buffer *line = &capture->output.line;

	buffer_add_text(line, capture->begun ? ",\n" : "");
	capture->begun = true;
	buffer_printf(line, "{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u", phase, pid, tid);
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

/* Once a task, and again where it has another name. To tell it twice does no harm. */
static void name_task(struct capture *capture, const struct ferry_crossing *crossing)
{
	const unsigned int slot = crossing->tid % 1024;
	const uint64_t hash = hash_of(crossing->comm);
	struct buffer *line = &capture->output.line;

	if (capture->named[slot] == crossing->tid && capture->name_hash[slot] == hash)
		return;
	capture->named[slot] = crossing->tid;
	capture->name_hash[slot] = hash;
	for (unsigned int i = 0; i < 2; i++) {
		if (i && crossing->pid != crossing->tid)
			break;
		begin_object(capture, "M", crossing->pid, crossing->tid);
		buffer_printf(line, ",\"name\":\"%s\",\"args\":{\"name\":", i ? "process_name" : "thread_name");
		buffer_add_json(line, crossing->comm, strlen(crossing->comm));
		buffer_add_text(line, "}}");
	}
}

static bool add_slice(struct capture *capture, const struct ferry_crossing *crossing)
{
	/* What goes on beside the thread is no slice of it. */
	const bool lasts = crossing->duration != UINT64_MAX && crossing->kind != FERRY_CROSSING_COMPLETION;
	struct buffer *line = &capture->output.line;
	_cleanup_free_ char *json = NULL;

	if (crossing->kind == FERRY_CROSSING_MESSAGE)
		return true;
	name_task(capture, crossing);
	begin_object(capture, lasts ? "X" : "i", crossing->pid, crossing->tid);
	add_json_time(line, "ts", lasts ? crossing->boottime - crossing->duration : crossing->boottime);
	if (lasts)
		add_json_time(line, "dur", crossing->duration);
	else
		add_json_text(line, "s", "t");
	add_json_text(line, "name", crossing->kind == FERRY_CROSSING_SPOKEN && crossing->address ? crossing->address : crossing->name);
	add_json_text(line, "cat", crossing->has_class ? ferry_call_class_name(crossing->call_class) : ferry_crossing_kind_name(crossing->kind));
	json = ferry_crossing_json(crossing);
	line->failed |= !json;
	buffer_add_text(line, ",\"args\":");
	buffer_add_text(line, json ? json : "{}");
	buffer_add_char(line, '}');
	return output_commit(&capture->output);
}

/* ---- Both ---- */

void capture_begin(struct capture *capture, int descriptor, enum capture_format format)
{
	*capture = (struct capture){ .format = format };
	output_open(&capture->output, descriptor);
	if (format == CAPTURE_PCAPNG) {
		begin_pcapng(capture);
		return;
	}
	/* The form that is an array: its end may be missing, as it is where we were killed. */
	buffer_add_text(&capture->output.line, "[\n");
	output_commit(&capture->output);
}

bool capture_add(struct capture *capture, const struct ferry_crossing *crossing)
{
	return capture->format == CAPTURE_PCAPNG ? add_packet(capture, crossing) : add_slice(capture, crossing);
}

int capture_end(struct capture *capture)
{
	int r;

	if (capture->format == CAPTURE_CHROME) {
		buffer_add_text(&capture->output.line, "\n]\n");
		output_commit(&capture->output);
	}
	r = output_finish(&capture->output);
	output_done(&capture->output);
	buffer_done(&capture->block);
	return r;
}
