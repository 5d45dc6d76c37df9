/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queues, NAPI instances and page pools of network devices: netlink/netdev/napi/8193/irq. Read only. Numbers of commands and attributes stand for
 * themselves, since few headers have them. Source: Documentation/netlink/specs/netdev.yaml of the kernel. */
#include "channel/codecs.h"
#include "channel/generic.h"

NAMES(xdp_features, true, { 1, "basic" }, { 2, "redirect" }, { 4, "ndo-xmit" }, { 8, "xsk-zerocopy" }, { 16, "hw-offload" }, { 32, "rx-sg" },
      { 64, "ndo-xmit-sg" });
NAMES(metadata_features, true, { 1, "timestamp" }, { 2, "hash" }, { 4, "vlan-tag" });
NAMES(xsk_features, true, { 1, "tx-timestamp" }, { 2, "tx-checksum" }, { 4, "tx-launch-time-fifo" });
NAMES(threads, false, { 0, "disabled" }, { 1, "enabled" }, { 2, "busy-poll-enabled" });
NAMES(queue_types, false, { 0, "rx" }, { 1, "tx" });

/* Nests that hold nothing, or what only whoever made it knows. */
static const struct schema schema_user = { .name = "user" };

#define UINT(name, flags, unit, words)                                      \
	{                                                                   \
		name, FIELD_CODEC, flags, unit, words, .codec = &codec_uint \
	}
#define USER(name, words)                                               \
	{                                                               \
		name, FIELD_RECORD, 0, 0, words, .schema = &schema_user \
	}
#define READ(identifier, number, words, key_field)                                                                                          \
	static const struct schema schema_##identifier = {                                                                                  \
		.name = #identifier, .help = words, .attributes = fields_##identifier, .attribute_count = ARRAY_SIZE(fields_##identifier)   \
	};                                                                                                                                  \
	const struct operation operation_netdev_##identifier = {                                                                            \
		.family = "netdev", .name = #identifier, .command = number, .help = words, .schema = &schema_##identifier, .key = key_field \
	}

static const struct field fields_dev[] = {
	[1] = { "ifindex", FIELD_INTERFACE, 0, 0, "the device" }, /* NETDEV_A_DEV_IFINDEX */
	[2] = { "pad", FIELD_PAD },
	[3] = { "xdp_features", FIELD_U64, 0, 0, "what it does with XDP programs", .names = &xdp_features },
	[4] = { "xdp_zc_max_segs", FIELD_U32, 0, 0, "the most parts of a frame without copying" },
	[5] = { "xdp_rx_metadata_features", FIELD_U64, 0, 0, "what it tells of a frame", .names = &metadata_features },
	[6] = { "xsk_features", FIELD_U64, 0, 0, "what it does for AF_XDP sockets", .names = &xsk_features },
};
READ(dev, 1, "what network devices can do with XDP", "ifindex");

static const struct field fields_napi[] = {
	[1] = { "ifindex", FIELD_INTERFACE, 0, 0, "the device" }, /* NETDEV_A_NAPI_IFINDEX */
	[2] = { "id", FIELD_U32, 0, 0, "number of the instance" },
	[3] = { "irq", FIELD_U32, 0, 0, "its interrupt" },
	[4] = { "pid", FIELD_U32, 0, 0, "its thread" },
	[5] = { "defer_hard_irqs", FIELD_U32, 0, 0, "empty polls before interrupts are switched on again" },
	[6] = UINT("gro_flush_timeout", 0, UNIT_NANOSECONDS, "until a waiting packet goes on"),
	[7] = UINT("irq_suspend_timeout", 0, UNIT_NANOSECONDS, "how long interrupts stay off while a program polls"),
	[8] = { "threaded", FIELD_U32, 0, 0, "whether a thread polls it", .names = &threads },
};
READ(napi, 11, "instances of NAPI", "id");

static const struct field fields_queue[] = {
	[1] = { "id", FIELD_U32, 0, 0, "number of the queue" }, /* NETDEV_A_QUEUE_ID */
	[2] = { "ifindex", FIELD_INTERFACE, 0, 0, "the device" },     [3] = { "type", FIELD_U32, 0, 0, "which way", .names = &queue_types },
	[4] = { "napi_id", FIELD_U32, 0, 0, "its instance of NAPI" }, [5] = { "dmabuf", FIELD_U32, 0, 0, "memory that it receives into" },
	[6] = USER("io_uring", "its memory is an io_uring's"),        [7] = USER("xsk", "it is an AF_XDP socket's"),
};
READ(queue, 10, "queues of network devices", NULL);

static const struct field fields_page_pool[] = {
	[1] = UINT("id", 0, 0, "number of the pool"), /* NETDEV_A_PAGE_POOL_ID */
	[2] = { "ifindex", FIELD_INTERFACE, 0, 0, "the device" },
	[3] = UINT("napi_id", 0, 0, "its instance of NAPI"),
	[4] = UINT("inflight", FIELD_VOLATILE, UNIT_PAGES, "pages that are out"),
	[5] = UINT("inflight_mem", FIELD_VOLATILE, UNIT_BYTES, "memory of these"),
	[6] = UINT("detach_time", 0, UNIT_SECONDS, "when the driver gave it up, since boot"),
	[7] = { "dmabuf", FIELD_U32, 0, 0, "memory that it hands out" },
	[8] = USER("io_uring", "its memory is an io_uring's"),
};
READ(page_pool, 5, "pools of pages for packets", "id");
