/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Neighbour tables: the limits of each, and how it goes about on each link; the knobs of net/FAMILY/neigh are the same settings. They are set by a
 * request of their own, and the kernel tells no one. Sources: <linux/neighbour.h>, net/core/neighbour.c, ip-ntable(8). */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/object-inside.h"
#include "channel/words.h"

#define SET      FIELD_SETTABLE
#define VOLATILE FIELD_VOLATILE
#define DEVICE   30 /* ours: whose the parameters are */

#define CONFIG(name, member, unit, words)                                                       \
	{                                                                                       \
		name, FIELD_U32, VOLATILE, unit, words, HEADER_FIELD(struct ndt_config, member) \
	}
static const struct field config[] = {
	{ "key_len", FIELD_U16, 0, UNIT_BYTES, "of an address", HEADER_FIELD(struct ndt_config, ndtc_key_len) },
	{ "entry_size", FIELD_U16, 0, UNIT_BYTES, "of an entry", HEADER_FIELD(struct ndt_config, ndtc_entry_size) },
	CONFIG("entries", ndtc_entries, UNIT_ENTRIES, "in it now"),
	CONFIG("last_flush", ndtc_last_flush, UNIT_MILLISECONDS, "since it was cleared"),
	CONFIG("last_rand", ndtc_last_rand, UNIT_MILLISECONDS, "since times were drawn anew"),
	CONFIG("hash_rnd", ndtc_hash_rnd, 0, "what the hash begins with"),
	CONFIG("hash_mask", ndtc_hash_mask, 0, "size of the hash, less one"),
	CONFIG("hash_chain_gc", ndtc_hash_chain_gc, 0, "where it was tidied up last"),
	CONFIG("proxy_qlen", ndtc_proxy_qlen, UNIT_PACKETS, "that wait for a proxy's answer"),
};
static const struct schema schema_config = {
	.name = "config", .header_size = sizeof(struct ndt_config), .header = config, .header_count = ARRAY_SIZE(config)
};

#define COUNT(name, words)                                                                        \
	{                                                                                         \
#name, FIELD_U64, VOLATILE, 0, words, HEADER_FIELD(struct ndt_stats, ndts_##name) \
	}
static const struct field counters[] = {
	COUNT(allocs, "entries made"),
	COUNT(destroys, "entries gone"),
	COUNT(hash_grows, "times that the hash grew"),
	COUNT(res_failed, "addresses that nobody answered for"),
	COUNT(lookups, "times that one was looked for"),
	COUNT(hits, "times that it was there"),
	COUNT(rcv_probes_mcast, "questions to a group"),
	COUNT(rcv_probes_ucast, "questions to one"),
	COUNT(periodic_gc_runs, "times that it was tidied up"),
	COUNT(forced_gc_runs, "times that this had to be"),
	COUNT(table_fulls, "times that there was no room"),
};
static const struct schema schema_counters = {
	.name = "stats", .header_size = sizeof(struct ndt_stats), .header = counters, .header_count = ARRAY_SIZE(counters)
};

#define TIME(name, words)                                      \
	{                                                      \
		name, FIELD_U64, SET, UNIT_MILLISECONDS, words \
	}
#define NUMBER(name, unit, words)                 \
	{                                         \
		name, FIELD_U32, SET, unit, words \
	}
static const struct field parameters[] = {
	[NDTPA_IFINDEX] = { "ifindex", FIELD_INTERFACE, SET | FIELD_HIDDEN, 0, "link" },
	[NDTPA_REFCNT] = { "refcnt", FIELD_U32, VOLATILE, 0, "users" },
	[NDTPA_REACHABLE_TIME] = { "reachable_time", FIELD_U64, VOLATILE, UNIT_MILLISECONDS,
				   "drawn from the base: that an entry counts as reachable" },
	[NDTPA_BASE_REACHABLE_TIME] = TIME("base_reachable_time", "what that is drawn from"),
	[NDTPA_RETRANS_TIME] = TIME("retrans_time", "between two questions"),
	[NDTPA_GC_STALETIME] = TIME("gc_staletime", "that an unused entry stays"),
	[NDTPA_DELAY_PROBE_TIME] = TIME("delay_probe_time", "that an entry is believed before it is asked for again"),
	[NDTPA_QUEUE_LEN] = NUMBER("queue_len", UNIT_PACKETS, "that wait for an answer"),
	[NDTPA_APP_PROBES] = NUMBER("app_probes", 0, "questions by a program"),
	[NDTPA_UCAST_PROBES] = NUMBER("ucast_probes", 0, "questions to the neighbour itself"),
	[NDTPA_MCAST_PROBES] = NUMBER("mcast_probes", 0, "questions to all"),
	[NDTPA_ANYCAST_DELAY] = TIME("anycast_delay", "at most before an answer for an anycast address"),
	[NDTPA_PROXY_DELAY] = TIME("proxy_delay", "at most before an answer for another"),
	[NDTPA_PROXY_QLEN] = NUMBER("proxy_qlen", UNIT_PACKETS, "that wait for that"),
	[NDTPA_LOCKTIME] = TIME("locktime", "that a new address stays before the next is believed"),
	[NDTPA_QUEUE_LENBYTES] = NUMBER("queue_lenbytes", UNIT_BYTES, "that wait for an answer"),
	[NDTPA_MCAST_REPROBES] = NUMBER("mcast_reprobes", 0, "questions to all behind those to the neighbour"),
	[NDTPA_PAD] = { "pad", FIELD_PAD },
	[19] = TIME("interval_probe_time", "between two questions for managed entries"), /* NDTPA_INTERVAL_PROBE_TIME_MS, 6.0 */
};
static const struct schema schema_parameters = { .name = "parms", .attributes = parameters, .attribute_count = ARRAY_SIZE(parameters) };

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct ndtmsg, ndtm_family), .names = &words_family },
};

static const struct field table[] = {
	[NDTA_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name of the table" },
	[NDTA_THRESH1] = NUMBER("thresh1", UNIT_ENTRIES, "up to which nothing is tidied up"),
	[NDTA_THRESH2] = NUMBER("thresh2", UNIT_ENTRIES, "that may be there for five seconds"),
	[NDTA_THRESH3] = NUMBER("thresh3", UNIT_ENTRIES, "that may be there at all"),
	[NDTA_CONFIG] = { "config", FIELD_RECORD, VOLATILE, 0, "how it stands", .schema = &schema_config },
	[NDTA_PARMS] = { "parms", FIELD_RECORD, SET, 0, "how it goes about", .schema = &schema_parameters },
	[NDTA_STATS] = { "stats", FIELD_RECORD, VOLATILE, 0, "counters", .schema = &schema_counters },
	[NDTA_GC_INTERVAL] = TIME("gc_interval", "between two looks for unused entries"),
	[NDTA_PAD] = { "pad", FIELD_PAD },
	[DEVICE] = { "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link that the parameters are for; without one, new links" },
};

static const struct schema schema = {
	.name = "ntable",
	.help = "neighbour tables",
	.header_size = sizeof(struct ndtmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = table,
	.attribute_count = ARRAY_SIZE(table),
};

/* Whose the parameters are is said among them. */
static int mend(struct arena *arena, struct record *record)
{
	const struct record *inside = record_inside(record, "parms");
	const struct value *index = inside ? record_find(inside, "ifindex") : NULL;

	return index && index->number ? record_put(arena, record, "dev", *index) : 0;
}

/* ---- Its place in the tree: NAME, NAME,dev=LINK ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *name = record_find(record, "name");

	if (name)
		value_print(ret, name, NULL, naming);
	if (!record_find(record, "dev"))
		return;
	buffer_add_text(ret, ",dev=");
	object_path_interface(record, "dev", naming, ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	static const struct {
		const char *name;
		uint8_t family;
	} tables[] = { { "arp_cache", AF_INET }, { "ndisc_cache", AF_INET6 } };
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	size_t length = strcspn(text, "/,"), i;
	int r = left.record ? 0 : -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		if (strncmp(text, tables[i].name, length) == 0 && !tables[i].name[length])
			break;
	if (r == 0 && i == ARRAY_SIZE(tables))
		return error_set(error, -EINVAL, "\"%s\" is no neighbour table: arp_cache, ndisc_cache, arp_cache,dev=eth0 are", text);
	left.rest += length;
	if (r == 0)
		r = record_put(arena, left.record, "family", value_uint(tables[i].family));
	if (r == 0)
		r = record_put(arena, left.record, "name", value_text(tables[i].name));
	if (r == 0 && *left.rest == ',')
		r = object_parse_option(&left);
	if (r < 0)
		return r;
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* What is given, and no more: the limits are the first network namespace's alone. */
static int write_table(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct value *device = record_find(record, "dev");
	struct record *copy, *inside;
	int r = record_copy(&arena, record, &copy);

	if (r < 0)
		return error_set(&machine->error, r, "no memory for a neighbour table");
	if (write != OBJECT_CHANGE)
		return error_set(&machine->error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	inside = record_inside(copy, "parms");
	if (inside && device)
		r = record_put(&arena, inside, "ifindex", *device);
	record_drop(copy, "dev");
	if (r == 0)
		r = object_send(object, machine, RTM_SETNEIGHTBL, 0, copy, FIELD_KEY | SET);
	if (r == -ENOENT && !device)
		return error_wrap(&machine->error, "limits, and what new links begin with, are set in the first network namespace alone");
	return r;
}

static const struct object object_ntable = {
	.name = "ntable",
	.help = "neighbour tables",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNEIGHTBL,
	.get_type = RTM_GETNEIGHTBL,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.comes_by_itself = "neighbour tables come and go with their protocol and links: they can be changed alone",
	.mend = mend,
	.write = write_table,
	.untold = true,
};

OBJECT_CHANNEL_OF(route, ntable, object_ntable, "neighbour tables: limits and times, and those of each link", "sampled");
