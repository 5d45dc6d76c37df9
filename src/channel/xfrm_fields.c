/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structs that states and policies have in common. Sources: <linux/xfrm.h>, ip-xfrm(8), net/xfrm/xfrm_user.c. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "channel/words.h"
#include "channel/xfrm.h"

#define SET FIELD_SETTABLE
#define KEY FIELD_KEY

NAMES(unlimited, false, { UINT64_MAX, "unlimited" });
NAMES(offload_flags, true, { 1, "ipv6" }, { 2, "inbound" }, { 4, "packet" });

static const struct field lifetime[] = {
	{ "soft_bytes", FIELD_U64, SET, UNIT_BYTES, "when a key manager is told", HEADER_FIELD(struct xfrm_lifetime_cfg, soft_byte_limit),
	  .names = &unlimited },
	{ "hard_bytes", FIELD_U64, SET, UNIT_BYTES, "when it ends", HEADER_FIELD(struct xfrm_lifetime_cfg, hard_byte_limit), .names = &unlimited },
	{ "soft_packets", FIELD_U64, SET, UNIT_PACKETS, "when a key manager is told", HEADER_FIELD(struct xfrm_lifetime_cfg, soft_packet_limit),
	  .names = &unlimited },
	{ "hard_packets", FIELD_U64, SET, UNIT_PACKETS, "when it ends", HEADER_FIELD(struct xfrm_lifetime_cfg, hard_packet_limit),
	  .names = &unlimited },
	{ "soft_add", FIELD_U64, SET, UNIT_SECONDS, "since it was made, 0 = never",
	  HEADER_FIELD(struct xfrm_lifetime_cfg, soft_add_expires_seconds) },
	{ "hard_add", FIELD_U64, SET, UNIT_SECONDS, "since it was made, 0 = never",
	  HEADER_FIELD(struct xfrm_lifetime_cfg, hard_add_expires_seconds) },
	{ "soft_use", FIELD_U64, SET, UNIT_SECONDS, "since its first use, 0 = never",
	  HEADER_FIELD(struct xfrm_lifetime_cfg, soft_use_expires_seconds) },
	{ "hard_use", FIELD_U64, SET, UNIT_SECONDS, "since its first use, 0 = never",
	  HEADER_FIELD(struct xfrm_lifetime_cfg, hard_use_expires_seconds) },
};
const struct schema schema_xfrm_lifetime = {
	.name = "lifetime", .header_size = sizeof(struct xfrm_lifetime_cfg), .header = lifetime, .header_count = ARRAY_SIZE(lifetime)
};

static const struct field current[] = {
	{ "bytes", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "handled", HEADER_FIELD(struct xfrm_lifetime_cur, bytes) },
	{ "packets", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "handled", HEADER_FIELD(struct xfrm_lifetime_cur, packets) },
	{ "added", FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, "when it was made, since 1970", HEADER_FIELD(struct xfrm_lifetime_cur, add_time) },
	{ "used", FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, "when it was first used, since 1970, 0 = never",
	  HEADER_FIELD(struct xfrm_lifetime_cur, use_time) },
};
const struct schema schema_xfrm_current = {
	.name = "current", .header_size = sizeof(struct xfrm_lifetime_cur), .header = current, .header_count = ARRAY_SIZE(current)
};

static const struct field mark[] = {
	{ "value", FIELD_U32, KEY | FIELD_HEX, 0, "mark of the packet", HEADER_FIELD(struct xfrm_mark, v) },
	{ "mask", FIELD_U32, KEY | FIELD_HEX, 0, "bits of it that count", HEADER_FIELD(struct xfrm_mark, m) },
};
const struct schema schema_xfrm_mark = { .name = "mark", .header_size = sizeof(struct xfrm_mark), .header = mark, .header_count = ARRAY_SIZE(mark) };

static const struct field offload[] = {
	{ "dev", FIELD_INTERFACE, FIELD_CREATE, 0, "link that does the work", HEADER_FIELD(struct xfrm_user_offload, ifindex) },
	{ "flags", FIELD_U8, FIELD_CREATE, 0, "direction, and how much it does", HEADER_FIELD(struct xfrm_user_offload, flags),
	  .names = &offload_flags },
};
const struct schema schema_xfrm_offload = {
	.name = "offload", .header_size = sizeof(struct xfrm_user_offload), .header = offload, .header_count = ARRAY_SIZE(offload)
};

/* ---- Addresses ---- */

static uint32_t address_length(uint16_t family)
{
	return family == AF_INET ? 4 : 16;
}

struct value xfrm_address(uint16_t family, const void *data)
{
	return value_data(VALUE_ADDRESS, data, address_length(family));
}

uint16_t xfrm_family_of(const struct value *value)
{
	if (!value || value->type != VALUE_ADDRESS)
		return AF_UNSPEC;
	return value->bytes.length == 4 ? AF_INET : value->bytes.length == 16 ? AF_INET6 : AF_UNSPEC;
}

int xfrm_put_address(const struct field *field, const struct value *value, xfrm_address_t *ret, struct error *error)
{
	if (xfrm_family_of(value) == AF_UNSPEC || value->bytes.prefix >= 0)
		return error_set(error, -EINVAL, "%s must be an IPv4 or IPv6 address", field->name);
	memset(ret, 0, sizeof(*ret)); /* of a union an initializer sees to the first member alone */
	memcpy(ret, value->bytes.data, value->bytes.length);
	return 0;
}

/* ---- Selectors: only what they select by is told ---- */

enum selector_field {
	SELECTOR_SRC = 1,
	SELECTOR_DST,
	SELECTOR_PROTO,
	SELECTOR_SPORT,
	SELECTOR_SPORT_MASK,
	SELECTOR_DPORT,
	SELECTOR_DPORT_MASK,
	SELECTOR_DEV,
	SELECTOR_USER,
};

static const struct field selector[] = {
	[SELECTOR_SRC] = { "src", FIELD_PREFIX, KEY, 0, "source" },
	[SELECTOR_DST] = { "dst", FIELD_PREFIX, KEY, 0, "destination" },
	[SELECTOR_PROTO] = { "proto", FIELD_U8, KEY, 0, "IP protocol", .names = &words_ip_protocol },
	[SELECTOR_SPORT] = { "sport", FIELD_U16, KEY, 0, "source port; type of ICMP, upper half of a GRE key" },
	[SELECTOR_SPORT_MASK] = { "sport_mask", FIELD_U16, KEY | FIELD_HEX, 0, "bits of it that count, all where it is not said" },
	[SELECTOR_DPORT] = { "dport", FIELD_U16, KEY, 0, "destination port; code of ICMP, lower half of a GRE key" },
	[SELECTOR_DPORT_MASK] = { "dport_mask", FIELD_U16, KEY | FIELD_HEX, 0, "bits of it that count, all where it is not said" },
	[SELECTOR_DEV] = { "dev", FIELD_INTERFACE, KEY, 0, "link" },
	[SELECTOR_USER] = { "user", FIELD_U32, KEY, 0, "user" },
};
const struct schema schema_xfrm_selector = { .name = "selector", .attributes = selector, .attribute_count = ARRAY_SIZE(selector) };

static int add(struct arena *arena, struct record *record, enum selector_field at, struct value value)
{
	return record_add(arena, record, (struct entry){ .name = selector[at].name, .field = &selector[at], .number = at, .value = value });
}

static int add_prefix(struct arena *arena, struct record *record, enum selector_field at, uint16_t family, const void *data, uint8_t length)
{
	struct value value = xfrm_address(family, data);

	if (family != AF_INET && family != AF_INET6)
		return 0;
	value.bytes.prefix = length <= value.bytes.length * 8 ? length : (int16_t)(value.bytes.length * 8);
	return add(arena, record, at, value);
}

static int add_number(struct arena *arena, struct record *record, enum selector_field at, uint64_t number)
{
	return number ? add(arena, record, at, value_uint(number)) : 0;
}

/* A port of which every bit counts needs no mask. */
static int add_port(struct arena *arena, struct record *record, enum selector_field at, uint16_t port, uint16_t port_mask)
{
	int r;

	if (!port && !port_mask)
		return 0;
	r = add(arena, record, at, value_uint(be16toh(port)));
	return r < 0 || port_mask == UINT16_MAX ? r : add(arena, record, at + 1, value_uint(be16toh(port_mask)));
}

int xfrm_read_selector(struct arena *arena, const struct xfrm_selector *from, struct record **ret)
{
	struct record *record = record_new(arena, &schema_xfrm_selector);
	int r;

	if (!record)
		return -ENOMEM;
	r = add_prefix(arena, record, SELECTOR_SRC, from->family, &from->saddr, from->prefixlen_s);
	if (r == 0)
		r = add_prefix(arena, record, SELECTOR_DST, from->family, &from->daddr, from->prefixlen_d);
	if (r == 0)
		r = add_number(arena, record, SELECTOR_PROTO, from->proto);
	if (r == 0)
		r = add_port(arena, record, SELECTOR_SPORT, from->sport, from->sport_mask);
	if (r == 0)
		r = add_port(arena, record, SELECTOR_DPORT, from->dport, from->dport_mask);
	if (r == 0)
		r = add_number(arena, record, SELECTOR_DEV, (uint32_t)from->ifindex);
	if (r == 0)
		r = add_number(arena, record, SELECTOR_USER, from->user);
	if (r < 0)
		return r;
	*ret = record;
	return 0;
}

static int decode_selector(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct xfrm_selector *copy;
	struct record *record;
	int r;

	(void)field;
	if (length != sizeof(*copy))
		return -EBADMSG;
	/* In a message it may stand at an address that is not aligned. */
	copy = (struct xfrm_selector *)arena_copy(decode->arena, data, length);
	r = copy ? xfrm_read_selector(decode->arena, copy, &record) : -ENOMEM;
	if (r == 0)
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int write_prefix(const struct record *record, const char *name, xfrm_address_t *address, uint8_t *length, uint16_t *family,
			struct error *error)
{
	const struct value *value = record_find(record, name);

	if (!value || value->type == VALUE_NULL)
		return 0;
	if (xfrm_family_of(value) == AF_UNSPEC || (*family && *family != xfrm_family_of(value)))
		return error_set(error, -EINVAL, "selector: src and dst must be prefixes of one family");
	*family = xfrm_family_of(value);
	*length = value->bytes.prefix < 0 ? (uint8_t)(value->bytes.length * 8) : (uint8_t)value->bytes.prefix;
	memcpy(address, value->bytes.data, value->bytes.length);
	return 0;
}

static void write_port(const struct record *record, const char *name, const char *mask_name, uint16_t *port, uint16_t *port_mask)
{
	const bool said = record_find(record, name) != NULL;

	*port = htobe16((uint16_t)record_number(record, name, 0));
	*port_mask = htobe16((uint16_t)record_number(record, mask_name, said ? UINT16_MAX : 0));
}

int xfrm_write_selector(const struct record *record, struct xfrm_selector *ret, struct error *error)
{
	const struct value *dev = record_find(record, "dev");
	struct xfrm_selector to = { 0 };
	uint16_t family = AF_UNSPEC;
	int r = schema_check(record, error);

	if (r == 0)
		r = write_prefix(record, "src", &to.saddr, &to.prefixlen_s, &family, error);
	if (r == 0)
		r = write_prefix(record, "dst", &to.daddr, &to.prefixlen_d, &family, error);
	if (r < 0)
		return r;
	if (dev && dev->type == VALUE_TEXT)
		return error_set(error, -ENODEV, "selector/dev: there is no such link");
	to.family = family;
	to.proto = (uint8_t)record_number(record, "proto", 0);
	write_port(record, "sport", "sport_mask", &to.sport, &to.sport_mask);
	write_port(record, "dport", "dport_mask", &to.dport, &to.dport_mask);
	to.ifindex = (int)record_number(record, "dev", 0);
	to.user = (uint32_t)record_number(record, "user", 0);
	*ret = to;
	return 0;
}

static int encode_selector(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	struct xfrm_selector to;
	int r;

	if (value->type != VALUE_RECORD)
		return error_set(error, -EINVAL, "%s must be a record", field->name);
	r = xfrm_write_selector(value->record, &to, error);
	if (r == 0)
		buffer_add(buffer, &to, sizeof(to));
	return r;
}

const struct codec codec_xfrm_selector = { decode_selector, encode_selector, FIELD_RECORD };

/* ---- Security contexts (SELinux) ---- */

static const struct field security[] = {
	[1] = { "algorithm", FIELD_U8, KEY, 0, "kind of context: 1 is SELinux" },
	[2] = { "domain", FIELD_U8, KEY, 0, "domain of interpretation" },
	[3] = { "label", FIELD_TEXT, KEY, 0, "label" },
};
const struct schema schema_xfrm_security = { .name = "security", .attributes = security, .attribute_count = ARRAY_SIZE(security) };

static int decode_security(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_xfrm_security);
	struct xfrm_user_sec_ctx context;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (length < sizeof(context))
		return -EBADMSG;
	memcpy(&context, data, sizeof(context));
	if (context.ctx_len > length - sizeof(context))
		return -EBADMSG;
	r = record_put(decode->arena, record, "algorithm", value_uint(context.ctx_alg));
	if (r == 0)
		r = record_put(decode->arena, record, "domain", value_uint(context.ctx_doi));
	if (r == 0)
		r = record_put(
			decode->arena, record, "label",
			value_data(VALUE_TEXT, (const char *)data + sizeof(context), strnlen((const char *)data + sizeof(context), context.ctx_len)));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int encode_security(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct value *label = value->type == VALUE_RECORD ? record_find(value->record, "label") : NULL;
	struct xfrm_user_sec_ctx context = { .exttype = XFRMA_SEC_CTX };

	if (!label || label->type != VALUE_TEXT || label->bytes.length >= 4096)
		return error_set(error, -EINVAL, "%s/label must be a text", field->name);
	context.ctx_alg = (uint8_t)record_number(value->record, "algorithm", XFRM_SC_ALG_SELINUX);
	context.ctx_doi = (uint8_t)record_number(value->record, "domain", XFRM_SC_DOI_LSM);
	context.ctx_len = (uint16_t)label->bytes.length;
	context.len = (uint16_t)(sizeof(context) + context.ctx_len);
	buffer_add(buffer, &context, sizeof(context));
	buffer_add(buffer, label->bytes.data, label->bytes.length);
	return 0;
}

const struct codec codec_xfrm_security = { decode_security, encode_security, FIELD_RECORD };

/* ---- What records and paths of both kinds need ---- */

int xfrm_complete_lifetime(struct arena *arena, struct record *record)
{
	static const char *const limits[] = { "soft_bytes", "hard_bytes", "soft_packets", "hard_packets" };
	struct record *inside = record_inside(record, "lifetime");
	int r = 0;

	if (!inside) {
		inside = record_new(arena, &schema_xfrm_lifetime);
		r = inside ? record_put(arena, record, "lifetime", (struct value){ .type = VALUE_RECORD, .record = inside }) : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(limits); i++)
		if (!record_at(inside, limits[i]))
			r = record_put(arena, inside, limits[i], value_uint(XFRM_INF));
	return r;
}

void xfrm_path_mark(const struct record *record, struct buffer *ret)
{
	const struct record *inside = record_inside(record, "mark");

	if (inside)
		buffer_printf(ret, ",mark=%#x/%#x", (unsigned int)record_number(inside, "value", 0),
			      (unsigned int)record_number(inside, "mask", UINT32_MAX));
}

bool xfrm_path_says(const struct object_path *path, const char *name)
{
	const size_t length = strlen(name);

	return path->rest[0] == ',' && strncmp(path->rest + 1, name, length) == 0 && path->rest[1 + length] == '=';
}

static int take_number(const char **rest, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(*rest, &end, 0);
	if (errno || end == *rest || **rest == '-' || *ret > UINT32_MAX)
		return -EINVAL;
	*rest = end;
	return 0;
}

int xfrm_parse_mark(struct object_path *path)
{
	struct record *inside = record_new(path->arena, &schema_xfrm_mark);
	uint64_t value, mask = UINT32_MAX;
	int r;

	if (!inside)
		return -ENOMEM;
	path->rest = strchr(path->rest, '=') + 1;
	r = take_number(&path->rest, &value);
	if (r == 0 && path->rest[0] == '/' && path->rest[1] >= '0' && path->rest[1] <= '9') {
		path->rest++;
		r = take_number(&path->rest, &mask);
	}
	if (r == 0)
		r = record_put(path->arena, inside, "value", value_uint(value));
	if (r == 0)
		r = record_put(path->arena, inside, "mask", value_uint(mask));
	return r < 0 ? r : record_put(path->arena, path->record, "mark", (struct value){ .type = VALUE_RECORD, .record = inside });
}

void xfrm_add_mark(const struct record *key, struct buffer *request)
{
	const struct record *inside = record_inside(key, "mark");
	struct xfrm_mark to;

	if (!inside)
		return;
	to.v = (uint32_t)record_number(inside, "value", 0);
	to.m = (uint32_t)record_number(inside, "mask", UINT32_MAX);
	attribute_add(request, XFRMA_MARK, &to, sizeof(to));
}
